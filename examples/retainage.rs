//! Retainage of one subcontract, as an accountant reads it: the G702 of each application, the journal of its document,
//! and the ledger held against the account.
//!
//! ```text
//! cargo run -p sync-examples --example retainage
//! ```

use std::error::Error;

use sync_core::mapping::RetainageLines;
use sync_core::model::{Currency, DocumentKey, DocumentKind, Money};
use sync_core::retainage::{
    AccountEntry, Application, Certificate, Grouping, LedgerContract, LedgerDocument, RetainageLedger, RetainageTerms,
    Schedule, Side, StepEffect, Threshold, certificates,
};

fn usd(text: &str) -> Result<Money, Box<dyn Error>> {
    Ok(Money::new(text.parse()?, Currency::USD)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    // The contract: 10% of work and 5% of stored material; from half of the sum on, 5% on all work to date.
    let terms = RetainageTerms::percent("10".parse()?, "5".parse()?).with_step(
        Threshold::PercentComplete("50".parse()?),
        StepEffect::AllWorkToDate { work: "5".parse()?, stored: None },
    );
    let schedule = Schedule::new(
        Currency::USD,
        [("1", "Structural steel", usd("80000")?), ("2", "Erection labour", usd("40000")?)],
    )
    .with_change("CO 1", 3, [("3", "Added stair", usd("5000")?)]);
    // What each application bills: column E, and column F where material is stored.
    let applications = [
        Application::new(1).work_and_stored("1", usd("0")?, usd("30000")?).work("2", usd("6000")?),
        Application::new(2).work_and_stored("1", usd("35000")?, usd("17000")?).work("2", usd("14000")?),
        Application::new(3).work("1", usd("-4000")?).work("3", usd("2500")?),
        Application::new(4)
            .work_and_stored("1", usd("49000")?, usd("0")?)
            .work("2", usd("20000")?)
            .work("3", usd("2500")?)
            .release("1", usd("1000")?),
        Application::new(5).release_all(),
    ];
    let certificates = certificates(&schedule, &terms, Side::Payable, &applications)?;

    println!("Subcontract SC-001, Acme Steel\n");
    g702(&certificates);
    for certificate in &certificates {
        journal(certificate)?;
    }
    ledger(&certificates)
}

fn g702(certificates: &[Certificate]) {
    print!("{:<40}", "G702");
    for certificate in certificates {
        print!("{:>13}", format!("App {}", certificate.application));
    }
    println!();
    type Line = (&'static str, fn(&Certificate) -> Money);
    let lines: [Line; 11] = [
        ("1  Original contract sum", |c| c.summary.original_sum),
        ("2  Net change by change orders", |c| c.summary.net_changes),
        ("3  Contract sum to date", |c| c.summary.sum_to_date),
        ("4  Total completed and stored", |c| c.summary.completed),
        ("5a Retainage on completed work", |c| c.summary.retainage_work),
        ("5b Retainage on stored material", |c| c.summary.retainage_stored),
        ("5  Total retainage", |c| c.summary.retainage),
        ("6  Total earned less retainage", |c| c.summary.earned_less_retainage),
        ("7  Less previous certificates", |c| c.summary.previous_certificates),
        ("8  Current payment due", |c| c.summary.current_due),
        ("9  Balance to finish, incl. retainage", |c| c.summary.balance_to_finish),
    ];
    for (name, value) in lines {
        print!("{name:<40}");
        for certificate in certificates {
            print!("{:>13}", value(certificate));
        }
        println!();
    }
}

fn journal(certificate: &Certificate) -> Result<(), Box<dyn Error>> {
    let (kind, total) = (certificate.document(), certificate.document_total());
    let title = format!("Application {}: {} of {total}", certificate.application, kind.as_str().replace('_', " "));
    println!("\n{title:<48}{:>13}{:>13}", "Debit", "Credit");
    for row in certificate.journal(RetainageLines::PerDocument)? {
        let blank = |amount: Money| if amount.is_zero() { String::new() } else { amount.to_string() };
        println!("  {:<46}{:>13}{:>13}", row.to_string(), blank(row.debit), blank(row.credit));
    }
    Ok(())
}

fn ledger(certificates: &[Certificate]) -> Result<(), Box<dyn Error>> {
    let contract = DocumentKey::new(DocumentKind::Commitment, "SC-001");
    let mut ledger = RetainageLedger::new(Currency::USD);
    ledger.open(LedgerContract {
        document: contract.clone(),
        label: "SC-001".into(),
        side: Side::Payable,
        party: "Acme Steel".into(),
        project: "2026-014 Clinic".into(),
    });
    let pay_app = |number: u32| DocumentKey::new(DocumentKind::PayApp, format!("SC-001/{number}"));
    let mut entries = Vec::new();
    // The last application is not billed yet. Delivered last first: each waits for the one before it.
    let billed = certificates.split_last().map_or(certificates, |(_, billed)| billed);
    for certificate in billed.iter().rev() {
        let number = certificate.application;
        let previous = number.checked_sub(1).filter(|n| *n > 0).map(pay_app);
        let label = format!("SC-001/{number}");
        let (withheld, released) = (certificate.total.withheld, certificate.total.released);
        entries.push(AccountEntry {
            label: format!("Bill {label}"),
            document: Some(pay_app(number)),
            amount: withheld.minus(released)?,
        });
        ledger.apply(LedgerDocument::of_certificate(
            pay_app(number),
            label,
            contract.clone(),
            previous,
            certificate,
        ))?;
    }
    for (by, title) in [(Grouping::Contract, "contract"), (Grouping::Line, "line"), (Grouping::Project, "project")] {
        println!("\nRetainage payable by {title:<25}{:>13}{:>13}{:>13}", "Withheld", "Released", "Held");
        for row in ledger.report(Side::Payable, by)? {
            let label = row.line.map_or(row.label.clone(), |line| format!("{}, line {line}", row.label));
            let b = row.balance;
            println!("  {label:<44}{:>13}{:>13}{:>13}", b.withheld, b.released, b.held);
        }
    }
    // The account has one entry more.
    entries.push(AccountEntry { label: "Journal entry JE-7".into(), document: None, amount: usd("750")? });
    let balance = Money::sum(Currency::USD, entries.iter().map(|entry| entry.amount))?;
    let tie = ledger.against_account(Side::Payable, balance, &entries)?;
    println!("\n{} retainage ledger {} against account {}: {}", tie.tie_out, tie.ledger, tie.account, tie.difference);
    for entry in &tie.untracked {
        println!("  not from a pay app: {} {}", entry.label, entry.amount);
    }
    Ok(())
}
