//! The outcome for people, and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value, json};
use sync_core::model::{Money, TargetKind};
use sync_core::reconcile::Measure;

use super::outcome::Outcome;

/// One JSON object; the README describes it.
pub(crate) fn json(outcome: &Outcome) -> Value {
    let documents: Map<String, Value> = outcome
        .documents
        .iter()
        .map(|(kind, pair)| (kind.to_string(), json!({ "procore": pair.procore, "quickbooks": pair.quickbooks })))
        .collect();
    let tie_outs: Vec<Value> = ["T1", "T2", "T3", "T4", "T5", "T6", "T7"]
        .iter()
        .filter_map(|id| outcome.tie_out.headline(id).map(|headline| (id, headline)))
        .map(|(id, headline)| {
            let explained = outcome.tie_out.tie_outs.iter().filter(|t| t.id == *id).all(|t| t.explained);
            let measures: Vec<Value> = outcome
                .tie_out
                .tie_outs
                .iter()
                .filter(|t| t.id == *id)
                .map(|t| {
                    json!({
                        "measure": t.measure,
                        "left": t.left.to_string(),
                        "right": t.right.to_string(),
                        "difference": t.difference.to_string(),
                    })
                })
                .collect();
            json!({
                "id": id,
                "left": headline.left.to_string(),
                "right": headline.right.to_string(),
                "difference": headline.difference.to_string(),
                "explained": explained,
                "measures": measures,
            })
        })
        .collect();
    let letters: Vec<Value> = outcome
        .letters
        .iter()
        .map(|letter| {
            json!({
                "cause": letter.cause,
                "document": letter.document,
                "amount": letter.amount.map(|a| a.to_string()),
                "expected": letter.expected,
                "text": letter.text,
            })
        })
        .collect();
    let missing: Vec<Value> = outcome
        .missing_letters
        .iter()
        .map(|(cause, document)| json!({ "cause": cause, "document": document }))
        .collect();
    let findings: Vec<Value> = outcome
        .tie_out
        .findings
        .iter()
        .map(|f| {
            json!({
                "tie_out": f.tie_out,
                "measure": f.measure,
                "kind": f.kind,
                "procore": f.procore,
                "quickbooks": f.quickbooks,
                "amount": f.amount.to_string(),
                "text": f.text,
            })
        })
        .collect();
    json!({
        "documents": documents,
        "tie_outs": tie_outs,
        "duplicates": outcome.duplicates,
        "lost": outcome.lost.len(),
        "dead_letters": letters,
        "missing_dead_letters": missing,
        "requests": { "procore": outcome.first_load.procore, "qbo": outcome.first_load.qbo },
        "throttled": outcome.throttled,
        "message_sets": outcome.message_sets,
        "all_requests": { "procore": outcome.all_requests.procore, "qbo": outcome.all_requests.qbo },
        "books_digest": outcome.books_digest,
        "kills": outcome.kills,
        "webhooks": {
            "delivered": outcome.burst.delivered,
            "forged": outcome.burst.forged,
            "refused": outcome.burst.refused,
        },
        "findings": findings,
    })
}

/// Payments come the other way.
fn is_payment(kind: TargetKind) -> bool {
    matches!(kind, TargetKind::BillPayment | TargetKind::Payment)
}

