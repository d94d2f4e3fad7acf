//! What each project comes to on both sides.

use std::collections::{BTreeMap, HashMap};

use super::report::ProjectRow;
use crate::model::{Currency, DocumentKey, Money, MoneyError};
use crate::reconcile::records::{BooksSide, ProcoreSide};

pub(super) fn projects(
    currency: Currency,
    procore: &ProcoreSide,
    books: &BooksSide,
) -> Result<Vec<ProjectRow>, MoneyError> {
    let zero = || (Money::zero(currency), Money::zero(currency));
    let mut rows: BTreeMap<&str, ProjectRow> = BTreeMap::new();
    let mut project_of: HashMap<&DocumentKey, &str> = HashMap::new();
    for c in &procore.commitments {
        project_of.insert(&c.document, &c.project);
    }
    for a in &procore.pay_apps {
        project_of.insert(&a.document, &a.project);
    }
    let row = |project: &str| ProjectRow {
        project: project.to_owned(),
        committed: zero(),
        billed: zero(),
        paid: zero(),
        held: zero(),
    };
    for c in &procore.commitments {
        let r = rows.entry(&c.project).or_insert_with(|| row(&c.project));
        r.committed.0 = r.committed.0.plus(c.revised)?;
        r.paid.0 = r.paid.0.plus(c.paid)?;
    }
    for a in &procore.pay_apps {
        let r = rows.entry(&a.project).or_insert_with(|| row(&a.project));
        r.billed.0 = r.billed.0.plus(a.gross)?;
        r.held.0 = r.held.0.plus(a.withheld)?.minus(a.released)?;
    }
    const ELSEWHERE: &str = "(not from this sync)";
    for p in &books.purchase_orders {
        let project = p.document.as_ref().and_then(|d| project_of.get(d)).copied().unwrap_or(ELSEWHERE);
        let r = rows.entry(project).or_insert_with(|| row(project));
        r.committed.1 = r.committed.1.plus(p.total)?;
    }
    for b in &books.bills {
        let project = b.document.as_ref().and_then(|d| project_of.get(d)).copied().unwrap_or(ELSEWHERE);
        let r = rows.entry(project).or_insert_with(|| row(project));
        r.billed.1 = r.billed.1.plus(b.gross)?;
        r.paid.1 = r.paid.1.plus(b.paid)?;
        r.held.1 = r.held.1.plus(b.withheld)?.minus(b.released)?;
    }
    Ok(rows.into_values().collect())
}
