//! Cases beyond the worked examples that an accountant would ask about, each worked out by hand.

use std::collections::HashMap;

use sync_core::model::{Currency, Money, TargetKind};
use sync_core::retainage::{
    Application, Cap, Certificate, Rate, RetainageRule, RetainageTerms, Schedule, Side, StepEffect, Threshold,
    certificates,
};
use sync_core::wip::{EntryBasis, JobBalances, ProposedEntry, WipJob, WipRow, proposed_entries, schedule};

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn ten() -> RetainageTerms {
    RetainageTerms::percent(rate("10"), rate("10"))
}

fn worked(terms: &RetainageTerms, sum: &str, side: Side, applications: &[Application]) -> Vec<Certificate> {
    let schedule = Schedule::new(Currency::USD, [("1", "", usd(sum))]);
    certificates(&schedule, terms, side, applications).unwrap()
}

/// Withheld, released, document total and held of each application.
fn course(all: &[Certificate]) -> Vec<[String; 4]> {
    let texts =
        |c: &Certificate| [c.total.withheld, c.total.released, c.net, c.held()].map(|amount| amount.to_string());
    all.iter().map(texts).collect()
}

fn is(found: &[[String; 4]], expected: &[[&str; 4]]) {
    let found: Vec<[&str; 4]> = found.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_rate_that_is_cut_twice_on_all_work_to_date() {
    // Given 10 %, 5 % on all work from half on, 2.5 % on all work from three quarters on
    let all_work = |rate_now: &str| StepEffect::AllWorkToDate { work: rate(rate_now), stored: None };
    let terms = ten()
        .with_step(Threshold::PercentComplete(rate("50")), all_work("5"))
        .with_step(Threshold::PercentComplete(rate("75")), all_work("2.5"));
    let work = ["40000", "20000", "25000", "15000"];
    let mut applications: Vec<_> = (1..).zip(work).map(|(n, work)| Application::new(n).work("1", usd(work))).collect();
    applications.push(Application::new(5).release_all());
    // Then each cut frees what is held beyond the new rate, and in the end the whole sum was paid
    let all = worked(&terms, "100000", Side::Payable, &applications);
    is(
        &course(&all),
        &[
            ["4000.00", "0.00", "36000.00", "4000.00"],
            ["1000.00", "2000.00", "21000.00", "3000.00"],
            ["625.00", "1500.00", "25875.00", "2125.00"],
            ["375.00", "0.00", "14625.00", "2500.00"],
            ["0.00", "2500.00", "2500.00", "0.00"],
        ],
    );
    assert_eq!(Money::sum(Currency::USD, all.iter().map(|c| c.net)).unwrap(), usd("100000"));
}

#[test]
fn a_cut_after_a_partial_release_frees_only_what_is_still_held() {
    // Given 5,000.00 withheld, of which 2,000.00 was paid out early
    let terms = ten().with_step(Threshold::Application(3), StepEffect::AllWorkToDate { work: rate("5"), stored: None });
    let applications = [
        Application::new(1).work("1", usd("50000")),
        Application::new(2).release("1", usd("2000")),
        Application::new(3).work("1", usd("10000")),
    ];
    // When the rate falls to 5 % of 60,000.00, then 3,000.00 is retained to date, 2,000.00 of it paid: 1,000.00 is held
    is(
        &course(&worked(&terms, "100000", Side::Payable, &applications)),
        &[
            ["5000.00", "0.00", "45000.00", "5000.00"],
            ["0.00", "2000.00", "2000.00", "3000.00"],
            ["500.00", "2500.00", "12000.00", "1000.00"],
        ],
    );
}

#[test]
fn stored_material_that_is_returned_takes_its_retainage_back() {
    // Given 20,000.00 of material stored at 5 %, half of which goes back to the supplier
    let terms = RetainageTerms::percent(rate("10"), rate("5"));
    let applications = [
        Application::new(1).work_and_stored("1", usd("0"), usd("20000")),
        Application::new(2).work_and_stored("1", usd("0"), usd("10000")),
    ];
    let all = worked(&terms, "50000", Side::Payable, &applications);
    // Then the second document is a vendor credit, and a reversal is no release
    is(&course(&all), &[["1000.00", "0.00", "19000.00", "1000.00"], ["-500.00", "0.00", "-9500.00", "500.00"]]);
    assert_eq!(all[1].document(), TargetKind::VendorCredit);
}

#[test]
fn an_owner_invoice_below_nothing_is_a_credit_memo() {
    let applications = [Application::new(1).work("1", usd("10000")), Application::new(2).work("1", usd("-4000"))];
    let all = worked(&ten(), "10000", Side::Receivable, &applications);
    is(&course(&all), &[["1000.00", "0.00", "9000.00", "1000.00"], ["-400.00", "0.00", "-3600.00", "600.00"]]);
    assert_eq!((all[0].document(), all[1].document()), (TargetKind::Invoice, TargetKind::CreditMemo));
}

#[test]
fn a_cap_in_percent_of_the_contract_is_reached_and_stays() {
    // Given 10 %, at most 5 % of 80,000.00
    let terms = ten().with_cap(Cap::PercentOfContract(rate("5")));
    let work = ["30000", "30000", "20000"];
    let applications: Vec<_> = (1..).zip(work).map(|(n, work)| Application::new(n).work("1", usd(work))).collect();
    is(
        &course(&worked(&terms, "80000", Side::Payable, &applications)),
        &[
            ["3000.00", "0.00", "27000.00", "3000.00"],
            ["1000.00", "0.00", "29000.00", "4000.00"],
            ["0.00", "0.00", "20000.00", "4000.00"],
        ],
    );
}

#[test]
fn a_change_order_may_be_free_of_retainage() {
    let terms = RetainageTerms { change_orders: Some(RetainageRule::Nothing), ..ten() };
    let schedule =
        Schedule::new(Currency::USD, [("1", "", usd("10000"))]).with_change("1", 2, [("2", "", usd("5000"))]);
    let applications = [
        Application::new(1).work("1", usd("6000")),
        Application::new(2).work("1", usd("4000")).work("2", usd("5000")),
        Application::new(3).release_all(),
    ];
    let all = certificates(&schedule, &terms, Side::Payable, &applications).unwrap();
    is(
        &course(&all),
        &[
            ["600.00", "0.00", "5400.00", "600.00"],
            ["400.00", "0.00", "8600.00", "1000.00"],
            ["0.00", "1000.00", "1000.00", "0.00"],
        ],
    );
}

/// Percent, earned, over, under, gross profit and loss provision.
fn figures(row: &WipRow) -> [String; 6] {
    let percent = row.percent_complete.percent(4).to_string();
    let [earned, over, under, profit, loss] =
        [row.earned, row.overbilled, row.underbilled, row.gross_profit, row.loss_provision].map(|a| a.to_string());
    [percent, earned, over, under, profit, loss]
}

fn job(name: &str, contract: &str, estimate: &str, cost: &str, billed: &str) -> WipJob {
    WipJob::new(name, usd(contract), usd(estimate), usd(cost), usd(billed))
}

#[test]
fn jobs_at_the_start_and_at_the_end() {
    let figures = |job: WipJob| figures(&job.row().unwrap());
    // Nothing done: what is billed is billed in advance
    assert_eq!(
        figures(job("start", "100000", "80000", "0", "5000")),
        ["0.0000", "0.00", "5000.00", "0.00", "0.00", "0.00"]
    );
    // All done: the whole contract is earned, whatever is billed
    assert_eq!(
        figures(job("end", "100000", "90000", "90000", "95000")),
        ["100.0000", "100000.00", "0.00", "5000.00", "10000.00", "0.00"]
    );
    // A job that will lose is provided for before it begins, and has no provision when the loss is in its cost
    assert_eq!(
        figures(job("loss ahead", "100000", "120000", "0", "0")),
        ["0.0000", "0.00", "0.00", "0.00", "0.00", "20000.00"]
    );
    assert_eq!(
        figures(job("loss taken", "100000", "120000", "120000", "100000")),
        ["100.0000", "100000.00", "0.00", "0.00", "-20000.00", "0.00"]
    );
}

#[test]
fn material_that_is_not_installed_earns_its_cost_and_no_profit() {
    let figures = |job: WipJob| figures(&job.row().unwrap());
    assert_eq!(
        figures(job("delivered", "900000", "700000", "100000", "120000").with_uninstalled(usd("100000"))),
        ["0.0000", "100000.00", "20000.00", "0.00", "0.00", "0.00"]
    );
    // A job that loses: 200 of 500 is 40 %; 40 % of 400 and 100 are earned; of the loss of 100, 40 is taken
    assert_eq!(
        figures(job("loses", "500", "600", "300", "0").with_uninstalled(usd("100"))),
        ["40.0000", "260.00", "0.00", "260.00", "-40.00", "60.00"]
    );
}

fn entry(proposed: &ProposedEntry) -> Vec<(&'static str, String, String)> {
    proposed.lines.iter().map(|l| (l.account.name(), l.debit.to_string(), l.credit.to_string())).collect()
}

#[test]
fn a_job_that_turns_and_a_loss_that_shrinks_are_one_entry_each() {
    // Given a job that was underbilled by 36,000.00 and is overbilled by 4,000.00 now, and a loss estimate that fell
    let jobs = [job("turns", "100000", "80000", "40000", "54000"), job("better", "100000", "110000", "55000", "50000")];
    let schedule = schedule(Currency::USD, &jobs).unwrap();
    let zero = JobBalances::zero(Currency::USD);
    let before = HashMap::from([
        ("turns".to_owned(), JobBalances { underbilled: usd("36000"), ..zero }),
        ("better".to_owned(), JobBalances { loss_provision: usd("20000"), ..zero }),
    ]);
    let entries = proposed_entries(&schedule.rows, &before, EntryBasis::Difference).unwrap();
    let line = |account, debit: &str, credit: &str| (account, debit.to_owned(), credit.to_owned());
    assert_eq!(
        entries.iter().map(entry).collect::<Vec<_>>(),
        [
            vec![
                line("Contract revenue", "40000.00", "0.00"),
                line("Overbillings", "0.00", "4000.00"),
                line("Underbillings", "0.00", "36000.00"),
            ],
            vec![line("Loss provision", "15000.00", "0.00"), line("Cost: loss on contracts", "0.00", "15000.00")],
        ]
    );
    // With a reversal, last month's balances are taken back in full and this month's are made in full
    let reversed = proposed_entries(&schedule.rows, &before, EntryBasis::Reversal).unwrap();
    assert_eq!(reversed.len(), 4);
    // And a job that stays as it is needs no entry
    let now: HashMap<_, _> = schedule.rows.iter().map(|row| (row.job.clone(), JobBalances::of(row))).collect();
    assert!(proposed_entries(&schedule.rows, &now, EntryBasis::Difference).unwrap().is_empty());
}
