//! Classes.

use super::Reference;

entity! {
    /// A class; needs the edition Plus or higher.
    Class {
        /// Name, at most 100 characters.
        name: String = "Name",
        /// `Parent:Child`; read-only.
        fully_qualified_name: String = "FullyQualifiedName",
        /// The class that it is part of.
        parent_ref: Reference = "ParentRef",
        /// Is it part of another?
        sub_class: bool = "SubClass",
        /// In use?
        active: bool = "Active",
    }
}
