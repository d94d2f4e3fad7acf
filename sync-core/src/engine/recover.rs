//! After an unknown outcome, the next call is a read.
//!
//! What the read finds is done. If it finds nothing of a group, the group is sent again, exactly as it was: the vendor
//! knows its key, should the first request still be on its way. If it finds a part, the vendor has worked the request;
//! the rest is decided afresh once the vendor's own time limit has passed.

use std::collections::{BTreeMap, HashMap};

use super::decide::{match_lines, rekey, stored_otherwise};
use super::index::{Index, journal_error};
use super::observe::Step;
use super::run::{RunReport, Wave};
use super::write::{Sending, closing};
use super::{Engine, Parts};
use crate::connector::{Found, Operation, Outcome, RefusalReason, TargetState, Write};
use crate::error::Error;
use crate::journal::{Intent, Job, JobEnd, LinkChange};
use crate::model::accounting::AccountingDocument;
use crate::model::{DocumentKey, TargetRef};

/// No vendor works a request for longer: QuickBooks Online ends one after 120 seconds.
pub(super) const SETTLED_AFTER: chrono::Duration = chrono::Duration::seconds(130);

impl Engine {
    /// Settles writes of unknown outcome of the leased jobs; gives back the jobs that are still to be worked.
    pub(super) async fn recover(
        &self,
        jobs: Vec<Job>,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<Vec<Job>, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let open = journal.open_intents(connection).await.map_err(journal_error)?;
        if open.is_empty() {
            return Ok(jobs);
        }
        let mut by_document: HashMap<DocumentKey, Job> =
            jobs.into_iter().map(|job| (job.document.clone(), job)).collect();
        let mut groups: BTreeMap<String, Vec<Sending>> = BTreeMap::new();
        let mut sizes: HashMap<String, usize> = HashMap::new();
        for intent in open {
            *sizes.entry(intent.group.clone()).or_default() += 1;
            if let Some(job) = by_document.remove(&intent.write.marker.document) {
                let label = label(&intent);
                groups.entry(intent.group.clone()).or_default().push(Sending { job, label, intent });
            }
        }
        for (name, group) in groups {
            report.uncertain += group.len();
            let whole = sizes.get(&name) == Some(&group.len());
            self.look_for(group, whole, index, report).await?;
        }
        let mut jobs: Vec<Job> = by_document.into_values().collect();
        jobs.sort_by(|a, b| a.token.cmp(&b.token).then_with(|| a.document.cmp(&b.document)));
        Ok(jobs)
    }

