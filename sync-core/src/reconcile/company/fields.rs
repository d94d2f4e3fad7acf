//! What differs besides amounts between what a document should be and the transaction that stands for it: the party, the
//! date, the number, and where the money is coded to.

use std::collections::{BTreeMap, HashSet};

use super::books::BookState;
use super::score::loose;
use crate::connector::{ListEntry, TargetState};
use crate::model::accounting::{AccountingDocument, Coding, PostTo};
use crate::model::{AccountId, Money};

/// The differences, in words. `ours`: the transaction carries our marker or is linked, so that its number and the date of
/// a purchase order are ours too. `same_total`: only then can codings be compared sum by sum.
pub(super) fn differences(
    wanted: &AccountingDocument,
    state: &TargetState,
    books: &BookState,
    retainage: &HashSet<AccountId>,
    ours: bool,
    same_total: bool,
) -> Vec<String> {
    let there = &state.document;
    let mut found = Vec::new();
    let mut differ = |what: &str, here: String, there: String| {
        found.push(format!("{what} is {here} in Procore and {there} in QuickBooks"));
    };
    let is_vendor = wanted.expense().is_some();
    if let (Some(own), Some(other)) = (wanted.party(), there.party())
        && own != other
    {
        let what = if is_vendor { "vendor" } else { "customer" };
        differ(what, books.party_name(own, is_vendor), books.party_name(other, is_vendor));
    }
    if let (Some(own), Some(other)) = (wanted.date(), there.date())
        && own != other
        && (ours || wanted.is_posting())
        && books.lists.closing_date.is_none_or(|closing| own > closing || !wanted.is_posting())
    {
        differ("date", own.to_string(), other.to_string());
    }
    if let (true, Some(own)) = (ours, wanted.number()) {
        let other = there.number().unwrap_or_default();
        // A number that is taken gets the project's number behind it.
        if !other.to_lowercase().starts_with(&own.to_lowercase()) && loose(own) != loose(other) {
            differ("number", own.to_owned(), if other.is_empty() { "none".to_owned() } else { other.to_owned() });
        }
    }
    if same_total && wanted.kind() == there.kind() {
        // How retainage is spread over lines by hand is a matter of taste; what we wrote, we wrote by the same rules.
        let own = codings(wanted, books, retainage, ours);
        let other = codings(there, books, retainage, ours);
        for (part, words) in ["account or item", "class", "customer"].into_iter().enumerate() {
            let (own, other) = (by_part(&own, part), by_part(&other, part));
            if own != other {
                differ(words, names(&own, &other, part, books), names(&other, &own, part, books));
            }
        }
    }
    found
}

type Codings = Vec<([String; 3], Money)>;

/// Where each line posts, and how much; those of the retainage accounts only if asked for. These go by account: which item
/// leads there is the accounting system's business.
fn codings(
    document: &AccountingDocument,
    books: &BookState,
    retainage: &HashSet<AccountId>,
    with_retainage: bool,
) -> Codings {
    let mut found = Vec::new();
    if let Some(expense) = document.expense() {
        for line in &expense.lines {
            let Coding { post_to, class, customer } = &line.coding;
            let held = books.account_of(post_to).filter(|account| retainage.contains(*account));
            if held.is_some() && !with_retainage {
                continue;
            }
            let post_to = held.map_or_else(|| post_to.to_string(), |held| PostTo::Account(held.clone()).to_string());
            let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
            let class = text(class.as_ref().map(AsRef::as_ref));
            found.push(([post_to, class, text(customer.as_ref().map(AsRef::as_ref))], line.amount));
        }
    }
    if let Some(sales) = document.sales() {
        for line in &sales.lines {
            let held = books.income_accounts.get(&line.item).is_some_and(|account| retainage.contains(account));
            if held && !with_retainage {
                continue;
            }
            let class = line.class.as_ref().map(ToString::to_string).unwrap_or_default();
            found.push(([PostTo::Item(line.item.clone()).to_string(), class, String::new()], line.amount));
        }
    }
    found
}

/// Sums by one part of the coding; what comes to nothing is left out.
fn by_part(codings: &Codings, part: usize) -> BTreeMap<String, Money> {
    let mut sums: BTreeMap<String, Money> = BTreeMap::new();
    for (parts, amount) in codings {
        let key = parts.get(part).cloned().unwrap_or_default();
        let sum = sums.get(&key).map_or(Ok(*amount), |sum| sum.plus(*amount));
        if let Ok(sum) = sum {
            sums.insert(key, sum);
        }
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}

/// Names of what one side has otherwise than the other, with the amounts.
fn names(own: &BTreeMap<String, Money>, other: &BTreeMap<String, Money>, part: usize, books: &BookState) -> String {
    let name = |key: &str| match part {
        _ if key.is_empty() => "none".to_owned(),
        0 => match key.split_once(':') {
            Some(("item", id)) => entry_name(&books.lists.items, id),
            Some((_, id)) => entry_name(&books.lists.accounts, id),
            None => key.to_owned(),
        },
        1 => entry_name(&books.lists.classes, key),
        _ => books.party_name(key, false),
    };
    let parts = own.iter().filter(|(key, sum)| other.get(*key) != Some(sum));
    let parts: Vec<String> = parts.map(|(key, sum)| format!("{} ({sum})", name(key))).collect();
    if parts.is_empty() { "nothing of it".to_owned() } else { parts.join(", ") }
}

fn entry_name(entries: &[ListEntry], id: &str) -> String {
    entries.iter().find(|entry| entry.id == id).map_or(id, |entry| &entry.name).to_owned()
}
