//! From Procore's shapes to construction documents. Pure: everything that a document needs is handed in.

pub mod codes;
pub mod commitment;
mod custom;
pub mod directory;
mod html;
pub mod owner_invoice;
pub mod pay_app;
pub mod prime_contract;

use sync_core::connector::{Fetched, Unreadable};
use sync_core::model::{Amount, Currency, DocumentKey, DocumentKind, Money, ProjectId};

pub use custom::custom_fields;
pub use html::plain_text;

use crate::wire::{BadRecord, BadValue, CurrencyConfiguration};

/// The amounts of one record, all in its currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts(pub(crate) Currency);

impl Amounts {
    pub(crate) fn of(stated: Option<&CurrencyConfiguration>, company: Currency) -> Result<Self, BadValue> {
        CurrencyConfiguration::currency(stated, company).map(Self)
    }

    /// An amount that may be missing; the path is only made for an error.
    pub(crate) fn maybe(
        self,
        amount: Option<Amount>,
        path: impl FnOnce() -> String,
    ) -> Result<Option<Money>, BadValue> {
        match amount {
            None => Ok(None),
            Some(Amount(amount)) => match Money::new(amount, self.0) {
                Ok(money) => Ok(Some(money)),
                Err(error) => Err(BadValue::new(path(), error.to_string())),
            },
        }
    }

    /// An amount that is nothing where it is missing.
    pub(crate) fn or_zero(self, amount: Option<Amount>, path: impl FnOnce() -> String) -> Result<Money, BadValue> {
        Ok(self.maybe(amount, path)?.unwrap_or_else(|| Money::zero(self.0)))
    }

    /// An amount that a document cannot be without.
    pub(crate) fn required(self, amount: Option<Amount>, path: impl Fn() -> String) -> Result<Money, BadValue> {
        self.maybe(amount, &path)?.ok_or_else(|| BadValue::new(path(), "the amount is missing"))
    }
}

/// Where a document would stand whose record cannot be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) kind: DocumentKind,
    pub(crate) project: Option<&'a ProjectId>,
    pub(crate) currency: Currency,
}

impl Place<'_> {
    pub(crate) fn key(&self, id: &str) -> DocumentKey {
        match self.project {
            Some(project) => DocumentKey::within(self.kind, project, id),
            None => DocumentKey::new(self.kind, id),
        }
    }

    /// A record that could not be read at all.
    pub(crate) fn bad_record(&self, bad: &BadRecord) -> Fetched {
        let key = match &bad.id {
            Some(id) => self.key(id),
            // Not an id of Procore's, but the same at every reading.
            None => self.key(&format!("{}{}", crate::source::MADE_UP, bad.label)),
        };
        self.unreadable(key, bad.label.clone(), bad.stake, bad.to_string())
    }

    /// A record with a value that no document can hold.
    pub(crate) fn bad_value(&self, id: &str, label: &str, stake: Option<Amount>, bad: &BadValue) -> Fetched {
        let BadValue { path, problem } = bad;
        let text = format!("{label}: {path}: {problem}. Correct it in Procore; it is read again with the next change");
        self.unreadable(self.key(id), label.to_owned(), stake, text)
    }

    fn unreadable(&self, key: DocumentKey, label: String, stake: Option<Amount>, text: String) -> Fetched {
        let amount = stake.and_then(|Amount(amount)| Money::new(amount, self.currency).ok());
        Fetched::Unreadable(Unreadable { key, label, text, amount })
    }
}

#[cfg(test)]
mod tests;
