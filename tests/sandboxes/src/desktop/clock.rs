//! The clock of the machine that runs QuickBooks: local time with an offset that does not follow daylight saving.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

/// Local time as QuickBooks writes it: the wall clock is right, the offset is that of winter all year.
pub(super) fn written(now: DateTime<Utc>, wall_offset: i64) -> String {
    let wall = (now + Duration::minutes(wall_offset)).naive_utc();
    format!("{}-08:00", wall.format("%Y-%m-%dT%H:%M:%S"))
}

/// The wall clock of a written moment; a date alone is its beginning.
pub(super) fn moment(text: &str) -> Option<NaiveDateTime> {
    let wall = text.get(..19).unwrap_or(text);
    NaiveDateTime::parse_from_str(wall, "%Y-%m-%dT%H:%M:%S")
        .ok()
        .or_else(|| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}
