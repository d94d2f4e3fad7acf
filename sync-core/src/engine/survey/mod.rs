//! What exists on both sides, matched, before anything is written: for the first connection, and for a journal that was
//! lost.

mod document;

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::StreamExt;
use serde::Serialize;

use super::decide::{match_lines, rekey, unlike};
use super::index::{Index, journal_error};
use super::judge::{link_of, theirs_stands};
use super::plan::{Desk, order};
use super::{Engine, Parts};
use crate::connector::{Condition, Fetched, TargetState};
use crate::dead_letter::Cause;
use crate::error::Error;
use crate::mapping::Names;
use crate::matching::{Basis, Certainty, Matching, Reason, Record, Rules, match_records};
use crate::model::accounting::AccountingDocument;
use crate::model::construction::{Customer, Document};
use crate::model::{Date, DocumentKey, DocumentKind, Money, TargetKind, TargetRef};
use document::{differences, mark, record, referred, refers_to, surveyed};

/// Everything that exists on both sides, and what belongs together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Survey {
    /// The documents that should stand in the accounting system, those referred to first.
    pub documents: Vec<Surveyed>,
    /// Transactions that carry a mark of this connection, for a document that should not stand there now.
    #[serde(skip)]
    pub(super) strays: Vec<(DocumentKey, TargetState)>,
}

/// One document of a survey.
#[derive(Clone, Debug, Serialize)]
pub struct Surveyed {
    /// The document.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// Its number or name as it would be written.
    pub number: Option<String>,
    /// Its amount.
    pub amount: Option<Money>,
    /// Its date.
    pub date: Option<Date>,
    /// Where it stands.
    pub place: Place,
    /// It was compared under the assumption that a likely match of what it refers to is right.
    pub rests_on_guess: bool,
    #[serde(skip)]
    pub(super) wanted: Option<Box<AccountingDocument>>,
    /// What is known of a pay app whose commitment is not there: its kind and its vendor.
    #[serde(skip)]
    hint: Option<(TargetKind, String)>,
}

impl Surveyed {
    fn target_kind(&self) -> Option<TargetKind> {
        self.wanted.as_ref().map(|wanted| wanted.kind()).or(self.hint.as_ref().map(|(kind, _)| *kind))
    }

    fn record(&self) -> Record<'_> {
        match (&self.wanted, &self.hint) {
            (Some(wanted), _) => record(wanted),
            (None, Some((_, party))) => Record {
                party: Some(party),
                number: self.number.as_deref(),
                amount: self.amount.map(Money::absolute),
                date: self.date,
                ..Record::default()
            },
            (None, None) => Record::default(),
        }
    }
}

/// Where a document stands in the accounting system.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// It is linked already.
    Linked(TargetRef),
    /// It is there and equal in all that Procore owns: may be linked without asking.
    Same(Box<Match>),
    /// These may be it: a person decides.
    Proposed(Vec<Match>),
    /// Nothing there looks like it.
    New,
    /// Nothing was looked for, since what it refers to is not there.
    Waits(DocumentKey),
    /// It cannot be posted as it is.
    Dead(Cause, String),
}

/// A transaction or list entry that may be a document.
#[derive(Clone, Debug, Serialize)]
pub struct Match {
    /// Which.
    pub target: TargetRef,
    /// Its number or name.
    pub number: Option<String>,
    /// Its total.
    pub amount: Option<Money>,
    /// Its date.
    pub date: Option<Date>,
    /// What the match stands on.
    pub basis: Basis,
    /// How sure it is.
    pub certainty: Certainty,
    /// 0 to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What differs among the fields that Procore owns.
    pub differences: Vec<String>,
    #[serde(skip)]
    pub(super) state: TargetState,
}

impl Survey {
    /// The documents that a person must decide about.
    pub fn open(&self) -> impl Iterator<Item = (&Surveyed, &[Match])> {
        self.documents.iter().filter_map(|one| match &one.place {
            Place::Proposed(matches) => Some((one, matches.as_slice())),
            _ => None,
        })
    }

    /// The documents that are there and the same.
    pub fn same(&self) -> impl Iterator<Item = (&Surveyed, &Match)> {
        self.documents.iter().filter_map(|one| match &one.place {
            Place::Same(found) => Some((one, found.as_ref())),
            _ => None,
        })
    }
}

/// What was decided about pairs before the survey.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) confirmed: HashMap<DocumentKey, TargetRef>,
}

/// The accounting side of a survey: what is not linked yet, by kind.
struct Inventory {
    by_kind: BTreeMap<TargetKind, Vec<TargetState>>,
}

impl Engine {
    /// Reads both sides and says what belongs together. Nothing is written, on either side or in the journal.
    ///
    /// # Errors
    /// If the source, the sink or the journal cannot be read.
    pub async fn survey(&self) -> Result<Survey, Error> {
        self.parts.sink.begin().await?;
        self.survey_given(&Given::default()).await
    }

