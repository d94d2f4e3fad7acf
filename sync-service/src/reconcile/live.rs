//! The nightly run on a live connection: both sides read whole, missed changes back to intake, deletions and voids to a
//! person, and the tie-outs at the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::IsTerminal;

use chrono::NaiveDate;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use procore_client::{ProcoreSource, Projects, SourceOptions};
use serde::{Deserialize, Serialize};
use sync_core::connector::{Change, Cursor, Fetched, Part, Source};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::engine::entries_of;
use sync_core::journal::{JobEnd, Journal, LinkChange, Settlement};
use sync_core::mapping::Mapping;
use sync_core::model::construction::Document;
use sync_core::model::{ConnectionId, DocumentKey, DocumentKind, ProjectId};
use sync_core::reconcile::FindingKind;
use sync_core::reconcile::company::{Companies, CompanyFinding, CompanyReport, reconcile as compare};

use super::books::{BooksAt, BooksReading};
use super::read::{self, Payments};
use super::reading::Kept;
use super::run_file::{self, Head, RunFile};
use crate::Failure;
use crate::connect::ConnectionSettings;

/// How the last run ended; a run that did not end stays incomplete here.
const LAST: &str = "reconcile";

/// The extent of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extent {
    /// Number, name or id of a project.
    pub(crate) project: Option<String>,
    /// Of Procore, only what changed since is read, if an earlier run left the rest; and only findings on documents dated or
    /// changed since.
    pub(crate) since: Option<NaiveDate>,
    /// Says nothing on standard error.
    pub(crate) quiet: bool,
}

/// What a run came to, besides the comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// Documents given back to intake, to be worked by the next sync.
    pub(crate) back_to_intake: usize,
    /// Dead letters written: deletions and voids.
    pub(crate) dead_letters: usize,
    /// Requests to Procore.
    pub(crate) procore_calls: u64,
}

/// How the last run ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Last {
    /// When it began.
    pub(crate) at: chrono::DateTime<chrono::Utc>,
    /// Was everything read and compared?
    pub(crate) complete: bool,
    pub(crate) findings: usize,
    procore_calls: u64,
}

