//! What a vendor changes under a client: endpoints that end, members and words that are new, the form of deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use procore_client::webhook::hooks::{Hooks, PayloadVersion, Scope};
use procore_client::wire::webhooks::Hook;
use procore_client::{Listing, Procore};
use quickbooks_online::{Entity, Query, QuickBooks};
use serde::Deserialize;
use sync_core::http::Notice;
use sync_core::model::{ProjectId, Timestamp};

use super::{Check, State, known, matters, say};

/// The name under which `webhooks` subscribes unless told otherwise.
const NAMESPACE: &str = "procore-quickbooks";

/// Endpoints that the vendor takes away.
pub(super) fn ends(side: &str, notices: &[Notice], now: Timestamp, checks: &mut Vec<Check>) {
    let what = format!("{side} versions");
    if notices.is_empty() {
        return say(checks, what, State::Ok, "no endpoint that was called is said to end");
    }
    for notice in notices {
        let over = notice.sunset.is_some_and(|end| end <= now);
        let (state, what_to_do) = match over {
            true => (State::Broken, "it may stop at any moment; update this program"),
            false => (State::Look, "update this program before that"),
        };
        say(checks, what.clone(), state, format!("{notice}; {what_to_do}"));
    }
}

/// Subscriptions, and whether their form is understood.
pub(super) async fn hooks(procore: &Arc<Procore>, projects: &[ProjectId], checks: &mut Vec<Check>) {
    let what = "Procore webhooks";
    let scopes = std::iter::once(Scope::Company).chain(projects.iter().cloned().map(Scope::Project));
    let (mut found, mut faults) = (0_usize, Vec::new());
    for scope in scopes {
        let hooks = match Hooks::subscribed(procore, NAMESPACE, &scope).await {
            Ok(hooks) => hooks,
            Err(error) => {
                faults.push(format!("{scope}: {error}"));
                continue;
            }
        };
        found += hooks.len();
        faults.extend(hooks.iter().flat_map(faults_of).map(|fault| format!("{scope}: {fault}")));
    }
    match (faults.is_empty(), found) {
        (true, 0) => say(checks, what, State::Ok, "none are subscribed; `listen` asks the lists instead"),
        (true, found) => say(checks, what, State::Ok, format!("{found} subscriptions, in a form that is understood")),
        (false, _) => say(checks, what, State::Look, format!("{}; run `webhooks` again", faults.join("; "))),
    }
}

/// Why a subscription does not bring what this program understands.
fn faults_of(hook: &Hook) -> Vec<String> {
    let mut faults = Vec::new();
    let version = hook.payload_version.as_deref().unwrap_or("none");
    if !PayloadVersion::ALL.iter().any(|known| known.as_str() == version) {
        faults.push(format!("deliveries come in version {version}, which is not understood"));
    }
    if let Some(status) = hook.status.as_deref().filter(|status| !status.eq_ignore_ascii_case("active")) {
        faults.push(format!("the subscription is {status}"));
    }
    faults
}

/// Members that Procore's lists have and this program has never seen.
pub(super) async fn members(procore: &Procore, projects: &[ProjectId], checks: &mut Vec<Check>) {
    let what = "Procore fields";
    let lists = [
        ("vendors", Listing::Vendors),
        ("work_order_contracts", Listing::WorkOrderContracts),
        ("purchase_order_contracts", Listing::PurchaseOrderContracts),
        ("requisitions", Listing::Requisitions),
    ];
    let (mut new, mut important) = (BTreeSet::new(), BTreeSet::new());
    for project in projects.iter().take(1) {
        for (name, list) in lists {
            let members = match procore.members(list, project).await {
                Ok(members) => members,
                Err(error) => {
                    say(checks, what, State::Broken, format!("{name}: {error}"));
                    continue;
                }
            };
            for member in members.into_iter().filter(|member| !known::members(list).contains(&member.as_str())) {
                let of = if speaks_of_money(&member) { &mut important } else { &mut new };
                of.insert(format!("{name}.{member}"));
            }
        }
    }
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    match (important.is_empty(), new.len()) {
        (false, _) => say(checks, what, State::Look, format!("new, may carry money, not read: {}", list(important))),
        (true, 0) => say(checks, what, State::Ok, "the lists have the members that are known"),
        (true, _) => say(checks, what, State::Ok, format!("new, harmless by their names: {}", list(new))),
    }
}

