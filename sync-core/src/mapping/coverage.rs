//! Which codes in use have no row in `coding.csv`, and what is at stake.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Mapping;
use super::coding::CodingKey;
use crate::model::construction::{Codes, Document};
use crate::model::{Currency, Money, MoneyError, OwnerInvoiceStatus};

/// The codes of a set of documents, and which of them the mapping leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Combinations of project and codes that have a row.
    pub covered: usize,
    /// Those that have none, or none that can be used, the largest amount first.
    pub open: Vec<OpenCode>,
}

/// A combination of project and codes that the mapping leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenCode {
    /// The project's number.
    pub project: String,
    /// Budget code.
    pub budget_code: String,
    /// Cost code.
    pub cost_code: String,
    /// Cost type.
    pub cost_type: String,
    /// What is wrong.
    pub problem: String,
    /// Committed, or contracted with the owner, under it.
    #[serde(serialize_with = "crate::model::plain_amount")]
    pub committed: Money,
    /// Billed under it, before retainage.
    #[serde(serialize_with = "crate::model::plain_amount")]
    pub billed: Money,
    /// The documents that use it.
    pub documents: BTreeSet<String>,
}

/// Where a combination of codes stands.
type Place = (String, String, String, String, bool);

struct Use {
    committed: Money,
    billed: Money,
    documents: BTreeSet<String>,
    problem: Option<String>,
}

impl Mapping {
    /// Looks up every line of the documents that count: approved commitments, prime contracts, pay apps and owner
    /// invoices.
    ///
    /// # Errors
    /// If the amounts of one code cannot be added.
    pub fn coverage(&self, documents: &[Document], currency: Currency) -> Result<Coverage, MoneyError> {
        let mut uses: BTreeMap<Place, Use> = BTreeMap::new();
        for document in documents {
            self.cover(document, currency, &mut uses)?;
        }
        let covered = uses.values().filter(|used| used.problem.is_none()).count();
        let mut open: Vec<OpenCode> = uses
            .into_iter()
            .filter_map(|((project, budget_code, cost_code, cost_type, _), used)| {
                let Use { committed, billed, documents, problem } = used;
                let problem = problem?;
                Some(OpenCode { project, budget_code, cost_code, cost_type, problem, committed, billed, documents })
            })
            .collect();
        let stake = |code: &OpenCode| code.committed.amount().abs().max(code.billed.amount().abs());
        open.sort_by_key(|code| std::cmp::Reverse(stake(code)));
        Ok(Coverage { covered, open })
    }

    fn cover(
        &self,
        document: &Document,
        currency: Currency,
        uses: &mut BTreeMap<Place, Use>,
    ) -> Result<(), MoneyError> {
        let zero = Money::zero(currency);
        let label = document.label();
        let mut add = |project: &Option<String>, party: &str, codes: &Codes, sale: bool, amounts: (Money, Money)| {
            let project = project.as_deref().unwrap_or_default();
            let text = |code: &Option<String>| code.clone().unwrap_or_default();
            let place =
                (project.to_owned(), text(&codes.budget_code), text(&codes.cost_code), text(&codes.cost_type), sale);
            let used = uses.entry(place).or_insert_with(|| Use {
                committed: zero,
                billed: zero,
                documents: BTreeSet::new(),
                problem: None,
            });
            used.committed = used.committed.plus(amounts.0)?;
            used.billed = used.billed.plus(amounts.1)?;
            used.documents.insert(label.clone());
            used.problem = match self.coding.find(CodingKey { project, vendor: party, codes }) {
                None => Some("no row in coding.csv".to_owned()),
                Some(row) if sale && row.item.is_none() => {
                    Some(format!("coding.csv:{} names no item, and sales post through items", row.line))
                }
                Some(_) => used.problem.take(),
            };
            Ok::<(), MoneyError>(())
        };
        match document {
            Document::Commitment(d) if d.status.is_committed() && !d.deleted => {
                let vendor = d.vendor_name.as_deref().unwrap_or_default();
                for (line, _) in d.committed_lines() {
                    add(&d.project_number, vendor, &line.codes, false, (line.amount, zero))?;
                }
            }
            Document::PrimeContract(d) if d.status.is_committed() && !d.deleted => {
                let owner = d.owner.as_ref().map(|owner| owner.name.as_str()).unwrap_or_default();
                for (line, _) in d.contract_lines() {
                    add(&d.project_number, owner, &line.codes, true, (line.amount, zero))?;
                }
            }
            Document::PayApp(d) if d.status.is_approved() => {
                let vendor = d.vendor_name.as_deref().unwrap_or_default();
                for row in &d.lines {
                    let gross = row.work_this_period.plus(row.stored.minus(row.stored_previous)?)?;
                    if !gross.is_zero() {
                        add(&d.project_number, vendor, &row.codes, false, (zero, gross))?;
                    }
                }
            }
            Document::OwnerInvoice(d) if d.status == OwnerInvoiceStatus::Approved => {
                for row in &d.lines {
                    let gross = row.work_this_period.plus(row.stored.minus(row.stored_previous)?)?;
                    if !gross.is_zero() {
                        add(&d.project_number, "", &row.codes, true, (zero, gross))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
