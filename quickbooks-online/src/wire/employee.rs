//! Employees, by name only: they share one space of names with customers and vendors.

entity! {
    /// An employee.
    Employee {
        /// Name, unique among customers, vendors and employees.
        display_name: String = "DisplayName",
        /// In use?
        active: bool = "Active",
    }
}
