//! From terms, schedule of values and progress to certificates: both forms, the posting and the journal.
//!
//! A certificate states balances to date. What is posted is the difference to the certificate before, so that nothing
//! drifts and a changed rate invents no money. The G702 and G703 are AIA documents; their columns are explained at
//! <https://buildergrid.io/resources/aia-g702-g703-explained>.

use std::collections::HashMap;

use super::application::{Application, Progress, Schedule, in_order};
use super::bucket::{Bucket, Movement, Position};
use super::certificate::{Certificate, Side};
use super::rules::{ContractSum, RetainageTerms, Scope, TermsError};
use super::settle::{Claims, Refused, StatedCents, settle};
use crate::exact::{cents, money, within};
use crate::model::{Money, MoneyError, SovLineId};

/// Why an application cannot be worked out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// The terms cannot be meant.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A line stands twice in the schedule of values.
    #[error("line {line} stands twice in the schedule of values; each line needs an id of its own")]
    LineTwiceInSchedule {
        /// The line.
        line: SovLineId,
    },
    /// A line stands twice on an application.
    #[error("application {application} has line {line} twice; give its progress once")]
    LineTwice {
        /// The application.
        application: u32,
        /// The line.
        line: SovLineId,
    },
    /// An application bills or releases on a line that the contract lacks at that time.
    #[error(
        "application {application} names line {line}, which is not in the schedule of values by then; is its change \
         order approved?"
    )]
    UnknownLine {
        /// The application.
        application: u32,
        /// The line.
        line: SovLineId,
    },
    /// Stored material is a balance and cannot be below nothing.
    #[error("application {application} says that {stored} of material is stored on line {line}; correct column F")]
    StoredBelowNothing {
        /// The application.
        application: u32,
        /// The line.
        line: SovLineId,
        /// As given.
        stored: Money,
    },
    /// More was installed from storage than was stored, or than was completed.
    #[error("application {application} installs {installed} from storage on line {line}, which is more than there was")]
    InstalledAboveStored {
        /// The application.
        application: u32,
        /// The line.
        line: SovLineId,
        /// As given.
        installed: Money,
    },
    /// More is released than is held.
    #[error("application {application} releases {released} on {on}, where {held} is held; correct the release")]
    ReleasedAboveHeld {
        /// The application.
        application: u32,
        /// The line, or the contract.
        on: String,
        /// As given.
        released: Money,
        /// Held, with what the application itself withholds.
        held: Money,
    },
    /// A release by line where retainage is on the header.
    #[error("application {application} releases retainage of line {line}, but retainage is on the header only")]
    ReleaseByLine {
        /// The application.
        application: u32,
        /// The line.
        line: SovLineId,
    },
    /// Two applications of one number differ.
    #[error("there are two applications {application} that differ; which one counts?")]
    TwoOfOneNumber {
        /// Their number.
        application: u32,
    },
    /// An earlier application came after a later one.
    #[error("application {application} comes after application {last}; bring them in the order of their numbers")]
    OutOfOrder {
        /// The application.
        application: u32,
        /// The last one that was worked out.
        last: u32,
    },
}

/// Works out all applications of a contract, in the order of their numbers, however they are listed.
///
/// # Errors
/// [`ComputeError`], naming application and line, on the first that cannot be worked out.
pub fn certificates(
    schedule: &Schedule,
    terms: &RetainageTerms,
    side: Side,
    applications: &[Application],
) -> Result<Vec<Certificate>, ComputeError> {
    let mut certifier = Certifier::new(schedule, terms, side)?;
    in_order(applications)?.into_iter().map(|application| certifier.next(application)).collect()
}

/// Works out the applications of one contract, one after the other.
#[derive(Debug)]
pub struct Certifier<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) terms: &'a RetainageTerms,
    pub(super) side: Side,
    pub(super) lines: Vec<Line<'a>>,
    index: HashMap<&'a SovLineId, usize>,
    state: State,
}

#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) id: &'a SovLineId,
    pub(super) description: &'a str,
    /// The first application that it is part of.
    pub(super) from: u32,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    last: Option<u32>,
    /// Work and stored material to date, by line.
    pub(super) billed: Vec<(i128, i128)>,
    pub(super) buckets: Vec<Bucket>,
    /// G702 line 6 of the last certificate.
    earned: i128,
}

