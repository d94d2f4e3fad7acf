//! Faults by seed: what a network and a vendor on a bad day do to a request.
//!
//! The same seed, rates and order of requests give the same faults. [`Faults::wrap`] needs no socket: a lost request or
//! answer comes out as an error that the caller's transport turns into a broken connection.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode, header};

use crate::json::{Json, object};
use crate::server::Double;

/// The splitmix64 generator: small, fast, the same everywhere.
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// A generator whose numbers follow from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw().checked_rem(end).unwrap_or(0)
    }
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The connection breaks before the vendor has seen the request.
    LostRequest,
    /// The vendor acts, then the connection breaks: the caller cannot know.
    LostAnswer,
    /// Throttled; the vendor did not act.
    Status429,
    /// The vendor fails before it acts.
    Status500,
    /// The vendor acts, then fails: the caller cannot know.
    Status500AfterActing,
    /// Overloaded; the vendor did not act.
    Status503,
    /// The vendor acts; half of the body arrives, as if it were whole.
    Truncated,
    /// The vendor acts; one value in the body is an object where it was a text, number or truth value.
    WrongType,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LostRequest => "the connection broke before the request arrived",
            Self::LostAnswer => "the connection broke before the answer arrived",
            Self::Status429 => "429",
            Self::Status500 => "500",
            Self::Status500AfterActing => "500 after acting",
            Self::Status503 => "503",
            Self::Truncated => "the answer was truncated",
            Self::WrongType => "a value of the answer has another type",
        })
    }
}

impl std::error::Error for Fault {}

/// How often each fault happens, in thousandths of all requests. All 0 unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// [`Fault::LostRequest`]
    pub lost_request: u16,
    /// [`Fault::LostAnswer`]
    pub lost_answer: u16,
    /// [`Fault::Status429`]
    pub status_429: u16,
    /// [`Fault::Status500`]
    pub status_500: u16,
    /// [`Fault::Status500AfterActing`]
    pub status_500_after_acting: u16,
    /// [`Fault::Status503`]
    pub status_503: u16,
    /// [`Fault::Truncated`]
    pub truncated: u16,
    /// [`Fault::WrongType`]
    pub wrong_type: u16,
    /// Requests that are held for a time before the double sees them; only a server holds them.
    pub slow: u16,
    /// The longest such time, in milliseconds; the seed says how much of it passes.
    pub latency_ms: u32,
}

impl Rates {
    fn kinds(&self) -> [(Fault, u16); 8] {
        [
            (Fault::LostRequest, self.lost_request),
            (Fault::LostAnswer, self.lost_answer),
            (Fault::Status429, self.status_429),
            (Fault::Status500, self.status_500),
            (Fault::Status500AfterActing, self.status_500_after_acting),
            (Fault::Status503, self.status_503),
            (Fault::Truncated, self.truncated),
            (Fault::WrongType, self.wrong_type),
        ]
    }
}

/// What will happen to one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What goes wrong, if anything.
    pub fault: Option<Fault>,
    /// Milliseconds to hold the request.
    pub delay_ms: u32,
    /// What the vendor says or has done about this endpoint.
    pub end: Option<End>,
    // Picks the value that changes its type.
    dice: u64,
}

#[derive(Clone, Debug)]
struct OneShot {
    fault: Fault,
    method: Option<Method>,
    path_part: String,
}

/// How far the end of an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It answers, and says since when it is deprecated and when it ends (RFC 9745, RFC 8594).
    Announced,
    /// It is gone: 410.
    Retired,
    /// The account may not use it: 403.
    Forbidden,
}

/// The faults of one run.
#[derive(Clone, Debug)]
pub struct Faults {
    rng: SplitMix,
    rates: Rates,
    waiting: Vec<OneShot>,
    ends: Vec<(String, End)>,
    counts: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Faults at these rates; which requests they hit follows from `seed`.
    pub fn seeded(seed: u64, rates: Rates) -> Self {
        Self { rng: SplitMix::seeded(seed), rates, waiting: Vec::new(), ends: Vec::new(), counts: BTreeMap::new() }
    }

    /// No fault, but for those asked for with [`next`](Self::next).
    pub fn none() -> Self {
        Self::seeded(0, Rates::default())
    }

    /// The next request meets this fault.
    pub fn next(&mut self, fault: Fault) {
        self.waiting.push(OneShot { fault, method: None, path_part: String::new() });
    }

    /// The next request of this method whose path contains `path_part` meets this fault.
    pub fn next_for(&mut self, fault: Fault, method: Method, path_part: &str) {
        self.waiting.push(OneShot { fault, method: Some(method), path_part: path_part.to_owned() });
    }

