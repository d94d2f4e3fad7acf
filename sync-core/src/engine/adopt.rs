//! The first connection: link what is the same, ask about what may be, create nothing until that is settled. And the
//! links of a journal that was lost.

use std::collections::HashMap;

use serde::Serialize;

use super::adoption::{Adoption, AdoptionState};
use super::decide::{match_lines, rekey};
use super::index::journal_error;
use super::judge::{link_of, ours_wins, positions, theirs_stands};
use super::survey::{Given, Match, Place, Surveyed};
use super::{Engine, Parts};
use crate::error::{Error, ErrorKind};
use crate::journal::{Base, JobEnd, Link, LinkChange, Settlement};
use crate::matching::Basis;
use crate::model::{DocumentKey, TargetRef};

/// What a person says about a pair that was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The same; what differs stays as QuickBooks has it.
    Keep,
    /// The same; the next sync writes Procore's values.
    Update,
    /// Not the same.
    No,
}

/// What adoption came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Links made.
    pub linked: usize,
    /// Pairs that a person declined.
    pub declined: usize,
    /// Documents about which a person must still decide.
    pub open: usize,
    /// Is the first connection settled?
    pub finished: bool,
}

/// What rebuilding links came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Documents read.
    pub documents: usize,
    /// Links to transactions that are as Procore has them.
    pub same: usize,
    /// Links to transactions that differ: the next sync asks a person.
    pub differing: usize,
    /// Links to transactions whose document is gone, or cannot be posted now.
    pub strays: usize,
    /// Documents that stand nowhere: the next sync creates them.
    pub new: usize,
    /// Links of payments that are recorded in the source.
    pub payments: usize,
}

