//! How QuickBooks writes moments: Pacific time, whole seconds in `MetaData`, milliseconds in the answer's `time`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};

// The recorded answers of the vendor carry Pacific time; the double stays in standard time all year, for the offset
// proves nothing about the company's zone and a client must compare instants.
const PACIFIC: i32 = -8 * 3600;

fn local(now: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(PACIFIC) {
        Some(zone) => now.with_timezone(&zone),
        None => now.fixed_offset(),
    }
}

/// `2026-03-02T08:20:44-08:00`
pub(super) fn seconds(now: DateTime<Utc>) -> String {
    local(now).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `2026-03-02T08:20:44.120-08:00`
pub(super) fn millis(now: DateTime<Utc>) -> String {
    local(now).format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// The company's calendar day.
pub(super) fn today(now: DateTime<Utc>) -> NaiveDate {
    local(now).date_naive()
}

/// The instant in a date-time with offset, a date-time without (company time) or a date (its midnight, company time).
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    // The vendor's own examples write offsets without a colon.
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return Some(at.to_utc());
    }
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().or_else(|| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        day.and_hms_opt(0, 0, 0)
    })?;
    naive.and_local_timezone(FixedOffset::east_opt(PACIFIC)?).single().map(|at| at.to_utc())
}

/// A `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    // chrono also takes "2026-3-1"; the vendor's dates have ten characters.
    if text.len() != 10 {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}
