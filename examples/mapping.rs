//! What a mapping does, as a controller sees it: its faults, why a bill is coded as it is, what a change would move, and
//! which codes it leaves open.
//!
//! ```text
//! cargo run -p sync-examples --example mapping
//! ```

use std::error::Error;

use sync_core::connector::{Capabilities, Directory, ListEntry, Lists};
use sync_core::mapping::{Explanation, Ground, KnownTargets, Mapping, MappingFiles, Names, Situation, impact};
use sync_core::model::construction::Document;
use sync_core::model::{Currency, Money};

const HEADER: &str = "project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account";

fn main() -> Result<(), Box<dyn Error>> {
    let (documents, directory) = (documents()?, lists());
    let names = Names::new(&directory);
    let capabilities = Capabilities { name: "QuickBooks", max_number: 21, ..Capabilities::default() };

    println!("1. A file from Excel with mistakes\n");
    let broken =
        format!("{HEADER}\r\n,,,Mar-00,,,,,Job Costs\r\n,,,05-200,,,,Steel,Job Costs\r\n,,,05-300,,,,,Job Cost\r\n");
    if let Err(faults) = mapping(&broken, "") {
        println!("{faults}");
    }
    let names_wrong = mapping(&format!("{HEADER}\n,,,05-100,,,05 Metal,,Job Cost\n"), "")?;
    if let Err(faults) = names_wrong.verify(&names, &capabilities) {
        println!("Against the company's lists, {faults}");
    }

    println!("\n2. Why a bill posts as it does\n");
    let rules = "[[rule]]\nfor = \"bill\"\nset = \"line.description\"\nwhen = \"line.part == 'work'\"\n\
                 to = \"{line.cost_code} {line.description}\"\n";
    let old = mapping(&format!("{HEADER}\n,,,05-100,,,05 Metals,,Job Costs:Subcontractors\n"), rules)?;
    let index = KnownTargets::default().assuming(&documents, &old, &capabilities);
    let situation =
        Situation { mapping: &old, names: &names, capabilities: &capabilities, index: &index, awaited: true };
    for document in &documents {
        if let (Document::PayApp(_), Ok(explanation)) = (document, situation.explain(document)) {
            explain(&explanation);
        }
    }

    println!("\n3. What another mapping would change\n");
    let new =
        format!("{HEADER}\n,,,05-100,,,05 Metals,,Job Costs:Subcontractors\n2026-014,,,05-100,,,06 Wood,,Job Costs\n");
    let new = mapping(&new, rules)?;
    let ground = Ground { names: &names, capabilities: &capabilities, index: &index, currency: Currency::USD };
    let found = impact(&old, &new, &documents, ground)?;
    println!("{:<12}{:<30}{:<12}{:>12}{:>12}", "", "Account", "Class", "Before", "After");
    for changed in &found.changed {
        for amount in changed.amounts.iter().filter(|amount| amount.before != amount.after) {
            let (before, after) = (amount.before.to_string(), amount.after.to_string());
            println!("{:<12}{:<30}{:<12}{before:>12}{after:>12}", changed.label, amount.post_to, amount.class);
        }
    }

    println!("\n4. Codes in use without a row\n");
    let bare = mapping(&format!("{HEADER}\n,,,06-100,,,06 Wood,,Job Costs\n"), "")?;
    for code in bare.coverage(&documents, Currency::USD)?.open {
        let used: Vec<&str> = code.documents.iter().map(String::as_str).collect();
        println!(
            "{} of {}: {} billed on {}, {}",
            code.budget_code,
            code.project,
            code.billed,
            used.join(", "),
            code.problem
        );
    }
    Ok(())
}

fn mapping(coding: &str, rules: &str) -> Result<Mapping, sync_core::mapping::Faults> {
    let mut files = MappingFiles::default();
    files.set("coding.csv", coding);
    files.set("rules.toml", rules);
    Mapping::compile(files)
}

fn explain(explanation: &Explanation) {
    println!("{} becomes a {}", explanation.label, explanation.becomes);
    for line in &explanation.lines {
        println!("  {}", line.line);
        for value in &line.values {
            println!("    {:<12} {:<36} {}", value.field, value.value, value.by);
        }
    }
}

fn lists() -> Directory {
    let entry = |id: &str, name: &str, kind: &str| ListEntry {
        id: id.into(),
        name: name.into(),
        number: None,
        kind: kind.into(),
        income_account: None,
        active: true,
    };
    Directory::Listed(Box::new(Lists {
        accounts: vec![
            entry("60", "Job Costs", "Cost of Goods Sold"),
            entry("61", "Job Costs:Subcontractors", "Cost of Goods Sold"),
            entry("21", "Accounts Payable", "Accounts Payable"),
            entry("22", "Retainage Payable", "Other Current Liability"),
        ],
        items: vec![entry("9", "Steel", "Service")],
        classes: vec![entry("5", "05 Metals", "Class"), entry("6", "06 Wood", "Class")],
        ..Lists::default()
    }))
}

/// A vendor, a job, a subcontract and its second pay app: 20,000.00 of steel at 10% retainage.
fn documents() -> Result<Vec<Document>, Box<dyn Error>> {
    let usd = |text: &str| -> Result<Money, Box<dyn Error>> { Ok(Money::new(text.parse()?, Currency::USD)?) };
    let text = include_str!("mapping.json");
    let documents: Vec<Document> = serde_json::from_str(text)?;
    let due = documents.iter().find_map(|document| match document {
        Document::PayApp(app) => app.summary.current_payment_due,
        _ => None,
    });
    assert_eq!(due, Some(usd("18000")?));
    Ok(documents)
}
