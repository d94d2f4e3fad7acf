//! Payment terms.

entity! {
    /// Payment terms.
    Term {
        /// Name, at most 31 characters.
        name: String = "Name",
        /// `STANDARD` or date driven, in varying case; read-only.
        kind: String = "Type",
        /// Days until payment is due, for standard terms.
        due_days: u32 = "DueDays",
        /// In use?
        active: bool = "Active",
    }
}
