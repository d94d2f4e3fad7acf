//! What the last run read of Procore, kept on the disk: the next run asks the lists what is there and what of it changed,
//! and fetches nothing else.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use procore_client::ProcoreSource;
use sync_core::connector::{Cursor, Fetched, Part, Source};
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, DocumentKind};

use super::run_file::{Head, RunFile};
use crate::Failure;
use crate::connect::ConnectionSettings;

/// After this, everything is read again: names and codes that documents refer to change without a word.
pub(super) const WHOLE_EVERY: chrono::Duration = chrono::Duration::days(7);
/// Documents in a line of the file.
const LINE: usize = 500;

/// A reading of Procore, and how far it goes.
pub(crate) struct Kept {
    head: Head,
    documents: BTreeMap<DocumentKey, Fetched>,
}

/// Where it is kept, by extent.
fn path(settings: &ConnectionSettings, project: Option<&str>) -> PathBuf {
    let name: String =
        project.into_iter().flat_map(str::chars).map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let name =
        if name.is_empty() { "reconcile-kept.ndjson".to_owned() } else { format!("reconcile-kept-{name}.ndjson") };
    settings.dir.join(name)
}

impl Kept {
    /// The reading of the last run of this extent.
    pub(crate) fn of(settings: &ConnectionSettings, project: Option<&str>, now: DateTime<Utc>) -> Option<Self> {
        let file = RunFile::left(&path(settings, project), project, now, WHOLE_EVERY)?;
        let documents = file.parts.into_values().flatten().map(|fetched| (fetched.key(), fetched)).collect();
        Some(Self { head: file.head, documents })
    }

    /// Keeps a reading that is whole.
    pub(crate) fn keep(settings: &ConnectionSettings, head: Head, documents: &[Fetched]) -> Result<(), Failure> {
        let path = path(settings, head.project.as_deref());
        let fresh = path.with_extension("new");
        let file = RunFile::begin(&fresh, head)?;
        for (number, some) in documents.chunks(LINE).enumerate() {
            file.keep(&Part(format!("{number:09}")), some)?;
        }
        Ok(std::fs::rename(&fresh, &path)?)
    }

    /// What asking costs, before it is asked.
    pub(crate) fn announce(&self, since: Option<NaiveDate>) -> String {
        let project = |key: &DocumentKey| key.project_and_id().map(|(project, _)| project);
        let projects: HashSet<_> = self.documents.keys().filter_map(project).collect();
        // Vendors in and out of use, and projects; then for each project two lists of commitments, of change orders and
        // packages on either side, pay apps, prime contracts and owner invoices.
        let (least, most) = (3 + 6 * projects.len(), 3 + 9 * projects.len());
        let from = self.from(since);
        format!(
            "{least} to {most} calls to Procore for its lists, one for each commitment that was paid, and one or two for each \
             document that changed since {from}"
        )
    }

    fn from(&self, since: Option<NaiveDate>) -> DateTime<Utc> {
        since.map_or(self.head.started_at(), |day| day.and_time(NaiveTime::MIN).and_utc().max(self.head.started_at()))
    }

    /// The same as it is now. With a day after this reading, only what changed since that day is asked for, and deletions
    /// are not looked for.
    pub(crate) async fn renew(
        mut self,
        settings: &ConnectionSettings,
        source: &ProcoreSource,
        since: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Fetched>, Failure> {
        // What changed before that day is not asked for, and neither is what is gone.
        let later = since.is_some() && self.from(since) > self.head.started_at();
        let (changes, present) = if later {
            (source.changes(Some(&source.cursor_at(self.from(since))?)).await?, None)
        } else {
            let standing = source.standing(&Cursor(self.head.cursor.clone())).await?;
            (standing.changes, standing.present)
        };
        let mut keys: Vec<DocumentKey> = changes.changes.into_iter().map(|change| change.document).collect();
        if let Some(present) = &present {
            let contracts = |key: &DocumentKey| CONTRACTS.contains(&key.kind);
            self.documents.retain(|key, _| !contracts(key) || present.contains(key));
            keys.extend(present.iter().filter(|key| !self.documents.contains_key(*key)).cloned());
        }
        self.add_dependents(&mut keys);
        keys.sort();
        keys.dedup();
        for fetched in source.fetch_many(&keys).await? {
            match fetched {
                Fetched::Gone(key) => drop(self.documents.remove(&key)),
                fetched => drop(self.documents.insert(fetched.key(), fetched)),
            }
        }
        let documents: Vec<Fetched> = self.documents.into_values().collect();
        // Where nobody could tell what is gone, or not everything was asked for, the next run starts where this one did.
        if present.is_some() {
            let head = Head { cursor: changes.next.0, read: Some(now), ..self.head };
            Self::keep(settings, head, &documents)?;
        }
        Ok(documents)
    }

    /// An application is read with its contract and the application before it: they change together.
    fn add_dependents(&self, keys: &mut Vec<DocumentKey>) {
        let contract = |fetched: &Fetched| match fetched {
            Fetched::Found(document) => match document.as_ref() {
                Document::PayApp(app) => {
                    Some(DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment))
                }
                Document::OwnerInvoice(app) => {
                    Some(DocumentKey::within(DocumentKind::PrimeContract, &app.project, &app.contract))
                }
                _ => None,
            },
            _ => None,
        };
        let changed: HashSet<DocumentKey> =
            keys.iter().map(|key| self.documents.get(key).and_then(contract).unwrap_or_else(|| key.clone())).collect();
        let dependent =
            self.documents.iter().filter(|(_, fetched)| contract(fetched).is_some_and(|c| changed.contains(&c)));
        keys.extend(dependent.map(|(key, _)| key.clone()));
    }
}

const CONTRACTS: [DocumentKind; 4] =
    [DocumentKind::Commitment, DocumentKind::PayApp, DocumentKind::PrimeContract, DocumentKind::OwnerInvoice];
