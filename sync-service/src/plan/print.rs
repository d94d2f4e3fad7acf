//! A plan for people, as a diff, and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sync_core::model::Currency;
use sync_core::plan::Plan;

use crate::Failure;
use crate::reconcile::print::dollars;

pub(crate) fn json(plan: &Plan, currency: Currency) -> Result<Value, Failure> {
    let totals: Vec<Value> = plan
        .totals(currency)?
        .into_iter()
        .map(|((verb, kind), (count, amount))| {
            json!({ "verb": verb, "kind": kind, "count": count, "amount": amount.to_string() })
        })
        .collect();
    Ok(json!({ "plan": plan, "digest": plan.digest(), "totals": totals }))
}

pub(crate) fn text(plan: &Plan, currency: Currency) -> Result<String, Failure> {
    let mut out = String::new();
    for write in &plan.writes {
        let sign = match write.verb.as_str() {
            "create" => '+',
            "void" => '-',
            _ => '~',
        };
        let amount = write.amount.map(|amount| format!("  {}", dollars(amount))).unwrap_or_default();
        let name = write.number.clone().unwrap_or_default();
        writeln!(out, "{sign} {} {} {name}{amount}  ({})", write.verb, write.target.kind, write.document)?;
        for field in &write.fields {
            match (field.before.as_str(), field.after.as_str()) {
                ("", after) => writeln!(out, "    + {}: {after}", field.path)?,
                (before, "") => writeln!(out, "    - {}: {before}", field.path)?,
                (before, after) => writeln!(out, "    ~ {}: {before} -> {after}", field.path)?,
            }
        }
    }
    for letter in &plan.dead {
        let amount = letter.amount.map(|amount| format!(" ({})", dollars(amount))).unwrap_or_default();
        writeln!(out, "! {}{amount}: {}: {}", letter.label, letter.cause, letter.text)?;
    }
    for ((verb, kind), (count, amount)) in plan.totals(currency)? {
        let stake = if amount.is_zero() { String::new() } else { format!(", {}", dollars(amount)) };
        writeln!(out, "{verb} {kind}: {count}{stake}")?;
    }
    if plan.writes.is_empty() {
        out.push_str("Nothing would be written.\n");
    }
    if !plan.dead.is_empty() {
        writeln!(out, "{} would wait for a person or for another document.", plan.dead.len())?;
    }
    out.push_str("Nothing was written.\n");
    Ok(out)
}
