//! One function for each parser that reads bytes from outside. A target of cargo-fuzz calls one of them; so does the
//! test that replays the seeds.
//!
//! A function panics when a promise is broken, and on nothing else. What is promised everywhere: whatever comes in,
//! nothing panics, and an error can be shown.
#![forbid(unsafe_code)]

pub mod accounting;
pub mod book;
pub mod money;
pub mod net;
pub mod procore;
pub mod qbxml;
#[cfg(test)]
mod seeds;
pub mod soap;
pub mod tables;
pub mod world;

/// Reads one input.
pub type Target = fn(&[u8]);

/// Every target, by the name of its file and of its directory of seeds.
pub const TARGETS: &[(&str, Target)] = &[
    ("amount", money::amount),
    ("book", book::book),
    ("link_header", net::link_header),
    ("mapping", tables::mapping),
    ("marker", money::marker),
    ("oauth_answer", net::oauth_answer),
    ("procore_fault", procore::fault),
    ("procore_list", procore::list),
    ("procore_record", procore::record),
    ("procore_source", procore::source),
    ("procore_webhook", procore::webhook),
    ("qbo_answer", accounting::answer),
    ("qbo_entity", accounting::entity),
    ("qbo_fault", accounting::fault),
    ("qbo_webhook", accounting::webhook),
    ("qbxml", qbxml::answers),
    ("redact", net::redaction),
    ("soap", soap::visit),
];

/// The lines of a head, and the rest: `head` lines, each ended by a line feed; missing ones are empty.
fn head<const N: usize>(data: &[u8]) -> ([&[u8]; N], &[u8]) {
    let mut parts = data.splitn(N + 1, |byte| *byte == b'\n');
    let lines = std::array::from_fn(|_| parts.next().unwrap_or_default());
    (lines, parts.next().unwrap_or_default())
}

/// A status from a line: what is no status is 200, since that leads furthest.
fn status(line: &[u8]) -> http::StatusCode {
    let number = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(200);
    http::StatusCode::from_u16(number).unwrap_or(http::StatusCode::OK)
}
