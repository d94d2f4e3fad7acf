//! What the demo came to: counted on both sides by somebody who did not do the work.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

use procore_client::actuals::Actuals;
use quickbooks_online::{Books, QuickBooksSink};
use sha2::{Digest, Sha256};
use sync_core::connector::{Fetched, Marker, Sink};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::journal::{Journal, Link};
use sync_core::mapping::{Mapping, Names, RetainagePolicy};
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, DocumentKind, Money, TargetKind, TargetRef};
use sync_core::reconcile::company::{counts, procore_side};
use sync_core::reconcile::{TieOutReport, tie_out};
use sync_core::retainage::{self, Disagreement, PayAppPosting};
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::QuickBooks;

use super::books::{self, Seen};
use super::payments::{Paid, Payments};
use super::stage::{Burst, Requests, Stage};
use super::truth;
use crate::Failure;
use crate::reconcile::read;

/// How many documents of a kind there are on each side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    pub(crate) procore: usize,
    pub(crate) quickbooks: usize,
}

/// A dead letter, and whether the book is built to produce it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) cause: Cause,
    pub(crate) document: String,
    pub(crate) amount: Option<Money>,
    pub(crate) text: String,
    pub(crate) expected: bool,
}

pub(crate) struct Outcome {
    pub(crate) book: String,
    pub(crate) documents: BTreeMap<TargetKind, Pair>,
    pub(crate) tie_out: TieOutReport,
    /// A digest of everything in QuickBooks but ids and times: equal books have equal digests.
    pub(crate) books_digest: String,
    pub(crate) duplicates: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) letters: Vec<Letter>,
    /// Dead letters that the book is built to produce and that did not come: cause and document.
    pub(crate) missing_letters: Vec<(String, String)>,
    pub(crate) first_load: Requests,
    pub(crate) all_requests: Requests,
    pub(crate) throttled: u64,
    /// Message sets that QuickBooks Desktop was given.
    pub(crate) message_sets: Option<u64>,
    pub(crate) kills: usize,
    pub(crate) burst: Burst,
    letters_must_be_expected: bool,
}

impl Outcome {
    /// Is every difference nothing or explained, and nothing lost, doubled or unexpected?
    pub(crate) fn is_good(&self) -> bool {
        self.tie_out.is_clean()
            && self.duplicates == 0
            && self.lost.is_empty()
            && self.missing_letters.is_empty()
            && (!self.letters_must_be_expected || self.letters.iter().all(|l| l.expected))
    }

