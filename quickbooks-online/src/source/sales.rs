//! The owner's side of the books: estimates, invoices and credit memos.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::connector::{Condition, Marker};
use sync_core::model::{
    AccountId, ClassId, Currency, CustomerId, Date, ItemId, Money, MoneyError, TargetKind, TargetLineId, TargetRef,
};

use super::Retained;
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::wire::{Line, RetainageDetail};

/// What is read beside the state of the document.
#[derive(Deserialize)]
struct Extras {
    #[serde(rename = "Line", default)]
    lines: Vec<Line>,
    #[serde(rename = "TxnRetainageDetail")]
    retainage: Option<RetainageDetail>,
}

/// An estimate, invoice or credit memo.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookSale {
    /// Which.
    pub target: TargetRef,
    /// Its number.
    pub number: Option<String>,
    /// The customer or job.
    pub customer: CustomerId,
    /// Its date.
    pub date: Date,
    /// The total that QuickBooks states; where it states none, the sum of the lines.
    pub total: Money,
    /// What is still open; estimates have none.
    pub balance: Option<Money>,
    /// Live or voided.
    pub condition: Condition,
    /// The document that it stands for, if this sync or another of its kind made it.
    pub marker: Option<Marker>,
    /// Lines that post.
    pub lines: Vec<BookSaleLine>,
    /// What QuickBooks' own retainage withholds on an invoice beside its lines, in companies that have it.
    pub native_retainage: Option<Money>,
}

/// A line of a [`BookSale`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookSaleLine {
    /// Its id within the document.
    pub id: Option<TargetLineId>,
    /// Amount as it stands on the document.
    pub amount: Money,
    /// The item.
    pub item: ItemId,
    /// The account behind the item, or the line's own; none for an item without one.
    pub account: Option<AccountId>,
    /// Class.
    pub class: Option<ClassId>,
    /// Text.
    pub description: String,
}

impl BookSale {
    pub(super) fn read(
        entity: Entity,
        raw: &RawValue,
        home: Currency,
        income_accounts: &HashMap<String, AccountId>,
    ) -> Result<Self, Error> {
        let state = convert::state(entity, raw, home)?;
        let target = state.target;
        let unreadable = |error: &dyn std::fmt::Display| Error::unreadable(&target.to_string(), error);
        let document = state.document.sales().ok_or_else(|| unreadable(&"it has no lines"))?;
        let extras: Extras = serde_json::from_str(raw.get()).map_err(|error| unreadable(&error))?;
        let own_account = |id: &TargetLineId| {
            let line = extras.lines.iter().find(|line| line.id.as_deref() == Some(id.as_str()))?;
            Some(AccountId::from(line.sales_item.as_ref()?.item_account_ref.as_ref()?.value.as_str()))
        };
        let lines = document.lines.iter().map(|line| BookSaleLine {
            id: line.id.clone(),
            amount: line.amount,
            account: line
                .id
                .as_ref()
                .and_then(own_account)
                .or_else(|| income_accounts.get(line.item.as_str()).cloned()),
            item: line.item.clone(),
            class: line.class.clone(),
            description: line.description.clone(),
        });
        let total = match state.total {
            Some(total) => total,
            None => document.total().map_err(|error| unreadable(&error))?,
        };
        let native = extras.retainage.as_ref().and_then(|retainage| retainage.amount);
        let native = native.map(|amount| convert::money(amount, document.currency)).transpose();
        Ok(Self {
            number: document.number.clone(),
            customer: document.customer.clone(),
            date: document.date,
            total,
            balance: state.balance,
            condition: state.condition,
            marker: state.marker,
            lines: lines.collect(),
            native_retainage: native.map_err(|error| unreadable(&error))?,
            target,
        })
    }

    /// What was settled: total less balance. None for estimates.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn paid(&self) -> Result<Option<Money>, MoneyError> {
        self.balance.map(|balance| self.total.minus(balance)).transpose()
    }

    /// What the document billed, withheld and released, told by the accounts that hold retainage. Lines of credit memos
    /// count the other way round.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn retained(&self, retainage: &[AccountId]) -> Result<Retained, MoneyError> {
        let is_credit = self.target.kind == TargetKind::CreditMemo;
        Retained::of(
            self.lines
                .iter()
                .map(|line| (line.account.as_ref(), if is_credit { line.amount.negated() } else { line.amount })),
            retainage,
            self.total.currency(),
        )
    }
}
