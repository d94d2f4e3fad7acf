//! What exists already that may be the same as a document that is about to be created.

use sync_core::connector::{Candidates, Condition, TargetState, Wanted};
use sync_core::model::TargetKind;
use sync_core::model::accounting::AccountingDocument;

use super::mirror::{Held, Mirror};

/// Two documents of one amount within these days may be one invoice.
const NEAR_DAYS: i64 = 10;

pub(super) fn of(mirror: &Mirror, wanted: &Wanted<'_>) -> Candidates {
    let kind = wanted.document.kind();
    let mut found = Candidates::default();
    let mut matches: Vec<&Held> = mirror.marked(kind, wanted.marker).collect();
    fn add<'m>(matches: &mut Vec<&'m Held>, held: &'m Held) {
        if !matches.iter().any(|known| known.state.target == held.state.target) {
            matches.push(held);
        }
    }
    match wanted.document {
        AccountingDocument::Customer(customer) => {
            for held in mirror.of_kind(kind) {
                let AccountingDocument::Customer(other) = &held.state.document else { continue };
                if same(&other.name, &customer.name) && other.parent == customer.parent {
                    add(&mut matches, held);
                }
            }
            if customer.parent.is_none() {
                found.name_taken_by = holder(mirror, &customer.name, TargetKind::Vendor, "vendor");
            }
        }
        AccountingDocument::Vendor(vendor) => {
            for held in mirror.of_kind(kind) {
                if held.state.document.number().is_some_and(|name| same(name, &vendor.name)) {
                    add(&mut matches, held);
                }
            }
            found.name_taken_by = holder(mirror, &vendor.name, TargetKind::Customer, "customer");
        }
        document => {
            let number = document.number().unwrap_or_default();
            for held in mirror.of_kind(kind) {
                let other = &held.state.document;
                if !number.is_empty()
                    && other.party() == document.party()
                    && other.number().is_some_and(|other| same(other, number))
                {
                    add(&mut matches, held);
                } else if held.state.marker.is_none()
                    && held.state.condition == Condition::Live
                    && document.is_posting()
                    && is_alike(document, &held.state)
                {
                    found.similar.push(held.state.clone());
                }
            }
        }
    }
    found.matches = matches.into_iter().map(|held| held.state.clone()).collect();
    found.matches.sort_by(|a, b| a.target.cmp(&b.target));
    found.similar.sort_by(|a, b| a.target.cmp(&b.target));
    found
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Who else has the name: customers, vendors, employees and other names share one name space.
fn holder(mirror: &Mirror, name: &str, kind: TargetKind, word: &str) -> Option<String> {
    let other = mirror.of_kind(kind).any(|held| match &held.state.document {
        AccountingDocument::Customer(customer) => customer.parent.is_none() && same(&customer.name, name),
        document => document.number().is_some_and(|other| same(other, name)),
    });
    if other {
        return Some(word.to_owned());
    }
    mirror.names.get(&name.trim().to_lowercase()).map(|word| (*word).to_owned())
}

/// Same party, and the digits of the number, or the amount at nearly the same day.
fn is_alike(wanted: &AccountingDocument, state: &TargetState) -> bool {
    let other = &state.document;
    let (Some(party), Some(date)) = (wanted.party(), wanted.date()) else { return false };
    if other.party() != Some(party) {
        return false;
    }
    let digits = |number: Option<&str>| -> String {
        number.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    let (own, theirs) = (digits(wanted.number()), digits(other.number()));
    if !own.is_empty() && own == theirs {
        return true;
    }
    let near = other.date().is_some_and(|other| (other - date).num_days().abs() <= NEAR_DAYS);
    let total = wanted.total().ok().flatten();
    near && total.is_some() && total == state.total && (own.is_empty() || theirs.is_empty())
}
