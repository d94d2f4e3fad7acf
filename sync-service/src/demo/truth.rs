//! The books read afresh and added up by somebody who did not write them.

use std::collections::HashMap;

use quickbooks_online::BooksSnapshot;
use sync_core::connector::{Fetched, Marker};
use sync_core::journal::Link;
use sync_core::mapping::{AccountRole, Mapping, Names};
use sync_core::model::construction::Document;
use sync_core::model::{AccountId, DocumentKey, Money, TargetKind, TargetRef};
use sync_core::reconcile::{BillRecord, BooksSide, PurchaseOrderRecord, RetainageAccount, RetainageEntry};

use crate::Failure;

/// The accounts that hold retainage.
pub(crate) struct RetainageAccounts {
    pub(crate) payable: Option<AccountId>,
    pub(crate) receivable: Option<AccountId>,
}

/// The books, tied to documents by link or marker.
pub(crate) fn books_side(
    books: &BooksSnapshot,
    links: &[Link],
    accounts: &RetainageAccounts,
) -> Result<BooksSide, Failure> {
    let by_target: HashMap<&TargetRef, &DocumentKey> = links.iter().map(|l| (&l.target, &l.document)).collect();
    let mut side = BooksSide::empty(books.currency);
    // A credit raises a liability, a debit raises an asset.
    side.payable = account(books, accounts.payable.as_ref(), true)?;
    side.receivable = account(books, accounts.receivable.as_ref(), false)?;
    let document = |target: &TargetRef, marker: Option<&Marker>| {
        by_target.get(target).map(|d| (*d).clone()).or_else(|| marker.map(|marker| marker.document.clone()))
    };
    let mut cash: HashMap<TargetRef, Money> = HashMap::new();
    for payment in &books.vendor_payments {
        for settled in payment.made().settled()? {
            let sum = cash.entry(settled.to).or_insert_with(|| Money::zero(books.currency));
            *sum = sum.plus(settled.cash)?;
        }
    }
    for book in &books.documents {
        let document = document(&book.target, book.marker.as_ref());
        let number = book.number.clone().unwrap_or_default();
        if book.target.kind == TargetKind::PurchaseOrder {
            let target = book.target.clone();
            side.purchase_orders.push(PurchaseOrderRecord { target, number, document, total: book.total });
            continue;
        }
        let lines = book.lines.iter().map(|line| Line {
            account: line.account.as_ref(),
            amount: line.amount,
            description: &line.description,
        });
        let paid = cash.get(&book.target).copied();
        side.bills.push(bill(&book.target, document, number, lines, (book.total, paid), accounts.payable.as_ref())?);
    }
    for book in &books.sales {
        let document = document(&book.target, book.marker.as_ref());
        let number = book.number.clone().unwrap_or_default();
        if book.target.kind == TargetKind::Estimate {
            let target = book.target.clone();
            side.estimates.push(PurchaseOrderRecord { target, number, document, total: book.total });
            continue;
        }
        let lines = book.lines.iter().map(|line| Line {
            account: line.account.as_ref(),
            amount: line.amount,
            description: &line.description,
        });
        let paid = book.balance.map(|balance| book.total.minus(balance)).transpose()?;
        let totals = (book.total, paid);
        side.invoices.push(bill(&book.target, document, number, lines, totals, accounts.receivable.as_ref())?);
    }
    Ok(side)
}

/// A line as it stands on a transaction.
pub(crate) struct Line<'a> {
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) amount: Money,
    pub(crate) description: &'a str,
}

/// A bill or invoice, or a credit with its signs turned. `totals`: its total, and what of it was settled.
pub(crate) fn bill<'a>(
    target: &TargetRef,
    document: Option<DocumentKey>,
    number: String,
    lines: impl Iterator<Item = Line<'a>>,
    (total, paid): (Money, Option<Money>),
    retainage: Option<&AccountId>,
) -> Result<BillRecord, Failure> {
    let is_credit = matches!(target.kind, TargetKind::VendorCredit | TargetKind::CreditMemo);
    let sign = |amount: Money| if is_credit { amount.negated() } else { amount };
    let zero = Money::zero(total.currency());
    let (mut gross, mut withheld, mut released) = (zero, zero, zero);
    for line in lines {
        let amount = sign(line.amount);
        // Taking back what was withheld is not a release: the text tells them apart, then the sign.
        let releases = line.description.starts_with("Retainage released")
            || (!line.description.starts_with("Retainage withheld") && !amount.is_negative());
        if retainage.is_none() || line.account != retainage {
            gross = gross.plus(amount)?;
        } else if releases {
            released = released.plus(amount)?;
        } else {
            withheld = withheld.minus(amount)?;
        }
    }
    Ok(BillRecord {
        target: target.clone(),
        number,
        document,
        gross,
        withheld,
        released,
        net: sign(total),
        paid: sign(paid.unwrap_or(zero)),
    })
}

fn account(books: &BooksSnapshot, id: Option<&AccountId>, is_liability: bool) -> Result<RetainageAccount, Failure> {
    let zero = Money::zero(books.currency);
    let Some(id) = id else { return Ok(RetainageAccount { balance: zero, entries: Vec::new() }) };
    let mut entries = Vec::new();
    for entry in &books.entries {
        let lines = entry.lines.iter().filter(|line| line.account == *id);
        let debit = Money::sum(books.currency, lines.map(|line| line.amount))?;
        if !debit.is_zero() {
            let label = entry.number.clone().unwrap_or_else(|| format!("journal entry {}", entry.id));
            entries.push(RetainageEntry { label, amount: if is_liability { debit.negated() } else { debit } });
        }
    }
    Ok(RetainageAccount { balance: books.account(id).and_then(|a| a.balance).unwrap_or(zero), entries })
}

/// The accounts that hold retainage, as the mapping means them.
pub(crate) fn retainage_accounts(mapping: &Mapping, names: &Names<'_>) -> RetainageAccounts {
    RetainageAccounts {
        payable: mapping.account(AccountRole::RetainagePayable, names).ok(),
        receivable: mapping.account(AccountRole::RetainageReceivable, names).ok(),
    }
}

pub(crate) fn found(fetched: &Fetched) -> Option<&Document> {
    match fetched {
        Fetched::Found(document) => Some(document),
        _ => None,
    }
}

pub(crate) fn document_label(fetched: &Fetched) -> String {
    match fetched {
        Fetched::Found(document) => document.label(),
        Fetched::Unreadable(unreadable) => unreadable.label.clone(),
        Fetched::Gone(key) => key.to_string(),
    }
}