/// What a controller wants to see.
pub(crate) fn tables(outcome: &Outcome) -> String {
    let mut out = format!("\n{}\n", outcome.book);
    out.push_str(&projects(outcome));
    out.push_str(&tie_outs(outcome));
    let made: Vec<String> = outcome
        .documents
        .iter()
        .filter(|(kind, pair)| !is_payment(**kind) && pair.procore + pair.quickbooks > 0)
        .map(|(kind, pair)| format!("{} {} of {}", kind, pair.quickbooks, pair.procore))
        .collect();
    out.push_str(&format!("In QuickBooks: {}.\n", made.join(", ")));
    let paid: Vec<String> = outcome
        .documents
        .iter()
        .filter(|(kind, _)| is_payment(**kind))
        .map(|(kind, pair)| format!("{} {} of {}", kind, pair.procore, pair.quickbooks))
        .collect();
    out.push_str(&format!("In Procore: {}.\n", paid.join(", ")));
    for finding in outcome.tie_out.findings.iter().filter(|f| f.measure != Measure::Gross) {
        out.push_str(&format!("  {} {}: {}\n", finding.tie_out, finding.kind, finding.text));
    }
    for letter in &outcome.letters {
        let amount = letter.amount.map(|a| format!(" ({a})")).unwrap_or_default();
        out.push_str(&format!("  Needs a person: {}{amount}: {}: {}\n", letter.document, letter.cause, letter.text));
    }
    for (cause, document) in &outcome.missing_letters {
        out.push_str(&format!("  MISSING: the book leaves {document} for a person ({cause}), and nobody was asked\n"));
    }
    for document in &outcome.lost {
        out.push_str(&format!("  LOST: {document}\n"));
    }
    out.push_str(&format!(
        "Posted twice: {}. Lost: {}. Worker killed: {}. Requests of the first load: {} to Procore, {} to QuickBooks; \
         turned away for haste: {}.\n",
        outcome.duplicates,
        outcome.lost.len(),
        outcome.kills,
        outcome.first_load.procore,
        outcome.first_load.qbo,
        outcome.throttled,
    ));
    out.push_str(if outcome.is_good() {
        "Committed, billed and paid are the same on both sides, but for what waits for a person.\n"
    } else {
        "There are differences that nothing explains; see above.\n"
    });
    out
}

fn projects(outcome: &Outcome) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["project", "", "Procore", "QuickBooks", "difference"]);
    for row in &outcome.tie_out.projects {
        let mut first = row.project.as_str();
        for (what, (left, right)) in
            [("committed", row.committed), ("billed", row.billed), ("paid", row.paid), ("retainage held", row.held)]
        {
            table.add_row([first, what, &dollars(left), &dollars(right), &difference(left, right)]);
            first = "";
        }
    }
    right_aligned(&mut table, &[2, 3, 4]);
    format!("{table}\n")
}

fn tie_outs(outcome: &Outcome) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["tie-out", "Procore", "QuickBooks", "difference", ""]);
    for tie in &outcome.tie_out.tie_outs {
        let what = match (tie.id, tie.measure) {
            ("T1", _) => "T1 commitments = purchase orders",
            ("T2", Measure::Gross) => "T2 pay apps = bills: gross",
            ("T2", Measure::Withheld) => "T2 withheld",
            ("T2", Measure::Released) => "T2 released",
            ("T2", _) => "T2 net",
            ("T3", _) => "T3 retainage = liability account",
            ("T4", _) => "T4 payments on commitments = bill payments",
            ("T5", Measure::Gross) => "T5 owner invoices = invoices: gross",
            ("T5", Measure::Withheld) => "T5 withheld",
            ("T5", Measure::Released) => "T5 released",
            ("T5", _) => "T5 net",
            ("T6", _) => "T6 owner retainage = asset account",
            ("T7", _) => "T7 prime contracts = estimates",
            (other, _) => other,
        };
        let verdict = match (tie.difference.is_zero(), tie.explained) {
            (true, true) => "ties",
            (false, true) => "explained",
            _ => "NOT EXPLAINED",
        };
        table.add_row([what, &dollars(tie.left), &dollars(tie.right), &dollars(tie.difference), verdict]);
    }
    right_aligned(&mut table, &[1, 2, 3]);
    format!("{table}\n")
}

fn right_aligned(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn difference(left: Money, right: Money) -> String {
    left.minus(right).map(dollars).unwrap_or_else(|error| error.to_string())
}

/// With thousands separators, as controllers read it.
fn dollars(money: Money) -> String {
    let text = money.absolute().to_string();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if money.is_negative() { "-" } else { "" };
    format!("{sign}{grouped}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::model::Currency;

    #[test]
    fn amounts_have_thousands_separators() {
        let money = |text: &str| Money::new(text.parse().unwrap(), Currency::USD).unwrap();
        assert_eq!(dollars(money("1234567.5")), "1,234,567.50");
        assert_eq!(dollars(money("-999.99")), "-999.99");
        assert_eq!(dollars(money("100000")), "100,000.00");
    }
}
