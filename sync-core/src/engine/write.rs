//! Writes: stored, sent, their outcome stored, in that order.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::decide::stored_otherwise;
use super::index::{Index, journal_error};
use super::observe::Step;
use super::plan::base_of;
use super::run::{RunReport, Wave};
use super::{Engine, Parts, hex};
use crate::connector::{Marker, Operation, Outcome, Refusal, RefusalReason, TargetState, Write};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::Error;
use crate::journal::{Intent, Job, JobEnd, Link, LinkChange, Settlement};
use crate::model::{Fields, Owner};

/// A write that was decided on.
pub(super) struct Planned {
    pub(super) job: Job,
    pub(super) label: String,
    pub(super) marker: Marker,
    pub(super) operation: Operation,
    /// What Procore wants, which becomes the base.
    pub(super) fields: Fields,
}

/// A write that is stored, with the job under which its outcome will be stored.
pub(super) struct Sending {
    pub(super) job: Job,
    pub(super) label: String,
    pub(super) intent: Intent,
}

impl Engine {
    pub(super) async fn write(
        &self,
        planned: Vec<Planned>,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let size = self.parts.sink.capabilities().max_batch.max(1);
        let mut planned = planned.into_iter().peekable();
        while planned.peek().is_some() {
            let sending = self.store(planned.by_ref().take(size).collect()).await?;
            self.send(sending, index, report).await?;
        }
        Ok(())
    }

