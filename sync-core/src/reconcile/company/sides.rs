//! Both sides as the records that are tied out.

use std::collections::{HashMap, HashSet};

use super::books::{BookPosting, BookState};
use crate::connector::{Condition, Fetched, TargetState};
use crate::model::accounting::AccountingDocument;
use crate::model::construction::{Document, PayAppLine, PayAppSummary};
use crate::model::{
    AccountId, Currency, DocumentKey, Money, MoneyError, OwnerInvoiceStatus, ProjectId, TargetKind, TargetRef,
};
use crate::reconcile::explain::ChangeRecord;
use crate::reconcile::records::{
    BillRecord, CommitmentRecord, PayAppRecord, ProcoreSide, PurchaseOrderRecord, RetainageAccount, RetainageEntry,
};
use crate::retainage::{self, Disagreement, PayAppPosting};

/// Does a document belong in the books?
pub fn counts(document: &Document) -> bool {
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

/// What counts of Procore, what its change orders add, and what of it cannot be compared.
pub fn procore_side(
    documents: &[Fetched],
    currency: Currency,
) -> Result<(ProcoreSide, Vec<ChangeRecord>, Vec<String>), MoneyError> {
    let mut names: HashMap<&ProjectId, String> = HashMap::new();
    for fetched in documents {
        if let Fetched::Found(document) = fetched
            && let Document::Project(project) = document.as_ref()
        {
            names.insert(&project.id, project.label());
        }
    }
    let name = |project: &ProjectId| names.get(project).cloned().unwrap_or_else(|| project.to_string());
    let zero = Money::zero(currency);
    let (mut side, mut changes, mut problems) = (ProcoreSide::default(), Vec::new(), Vec::new());
    for fetched in documents {
        let document = match fetched {
            Fetched::Found(document) if counts(document) => document,
            Fetched::Unreadable(bad) => {
                problems.push(format!("{} ({}) in Procore: {}", bad.label, bad.key, bad.text));
                continue;
            }
            _ => continue,
        };
        let own = match document.as_ref() {
            Document::Commitment(c) => c.currency,
            Document::PrimeContract(c) => c.currency,
            Document::PayApp(app) => app.currency,
            Document::OwnerInvoice(app) => app.currency,
            _ => currency,
        };
        if own != currency {
            problems.push(format!("{} is in {own}, the books are in {currency}; it is left out", document.label()));
            continue;
        }
        let contract = |project: &ProjectId, label: &str, revised, paid| CommitmentRecord {
            document: document.key(),
            label: label.to_owned(),
            project: name(project),
            revised,
            paid,
        };
        let application = |project: &ProjectId, lines: &[PayAppLine], summary: &PayAppSummary| {
            // An application whose header and lines disagree counts with what its header asks for.
            let due = summary.current_payment_due.unwrap_or(zero);
            let (gross, withheld, released, net) = match retainage::posting_of(lines, summary, currency) {
                Ok(p) => (p.total.gross, p.total.withheld, p.total.released, p.net),
                Err(_) => (due, zero, zero, due),
            };
            let (document, label, project) = (document.key(), document.label(), name(project));
            PayAppRecord { document, label, project, gross, withheld, released, net }
        };
        match document.as_ref() {
            Document::Commitment(c) => {
                side.commitments.push(contract(&c.project, &c.number, c.revised()?, c.paid.unwrap_or(zero)));
                for (change, net) in by_change(c.committed_lines(), currency)? {
                    changes.push(ChangeRecord { commitment: document.key(), label: change, net });
                }
            }
            Document::PrimeContract(c) => {
                side.prime_contracts.push(contract(&c.project, &c.number, c.sum_to_date()?, zero));
                for (change, net) in by_change(c.contract_lines(), currency)? {
                    changes.push(ChangeRecord { commitment: document.key(), label: change, net });
                }
            }
            Document::PayApp(app) => side.pay_apps.push(application(&app.project, &app.lines, &app.summary)),
            Document::OwnerInvoice(app) => {
                side.owner_invoices.push(application(&app.project, &app.lines, &app.summary));
            }
            _ => {}
        }
    }
    set_apart(side.commitments.iter_mut().map(|r| (&mut r.label, &r.project, &r.document)));
    set_apart(side.prime_contracts.iter_mut().map(|r| (&mut r.label, &r.project, &r.document)));
    set_apart(side.pay_apps.iter_mut().map(|r| (&mut r.label, &r.project, &r.document)));
    set_apart(side.owner_invoices.iter_mut().map(|r| (&mut r.label, &r.project, &r.document)));
    Ok((side, changes, problems))
}

/// Numbers are unique within a contract or project only. Differences are told by label, so one that several documents have
/// says of which project it is, and, where that is not enough, of which document.
fn set_apart<'r>(records: impl Iterator<Item = (&'r mut String, &'r String, &'r DocumentKey)>) {
    let mut records: Vec<_> = records.collect();
    let mut repeated = |name: fn(&str, &str, &DocumentKey) -> String| {
        let mut times: HashMap<String, usize> = HashMap::new();
        for (label, ..) in &records {
            *times.entry((*label).clone()).or_default() += 1;
        }
        for (label, project, document) in &mut records {
            if times.get(label.as_str()).is_some_and(|times| *times > 1) {
                **label = name(label, project, document);
            }
        }
    };
    repeated(|label, project, _| format!("{label} ({project})"));
    repeated(|label, _, document| format!("{label} ({document})"));
}

