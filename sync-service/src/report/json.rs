//! A report for programs: a row is an object with a member for each column; amounts are texts, as in the CSV.

use serde_json::{Map, Value, json};

use super::{Cell, Report};

pub(crate) fn value(report: &Report) -> Value {
    let tables: Vec<Value> = report
        .tables
        .iter()
        .map(|table| {
            let rows: Vec<Value> = table
                .rows
                .iter()
                .map(|row| {
                    let members = table.header.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), of(cell)));
                    Value::Object(members.collect::<Map<_, _>>())
                })
                .collect();
            json!({ "name": table.name, "title": table.title, "rows": rows })
        })
        .collect();
    json!({ "title": report.title, "lead": report.lead, "tables": tables })
}

fn of(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => json!(text),
        Cell::Count(count) => json!(count),
        Cell::Money(money) | Cell::Formula(_, money) => json!(money.amount().to_string()),
        Cell::Share(_, share) => json!(share.to_string()),
    }
}
