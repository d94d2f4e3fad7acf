//! The two rate limits, which apply at once.
//!
//! Source: <https://developers.procore.com/documentation/rate-limiting>. The headers describe whichever limit is closer
//! to being hit, so their values jump between the two windows.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use http::{HeaderValue, Response, StatusCode, header};

use super::config::Limits;
use super::errors::Refusal;

const SURPASSED: &str =
    "You have surpassed the max number of requests for an hour. Please wait until your limit resets.";

#[derive(Debug)]
struct Window {
    limit: u32,
    length: Duration,
    opened: Option<DateTime<Utc>>,
    used: u32,
}

impl Window {
    fn new(limit: u32, length: Duration) -> Self {
        Self { limit, length, opened: None, used: 0 }
    }

    fn roll(&mut self, now: DateTime<Utc>) {
        if self.opened.is_none_or(|opened| now >= opened + self.length || now < opened) {
            self.opened = Some(now);
            self.used = 0;
        }
    }

    fn left(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    fn reset(&self) -> DateTime<Utc> {
        self.opened.unwrap_or_default() + self.length
    }
}

/// What the headers of one answer say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    limit: u32,
    left: u32,
    reset: DateTime<Utc>,
}

impl Standing {
    pub(super) fn write(self, response: &mut Response<Bytes>) {
        let headers = response.headers_mut();
        headers.insert("x-rate-limit-limit", HeaderValue::from(self.limit));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(self.left));
        headers.insert("x-rate-limit-reset", HeaderValue::from(reset_seconds(self.reset)));
    }
}

// A part of a second counts whole: a caller that waits until then must not come too early.
fn reset_seconds(reset: DateTime<Utc>) -> i64 {
    reset.timestamp() + i64::from(reset.timestamp_subsec_nanos() > 0)
}

#[derive(Debug)]
pub(super) struct Meter {
    hourly: Window,
    spike: Window,
    retry_after: bool,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            hourly: Window::new(limits.hourly, Duration::hours(1)),
            spike: Window::new(limits.spike, Duration::seconds(10)),
            retry_after: limits.retry_after,
        }
    }

    fn closer(&self) -> Standing {
        let window = if self.spike.left() <= self.hourly.left() { &self.spike } else { &self.hourly };
        Standing { limit: window.limit, left: window.left(), reset: window.reset() }
    }

    /// Counts one call, or refuses it.
    pub(super) fn count(&mut self, now: DateTime<Utc>) -> Result<Standing, Box<Response<Bytes>>> {
        self.hourly.roll(now);
        self.spike.roll(now);
        if self.hourly.left() == 0 || self.spike.left() == 0 {
            return Err(Box::new(self.refuse(now)));
        }
        self.hourly.used += 1;
        self.spike.used += 1;
        Ok(self.closer())
    }

    fn refuse(&self, now: DateTime<Utc>) -> Response<Bytes> {
        // An hourly limit that is used up outlasts a spike limit that is, too.
        let full = if self.hourly.left() == 0 { &self.hourly } else { &self.spike };
        let mut response = Refusal::Text(StatusCode::TOO_MANY_REQUESTS, SURPASSED.to_owned()).into_response();
        Standing { limit: full.limit, left: 0, reset: full.reset() }.write(&mut response);
        if self.retry_after {
            let wait = (reset_seconds(full.reset()) - now.timestamp()).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}