fn by_change<'a>(
    lines: impl Iterator<
        Item = (&'a crate::model::construction::SovLine, Option<&'a crate::model::construction::ChangeOrder>),
    >,
    currency: Currency,
) -> Result<Vec<(String, Money)>, MoneyError> {
    let mut sums: Vec<(&str, Money)> = Vec::new();
    for (line, change) in lines {
        let Some(change) = change else { continue };
        match sums.iter_mut().find(|(number, _)| *number == change.number) {
            Some((_, sum)) => *sum = sum.plus(line.amount)?,
            None => sums.push((&change.number, Money::zero(currency).plus(line.amount)?)),
        }
    }
    let label = |number: &str| match number.trim_start_matches('0') {
        "" => format!("CO {number}"),
        short => format!("CO {short}"),
    };
    Ok(sums.into_iter().map(|(number, net)| (label(number), net)).collect())
}

/// A purchase order or estimate.
pub(super) fn order_record(
    state: &TargetState,
    document: Option<DocumentKey>,
) -> Result<PurchaseOrderRecord, MoneyError> {
    Ok(PurchaseOrderRecord {
        target: state.target.clone(),
        number: state.document.number().unwrap_or_default().to_owned(),
        document,
        total: total(state)?,
    })
}

fn total(state: &TargetState) -> Result<Money, MoneyError> {
    match (state.total, state.document.total()?) {
        (Some(total), _) | (None, Some(total)) => Ok(total),
        (None, None) => Err(MoneyError::Overflow),
    }
}

/// A bill or invoice, or a credit with its signs turned.
pub(super) fn bill_record(
    state: &TargetState,
    document: Option<DocumentKey>,
    books: &BookState,
    retainage: &HashSet<AccountId>,
) -> Result<BillRecord, MoneyError> {
    let is_credit = matches!(state.target.kind, TargetKind::VendorCredit | TargetKind::CreditMemo);
    let sign = |amount: Money| if is_credit { amount.negated() } else { amount };
    let total = total(state)?;
    let zero = Money::zero(total.currency());
    let (mut gross, mut withheld, mut released) = (zero, zero, zero);
    let mut add = |amount: Money, account: Option<&AccountId>, text: &str| -> Result<(), MoneyError> {
        let amount = sign(amount);
        let text = text.to_lowercase();
        // Taking back what was withheld is no release: the text tells them apart, then the kind, then the sign.
        let releases = text.contains("releas") || (!text.contains("withh") && !is_credit && !amount.is_negative());
        if !account.is_some_and(|account| retainage.contains(account)) {
            gross = gross.plus(amount)?;
        } else if releases {
            released = released.plus(amount)?;
        } else {
            withheld = withheld.minus(amount)?;
        }
        Ok(())
    };
    match &state.document {
        AccountingDocument::Bill(d) | AccountingDocument::VendorCredit(d) => {
            for line in &d.lines {
                add(line.amount, books.account_of(&line.coding.post_to), &line.description)?;
            }
        }
        AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d) => {
            for line in &d.lines {
                add(line.amount, books.income_accounts.get(&line.item), &line.description)?;
            }
        }
        _ => {}
    }
    let paid = state.balance.map(|balance| total.minus(balance)).transpose()?.unwrap_or(zero);
    Ok(BillRecord {
        target: state.target.clone(),
        number: state.document.number().unwrap_or_default().to_owned(),
        document,
        gross,
        withheld,
        released,
        net: sign(total),
        paid: sign(paid),
    })
}

/// Withheld and released are shown net by some and gross by others. Where nothing but that differs, nothing does.
pub(super) fn same_presentation(bill: &mut BillRecord, app: &PayAppRecord) -> Result<(), MoneyError> {
    let same = bill.gross == app.gross
        && bill.net == app.net
        && bill.withheld.minus(bill.released)? == app.withheld.minus(app.released)?;
    if same {
        (bill.withheld, bill.released) = (app.withheld, app.released);
    }
    Ok(())
}

/// A retainage account: its balance, and what is in it by other ways than bills and invoices that are tied out.
pub(super) fn account(
    books: &BookState,
    ids: &HashSet<AccountId>,
    is_liability: bool,
    outside: &[&TargetState],
) -> Result<RetainageAccount, MoneyError> {
    let mut balance = Money::zero(books.currency);
    for id in ids {
        balance = balance.plus(books.balances.get(id).copied().unwrap_or_else(|| Money::zero(books.currency)))?;
    }
    let mut entries = Vec::new();
    for posting in &books.entries {
        let amount = touched(posting, ids, books.currency, is_liability)?;
        if !amount.is_zero() {
            entries.push(RetainageEntry { label: posting.label.clone(), amount });
        }
    }
    for state in outside.iter().filter(|state| state.condition != Condition::Voided) {
        let record = bill_record(state, None, books, ids)?;
        let amount = record.withheld.minus(record.released)?;
        if !amount.is_zero() {
            entries.push(RetainageEntry { label: super::books::label_of(state), amount });
        }
    }
    Ok(RetainageAccount { balance, entries })
}

/// What some bills or invoices alone put into a retainage account.
pub(super) fn account_of(bills: &[BillRecord], currency: Currency) -> Result<RetainageAccount, MoneyError> {
    let mut balance = Money::zero(currency);
    for bill in bills {
        balance = balance.plus(bill.withheld)?.minus(bill.released)?;
    }
    Ok(RetainageAccount { balance, entries: Vec::new() })
}

/// By how much a posting raises the balance of accounts.
pub(super) fn touched(
    posting: &BookPosting,
    ids: &HashSet<AccountId>,
    currency: Currency,
    is_liability: bool,
) -> Result<Money, MoneyError> {
    let lines = posting.lines.iter().filter(|line| ids.contains(&line.account));
    let debit = Money::sum(currency, lines.map(|line| line.amount))?;
    Ok(if is_liability { debit.negated() } else { debit })
}

/// What a transaction is found by.
pub(super) fn by_target(books: &BookState) -> HashMap<&TargetRef, &TargetState> {
    books.transactions.iter().map(|state| (&state.target, state)).collect()
}
