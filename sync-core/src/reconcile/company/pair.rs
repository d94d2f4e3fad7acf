//! Which transaction stands for which document: by link, then by marker, then by the best score. A score never lets a
//! transaction stand for two documents, and what is as good for several is decided by date.

use std::collections::{HashMap, HashSet};

use super::books::BookState;
use super::score::{Score, Seen, Wanted, score};
use crate::connector::{Condition, TargetState};
use crate::journal::Link;
use crate::model::accounting::AccountingDocument;
use crate::model::{AccountId, ConnectionId, DocumentKey, DocumentKind, Money, TargetKind, TargetRef};

/// How a pair was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Road {
    /// The journal says so.
    Link,
    /// The transaction says so.
    Marker,
    /// It is the likeliest by far: the points and the reasons.
    Score(i32, Vec<&'static str>),
}

/// A document and a transaction that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The document.
    pub document: DocumentKey,
    /// The transaction.
    pub target: TargetRef,
    /// How they were found to belong together.
    pub road: Road,
    /// Another transaction stands for the document too.
    pub repeated: bool,
}

/// A document to find a transaction for.
pub(super) struct Candidate {
    pub(super) document: DocumentKey,
    pub(super) wanted: Wanted,
}

/// The kinds of transaction that may stand for a kind of document.
pub(super) fn kinds_of(kind: DocumentKind) -> &'static [TargetKind] {
    match kind {
        DocumentKind::Commitment => &[TargetKind::PurchaseOrder],
        DocumentKind::PayApp => &[TargetKind::Bill, TargetKind::VendorCredit],
        DocumentKind::PrimeContract => &[TargetKind::Estimate],
        DocumentKind::OwnerInvoice => &[TargetKind::Invoice, TargetKind::CreditMemo],
        _ => &[],
    }
}

/// Finds pairs of one kind. `known`: documents that exist, so that a marker of another one is no pair of these.
pub(super) fn pairs(
    kind: DocumentKind,
    candidates: &[Candidate],
    books: &BookState,
    retainage: &HashSet<AccountId>,
    connection: &ConnectionId,
    links: &[Link],
) -> Vec<Pair> {
    let kinds = kinds_of(kind);
    let states: Vec<&TargetState> =
        books.transactions.iter().filter(|state| kinds.contains(&state.target.kind)).collect();
    let by_document: HashMap<&DocumentKey, usize> =
        candidates.iter().enumerate().map(|(i, c)| (&c.document, i)).collect();
    let mut taken: HashSet<usize> = HashSet::new();
    let mut served: HashMap<usize, Condition> = HashMap::new();
    let mut pairs = Vec::new();
    let certain = certain(&states, connection, links);
    // A live transaction goes before a void one, the older before the newer.
    for pass in [Condition::Live, Condition::Voided] {
        for (place, state) in states.iter().enumerate() {
            let Some((document, road)) = certain.get(&place) else { continue };
            if (state.condition == Condition::Voided) != (pass == Condition::Voided) {
                continue;
            }
            taken.insert(place);
            let Some(candidate) = by_document.get(document) else { continue };
            let repeated = served.contains_key(candidate);
            if repeated && pass == Condition::Voided {
                continue;
            }
            served.entry(*candidate).or_insert(state.condition);
            pairs.push(Pair {
                document: (*document).clone(),
                target: state.target.clone(),
                road: road.clone(),
                repeated,
            });
        }
    }
    let seen: Vec<Option<Seen>> = states
        .iter()
        .enumerate()
        .map(|(place, state)| (!taken.contains(&place)).then(|| seen(state, books, retainage)))
        .collect();
    let mut scored: Vec<(Score, usize, usize)> = Vec::new();
    for (i, candidate) in candidates.iter().enumerate() {
        for (place, seen) in seen.iter().enumerate() {
            let Some(seen) = seen else { continue };
            let score = score(&candidate.wanted, seen);
            if score.is_enough() {
                scored.push((score, i, place));
            }
        }
    }
    let far = |score: &Score| score.days.map_or(i64::MAX, i64::abs);
    let voided = |place: &usize| states.get(*place).is_some_and(|state| state.condition == Condition::Voided);
    scored.sort_by(|a, b| {
        (voided(&a.2), std::cmp::Reverse(a.0.points), far(&a.0), a.1, a.2).cmp(&(
            voided(&b.2),
            std::cmp::Reverse(b.0.points),
            far(&b.0),
            b.1,
            b.2,
        ))
    });
    for repeated in [false, true] {
        for (score, i, place) in &scored {
            let free = served.contains_key(i) == repeated && !taken.contains(place);
            let (Some(candidate), Some(state)) = (candidates.get(*i), states.get(*place)) else { continue };
            if !free || (repeated && (!score.is_repetition() || voided(place))) {
                continue;
            }
            taken.insert(*place);
            served.entry(*i).or_insert(state.condition);
            pairs.push(Pair {
                document: candidate.document.clone(),
                target: state.target.clone(),
                road: Road::Score(score.points, score.reasons.clone()),
                repeated,
            });
        }
    }
    pairs
}

