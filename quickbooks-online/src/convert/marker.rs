//! The marker in a note: written so that it always fits.

use sync_core::connector::Marker;

use crate::sanitise;

/// The memo, cut so that the marker behind it fits into `max` characters.
pub(crate) fn note_with(memo: &str, marker: &Marker, max: usize) -> String {
    #[cfg(feature = "planted-bugs")]
    if sync_core::planted::is_planted(sync_core::planted::Bug::ForgetMarker) {
        return memo.to_owned();
    }
    let marker = format!("[{marker}]");
    let room = max.saturating_sub(marker.chars().count() + 1);
    let memo = sanitise::paragraph(memo, room);
    if memo.is_empty() { marker } else { format!("{memo} {marker}") }
}

#[cfg(test)]
mod tests {
    use sync_core::model::{DocumentKey, DocumentKind};

    use super::*;

    fn marker() -> Marker {
        let document = DocumentKey::new(DocumentKind::Customer, "Bayfront Health, East");
        Marker { connection: "main".into(), document, generation: 0 }
    }

    #[test]
    fn memo_and_marker_come_back() {
        let note = note_with("Procore pay app 2", &marker(), 4000);
        assert_eq!(Marker::take_from(&note), (Some(marker()), "Procore pay app 2".to_owned()));
        assert_eq!(Marker::take_from(&note_with("", &marker(), 2000)).1, "");
    }

    #[test]
    fn a_long_memo_leaves_room_for_it() {
        let note = note_with(&"x".repeat(5000), &marker(), 4000);
        assert_eq!(note.chars().count(), 4000);
        assert_eq!(Marker::find(&note), Some(marker()));
    }
}