impl Engine {
    /// How far the first connection is.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn adoption(&self) -> Result<AdoptionState, Error> {
        Ok(self.read_adoption().await?.state)
    }

    async fn read_adoption(&self) -> Result<Adoption, Error> {
        Adoption::read(self.parts.journal.as_ref(), &self.parts.connection).await
    }

    async fn store_adoption(&self, adoption: &Adoption) -> Result<(), Error> {
        adoption.store(self.parts.journal.as_ref(), &self.parts.connection).await
    }

    /// May documents be created? The first time, both sides are compared: if nothing that exists may be the same as
    /// something that would be created, or all of it is equal, the answer is yes from then on. If not, the count of
    /// documents that a person must decide about.
    pub(super) async fn gate(&self) -> Result<Result<(), usize>, Error> {
        let mut adoption = self.read_adoption().await?;
        if adoption.state == AdoptionState::Done {
            return Ok(Ok(()));
        }
        let Parts { connection, journal, .. } = &self.parts;
        let unknown = adoption.state == AdoptionState::Unknown;
        let is_running = unknown && journal.counts(connection).await.map_err(journal_error)?.links > 0;
        if !is_running && self.has_foreign().await? {
            let open = self.survey_given(&Given::default()).await?.open().filter(is_question).count();
            if open > 0 {
                adoption.state = AdoptionState::Open;
                self.store_adoption(&adoption).await?;
                return Ok(Err(open));
            }
        }
        adoption.state = AdoptionState::Done;
        self.store_adoption(&adoption).await?;
        Ok(Ok(()))
    }

    /// Links every document that is there and the same.
    ///
    /// # Errors
    /// If either side or the journal cannot be read, or the journal not be written.
    pub async fn adopt_same(&self) -> Result<Adopted, Error> {
        self.answer(&[], true).await
    }

    /// Takes a person's answers about proposed pairs, and links what is confirmed. Documents that are there and the same
    /// are linked too.
    ///
    /// # Errors
    /// If a pair is none (the document or the transaction is not there, is of another kind, or is linked otherwise);
    /// nothing is linked then. Or if either side or the journal cannot be read or written.
    pub async fn adopt_confirmed(&self, answers: &[(DocumentKey, TargetRef, Answer)]) -> Result<Adopted, Error> {
        self.answer(answers, true).await
    }

    async fn answer(&self, answers: &[(DocumentKey, TargetRef, Answer)], same: bool) -> Result<Adopted, Error> {
        self.parts.sink.begin().await?;
        let mut adoption = self.read_adoption().await?;
        let mut given = Given::default();
        let mut report = Adopted::default();
        let mut keep: HashMap<&DocumentKey, Answer> = HashMap::new();
        for (document, target, answer) in answers {
            if *answer == Answer::No {
                adoption.decline(document, target);
                report.declined += 1;
            } else if given.confirmed.insert(document.clone(), target.clone()).is_some_and(|other| other != *target) {
                return Err(wrong(document, "is confirmed with two transactions; leave one"));
            } else {
                keep.insert(document, *answer);
            }
        }
        let mut targets: Vec<&TargetRef> = given.confirmed.values().collect();
        targets.sort_unstable();
        let mut pairs = targets.iter().zip(targets.iter().skip(1));
        if let Some((twice, _)) = pairs.find(|(one, two)| one == two) {
            let text = format!("{twice} is confirmed for two documents; leave one");
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        self.store_adoption(&adoption).await?;
        let survey = self.survey_given(&given).await?;
        let mut links = Vec::new();
        for (document, target) in &given.confirmed {
            let one = survey.documents.iter().find(|one| one.document == *document);
            let one = one.ok_or_else(|| wrong(document, "is no document that should stand in QuickBooks"))?;
            let found = confirmed(one, target)?;
            let Some(found) = found else { continue };
            links.push(self.link_confirmed(one, found, keep.get(document) == Some(&Answer::Update)));
        }
        if same {
            let sure = survey.same().filter(|(one, _)| !one.rests_on_guess);
            links.extend(sure.map(|(one, found)| self.link_same(one, found)));
        }
        report.linked = links.len();
        self.put_links(&links, "adopted").await?;
        for link in &links {
            adoption.adopted.push((link.document.clone(), link.target.clone()));
        }
        let is_linked = |document: &DocumentKey| links.iter().any(|link| link.document == *document);
        report.open = survey.open().filter(is_question).filter(|(one, _)| !is_linked(&one.document)).count();
        report.finished = report.open == 0;
        adoption.state = if report.finished { AdoptionState::Done } else { AdoptionState::Open };
        self.store_adoption(&adoption).await?;
        Ok(report)
    }

    /// Says that what is not linked now is new: from now on documents are created. What may be the same as something that
    /// exists becomes a dead letter, one by one.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn finish_adoption(&self) -> Result<(), Error> {
        let mut adoption = self.read_adoption().await?;
        adoption.state = AdoptionState::Done;
        // What was linked may have been paid long ago.
        self.read_all_payments_next().await?;
        self.store_adoption(&adoption).await
    }

    /// Takes back a link that adoption made. The transaction stays as it is, the pair is not proposed again, and nothing is
    /// created until adoption is finished once more.
    ///
    /// # Errors
    /// If adoption made no such link.
    pub async fn unadopt(&self, document: &DocumentKey) -> Result<TargetRef, Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let mut adoption = self.read_adoption().await?;
        let link = journal.link(connection, document).await.map_err(journal_error)?;
        let made = |link: &Link| adoption.adopted.contains(&(document.clone(), link.target.clone()));
        let Some(link) = link.filter(made) else {
            return Err(wrong(document, "has no link that `adopt` made; links that the sync made stay"));
        };
        adoption.adopted.retain(|(made, _)| made != document);
        adoption.decline(document, &link.target);
        adoption.state = AdoptionState::Open;
        self.store_adoption(&adoption).await?;
        let mut end = row(document, format!("a person took back the link to {}", link.target));
        end.link = LinkChange::Remove;
        journal.settle(connection, &[end], clock.now()).await.map_err(journal_error)?;
        Ok(link.target)
    }

    /// Recreates the links of a journal that was lost, from the marks in the accounting system and from equal names;
    /// those of payments from their origin ids in the source.
    /// What is equal is agreed on; what differs is linked with an unknown base, so that the next sync asks a person and
    /// overwrites nothing.
    ///
    /// # Errors
    /// If the journal has links, or either side cannot be read, or the journal not be written.
    pub async fn rebuild_links(&self) -> Result<Rebuilt, Error> {
        let Parts { connection, journal, sink, .. } = &self.parts;
        let links = journal.counts(connection).await.map_err(journal_error)?.links;
        if links > 0 {
            let text = format!(
                "the journal has {links} links; rebuilding is for a journal that was lost. Move it away first, or add \
                 to what is there"
            );
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        sink.begin().await?;
        self.rebuild_missing_links().await
    }

    /// As [`rebuild_links`](Self::rebuild_links), in a journal that has links: those that are missing are added.
    ///
    /// # Errors
    /// If either side cannot be read, or the journal not be written.
    pub async fn rebuild_missing_links(&self) -> Result<Rebuilt, Error> {
        let survey = self.survey().await?;
        let mut report = Rebuilt { documents: survey.documents.len(), ..Rebuilt::default() };
        let mut links = Vec::new();
        for one in &survey.documents {
            match &one.place {
                Place::Same(found) => {
                    report.same += 1;
                    links.push(self.link_same(one, found));
                }
                Place::Proposed(matches) => match matches.as_slice() {
                    [only] if only.basis == Basis::Marker => {
                        report.differing += 1;
                        links.push(self.link_unknown(&one.document, one, only));
                    }
                    _ => report.new += 1,
                },
                Place::New => report.new += 1,
                _ => {}
            }
        }
        for (document, state) in &survey.strays {
            report.strays += 1;
            links.push(link_of(document, state, Base::default(), self.mapping().version()));
        }
        self.put_links(&links, "rebuilt").await?;
        let documents: Vec<DocumentKey> = links.into_iter().map(|link| link.document).collect();
        report.payments = self.link_recorded_payments(&documents).await?;
        self.read_all_payments_next().await?;
        let mut adoption = self.read_adoption().await?;
        adoption.state = AdoptionState::Done;
        self.store_adoption(&adoption).await?;
        Ok(report)
    }

    fn link_same(&self, one: &Surveyed, found: &Match) -> Link {
        let mut state = found.state.clone();
        let Some(wanted) = &one.wanted else {
            return link_of(&one.document, &state, Base::default(), self.mapping().version());
        };
        let by_place = positions(wanted, &state.document);
        let lines = match found.differences.is_empty() {
            true => match_lines(wanted, &state.document),
            false => by_place,
        };
        rekey(&mut state.document, &lines);
        let base = Base { wanted: wanted.fields(), seen: state.document.fields(), lines, ..Base::default() };
        link_of(&one.document, &state, base, self.mapping().version())
    }

    fn link_confirmed(&self, one: &Surveyed, found: &Match, update: bool) -> Link {
        let mut state = found.state.clone();
        let mapping = self.mapping();
        let owner = |path: &str| mapping.owner(path);
        let mut base = Base::default();
        if let Some(wanted) = &one.wanted {
            let lines = match_lines(wanted, &state.document);
            rekey(&mut state.document, &lines);
            base = theirs_stands(&wanted.fields(), &state, lines, owner);
            if update {
                base = ours_wins(&wanted.fields(), &state, &base, owner);
            }
        }
        link_of(&one.document, &state, base, self.mapping().version())
    }

    fn link_unknown(&self, document: &DocumentKey, one: &Surveyed, found: &Match) -> Link {
        let lines = one.wanted.as_ref().map(|wanted| match_lines(wanted, &found.state.document)).unwrap_or_default();
        let base = Base { lines, ..Base::default() };
        link_of(document, &found.state, base, self.mapping().version())
    }

    async fn put_links(&self, links: &[Link], how: &str) -> Result<(), Error> {
        let Parts { connection, journal, clock, .. } = &self.parts;
        let rows: Vec<Settlement> = links
            .iter()
            .map(|link| {
                let mut end = row(&link.document, format!("linked to {} ({how})", link.target));
                end.link = LinkChange::Put(Box::new(link.clone()));
                end
            })
            .collect();
        // One transaction each, so that an interrupted run goes on where it stopped.
        for chunk in rows.chunks(500) {
            journal.settle(connection, chunk, clock.now()).await.map_err(journal_error)?;
        }
        // What waited as a dead letter for its link is looked at again.
        let changes: Vec<_> = links.iter().map(|link| crate::connector::Change::found(link.document.clone())).collect();
        if !changes.is_empty() {
            journal.intake(connection, &changes, clock.now()).await.map_err(journal_error)?;
        }
        Ok(())
    }
}

