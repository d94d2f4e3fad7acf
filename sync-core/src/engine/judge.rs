//! What becomes of a document once both sides are known: the decision, and what a person has ruled about it.

use super::decide::{LinkedDecision, NewDecision, decide_linked, decide_new, match_lines, rekey, stored_otherwise};
use super::index::{Index, journal_error};
use super::names::out_of_use;
use super::plan::{Desk, Unwanted};
use super::run::{Candidate, Item, RunReport, Wave, settlement};
use super::write::Planned;
use super::{Engine, Parts, hex};
use crate::connector::{Candidates, Condition, Found, Operation, TargetState};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::Error;
use crate::journal::{AuditRow, Base, Job, JobEnd, Link, LinkChange};
use crate::model::accounting::AccountingDocument;
use crate::model::{DocumentKey, Fields, LineKey, Owner, TargetKind, TargetLineId};
use crate::rulings::{self, Choice};

impl Engine {
    /// What a person chose for this very letter.
    pub(super) async fn ruled(&self, letter: &DeadLetter) -> Result<Option<Choice>, Error> {
        let journal = self.parts.journal.as_ref();
        rulings::choice_about(journal, &self.parts.connection, letter).await.map_err(journal_error)
    }

    /// A dead letter, unless a person has said to leave it.
    pub(super) async fn dead_unless_ruled(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        job: &Job,
        letter: DeadLetter,
    ) -> Result<(), Error> {
        match self.ruled(&letter).await? {
            Some(_) => self.leave(wave, index, report, job),
            None => self.dead(wave, index, report, job, letter),
        }
        Ok(())
    }