/// Sums of the contract, in cents.
#[derive(Clone, Copy)]
pub(super) struct Sums {
    pub(super) original: i128,
    pub(super) to_date: i128,
    pub(super) earned_before: i128,
}

impl<'a> Certifier<'a> {
    /// Before the first application.
    ///
    /// # Errors
    /// If the terms cannot be meant, or a line stands twice in the schedule.
    pub fn new(schedule: &'a Schedule, terms: &'a RetainageTerms, side: Side) -> Result<Self, ComputeError> {
        terms.check()?;
        let mut lines = Vec::with_capacity(schedule.lines.len());
        let mut index = HashMap::with_capacity(schedule.lines.len());
        for line in &schedule.lines {
            if index.insert(&line.id, lines.len()).is_some() {
                return Err(ComputeError::LineTwiceInSchedule { line: line.id.clone() });
            }
            lines.push(Line { id: &line.id, description: &line.description, from: 0 });
        }
        for change in &schedule.changes {
            for line in &change.lines {
                match index.get(&line.id).and_then(|at| lines.get_mut(*at)) {
                    Some(known) => known.from = known.from.min(change.from_application),
                    None => {
                        index.insert(&line.id, lines.len());
                        let (id, description) = (&line.id, line.description.as_str());
                        lines.push(Line { id, description, from: change.from_application });
                    }
                }
            }
        }
        let as_signed = schedule.lines.len();
        let rule = |(at, line): (usize, &Line<'_>)| {
            let of_change = terms.change_orders.filter(|_| at >= as_signed);
            terms.lines.get(line.id).copied().or(of_change).unwrap_or(terms.rule)
        };
        let buckets = match terms.scope {
            Scope::PerLine => lines.iter().enumerate().map(|line| Bucket::new(rule(line), terms)).collect(),
            Scope::HeaderOnly => vec![Bucket::new(terms.rule, terms)],
        };
        let state = State { last: None, billed: vec![(0, 0); lines.len()], buckets, earned: 0 };
        Ok(Self { schedule, terms, side, lines, index, state })
    }

    /// Works out the next application. After an error the contract stands as before.
    ///
    /// # Errors
    /// [`ComputeError`], naming application and line.
    pub fn next(&mut self, application: &Application) -> Result<Certificate, ComputeError> {
        if let Some(last) = self.state.last.filter(|last| *last >= application.number) {
            return Err(ComputeError::OutOfOrder { application: application.number, last });
        }
        let number = application.number;
        let scheduled = self.scheduled_at(number)?;
        let movements = self.movements(application)?;
        let mut state = self.state.clone();
        for (billed, movement) in state.billed.iter_mut().zip(&movements) {
            *billed = (within(billed.0 + movement.work)?, within(billed.1 + movement.stored)?);
        }
        let original =
            self.schedule.lines.iter().try_fold(0, |sum, l| Ok::<_, MoneyError>(sum + cents(l.scheduled)?))?;
        let to_date = within(scheduled.iter().sum())?;
        let contract = match self.terms.sum {
            ContractSum::ToDate => to_date,
            ContractSum::Original => within(original)?,
        };
        let of_header: [i128; 1] = [contract];
        let (of_buckets, moved): (&[i128], Vec<Movement>) = match self.terms.scope {
            Scope::PerLine => (&scheduled, movements.clone()),
            Scope::HeaderOnly => (&of_header, vec![Movement::sum(&movements)]),
        };
        let position = Position { terms: self.terms, number, contract, scheduled: of_buckets };
        let settled = settle(&position, &mut state.buckets, &moved, &self.claims(application)?)
            .map_err(|refused| self.refused(number, refused))?;
        let sums = Sums { original: within(original)?, to_date, earned_before: state.earned };
        let certificate = self.certificate(number, &state, &movements, &scheduled, sums, &settled)?;
        state.earned = cents(certificate.summary.earned_less_retainage)?;
        state.last = Some(number);
        self.state = state;
        Ok(certificate)
    }

    /// Scheduled value of each line when an application of this number is made.
    fn scheduled_at(&self, number: u32) -> Result<Vec<i128>, ComputeError> {
        let mut scheduled = vec![0; self.lines.len()];
        let changes = self.schedule.changes.iter().filter(|change| change.from_application <= number);
        for line in self.schedule.lines.iter().chain(changes.flat_map(|change| &change.lines)) {
            if let Some(value) = self.index.get(&line.id).and_then(|at| scheduled.get_mut(*at)) {
                *value = within(*value + cents(self.own(line.scheduled)?)?)?;
            }
        }
        Ok(scheduled)
    }

