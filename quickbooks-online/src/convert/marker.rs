//! The marker in a note: written, found again, taken out of the text for people.

use std::fmt::Write as _;

use sync_core::connector::Marker;
use sync_core::model::DocumentKey;

use crate::sanitise;

/// Characters that would end the marker, or be taken for an escape.
fn must_escape(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | ',' | ';' | '%')
}

/// The marker as one word: ids of customers are names, which may hold spaces.
fn word(marker: &Marker) -> String {
    if !marker.document.id.contains(must_escape) {
        return marker.to_string();
    }
    let mut id = String::with_capacity(marker.document.id.len() + 8);
    let mut buffer = [0; 4];
    for c in marker.document.id.chars() {
        if must_escape(c) {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(id, "%{byte:02X}");
            }
        } else {
            id.push(c);
        }
    }
    Marker { document: DocumentKey::new(marker.document.kind, id), ..marker.clone() }.to_string()
}

/// The memo, cut so that the marker behind it fits into `max` characters.
pub(crate) fn note_with(memo: &str, marker: &Marker, max: usize) -> String {
    let marker = format!("[{}]", word(marker));
    let room = max.saturating_sub(marker.chars().count() + 1);
    let memo = sanitise::paragraph(memo, room);
    if memo.is_empty() { marker } else { format!("{memo} {marker}") }
}

/// The marker in a note, and the note without it.
pub(crate) fn find(note: &str) -> (Option<Marker>, String) {
    let Some(found) = Marker::find(note) else { return (None, note.trim().to_owned()) };
    // The word is the one that was found, so cutting it out leaves what people wrote around it.
    let text = found.to_string();
    let memo = match note.split_once(&text) {
        Some((before, after)) => {
            let before = before.trim_end().strip_suffix('[').unwrap_or(before).trim_end();
            let after = after.strip_prefix(']').unwrap_or(after);
            if before.is_empty() { after.trim().to_owned() } else { format!("{before}{after}").trim().to_owned() }
        }
        None => note.trim().to_owned(),
    };
    let document = match found.document.id.contains('%') {
        true => {
            let id = percent_encoding::percent_decode_str(&found.document.id).decode_utf8_lossy().into_owned();
            DocumentKey::new(found.document.kind, id)
        }
        false => found.document,
    };
    (Some(Marker { document, ..found }), memo)
}

#[cfg(test)]
mod tests {
    use sync_core::model::DocumentKind;

    use super::*;

    fn marker(kind: DocumentKind, id: &str) -> Marker {
        Marker { connection: "main".into(), document: DocumentKey::new(kind, id), generation: 2 }
    }

    #[test]
    fn what_is_written_is_found_again() {
        for (kind, id) in [
            (DocumentKind::PayApp, "22.660002"),
            (DocumentKind::Customer, "Bayfront Health, [East]; 100% owned"),
            (DocumentKind::Customer, "Škoda\u{a0}Plzeň:2"),
        ] {
            let marker = marker(kind, id);
            let note = note_with("Procore pay app 2", &marker, 4000);
            assert_eq!(find(&note), (Some(marker), "Procore pay app 2".to_owned()), "{note}");
        }
        assert_eq!(note_with("", &marker(DocumentKind::Vendor, "7"), 2000), "[sync:main:vendor/7:2]");
    }

    #[test]
    fn people_may_write_around_it() {
        let (found, memo) = find("Voided - Pay app 2 [sync:main:pay_app/9:0] ok, Dana");
        assert_eq!(found.map(|m| m.generation), Some(0));
        assert_eq!(memo, "Voided - Pay app 2 ok, Dana");
        assert_eq!(find("[sync:main:pay_app/9:0] ok").1, "ok");
        assert_eq!(find(" no marker "), (None, "no marker".to_owned()));
    }

    #[test]
    fn a_long_memo_leaves_room_for_it() {
        let marker = marker(DocumentKind::PayApp, "9");
        let note = note_with(&"x".repeat(5000), &marker, 4000);
        assert_eq!(note.chars().count(), 4000);
        assert_eq!(find(&note).0, Some(marker));
    }
}