    /// As a person has ruled, nothing is done.
    fn leave(&self, wave: &mut Wave, index: &mut Index, report: &mut RunReport, job: &Job) {
        report.skipped += 1;
        index.skipped.insert(job.document.clone());
        wave.settlements.push(settlement(job, JobEnd::Done, ""));
        self.parts.observer.finished(job.document.kind, 1);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one decision")]
    pub(super) async fn judge_linked(
        &self,
        desk: &Desk<'_>,
        candidate: Candidate,
        mut link: Link,
        state: Found,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let Candidate { item, label, document, wanted, .. } = candidate;
        let target = link.target.clone();
        let letter = |cause, text: String| {
            let mut letter = desk.letter(&item.job.document, &label, cause, text, document.total().ok().flatten());
            letter.target = Some(target.clone());
            letter
        };
        let mut state = match state {
            Found::Present(state) => *state,
            Found::Deleted => {
                let text = format!("{target} was deleted in QuickBooks; it is not created again by itself");
                let letter = letter(Cause::DeletedInQuickbooks, text);
                return self.gone(wave, index, report, &item.job, letter).await;
            }
        };
        if let Some(text) = out_of_use(&state) {
            let letter = letter(Cause::DeletedInQuickbooks, text);
            return self.gone(wave, index, report, &item.job, letter).await;
        }
        rekey(&mut state.document, &link.base.lines);
        let mut decision = linked(desk, &document, &wanted, &link.base, &state);
        if let LinkedDecision::Dead(cause, text) = &decision {
            if *cause == Cause::VoidedInQuickbooks {
                // The same words as without a link, or what a person decides on this letter would not count there.
                let text = format!("{text} {}", self.who_voided(&item.job.document).await?);
                return self.gone(wave, index, report, &item.job, letter(*cause, text)).await;
            }
            let letter = letter(*cause, text.clone());
            let can_be_written = matches!(cause, Cause::Conflict | Cause::LinkDropped | Cause::Refused);
            match self.ruled(&letter).await? {
                Some(Choice::Procore) if can_be_written => {
                    link.base = ours_wins(&wanted, &state, &link.base, |path| desk.mapping.owner(path));
                    decision = linked(desk, &document, &wanted, &link.base, &state);
                }
                Some(Choice::Quickbooks { .. }) if can_be_written => {
                    let lines = link.base.lines.clone();
                    decision = LinkedDecision::Rebase(theirs_stands(&wanted, &state, lines, |p| desk.mapping.owner(p)));
                }
                Some(_) => {
                    self.leave(wave, index, report, &item.job);
                    return Ok(());
                }
                None => {}
            }
        }
        match decision {
            LinkedDecision::Nothing => {
                report.unchanged += 1;
                wave.settlements.push(settlement(&item.job, JobEnd::Done, ""));
            }
            LinkedDecision::Rebase(base) => {
                report.unchanged += 1;
                link.base = base;
                link.version.clone_from(&state.version);
                let mut end = settlement(&item.job, JobEnd::Done, "took over what was changed in QuickBooks");
                end.link = LinkChange::Put(Box::new(link));
                wave.settlements.push(end);
            }
            LinkedDecision::Update(merged) => {
                let closed = desk.is_closed(&merged).or_else(|| desk.is_closed(&state.document));
                if let Some(closing) = closed {
                    let text = format!("{} would change, but the books are closed until {closing}", link.target);
                    let letter = letter(Cause::ClosedPeriod, text);
                    return self.dead_unless_ruled(wave, index, report, &item.job, letter).await;
                }
                if desk.mapping.policies().approval.holds(&merged) {
                    let changes = changes(&state.document.fields(), &merged.fields());
                    let text = format!("{} would change: {changes} (content {})", link.target, content(&merged));
                    let letter = letter(Cause::AwaitingApproval, text);
                    if !self.is_approved(wave, index, report, &item.job, letter).await? {
                        return Ok(());
                    }
                }
                let operation = Operation::Update {
                    target: link.target.clone(),
                    version: state.version.clone(),
                    document: *merged,
                };
                let marker = desk.marker(&item.job.document, link.generation);
                wave.writes.push(Planned { job: item.job, label, marker, operation, fields: wanted });
            }
            LinkedDecision::Dead(cause, text) => {
                let letter = letter(cause, text);
                self.dead_unless_ruled(wave, index, report, &item.job, letter).await?;
            }
        }
        Ok(())
    }

    /// The transaction was deleted or voided: it stays so, unless a person wants it posted again.
    async fn gone(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        job: &Job,
        letter: DeadLetter,
    ) -> Result<(), Error> {
        if self.ruled(&letter).await? != Some(Choice::Procore) {
            return self.dead_unless_ruled(wave, index, report, job, letter).await;
        }
        index.remove(&job.document);
        let again = JobEnd::Again { not_before: self.parts.clock.now() };
        let mut end = settlement(job, again, "to be posted again, as a person decided");
        end.link = LinkChange::Remove;
        wave.settlements.push(end);
        Ok(())
    }

    /// Was what is held for approval approved as it is? If not, the job is settled.
    async fn is_approved(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        job: &Job,
        letter: DeadLetter,
    ) -> Result<bool, Error> {
        match self.ruled(&letter).await? {
            Some(Choice::Approve) => return Ok(true),
            Some(_) => self.leave(wave, index, report, job),
            None => self.dead(wave, index, report, job, letter),
        }
        Ok(false)
    }

    /// Gives back whether the document will be written or is there.
    pub(super) async fn judge_new(
        &self,
        desk: &Desk<'_>,
        candidate: Candidate,
        mut matches: Candidates,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<bool, Error> {
        let key = &candidate.item.job.document;
        let marker = desk.marker(key, 0);
        let amount = candidate.document.total().ok().flatten();
        index.adoption.drop_declined(key, &mut matches);
        match decide_new(&candidate.document, &marker, &matches, |path| desk.mapping.owner(path)) {
            NewDecision::Create => self.create(desk, candidate, wave, index, report).await,
            NewDecision::Adopt(place) => {
                let state = matches.matches.swap_remove(place);
                let lines = positions(&candidate.document, &state.document);
                let (mut state, wanted) = (state, candidate.wanted);
                rekey(&mut state.document, &lines);
                let base = Base { wanted, seen: state.document.fields(), lines, ..Base::default() };
                self.adopt(desk, &candidate.item, state, base, wave, index, report);
                Ok(true)
            }
            NewDecision::Dead(cause, mut text) => {
                if cause == Cause::VoidedInQuickbooks {
                    text = format!("{text} {}", self.who_voided(key).await?);
                }
                let mut letter = desk.letter(key, &candidate.label, cause, text, amount);
                letter.candidates =
                    matches.matches.iter().chain(&matches.similar).map(|state| state.target.clone()).collect();
                let mut all = matches.matches.into_iter().chain(matches.similar);
                let is_ours = |state: &TargetState| {
                    state.condition != Condition::Voided
                        && state.marker.as_ref().is_some_and(|m| m.document == *key && m.connection == *desk.connection)
                };
                let links = matches!(cause, Cause::AmbiguousMatch | Cause::SameInvoice | Cause::DuplicateNumber);
                match self.ruled(&letter).await? {
                    Some(Choice::Procore) if links => match all.find(is_ours) {
                        Some(state) => self.take_over(desk, candidate, state, true, wave, index, report),
                        None => return self.create(desk, candidate, wave, index, report).await,
                    },
                    Some(Choice::Procore) if cause == Cause::VoidedInQuickbooks => {
                        return self.create(desk, candidate, wave, index, report).await;
                    }
                    Some(Choice::Quickbooks { target }) if links => {
                        let chosen = all.find(|state| target.as_ref().is_none_or(|target| state.target == *target));
                        match chosen {
                            Some(state) => self.take_over(desk, candidate, state, false, wave, index, report),
                            None => self.dead(wave, index, report, &candidate.item.job, letter),
                        }
                    }
                    Some(_) => self.leave(wave, index, report, &candidate.item.job),
                    None => self.dead(wave, index, report, &candidate.item.job, letter),
                }
                Ok(false)
            }
        }
    }

    /// By whom a transaction was voided, and what can be done.
    async fn who_voided(&self, document: &DocumentKey) -> Result<String, Error> {
        const ROWS: usize = 1000;
        let Parts { connection, journal, .. } = &self.parts;
        let (mut after, mut by_us) = (0, None);
        loop {
            let rows = journal.audit(connection, after, ROWS).await.map_err(journal_error)?;
            let voids = |row: &&AuditRow| row.document == *document && row.text.starts_with("voided ");
            by_us = rows.iter().filter(voids).map(|row| row.at).next_back().or(by_us);
            let Some(last) = rows.last().filter(|_| rows.len() == ROWS) else { break };
            after = last.number;
        }
        let who = match by_us {
            Some(at) => format!(
                "by this sync on {}, because the document was void in Procore then (`deletion = \"void\"` in sync.toml, or \
                 a person's decision); it counts in Procore again",
                at.date_naive()
            ),
            None => "in QuickBooks, by somebody else".to_owned(),
        };
        let again = "it is not posted again by itself: resolve it with `--take procore` to post it anew (give the void one \
                     another number first), or with `--take quickbooks` to leave it void";
        Ok(format!("{who}; {again}"))
    }

    async fn create(
        &self,
        desk: &Desk<'_>,
        candidate: Candidate,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<bool, Error> {
        let Candidate { item, label, mut document, wanted, .. } = candidate;
        let key = &item.job.document;
        let amount = document.total().ok().flatten();
        if let Some(closing) = desk.is_closed(&document) {
            let date = document.date().map(|d| d.to_string()).unwrap_or_default();
            let text = format!("it is dated {date}, and the books are closed until {closing}");
            let letter = desk.letter(key, &label, Cause::ClosedPeriod, text, amount);
            if self.ruled(&letter).await? != Some(Choice::Procore) {
                self.dead_unless_ruled(wave, index, report, &item.job, letter).await?;
                return Ok(false);
            }
            // The fields keep the date of Procore: that the posted one differs is what the person wants.
            document.set_date(crate::mapping::first_open_day(closing));
        }
        if desk.mapping.policies().approval.holds(&document) {
            let number = document.number().unwrap_or("without number");
            let date = document.date().map(|date| format!(" dated {date}")).unwrap_or_default();
            let what = document.kind().to_string().replace('_', " ");
            let text = format!("{what} {number}{date} would be posted (content {})", content(&document));
            let letter = desk.letter(key, &label, Cause::AwaitingApproval, text, amount);
            if !self.is_approved(wave, index, report, &item.job, letter).await? {
                return Ok(false);
            }
        }
        let marker = desk.marker(key, 0);
        let operation = Operation::Create(*document);
        wave.writes.push(Planned { job: item.job, label, marker, operation, fields: wanted });
        Ok(true)
    }

    /// Links a transaction that a person says is the same. Ours: the next decision writes Procore's values; theirs:
    /// QuickBooks stays as it is.
    #[expect(clippy::too_many_arguments, reason = "the parts of one decision")]
    fn take_over(
        &self,
        desk: &Desk<'_>,
        candidate: Candidate,
        mut state: TargetState,
        ours: bool,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) {
        let lines = match_lines(&candidate.document, &state.document);
        rekey(&mut state.document, &lines);
        let owner = |path: &str| desk.mapping.owner(path);
        let mut base = theirs_stands(&candidate.wanted, &state, lines, owner);
        if ours {
            base = ours_wins(&candidate.wanted, &state, &base, owner);
        }
        self.adopt(desk, &candidate.item, state, base, wave, index, report);
        if let (true, Some(end)) = (ours, wave.settlements.last_mut()) {
            end.end = JobEnd::Again { not_before: self.parts.clock.now() };
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one decision")]
    fn adopt(
        &self,
        desk: &Desk<'_>,
        item: &Item,
        state: TargetState,
        base: Base,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) {
        report.adopted += 1;
        let audit = match base.accepted.is_empty() {
            true => format!("linked to {}, which is the same", state.target),
            false => format!("linked to {}, as a person decided", state.target),
        };
        let link = link_of(&item.job.document, &state, base, desk.mapping.version());
        index.put(&link);
        wave.paid_before |= matches!(link.target.kind, TargetKind::Bill | TargetKind::Invoice);
        let mut end = settlement(&item.job, JobEnd::Done, &audit);
        end.link = LinkChange::Put(Box::new(link));
        wave.settlements.push(end);
        self.parts.observer.finished(item.job.document.kind, 1);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one decision")]
    pub(super) async fn unwanted(
        &self,
        desk: &Desk<'_>,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        item: Item,
        label: String,
        why: &'static str,
    ) -> Result<(), Error> {
        let key = &item.job.document;
        let link = match index.is_linked(key) {
            true => self.parts.journal.link(desk.connection, key).await.map_err(journal_error)?,
            false => None,
        };
        let Some(link) = link else {
            report.skipped += 1;
            index.skipped.insert(key.clone());
            wave.settlements.push(settlement(&item.job, JobEnd::Done, ""));
            return Ok(());
        };
        match desk.unwanted(&link) {
            Unwanted::Leave => {
                report.unchanged += 1;
                wave.settlements.push(settlement(&item.job, JobEnd::Done, ""));
                return Ok(());
            }
            Unwanted::Ask => {
                let text = format!("it is {why} in Procore, but stands as {}", link.target);
                let mut letter = desk.letter(key, &label, Cause::DeletedInProcore, text, None);
                letter.target = Some(link.target.clone());
                if self.ruled(&letter).await? != Some(Choice::Procore) {
                    return self.dead_unless_ruled(wave, index, report, &item.job, letter).await;
                }
            }
            Unwanted::Void => {}
        }
        let operation = Operation::Void { target: link.target, version: link.version };
        let marker = desk.marker(key, link.generation);
        wave.writes.push(Planned { job: item.job, label, marker, operation, fields: Fields::default() });
        Ok(())
    }
}

/// The decision about a document with a link. Nothing to write, but stored other than it was sent: a person still has to
/// act.
fn linked(
    desk: &Desk<'_>,
    document: &AccountingDocument,
    wanted: &Fields,
    base: &Base,
    state: &TargetState,
) -> LinkedDecision {
    let owner = |path: &str| desk.mapping.owner(path);
    let show = state.document.fields();
    let decision = decide_linked(document, base, state, owner);
    let accepted = match &decision {
        LinkedDecision::Nothing => &base.accepted,
        LinkedDecision::Rebase(base) => &base.accepted,
        _ => return decision,
    };
    let open = |path: &str| if accepted.contains(path) { Owner::Quickbooks } else { owner(path) };
    match stored_otherwise(wanted, &show, open) {
        Some((cause, text)) => LinkedDecision::Dead(cause, text),
        None => decision,
    }
}

/// The base under which QuickBooks stays as it is.
pub(super) fn theirs_stands(
    wanted: &Fields,
    state: &TargetState,
    lines: Vec<(LineKey, TargetLineId)>,
    owner: impl Fn(&str) -> Owner,
) -> Base {
    let seen = state.document.fields();
    let differing = wanted.differing(&seen).into_iter().filter(|path| owner(path) == Owner::Procore);
    let accepted = differing.map(str::to_owned).collect();
    Base { wanted: wanted.clone(), seen, lines, accepted }
}

/// The base under which Procore's values are written: what QuickBooks shows is known, and Procore has moved on.
pub(super) fn ours_wins(wanted: &Fields, state: &TargetState, base: &Base, owner: impl Fn(&str) -> Owner) -> Base {
    let seen = state.document.fields();
    let mut known = base.wanted.clone();
    for path in wanted.differing(&seen) {
        if owner(path) == Owner::Procore {
            known.set(path, seen.get(path));
        }
    }
    Base { wanted: known, seen, lines: base.lines.clone(), accepted: Default::default() }
}

/// A link.
pub(super) fn link_of(document: &DocumentKey, state: &TargetState, base: Base, mapping: &str) -> Link {
    Link {
        document: document.clone(),
        target: state.target.clone(),
        version: state.version.clone(),
        base,
        mapping: mapping.to_owned(),
        generation: 0,
    }
}

/// Pairs the lines of two documents that are equal line by line.
pub(super) fn positions(wanted: &AccountingDocument, stored: &AccountingDocument) -> Vec<(LineKey, TargetLineId)> {
    let pairs = wanted.line_refs().into_iter().zip(stored.line_refs());
    pairs.filter_map(|(line, there)| there.id.map(|id| (line.key.clone(), id.clone()))).collect()
}

/// A few characters that stand for the whole content: an approval counts for that content only.
fn content(document: &AccountingDocument) -> String {
    use sha2::{Digest, Sha256};
    let text = serde_json::to_string(document).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes())).chars().take(12).collect()
}

fn changes(from: &Fields, to: &Fields) -> String {
    let paths = from.differing(to);
    let told: Vec<String> =
        paths.iter().map(|path| format!("{path}: `{}` becomes `{}`", from.get(path), to.get(path))).collect();
    told.join("; ")
}
