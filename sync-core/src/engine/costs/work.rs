//! Jobs of direct costs: read, compared with what is recorded, recorded.

use super::super::index::journal_error;
use super::super::recover::SETTLED_AFTER;
use super::super::run::{RunReport, settlement};
use super::super::{Engine, Parts, Step};
use super::turn::Turn;
use super::{CostBack, Jobs};
use crate::connector::{Change, CostOutcome, CostRead, RefusalReason};
use crate::dead_letter::{Cause, DeadLetter};
use crate::direct_costs::{CostKey, CostLine, CostMade, DirectCost, DirectCostFact};
use crate::error::Error;
use crate::journal::{Base, Job, JobEnd, Link, LinkChange};
use crate::model::{DocumentKey, Fields, Money, Timestamp};
use crate::rulings::Choice;

/// In what was seen: until when a request for it may still arrive.
const DOUBT: &str = "in_doubt_until";
/// In what was seen: the id in the source, once it is recorded.
const ID: &str = "id";

/// How a turn of one job ends.
struct End {
    end: JobEnd,
    link: LinkChange,
    audit: String,
}

impl End {
    fn done() -> Self {
        JobEnd::Done.into()
    }

    fn with(self, link: LinkChange, audit: impl Into<String>) -> Self {
        Self { link, audit: audit.into(), ..self }
    }
}

impl From<JobEnd> for End {
    fn from(end: JobEnd) -> Self {
        Self { end, link: LinkChange::Keep, audit: String::new() }
    }
}

impl Engine {
    /// Works leased jobs of direct costs. `until`: when the lease ends.
    pub(in super::super) async fn work_direct_costs(
        &self,
        jobs: Vec<Job>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let Some(back) = &self.costs else {
            return self.let_rest(&jobs).await;
        };
        let mut turn = self.begin_turn().await?;
        let mut reads = self.read_costs(back, &jobs).await?;
        for job in jobs {
            if self.parts.clock.now() >= until {
                // Another worker has them from then on.
                return Ok(());
            }
            let End { end, link, audit } = match CostKey::parse(&job.document) {
                Some(key) => {
                    let read = reads.remove(&job.document);
                    match self.work_cost(back, &job, &key, read, &mut turn, report).await {
                        // A tool that is off, a list that cannot be read: the other projects go on.
                        Err(error) if error.is_of_one_place() => {
                            let why = (Cause::Refused, error.to_string());
                            self.dead_cost(&job, &key, (None, &turn.jobs), why, report).await?
                        }
                        end => end?,
                    }
                }
                None => End::done(),
            };
            let mut settled = settlement(&job, end, &audit);
            settled.link = link;
            self.settle(&[settled]).await?;
            self.parts.observer.step(Step::Settled).await;
            self.parts.observer.finished(job.document.kind, 1);
        }
        Ok(())
    }