    /// Looks for the writes of one group, and settles each. `whole`: no other worker holds a part of the group.
    pub(super) async fn look_for(
        &self,
        group: Vec<Sending>,
        whole: bool,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::SkipReadAfterUncertain) {
            return self.give_up(&group).await;
        }
        let mut found = self.find(&group).await?;
        let since = group.iter().map(|s| s.intent.stored_at).max();
        // Without a create in it, nothing can come to stand twice, and what was decided long ago may be wrong by now.
        let is_old = since.is_some_and(|at| self.parts.clock.now() - at > SETTLED_AFTER);
        if whole && found.iter().all(Option::is_none) && (!is_old || group.iter().any(is_create)) {
            return self.repeat(group, index, report).await;
        }
        let wait = since.and_then(|at| (at + SETTLED_AFTER - self.parts.clock.now()).to_std().ok());
        let missing = found.iter().zip(&group).any(|(state, sent)| state.is_none() && is_create(sent));
        if let Some(wait) = wait.filter(|_| missing) {
            self.parts.clock.sleep(wait).await;
            found = self.find(&group).await?;
        }
        let now = self.parts.clock.now();
        let mut wave = Wave::default();
        for (sent, state) in group.iter().zip(found) {
            match state {
                Some(state) => self.done(&mut wave, index, report, sent, state),
                None => {
                    let again = JobEnd::Again { not_before: now };
                    wave.settlements.push(closing(sent, again, LinkChange::Keep, String::new()));
                }
            }
        }
        self.settle(&wave.settlements).await?;
        self.parts.observer.step(Step::OutcomeStored).await;
        Ok(())
    }

    async fn find(&self, group: &[Sending]) -> Result<Vec<Option<TargetState>>, Error> {
        let creates: Vec<Write> = group.iter().filter(|s| is_create(s)).map(|s| s.intent.write.clone()).collect();
        let since = group.iter().map(|s| s.intent.stored_at).min();
        let created = match since {
            Some(since) if !creates.is_empty() => self.parts.sink.find_written(&creates, since).await?,
            _ => Vec::new(),
        };
        let updates: Vec<TargetRef> = group.iter().filter_map(updated).map(|(target, ..)| target.clone()).collect();
        let now = match updates.is_empty() {
            true => Vec::new(),
            // Afresh: another worker may have sent it, and a reading that this one kept is from before.
            false => self.parts.sink.read_afresh(&updates).await?,
        };
        self.parts.observer.step(Step::ReadBack).await;
        if created.len() != creates.len() || now.len() != updates.len() {
            return Err(Error::new(crate::ErrorKind::Internal, "the sink did not look for every write"));
        }
        let (mut created, mut now) = (created.into_iter(), now.into_iter());
        let found = group.iter().map(|sent| match updated(sent) {
            Some((_, version, document)) => match now.next() {
                Some(Found::Present(state)) if state.version != version && self.holds(document, &state) => Some(*state),
                _ => None,
            },
            None if is_create(sent) => created.next().flatten(),
            None => None,
        });
        Ok(found.collect())
    }

    /// Is this what was to be written? Then the update happened: the version that it asked for is not there any more, and
    /// sent again it would be refused for that.
    fn holds(&self, document: &AccountingDocument, state: &TargetState) -> bool {
        let mut stored = state.document.clone();
        rekey(&mut stored, &match_lines(document, &state.document));
        stored_otherwise(&document.fields(), &stored.fields(), |path| self.mapping().owner(path)).is_none()
    }

    /// Ends the jobs of a group as if nothing had been sent.
    #[cfg(feature = "planted-bugs")]
    pub(super) async fn give_up(&self, group: &[Sending]) -> Result<(), Error> {
        let not_before = self.parts.clock.now();
        let again =
            group.iter().map(|sent| closing(sent, JobEnd::Again { not_before }, LinkChange::Keep, String::new()));
        self.settle(&again.collect::<Vec<_>>()).await
    }

    /// Sends a group again, exactly as it was stored; a second unknown outcome is left for the next lease.
    async fn repeat(&self, group: Vec<Sending>, index: &mut Index, report: &mut RunReport) -> Result<(), Error> {
        let writes: Vec<Write> = group.iter().map(|s| s.intent.write.clone()).collect();
        report.batches += 1;
        let outcomes = self.parts.sink.apply(&writes).await;
        self.parts.observer.step(Step::Sent).await;
        let now = self.parts.clock.now();
        let pause = chrono::Duration::from_std(self.config.retry_pause).unwrap_or_default();
        let mut wave = Wave::default();
        let mut outcomes = outcomes.into_iter();
        for sent in &group {
            match outcomes.next() {
                Some(Outcome::Done(state)) => self.done(&mut wave, index, report, sent, *state),
                // Turned away for load, this request says nothing of the first one, which may still be on its way.
                Some(Outcome::Refused(refusal)) if refusal.reason != RefusalReason::NotNow => {
                    self.refused(&mut wave, index, report, sent, refusal);
                }
                _ => {
                    let mut end =
                        closing(sent, JobEnd::Again { not_before: now + pause }, LinkChange::Keep, String::new());
                    end.closes = None;
                    wave.settlements.push(end);
                }
            }
        }
        self.settle(&wave.settlements).await?;
        self.parts.observer.step(Step::OutcomeStored).await;
        Ok(())
    }
}

fn is_create(sent: &Sending) -> bool {
    matches!(sent.intent.write.operation, Operation::Create(_))
}

/// What an update is to change, from which version, and into what.
fn updated(sent: &Sending) -> Option<(&TargetRef, &str, &AccountingDocument)> {
    match &sent.intent.write.operation {
        Operation::Update { target, version, document } => Some((target, version, document)),
        _ => None,
    }
}

fn label(intent: &Intent) -> String {
    match &intent.write.operation {
        Operation::Create(document) | Operation::Update { document, .. } => {
            document.number().unwrap_or_default().to_owned()
        }
        Operation::Void { target, .. } => target.to_string(),
        Operation::Payment(_) => String::new(),
    }
}
