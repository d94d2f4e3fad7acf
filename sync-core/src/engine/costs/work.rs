//! Jobs of direct costs: read, compared with what is recorded, recorded.

use std::collections::HashMap;

use super::super::index::journal_error;
use super::super::recover::SETTLED_AFTER;
use super::super::run::{RunReport, settlement};
use super::super::{Engine, Parts, Step};
use super::{CostBack, Jobs};
use crate::connector::{BudgetCode, Change, CostOutcome, CostRead, Fetched, RefusalReason};
use crate::dead_letter::{Cause, DeadLetter};
use crate::direct_costs::{CostKey, CostKind, CostLine, CostMade, DirectCost, DirectCostFact, FactLine};
use crate::error::Error;
use crate::journal::{Base, Job, JobEnd, Link, LinkChange};
use crate::mapping::{List, Names};
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, Fields, Money, ProjectId, TargetKind, TargetRef, Timestamp, VendorId};
use crate::rulings::Choice;

/// In what was seen: until when a request for it may still arrive.
const DOUBT: &str = "in_doubt_until";
/// In what was seen: the id in the source, once it is recorded.
const ID: &str = "id";
/// The most lines of one request (<https://developers.procore.com/reference/rest/direct-costs>).
const MOST_LINES: usize = 100;

/// What is read once for all jobs of a turn.
struct Turn {
    jobs: Jobs,
    vendors: HashMap<TargetRef, VendorId>,
    /// Commitments of a project's vendors, by the payee in the accounting system.
    committed: HashMap<(ProjectId, String), DocumentKey>,
    numbers: HashMap<ProjectId, String>,
    codes: HashMap<ProjectId, Vec<BudgetCode>>,
    recorded: HashMap<ProjectId, Vec<DirectCost>>,
}