    pub(super) async fn survey_given(&self, given: &Given) -> Result<Survey, Error> {
        let Parts { connection, sink, journal, clock, .. } = &self.parts;
        let mapping = self.mapping();
        let mut index = Index::load(journal.as_ref(), connection).await?;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let linked: HashMap<DocumentKey, TargetRef> =
            links.into_iter().map(|link| (link.document, link.target)).collect();
        let mut inventory = self.inventory(&linked.values().cloned().collect()).await?;
        let documents = self.read_everything().await?;
        index.awaited.extend(documents.iter().flat_map(referred));
        let directory = sink.directory().await?;
        let names = Names::new(&directory);
        let desk = Desk {
            connection,
            mapping: &mapping,
            directory: &directory,
            names: &names,
            sink: sink.as_ref(),
            now: clock.now(),
        };
        let mut survey = Survey::default();
        let mut guessed: HashSet<String> = HashSet::new();
        for kind in DocumentKind::ALL {
            let mut wave: BTreeMap<TargetKind, Vec<Surveyed>> = BTreeMap::new();
            for fetched in documents.iter().filter(|fetched| fetched.key().kind == *kind) {
                let mut one = surveyed(&desk, fetched, &mut index, &linked);
                let is_placed = matches!(one.place, Place::Linked(_) | Place::Dead(..));
                match one.target_kind().filter(|_| !is_placed) {
                    Some(kind) => {
                        one.rests_on_guess = one.wanted.as_ref().is_some_and(|wanted| refers_to(wanted, &guessed));
                        wave.entry(kind).or_default().push(one);
                    }
                    // What should not stand there and has no link is nothing to tell.
                    None if one.wanted.is_none() && matches!(one.place, Place::New) => {}
                    None => survey.documents.push(one),
                }
            }
            for (target_kind, mut ones) in wave {
                let there = inventory.by_kind.get(&target_kind).map(Vec::as_slice).unwrap_or_default();
                self.place(&desk, &mut ones, there, given, &index);
                for one in &ones {
                    let Some((found, sure)) = provisional(one, given) else { continue };
                    let Some(wanted) = &one.wanted else { continue };
                    let mut state = found.state.clone();
                    let lines = match_lines(wanted, &state.document);
                    rekey(&mut state.document, &lines);
                    let base = theirs_stands(&wanted.fields(), &state, lines, |path| mapping.owner(path));
                    index.put(&link_of(&one.document, &state, base, mapping.version()));
                    if !sure || one.rests_on_guess {
                        guessed.insert(found.target.to_string());
                    }
                }
                self.parts.observer.finished(*kind, ones.len());
                survey.documents.extend(ones);
            }
        }
        survey.strays = strays(&survey, &mut inventory, connection);
        Ok(survey)
    }

    /// What is in the accounting system and not linked.
    async fn inventory(&self, linked: &HashSet<TargetRef>) -> Result<Inventory, Error> {
        let kinds = self.parts.sink.capabilities().kinds;
        let mut by_kind: BTreeMap<TargetKind, Vec<TargetState>> = BTreeMap::new();
        for state in self.parts.sink.inventory(kinds).await? {
            if !linked.contains(&state.target) {
                by_kind.entry(state.target.kind).or_default().push(state);
            }
        }
        Ok(Inventory { by_kind })
    }

    /// Is there anything in the accounting system that this connection has not made?
    pub(super) async fn has_foreign(&self) -> Result<bool, Error> {
        let inventory = self.inventory(&HashSet::new()).await?;
        let ours = |state: &TargetState| state.marker.as_ref().is_some_and(|m| m.connection == self.parts.connection);
        Ok(inventory.by_kind.values().flatten().any(|state| !ours(state)))
    }

    /// Every document of the source, those referred to first. What a snapshot of this process read whole is not read
    /// again.
    async fn read_everything(&self) -> Result<Vec<Fetched>, Error> {
        let kept = self
            .fresh
            .lock()
            .ok()
            .filter(|_| self.is_whole())
            .map(|fresh| fresh.values().map(|fresh| fresh.fetched.clone()).collect::<Vec<_>>());
        let mut all = match kept {
            Some(all) => all,
            None => {
                let mut all = Vec::new();
                for part in self.parts.source.parts().await? {
                    let mut pages = self.parts.source.snapshot(&part);
                    while let Some(page) = pages.next().await {
                        for fetched in page? {
                            self.parts.observer.taken_in(fetched.key().kind, 1);
                            all.push(fetched);
                        }
                    }
                }
                all
            }
        };
        let owners: HashSet<DocumentKey> = all.iter().filter_map(|fetched| self.customer_of(fetched)).collect();
        let here: HashSet<DocumentKey> = all.iter().map(Fetched::key).collect();
        all.extend(
            owners
                .into_iter()
                .filter(|key| !here.contains(key))
                .map(|key| Fetched::Found(Box::new(Document::Customer(Customer { name: key.id.to_string() })))),
        );
        all.sort_by_cached_key(|fetched| (order(fetched), fetched.key()));
        Ok(all)
    }

