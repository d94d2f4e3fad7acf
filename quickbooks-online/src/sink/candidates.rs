//! What exists already that may be the same as a document that is about to be created.

use std::sync::Arc;

use sync_core::connector::{Candidates, Condition, TargetState, Wanted};
use sync_core::matching::{exact_number, is_one_edit, loose_number};
use sync_core::model::Currency;
use sync_core::model::accounting::AccountingDocument;

use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::{Held, Mirror};

/// Two documents of one amount within these days may be one invoice.
const NEAR_DAYS: i64 = 10;

pub(super) fn of(mirror: &Mirror, wanted: &Wanted<'_>, home: Currency) -> Result<Candidates, Error> {
    let entity = Entity::of_kind(wanted.document.kind());
    let mut matches: Vec<&Arc<Held>> = mirror.marked(entity, wanted.marker).collect();
    let mut similar: Vec<&Arc<Held>> = Vec::new();
    let mut name_taken_by = None;
    match wanted.document {
        AccountingDocument::Customer(_) | AccountingDocument::Vendor(_) => {
            let name = crate::sanitise::name(wanted.document.number().unwrap_or_default());
            for (holder, held) in mirror.named(&name) {
                if holder == entity {
                    add(&mut matches, held);
                } else {
                    name_taken_by = Some(holder.path().to_owned());
                }
            }
        }
        AccountingDocument::JournalEntry(entry) => {
            let number = entry.number().map(crate::sanitise::number).unwrap_or_default();
            let number = exact_number(&number);
            for held in mirror.all(entity).filter(|held| !number.is_empty() && held.number == number) {
                add(&mut matches, held);
            }
        }
        document => same_party(mirror, entity, document, &mut matches, &mut similar),
    }
    let states = |found: Vec<&Arc<Held>>| {
        let states = found.into_iter().map(|held| convert::state(entity, &held.raw, home));
        states.collect::<Result<Vec<TargetState>, Error>>()
    };
    let mut similar = states(similar)?;
    similar.retain(|state| state.condition == Condition::Live);
    let mut matches = states(matches)?;
    // The mirror has no order; answers have one.
    matches.sort_by(|a, b| a.target.cmp(&b.target));
    similar.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(Candidates { matches, similar, name_taken_by })
}

fn add<'m>(list: &mut Vec<&'m Arc<Held>>, held: &'m Arc<Held>) {
    if !list.iter().any(|known| known.id == held.id) {
        list.push(held);
    }
}

fn same_party<'m>(
    mirror: &'m Mirror,
    entity: Entity,
    wanted: &AccountingDocument,
    matches: &mut Vec<&'m Arc<Held>>,
    similar: &mut Vec<&'m Arc<Held>>,
) {
    let (Some(party), Some(date)) = (wanted.party(), wanted.date()) else { return };
    let sent = wanted.number().map(crate::sanitise::number).unwrap_or_default();
    let (exact, loose) = (exact_number(&sent), loose_number(&sent));
    let total = wanted.total().ok().flatten();
    let is_invoice = wanted.is_posting();
    for held in mirror.of_party(entity, party) {
        if !exact.is_empty() && held.number == exact {
            add(matches, held);
            continue;
        }
        // What carries a marker is accounted for.
        if !is_invoice || held.marker.is_some() {
            continue;
        }
        let same_number = !loose.is_empty() && held.loose_number == loose;
        let same_amount = total.zip(held.total).is_some_and(|(wanted, held)| wanted.amount() == held.0);
        let near = held.date.is_some_and(|held| (held - date).num_days().abs() <= NEAR_DAYS);
        let near_number = loose.is_empty() || held.loose_number.is_empty() || is_one_edit(&loose, &held.loose_number);
        if same_number || (same_amount && near && near_number) {
            add(similar, held);
        }
    }
    // A document found by its marker is no look-alike of itself.
    similar.retain(|held| !matches.iter().any(|known| known.id == held.id));
}
