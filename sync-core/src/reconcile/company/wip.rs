//! T12 in the books: the WIP entries that were approved, against the accounts that they were posted to.

use std::collections::BTreeMap;

use super::balances::Total;
use super::books::{BookPosting, BookState};
use super::findings::CompanyFinding;
use super::{Companies, sides};
use crate::engine::entries_of;
use crate::mapping::{AccountRole, Names};
use crate::model::{AccountId, DocumentKey, DocumentKind, Fields, Money, MoneyError, TargetRef};
use crate::reconcile::tie_out::{FindingKind, Measure};

/// The accounts of a WIP schedule, and whether they are liabilities.
const ROLES: [(Measure, AccountRole, bool); 3] = [
    (Measure::Underbillings, AccountRole::Underbillings, false),
    (Measure::Overbillings, AccountRole::Overbillings, true),
    (Measure::LossProvision, AccountRole::LossProvision, true),
];

/// What an entry adds to each of the accounts, each on its natural side.
type Amounts = [Money; ROLES.len()];

/// Adds T12 where this program has posted WIP entries: a company that keeps its WIP elsewhere is none of our concern.
pub(super) fn add(
    totals: &mut Vec<Total>,
    findings: &mut Vec<CompanyFinding>,
    companies: &Companies<'_>,
    books: &BookState,
    names: &Names<'_>,
) -> Result<(), MoneyError> {
    let nothing = Money::zero(books.currency);
    let accounts = ROLES.map(|(_, role, _)| companies.mapping.account(role, names).ok());
    let own = entries_of(companies.connection);
    let mut approved: BTreeMap<&DocumentKey, Amounts> = BTreeMap::new();
    for link in companies.links.iter().filter(|link| link.document.kind == DocumentKind::WipEntry) {
        approved.insert(&link.document, wanted(&link.base.wanted, &accounts, nothing)?);
    }
    let mut posted: BTreeMap<&DocumentKey, Vec<(&BookPosting, Amounts)>> = BTreeMap::new();
    let mut others: Vec<(&BookPosting, Amounts)> = Vec::new();
    for posting in &books.entries {
        let amounts = booked(posting, &accounts, books)?;
        let marker = posting.marker.as_ref().filter(|m| m.document.kind == DocumentKind::WipEntry);
        match marker.filter(|m| companies.links.is_empty() || m.connection == own) {
            Some(marker) => posted.entry(&marker.document).or_default().push((posting, amounts)),
            None if amounts.iter().any(|amount| !amount.is_zero()) => others.push((posting, amounts)),
            None => {}
        }
    }
    if approved.is_empty() && posted.is_empty() {
        return Ok(());
    }
    if companies.links.is_empty() {
        // Nothing is known but the marks: each entry is taken for what was approved.
        let first = posted.iter().filter_map(|(document, all)| Some((*document, all.first()?.1)));
        approved.extend(first);
    }
    let mut left = [nothing; ROLES.len()];
    for (document, wanted) in &approved {
        left = plus(left, *wanted)?;
        let there = posted.remove(*document).unwrap_or_default();
        let named = |text: String, kind, posting: Option<&BookPosting>, amounts: Amounts| {
            finding(Some(&document.id), kind, posting, amounts, text, nothing)
        };
        match there.as_slice() {
            [] => findings.extend(named(
                format!("the WIP entry {} was posted and is not in the books any more", document.id),
                FindingKind::Deleted,
                None,
                *wanted,
            )),
            [(first, amounts), rest @ ..] => {
                let text = format!("the WIP entry {} is not in the books as it was approved", document.id);
                let differs = plus(*wanted, amounts.map(|amount| amount.negated()))?;
                findings.extend(named(text, FindingKind::AmountDiffers, Some(first), differs));
                for (twice, amounts) in rest {
                    let text = format!("the WIP entry {} was posted twice, also as {}", document.id, twice.label);
                    let amounts = amounts.map(|amount| amount.negated());
                    findings.extend(named(text, FindingKind::PostedTwice, Some(twice), amounts));
                }
            }
        }
    }
    for (posting, amounts) in posted.into_values().flatten().chain(others) {
        let text = format!("{} touches the WIP accounts and was not approved here", posting.label);
        let amounts = amounts.map(|amount| amount.negated());
        findings.extend(finding(None, FindingKind::NotFromThisSync, Some(posting), amounts, text, nothing));
    }
    for (((measure, ..), account), left) in ROLES.iter().zip(&accounts).zip(left) {
        let Some(account) = account else { continue };
        let right = books.balances.get(account).copied().unwrap_or(nothing);
        totals.push(Total::new("T12", Some(*measure), left, right, left == right)?);
    }
    Ok(())
}

fn plus(a: Amounts, b: Amounts) -> Result<Amounts, MoneyError> {
    let [a1, a2, a3] = a;
    let [b1, b2, b3] = b;
    Ok([a1.plus(b1)?, a2.plus(b2)?, a3.plus(b3)?])
}

/// What was approved, as the journal keeps it.
fn wanted(fields: &Fields, accounts: &[Option<AccountId>; 3], nothing: Money) -> Result<Amounts, MoneyError> {
    let mut amounts = [nothing; ROLES.len()];
    for (path, account) in fields.iter() {
        let Some(line) = path.strip_suffix("/account") else { continue };
        let Ok(amount) = fields.get(&format!("{line}/amount")).parse() else { continue };
        let debit = Money::new(amount, nothing.currency())?;
        for ((sum, of), (.., is_liability)) in amounts.iter_mut().zip(accounts).zip(ROLES) {
            if of.as_ref().is_some_and(|of| of.as_str() == account) {
                *sum = if is_liability { sum.minus(debit)? } else { sum.plus(debit)? };
            }
        }
    }
    Ok(amounts)
}

fn booked(posting: &BookPosting, accounts: &[Option<AccountId>; 3], books: &BookState) -> Result<Amounts, MoneyError> {
    let mut amounts = [Money::zero(books.currency); ROLES.len()];
    for ((sum, account), (.., is_liability)) in amounts.iter_mut().zip(accounts).zip(ROLES) {
        let ids = account.iter().cloned().collect();
        *sum = sides::touched(posting, &ids, books.currency, is_liability)?;
    }
    Ok(amounts)
}

/// A finding, if there is a difference in any of the accounts.
fn finding(
    document: Option<&str>,
    kind: FindingKind,
    posting: Option<&BookPosting>,
    amounts: Amounts,
    text: String,
    nothing: Money,
) -> Option<CompanyFinding> {
    let shows = ROLES.iter().zip(amounts).filter(|(_, amount)| !amount.is_zero());
    let shows_in: Vec<(&'static str, Option<Measure>, Money)> =
        shows.map(|((measure, ..), amount)| ("T12", Some(*measure), amount)).collect();
    let largest = shows_in.iter().map(|(.., amount)| *amount).max_by_key(|amount| amount.absolute().amount());
    let target: Option<TargetRef> = posting.and_then(|posting| posting.target.clone());
    (!shows_in.is_empty()).then(|| CompanyFinding {
        tie_out: "T12",
        kind,
        procore: document.map(str::to_owned),
        quickbooks: posting.map(|posting| posting.label.clone()),
        amount: largest.unwrap_or(nothing),
        text,
        document: document.map(|id| DocumentKey::new(DocumentKind::WipEntry, id)),
        target,
        matched: None,
        shows_in,
    })
}