fn speaks_of_money(member: &str) -> bool {
    let words = ["amount", "retain", "retention", "total", "balance", "paid", "tax", "currency", "withh", "lien"];
    let member = member.to_ascii_lowercase();
    matters(&member) || words.iter().any(|word| member.contains(word))
}

/// Where QuickBooks uses a word from a list, and the words that this client knows.
const WORDS: [(Entity, Place, &[&str]); 7] = [
    (Entity::Account, Place::Member("AccountType"), ACCOUNT_TYPES),
    (Entity::Item, Place::Member("Type"), &["Service", "Inventory", "NonInventory", "Category", "Group", "Bundle"]),
    (Entity::PurchaseOrder, Place::Member("POStatus"), &["Open", "Closed"]),
    (Entity::Estimate, Place::Member("TxnStatus"), &["Pending", "Accepted", "Closed", "Rejected", "Converted"]),
    (Entity::BillPayment, Place::Member("PayType"), &["Check", "CreditCard"]),
    (Entity::Bill, Place::Lines, &["ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail", "TaxLineDetail"]),
    (Entity::Invoice, Place::Lines, INVOICE_LINES),
];

const INVOICE_LINES: &[&str] = &[
    "SalesItemLineDetail",
    "GroupLineDetail",
    "SubTotalLineDetail",
    "DiscountLineDetail",
    "DescriptionOnly",
    "TaxLineDetail",
];

/// <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account>
const ACCOUNT_TYPES: &[&str] = &[
    "Bank",
    "Other Current Asset",
    "Fixed Asset",
    "Other Asset",
    "Accounts Receivable",
    "Equity",
    "Expense",
    "Other Expense",
    "Cost of Goods Sold",
    "Accounts Payable",
    "Credit Card",
    "Long Term Liability",
    "Other Current Liability",
    "Income",
    "Other Income",
    "Non-Posting",
];

#[derive(Clone, Copy)]
enum Place {
    Member(&'static str),
    /// `DetailType` of each line.
    Lines,
}

#[derive(Deserialize)]
struct WithLines {
    #[serde(rename = "Line", default)]
    lines: Vec<LineWord>,
}

#[derive(Deserialize)]
struct LineWord {
    #[serde(rename = "DetailType")]
    detail: Option<String>,
}

/// Words in QuickBooks' answers that this client does not know.
pub(super) async fn words(client: &QuickBooks, checks: &mut Vec<Check>) {
    let what = "QuickBooks words";
    let mut unknown = BTreeSet::new();
    for (entity, place, known) in WORDS {
        // What cannot be read at all is said elsewhere.
        let Ok(records) = client.all(&Query::new(entity)).await else { continue };
        for raw in records {
            let words: Vec<String> = match place {
                Place::Member(member) => {
                    let read: Option<BTreeMap<String, &serde_json::value::RawValue>> =
                        serde_json::from_str(raw.get()).ok();
                    let word = read.and_then(|read| serde_json::from_str(read.get(member)?.get()).ok());
                    word.into_iter().collect()
                }
                Place::Lines => {
                    let read: Option<WithLines> = serde_json::from_str(raw.get()).ok();
                    read.into_iter().flat_map(|read| read.lines).filter_map(|line| line.detail).collect()
                }
            };
            let new = words.into_iter().filter(|word| !known.contains(&word.as_str()));
            unknown.extend(new.map(|word| format!("{entity} `{word}`")));
        }
    }
    match unknown.is_empty() {
        true => say(checks, what, State::Ok, "every type and status is known"),
        false => {
            let words: Vec<String> = unknown.into_iter().collect();
            say(checks, what, State::Look, format!("types or statuses that are not known: {}", words.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_in_an_unknown_form_or_switched_off_is_a_fault() {
        let faults = |hook: &str| faults_of(&serde_json::from_str(hook).unwrap()).join("; ");
        assert_eq!(faults(r#"{"id":"1","status":"active","payload_version":"v3.0"}"#), "");
        assert_eq!(
            faults(r#"{"id":"1","status":"disabled","payload_version":"v1.0"}"#),
            "deliveries come in version v1.0, which is not understood; the subscription is disabled"
        );
    }
}
