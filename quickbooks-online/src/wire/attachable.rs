//! Files that are attached to documents.

use super::PartyReference;

entity! {
    /// A file, or a note, and what it is attached to.
    Attachable {
        /// Its name, at most 1000 characters.
        file_name: String = "FileName",
        /// Bytes; read-only.
        size: u64 = "Size",
        /// Its type, e.g. `application/pdf`.
        content_type: String = "ContentType",
        /// Note, at most 2000 characters; holds the marker.
        note: String = "Note",
        /// What it is attached to.
        attachable_ref: Vec<AttachableRef> = "AttachableRef",
    }
}

wire! {
    /// What a file is attached to.
    AttachableRef {
        /// Which, with its entity as the type.
        entity_ref: PartyReference = "EntityRef",
        /// Is it sent along when the document is sent by e-mail?
        include_on_send: bool = "IncludeOnSend",
    }
}
