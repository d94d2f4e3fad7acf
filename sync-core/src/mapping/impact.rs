//! What another mapping would change: the documents that would post differently, with amounts by class and by item or
//! account before and after.

use std::collections::BTreeMap;

use serde::Serialize;

use super::names::{List, Names};
use super::{KnownTargets, Mapped, Mapping, Situation};
use crate::connector::Capabilities;
use crate::model::accounting::{AccountingDocument, PostTo};
use crate::model::construction::Document;
use crate::model::{Currency, DocumentKey, Money, MoneyError};

/// The documents that two mappings post differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Those, in the order given.
    pub changed: Vec<ChangedPosting>,
    /// How many post as before.
    pub unchanged: usize,
    /// What the changed ones come to, before and after, where either moves.
    pub totals: Vec<PostedAmount>,
}

/// A document that posts differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedPosting {
    /// The document.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// What becomes of it under the first mapping: `posted`, or why not.
    pub before: String,
    /// And under the second.
    pub after: String,
    /// Fields of the header that differ: name, before, after.
    pub header: Vec<(String, String, String)>,
    /// Amounts by class and item or account.
    pub amounts: Vec<PostedAmount>,
}

/// What is posted to one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostedAmount {
    /// The item or account.
    pub post_to: String,
    /// The class; empty for none.
    pub class: String,
    /// Under the first mapping.
    #[serde(serialize_with = "crate::model::plain_amount")]
    pub before: Money,
    /// Under the second.
    #[serde(serialize_with = "crate::model::plain_amount")]
    pub after: Money,
}

/// Where mappings are compared: the lists and what is linked already.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The lists of the accounting system.
    pub names: &'a Names<'a>,
    /// Its limits.
    pub capabilities: &'a Capabilities,
    /// What is linked already.
    pub index: &'a KnownTargets,
    /// The currency of both companies.
    pub currency: Currency,
}

type Amounts = BTreeMap<(String, String), (Money, Money)>;

/// Maps every document by both mappings, and tells where they differ.
///
/// # Errors
/// If amounts cannot be added.
pub fn impact(old: &Mapping, new: &Mapping, documents: &[Document], ground: Ground<'_>) -> Result<Impact, MoneyError> {
    let (mut changed, mut unchanged, mut totals) = (Vec::new(), 0, Amounts::new());
    for document in documents {
        let map = |mapping| ground.situation(mapping).apply(document);
        let (before, after) = (map(old), map(new));
        if before == after {
            unchanged += usize::from(matches!(before, Mapped::Post(_)));
            continue;
        }
        let mut amounts = Amounts::new();
        for (mapped, second) in [(&before, false), (&after, true)] {
            if let Mapped::Post(document) = mapped {
                ground.add(document, second, &mut amounts)?;
                ground.add(document, second, &mut totals)?;
            }
        }
        changed.push(ChangedPosting {
            document: document.key(),
            label: document.label(),
            header: header(&before, &after),
            before: outcome(&before),
            after: outcome(&after),
            amounts: rows(amounts, true),
        });
    }
    Ok(Impact { changed, unchanged, totals: rows(totals, false) })
}

impl Ground<'_> {
    fn situation<'s>(&'s self, mapping: &'s Mapping) -> Situation<'s> {
        Situation { mapping, names: self.names, capabilities: self.capabilities, index: self.index, awaited: true }
    }

    fn add(&self, document: &AccountingDocument, second: bool, amounts: &mut Amounts) -> Result<(), MoneyError> {
        let zero = Money::zero(self.currency);
        let mut add = |post_to: &PostTo, class: Option<&str>, amount: Money| {
            let (list, id) = match post_to {
                PostTo::Item(id) => (List::Item, id.as_str()),
                PostTo::Account(id) => (List::Account, id.as_str()),
            };
            let class = class.map(|class| self.names.name_of(List::Class, class)).unwrap_or_default();
            let sum = amounts.entry((self.names.name_of(list, id), class)).or_insert((zero, zero));
            let slot = if second { &mut sum.1 } else { &mut sum.0 };
            *slot = slot.plus(amount)?;
            Ok::<(), MoneyError>(())
        };
        if let Some(document) = document.expense() {
            for line in &document.lines {
                add(&line.coding.post_to, line.coding.class.as_ref().map(AsRef::as_ref), line.amount)?;
            }
        } else if let Some(document) = document.sales() {
            for line in &document.lines {
                add(&PostTo::Item(line.item.clone()), line.class.as_ref().map(AsRef::as_ref), line.amount)?;
            }
        }
        Ok(())
    }
}

fn rows(amounts: Amounts, all: bool) -> Vec<PostedAmount> {
    let rows = amounts.into_iter().filter(|(_, (before, after))| all || before != after);
    rows.map(|((post_to, class), (before, after))| PostedAmount { post_to, class, before, after }).collect()
}

fn outcome(mapped: &Mapped) -> String {
    match mapped {
        Mapped::Post(_) => "posted".to_owned(),
        Mapped::Nothing(why) => format!("not posted: {why}"),
        Mapped::Needs(on) => format!("waits for {on}"),
        Mapped::Dead { cause, text, .. } => format!("{cause}: {text}"),
    }
}

fn header(before: &Mapped, after: &Mapped) -> Vec<(String, String, String)> {
    let (Mapped::Post(before), Mapped::Post(after)) = (before, after) else { return Vec::new() };
    let (left, right) = (before.fields(), after.fields());
    let differing = left.differing(&right);
    let texts = differing.iter().filter(|path| path.starts_with("line/") && path.ends_with("/description")).count();
    let of_header = differing.into_iter().filter(|path| !path.starts_with("line/"));
    let mut fields: Vec<(String, String, String)> =
        of_header.map(|path| (path.to_owned(), left.get(path).to_owned(), right.get(path).to_owned())).collect();
    if texts > 0 {
        fields.push(("texts of lines".to_owned(), String::new(), format!("{texts} differ")));
    }
    fields
}
