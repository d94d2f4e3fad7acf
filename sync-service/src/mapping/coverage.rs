//! `mapping coverage`: codes in use that the mapping leaves open.

use std::process::ExitCode;

use crate::Failure;
use crate::site::{Site, Where, table};

pub(super) async fn run(at: &Where, json: bool) -> Result<ExitCode, Failure> {
    let site = Site::open(at)?;
    let mapping = site.mapping()?;
    let (documents, problems) = site.documents().await?;
    let coverage = mapping.coverage(&documents, site.settings.currency)?;
    if json {
        let (covered, open) = (coverage.covered, &coverage.open);
        println!(
            "{}",
            serde_json::json!({ "version": mapping.version(), "covered": covered, "open": open, "unreadable": problems })
        );
    } else {
        if !coverage.open.is_empty() {
            let header = ["project", "budget code", "cost code", "type", "committed", "billed", "used by", "problem"];
            let mut rows = table(&header);
            for code in &coverage.open {
                let documents: Vec<&str> = code.documents.iter().map(String::as_str).take(5).collect();
                let more = code.documents.len().saturating_sub(5);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                rows.add_row([
                    code.project.clone(),
                    code.budget_code.clone(),
                    code.cost_code.clone(),
                    code.cost_type.clone(),
                    code.committed.to_string(),
                    code.billed.to_string(),
                    format!("{}{more}", documents.join(", ")),
                    code.problem.clone(),
                ]);
            }
            println!("{rows}");
        }
        println!("{} codes in use have a row, {} have none that can be used.", coverage.covered, coverage.open.len());
        for problem in problems {
            println!("not read: {problem}");
        }
    }
    Ok(if coverage.open.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