/// What links and markers say, by place in the list of transactions.
fn certain<'a>(
    states: &[&'a TargetState],
    connection: &ConnectionId,
    links: &'a [Link],
) -> HashMap<usize, (&'a DocumentKey, Road)> {
    let linked: HashMap<&TargetRef, &DocumentKey> = links.iter().map(|l| (&l.target, &l.document)).collect();
    let mut certain = HashMap::new();
    for (place, state) in states.iter().enumerate() {
        if let Some(document) = linked.get(&state.target) {
            certain.insert(place, (*document, Road::Link));
        } else if let Some(marker) = state.marker.as_ref().filter(|m| links.is_empty() || m.connection == *connection) {
            certain.insert(place, (&marker.document, Road::Marker));
        }
    }
    certain
}

/// What a transaction tells of itself.
pub(super) fn seen(state: &TargetState, books: &BookState, retainage: &HashSet<AccountId>) -> Seen {
    let mut seen = Seen {
        number: state.document.number().unwrap_or_default().to_owned(),
        party: state.document.party().unwrap_or_default().to_owned(),
        date: state.document.date(),
        voided: state.condition == Condition::Voided,
        ..Seen::default()
    };
    let is_credit = matches!(state.target.kind, TargetKind::VendorCredit | TargetKind::CreditMemo);
    let sign = |amount: Money| if is_credit { amount.negated() } else { amount };
    seen.net = state.total.or_else(|| state.document.total().ok().flatten()).map(sign);
    let mut gross = Money::sum(books.currency, []).ok();
    let mut add = |amount: Money, account: Option<&AccountId>| {
        if !account.is_some_and(|account| retainage.contains(account)) {
            gross = gross.and_then(|sum| sum.plus(sign(amount)).ok());
        }
    };
    match &state.document {
        AccountingDocument::PurchaseOrder(d) | AccountingDocument::Bill(d) | AccountingDocument::VendorCredit(d) => {
            seen.text.push_str(&d.memo);
            for line in &d.lines {
                add(line.amount, books.account_of(&line.coding.post_to));
                seen.text.push(' ');
                seen.text.push_str(&line.description);
                seen.jobs.extend(line.coding.customer.iter().map(ToString::to_string));
                seen.orders.extend(line.link.iter().map(|link| link.purchase_order.to_string()));
            }
        }
        AccountingDocument::Estimate(d) | AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d) => {
            seen.text.push_str(&d.memo);
            seen.jobs.push(d.customer.to_string());
            for line in &d.lines {
                add(line.amount, books.income_accounts.get(&line.item));
                seen.text.push(' ');
                seen.text.push_str(&line.description);
            }
        }
        _ => {}
    }
    seen.gross = gross;
    seen.jobs.sort_unstable();
    seen.jobs.dedup();
    seen
}