/// A direct cost that should be recorded, or why a person must decide.
type Wanted = Result<DirectCostFact, (Cause, String)>;

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
            // Out of reach of this run; a program with this way back finds them.
            let rest = chrono::Duration::from_std(self.config.patience).unwrap_or_default();
            let not_before = self.parts.clock.now() + rest + chrono::Duration::minutes(1);
            let rest = jobs.iter().map(|job| settlement(job, JobEnd::Again { not_before }, ""));
            return self.settle(&rest.collect::<Vec<_>>()).await;
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
                    self.work_cost(back, &job, key, read, &mut turn, report).await?
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

    async fn begin_turn(&self) -> Result<Turn, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let of = |kind| links.iter().filter(move |link| link.document.kind == kind);
        let vendors = of(DocumentKind::Vendor).map(|link| (link.target.clone(), VendorId::from(&*link.document.id)));
        let committed = of(DocumentKind::Commitment).filter_map(|link| {
            let (project, _) = link.document.project_and_id()?;
            Some(((project, link.base.wanted.get("payee").to_owned()), link.document.clone()))
        });
        Ok(Turn {
            jobs: Jobs::of(links.iter()),
            vendors: vendors.collect(),
            committed: committed.collect(),
            numbers: HashMap::new(),
            codes: HashMap::new(),
            recorded: HashMap::new(),
        })
    }

    /// The transactions of the jobs, those that are known from a poll not read again.
    async fn read_costs(&self, back: &CostBack, jobs: &[Job]) -> Result<HashMap<DocumentKey, CostRead>, Error> {
        let mut reads = HashMap::with_capacity(jobs.len());
        let mut missing: Vec<(DocumentKey, TargetRef)> = Vec::new();
        for job in jobs {
            let Some(key) = CostKey::parse(&job.document) else { continue };
            match back.take(&key.spent) {
                Some(fresh) => drop(reads.insert(job.document.clone(), fresh)),
                None => missing.push((job.document.clone(), key.spent)),
            }
        }
        if !missing.is_empty() {
            let mut targets: Vec<TargetRef> = missing.iter().map(|(_, target)| target.clone()).collect();
            targets.sort_unstable();
            targets.dedup();
            let read = back.source.read_costs(&targets).await?;
            if read.len() != targets.len() {
                return Err(Error::new(crate::ErrorKind::Internal, "the books did not answer for every cost"));
            }
            let read: HashMap<TargetRef, CostRead> = targets.into_iter().zip(read).collect();
            reads.extend(
                missing.into_iter().filter_map(|(document, target)| Some((document, read.get(&target)?.clone()))),
            );
        }
        self.parts.observer.step(Step::Fetched).await;
        Ok(reads)
    }

    async fn work_cost(
        &self,
        back: &CostBack,
        job: &Job,
        key: CostKey,
        read: Option<CostRead>,
        turn: &mut Turn,
        report: &mut RunReport,
    ) -> Result<End, Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let policy = self.mapping().policies().direct_costs;
        let made = match read {
            Some(CostRead::Found(made)) => Some(made),
            Some(CostRead::Unreadable(_, text)) => {
                return self.dead_cost(job, &key, (None, &turn.jobs), (Cause::Unreadable, text), report).await;
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
            Some(made) => Some(self.fact(back, &key, project, made, &lines, turn).await?),
        };
        let fact = match wanted.transpose() {
            Ok(fact) => fact,
            Err(why) => return self.dead_cost(job, &key, (made.as_deref(), &turn.jobs), why, report).await,
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
                self.dead_cost(job, &key, (made.as_deref(), &turn.jobs), (Cause::DeletedInQuickbooks, text), report)
                    .await
            }
            (Some(fact), Some(cost)) => match differences(&fact, cost, link.as_ref()).as_slice() {
                [] => {
                    report.adopted += 1;
                    let link = link_of(&key, &job.document, fact.fields(), Some(cost), None);
                    Ok(End::done().with(put(link), "recorded in Procore already"))
                }
                differ => {
                    let text = format!(
                        "direct cost {} in Procore says otherwise: {}; its origin id locks it: delete or unlink it in \
                         Procore's ERP integration and try again, or correct QuickBooks",
                        cost.id,
                        differ.join(", ")
                    );
                    self.dead_cost(job, &key, (made.as_deref(), &turn.jobs), (Cause::Conflict, text), report).await
                }
            },
            (Some(fact), None) => {
                if let Some(end) = self.ask_about_cost(job, &key, made.as_deref(), &fact, turn, report).await? {
                    return Ok(end);
                }
                self.record(back, job, &key, made.as_deref(), fact, turn, report).await
            }
        }
    }

    /// A bill of a vendor that has a commitment on the project may be a pay app that somebody entered by hand: a person
    /// says which.
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
        let Some(commitment) = commitment.filter(|_| key.spent.kind == TargetKind::Bill) else { return Ok(None) };
        let text = format!(
            "the vendor has the commitment {commitment} on this project, so that {} of {} may be a pay app entered by hand; \
             approve it if it is none, or turn it down and link it to its pay app",
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
                    None => return Ok(self.cost_again(job)),
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
                    _ if job.attempts < self.config.max_attempts => return Ok(self.cost_again(job)),
                    _ => Cause::Refused,
                };
                self.dead_cost(job, key, (made, &turn.jobs), (cause, refusal.text), report).await
            }
            CostOutcome::Uncertain(_) => Ok(self.cost_again(job)),
        }
    }

    fn cost_again(&self, job: &Job) -> End {
        let pause = self.config.retry_pause.saturating_mul(1 << job.attempts.min(6));
        let now = self.parts.clock.now();
        JobEnd::Again { not_before: chrono::Duration::from_std(pause).map_or(now, |pause| now + pause) }.into()
    }

    async fn recorded<'t>(
        &self,
        back: &CostBack,
        project: &ProjectId,
        turn: &'t mut Turn,
    ) -> Result<&'t [DirectCost], Error> {
        if !turn.recorded.contains_key(project) {
            turn.recorded.insert(project.clone(), back.sink.direct_costs(project).await?);
        }
        Ok(turn.recorded.get(project).map(Vec::as_slice).unwrap_or_default())
    }

    /// What should be recorded of these lines.
    async fn fact(
        &self,
        back: &CostBack,
        key: &CostKey,
        project: &ProjectId,
        made: &CostMade,
        lines: &[&CostLine],
        turn: &mut Turn,
    ) -> Result<Wanted, Error> {
        let mapping = self.mapping();
        let directory = self.parts.sink.directory().await?;
        let names = Names::new(&directory);
        if !turn.codes.contains_key(project) {
            turn.codes.insert(project.clone(), back.sink.budget_codes(project).await?);
        }
        if !turn.numbers.contains_key(project) {
            let document = DocumentKey::new(DocumentKind::Project, project);
            let number = match self.parts.source.fetch(&document).await? {
                Fetched::Found(found) => match *found {
                    Document::Project(project) => project.number,
                    _ => None,
                },
                Fetched::Unreadable(unreadable) => return Ok(Err((Cause::Unreadable, unreadable.text))),
                Fetched::Gone(_) => {
                    let text = "its project is no longer in Procore, or this account may not see it any more";
                    return Ok(Err((Cause::DeletedInProcore, text.to_owned())));
                }
            };
            turn.numbers.insert(project.clone(), number.unwrap_or_default());
        }
        let number = turn.numbers.get(project).map_or("", String::as_str);
        let codes = turn.codes.get(project).map(Vec::as_slice).unwrap_or_default();
        let payee = made.payee.as_ref();
        let payee_name = payee.map(|payee| names.name_of(List::Vendor, payee.as_str())).unwrap_or_default();
        let mut fact_lines = Vec::with_capacity(lines.len());
        for line in lines {
            let code = match mapping.budget_code(number, &payee_name, &line.coding, &names, codes) {
                Ok(code) => code,
                Err(text) => return Ok(Err((Cause::MissingCoding, text))),
            };
            let description = line.description.clone();
            fact_lines.push(FactLine { budget_code: code.id.clone(), amount: line.amount, description });
        }
        let total = match Money::sum(made.currency, lines.iter().map(|line| line.amount)) {
            Ok(total) => total,
            Err(error) => return Ok(Err((Cause::Currency, error.to_string()))),
        };
        let home = names.lists().and_then(|lists| lists.currency);
        if home.is_some_and(|home| home != made.currency) {
            return Ok(Err((Cause::Currency, format!("it is in {}", made.currency))));
        }
        if total.is_negative() || total.is_zero() {
            let text = format!("it comes to {total}, a refund; enter it in Procore by hand");
            return Ok(Err((Cause::Refused, text)));
        }
        if fact_lines.len() > MOST_LINES {
            let text = format!("it has {} lines on this project, and Procore takes {MOST_LINES}", fact_lines.len());
            return Ok(Err((Cause::Refused, text)));
        }
        let of = |kind| payee.map(|payee| TargetRef { kind, id: payee.as_str().into() });
        let vendor = of(TargetKind::Vendor).and_then(|target| turn.vendors.get(&target).cloned());
        let is_bill = key.spent.kind == TargetKind::Bill;
        let invoice = made.number.clone().filter(|_| is_bill && vendor.is_some());
        let named = made.number.as_ref().map_or_else(|| made.target.id.to_string(), Clone::clone);
        let word = if is_bill { "bill" } else { "payment" };
        let mut description = format!("QuickBooks {word} {named}");
        if !payee_name.is_empty() {
            description = format!("{description}, {payee_name}");
        }
        if !made.memo.trim().is_empty() {
            description = format!("{description}: {}", made.memo.trim());
        }
        Ok(Ok(DirectCostFact {
            origin: key.origin(&back.source.company()),
            project: project.clone(),
            kind: if invoice.is_some() { CostKind::Invoice } else { CostKind::Expense },
            vendor,
            number: invoice,
            date: made.date,
            paid: Some(made.date).filter(|_| !is_bill),
            description,
            lines: fact_lines,
            total,
        }))
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