    /// From now on, this is how it stands with every endpoint whose path contains `path_part`.
    pub fn ends(&mut self, path_part: &str, end: End) {
        self.ends.push((path_part.to_owned(), end));
    }

    /// Sets the rates for what follows.
    pub fn set_rates(&mut self, rates: Rates) {
        self.rates = rates;
    }

    /// How often each fault has happened.
    pub fn counts(&self) -> &BTreeMap<Fault, u64> {
        &self.counts
    }

    /// Decides about one request. Every call draws as many numbers, whatever it decides, so that a changed rate does
    /// not move the faults of another kind to other requests more than it must.
    pub fn plan(&mut self, method: &Method, path: &str) -> Plan {
        let (roll, slow, dice) = (self.rng.below(1000), self.rng.below(1000), self.rng.draw());
        let mut delay_ms = 0;
        if slow < u64::from(self.rates.slow) {
            delay_ms = u32::try_from(dice % (u64::from(self.rates.latency_ms) + 1)).unwrap_or(u32::MAX);
        }
        let asked = self.waiting.iter().position(|shot| {
            shot.method.as_ref().is_none_or(|wanted| wanted == method) && path.contains(&shot.path_part)
        });
        let fault = match asked {
            Some(at) => Some(self.waiting.remove(at).fault),
            None => {
                let mut end = 0;
                self.rates.kinds().into_iter().find_map(|(fault, rate)| {
                    end += u64::from(rate);
                    (roll < end).then_some(fault)
                })
            }
        };
        if let Some(fault) = fault {
            *self.counts.entry(fault).or_default() += 1;
        }
        let end = self.ends.iter().find(|(part, _)| path.contains(part)).map(|(_, end)| *end);
        Plan { fault, delay_ms, dice, end }
    }

    /// Lets the double answer, with the fault of this request if there is one.
    ///
    /// # Errors
    /// [`Fault::LostRequest`] (the double has not acted) or [`Fault::LostAnswer`] (it has): to be turned into a
    /// connection error.
    pub fn wrap(
        &mut self,
        now: DateTime<Utc>,
        request: Request<Bytes>,
        double: &mut dyn Double,
    ) -> Result<Response<Bytes>, Fault> {
        let plan = self.plan(request.method(), request.uri().path());
        plan.carry_out(now, request, double)
    }
}