/// How the last run of a connection ended, if there was one.
pub(crate) async fn last(journal: &dyn Journal, id: &ConnectionId) -> Result<Option<Last>, Failure> {
    Ok(journal.cursor(id, LAST).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Runs, and leaves its findings in `findings.json` beside the journal. Nothing is posted.
///
/// # Errors
/// If a side cannot be read to the end. The run is then marked incomplete; started again, it goes on where it was.
pub(crate) async fn reconcile(
    settings: &ConnectionSettings,
    at: &BooksAt,
    extent: &Extent,
) -> Result<(CompanyReport, Done), Failure> {
    let mapping = Mapping::load(&settings.mapping)?;
    let journal = settings.journal()?;
    let (id, now) = (settings.id(), settings.clock().now());
    let last = last(&journal, &id).await?;
    let procore_calls = last.as_ref().map_or(0, |last| last.procore_calls);
    let begun = Last { at: now, complete: false, findings: 0, procore_calls };
    journal.set_cursor(&id, LAST, &serde_json::to_string(&begun)?).await?;

    let (source, projects) = limited(&settings.procore_source()?, extent.project.as_deref()).await?;
    let path = settings.dir.join("reconcile-run.ndjson");
    let project = extent.project.as_deref();
    let interrupted = RunFile::left(&path, project, now, run_file::INTERRUPTED);
    let kept = Kept::of(settings, project, now).filter(|_| interrupted.is_none());
    let reading = BooksReading::of(at, settings, now);
    let (books, documents) = match kept {
        Some(kept) => {
            if !extent.quiet {
                eprintln!("{}; {}.", kept.announce(extent.since), reading.announce());
            }
            let books = reading.read(settings).await?;
            (books, kept.renew(settings, &source, extent.since, now).await?)
        }
        None => {
            let mut run = match interrupted {
                Some(run) => run,
                None => {
                    let cursor = source.changes(None).await?.next.0;
                    RunFile::begin(&path, Head { started: now, cursor, project: extent.project.clone(), read: None })?
                }
            };
            let parts = source.parts().await?;
            if !extent.quiet {
                announce(&parts, &run, procore_calls, &reading);
            }
            let bar = progress_bar(parts.len() as u64 + 2, extent.quiet);
            let books = reading.read(settings).await?;
            bar.inc(1);
            let documents = documents(&source, &parts, &mut run, &bar).await?;
            bar.finish_and_clear();
            Kept::keep(settings, run.head.clone(), &documents)?;
            run.end();
            (books, documents)
        }
    };
    let mut problems = Vec::new();
    let payments =
        read::of_commitments(&source, &documents, &books, Payments::WherePaid, &mut problems, &|_| {}).await?;

    let (mut links, dead) = (journal.links(&id).await?, journal.dead_letters(&id).await?);
    links.extend(journal.links(&entries_of(&id)).await?);
    if let Some(projects) = &projects {
        links.retain(|l| l.document.project_and_id().is_none_or(|(project, _)| projects.contains(&project)));
    }
    let mut report = compare(&Companies {
        connection: &id,
        documents: &documents,
        payments: &payments,
        books: &books,
        links: &links,
        dead: &dead,
        mapping: &mapping,
        capabilities: &at.capabilities(settings),
        projects: projects.as_ref(),
    })?;
    report.problems.extend(problems);
    if let Some(since) = extent.since {
        let dates = dates(&documents);
        let book_dates: HashMap<_, _> =
            books.transactions.iter().map(|state| (&state.target, state.document.date())).collect();
        report.findings.retain(|finding| {
            let document = finding.document.as_ref().and_then(|document| dates.get(document));
            let target = finding.target.as_ref().and_then(|target| book_dates.get(target).copied().flatten());
            let known = document.copied().flatten().into_iter().chain(target).max();
            known.is_none_or(|date| date >= since)
        });
    }

    let mut done = give_back(&journal, settings, &report).await?;
    done.procore_calls = source.requests();
    let text = serde_json::to_string_pretty(&super::print::json(&report))?;
    let kept = settings.dir.join("findings.json");
    let fresh = settings.dir.join("findings.json.new");
    std::fs::write(&fresh, text)?;
    std::fs::rename(&fresh, &kept)?;
    if extent.project.is_none() && extent.since.is_none() {
        super::kept::keep(settings, &report, now)?;
    }
    let ended = Last {
        at: now,
        complete: report.is_complete(),
        findings: report.findings.len(),
        procore_calls: done.procore_calls,
    };
    journal.set_cursor(&id, LAST, &serde_json::to_string(&ended)?).await?;
    Ok((report, done))
}

/// A source of one project only, or of all.
async fn limited(
    source: &ProcoreSource,
    project: Option<&str>,
) -> Result<(ProcoreSource, Option<HashSet<ProjectId>>), Failure> {
    let Some(wanted) = project else {
        return Ok((ProcoreSource::new(source.procore().clone(), SourceOptions::default()), None));
    };
    let all = source.procore().projects().await?;
    let named: Vec<&procore_client::wire::projects::Project> = all.iter().filter_map(|p| p.as_ref().ok()).collect();
    let is = |text: Option<&str>| text.is_some_and(|text| text.trim().eq_ignore_ascii_case(wanted.trim()));
    let found = named.iter().find(|project| {
        project.id.as_str() == wanted || is(project.project_number.as_deref()) || is(project.name.as_deref())
    });
    let Some(found) = found else {
        let known: Vec<String> = named.iter().filter_map(|project| project.project_number.clone()).collect();
        return Err(format!("there is no project `{wanted}`; the numbers are {}", known.join(", ")).into());
    };
    let only = HashSet::from([found.id.clone()]);
    let options = SourceOptions::default().with_projects(Projects::Only(only.clone()));
    Ok((ProcoreSource::new(source.procore().clone(), options), Some(only)))
}

/// Says what the run will cost before it costs it.
fn announce(parts: &[Part], run: &RunFile, last: u64, reading: &BooksReading<'_>) {
    let left = parts.iter().filter(|part| !run.parts.contains_key(&part.0)).count();
    let guess = match last {
        0 => format!("at least {} calls to Procore, more where lists are long", left * 2),
        calls => {
            format!("about {} calls to Procore, as the last time", calls * left as u64 / parts.len().max(1) as u64)
        }
    };
    eprintln!("{guess}; {}.", reading.announce());
    if left < parts.len() {
        eprintln!(
            "Goes on with the run of {}: {} of {} parts are read.",
            run.head.started,
            parts.len() - left,
            parts.len()
        );
    }
}

/// Everything of Procore: what an interrupted run has read, what is still to read, and what changed since it began.
async fn documents(
    source: &ProcoreSource,
    parts: &[Part],
    run: &mut RunFile,
    bar: &ProgressBar,
) -> Result<Vec<Fetched>, Failure> {
    let mut documents: Vec<Fetched> = Vec::new();
    let resumed = !run.parts.is_empty();
    for part in parts {
        match run.parts.remove(&part.0) {
            Some(read) => documents.extend(read),
            None => {
                let mut pages = source.snapshot(part);
                let mut read = Vec::new();
                while let Some(page) = pages.next().await {
                    read.extend(page?);
                }
                run.keep(part, &read)?;
                documents.extend(read);
            }
        }
        bar.inc(1);
    }
    if resumed {
        let changes = source.changes(Some(&Cursor(run.head.cursor.clone()))).await?;
        let keys: Vec<DocumentKey> = changes.changes.into_iter().map(|change| change.document).collect();
        let fresh: BTreeMap<DocumentKey, Fetched> =
            source.fetch_many(&keys).await?.into_iter().map(|fetched| (fetched.key(), fetched)).collect();
        documents.retain(|fetched| !fresh.contains_key(&fetched.key()));
        documents.extend(fresh.into_values());
    }
    bar.inc(1);
    Ok(documents)
}

/// When documents were last changed or dated, whichever is later.
fn dates(documents: &[Fetched]) -> HashMap<DocumentKey, Option<NaiveDate>> {
    let date = |document: &Document| match document {
        Document::Commitment(c) => c.updated_at.map(|at| at.date_naive()).max(c.date),
        Document::PrimeContract(c) => c.updated_at.map(|at| at.date_naive()).max(c.date),
        Document::PayApp(app) => app.updated_at.map(|at| at.date_naive()).max(app.billing_date),
        Document::OwnerInvoice(app) => app.updated_at.map(|at| at.date_naive()).max(app.billing_date),
        _ => None,
    };
    let found = documents.iter().filter_map(|fetched| match fetched {
        Fetched::Found(document) => Some((document.key(), date(document))),
        _ => None,
    });
    found.collect()
}

/// What was missed goes back to intake; what was deleted or voided goes to a person, who alone can decide.
async fn give_back(
    journal: &dyn Journal,
    settings: &ConnectionSettings,
    report: &CompanyReport,
) -> Result<Done, Failure> {
    let (id, now) = (settings.id(), settings.clock().now());
    let known: HashSet<DocumentKey> =
        journal.dead_letters(&id).await?.into_iter().map(|letter| letter.document).collect();
    let linked: HashMap<_, _> =
        journal.links(&id).await?.into_iter().map(|link| (link.target, link.document)).collect();
    let mut done = Done::default();
    let (mut changes, mut seen) = (Vec::new(), HashSet::new());
    for finding in &report.findings {
        let by_target = finding.target.as_ref().and_then(|target| linked.get(target));
        let Some(document) = finding.document.as_ref().or(by_target) else { continue };
        if document.kind == DocumentKind::WipEntry {
            // No sync makes it: the next schedule corrects it, when somebody approves it.
            continue;
        }
        if known.contains(document) || !seen.insert(document.clone()) {
            continue;
        }
        match cause(finding) {
            Some(cause) => {
                let settlement = letter(finding, document, cause, now);
                // A document that is being worked right now tells by itself.
                if journal.settle(&id, &[settlement], now).await.is_ok() {
                    done.dead_letters += 1;
                }
            }
            None if needs_work(finding.kind) => changes.push(Change::found(document.clone())),
            None => {}
        }
    }
    if !changes.is_empty() {
        let intake = journal.intake(&id, &changes, now).await?;
        done.back_to_intake = intake.opened + intake.joined;
    }
    Ok(done)
}

/// The cause of a dead letter that only reconciliation can see.
fn cause(finding: &CompanyFinding) -> Option<Cause> {
    match (finding.kind, &finding.document) {
        (FindingKind::Deleted, Some(_)) => Some(Cause::DeletedInQuickbooks),
        (FindingKind::Deleted, None) => Some(Cause::DeletedInProcore),
        (FindingKind::Voided, _) => Some(Cause::VoidedInQuickbooks),
        _ => None,
    }
}

fn needs_work(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::MissingInQuickbooks
            | FindingKind::MissingInProcore
            | FindingKind::AmountDiffers
            | FindingKind::FieldDiffers
    )
}

fn letter(
    finding: &CompanyFinding,
    document: &DocumentKey,
    cause: Cause,
    now: chrono::DateTime<chrono::Utc>,
) -> Settlement {
    let label = finding.procore.clone().or_else(|| finding.quickbooks.clone());
    let letter = DeadLetter {
        document: document.clone(),
        label: label.unwrap_or_else(|| document.to_string()),
        cause,
        text: finding.text.clone(),
        amount: Some(finding.amount),
        target: finding.target.clone(),
        candidates: Vec::new(),
        since: now,
    };
    Settlement {
        document: document.clone(),
        token: None,
        audit: format!("found by reconciliation: {cause}: {}", letter.text),
        end: JobEnd::Dead(Box::new(letter)),
        closes: None,
        link: LinkChange::Keep,
    }
}

fn progress_bar(parts: u64, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("reading {bar:40} {pos} of {len} parts, {eta} left");
    ProgressBar::new(parts).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
