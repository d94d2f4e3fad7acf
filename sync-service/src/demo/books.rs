//! The books of QuickBooks Desktop, seen by somebody who did not do the work.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use quickbooks_desktop::sink::{Books, DesktopPayments, DesktopSink, SinkOptions};
use sha2::{Digest, Sha256};
use sync_core::connector::{Marker, PaymentChanges, PaymentRead, PaymentSource, TargetState};
use sync_core::journal::Link;
use sync_core::mapping::{Mapping, Names};
use sync_core::model::{DocumentKey, TargetKind, TargetRef};
use sync_core::reconcile::company::BookState;
use sync_core::reconcile::{BooksSide, PurchaseOrderRecord};
use sync_sandboxes::desktop::{CompanyFile, Node};

use super::machine::Machine;
use super::payments::Paid;
use super::truth::{self, Line};
use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::desktop::Desktop;

/// What the books hold.
pub(crate) struct Seen {
    pub(crate) side: BooksSide,
    pub(crate) there: HashSet<TargetRef>,
    pub(crate) duplicates: usize,
    pub(crate) digest: String,
    pub(crate) paid: Paid,
}

/// Reads the company file afresh, through a service and visits of its own.
pub(crate) async fn look(
    machine: &Machine,
    settings: &ConnectionSettings,
    links: &[Link],
    mapping: &Mapping,
) -> Result<Seen, Failure> {
    let of = machine.settings();
    let desktop = Desktop::open(settings, &of)?;
    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let routes = desktop.router();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let visits = machine.visit(Arc::new(Mutex::new(address)), None);
    let (clock, options) = (settings.clock(), SinkOptions::new(settings.currency));
    let books = Books::new(desktop.desk.clone(), clock.clone(), options.clone()).state().await?;
    let payments = DesktopPayments::new(DesktopSink::new(desktop.desk.clone(), clock, options), &of.file_id);
    let read = payments.payments(None).await?;
    tokio::task::block_in_place(|| drop(visits));
    server.abort();

    let directory = sync_core::connector::Directory::Listed(Box::new(books.lists.clone()));
    let accounts = truth::retainage_accounts(mapping, &Names::new(&directory));
    let states = books.transactions.iter().chain(&books.parties);
    let file = machine.file();
    Ok(Seen {
        side: side(&books, links, &accounts)?,
        there: states.map(|state| state.target.clone()).collect(),
        duplicates: duplicates(&file),
        digest: digest(&file),
        paid: paid(&books, read, payments.company())?,
    })
}

fn paid(books: &BookState, read: PaymentChanges, company: String) -> Result<Paid, Failure> {
    let mut made = Vec::with_capacity(read.changed.len());
    for payment in read.changed {
        match payment {
            PaymentRead::Found(payment) => made.push(payment),
            PaymentRead::Unreadable(_, problem) => return Err(problem.into()),
            PaymentRead::Gone(_) => {}
        }
    }
    let marked = |state: &TargetState| Some((state.target.clone(), state.marker.as_ref()?.document.clone()));
    let of = books.transactions.iter().filter_map(marked).collect();
    Ok(Paid { made, of, company, currency: books.currency })
}

fn side(books: &BookState, links: &[Link], accounts: &truth::RetainageAccounts) -> Result<BooksSide, Failure> {
    let by_target: HashMap<&TargetRef, &DocumentKey> = links.iter().map(|l| (&l.target, &l.document)).collect();
    let mut side = BooksSide::empty(books.currency);
    for (account, held) in [(&accounts.payable, &mut side.payable), (&accounts.receivable, &mut side.receivable)] {
        if let Some(balance) = account.as_ref().and_then(|account| books.balances.get(account)) {
            held.balance = *balance;
        }
    }
    for state in &books.transactions {
        let marker = state.marker.as_ref();
        let document =
            by_target.get(&state.target).map(|d| (*d).clone()).or_else(|| marker.map(|m| m.document.clone()));
        let number = state.document.number().unwrap_or_default().to_owned();
        let Some(total) = state.total else { continue };
        let target = state.target.clone();
        let record = PurchaseOrderRecord { target, number: number.clone(), document: document.clone(), total };
        match state.target.kind {
            TargetKind::PurchaseOrder => side.purchase_orders.push(record),
            TargetKind::Estimate => side.estimates.push(record),
            kind => {
                let paid = state.balance.map(|balance| total.minus(balance)).transpose()?;
                let lines = state.document.line_refs();
                let texts: Vec<&str> = descriptions(state);
                let is_sale = matches!(kind, TargetKind::Invoice | TargetKind::CreditMemo);
                let lines = lines.iter().zip(texts).map(|(line, description)| Line {
                    account: if is_sale { income(books, &line.post_to) } else { books.account_of(&line.post_to) },
                    amount: line.amount,
                    description,
                });
                let retainage = if is_sale { accounts.receivable.as_ref() } else { accounts.payable.as_ref() };
                let record = truth::bill(&state.target, document, number, lines, (total, paid), retainage)?;
                if is_sale { side.invoices.push(record) } else { side.bills.push(record) }
            }
        }
    }
    Ok(side)
}

fn descriptions(state: &sync_core::connector::TargetState) -> Vec<&str> {
    match (state.document.expense(), state.document.sales()) {
        (Some(document), _) => document.lines.iter().map(|line| line.description.as_str()).collect(),
        (_, Some(document)) => document.lines.iter().map(|line| line.description.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn income<'a>(
    books: &'a BookState,
    post_to: &sync_core::model::accounting::PostTo,
) -> Option<&'a sync_core::model::AccountId> {
    match post_to {
        sync_core::model::accounting::PostTo::Item(item) => books.income_accounts.get(item),
        sync_core::model::accounting::PostTo::Account(_) => None,
    }
}

/// What a company file calls the kinds of documents.
const KINDS: [&str; 9] = [
    "Customer",
    "Vendor",
    "PurchaseOrder",
    "Estimate",
    "Bill",
    "VendorCredit",
    "Invoice",
    "CreditMemo",
    "JournalEntry",
];

/// Transactions beyond the first that stand for the same document, by the marks in the books themselves.
fn duplicates(file: &CompanyFile) -> usize {
    let mut seen: HashMap<DocumentKey, usize> = HashMap::new();
    for record in KINDS.iter().flat_map(|kind| file.all(kind)) {
        for text in ["Memo", "Notes"] {
            if let Some(marker) = Marker::find(record.at(&[text])) {
                *seen.entry(marker.document).or_default() += 1;
            }
        }
    }
    seen.values().map(|count| count - 1).sum()
}

/// A digest of everything in the books but ids and times.
fn digest(file: &CompanyFile) -> String {
    let mut rows: Vec<String> = Vec::new();
    for record in KINDS.iter().flat_map(|kind| file.all(kind)) {
        let mut row = String::new();
        flatten(&record, &mut row);
        rows.push(row);
    }
    rows.sort();
    let digest = Sha256::digest(rows.join("\n").as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn flatten(node: &Node, row: &mut String) {
    let skipped =
        ["ListID", "TxnID", "TxnLineID", "TimeCreated", "TimeModified", "EditSequence", "TxnNumber", "LinkedTxn"];
    if skipped.contains(&node.name.as_str()) {
        return;
    }
    row.push('|');
    row.push_str(&node.text);
    for child in &node.children {
        flatten(child, row);
    }
}
