//! A WIP schedule and its proposed entries, as an accountant reads them.
//!
//! ```text
//! cargo run -p sync-examples --example wip
//! ```

use std::collections::HashMap;
use std::error::Error;

use sync_core::model::{Currency, Date, Money};
use sync_core::wip::{
    EntryBasis, JobBalances, JobRevenue, ProposedEntry, WipAccounts, WipJob, WipSchedule, proposed_entries, schedule,
    tie_t12,
};

fn usd(text: &str) -> Result<Money, Box<dyn Error>> {
    Ok(Money::new(text.parse()?, Currency::USD)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let job =
        |name: &str, contract: &str, estimate: &str, cost: &str, billed: &str| -> Result<WipJob, Box<dyn Error>> {
            Ok(WipJob::new(name, usd(contract)?, usd(estimate)?, usd(cost)?, usd(billed)?))
        };
    let jobs = [
        job("2026-011 Clinic", "1030000", "824000", "412000", "550000")?,
        job("2026-012 School", "480000", "400000", "130000", "120000")?,
        // Costs more than its contract sum.
        job("2026-013 Bridge", "250000", "275000", "110000", "95000")?,
        // Equipment of 100,000.00 is delivered and not installed.
        job("2026-014 Plant", "900000", "700000", "250000", "310000")?.with_uninstalled(usd("100000")?),
        // Nobody has entered an estimate.
        job("2026-015 Garage", "90000", "0", "1200", "0")?,
    ];
    let schedule = schedule(Currency::USD, &jobs)?;
    print_schedule(&schedule);

    let zero = JobBalances::zero(Currency::USD);
    let last_month = HashMap::from([
        ("2026-011 Clinic".to_owned(), JobBalances { overbilled: usd("20000")?, ..zero }),
        ("2026-012 School".to_owned(), JobBalances { overbilled: usd("4000")?, ..zero }),
    ]);
    let entries = proposed_entries(&schedule.rows, &last_month, EntryBasis::Difference)?;
    print_entries(&entries)?;

    // The entry of the Bridge was forgotten.
    let mut trial = Vec::new();
    for row in &schedule.rows {
        let posted = if row.job.ends_with("Bridge") { usd("0")? } else { row.underbilled.minus(row.overbilled)? };
        trial.push(JobRevenue { job: row.job.clone(), billings: row.billed_to_date, adjustments: posted });
    }
    println!("\nT12 earned = billings + adjustments");
    for tie in tie_t12(&schedule.rows, &trial)? {
        println!("  {:>13}  {}", tie.difference, tie.text);
    }
    Ok(())
}

fn print_schedule(schedule: &WipSchedule) {
    println!("WIP schedule, 31 January 2026");
    let heads = ["Contract", "EAC", "Cost", "%", "Earned", "Billed", "Over", "Under", "Profit", "Loss prov."];
    print!("{:<18}", "Job");
    heads.iter().for_each(|head| print!("{head:>12}"));
    println!();
    for row in &schedule.rows {
        print!("{:<18}{:>12}{:>12}{:>12}", row.job, row.contract, row.estimated_cost, row.cost_to_date);
        print!("{:>12}{:>12}{:>12}", row.percent_complete.percent(2), row.earned, row.billed_to_date);
        println!("{:>12}{:>12}{:>12}{:>12}", row.overbilled, row.underbilled, row.gross_profit, row.loss_provision);
    }
    let t = &schedule.totals;
    print!("{:<18}{:>12}{:>12}{:>12}{:>12}", "Total", t.contract, t.estimated_cost, t.cost_to_date, "");
    print!("{:>12}{:>12}{:>12}{:>12}", t.earned, t.billed_to_date, t.overbilled, t.underbilled);
    println!("{:>12}{:>12}", t.gross_profit, t.loss_provision);
    for fault in &schedule.faults {
        println!("  ! {fault}");
    }
}

fn print_entries(entries: &[ProposedEntry]) -> Result<(), Box<dyn Error>> {
    let accounts = WipAccounts {
        underbillings: "1250".into(),
        overbillings: "2250".into(),
        contract_revenue: "4010".into(),
        loss_provision: "2260".into(),
        loss_on_contracts: "5900".into(),
    };
    let date = Date::from_ymd_opt(2026, 1, 31).ok_or("no such date")?;
    println!("\nProposed entries, to be approved{:>44}{:>13}", "Debit", "Credit");
    for entry in entries {
        let journal = entry.to_journal(&accounts, date, None, None, None)?;
        println!("  {}", journal.memo());
        for line in &entry.lines {
            let blank = |amount: Money| if amount.is_zero() { String::new() } else { amount.to_string() };
            let account = format!("{} {}", accounts.of(line.account), line.account.name());
            println!("    {account:<58}{:>13}{:>13}", blank(line.debit), blank(line.credit));
        }
    }
    Ok(())
}
