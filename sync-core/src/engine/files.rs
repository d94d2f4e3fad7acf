//! Files of pay apps, on their way to the bills: jobs of their own, so that no file ever holds a bill up.
//!
//! ```text
//! pay app worked, and its bill linked or about to be -> job -> files read -> what is attached is read
//!     -> missing: downloaded, attached under a marker of its own -> the files are noted
//! ```
//!
//! No intent is stored: each turn begins with what is attached, known by its marker, and a repetition after an unknown
//! outcome is the same request under the same key.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::{Index, journal_error};
use super::run::{RunReport, Wave, settlement};
use super::{Engine, Parts, Step};
use crate::connector::{Change, Fetched, FileAt, FileFault, FileOutcome, FileSink, FileSource, Marker, RefusalReason};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::{Advice, Error};
use crate::journal::{Job, JobEnd, Link};
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, TargetRef, Timestamp};

/// The end of the name of a file that is copied.
const PDF: &str = ".pdf";
/// A bill that another worker is about to make is waited for so often.
const TRIES: u32 = 3;

/// The two ends of the way of files.
#[derive(Clone, Debug)]
pub struct FileParts {
    /// Where they come from.
    pub source: Arc<dyn FileSource>,
    /// Where they are attached.
    pub sink: Arc<dyn FileSink>,
}

/// A pay app whose bill is there or about to be, with the ids of its files where they are told.
#[derive(Debug)]
pub(super) struct WithFiles {
    pay_app: DocumentKey,
    ids: Option<Vec<String>>,
}

impl WithFiles {
    pub(super) fn of(fetched: &Fetched) -> Option<Self> {
        let Fetched::Found(document) = fetched else { return None };
        let Document::PayApp(app) = document.as_ref() else { return None };
        let has_any = app.files.as_ref().is_none_or(|ids| !ids.is_empty());
        has_any.then(|| Self { pay_app: document.key(), ids: app.files.clone() })
    }
}

/// What was done about the files of a pay app. A hint that spares reading them: without it, what is attached tells.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Noted {
    to: String,
    ids: BTreeSet<String>,
}

/// What a turn at the files of one pay app came to.
#[derive(Default)]
struct Turn {
    attached: Vec<String>,
    /// What only a person can put right: file and problem.
    failed: Vec<String>,
    /// What may go better later.
    later: Vec<String>,
}

impl Engine {
    /// Copies files too, where the mapping says so. Without this, their jobs rest.
    #[must_use]
    pub fn with_files(mut self, parts: FileParts) -> Self {
        self.files = Some(parts);
        self
    }

    /// Does this engine copy the files of pay apps, under the mapping in use?
    pub(super) fn copies_files(&self) -> bool {
        self.files.is_some() && self.mapping().policies().attachments.pay_app
    }

