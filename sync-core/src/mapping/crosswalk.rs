//! The smaller tables of the controller: projects, vendors, terms, accounts.

use std::collections::HashMap;

use super::fault::{Collector, nearest};
use super::table;
use crate::connector::ListEntry;

/// The customer and job of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProjectRow {
    pub(super) customer: Option<String>,
    pub(super) job: Option<String>,
    pub(super) line: usize,
    pub(super) customer_column: usize,
    pub(super) job_column: usize,
}

/// What an account is for. The controller maps each role to a real account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountRole {
    /// Job cost, where a coding row names neither item nor account.
    JobCost,
    /// Accounts payable.
    AccountsPayable,
    /// Retainage payable: an other current liability.
    RetainagePayable,
    /// Accounts receivable.
    AccountsReceivable,
    /// Retainage receivable: an other current asset.
    RetainageReceivable,
    /// Contract billings.
    ContractBillings,
    /// Costs and estimated earnings in excess of billings.
    Underbillings,
    /// Billings in excess of costs and estimated earnings.
    Overbillings,
    /// Accrued loss on contracts.
    LossProvision,
}

impl AccountRole {
    const NAMES: [(&'static str, &'static str, Self); 9] = [
        ("Job cost", "", Self::JobCost),
        ("Accounts payable", "AP", Self::AccountsPayable),
        ("Retainage payable", "RP", Self::RetainagePayable),
        ("Accounts receivable", "AR", Self::AccountsReceivable),
        ("Retainage receivable", "RR", Self::RetainageReceivable),
        ("Contract billings", "", Self::ContractBillings),
        ("Underbillings", "", Self::Underbillings),
        ("Overbillings", "", Self::Overbillings),
        ("Loss provision", "", Self::LossProvision),
    ];

    /// The name of the role, as in `accounts.csv`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, _, role)| *role == self).map_or("", |(name, _, _)| name)
    }

    /// Could this be the account of the role, by its type or its name?
    pub(super) fn fits(self, account: &ListEntry) -> bool {
        match self {
            Self::AccountsPayable => account.kind.eq_ignore_ascii_case("Accounts Payable"),
            Self::AccountsReceivable => account.kind.eq_ignore_ascii_case("Accounts Receivable"),
            _ => account.name.rsplit(':').next().is_some_and(|leaf| leaf.eq_ignore_ascii_case(self.name())),
        }
    }

    /// Reads `Accounts payable (AP)`, `Accounts payable` or `AP`.
    fn parse(text: &str) -> Option<Self> {
        let (name, short) = match text.split_once('(') {
            Some((name, short)) => (name.trim(), short.trim_end_matches(')').trim()),
            None => (text.trim(), ""),
        };
        Self::NAMES
            .iter()
            .find(|(full, abbreviation, _)| {
                name.eq_ignore_ascii_case(full)
                    || (!abbreviation.is_empty()
                        && (name.eq_ignore_ascii_case(abbreviation) || short.eq_ignore_ascii_case(abbreviation)))
            })
            .map(|(_, _, role)| *role)
    }
}

/// A cell that says what something is called in the accounting system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Debug, Default)]
pub(super) struct Crosswalk {
    pub(super) projects: HashMap<String, ProjectRow>,
    pub(super) vendors: HashMap<String, Named>,
    pub(super) terms: HashMap<String, Named>,
    pub(super) accounts: HashMap<AccountRole, Named>,
    /// Items that retainage is posted through, by the role of their account.
    pub(super) items: HashMap<AccountRole, Named>,
}

