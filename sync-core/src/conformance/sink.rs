//! What every [`Sink`] must keep, tried with vendors: every accounting system has them, and they need nothing else.

use std::fmt;

use futures_util::future::BoxFuture;

use super::{Checked, Failure, Problem, equal, holds};
use crate::connector::{Found, Marker, Operation, Outcome, RefusalReason, Sink, TargetState, Wanted, Write};
use crate::model::accounting::{AccountingDocument, Vendor};
use crate::model::{DocumentKey, DocumentKind, TargetKind, TargetRef, Timestamp};

/// One promise of a [`Sink`], to be tried on one that holds no vendor of these names and may be written to.
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: for<'s> fn(&'s dyn Sink, Timestamp) -> BoxFuture<'s, Checked>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

impl Case {
    /// The name, which says what is promised.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Tries the promise. `now` is the time of the sink's clock.
    ///
    /// # Errors
    /// [`Failure`] if it is not kept.
    pub async fn run(&self, sink: &dyn Sink, now: Timestamp) -> Result<(), Failure> {
        let begun = sink.begin().await.map_err(Problem::from);
        let outcome = match begun {
            Ok(()) => (self.run)(sink, now).await,
            Err(problem) => Err(problem),
        };
        outcome.map_err(|Problem(problem)| Failure { case: self.name, problem })
    }
}

macro_rules! cases {
    ($($case:ident),+) => {
        /// All cases. Each wants a sink of its own.
        pub const CASES: &[Case] =
            &[$(Case { name: stringify!($case), run: |sink, now| Box::pin($case(sink, now)) },)+];
    };
}

cases!(
    what_was_created_is_read_back,
    the_same_write_twice_is_one_entry,
    a_write_is_found_by_looking_and_one_never_sent_is_not,
    an_update_needs_the_current_version,
    what_is_not_there_is_deleted_and_not_an_error,
    candidates_are_what_exists_already,
    a_whole_batch_is_answered_write_by_write
);

/// Runs all cases, each on a sink that `make` makes for it, and gives back those that failed. `now` is the time of their
/// clock.
pub async fn run_all<S: Sink>(now: Timestamp, make: impl AsyncFn() -> S) -> Vec<Failure> {
    let mut failures = Vec::new();
    for case in CASES {
        let sink = make().await;
        failures.extend(case.run(&sink, now).await.err());
    }
    failures
}

fn marker(number: usize) -> Marker {
    let document = DocumentKey::new(DocumentKind::Vendor, format!("conformance-{number}"));
    Marker { connection: "conformance".into(), document, generation: 0 }
}

fn vendor(name: &str) -> AccountingDocument {
    let name = name.to_owned();
    AccountingDocument::Vendor(Vendor { name, address: None, phone: None, email: None, active: true })
}

fn create(number: usize) -> Write {
    let operation = Operation::Create(vendor(&format!("Conformance Vendor {number}")));
    Write { key: format!("conformance-create-{number}"), marker: marker(number), operation }
}

async fn done(sink: &dyn Sink, write: &Write) -> Result<TargetState, Problem> {
    match sink.apply(std::slice::from_ref(write)).await.pop() {
        Some(Outcome::Done(state)) => Ok(*state),
        other => Err(Problem(format!("{} was to be done, and the answer is {other:?}", write.key))),
    }
}

async fn read(sink: &dyn Sink, target: &TargetRef) -> Result<Option<TargetState>, Problem> {
    let mut found = sink.read_afresh(std::slice::from_ref(target)).await?;
    equal("answers to one question", found.len(), 1)?;
    Ok(match found.pop() {
        Some(Found::Present(state)) => Some(*state),
        _ => None,
    })
}

async fn what_was_created_is_read_back(sink: &dyn Sink, _: Timestamp) -> Checked {
    let state = done(sink, &create(1)).await?;
    equal("kind", state.target.kind, TargetKind::Vendor)?;
    equal("name", state.document.number().map(str::to_owned), Some("Conformance Vendor 1".to_owned()))?;
    let found = read(sink, &state.target).await?;
    equal("read", found.map(|found| (found.target, found.version)), Some((state.target, state.version)))
}

async fn the_same_write_twice_is_one_entry(sink: &dyn Sink, _: Timestamp) -> Checked {
    let (first, second) = (done(sink, &create(1)).await?, done(sink, &create(1)).await?);
    equal("the entry of the repetition", second.target, first.target)
}

async fn a_write_is_found_by_looking_and_one_never_sent_is_not(sink: &dyn Sink, now: Timestamp) -> Checked {
    let made = done(sink, &create(1)).await?;
    let found = sink.find_written(&[create(2), create(1)], now).await?;
    let found: Vec<_> = found.into_iter().map(|state| state.map(|state| state.target)).collect();
    equal("found", found, vec![None, Some(made.target)])
}

async fn an_update_needs_the_current_version(sink: &dyn Sink, _: Timestamp) -> Checked {
    let made = done(sink, &create(1)).await?;
    let update = |key: &str, name: &str| Write {
        key: key.to_owned(),
        marker: marker(1),
        operation: Operation::Update {
            target: made.target.clone(),
            version: made.version.clone(),
            document: vendor(name),
        },
    };
    let changed = done(sink, &update("conformance-update-1", "Conformance Vendor One")).await?;
    holds("a change gives another version", changed.version != made.version)?;
    let stale = sink.apply(&[update("conformance-update-2", "Conformance Vendor Uno")]).await.pop();
    let refused = matches!(&stale, Some(Outcome::Refused(refusal)) if refusal.reason == RefusalReason::Stale);
    holds(&format!("an update on an old version is refused as stale ({stale:?})"), refused)?;
    let now = read(sink, &made.target).await?.and_then(|state| state.document.number().map(str::to_owned));
    equal("what is there", now, Some("Conformance Vendor One".to_owned()))
}

async fn what_is_not_there_is_deleted_and_not_an_error(sink: &dyn Sink, _: Timestamp) -> Checked {
    let nobody = TargetRef { kind: TargetKind::Vendor, id: "987654321".into() };
    equal("read", read(sink, &nobody).await?.map(|state| state.target), None)
}

async fn candidates_are_what_exists_already(sink: &dyn Sink, _: Timestamp) -> Checked {
    let made = done(sink, &create(1)).await?;
    let (markers, documents) =
        ([marker(1), marker(2)], [vendor("Conformance Vendor 1"), vendor("Conformance Vendor 2")]);
    let wanted: Vec<Wanted<'_>> =
        markers.iter().zip(&documents).map(|(marker, document)| Wanted { marker, document }).collect();
    let found = sink.candidates(&wanted).await?;
    let found: Vec<Vec<TargetRef>> =
        found.into_iter().map(|one| one.matches.into_iter().map(|state| state.target).collect()).collect();
    equal("candidates", found, vec![vec![made.target], Vec::new()])
}

async fn a_whole_batch_is_answered_write_by_write(sink: &dyn Sink, _: Timestamp) -> Checked {
    let most = sink.capabilities().max_batch.clamp(1, 40);
    let writes: Vec<Write> = (0..most).map(create).collect();
    let outcomes = sink.apply(&writes).await;
    equal("answers", outcomes.len(), most)?;
    for (outcome, write) in outcomes.iter().zip(&writes) {
        let Outcome::Done(state) = outcome else { return Err(Problem(format!("{}: {outcome:?}", write.key))) };
        let Operation::Create(wanted) = &write.operation else { continue };
        equal("the entry that answers a write", state.document.number(), wanted.number())?;
    }
    Ok(())
}