    async fn work_cost(
        &self,
        back: &CostBack,
        job: &Job,
        key: &CostKey,
        read: Option<CostRead>,
        turn: &mut Turn,
        report: &mut RunReport,
    ) -> Result<End, Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let policy = self.mapping().policies().direct_costs;
        let made = match read {
            Some(CostRead::Found(made)) => Some(made),
            Some(CostRead::Unreadable(_, text)) => {
                return self.dead_cost(job, key, (None, &turn.jobs), (Cause::Unreadable, text), report).await;
            }
            Some(CostRead::Gone(_)) | None => None,
        };
        let Some(project) = &key.project else {
            let parts: Vec<Change> =
                made.iter().flat_map(|made| turn.jobs.parts(made, &policy)).map(Change::found).collect();
            if !parts.is_empty() {
                self.take_in(&parts).await?;
            }
            return Ok(End::done());
        };
        let lines = made.iter().filter(|made| turn.jobs.counts(made, &policy)).flat_map(|made| &made.lines);
        let lines: Vec<&CostLine> = lines
            .filter(|line| !line.is_committed)
            .filter(|line| line.coding.customer.as_ref().and_then(|job| turn.jobs.project(job)) == Some(project))
            .collect();
        let link = journal.link(connection, &job.document).await.map_err(journal_error)?;
        let wanted = match made.as_deref().filter(|_| !lines.is_empty()) {
            None if link.is_none() => {
                report.skipped += 1;
                return Ok(End::done());
            }
            None => None,
            Some(made) => Some(self.fact(back, key, project, made, &lines, turn).await?),
        };
        let fact = match wanted.transpose() {
            Ok(fact) => fact,
            Err(why) => return self.dead_cost(job, key, (made.as_deref(), &turn.jobs), why, report).await,
        };
        let seen = |name: &str| link.as_ref().map_or("", |link| link.base.seen.get(name)).to_owned();
        let is_agreed = |fact: &DirectCostFact| link.as_ref().is_some_and(|link| link.base.wanted == fact.fields());
        if !seen(ID).is_empty() && fact.as_ref().is_some_and(is_agreed) {
            report.unchanged += 1;
            return Ok(End::done());
        }
        let origin = key.origin(&back.source.company());
        let ours =
            self.recorded(back, project, turn).await?.iter().find(|cost| cost.origin.as_deref() == Some(&*origin));
        match (fact, ours) {
            (None, None) => match seen(DOUBT).parse::<Timestamp>() {
                Ok(until) if until > clock.now() => Ok(JobEnd::Again { not_before: until }.into()),
                _ => Ok(End::done().with(LinkChange::Remove, "")),
            },
            (None, Some(cost)) => {
                let text = format!(
                    "direct cost {} of {} is in Procore, and QuickBooks has it no longer, or not on this job; its origin \
                     id locks it: delete or unlink it in Procore's ERP integration, then try again",
                    cost.id, cost.total
                );
                self.dead_cost(job, key, (made.as_deref(), &turn.jobs), (Cause::DeletedInQuickbooks, text), report)
                    .await
            }
            (Some(fact), Some(cost)) => match differences(&fact, cost, link.as_ref()).as_slice() {
                [] => {
                    report.adopted += 1;
                    let link = link_of(key, &job.document, fact.fields(), Some(cost), None);
                    Ok(End::done().with(put(link), "recorded in Procore already"))
                }
                differ => {
                    let text = format!(
                        "direct cost {} in Procore says otherwise: {}; its origin id locks it: delete or unlink it in \
                         Procore's ERP integration and try again, or correct QuickBooks",
                        cost.id,
                        differ.join(", ")
                    );
                    self.dead_cost(job, key, (made.as_deref(), &turn.jobs), (Cause::Conflict, text), report).await
                }
            },
            (Some(fact), None) => {
                if let Some(end) = self.ask_about_cost(job, key, made.as_deref(), &fact, turn, report).await? {
                    return Ok(end);
                }
                self.record(back, job, key, made.as_deref(), fact, turn, report).await
            }
        }
    }

    /// What a vendor with a commitment on the project was paid may be a pay app that somebody entered or paid by hand: a
    /// person says which.
    async fn ask_about_cost(
        &self,
        job: &Job,
        key: &CostKey,
        made: Option<&CostMade>,
        fact: &DirectCostFact,
        turn: &Turn,
        report: &mut RunReport,
    ) -> Result<Option<End>, Error> {
        let payee = made.and_then(|made| made.payee.as_ref()).map(|payee| payee.as_str().to_owned());
        let commitment = payee.and_then(|payee| turn.committed.get(&(fact.project.clone(), payee)));
        let Some(commitment) = commitment else { return Ok(None) };
        let text = format!(
            "the vendor has the commitment {commitment} on this project, so that {} of {} may be a pay app entered or paid by \
             hand; approve it if it is none, or turn it down and link or bill the pay app",
            fact.description, fact.total
        );
        let letter = self.cost_letter(job, key, (made, &turn.jobs), Cause::AwaitingApproval, text);
        match self.ruled(&letter).await? {
            Some(Choice::Approve) => Ok(None),
            Some(_) => {
                report.skipped += 1;
                Ok(Some(End::done()))
            }
            None => {
                report.dead += 1;
                Ok(Some(JobEnd::Dead(Box::new(letter)).into()))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one write")]
    async fn record(
        &self,
        back: &CostBack,
        job: &Job,
        key: &CostKey,
        made: Option<&CostMade>,
        fact: DirectCostFact,
        turn: &mut Turn,
        report: &mut RunReport,
    ) -> Result<End, Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let doubt = clock.now() + SETTLED_AFTER;
        let before = link_of(key, &job.document, Fields::default(), None, Some(doubt));
        let mut row = settlement(job, JobEnd::Untouched, "");
        row.link = put(before);
        journal.settle(connection, &[row], clock.now()).await.map_err(journal_error)?;
        self.parts.observer.step(Step::IntentStored).await;
        let outcome = back.sink.record(&fact).await;
        self.parts.observer.step(Step::Sent).await;
        let outcome = match outcome {
            CostOutcome::Uncertain(text) => {
                tracing::warn!(document = %job.document, %text, "outcome uncertain; it is looked for");
                report.uncertain += 1;
                let recorded = back.sink.direct_costs(&fact.project).await?;
                self.parts.observer.step(Step::ReadBack).await;
                let found = recorded.iter().find(|cost| cost.origin.as_deref() == Some(&*fact.origin)).cloned();
                turn.recorded.insert(fact.project.clone(), recorded);
                match found {
                    Some(cost) => CostOutcome::Done(cost),
                    None => return Ok(self.again(job).into()),
                }
            }
            known => known,
        };
        match outcome {
            CostOutcome::Done(cost) => {
                report.direct_costs_recorded += 1;
                let link = link_of(key, &job.document, fact.fields(), Some(&cost), None);
                let audit =
                    format!("{}: {} recorded in Procore as direct cost {}", fact.description, fact.total, cost.id);
                turn.recorded.entry(fact.project.clone()).or_default().push(cost);
                Ok(End::done().with(put(link), audit))
            }
            CostOutcome::Refused(refusal) => {
                let cause = match refusal.reason {
                    RefusalReason::Person(cause) => cause,
                    _ if job.attempts < self.config.max_attempts => return Ok(self.again(job).into()),
                    _ => Cause::Refused,
                };
                self.dead_cost(job, key, (made, &turn.jobs), (cause, refusal.text), report).await
            }
            CostOutcome::Uncertain(_) => Ok(self.again(job).into()),
        }
    }

    fn cost_letter(
        &self,
        job: &Job,
        key: &CostKey,
        (made, jobs): (Option<&CostMade>, &Jobs),
        cause: Cause,
        text: String,
    ) -> DeadLetter {
        let number = made.and_then(|made| made.number.as_deref());
        let label = match number {
            Some(number) => format!("{} {number}", key.spent.kind),
            None => key.spent.to_string(),
        };
        let is_of = |line: &&CostLine| match (&key.project, &line.coding.customer) {
            (Some(project), Some(job)) => jobs.project(job) == Some(project),
            (project, _) => project.is_none(),
        };
        let of = |made: &CostMade| made.lines.iter().filter(is_of).map(|line| line.amount).collect::<Vec<_>>();
        let amount = made.and_then(|made| Money::sum(made.currency, of(made)).ok());
        DeadLetter {
            document: job.document.clone(),
            label,
            cause,
            text,
            amount,
            target: Some(key.spent.clone()),
            candidates: Vec::new(),
            since: self.parts.clock.now(),
        }
    }

    /// A dead letter, unless a person has said to leave it.
    async fn dead_cost(
        &self,
        job: &Job,
        key: &CostKey,
        made: (Option<&CostMade>, &Jobs),
        (cause, text): (Cause, String),
        report: &mut RunReport,
    ) -> Result<End, Error> {
        let letter = self.cost_letter(job, key, made, cause, text);
        if self.ruled(&letter).await?.is_some() {
            report.skipped += 1;
            return Ok(End::done());
        }
        report.dead += 1;
        let audit = format!("dead letter, {}: {}", letter.cause, letter.text);
        Ok(End::from(JobEnd::Dead(Box::new(letter))).with(LinkChange::Keep, audit))
    }
}

/// The source lists direct costs without their lines: whether those changed is known from the link alone.
fn differences(fact: &DirectCostFact, cost: &DirectCost, link: Option<&Link>) -> Vec<String> {
    let mut differ = fact.differences(cost);
    let before = link.map_or("", |link| link.base.wanted.get("lines"));
    if differ.is_empty() && !before.is_empty() && before != fact.fields().get("lines") {
        differ.push("budget codes or amounts of its lines".to_owned());
    }
    differ
}

fn put(link: Link) -> LinkChange {
    LinkChange::Put(Box::new(link))
}

fn link_of(
    key: &CostKey,
    document: &DocumentKey,
    wanted: Fields,
    cost: Option<&DirectCost>,
    doubt: Option<Timestamp>,
) -> Link {
    let mut seen = Fields::default();
    if let Some(cost) = cost {
        seen.set(ID, cost.id.as_str());
    }
    if let Some(until) = doubt {
        seen.set(DOUBT, until.to_rfc3339());
    }
    Link {
        document: document.clone(),
        target: key.spent.clone(),
        version: String::new(),
        base: Base { wanted, seen, ..Base::default() },
        mapping: String::new(),
        generation: 0,
    }
}