pub(super) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Crosswalk {
    pub(super) fn read_projects(&mut self, bytes: &[u8], out: &mut Collector<'_>) {
        let table = table::read(bytes, &["project_number", "customer", "job"], &["project_number"], out);
        for row in &table.rows {
            let number = row.cell(0);
            if number.is_empty() {
                let fix = "give the project's number, as in Procore";
                out.add(row.line, row.column(0), "project_number is empty", fix);
                continue;
            }
            if let Some(what) = table::spoilt_by_excel(number) {
                let problem = format!("Excel has made {what} of a project_number: `{number}`");
                out.add(row.line, row.column(0), problem, "format the column as text in Excel and type it again");
            }
            let project = ProjectRow {
                customer: row.filled(1),
                job: row.filled(2),
                line: row.line,
                customer_column: row.column(1),
                job_column: row.column(2),
            };
            if self.projects.insert(fold(number), project).is_some() {
                let problem = format!("the project {number} occurs twice");
                out.add(row.line, row.column(0), problem, "remove one of the rows");
            }
        }
    }

    pub(super) fn read_vendors(&mut self, bytes: &[u8], out: &mut Collector<'_>) {
        self.vendors = read_pairs(bytes, ["procore_vendor", "quickbooks_vendor"], out);
    }

    pub(super) fn read_terms(&mut self, bytes: &[u8], out: &mut Collector<'_>) {
        self.terms = read_pairs(bytes, ["procore_terms", "quickbooks_terms"], out);
    }

    pub(super) fn read_accounts(&mut self, bytes: &[u8], out: &mut Collector<'_>) {
        let table = table::read(bytes, &["role", "account", "item"], &["role", "account"], out);
        for row in &table.rows {
            let (role, account, item) = (row.cell(0), row.cell(1), row.cell(2));
            let Some(parsed) = AccountRole::parse(role) else {
                let known: Vec<&str> = AccountRole::NAMES.iter().map(|(name, _, _)| *name).collect();
                let near = nearest(role, known.iter().copied());
                let fix = match near.first() {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the roles are {}", known.join(", ")),
                };
                out.add(row.line, row.column(0), format!("`{role}` is not a role"), fix);
                continue;
            };
            if !item.is_empty() {
                let named = Named { name: item.to_owned(), line: row.line, column: row.column(2) };
                if !matches!(parsed, AccountRole::RetainagePayable | AccountRole::RetainageReceivable) {
                    let fix = "clear the cell; lines are coded to items in coding.csv";
                    out.add(row.line, row.column(2), format!("{role} is not posted through an item"), fix);
                } else if self.items.insert(parsed, named).is_some() {
                    let problem = format!("the role {role} occurs twice");
                    out.add(row.line, row.column(0), problem, "remove one of the rows");
                    continue;
                }
            }
            if account.is_empty() && !item.is_empty() {
                continue;
            }
            if account.is_empty() {
                let fix = "give the account's full name, or id:NUMBER";
                out.add(row.line, row.column(1), format!("{role} has no account"), fix);
                continue;
            }
            let named = Named { name: account.to_owned(), line: row.line, column: row.column(1) };
            if self.accounts.insert(parsed, named).is_some() {
                let problem = format!("the role {role} occurs twice");
                out.add(row.line, row.column(0), problem, "remove one of the rows");
            }
        }
    }
}

fn read_pairs(bytes: &[u8], columns: [&str; 2], out: &mut Collector<'_>) -> HashMap<String, Named> {
    let table = table::read(bytes, &columns, &columns, out);
    let mut pairs = HashMap::with_capacity(table.rows.len());
    for row in &table.rows {
        let (from, to) = (row.cell(0), row.cell(1));
        for (i, (cell, column)) in [from, to].into_iter().zip(columns).enumerate() {
            if cell.is_empty() {
                out.add(row.line, row.column(i), format!("{column} is empty"), "fill the cell, or remove the row");
            }
        }
        let named = Named { name: to.to_owned(), line: row.line, column: row.column(1) };
        if pairs.insert(fold(from), named).is_some() {
            out.add(row.line, row.column(0), format!("`{from}` occurs twice"), "remove one of the rows");
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_known_with_or_without_its_abbreviation() {
        for text in ["Accounts payable (AP)", "accounts payable", "AP"] {
            assert_eq!(AccountRole::parse(text), Some(AccountRole::AccountsPayable), "{text}");
        }
        assert_eq!(AccountRole::parse("Job cost"), Some(AccountRole::JobCost));
        assert_eq!(AccountRole::parse("Retention"), None);
    }

    #[test]
    fn all_faults_of_the_accounts_are_reported() {
        let mut faults = Vec::new();
        let mut out = Collector { file: "accounts.csv", faults: &mut faults };
        Crosswalk::default()
            .read_accounts(b"role,account\nRetainage payble,2150\nAP,\nAR,Accounts Receivable\nAR,Other\n", &mut out);
        let lines: Vec<usize> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [2, 3, 5], "{faults:?}");
        assert!(faults[0].fix.contains("Retainage payable"));
    }
}