/// A document that carries our mark is no question of the first connection: it is ours.
fn is_question((_, matches): &(&Surveyed, &[Match])) -> bool {
    matches.iter().any(|found| found.basis != Basis::Marker)
}

/// The transaction that was confirmed; none if it is linked so already.
fn confirmed<'s>(one: &'s Surveyed, target: &TargetRef) -> Result<Option<&'s Match>, Error> {
    let found = match &one.place {
        Place::Linked(known) if known == target => return Ok(None),
        Place::Linked(known) => return Err(wrong(&one.document, &format!("is linked to {known} already"))),
        Place::Same(found) => Some(found.as_ref()).filter(|found| found.target == *target),
        Place::Proposed(matches) => matches.iter().find(|found| found.target == *target),
        Place::Dead(cause, text) => {
            return Err(wrong(&one.document, &format!("cannot be linked yet, {cause}: {text}")));
        }
        Place::Waits(on) => return Err(wrong(&one.document, &format!("waits for {on}; settle that first"))),
        Place::New => None,
    };
    found.map(Some).ok_or_else(|| {
        let text = format!(
            "cannot be {target}: that is not there, is void, stands for another document, or is of another kind"
        );
        wrong(&one.document, &text)
    })
}

fn wrong(document: &DocumentKey, text: &str) -> Error {
    Error::new(ErrorKind::Invalid, text.to_owned()).with_document(document.clone())
}

pub(super) fn row(document: &DocumentKey, audit: String) -> Settlement {
    Settlement {
        document: document.clone(),
        token: None,
        end: JobEnd::Untouched,
        closes: None,
        link: LinkChange::Keep,
        audit,
    }
}
