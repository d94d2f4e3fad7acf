//! A sink of one's own: a plain-text ledger in beancount format, kept in one file.
//!
//! `cargo run --example custom_sink -- ledger.beancount`, twice if you like: the second run adds nothing.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sync_core::clock::SystemClock;
use sync_core::connector::*;
use sync_core::engine::{Engine, EngineConfig, Parts, Silent};
use sync_core::journal::MemoryJournal;
use sync_core::mapping::Mapping;
use sync_core::model::accounting::{AccountingDocument, PostTo};
use sync_core::model::{LineKey, TargetRef, Timestamp};
use sync_examples::{DemoCompany, Failure};

/// The ledger: one entry for each document, with its state as a comment, so that the file is all there is.
#[derive(Debug)]
struct Beancount {
    path: PathBuf,
    entries: Mutex<Vec<TargetState>>,
    capabilities: Capabilities,
}

impl Beancount {
    fn open(path: PathBuf) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let states = text.lines().filter_map(|line| line.strip_prefix("; state: ")).map(serde_json::from_str);
        let entries = Mutex::new(states.collect::<Result<_, _>>()?);
        Ok(Self {
            path,
            entries,
            capabilities: Capabilities { name: "beancount", max_batch: 500, ..Capabilities::default() },
        })
    }

    fn put(&self, entries: &mut Vec<TargetState>, write: &Write) -> Result<TargetState, Failure> {
        let (target, mut document) = match &write.operation {
            Operation::Create(d) => (TargetRef { kind: d.kind(), id: write.key.as_str().into() }, d.clone()),
            Operation::Update { target, document, .. } => (target.clone(), document.clone()),
            _ => return Err("a ledger is corrected, not voided".into()),
        };
        for (i, line) in document.expense_mut().into_iter().flat_map(|d| &mut d.lines).enumerate() {
            line.id = Some(i.to_string().into());
            line.key = LineKey::foreign(i.to_string());
        }
        let (total, condition, marker) = (document.total()?, Condition::Live, Some(write.marker.clone()));
        let version = write.key.clone();
        let state = TargetState { target, version, total, balance: total, condition, marker, document };
        entries.retain(|entry| entry.target != state.target);
        entries.push(state.clone());
        let temporary = self.path.with_extension("new");
        std::fs::write(&temporary, ledger(entries)?)?;
        std::fs::rename(temporary, &self.path)?;
        Ok(state)
    }
}

#[async_trait]
impl Sink for Beancount {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, sync_core::Error> {
        let entries = self.entries.lock().unwrap();
        let marked = |w: &Wanted<'_>| entries.iter().filter(|e| e.marker.as_ref() == Some(w.marker)).cloned().collect();
        Ok(wanted.iter().map(|w| Candidates { matches: marked(w), ..Candidates::default() }).collect())
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, sync_core::Error> {
        let entries = self.entries.lock().unwrap();
        let find = |t: &TargetRef| entries.iter().find(|e| e.target == *t).cloned();
        Ok(targets.iter().map(|t| find(t).map_or(Found::Deleted, |e| Found::Present(Box::new(e)))).collect())
    }

    async fn find_written(&self, writes: &[Write], _: Timestamp) -> Result<Vec<Option<TargetState>>, sync_core::Error> {
        let entries = self.entries.lock().unwrap();
        Ok(writes.iter().map(|w| entries.iter().find(|e| e.version == w.key).cloned()).collect())
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut entries = self.entries.lock().unwrap();
        let put = |w: &Write| {
            // Sent again, a write finds what it made; one that was decided on an older state is turned away.
            if let Some(there) = entries.iter().find(|e| e.version == w.key) {
                return Outcome::Done(Box::new(there.clone()));
            }
            if let Operation::Update { target, version, .. } = &w.operation
                && !entries.iter().any(|e| e.target == *target && e.version == *version)
            {
                return Outcome::Refused(Refusal { reason: RefusalReason::Stale, text: "it has changed".to_owned() });
            }
            match self.put(&mut entries, w) {
                Ok(state) => Outcome::Done(Box::new(state)),
                Err(error) => Outcome::Uncertain(error.to_string()),
            }
        };
        writes.iter().map(put).collect()
    }
}

/// The file: accounts opened, purchase orders as custom entries, bills and credits as balanced transactions.
fn ledger(entries: &[TargetState]) -> Result<String, Failure> {
    let (mut accounts, mut body) = (std::collections::BTreeSet::new(), String::new());
    for entry in entries {
        writeln!(body, "; state: {}", serde_json::to_string(entry)?)?;
        let (Some(document), Some(total)) = (entry.document.expense(), entry.total) else { continue };
        let number = document.number.clone().unwrap_or_default().replace('"', "'");
        if let AccountingDocument::PurchaseOrder(_) = entry.document {
            writeln!(body, "{} custom \"purchase-order\" \"{number}\" {total} {}\n", document.date, document.currency)?;
            continue;
        }
        let credit = matches!(entry.document, AccountingDocument::VendorCredit(_));
        writeln!(body, "{} * \"{}\" \"{number}\"", document.date, document.memo.replace('"', "'"))?;
        let payable = document.payable.as_ref().map_or("Payable", |account| account.as_str()).to_owned();
        let lines = document.lines.iter().map(|line| (account(&line.coding.post_to), line.amount));
        for (name, amount) in lines.chain([(format!("Liabilities:{}", word(&payable)), total.negated())]) {
            let amount = if credit { amount.negated() } else { amount };
            writeln!(body, "  {name}  {amount} {}", document.currency)?;
            accounts.insert(name);
        }
        body.push('\n');
    }
    let open: String = accounts.iter().map(|name| format!("2000-01-01 open {name}\n")).collect();
    Ok(format!("option \"operating_currency\" \"USD\"\n\n{open}\n{body}"))
}

fn account(post_to: &PostTo) -> String {
    match post_to {
        PostTo::Account(id) if id.as_str().contains("Payable") => format!("Liabilities:{}", word(id.as_str())),
        PostTo::Account(id) => format!("Expenses:{}", word(id.as_str())),
        PostTo::Item(id) => format!("Expenses:Items:{}", word(id.as_str())),
    }
}

fn word(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == ':' { c } else { '-' }).collect()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let path = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "ledger.beancount".to_owned()));
    let company = DemoCompany::open()?;
    let parts = Parts {
        connection: "demo".into(),
        source: company.source.clone(),
        sink: Arc::new(Beancount::open(path.clone())?),
        journal: Arc::new(MemoryJournal::new()),
        clock: Arc::new(SystemClock),
        mapping: Arc::new(Mapping::load(&company.mapping)?),
        observer: Arc::new(Silent),
    };
    let engine = Engine::new(parts, EngineConfig::default());
    engine.snapshot().await?;
    let report = engine.run().await?;
    println!("{}: {} entries added, {} were there.", path.display(), report.created, report.adopted);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_keeps_what_every_sink_promises() {
        let dir = tempfile::tempdir().unwrap();
        let number = Mutex::new(0);
        let make = async || {
            let mut number = number.lock().unwrap();
            *number += 1;
            Beancount::open(dir.path().join(format!("{number}.beancount"))).unwrap()
        };
        let failures = sync_core::conformance::sink::run_all(Timestamp::MIN_UTC, make).await;
        assert!(failures.is_empty(), "{failures:#?}");
    }
}