    fn own(&self, amount: Money) -> Result<Money, MoneyError> {
        amount.plus(Money::zero(self.schedule.currency))
    }

    fn find(&self, application: u32, line: &SovLineId) -> Result<usize, ComputeError> {
        let at = self.index.get(line).copied();
        at.filter(|at| self.lines.get(*at).is_some_and(|line| line.from <= application))
            .ok_or_else(|| ComputeError::UnknownLine { application, line: line.clone() })
    }

    fn movements(&self, application: &Application) -> Result<Vec<Movement>, ComputeError> {
        let mut movements = vec![Movement::default(); self.lines.len()];
        let mut seen = vec![false; self.lines.len()];
        for progress in &application.progress {
            let at = self.find(application.number, &progress.line)?;
            if seen.get_mut(at).is_some_and(|seen| std::mem::replace(seen, true)) {
                return Err(ComputeError::LineTwice { application: application.number, line: progress.line.clone() });
            }
            let before = self.state.billed.get(at).map_or(0, |billed| billed.1);
            if let Some(movement) = movements.get_mut(at) {
                *movement = self.movement(application.number, progress, before)?;
            }
        }
        Ok(movements)
    }

    fn movement(&self, application: u32, progress: &Progress, before: i128) -> Result<Movement, ComputeError> {
        let line = || progress.line.clone();
        let work = cents(self.own(progress.work)?)?;
        let now = match progress.stored {
            Some(stored) if stored.is_negative() => {
                return Err(ComputeError::StoredBelowNothing { application, line: line(), stored });
            }
            Some(stored) => cents(self.own(stored)?)?,
            None => before,
        };
        let moved = match progress.from_stored {
            Some(installed) => {
                let moved = cents(self.own(installed)?)?;
                if moved < 0 || moved > before || moved > work.max(0) {
                    return Err(ComputeError::InstalledAboveStored { application, line: line(), installed });
                }
                moved
            }
            // What left the store while work was completed was installed.
            None => work.max(0).min((before - now).max(0)),
        };
        Ok(Movement { work, stored: now - before, moved })
    }

    /// What the application asks for beyond its progress: releases and stated amounts.
    fn claims(&self, application: &Application) -> Result<Claims, ComputeError> {
        let number = application.number;
        let header_only = self.terms.scope == Scope::HeaderOnly;
        let read = |amount: Option<Money>| amount.map(|amount| cents(self.own(amount)?)).transpose();
        let mut stated = vec![StatedCents::default(); self.state.buckets.len()];
        for progress in &application.progress {
            let at = if header_only { 0 } else { self.find(number, &progress.line)? };
            if let Some(stated) = stated.get_mut(at) {
                for (sum, part) in [
                    (&mut stated.withheld, read(progress.stated.withheld)?),
                    (&mut stated.released, read(progress.stated.released)?),
                ] {
                    if let Some(part) = part {
                        *sum = Some(sum.unwrap_or(0) + part);
                    }
                }
            }
        }
        let mut releases = Vec::with_capacity(application.releases.len());
        for release in &application.releases {
            let bucket = match &release.line {
                Some(line) if header_only => {
                    return Err(ComputeError::ReleaseByLine { application: number, line: line.clone() });
                }
                Some(line) => Some(self.find(number, line)?),
                None => None,
            };
            releases.push((bucket, read(release.amount)?));
        }
        let (withheld, released) = (read(application.stated.withheld)?, read(application.stated.released)?);
        Ok(Claims { stated, header: StatedCents { withheld, released }, releases })
    }

    fn refused(&self, application: u32, refused: Refused) -> ComputeError {
        let amount = |cents| money(cents, self.schedule.currency);
        match refused {
            Refused::Money(error) => error.into(),
            Refused::Excess { bucket, released, held } => match (amount(released), amount(held)) {
                (Ok(released), Ok(held)) => {
                    let line = bucket.and_then(|at| self.lines.get(at));
                    let on = line.map_or_else(|| "the contract".to_owned(), |line| format!("line {}", line.id));
                    ComputeError::ReleasedAboveHeld { application, on, released, held }
                }
                (Err(error), _) | (_, Err(error)) => error.into(),
            },
        }
    }
}
