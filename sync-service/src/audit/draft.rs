//! A first draft of the mapping files: what names and numbers already say, and empty cells where only a person knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sync_core::connector::{Fetched, ListEntry};
use sync_core::matching::name_likeness;
use sync_core::model::construction::{Codes, Document};
use sync_core::model::{Money, TargetKind};

use super::Found;
use crate::Failure;

/// Names that are less alike than this are not proposed.
const ALIKE: u8 = 60;

/// A code that lines carry, and what they come to.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) cost_code: String,
    pub(super) cost_type: String,
    pub(super) lines: usize,
    pub(super) amount: Money,
}

/// Every cost code and type of the commitments, the largest amounts first.
pub(super) fn codes(found: &Found) -> Vec<Code> {
    let mut codes: BTreeMap<(String, String), Code> = BTreeMap::new();
    for document in documents(found) {
        let lines: Vec<(&Codes, Money)> = match document {
            Document::Commitment(c) => c.committed_lines().map(|(line, _)| (&line.codes, line.amount)).collect(),
            _ => continue,
        };
        for (code, amount) in lines {
            let key = (code.cost_code.clone().unwrap_or_default(), code.cost_type.clone().unwrap_or_default());
            let zero = Money::zero(amount.currency());
            let entry =
                codes.entry(key.clone()).or_insert(Code { cost_code: key.0, cost_type: key.1, lines: 0, amount: zero });
            entry.lines += 1;
            entry.amount = entry.amount.plus(amount).unwrap_or(entry.amount);
        }
    }
    let mut codes: Vec<Code> = codes.into_values().collect();
    codes.sort_by_key(|code| std::cmp::Reverse(code.amount.amount()));
    codes
}

pub(super) fn documents(found: &Found) -> impl Iterator<Item = &Document> {
    found.sides.documents.iter().filter_map(|fetched| match fetched {
        Fetched::Found(document) => Some(document.as_ref()),
        _ => None,
    })
}

/// The item that a cost code is most likely sold and bought by: the only one whose name begins with it.
fn item_of<'a>(items: &'a [ListEntry], code: &str) -> Option<&'a str> {
    let mut fits = items.iter().filter(|item| item.active && !code.is_empty() && item.name.starts_with(code));
    let first = fits.next()?;
    fits.next().is_none().then_some(first.name.as_str())
}

/// The class whose name begins with the division of a cost code.
fn class_of<'a>(classes: &'a [ListEntry], code: &str) -> Option<&'a str> {
    let division: String = code.chars().take_while(char::is_ascii_digit).take(2).collect();
    let mut fits =
        classes.iter().filter(|class| class.active && !division.is_empty() && class.name.starts_with(&division));
    let first = fits.next()?;
    fits.next().is_none().then_some(first.name.as_str())
}

/// The name in the books that is most like one in Procore, if it is not the same anyway.
pub(super) fn alike<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<(&'a str, u8)> {
    let scored = names.filter_map(|other| Some((other, name_likeness(name, other)?)));
    scored.filter(|(_, score)| *score >= ALIKE).max_by_key(|(_, score)| *score)
}

pub(super) fn write(found: &Found, dir: &Path) -> Result<(), Failure> {
    if dir.exists() {
        return Err(format!("{}: is there already; a draft overwrites nothing, name another", dir.display()).into());
    }
    std::fs::create_dir_all(dir)?;
    let lists = &found.sides.books.lists;
    let mut coding =
        String::from("project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account\n");
    let expense = lists.accounts.iter().find(|a| a.active && a.kind == "Cost of Goods Sold").map(|a| a.name.as_str());
    let mut seen = BTreeSet::new();
    for code in codes(found).iter().filter(|code| !code.cost_code.is_empty()) {
        if !seen.insert(code.cost_code.clone()) {
            continue;
        }
        let item = item_of(&lists.items, &code.cost_code).unwrap_or_default();
        let class = class_of(&lists.classes, &code.cost_code).unwrap_or_default();
        let account = if item.is_empty() { expense.unwrap_or_default() } else { "" };
        coding.push_str(&row(&["", "", "", &code.cost_code, "", "", class, item, account]));
    }
    let customers: Vec<&str> = names(found, TargetKind::Customer);
    let mut projects = String::from("project_number,customer,job\n");
    let mut vendors = String::from("procore_vendor,quickbooks_vendor\n");
    let known: Vec<&str> = names(found, TargetKind::Vendor);
    let mut terms = String::from("procore_terms,quickbooks_terms\n");
    let mut spoken = BTreeSet::new();
    for document in documents(found) {
        match document {
            Document::Project(project) => {
                let owner = project.owner.as_ref().map(|owner| owner.name.as_str()).unwrap_or_default();
                let customer = alike(owner, customers.iter().copied()).map_or(owner, |(name, _)| name);
                let label = project.label();
                let job = alike(&label, customers.iter().copied()).map_or(label.as_str(), |(name, _)| name);
                projects.push_str(&row(&[project.number.as_deref().unwrap_or_default(), customer, job]));
            }
            Document::Vendor(vendor) if !vendor.not_paid && vendor.active => {
                let same = known.iter().any(|name| name.eq_ignore_ascii_case(&vendor.name));
                if let Some((name, _)) = alike(&vendor.name, known.iter().copied()).filter(|_| !same) {
                    vendors.push_str(&row(&[&vendor.name, name]));
                }
            }
            Document::Commitment(c) => {
                let Some(text) = c.terms.as_deref().filter(|text| !text.trim().is_empty()) else { continue };
                if spoken.insert(text.to_owned())
                    && let Some((name, _)) = alike(text, lists.terms.iter().map(|term| term.name.as_str()))
                {
                    terms.push_str(&row(&[text, name]));
                }
            }
            _ => {}
        }
    }
    let mut accounts = String::from("role,account\n");
    for (role, words) in [
        ("Accounts payable (AP)", ["payable", "a/p"]),
        ("Retainage payable (RP)", ["retainage payable", "retention payable"]),
        ("Accounts receivable (AR)", ["receivable", "a/r"]),
        ("Retainage receivable (RR)", ["retainage receivable", "retention receivable"]),
    ] {
        let fits = |account: &&ListEntry| {
            let name = account.name.to_lowercase();
            let retained = name.contains("retainage") || name.contains("retention");
            let wanted = role.starts_with("Retainage");
            account.active && retained == wanted && words.iter().any(|word| name.contains(word))
        };
        if let Some(account) = lists.accounts.iter().find(fits) {
            accounts.push_str(&row(&[role, &account.name]));
        }
    }
    for (name, text) in [
        ("coding.csv", coding),
        ("projects.csv", projects),
        ("vendors.csv", vendors),
        ("terms.csv", terms),
        ("accounts.csv", accounts),
    ] {
        std::fs::write(dir.join(name), text)?;
    }
    Ok(())
}

fn names(found: &Found, kind: TargetKind) -> Vec<&str> {
    let of_kind = found.sides.books.parties.iter().filter(|party| party.target.kind == kind);
    of_kind.filter_map(|party| party.document.number()).collect()
}

fn row(cells: &[&str]) -> String {
    let quoted: Vec<String> = cells
        .iter()
        .map(|cell| match cell.contains([',', '"', '\n', ';']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => (*cell).to_owned(),
        })
        .collect();
    quoted.join(",") + "\n"
}
