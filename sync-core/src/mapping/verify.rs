//! A mapping against the live lists: every name in it must stand for something that can be posted to.

use super::crosswalk::Named;
use super::fault::{Collector, Fault, Faults};
use super::names::{List, NameProblem, Names};
use super::rules::Target;
use super::{AccountRole, Mapping, OwnerRetainage, RetainagePolicy};
use crate::connector::Capabilities;

impl Mapping {
    /// Checks every name in the mapping against the lists of the accounting system, the accounts of the roles against
    /// their types, and the fields that rules set against those that the system takes. Without lists, every name stands
    /// for itself.
    ///
    /// # Errors
    /// [`Faults`]: names that are missing or inactive, with the nearest ones, at file, line and column.
    pub fn verify(&self, names: &Names<'_>, capabilities: &Capabilities) -> Result<(), Faults> {
        let mut faults: Vec<Fault> = Vec::new();
        self.verify_rules(names, capabilities, &mut Collector { file: "rules.toml", faults: &mut faults });
        if names.lists().is_some() {
            self.verify_coding(names, &mut Collector { file: super::coding::FILE, faults: &mut faults });
            self.verify_accounts(names, &mut Collector { file: "accounts.csv", faults: &mut faults });
            let mut out = Collector { file: super::direct_costs::FILE, faults: &mut faults };
            for (list, named) in self.direct_costs.names() {
                name(names, list, &named, &mut out);
            }
            let mut out = Collector { file: "terms.csv", faults: &mut faults };
            for named in self.crosswalk.terms.values() {
                name(names, List::Term, named, &mut out);
            }
            let mut out = Collector { file: "projects.csv", faults: &mut faults };
            for row in self.crosswalk.projects.values() {
                for (cell, column) in [(&row.customer, row.customer_column), (&row.job, row.job_column)] {
                    if let Some(text) = cell {
                        let named = Named { name: text.clone(), line: row.line, column };
                        made_if_missing(names, List::Customer, &named, &mut out);
                    }
                }
            }
            let mut out = Collector { file: "vendors.csv", faults: &mut faults };
            for named in self.crosswalk.vendors.values() {
                made_if_missing(names, List::Vendor, named, &mut out);
            }
        }
        faults.sort();
        faults.dedup();
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }

    fn verify_coding(&self, names: &Names<'_>, out: &mut Collector<'_>) {
        for row in self.coding.rows() {
            let cells = [
                (List::Customer, &row.customer, 5),
                (List::Class, &row.class, 6),
                (List::Item, &row.item, 7),
                (List::Account, &row.account, 8),
                (List::Item, &row.retainage_item, 9),
            ];
            for (list, cell, at) in cells {
                if let Some(text) = cell {
                    let column = row.columns.get(at).copied().unwrap_or(0);
                    name(names, list, &Named { name: text.clone(), line: row.line, column }, out);
                }
            }
        }
    }

    fn verify_rules(&self, names: &Names<'_>, capabilities: &Capabilities, out: &mut Collector<'_>) {
        for rule in &self.rules.rules {
            let list = match &rule.set {
                Target::Terms => List::Term,
                Target::LineClass => List::Class,
                Target::LineCustomer => List::Customer,
                Target::LineItem => List::Item,
                Target::LineAccount => List::Account,
                Target::Extra(field) => {
                    let declared = || capabilities.fields.iter().filter(|f| f.kinds.contains(&rule.kind));
                    let found = declared().find(|f| f.name == field);
                    if found.is_none() {
                        let known: Vec<&str> = declared().map(|f| f.name).collect();
                        let kind = rule.kind.as_str().replace('_', " ");
                        let problem = format!("{} takes no `{field}` on a {kind}", capabilities.name);
                        let fix = if known.is_empty() {
                            "remove the rule".to_owned()
                        } else {
                            format!("set one of {}", known.join(", "))
                        };
                        out.add(rule.set_at.0, rule.set_at.1, problem, fix);
                    }
                    match found.and_then(|field| field.list) {
                        Some(list) => list,
                        None => continue,
                    }
                }
                Target::Number | Target::Memo | Target::Date | Target::LineDescription => continue,
            };
            if names.lists().is_none() {
                continue;
            }
            // What is filled from the source is known only when a document is mapped.
            for text in rule.to.constant().into_iter().chain(rule.default.as_deref()).filter(|text| !text.is_empty()) {
                let (line, column) = rule.to_at;
                name(names, list, &Named { name: text.to_owned(), line, column }, out);
            }
        }
    }

    fn verify_accounts(&self, names: &Names<'_>, out: &mut Collector<'_>) {
        for named in self.crosswalk.items.values() {
            name(names, List::Item, named, out);
        }
        for (role, named) in &self.crosswalk.accounts {
            if !name(names, List::Account, named, out) {
                continue;
            }
            let Ok(account) = names.find(List::Account, &named.name) else { continue };
            if let Some(fix) = self.unfit(*role, &account.kind) {
                let problem = format!("{} is of the type {}", account.name, account.kind);
                out.add(named.line, named.column, problem, fix);
            }
        }
    }

    /// What type the account of a role must have, where this one cannot be used.
    fn unfit(&self, role: AccountRole, kind: &str) -> Option<String> {
        let is = |wanted: &str| kind.eq_ignore_ascii_case(wanted);
        let owner_is_liability = self.policies.owner_retainage == OwnerRetainage::Liability;
        let posted = self.policies.retainage != RetainagePolicy::ProcoreOnly;
        let wanted = match role {
            AccountRole::AccountsPayable => "Accounts Payable",
            AccountRole::AccountsReceivable => "Accounts Receivable",
            AccountRole::RetainagePayable if posted => "Other Current Liability",
            AccountRole::RetainageReceivable if posted && owner_is_liability => "Other Current Liability",
            AccountRole::RetainageReceivable if posted => "Other Current Asset",
            _ => return None,
        };
        // A connector that tells no types cannot be asked for one.
        (!kind.is_empty() && !is(wanted)).then(|| {
            let hint = match role {
                AccountRole::RetainageReceivable if !owner_is_liability => {
                    "; if the accountant keeps owner retainage as a liability, say owner_retainage = \"liability\" in sync.toml"
                }
                AccountRole::RetainagePayable => "; an account of payables would put retainage into the aging",
                _ => "",
            };
            format!("{} needs an account of the type {wanted}{hint}", role.name())
        })
    }
}

/// Reports a customer or vendor that cannot be used. A plain name that is not there is made; a path or an id must be
/// there already, and what is there must be in use.
fn made_if_missing(names: &Names<'_>, list: List, named: &Named, out: &mut Collector<'_>) {
    let is_new = matches!(names.find(list, &named.name), Err(NameProblem::Missing { .. }));
    if !is_new || named.name.contains(':') {
        name(names, list, named, out);
    }
}

/// Reports a name that stands for nothing; true if it stands for something.
fn name(names: &Names<'_>, list: List, named: &Named, out: &mut Collector<'_>) -> bool {
    let noun = list.noun();
    let (problem, near, else_fix) = match names.find(list, &named.name) {
        Ok(_) => return true,
        Err(NameProblem::Inactive { name, near }) => {
            (format!("the {noun} `{name}` is inactive"), near, "make it active, or name another".to_owned())
        }
        Err(NameProblem::Missing { near }) => {
            let fix = format!("make the {noun} in the accounting system, or name one that is there");
            (format!("there is no {noun} `{}`", named.name), near, fix)
        }
    };
    let fix = if near.is_empty() { else_fix } else { format!("did you mean {}? Or {else_fix}", near.join(" or ")) };
    out.add(named.line, named.column, problem, fix);
    false
}