    /// Opens the jobs of files that are not noted yet. Before the bills are written, so that no crash comes in between.
    pub(super) async fn take_in_files(&self, wave: &Wave, index: &Index) -> Result<(), Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let mut found = Vec::new();
        for WithFiles { pay_app, ids } in &wave.with_files {
            let is_written = wave.writes.iter().any(|write| write.job.document == *pay_app);
            if !is_written && !index.is_linked(pay_app) {
                continue;
            }
            let key = DocumentKey::new(DocumentKind::PayAppFiles, &pay_app.id);
            let noted = journal.cursor(connection, &key.to_string()).await.map_err(journal_error)?;
            let noted: Option<Noted> = noted.and_then(|text| serde_json::from_str(&text).ok());
            let to = crate::mapping::TargetIndex::target(index, pay_app).map(ToString::to_string);
            let is_noted = noted.is_some_and(|noted| {
                Some(&noted.to) == to.as_ref() && ids.iter().flatten().all(|id| noted.ids.contains(id))
            });
            if !is_noted {
                found.push(Change::found(key));
            }
        }
        if !found.is_empty() {
            self.take_in(&found).await?;
        }
        Ok(())
    }

    /// Works leased jobs of files. `until`: when the lease ends.
    pub(super) async fn work_files(
        &self,
        jobs: Vec<Job>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        for job in jobs {
            let now = self.parts.clock.now();
            if now >= until {
                // Another worker has them from then on.
                return Ok(());
            }
            let (end, audit) = match (&self.files, self.mapping().policies().attachments.pay_app) {
                (Some(parts), true) => self.copy_files(parts, &job, until, report).await?,
                (_, false) => (JobEnd::Done, String::new()),
                (None, true) => (self.rest(), String::new()),
            };
            self.settle(&[settlement(&job, end, &audit)]).await?;
            self.parts.observer.step(Step::Settled).await;
            self.parts.observer.finished(job.document.kind, 1);
        }
        Ok(())
    }

    async fn copy_files(
        &self,
        parts: &FileParts,
        job: &Job,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(JobEnd, String), Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let pay_app = DocumentKey::new(DocumentKind::PayApp, &job.document.id);
        let Some(link) = journal.link(connection, &pay_app).await.map_err(journal_error)? else {
            return Ok((self.without_bill(job, &pay_app).await?, String::new()));
        };
        let mut turn = Turn::default();
        let read = match parts.source.files(&pay_app).await {
            Ok(Some(read)) => read,
            Ok(None) => return Ok((JobEnd::Done, String::new())),
            Err(error) => {
                turn.fault("its list of files", &error);
                Vec::new()
            }
        };
        let noted = Noted { to: link.target.id.to_string(), ids: read.iter().map(|file| file.id.clone()).collect() };
        let pdfs: Vec<FileAt> = read.into_iter().filter(is_pdf).collect();
        if !pdfs.is_empty() {
            self.copy_to(parts, job, &link.target, &pdfs, until, &mut turn).await;
        }
        report.files_attached += turn.attached.len();
        let audit = match turn.attached.as_slice() {
            [] => String::new(),
            names => format!("attached to {}: {}", link.target, names.join(", ")),
        };
        let is_last = job.attempts >= self.config.max_attempts;
        if !turn.later.is_empty() && !is_last {
            return Ok((self.again(job), audit));
        }
        let text = serde_json::to_string(&noted).unwrap_or_default();
        journal.set_cursor(connection, &job.document.to_string(), &text).await.map_err(journal_error)?;
        let problems: Vec<String> = turn.failed.into_iter().chain(turn.later).collect();
        if problems.is_empty() {
            return Ok((JobEnd::Done, audit));
        }
        let letter = self.file_letter(&job.document, &link, &problems);
        if self.ruled(&letter).await?.is_some() {
            report.skipped += 1;
            return Ok((JobEnd::Done, audit));
        }
        report.dead += 1;
        let audit = match audit.is_empty() {
            true => format!("dead letter, {}: {}", letter.cause, letter.text),
            false => format!("{audit}; dead letter, {}: {}", letter.cause, letter.text),
        };
        Ok((JobEnd::Dead(Box::new(letter)), audit))
    }

    /// The bill is not there. Where it is stuck, the files are taken in again with it.
    async fn without_bill(&self, job: &Job, pay_app: &DocumentKey) -> Result<JobEnd, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let dead = journal.dead_letters(connection).await.map_err(journal_error)?;
        let waiting = journal.waiting(connection).await.map_err(journal_error)?;
        let is_stuck = dead.iter().any(|letter| letter.document == *pay_app)
            || waiting.iter().any(|waiting| waiting.document == *pay_app);
        Ok(if is_stuck || job.attempts >= TRIES { JobEnd::Done } else { self.again(job) })
    }

    /// Attaches what is not attached yet.
    async fn copy_to(
        &self,
        parts: &FileParts,
        job: &Job,
        to: &TargetRef,
        pdfs: &[FileAt],
        until: Timestamp,
        turn: &mut Turn,
    ) {
        let there = match parts.sink.attached(to).await {
            Ok(there) => there,
            Err(error) => return turn.fault(&format!("what is attached to {to}"), &error),
        };
        let max_bytes = self.mapping().policies().attachments.max_bytes();
        for file in pdfs {
            let marker = self.marker_of(&job.document, file);
            if there.iter().any(|attached| attached.marker.as_ref() == Some(&marker)) {
                continue;
            }
            let content = match parts.source.read(file, max_bytes).await {
                Ok(content) => content,
                Err(FileFault::NotNow(text)) => {
                    turn.later.push(format!("`{}`: {text}", file.name));
                    continue;
                }
                Err(FileFault::Person(text)) => {
                    turn.failed.push(format!("`{}`: {text}", file.name));
                    continue;
                }
            };
            let size = u64::try_from(content.len()).ok();
            // A person was faster.
            if there.iter().any(|attached| attached.name.as_deref() == Some(&file.name) && attached.size == size) {
                continue;
            }
            if self.parts.clock.now() >= until {
                turn.later.push(format!("`{}`: the lease was over", file.name));
                return;
            }
            let outcome = parts.sink.attach(to, &marker, &file.name, content, max_bytes).await;
            self.parts.observer.step(Step::Sent).await;
            match outcome {
                FileOutcome::Done => turn.attached.push(file.name.clone()),
                FileOutcome::Uncertain(text) => {
                    tracing::warn!(document = %job.document, %text, "outcome uncertain; it will be looked for");
                    turn.later.push(format!("`{}`: {text}", file.name));
                }
                FileOutcome::Refused(refusal) => {
                    let text = format!("`{}`: {}", file.name, refusal.text);
                    match refusal.reason {
                        RefusalReason::Person(_) => turn.failed.push(text),
                        RefusalReason::Stale | RefusalReason::NotNow => turn.later.push(text),
                    }
                }
            }
        }
    }

    /// The marker of one file: the job's document and the file's id.
    fn marker_of(&self, document: &DocumentKey, file: &FileAt) -> Marker {
        let document = DocumentKey::new(document.kind, format!("{}.{}", document.id, file.id));
        Marker { connection: self.parts.connection.clone(), document, generation: 0 }
    }

    fn file_letter(&self, document: &DocumentKey, link: &Link, problems: &[String]) -> DeadLetter {
        let number = link.base.wanted.get("number");
        let label = match number {
            "" => format!("files of {}", link.document),
            number => format!("files of {number}"),
        };
        DeadLetter {
            document: document.clone(),
            label,
            cause: Cause::FileNotCopied,
            text: format!("not attached to {}, which is posted all the same: {}", link.target, problems.join("; ")),
            amount: None,
            target: Some(link.target.clone()),
            candidates: Vec::new(),
            since: self.parts.clock.now(),
        }
    }
}

impl Turn {
    /// Something could not be asked.
    fn fault(&mut self, what: &str, error: &Error) {
        let text = format!("{what}: {error}");
        match error.advice() {
            Advice::Retry | Advice::RetriesUsedUp => self.later.push(text),
            Advice::NeverRetry | Advice::NeedsPerson => self.failed.push(text),
        }
    }
}

fn is_pdf(file: &FileAt) -> bool {
    let name = file.name.trim_end();
    let start = name.len().checked_sub(PDF.len());
    start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(PDF))
}
