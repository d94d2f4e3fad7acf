//! Both sides read afresh, over the same APIs, by clients of their own.

use std::collections::HashMap;

use futures_util::StreamExt;
use procore_client::ProcoreSource;
use quickbooks_online::BooksSnapshot;
use sync_core::connector::{Fetched, Marker, Source};
use sync_core::journal::Link;
use sync_core::mapping::{AccountRole, Mapping, Names};
use sync_core::model::construction::Document;
use sync_core::model::{AccountId, Currency, DocumentKey, Money, OwnerInvoiceStatus, ProjectId, TargetKind, TargetRef};
use sync_core::reconcile::{
    BillRecord, BooksSide, CommitmentRecord, PayAppRecord, ProcoreSide, PurchaseOrderRecord, RetainageAccount,
    RetainageEntry,
};
use sync_core::retainage::{self, Disagreement, PayAppPosting};

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
    let zero = Money::zero(currency);
    let mut side = ProcoreSide::default();
    for fetched in documents {
        let Some(document) = found(fetched).filter(|document| counts(document)) else { continue };
        let record = |project: &ProjectId, label: String, revised, paid| CommitmentRecord {
            document: fetched.key(),
            label,
            project: name(project),
            revised,
            paid,
        };
        let application = |project: &ProjectId, posting: Result<PayAppPosting, Disagreement>, due: Option<Money>| {
            // An application whose header and lines disagree counts with what its header asks for.
            let (gross, withheld, released, net) = match posting {
                Ok(p) => (p.total.gross, p.total.withheld, p.total.released, p.net),
                Err(_) => (due.unwrap_or(zero), zero, zero, due.unwrap_or(zero)),
            };
            PayAppRecord {
                document: fetched.key(),
                label: document_label(fetched),
                project: name(project),
                gross,
                withheld,
                released,
                net,
            }
        };
        match document {
            Document::Commitment(c) => {
                let paid = c.paid.unwrap_or(zero);
                side.commitments.push(record(&c.project, c.number.clone(), c.revised()?, paid));
            }
            Document::PrimeContract(c) => {
                side.prime_contracts.push(record(&c.project, c.number.clone(), c.sum_to_date()?, zero));
            }
            Document::PayApp(app) => {
                let due = app.summary.current_payment_due;
                side.pay_apps.push(application(&app.project, retainage::posting(app), due));
            }
            Document::OwnerInvoice(app) => {
                let posting = retainage::posting_of(&app.lines, &app.summary, app.currency);
                side.owner_invoices.push(application(&app.project, posting, app.summary.current_payment_due));
            }
            _ => {}
        }
    }
    Ok(side)
}

/// Does a document belong in QuickBooks?
pub(crate) fn counts(document: &Document) -> bool {
    let posts = |posting: Result<PayAppPosting, Disagreement>| posting.map_or(true, |p| !p.is_nothing());
    match document {
        Document::Project(project) => project.active,
        Document::Vendor(vendor) => vendor.active && !vendor.not_paid,
        Document::Commitment(c) => c.status.is_committed() && !c.deleted && !c.lines.is_empty(),
        Document::PrimeContract(c) => c.status.is_committed() && !c.deleted && !c.lines.is_empty(),
        Document::PayApp(app) => app.status.is_approved() && posts(retainage::posting(app)),
        Document::OwnerInvoice(app) => {
            app.status == OwnerInvoiceStatus::Approved
                && posts(retainage::posting_of(&app.lines, &app.summary, app.currency))
        }
        _ => false,
    }
}

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
