//! What a turn of jobs needs to know: jobs and projects, budget codes, what is recorded; and from it what should be.

use std::collections::HashMap;

use super::super::index::journal_error;
use super::super::{Engine, Parts, Step};
use super::{CostBack, Jobs};
use crate::connector::{BudgetCode, CostRead, Fetched};
use crate::dead_letter::Cause;
use crate::direct_costs::{CostKey, CostKind, CostLine, CostMade, DirectCost, DirectCostFact, FactLine};
use crate::error::Error;
use crate::journal::Job;
use crate::mapping::{List, Names};
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, Money, ProjectId, TargetKind, TargetRef, VendorId};

/// The most lines of one request (<https://developers.procore.com/reference/rest/direct-costs>).
const MOST_LINES: usize = 100;

/// What is read once for all jobs of a turn.
pub(super) struct Turn {
    pub(super) jobs: Jobs,
    vendors: HashMap<TargetRef, VendorId>,
    /// What people call a commitment of a project's vendor, by the payee in the accounting system.
    pub(super) committed: HashMap<(ProjectId, String), String>,
    numbers: HashMap<ProjectId, String>,
    codes: HashMap<ProjectId, Vec<BudgetCode>>,
    pub(super) recorded: HashMap<ProjectId, Vec<DirectCost>>,
}

/// A direct cost that should be recorded, or why a person must decide.
pub(super) type Wanted = Result<DirectCostFact, (Cause, String)>;

impl Engine {
    pub(super) async fn begin_turn(&self) -> Result<Turn, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let of = |kind| links.iter().filter(move |link| link.document.kind == kind);
        let vendors = of(DocumentKind::Vendor).map(|link| (link.target.clone(), VendorId::from(&*link.document.id)));
        let committed = of(DocumentKind::Commitment).filter_map(|link| {
            let (project, _) = link.document.project_and_id()?;
            let number = Some(link.base.wanted.get("number")).filter(|number| !number.is_empty());
            let label = number.map_or_else(|| link.document.to_string(), str::to_owned);
            Some(((project, link.base.wanted.get("payee").to_owned()), label))
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
    pub(super) async fn read_costs(
        &self,
        back: &CostBack,
        jobs: &[Job],
    ) -> Result<HashMap<DocumentKey, CostRead>, Error> {
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

    pub(super) async fn recorded<'t>(
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
    pub(super) async fn fact(
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
}