    pub(crate) async fn find(stage: &Stage, first_load: Requests, kills: usize, burst: Burst) -> Result<Self, Failure> {
        let settings = stage.settings();
        let journal = settings.journal()?;
        let id = settings.id();
        let links = journal.links(&id).await?;
        let dead = journal.dead_letters(&id).await?;
        let waiting = journal.waiting(&id).await?;
        let connection = settings.connect()?;
        let documents = read::documents(&connection.source, &|_| {}).await?;
        let mapping = Mapping::load(&settings.mapping)?;
        let (mut procore_side, ..) = procore_side(&documents, stage.currency())?;
        if mapping.policies().retainage == RetainagePolicy::ProcoreOnly {
            procore_side = procore_side.posted_as_due();
        }
        let seen = match &stage.machine {
            Some(machine) => books::look(machine, &settings, &links, &mapping).await?,
            None => look_online(stage, connection.sink, &links, &mapping, &settings.quickbooks.realm).await?,
        };
        let actuals = Actuals::new(connection.source.procore().clone());
        let payments = Payments::read(&actuals, &documents, seen.paid, &links).await?;

        let labels: HashMap<DocumentKey, (String, Option<Money>)> = documents
            .iter()
            .map(|f| (f.key(), (truth::document_label(f), truth::found(f).and_then(amount_of))))
            .collect();
        let mut letters: Vec<Letter> = dead
            .iter()
            .map(|letter| Letter {
                cause: letter.cause,
                document: letter.label.clone(),
                amount: letter.amount,
                text: letter.text.clone(),
                expected: false,
            })
            .collect();
        let mut all_dead = dead;
        for wait in &waiting {
            let (_, amount) = labels.get(&wait.document).cloned().unwrap_or_default();
            let on = labels.get(&wait.on).map_or_else(|| wait.on.to_string(), |(label, _)| label.clone());
            let text = format!("it waits for {on}");
            letters.push(Letter {
                cause: Cause::Waiting,
                document: wait.label.clone(),
                amount,
                text: text.clone(),
                expected: false,
            });
            all_dead.push(DeadLetter {
                document: wait.document.clone(),
                label: wait.label.clone(),
                cause: Cause::Waiting,
                text,
                amount,
                target: None,
                candidates: Vec::new(),
                since: settings.clock().now(),
            });
        }
        let mut expected = stage.expected();
        for letter in &mut letters {
            let place = expected.iter().position(|e| e.cause == letter.cause.as_str() && e.document == letter.document);
            letter.expected = place.map(|place| expected.swap_remove(place)).is_some();
        }
        letters.sort_by(|a, b| (a.cause, &a.document).cmp(&(b.cause, &b.document)));

        let missing_letters = expected.into_iter().map(|expected| (expected.cause, expected.document)).collect();

        let mut tie_out = tie_out(stage.currency(), &procore_side, &seen.side, &all_dead)?;
        let mut twice = seen.duplicates;
        payments.tie_out(&mut tie_out, &labels, &all_dead)?;
        twice += payments.duplicates();
        let settled: HashSet<&DocumentKey> =
            links.iter().map(|l| &l.document).chain(all_dead.iter().map(|d| &d.document)).collect();
        let wanted = wanted(&documents);
        let mut lost: Vec<String> = wanted
            .iter()
            .filter(|(key, _)| !settled.contains(key))
            .map(|(key, _)| labels.get(key).map_or_else(|| key.to_string(), |(label, _)| label.clone()))
            .collect();
        let mut counts = count(&wanted, &links, &all_dead, &seen.there);
        lost.extend(payments.lost(&all_dead));
        for kind in [TargetKind::BillPayment, TargetKind::Payment] {
            let (procore, quickbooks) = payments.counts(kind);
            counts.insert(kind, Pair { procore, quickbooks });
        }
        Ok(Self {
            book: stage.name().to_owned(),
            documents: counts,
            duplicates: twice,
            books_digest: seen.digest,
            message_sets: stage.machine.as_ref().map(|machine| machine.file().message_sets()),
            tie_out,
            lost,
            letters,
            missing_letters,
            first_load,
            all_requests: stage.requests(),
            throttled: stage.throttled(),
            kills,
            burst,
            letters_must_be_expected: stage.is_own_book || !stage.expected().is_empty(),
        })
    }
}

async fn look_online(
    stage: &Stage,
    sink: QuickBooksSink,
    links: &[Link],
    mapping: &Mapping,
    realm: &str,
) -> Result<Seen, Failure> {
    sink.begin().await?;
    let directory = sink.directory().await?;
    let accounts = truth::retainage_accounts(mapping, &Names::new(&directory));
    let books = Books::new(sink.client().clone()).load().await?;
    let quickbooks = stage.quickbooks.lock().unwrap_or_else(PoisonError::into_inner);
    let is_there = |target: &&TargetRef| quickbooks.entity(entity(target.kind), target.id.as_str()).is_some();
    Ok(Seen {
        side: truth::books_side(&books, links, &accounts)?,
        there: links.iter().map(|link| &link.target).filter(is_there).cloned().collect(),
        duplicates: duplicates(&quickbooks),
        digest: digest(&quickbooks),
        paid: Paid::online(&books, realm),
    })
}

fn amount_of(document: &Document) -> Option<Money> {
    match document {
        Document::Commitment(c) => c.revised().ok(),
        Document::PrimeContract(c) => c.sum_to_date().ok(),
        Document::PayApp(app) => app.summary.current_payment_due,
        Document::OwnerInvoice(app) => app.summary.current_payment_due,
        _ => None,
    }
}

/// Every document that belongs in QuickBooks, and as what.
fn wanted(documents: &[Fetched]) -> BTreeMap<DocumentKey, TargetKind> {
    let mut wanted = BTreeMap::new();
    for fetched in documents {
        let key = fetched.key();
        let Some(document) = truth::found(fetched) else {
            let kind = match key.kind {
                DocumentKind::Commitment => TargetKind::PurchaseOrder,
                DocumentKind::PrimeContract => TargetKind::Estimate,
                DocumentKind::PayApp => TargetKind::Bill,
                DocumentKind::OwnerInvoice => TargetKind::Invoice,
                DocumentKind::Vendor => TargetKind::Vendor,
                _ => continue,
            };
            wanted.insert(key, kind);
            continue;
        };
        if !counts(document) {
            continue;
        }
        let is_credit = |posting: Result<PayAppPosting, Disagreement>| posting.is_ok_and(|p| p.net.is_negative());
        let kind = match document {
            Document::Project(_) => TargetKind::Customer,
            Document::Vendor(_) => TargetKind::Vendor,
            Document::Commitment(c) => {
                if let Some(vendor) = &c.vendor {
                    wanted.insert(DocumentKey::new(DocumentKind::Vendor, vendor), TargetKind::Vendor);
                }
                TargetKind::PurchaseOrder
            }
            Document::PrimeContract(_) => TargetKind::Estimate,
            Document::PayApp(app) if is_credit(retainage::posting(app)) => TargetKind::VendorCredit,
            Document::PayApp(_) => TargetKind::Bill,
            Document::OwnerInvoice(app) => {
                let posting = retainage::posting_of(&app.lines, &app.summary, app.currency);
                if is_credit(posting) { TargetKind::CreditMemo } else { TargetKind::Invoice }
            }
            _ => continue,
        };
        wanted.insert(key, kind);
    }
    wanted
}

