//! Journal entries and accounts of the books.

use sync_core::connector::Marker;
use sync_core::model::{AccountId, Currency, Date, Money, TargetId};

use crate::convert;
use crate::error::Error;
use crate::raw::Record;
use crate::wire::{Account, JournalEntry};

/// A journal entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookEntry {
    /// Which.
    pub id: TargetId,
    /// Number.
    pub number: Option<String>,
    /// Date.
    pub date: Option<Date>,
    /// The document that it stands for, if a sync made it.
    pub marker: Option<Marker>,
    /// Its sides.
    pub lines: Vec<BookEntryLine>,
}

/// A side of a [`BookEntry`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookEntryLine {
    /// The account.
    pub account: AccountId,
    /// Positive: debit. Negative: credit.
    pub amount: Money,
    /// Whom it concerns: `Customer`, `Vendor` or `Employee`, and the id.
    pub concerns: Option<(String, TargetId)>,
}

impl BookEntry {
    pub(super) fn of(entry: &Record<JournalEntry>, home: Currency) -> Result<Self, Error> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::unreadable(&format!("JournalEntry {}", entry.id.as_deref().unwrap_or("?")), error)
        };
        let currency = convert::currency_of(entry.currency_ref.as_ref(), home).map_err(|error| unreadable(&error))?;
        let mut lines = Vec::new();
        for line in entry.line.as_deref().unwrap_or_default() {
            let Some(detail) = &line.journal else { continue };
            let Some(account) = &detail.account_ref else { continue };
            let Some(amount) = convert::signed(line, currency).map_err(|error| unreadable(&error))? else { continue };
            let concerns = detail
                .entity
                .as_ref()
                .and_then(|entity| Some((entity.kind.clone()?, entity.entity_ref.as_ref()?.value.as_str().into())));
            lines.push(BookEntryLine { account: account.value.as_str().into(), amount, concerns });
        }
        Ok(Self {
            id: entry.id.as_deref().unwrap_or_default().into(),
            number: entry.doc_number.clone(),
            date: entry.txn_date,
            marker: entry.private_note.as_deref().and_then(Marker::find),
            lines,
        })
    }
}

/// An account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookAccount {
    /// Which.
    pub id: AccountId,
    /// `Parent:Child`.
    pub name: String,
    /// Account number.
    pub number: Option<String>,
    /// Type, e.g. `Other Current Liability`.
    pub kind: String,
    /// Balance on its natural side: a liability that is owed is positive. None where QuickBooks states none.
    pub balance: Option<Money>,
    /// In use?
    pub active: bool,
}

impl BookAccount {
    pub(super) fn of(account: &Record<Account>, home: Currency) -> Result<Self, Error> {
        let id = account.id.as_deref().unwrap_or_default();
        let unreadable = |error: &dyn std::fmt::Display| Error::unreadable(&format!("Account {id}"), error);
        let currency = match &account.currency_ref {
            Some(currency) => currency.value.parse().map_err(|error| unreadable(&error))?,
            None => home,
        };
        let balance = account.current_balance.map(|balance| convert::money(balance, currency)).transpose();
        let active = account.active.unwrap_or(true);
        let name = account.fully_qualified_name.as_deref().or(account.name.as_deref()).unwrap_or_default();
        Ok(Self {
            id: id.into(),
            name: convert::plain_name(name, active).to_owned(),
            number: account.acct_num.clone(),
            kind: account.account_type.clone().unwrap_or_default(),
            balance: balance.map_err(|error| unreadable(&error))?,
            active,
        })
    }
}
