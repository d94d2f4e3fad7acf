//! What the cases start from, and short words for what they do.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::{Checked, Problem, equal};
use crate::connector::{Change, Marker, Operation, Write};
use crate::dead_letter::{Cause, DeadLetter};
use crate::journal::{Base, Counts, Intent, Job, JobEnd, Journal, JournalError, Link, LinkChange, Settlement};
use crate::model::accounting::{AccountingDocument, Coding, ExpenseDocument, ExpenseLine, PostTo};
use crate::model::{
    AccountId, ConnectionId, Currency, Date, DocumentKey, DocumentKind, Fields, LineKey, Money, PayeeId, TargetKind,
    TargetLineId, TargetRef, Timestamp,
};

/// How long leases are in the cases.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// The connection of most cases.
pub(super) fn main() -> ConnectionId {
    ConnectionId::from("main")
}

/// Seconds after noon UTC of 31 January 2026.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_769_860_800 + seconds, 0).unwrap_or_default()
}

/// A pay app.
pub(super) fn pay_app(number: u64) -> DocumentKey {
    DocumentKey::new(DocumentKind::PayApp, format!("22.{number}"))
}

/// A vendor.
pub(super) fn vendor(number: u64) -> DocumentKey {
    DocumentKey::new(DocumentKind::Vendor, number.to_string())
}

/// An amount in US dollars.
pub(super) fn usd(cents: i64) -> Result<Money, Problem> {
    Ok(Money::new(Decimal::new(cents, 2), Currency::USD)?)
}

/// A write of a bill with one line, under a lease.
pub(super) fn intent(job: &Job, key: &str, cents: i64, stored_at: Timestamp) -> Result<Intent, Problem> {
    let line = ExpenseLine {
        key: LineKey::source("sov:9"),
        id: None,
        description: "Drywall, \"Level 2\"; 10 % held\nback \u{2013} caf\u{e9}".to_owned(),
        amount: usd(cents)?,
        coding: Coding { post_to: PostTo::Account(AccountId::from("63")), class: None, customer: None },
        link: None,
    };
    let bill = AccountingDocument::Bill(ExpenseDocument {
        payee: PayeeId::from("7"),
        number: Some("PA-2".to_owned()),
        date: Date::from_ymd_opt(2026, 1, 31).unwrap_or_default(),
        terms: None,
        payable: None,
        memo: String::new(),
        lines: vec![line],
        currency: Currency::USD,
        extra: Default::default(),
    });
    let fields = bill.fields();
    let marker = Marker { connection: main(), document: job.document.clone(), generation: 0 };
    let write = Write { key: key.to_owned(), marker, operation: Operation::Create(bill) };
    Ok(Intent { token: job.token, group: "batch 1".to_owned(), write, mapping: "map 1".to_owned(), fields, stored_at })
}

/// A link with a base.
pub(super) fn link(document: &DocumentKey, version: &str) -> Link {
    let mut wanted = Fields::default();
    wanted.set("line/sov:9/amount", "123456789012345.67");
    let mut seen = wanted.clone();
    seen.set("memo", format!("version {version}"));
    Link {
        document: document.clone(),
        target: TargetRef { kind: TargetKind::Bill, id: format!("9{version}").into() },
        version: version.to_owned(),
        base: Base {
            wanted,
            seen,
            lines: vec![(LineKey::source("sov:9"), TargetLineId::from("1"))],
            accepted: ["number".to_owned()].into(),
        },
        mapping: "map 1".to_owned(),
        generation: 3,
    }
}

/// A dead letter.
pub(super) fn letter(document: &DocumentKey, since: Timestamp) -> Result<DeadLetter, Problem> {
    Ok(DeadLetter {
        document: document.clone(),
        label: "pay app 2, Acme Drywall".to_owned(),
        cause: Cause::MissingCoding,
        text: "cost code 09-250 finds no row; add one to coding.csv".to_owned(),
        amount: Some(usd(12_345_678_901_234_567)?),
        target: Some(TargetRef { kind: TargetKind::Bill, id: "91".into() }),
        candidates: vec![TargetRef { kind: TargetKind::PurchaseOrder, id: "17".into() }],
        since,
    })
}

/// A dead letter as the end of a job.
pub(super) fn dead(document: &DocumentKey, since: Timestamp) -> Result<JobEnd, Problem> {
    Ok(JobEnd::Dead(Box::new(letter(document, since)?)))
}

/// Waiting as the end of a job.
pub(super) fn wait(on: &DocumentKey) -> JobEnd {
    JobEnd::Wait { on: on.clone(), label: format!("waits for {on}") }
}

/// The end of a leased job and nothing else.
pub(super) fn ends(job: &Job, end: JobEnd) -> Settlement {
    settles(&job.document, Some(job.token), end)
}

/// The end of a job, with a lease or without, and nothing else.
pub(super) fn settles(document: &DocumentKey, token: Option<u64>, end: JobEnd) -> Settlement {
    let document = document.clone();
    Settlement { document, token, end, closes: None, link: LinkChange::Keep, audit: String::new() }
}

/// A settlement that also puts a link.
pub(super) fn linked(mut settlement: Settlement, version: &str) -> Settlement {
    settlement.link = LinkChange::Put(Box::new(link(&settlement.document, version)));
    settlement
}

/// Takes in one polled change of each document.
pub(super) async fn changed(journal: &dyn Journal, documents: &[DocumentKey], now: Timestamp) -> Checked {
    let changes: Vec<Change> = documents.iter().cloned().map(Change::found).collect();
    journal.intake(&main(), &changes, now).await?;
    balanced(journal).await.map(drop)
}

/// Leases all that is due.
pub(super) async fn leased(journal: &dyn Journal, now: Timestamp) -> Result<Vec<Job>, Problem> {
    Ok(journal.claim(&main(), now, LEASE, 100_000).await?)
}

/// Leases all that is due, which is the one job of this document.
pub(super) async fn leased_one(journal: &dyn Journal, document: &DocumentKey, now: Timestamp) -> Result<Job, Problem> {
    let mut jobs = leased(journal, now).await?;
    equal("leased", documents(&jobs), vec![document.clone()])?;
    jobs.pop().ok_or_else(|| Problem(format!("{document} has no job")))
}

/// Their documents.
pub(super) fn documents(jobs: &[Job]) -> Vec<DocumentKey> {
    jobs.iter().map(|job| job.document.clone()).collect()
}

/// Settles, and checks that no change was dropped.
pub(super) async fn settled(journal: &dyn Journal, settlements: &[Settlement], now: Timestamp) -> Checked {
    journal.settle(&main(), settlements, now).await?;
    balanced(journal).await.map(drop)
}

/// The counts, of which `changes = done + pending`.
pub(super) async fn balanced(journal: &dyn Journal) -> Result<Counts, Problem> {
    let counts = journal.counts(&main()).await?;
    equal("changes = done + pending", counts.changes, counts.done + counts.pending)?;
    Ok(counts)
}

/// It was refused because the lease is lost.
pub(super) fn fenced<T: std::fmt::Debug>(
    what: &str,
    found: Result<T, JournalError>,
    document: &DocumentKey,
) -> Checked {
    match found {
        Err(JournalError::Fenced { document: named }) => equal(what, &named, document),
        other => Err(Problem(format!("{what}: found {other:?}, promised a refusal that names {document}"))),
    }
}
