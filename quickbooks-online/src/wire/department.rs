//! Departments, which the screens call locations.

use super::Reference;

entity! {
    /// A department: a location of the company.
    Department {
        /// Name, at most 100 characters.
        name: String = "Name",
        /// `Parent:Child`; read-only.
        fully_qualified_name: String = "FullyQualifiedName",
        /// The department that it is part of.
        parent_ref: Reference = "ParentRef",
        /// In use?
        active: bool = "Active",
    }
}
