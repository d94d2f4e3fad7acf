//! Estimates, invoices and credit memos.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    ClassId, Currency, CustomerId, Date, Fields, ItemId, LineKey, LinePart, Money, MoneyError, TargetLineId, TermId,
};

/// What estimates, invoices and credit memos have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesDocument {
    /// The customer or job.
    pub customer: CustomerId,
    /// Number.
    pub number: Option<String>,
    /// Date of the document.
    pub date: Date,
    /// Payment terms.
    pub terms: Option<TermId>,
    /// Text for people; the connector adds the marker.
    pub memo: String,
    /// Lines.
    pub lines: Vec<SalesLine>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Further fields that the connector declares
    /// ([`Capabilities::fields`](crate::connector::Capabilities::fields)), by name, e.g. `department`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl SalesDocument {
    /// Sum of the lines.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.lines.iter().map(|line| line.amount))
    }

    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("customer", self.customer.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("currency", self.currency.code());
        fields.set("memo", &self.memo);
        for (name, value) in &self.extra {
            fields.set(format!("extra/{name}"), value);
        }
        for line in &self.lines {
            fields.set_line(&line.key, LinePart::Amount, line.amount.to_string());
            fields.set_line(&line.key, LinePart::PostTo, format!("item:{}", line.item));
            fields.set_line(&line.key, LinePart::Class, line.class.as_ref().map_or("", ClassId::as_str));
            fields.set_line(&line.key, LinePart::Description, &line.description);
        }
    }
}

/// A line of an estimate, invoice or credit memo. QuickBooks posts sales through items only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesLine {
    /// What the line stands for in the source.
    pub key: LineKey,
    /// Its id in the accounting system, once it has one.
    pub id: Option<TargetLineId>,
    /// Text.
    pub description: String,
    /// Amount.
    pub amount: Money,
    /// The item.
    pub item: ItemId,
    /// Class.
    pub class: Option<ClassId>,
}
