//! Purchase orders, bills and vendor credits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Coding, LineLink};
use crate::model::{
    AccountId, ClassId, Currency, CustomerId, Date, Fields, LineKey, LinePart, Money, MoneyError, PayeeId,
    TargetLineId, TermId,
};

/// What purchase orders, bills and vendor credits have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpenseDocument {
    /// The vendor.
    pub payee: PayeeId,
    /// Number: the vendor's invoice number on a bill.
    pub number: Option<String>,
    /// Date of the document.
    pub date: Date,
    /// Payment terms.
    pub terms: Option<TermId>,
    /// The accounts payable account.
    pub payable: Option<AccountId>,
    /// Text for people; the connector adds the marker.
    pub memo: String,
    /// Lines.
    pub lines: Vec<ExpenseLine>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Further fields that the connector declares
    /// ([`Capabilities::fields`](crate::connector::Capabilities::fields)), by name, e.g. `department`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl ExpenseDocument {
    /// Sum of the lines.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.lines.iter().map(|line| line.amount))
    }

    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("payee", self.payee.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("payable", self.payable.as_ref().map_or("", AccountId::as_str));
        fields.set("currency", self.currency.code());
        fields.set("memo", &self.memo);
        for (name, value) in &self.extra {
            fields.set(format!("extra/{name}"), value);
        }
        for line in &self.lines {
            line.write_fields(fields);
        }
    }
}

/// A line of a purchase order, bill or vendor credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpenseLine {
    /// What the line stands for in the source.
    pub key: LineKey,
    /// Its id in the accounting system, once it has one.
    pub id: Option<TargetLineId>,
    /// Text.
    pub description: String,
    /// Amount.
    pub amount: Money,
    /// Where it posts.
    pub coding: Coding,
    /// The purchase order line that it bills.
    pub link: Option<LineLink>,
}

impl ExpenseLine {
    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set_line(&self.key, LinePart::Amount, self.amount.to_string());
        fields.set_line(&self.key, LinePart::PostTo, self.coding.post_to.to_string());
        fields.set_line(&self.key, LinePart::Class, self.coding.class.as_ref().map_or("", ClassId::as_str));
        fields.set_line(&self.key, LinePart::Customer, self.coding.customer.as_ref().map_or("", CustomerId::as_str));
        fields.set_line(&self.key, LinePart::Description, &self.description);
        if let Some(link) = &self.link {
            fields.set_line(&self.key, LinePart::Link, format!("{}/{}", link.purchase_order, link.line));
        }
    }
}