fn count(
    wanted: &BTreeMap<DocumentKey, TargetKind>,
    links: &[Link],
    dead: &[DeadLetter],
    there: &HashSet<TargetRef>,
) -> BTreeMap<TargetKind, Pair> {
    // Of the others Procore has no documents.
    let kinds = TargetKind::ALL.iter().filter(|k| !matches!(k, TargetKind::JournalEntry | TargetKind::Purchase));
    let mut counts: BTreeMap<TargetKind, Pair> = kinds.map(|kind| (*kind, Pair::default())).collect();
    for kind in wanted.values() {
        counts.entry(*kind).or_default().procore += 1;
    }
    // Owners are customers too; they are known by name, from the projects.
    let owners = links
        .iter()
        .map(|l| &l.document)
        .chain(dead.iter().map(|d| &d.document))
        .filter(|d| d.kind == DocumentKind::Customer)
        .collect::<HashSet<_>>();
    counts.entry(TargetKind::Customer).or_default().procore += owners.len();
    for link in links.iter().filter(|link| link.document.kind != DocumentKind::Payment) {
        let is_there = there.contains(&link.target);
        counts.entry(link.target.kind).or_default().quickbooks += usize::from(is_there);
    }
    counts
}

fn entity(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Customer => "Customer",
        TargetKind::Vendor => "Vendor",
        TargetKind::PurchaseOrder => "PurchaseOrder",
        TargetKind::Estimate => "Estimate",
        TargetKind::Bill => "Bill",
        TargetKind::VendorCredit => "VendorCredit",
        TargetKind::Invoice => "Invoice",
        TargetKind::CreditMemo => "CreditMemo",
        TargetKind::BillPayment => "BillPayment",
        TargetKind::Payment => "Payment",
        TargetKind::Purchase => "Purchase",
        TargetKind::JournalEntry => "JournalEntry",
    }
}

/// Transactions beyond the first that stand for the same document, by the marks in the books themselves.
fn duplicates(quickbooks: &MutexGuard<'_, QuickBooks>) -> usize {
    let mut seen: HashMap<DocumentKey, usize> = HashMap::new();
    for kind in TargetKind::ALL {
        for record in quickbooks.all(entity(*kind)) {
            for text in ["PrivateNote", "Notes"] {
                if let Some(marker) = record.get(text).and_then(Json::as_str).and_then(Marker::find) {
                    *seen.entry(marker.document).or_default() += 1;
                }
            }
        }
    }
    seen.values().map(|count| count - 1).sum()
}

/// A digest of everything in QuickBooks but ids and times.
fn digest(quickbooks: &MutexGuard<'_, QuickBooks>) -> String {
    let text =
        |record: &Json, path: &[&str]| record.at(path).and_then(Json::as_id).map(str::to_owned).unwrap_or_default();
    let mut rows = Vec::new();
    for kind in TargetKind::ALL {
        for record in quickbooks.all(entity(*kind)) {
            let mut row = entity(*kind).to_owned();
            for path in [
                &["DisplayName"][..],
                &["ParentRef", "name"],
                &["DocNumber"],
                &["TxnDate"],
                &["VendorRef", "name"],
                &["CustomerRef", "name"],
                &["PrivateNote"],
                &["TotalAmt"],
                &["Balance"],
            ] {
                row.push('|');
                row.push_str(&text(record, path));
            }
            for line in record.get("Line").and_then(Json::as_array).unwrap_or_default() {
                for path in [&["Amount"][..], &["Description"], &["DetailType"]] {
                    row.push('|');
                    row.push_str(&text(line, path));
                }
                let links = line.get("LinkedTxn").and_then(Json::as_array).unwrap_or_default().len();
                row.push_str(&format!("|{links} links"));
            }
            rows.push(row);
        }
    }
    rows.sort();
    let digest = Sha256::digest(rows.join("\n").as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