impl Plan {
    /// Lets the double answer under this plan. Does not wait.
    ///
    /// # Errors
    /// As [`Faults::wrap`].
    pub fn carry_out(
        self,
        now: DateTime<Utc>,
        request: Request<Bytes>,
        double: &mut dyn Double,
    ) -> Result<Response<Bytes>, Fault> {
        match self.end {
            Some(End::Retired) => return Ok(failure(StatusCode::GONE, "This endpoint is no longer available")),
            Some(End::Forbidden) => return Ok(failure(StatusCode::FORBIDDEN, "You do not have permission")),
            _ => {}
        }
        match self.fault {
            None => {
                let mut answer = double.answer(now, request);
                if self.end == Some(End::Announced) {
                    let headers = answer.headers_mut();
                    headers.insert("deprecation", http::HeaderValue::from_static("@1767225600"));
                    headers.insert("sunset", http::HeaderValue::from_static("Fri, 31 Dec 2027 23:59:59 GMT"));
                }
                Ok(answer)
            }
            Some(Fault::LostRequest) => Err(Fault::LostRequest),
            Some(Fault::LostAnswer) => {
                double.answer(now, request);
                Err(Fault::LostAnswer)
            }
            Some(Fault::Status429) => Ok(failure(StatusCode::TOO_MANY_REQUESTS, "Too many requests")),
            Some(Fault::Status500) => Ok(failure(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")),
            Some(Fault::Status503) => Ok(failure(StatusCode::SERVICE_UNAVAILABLE, "Service unavailable")),
            Some(Fault::Status500AfterActing) => {
                double.answer(now, request);
                Ok(failure(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"))
            }
            Some(Fault::Truncated) => {
                let mut answer = double.answer(now, request);
                let half = answer.body().len() / 2;
                answer.body_mut().truncate(half);
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                Ok(answer)
            }
            Some(Fault::WrongType) => {
                let answer = double.answer(now, request);
                let (mut head, body) = answer.into_parts();
                head.headers.remove(header::CONTENT_LENGTH);
                Ok(Response::from_parts(head, retype(&body, self.dice)))
            }
        }
    }
}

fn failure(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(object([("errors", text.into())]).to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        headers.insert(header::RETRY_AFTER, http::HeaderValue::from_static("1"));
    }
    answer
}

/// Puts one scalar of a JSON body into an object; a body that is not JSON stays.
fn retype(body: &Bytes, dice: u64) -> Bytes {
    let Ok(mut json) = Json::parse(body) else { return body.clone() };
    let scalars = count_scalars(&json);
    let mut left = dice.checked_rem(scalars).unwrap_or(0);
    wrap_scalar(&mut json, &mut left);
    Bytes::from(json.to_string())
}

fn count_scalars(json: &Json) -> u64 {
    match json {
        Json::Array(items) => items.iter().map(count_scalars).sum(),
        Json::Object(members) => members.values().map(count_scalars).sum(),
        _ => 1,
    }
}

// True once the scalar has been found.
fn wrap_scalar(json: &mut Json, left: &mut u64) -> bool {
    match json {
        Json::Array(items) => items.iter_mut().any(|item| wrap_scalar(item, left)),
        Json::Object(members) => members.values_mut().any(|value| wrap_scalar(value, left)),
        scalar if *left == 0 => {
            *scalar = object([("value", std::mem::take(scalar))]);
            true
        }
        _ => {
            *left -= 1;
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the requests that reach it.
    struct Counting(u32);

    impl Double for Counting {
        fn answer(&mut self, _: DateTime<Utc>, _: Request<Bytes>) -> Response<Bytes> {
            self.0 += 1;
            Response::new(Bytes::from_static(br#"{"a":"x","b":[1,true]}"#))
        }
    }

    fn post(path: &str) -> Request<Bytes> {
        Request::post(path).body(Bytes::new()).unwrap()
    }

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        // Given two runs with one seed, and a third with another
        let rates = Rates { lost_request: 100, lost_answer: 100, status_500: 100, ..Rates::default() };
        let run = |seed| {
            let mut faults = Faults::seeded(seed, rates);
            (0..500).map(|_| faults.plan(&Method::GET, "/x").fault).collect::<Vec<_>>()
        };
        // Then they agree, and the third differs; about the asked share is hit
        let (a, b, c) = (run(7), run(7), run(8));
        assert_eq!(a, b);
        assert_ne!(a, c);
        let hits = a.iter().flatten().count();
        assert!((100..200).contains(&hits), "{hits} of 500 at 30 %");
    }

    #[test]
    fn without_rates_nothing_happens() {
        let mut faults = Faults::none();
        assert!((0..1000).all(|_| faults.plan(&Method::POST, "/x").fault.is_none()));
    }

    #[test]
    fn a_lost_request_does_not_reach_the_double_and_a_lost_answer_does() {
        let (mut faults, mut double) = (Faults::none(), Counting(0));
        faults.next(Fault::LostRequest);
        assert_eq!(faults.wrap(NOW, post("/a"), &mut double).unwrap_err(), Fault::LostRequest);
        assert_eq!(double.0, 0);
        faults.next(Fault::LostAnswer);
        assert_eq!(faults.wrap(NOW, post("/a"), &mut double).unwrap_err(), Fault::LostAnswer);
        assert_eq!(double.0, 1);
        assert_eq!(faults.counts()[&Fault::LostAnswer], 1);
    }

    #[test]
    fn a_fault_for_one_path_waits_for_it() {
        // Given a fault for the next POST of a payment
        let (mut faults, mut double) = (Faults::none(), Counting(0));
        faults.next_for(Fault::Status503, Method::POST, "contract_payments");
        // When another request comes first
        assert_eq!(faults.wrap(NOW, post("/vendors"), &mut double).unwrap().status(), 200);
        // Then only the payment meets it, once
        let answer = faults.wrap(NOW, post("/rest/v1.0/contract_payments"), &mut double).unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        assert_eq!(faults.wrap(NOW, post("/rest/v1.0/contract_payments"), &mut double).unwrap().status(), 200);
        assert_eq!(double.0, 2, "a 503 does not reach the double");
    }

    #[test]
    fn a_truncated_answer_is_no_json_and_a_wrong_type_is_json_of_another_shape() {
        let (mut faults, mut double) = (Faults::none(), Counting(0));
        faults.next(Fault::Truncated);
        let body = faults.wrap(NOW, post("/a"), &mut double).unwrap().into_body();
        assert!(Json::parse(&body).is_err());
        faults.next(Fault::WrongType);
        let body = faults.wrap(NOW, post("/a"), &mut double).unwrap().into_body();
        let json = Json::parse(&body).unwrap();
        assert_ne!(json.to_string(), r#"{"a":"x","b":[1,true]}"#);
    }
}