    /// Says of each document of one target kind where it stands.
    fn place(&self, desk: &Desk<'_>, ones: &mut [Surveyed], there: &[TargetState], given: &Given, index: &Index) {
        let markers: Vec<String> = ones.iter().map(|one| desk.marker(&one.document, 0).to_string()).collect();
        let keys: Vec<String> = ones.iter().map(|one| one.document.to_string()).collect();
        let left: Vec<Record<'_>> = ones
            .iter()
            .zip(&markers)
            .zip(&keys)
            .map(|((one, marker), key)| {
                let link = given.confirmed.get(&one.document).map(|target| target.id.as_str());
                Record { id: key, marker: Some(marker), link, ..one.record() }
            })
            .collect();
        let marks: Vec<Option<String>> = there.iter().map(mark).collect();
        let ours = |mark: &Option<String>| mark.as_ref().is_some_and(|mark| markers.contains(mark));
        let eligible: Vec<&TargetState> = there
            .iter()
            .zip(&marks)
            .filter(|(state, mark)| state.condition == Condition::Live || ours(mark))
            .map(|(state, _)| state)
            .collect();
        let marks: Vec<Option<String>> = eligible.iter().map(|state| mark(state)).collect();
        let right: Vec<Record<'_>> = eligible
            .iter()
            .zip(&marks)
            .map(|(state, mark)| Record {
                id: state.target.id.as_str(),
                marker: mark.as_deref(),
                amount: state.total.or_else(|| state.document.total().ok().flatten()),
                ..record(&state.document)
            })
            .collect();
        let Matching { proposals, .. } = match_records(&left, &right, &Rules::default());
        let mut found: BTreeMap<usize, Vec<Match>> = BTreeMap::new();
        for proposal in proposals {
            let ([l], [r]) = (proposal.left.as_slice(), proposal.right.as_slice()) else { continue };
            let (Some(one), Some(state)) = (ones.get(*l), eligible.get(*r)) else { continue };
            if index.adoption.is_declined(&one.document, &state.target) {
                continue;
            }
            let matched = Match {
                target: state.target.clone(),
                number: state.document.number().map(str::to_owned),
                amount: state.total,
                date: state.document.date(),
                basis: proposal.basis,
                certainty: proposal.certainty,
                score: proposal.score,
                reasons: proposal.reasons,
                differences: match &one.wanted {
                    Some(wanted) => differences(wanted, state, |path| desk.mapping.owner(path)),
                    None => Vec::new(),
                },
                state: (*state).clone(),
            };
            found.entry(*l).or_default().push(matched);
        }
        for (place, matches) in found {
            if let Some(one) = ones.get_mut(place) {
                one.place = placed(one.wanted.as_deref(), matches, desk);
            }
        }
    }
}

fn placed(wanted: Option<&AccountingDocument>, mut matches: Vec<Match>, desk: &Desk<'_>) -> Place {
    if let ([only], Some(wanted)) = (matches.as_slice(), wanted) {
        let owner = |path: &str| desk.mapping.owner(path);
        let is_same = only.state.condition == Condition::Live
            && (only.differences.is_empty() || unlike(wanted, &only.state, &owner).is_none());
        if only.certainty == Certainty::Certain && only.basis != Basis::Link && is_same {
            return match matches.pop() {
                Some(only) => Place::Same(Box::new(only)),
                None => Place::New,
            };
        }
    }
    for found in &mut matches {
        // That it is the same document is sure; that nobody need look at the differences is not.
        if found.certainty == Certainty::Certain && found.basis == Basis::NaturalKey {
            found.certainty = Certainty::Likely;
        }
    }
    Place::Proposed(matches)
}

/// What documents that refer to a document are compared with: what is sure, or the likely one.
fn provisional<'s>(one: &'s Surveyed, given: &Given) -> Option<(&'s Match, bool)> {
    match &one.place {
        Place::Same(found) => Some((found, true)),
        Place::Proposed(matches) => {
            let confirmed = given.confirmed.get(&one.document);
            if let Some(found) = matches.iter().find(|found| Some(&found.target) == confirmed) {
                return Some((found, true));
            }
            let found = matches.first().filter(|found| found.certainty != Certainty::Ambiguous)?;
            Some((found, found.basis == Basis::Marker))
        }
        _ => None,
    }
}

/// Transactions that carry a mark of this connection and belong to no document of the survey.
fn strays(
    survey: &Survey,
    inventory: &mut Inventory,
    connection: &crate::model::ConnectionId,
) -> Vec<(DocumentKey, TargetState)> {
    let placed: HashSet<&DocumentKey> = survey
        .documents
        .iter()
        .filter(|one| matches!(one.place, Place::Linked(_) | Place::Same(_) | Place::Proposed(_)))
        .map(|one| &one.document)
        .collect();
    let mut strays: BTreeMap<DocumentKey, Vec<TargetState>> = BTreeMap::new();
    for state in std::mem::take(&mut inventory.by_kind).into_values().flatten() {
        if let Some(marker) = state.marker.as_ref().filter(|marker| marker.connection == *connection)
            && !placed.contains(&marker.document)
        {
            strays.entry(marker.document.clone()).or_default().push(state);
        }
    }
    // Two of one document are for a person, not for a link.
    strays
        .into_iter()
        .filter(|(_, states)| states.len() == 1)
        .flat_map(|(key, mut states)| states.pop().map(|state| (key, state)))
        .collect()
}