    /// Stores the writes of one group.
    async fn store(&self, planned: Vec<Planned>) -> Result<Vec<Sending>, Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let mapping = self.mapping();
        let now = clock.now();
        let group =
            planned.first().map(|first| format!("{}-{}", first.job.document, first.job.token)).unwrap_or_default();
        let sending: Vec<Sending> = planned
            .into_iter()
            .map(|plan| Sending {
                intent: Intent {
                    token: plan.job.token,
                    group: group.clone(),
                    write: Write {
                        key: write_key(&plan.marker, &plan.operation, plan.job.token),
                        marker: plan.marker,
                        operation: plan.operation,
                    },
                    mapping: mapping.version().to_owned(),
                    fields: plan.fields,
                    stored_at: now,
                },
                job: plan.job,
                label: plan.label,
            })
            .collect();
        let intents: Vec<Intent> = sending.iter().map(|s| s.intent.clone()).collect();
        journal.intend(connection, &intents, now).await.map_err(journal_error)?;
        for Intent { token, group, write, .. } in &intents {
            tracing::info!(marker = %write.marker, job = token, write = write.key, group, "write stored, to be sent");
        }
        self.parts.observer.step(Step::IntentStored).await;
        Ok(sending)
    }

    /// Sends one group, and stores what became of it.
    pub(super) async fn send(
        &self,
        sending: Vec<Sending>,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let writes: Vec<Write> = sending.iter().map(|s| s.intent.write.clone()).collect();
        report.batches += 1;
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::ReleaseLeaseTooEarly) {
            self.give_up(&sending).await?;
        }
        let outcomes = self.parts.sink.apply(&writes).await;
        #[cfg(feature = "planted-bugs")]
        let outcomes = self.insist(&writes, outcomes).await;
        self.parts.observer.step(Step::Sent).await;
        let missing = "the sink did not say what became of it".to_owned();
        let mut outcomes = outcomes.into_iter();
        let mut wave = Wave::default();
        let mut uncertain = Vec::new();
        for sent in sending {
            match outcomes.next().unwrap_or_else(|| Outcome::Uncertain(missing.clone())) {
                Outcome::Done(state) => self.done(&mut wave, index, report, &sent, *state),
                Outcome::Refused(refusal) => self.refused(&mut wave, index, report, &sent, refusal),
                Outcome::Uncertain(text) => {
                    tracing::warn!(document = %sent.job.document, %text, "outcome uncertain; it will be looked for");
                    uncertain.push(sent);
                }
            }
        }
        self.settle(&wave.settlements).await?;
        if !wave.settlements.is_empty() {
            self.parts.observer.step(Step::OutcomeStored).await;
        }
        if !uncertain.is_empty() {
            report.uncertain += uncertain.len();
            self.look_for(uncertain, true, index, report).await?;
        }
        Ok(())
    }

    /// Sends updates that were refused as stale once more, with the version of now.
    #[cfg(feature = "planted-bugs")]
    async fn insist(&self, writes: &[Write], outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let mut all = Vec::with_capacity(outcomes.len());
        for (write, mut outcome) in writes.iter().zip(outcomes) {
            if let (Outcome::Refused(refusal), Operation::Update { target, document, .. }) =
                (&outcome, &write.operation)
                && refusal.reason == RefusalReason::Stale
                && crate::planted::is_planted(crate::planted::Bug::IgnoreStaleVersion)
                && let Ok(found) = self.parts.sink.read(std::slice::from_ref(target)).await
                && let Some(crate::connector::Found::Present(state)) = found.first()
            {
                let (target, document, version) = (target.clone(), document.clone(), state.version.clone());
                let operation = Operation::Update { target, version, document };
                let again = self.parts.sink.apply(&[Write { operation, ..write.clone() }]).await;
                outcome = again.into_iter().next().unwrap_or(outcome);
            }
            all.push(outcome);
        }
        all
    }

    pub(super) fn done(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        sent: &Sending,
        mut state: TargetState,
    ) {
        let Intent { write, fields, mapping, .. } = &sent.intent;
        let key = &sent.job.document;
        let (document, verb) = match &write.operation {
            Operation::Create(document) => {
                report.created += 1;
                (document, "created")
            }
            Operation::Update { document, .. } => {
                report.updated += 1;
                (document, "changed")
            }
            // Payments are settled by the way back.
            Operation::Payment(_) => return,
            Operation::Void { target, .. } => {
                report.voided += 1;
                let audit = format!("voided {target}");
                wave.settlements.push(closing(sent, self.written(sent), LinkChange::Remove, audit));
                self.parts.observer.finished(key.kind, 1);
                return;
            }
        };
        let mut base = base_of(fields.clone(), document, &mut state);
        let asked = document.fields();
        let in_use = self.mapping();
        let owner = |path: &str| in_use.owner(path);
        // What was left as QuickBooks has it, against Procore's wish, was left so by a person.
        let left = fields.differing(&asked).into_iter().filter(|path| owner(path) == Owner::Procore);
        base.accepted = left.map(str::to_owned).collect();
        let otherwise = stored_otherwise(&asked, &base.seen, owner);
        if matches!(&otherwise, Some((cause, _)) if *cause != Cause::LinkDropped) {
            // Somebody may have changed it since: it is agreed on what was asked for, so that the difference counts as
            // theirs until a person decides.
            let theirs: Vec<String> = asked.differing(&base.seen).into_iter().map(str::to_owned).collect();
            for path in theirs.into_iter().filter(|path| owner(path) == Owner::Procore) {
                let value = asked.get(&path).to_owned();
                base.seen.set(path, value);
            }
        }
        let link = Link {
            document: key.clone(),
            target: state.target.clone(),
            version: state.version.clone(),
            base,
            mapping: mapping.clone(),
            generation: write.marker.generation,
        };
        index.put(&link);
        let audit = format!("{verb} {} {}", state.target, document.number().unwrap_or_default());
        let end = match otherwise {
            None => self.written(sent),
            Some((cause, text)) => {
                report.dead += 1;
                index.stuck.insert(key.clone());
                JobEnd::Dead(Box::new(self.letter(sent, cause, text, Some(&state))))
            }
        };
        wave.settlements.push(closing(sent, end, LinkChange::Put(Box::new(link)), audit));
        self.parts.observer.finished(key.kind, 1);
    }

    /// What becomes of the job whose write is done. A write that was stored under an earlier lease was made of what the
    /// document said then; changes that came in before this lease are still to be looked at.
    fn written(&self, sent: &Sending) -> JobEnd {
        match sent.intent.token == sent.job.token {
            true => JobEnd::Done,
            false => JobEnd::Again { not_before: self.parts.clock.now() },
        }
    }

    pub(super) fn refused(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        sent: &Sending,
        refusal: Refusal,
    ) {
        let is_void = matches!(sent.intent.write.operation, Operation::Void { .. });
        if is_void && refusal.reason == RefusalReason::Person(Cause::DeletedInQuickbooks) {
            // Gone already, by an earlier request or by a person: that is what was wanted.
            let audit = format!("nothing to void: {}", refusal.text);
            wave.settlements.push(closing(sent, self.written(sent), LinkChange::Remove, audit));
            return;
        }
        let now = self.parts.clock.now();
        let attempts = sent.job.attempts;
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::RetryRefusedWrite) && attempts < self.config.max_attempts {
            let again = JobEnd::Again { not_before: now };
            wave.settlements.push(closing(sent, again, LinkChange::Keep, String::new()));
            return;
        }
        let (end, audit) = match refusal.reason {
            RefusalReason::Stale | RefusalReason::NotNow if attempts < self.config.max_attempts => {
                let pause = match refusal.reason {
                    RefusalReason::Stale => Duration::ZERO,
                    _ => self.config.retry_pause.saturating_mul(1 << attempts.min(6)),
                };
                let not_before = chrono::Duration::from_std(pause).map_or(now, |pause| now + pause);
                (JobEnd::Again { not_before }, String::new())
            }
            reason => {
                let cause = match reason {
                    RefusalReason::Person(cause) => cause,
                    _ => Cause::Refused,
                };
                report.dead += 1;
                index.stuck.insert(sent.job.document.clone());
                let audit = format!("refused: {}", refusal.text);
                (JobEnd::Dead(Box::new(self.letter(sent, cause, refusal.text, None))), audit)
            }
        };
        wave.settlements.push(closing(sent, end, LinkChange::Keep, audit));
    }

    fn letter(&self, sent: &Sending, cause: Cause, text: String, state: Option<&TargetState>) -> DeadLetter {
        let amount = match &sent.intent.write.operation {
            Operation::Create(document) | Operation::Update { document, .. } => document.total().ok().flatten(),
            Operation::Void { .. } | Operation::Payment(_) => None,
        };
        DeadLetter {
            document: sent.job.document.clone(),
            label: sent.label.clone(),
            cause,
            text,
            amount,
            target: match (&sent.intent.write.operation, state) {
                (_, Some(state)) => Some(state.target.clone()),
                (Operation::Update { target, .. } | Operation::Void { target, .. }, None) => Some(target.clone()),
                _ => None,
            },
            candidates: Vec::new(),
            since: self.parts.clock.now(),
        }
    }
}

/// The end of a job whose write has an outcome.
pub(super) fn closing(sent: &Sending, end: JobEnd, link: LinkChange, audit: String) -> Settlement {
    Settlement {
        document: sent.job.document.clone(),
        token: Some(sent.job.token),
        end,
        closes: Some(sent.intent.write.key.clone()),
        link,
        audit,
    }
}

/// The key of a write: connection, document, operation, generation. Each lease is a generation of its own, so that a
/// deliberate repetition has another key; a repetition after an unknown outcome is sent with the stored one.
pub(super) fn write_key(marker: &Marker, operation: &Operation, token: u64) -> String {
    let mut hasher = Sha256::new();
    for part in [marker.to_string().as_str(), operation.verb(), &token.to_string()] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize()).chars().take(32).collect()
}
