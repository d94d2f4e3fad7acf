//! Products and services.

use super::Reference;

entity! {
    /// A product or service, which carries the accounts that its lines post to.
    Item {
        /// Name, at most 100 characters, unique.
        name: String = "Name",
        /// `Parent:Child`; read-only.
        fully_qualified_name: String = "FullyQualifiedName",
        /// Service, NonInventory, Inventory, Group, Category and others.
        kind: String = "Type",
        /// Stock number.
        sku: String = "Sku",
        /// The account that sales post to.
        income_account_ref: Reference = "IncomeAccountRef",
        /// The account that purchases post to; without it the item cannot stand on a bill.
        expense_account_ref: Reference = "ExpenseAccountRef",
        /// The item or category that it is part of.
        parent_ref: Reference = "ParentRef",
        /// In use?
        active: bool = "Active",
    }
}

impl Item {
    /// Can it stand on a purchase order or bill? Needs an expense account; categories and groups never can.
    #[must_use]
    pub fn is_for_purchase(&self) -> bool {
        self.expense_account_ref.is_some() && !self.is_collection()
    }

    /// Can it stand on an estimate, invoice or credit memo? Needs an income account; categories never can, and groups
    /// only as groups.
    #[must_use]
    pub fn is_for_sale(&self) -> bool {
        self.income_account_ref.is_some() && !self.is_collection()
    }

    fn is_collection(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        ["Category", "Group"].iter().any(|k| kind.eq_ignore_ascii_case(k))
    }
}
