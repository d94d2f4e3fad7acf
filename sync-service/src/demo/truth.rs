//! Both sides read afresh, over the same APIs, by clients of their own.

use std::collections::HashMap;

use futures_util::StreamExt;
use procore_client::ProcoreSource;
use quickbooks_online::BooksSnapshot;
use sync_core::connector::{Fetched, Source};
use sync_core::journal::Link;
use sync_core::mapping::{Mapping, Names};
use sync_core::model::construction::Document;
use sync_core::model::{AccountId, Currency, DocumentKey, Money, ProjectId, TargetKind, TargetRef};
use sync_core::reconcile::{
    BillRecord, BooksSide, CommitmentRecord, PayAppRecord, ProcoreSide, PurchaseOrderRecord, RetainageEntry,
};
use sync_core::retainage;

use crate::Failure;

/// Every document of Procore, as it is now.
pub(crate) async fn documents(source: &ProcoreSource) -> Result<Vec<Fetched>, Failure> {
    let mut documents = Vec::new();
    for part in source.parts().await? {
        let mut pages = source.snapshot(&part);
        while let Some(page) = pages.next().await {
            documents.extend(page?);
        }
    }
    Ok(documents)
}

/// What counts of it.
pub(crate) fn procore_side(documents: &[Fetched], currency: Currency) -> Result<ProcoreSide, Failure> {
    let mut names: HashMap<&ProjectId, String> = HashMap::new();
    for fetched in documents {
        if let Some(Document::Project(project)) = found(fetched) {
            names.insert(&project.id, project.label());
        }
    }
    let name = |project: &ProjectId| names.get(project).cloned().unwrap_or_else(|| project.to_string());
    let mut side = ProcoreSide::default();
    for fetched in documents {
        match found(fetched) {
            Some(Document::Commitment(c)) if c.status.is_committed() && !c.deleted && !c.lines.is_empty() => {
                side.commitments.push(CommitmentRecord {
                    document: fetched.key(),
                    label: c.number.clone(),
                    project: name(&c.project),
                    revised: c.revised()?,
                    paid: c.paid.unwrap_or_else(|| Money::zero(currency)),
                });
            }
            Some(Document::PayApp(app)) if app.status.is_approved() => {
                let zero = Money::zero(currency);
                // A pay app whose header and lines disagree counts with what its header asks for.
                let (gross, withheld, released, net) = match retainage::posting(app) {
                    Ok(posting) if posting.is_nothing() => continue,
                    Ok(p) => (p.total.gross, p.total.withheld, p.total.released, p.net),
                    Err(_) => {
                        let due = app.summary.current_payment_due.unwrap_or(zero);
                        (due, zero, zero, due)
                    }
                };
                side.pay_apps.push(PayAppRecord {
                    document: fetched.key(),
                    label: document_label(fetched),
                    project: name(&app.project),
                    gross,
                    withheld,
                    released,
                    net,
                });
            }
            _ => {}
        }
    }
    Ok(side)
}

/// The books, tied to documents by link or marker.
pub(crate) fn books_side(
    books: &BooksSnapshot,
    links: &[Link],
    retainage_account: &AccountId,
) -> Result<BooksSide, Failure> {
    let by_target: HashMap<&TargetRef, &DocumentKey> = links.iter().map(|l| (&l.target, &l.document)).collect();
    let zero = Money::zero(books.currency);
    let mut side = BooksSide {
        purchase_orders: Vec::new(),
        bills: Vec::new(),
        retainage_balance: books.account(retainage_account).and_then(|a| a.balance).unwrap_or(zero),
        retainage_entries: Vec::new(),
    };
    for book in &books.documents {
        let document = by_target
            .get(&book.target)
            .map(|d| (*d).clone())
            .or_else(|| book.marker.as_ref().map(|marker| marker.document.clone()));
        let number = book.number.clone().unwrap_or_default();
        if book.target.kind == TargetKind::PurchaseOrder {
            side.purchase_orders.push(PurchaseOrderRecord {
                target: book.target.clone(),
                number,
                document,
                total: book.total,
            });
            continue;
        }
        let is_credit = book.target.kind == TargetKind::VendorCredit;
        let sign = |amount: Money| if is_credit { amount.negated() } else { amount };
        let (mut gross, mut withheld, mut released) = (zero, zero, zero);
        for line in &book.lines {
            let amount = sign(line.amount);
            // Taking back what was withheld is not a release: the text tells them apart, then the sign.
            let releases = line.description.starts_with("Retainage released")
                || (!line.description.starts_with("Retainage withheld") && !amount.is_negative());
            if line.account.as_ref() != Some(retainage_account) {
                gross = gross.plus(amount)?;
            } else if releases {
                released = released.plus(amount)?;
            } else {
                withheld = withheld.minus(amount)?;
            }
        }
        side.bills.push(BillRecord {
            target: book.target.clone(),
            number,
            document,
            gross,
            withheld,
            released,
            net: sign(book.total),
            paid: sign(book.paid()?.unwrap_or(zero)),
        });
    }
    for entry in &books.entries {
        let lines = entry.lines.iter().filter(|line| line.account == *retainage_account);
        let debit = Money::sum(books.currency, lines.map(|line| line.amount))?;
        if !debit.is_zero() {
            let label = entry.number.clone().unwrap_or_else(|| format!("journal entry {}", entry.id));
            // A credit raises a liability.
            side.retainage_entries.push(RetainageEntry { label, amount: debit.negated() });
        }
    }
    Ok(side)
}

/// The retainage payable account that the mapping means.
pub(crate) fn retainage_account(mapping: &Mapping, names: &Names<'_>) -> Option<AccountId> {
    mapping.account(sync_core::mapping::AccountRole::RetainagePayable, names).ok()
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
