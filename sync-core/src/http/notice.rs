//! What a vendor says about the end of an endpoint, in the headers of its answers.

use std::fmt;

use ::http::HeaderMap;
use chrono::{DateTime, Utc};

/// An endpoint is deprecated, or ends.
///
/// `Deprecation` (<https://www.rfc-editor.org/rfc/rfc9745>) and `Sunset` (<https://www.rfc-editor.org/rfc/rfc8594>).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// Its path, ids left out.
    pub endpoint: String,
    /// What `Deprecation` says: usually `@` and seconds, in older use `true` or a date.
    pub deprecation: Option<String>,
    /// After this instant it may not answer any more.
    pub sunset: Option<DateTime<Utc>>,
}

impl Notice {
    pub(super) fn of(path: &str, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            // It is shown to people: long enough for any date, too short for a page.
            Some(value.chars().filter(char::is_ascii).take(60).collect::<String>())
        };
        let deprecation = text("deprecation").filter(|value| value != "false" && value != "?0");
        let sunset = text("sunset").and_then(|value| DateTime::parse_from_rfc2822(&value).ok());
        let sunset = sunset.map(|instant| instant.with_timezone(&Utc));
        (deprecation.is_some() || sunset.is_some()).then(|| Self { endpoint: template(path), deprecation, sunset })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.endpoint)?;
        match (&self.deprecation, self.sunset) {
            (_, Some(sunset)) => write!(f, "ends on {}", sunset.format("%Y-%m-%d")),
            (Some(since), None) => match since.strip_prefix('@').and_then(|seconds| seconds.parse().ok()) {
                Some(seconds) => {
                    let day = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
                    write!(f, "is deprecated since {}", day.format("%Y-%m-%d"))
                }
                None => f.write_str("is deprecated"),
            },
            (None, None) => Ok(()),
        }
    }
}

/// The path with `{id}` for its ids.
fn template(path: &str) -> String {
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = path.split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| {
            (::http::HeaderName::from_static(name), ::http::HeaderValue::from_str(value).unwrap())
        });
        Notice::of("/rest/v1.0/projects/123/x", &headers.collect()).map(|notice| notice.to_string())
    }

    #[test]
    fn the_end_of_an_endpoint_is_read_from_its_headers() {
        let path = "/rest/v1.0/projects/{id}/x";
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[("deprecation", "false")]), None);
        assert_eq!(said(&[("deprecation", "true")]).unwrap(), format!("{path} is deprecated"));
        assert_eq!(said(&[("deprecation", "@1767225600")]).unwrap(), format!("{path} is deprecated since 2026-01-01"));
        let both = [("deprecation", "@1767225600"), ("sunset", "Fri, 31 Dec 2027 23:59:59 GMT")];
        assert_eq!(said(&both).unwrap(), format!("{path} ends on 2027-12-31"));
        assert_eq!(said(&[("sunset", "soon")]), None, "no date");
    }
}
