//! Between those who want something of QuickBooks and the next visit of the Web Connector.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, oneshot};

use super::company::Opened;
use super::store::{BillLinks, Fate, SetStore, StoreError, StoredSet};
use crate::qbxml::objects::Request;
use crate::qbxml::{Answer, Answers, Element, ErrorRecovery, ResponseHead};

/// The answer to one message set.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The answer of QuickBooks.
    pub xml: String,
    /// The visit in which it came: an iterator lives in that one only.
    pub visit: u64,
    /// What the requests of the set are called in the answer.
    pub(super) prefix: String,
}

/// The response to one request.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status, iterator, count.
    pub head: ResponseHead,
    /// What it holds.
    pub records: Vec<Element<'static>>,
    /// What QuickBooks still knows of a record that it saved.
    pub recovery: Option<ErrorRecovery<'static>>,
}

impl Delivered {
    /// Was it answered before this was asked for? No visit brought it then.
    pub fn is_kept(&self) -> bool {
        self.visit == 0
    }

    /// The responses, by the place of their requests; none where QuickBooks answered none.
    ///
    /// # Errors
    /// What cannot be read of the answer, and where.
    pub fn responses(&self, requests: usize) -> Result<Vec<Option<Response>>, String> {
        let mut found: Vec<Option<Response>> = (0..requests).map(|_| None).collect();
        let mut at: Option<usize> = None;
        for part in Answers::from_text(&self.xml).untyped() {
            match part.map_err(|error| error.to_string())? {
                Answer::Response(head) => {
                    at = head.request_id.as_deref().and_then(|id| place(id, &self.prefix));
                    if let Some(slot) = at.and_then(|at| found.get_mut(at)) {
                        *slot = Some(Response { head, records: Vec::new(), recovery: None });
                    }
                }
                Answer::Record(record) => {
                    let Some(Some(response)) = at.and_then(|at| found.get_mut(at)) else { continue };
                    if record.name == "ErrorRecovery" {
                        response.recovery = Some(recovery(&record));
                    } else {
                        response.records.push(crate::qbxml::objects::owned(&record));
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

fn recovery(record: &Element<'_>) -> ErrorRecovery<'static> {
    let text = |name: &str| record.child_text(name).map(str::to_owned);
    ErrorRecovery {
        txn_id: text("TxnID").and_then(|id| id.parse().ok()),
        list_id: text("ListID").and_then(|id| id.parse().ok()),
        edit_sequence: text("EditSequence").and_then(|id| id.parse().ok()),
        ..ErrorRecovery::default()
    }
}

/// Requests are called `PREFIX.NUMBER`.
pub(super) fn place(id: &str, prefix: &str) -> Option<usize> {
    let (own, number) = id.rsplit_once('.')?;
    (own == prefix).then(|| number.parse().ok()).flatten()
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undelivered {
    /// Nothing of it was worked, and the same set will not be.
    #[error("QuickBooks did not work it: {0}")]
    Refused(String),
    /// It may have been worked: look for it.
    #[error("the answer was lost: {0}")]
    Unknown(String),
    /// The visit in which the iterator lives is over: begin again.
    #[error("the visit of the Web Connector ended")]
    VisitEnded,
    /// It could not be stored, so it was not sent.
    #[error("{0}")]
    NotStored(String),
}

pub(super) type Answered = Result<Delivered, Undelivered>;

/// A message set that waits to be sent.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) requests: Vec<Element<'static>>,
    /// For writes: what they are known by, and the how-manieth attempt it is.
    pub(super) write: Option<(String, u32)>,
    /// The only visit in which it can go.
    pub(super) visit: Option<u64>,
    pub(super) reply: oneshot::Sender<Answered>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) queue: VecDeque<Job>,
    /// What QuickBooks works on now: by message-set ID for writes.
    pub(super) current: Option<(String, Job)>,
    /// All write sets that are remembered, by ID.
    pub(super) sets: HashMap<String, StoredSet>,
    /// The last set whose outcome was received and can be forgotten by QuickBooks.
    pub(super) acknowledged: Option<String>,
    /// How many runs want to use the visit.
    pub(super) runs: usize,
    /// The visit that is open, or the last one.
    pub(super) visit: u64,
    pub(super) opened: Opened,
    /// What the person at QuickBooks should read next.
    pub(super) notice: Option<String>,
    /// Message sets, numbered, for the names of requests that only read.
    pub(super) reads: u64,
}

/// Where requests for one company file wait for the next visit, and their senders for the answers.
#[derive(Debug)]
pub struct Desk {
    company: String,
    store: Arc<dyn SetStore>,
    inner: Mutex<Inner>,
    pub(super) changed: Notify,
    visited: Notify,
}

/// While one of these is held, a visit is kept open: more work is coming.
#[derive(Debug)]
pub struct RunGuard {
    desk: Arc<Desk>,
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        let mut inner = self.desk.lock();
        inner.runs = inner.runs.saturating_sub(1);
        drop(inner);
        self.desk.changed.notify_waiters();
    }
}

impl Desk {
    /// The desk of a company file, with what was sent before.
    ///
    /// # Errors
    /// [`StoreError`] if what was sent cannot be read: it would be unsafe to send anything.
    pub fn open(company: impl Into<String>, store: Arc<dyn SetStore>) -> Result<Arc<Self>, StoreError> {
        let company = company.into();
        let sets = store.all(&company)?.into_iter().map(|set| (set.id.clone(), set)).collect();
        let inner = Inner {
            queue: VecDeque::new(),
            current: None,
            sets,
            acknowledged: None,
            runs: 0,
            visit: 0,
            opened: Opened::default(),
            notice: None,
            reads: 0,
        };
        Ok(Arc::new(Self { company, store, inner: Mutex::new(inner), changed: Notify::new(), visited: Notify::new() }))
    }

    /// The user name of the company file.
    pub fn company(&self) -> &str {
        &self.company
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn store(&self) -> &dyn SetStore {
        self.store.as_ref()
    }

    /// Keeps visits open until it is dropped: hold it while an engine runs.
    pub fn run(self: &Arc<Self>) -> RunGuard {
        self.lock().runs += 1;
        self.changed.notify_waiters();
        RunGuard { desk: Arc::clone(self) }
    }

    /// Returns at the next visit; the place to start an engine.
    pub async fn next_visit(&self) {
        self.visited.notified().await;
    }

    pub(super) fn tell_visit(&self) {
        self.visited.notify_waiters();
    }

    /// What is open in QuickBooks, as the last visit told it.
    pub fn opened(&self) -> Opened {
        self.lock().opened.clone()
    }

    /// Says something to the person at QuickBooks, in the status column of the Web Connector.
    pub fn notice(&self, text: impl Into<String>) {
        self.lock().notice = Some(text.into());
    }

    /// Sends requests that only read, at the next visit, or in a given one.
    ///
    /// # Errors
    /// [`Undelivered`] says why there is no answer. What only reads can be asked again.
    pub async fn ask(&self, requests: &[Request], visit: Option<u64>) -> Answered {
        let requests = elements(requests)?;
        self.submit(requests, None, visit).await
    }

    /// Sends requests that write, once: bytes and ID are stored before they go, and a set that was sent before is not
    /// sent again, but asked for. `keys` name the writes.
    ///
    /// # Errors
    /// [`Undelivered`]; after [`Undelivered::Unknown`] look the records up by their markers.
    pub async fn write(&self, keys: &[&str], requests: &[Request]) -> Answered {
        let requests = elements(requests)?;
        let base = base_of(keys);
        let last = {
            let inner = self.lock();
            inner.sets.values().filter(|set| set.base == base).max_by_key(|set| set.attempt).cloned()
        };
        let attempt = match last {
            None => 0,
            Some(set) => match set.fate {
                Fate::Answered(xml) => {
                    return Ok(Delivered { xml, visit: 0, prefix: prefix_of(&set.id) });
                }
                // Looked for by the caller in the meantime: it is not there, so it is sent under another ID.
                Fate::Lost | Fate::Refused(_) => set.attempt.saturating_add(1),
                // The visit that brings its fate answers this one as well.
                Fate::Sent => set.attempt,
            },
        };
        self.submit(requests, Some((base, attempt)), None).await
    }

    async fn submit(
        &self,
        requests: Vec<Element<'static>>,
        write: Option<(String, u32)>,
        visit: Option<u64>,
    ) -> Answered {
        let (reply, answer) = oneshot::channel();
        {
            let mut inner = self.lock();
            if visit.is_some_and(|visit| visit != inner.visit) {
                return Err(Undelivered::VisitEnded);
            }
            inner.queue.push_back(Job { requests, write, visit, reply });
        }
        self.changed.notify_waiters();
        answer.await.unwrap_or_else(|_| Err(Undelivered::Unknown("the service was stopped".to_owned())))
    }

    /// Remembers the purchase order lines that a bill bills.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be stored.
    pub fn put_links(&self, bill: &str, links: &BillLinks) -> Result<(), StoreError> {
        self.store.put_links(&self.company, bill, links)
    }

    /// What was remembered, by bill.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn links(&self) -> Result<std::collections::BTreeMap<String, BillLinks>, StoreError> {
        self.store.links(&self.company)
    }
}

fn elements(requests: &[Request]) -> Result<Vec<Element<'static>>, Undelivered> {
    let elements = requests.iter().map(Request::element).collect::<Result<Vec<_>, _>>();
    elements.map_err(|error| Undelivered::Refused(error.to_string()))
}

/// What a group of writes is known by, whatever their order.
fn base_of(keys: &[&str]) -> String {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let mut hasher = Sha256::new();
    for key in keys {
        hasher.update((key.len() as u64).to_be_bytes());
        hasher.update(key.as_bytes());
    }
    hex(&hasher.finalize(), 32)
}

/// The message-set ID of an attempt: 24 hexadecimal digits.
pub(super) fn set_id(base: &str, attempt: u32) -> String {
    hex(&Sha256::digest(format!("{base}/{attempt}").as_bytes()), 24)
}

/// What the requests of a set are called.
pub(super) fn prefix_of(id: &str) -> String {
    id.chars().take(12).collect()
}

fn hex(bytes: &[u8], length: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(length);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(length);
    text
}
