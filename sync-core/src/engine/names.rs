//! Vendors and customers that were put out of use in the accounting system, most often by merging two into one.
//!
//! The system does not tell what took the place of a merged entry. Once the mapping names it, the link follows, before
//! anything that refers to it is planned; until then a person is asked.

use super::adopt::row;
use super::index::{Index, journal_error};
use super::judge::{link_of, theirs_stands};
use super::plan::{Desk, Draft};
use super::run::Item;
use super::{Engine, Parts};
use crate::connector::{Condition, Found, TargetState, Wanted};
use crate::error::Error;
use crate::journal::LinkChange;
use crate::mapping::Names;
use crate::model::accounting::AccountingDocument;
use crate::model::{DocumentKey, DocumentKind, TargetKind};

/// What is said of a linked entry that is out of use.
pub(super) fn out_of_use(state: &TargetState) -> Option<String> {
    let file = match state.target.kind {
        TargetKind::Vendor => "vendors.csv",
        TargetKind::Customer => "projects.csv",
        _ => return None,
    };
    (state.condition == Condition::Inactive).then(|| {
        format!(
            "{} ({}) is inactive in QuickBooks, or was merged into another; make it active again, or name in {file} the \
             one that took its place",
            state.target,
            state.document.number().unwrap_or("without a name"),
        )
    })
}

impl Engine {
    /// Links names whose entry is out of use to the active entry of the name that the mapping gives them now.
    pub(super) async fn follow_merged(&self, items: &[Item], index: &mut Index) -> Result<(), Error> {
        let is_name = |key: &DocumentKey| {
            matches!(key.kind, DocumentKind::Vendor | DocumentKind::Customer | DocumentKind::Project)
        };
        let keys: Vec<DocumentKey> = items
            .iter()
            .map(|item| &item.job.document)
            .filter(|key| is_name(key) && index.is_linked(key))
            .cloned()
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let Parts { connection, sink, journal, clock, .. } = &self.parts;
        let links = journal.links_of(connection, &keys).await.map_err(journal_error)?;
        let targets: Vec<_> = links.iter().map(|link| link.target.clone()).collect();
        let states = sink.read(&targets).await?;
        let gone: Vec<_> = links
            .iter()
            .zip(states)
            .filter(|(_, state)| matches!(state, Found::Present(state) if state.condition == Condition::Inactive))
            .map(|(link, _)| link)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mapping = &self.mapping();
        let directory = sink.directory().await?;
        let names = Names::new(&directory);
        let desk =
            Desk { connection, mapping, directory: &directory, names: &names, sink: sink.as_ref(), now: clock.now() };
        for link in gone {
            let Some(item) = items.iter().find(|item| item.job.document == link.document) else { continue };
            let Draft::Wanted { document, .. } = desk.draft(&item.fetched, index) else { continue };
            let marker = desk.marker(&link.document, link.generation);
            let wanted = [Wanted { marker: &marker, document: &document }];
            let found = sink.candidates(&wanted).await?.into_iter().next().unwrap_or_default();
            let mut fits = found.matches.into_iter().filter(|state| {
                state.condition == Condition::Live && state.target != link.target && is_same_name(&document, state)
            });
            let (Some(state), None) = (fits.next(), fits.next()) else { continue };
            // What the entry says beyond its name stays as it is: it stands for others too.
            let base = theirs_stands(&document.fields(), &state, Vec::new(), |path| mapping.owner(path));
            let new = link_of(&link.document, &state, base, mapping.version());
            index.put(&new);
            let text = format!("linked to {}, since {} is out of use", new.target, link.target);
            let mut end = row(&link.document, text);
            end.link = LinkChange::Put(Box::new(new));
            journal.settle(connection, &[end], clock.now()).await.map_err(journal_error)?;
        }
        Ok(())
    }
}

fn is_same_name(wanted: &AccountingDocument, state: &TargetState) -> bool {
    let name = |document: &AccountingDocument| document.number().map(str::to_lowercase);
    wanted.kind() == state.document.kind() && name(wanted).is_some() && name(wanted) == name(&state.document)
}
