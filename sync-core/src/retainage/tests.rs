use super::*;
use crate::mapping::RetainageLines;
use crate::model::{Currency, Money, TargetKind};

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn ten() -> RetainageTerms {
    RetainageTerms::percent(rate("10"), rate("10"))
}

fn half() -> Threshold {
    Threshold::PercentComplete(rate("50"))
}

/// (withheld, released, held) of each application.
fn course(
    terms: &RetainageTerms,
    lines: &[(&str, &str)],
    applications: &[Application],
) -> Vec<(String, String, String)> {
    let schedule = Schedule::new(Currency::USD, lines.iter().map(|(id, value)| (*id, "", usd(value))));
    let all = certificates(&schedule, terms, Side::Payable, applications).unwrap();
    all.iter().map(|c| (c.total.withheld.to_string(), c.total.released.to_string(), c.held().to_string())).collect()
}

fn is(found: Vec<(String, String, String)>, expected: &[(&str, &str, &str)]) {
    let found: Vec<_> = found.iter().map(|(w, r, h)| (w.as_str(), r.as_str(), h.as_str())).collect();
    assert_eq!(found, expected);
}

/// 200,000.00, of which 140,000.00 is billed when the second application passes half.
fn crossing(effect: StepEffect, crossing: Crossing) -> Vec<(String, String, String)> {
    let terms = RetainageTerms { crossing, ..ten().with_step(half(), effect) };
    let work = ["60000", "80000", "60000"];
    let applications: Vec<_> = (1..).zip(work).map(|(n, work)| Application::new(n).work("1", usd(work))).collect();
    course(&terms, &[("1", "200000")], &applications)
}

#[test]
fn a_period_that_passes_the_threshold_is_split_or_not() {
    let five = rate("5");
    let after = StepEffect::WorkAfter { work: five, stored: None };
    let all = StepEffect::AllWorkToDate { work: five, stored: None };
    let first = ("6000.00", "0.00", "6000.00");
    // Stop withholding.
    let split = [first, ("4000.00", "0.00", "10000.00"), ("0.00", "0.00", "10000.00")];
    is(crossing(StepEffect::StopWithholding, Crossing::Split), &split);
    let new = [first, ("0.00", "0.00", "6000.00"), ("0.00", "0.00", "6000.00")];
    is(crossing(StepEffect::StopWithholding, Crossing::NewTerms), &new);
    let old = [first, ("8000.00", "0.00", "14000.00"), ("0.00", "0.00", "14000.00")];
    is(crossing(StepEffect::StopWithholding, Crossing::OldTerms), &old);
    // A lower rate on the work after.
    is(crossing(after, Crossing::Split), &[first, ("6000.00", "0.00", "12000.00"), ("3000.00", "0.00", "15000.00")]);
    is(crossing(after, Crossing::OldTerms), &[first, ("8000.00", "0.00", "14000.00"), ("3000.00", "0.00", "17000.00")]);
    // A lower rate on all work: with this application, or with the next.
    let cut = [first, ("4000.00", "3000.00", "7000.00"), ("3000.00", "0.00", "10000.00")];
    is(crossing(all, Crossing::Split), &cut);
    is(crossing(all, Crossing::NewTerms), &cut);
    is(
        crossing(all, Crossing::OldTerms),
        &[first, ("8000.00", "0.00", "14000.00"), ("3000.00", "7000.00", "10000.00")],
    );
}

#[test]
fn a_threshold_of_an_application_or_an_amount_needs_no_percentage() {
    let cut = StepEffect::AllWorkToDate { work: rate("5"), stored: None };
    let applications = [
        Application::new(1).work("1", usd("1000")),
        Application::new(2).work("1", usd("1000")),
        Application::new(3).work("1", usd("1000")),
    ];
    let expected = [("100.00", "0.00", "100.00"), ("100.00", "0.00", "200.00"), ("50.00", "100.00", "150.00")];
    for at in [Threshold::Application(3), Threshold::Billed(usd("2000"))] {
        is(course(&ten().with_step(at, cut), &[("1", "9000")], &applications), &expected);
    }
}

#[test]
fn two_steps_come_one_after_the_other() {
    let terms = ten()
        .with_step(half(), StepEffect::WorkAfter { work: rate("5"), stored: None })
        .with_step(Threshold::PercentComplete(rate("75")), StepEffect::StopWithholding);
    let applications = [Application::new(1).work("1", usd("800")), Application::new(2).work("1", usd("200"))];
    is(course(&terms, &[("1", "1000")], &applications), &[("62.50", "0.00", "62.50"), ("0.00", "0.00", "62.50")]);
}

#[test]
fn lines_share_a_threshold_of_the_contract_in_proportion_or_have_their_own() {
    let terms = ten().with_step(half(), StepEffect::StopWithholding);
    let lines = [("A", "500"), ("B", "500")];
    // 600 billed, 500 of it before the threshold: five sixths of each line.
    let applications = [Application::new(1).work("A", usd("450")).work("B", usd("150"))];
    is(course(&terms, &lines, &applications), &[("50.00", "0.00", "50.00")]);
    let own = RetainageTerms { step_scope: StepScope::Line, ..terms };
    is(course(&own, &lines, &applications), &[("40.00", "0.00", "40.00")]);
}

#[test]
fn material_installed_after_withholding_stopped_withholds_nothing_more() {
    let terms = RetainageTerms::percent(rate("10"), rate("5")).with_step(half(), StepEffect::StopWithholding);
    let applications = [
        Application::new(1).work_and_stored("1", usd("400"), usd("200")),
        Application::new(2).work_and_stored("1", usd("200"), usd("0")),
    ];
    let found = course(&terms, &[("1", "1000")], &applications);
    assert_eq!(found[1].0, "0.00");
    assert_eq!(found[0].2, found[1].2);
}

#[test]
fn the_lowest_cap_holds_and_a_larger_contract_raises_a_percentage() {
    let terms = ten().with_cap(Cap::PercentOfContract(rate("5"))).with_cap(Cap::Amount(usd("60")));
    let applications = [
        Application::new(1).work("A", usd("400")).work("B", usd("300")),
        Application::new(2).work("B", usd("200")),
        Application::new(3).work("C", usd("300")),
    ];
    let schedule = Schedule::new(Currency::USD, [("A", "", usd("500")), ("B", "", usd("500"))]).with_change(
        "CO 1",
        3,
        [("C", "", usd("500"))],
    );
    let all = certificates(&schedule, &terms, Side::Payable, &applications).unwrap();
    let held: Vec<String> = all.iter().map(|c| c.held().to_string()).collect();
    // 5% of 1,000.00, then 60.00, since 5% of 1,500.00 would be more.
    assert_eq!(held, ["50.00", "50.00", "60.00"]);
    assert_eq!(all[0].row("A").map(|row| row.held), Some(usd("28.57")), "A and B share the room in proportion");
}

#[test]
fn a_release_makes_no_room_under_a_cap() {
    let terms = ten().with_cap(Cap::Amount(usd("50")));
    let applications = [
        Application::new(1).work("1", usd("600")),
        Application::new(2).release("1", usd("30")),
        Application::new(3).work("1", usd("400")),
    ];
    let expected = [("50.00", "0.00", "50.00"), ("0.00", "30.00", "20.00"), ("0.00", "0.00", "20.00")];
    is(course(&terms, &[("1", "1000")], &applications), &expected);
}

#[test]
fn a_lump_sum_is_withheld_first_or_in_proportion() {
    let applications = [Application::new(1).work("1", usd("40")), Application::new(2).work("1", usd("960"))];
    let first = RetainageTerms::lump_sum(usd("100"), LumpSpread::FirstBillings);
    let lines = [("1", "1000")];
    is(course(&first, &lines, &applications), &[("40.00", "0.00", "40.00"), ("60.00", "0.00", "100.00")]);
    let spread = RetainageTerms::lump_sum(usd("100"), LumpSpread::ProRata);
    is(course(&spread, &lines, &applications), &[("4.00", "0.00", "4.00"), ("96.00", "0.00", "100.00")]);
}

#[test]
fn a_line_and_a_change_order_may_have_rules_of_their_own() {
    let terms = RetainageTerms { change_orders: Some(RetainageRule::Nothing), ..ten() }
        .with_line("B", RetainageRule::Percent { work: rate("2.5"), stored: rate("0") });
    let schedule = Schedule::new(Currency::USD, [("A", "", usd("100")), ("B", "", usd("100"))]).with_change(
        "CO 1",
        1,
        [("C", "", usd("100"))],
    );
    let application = Application::new(1).work("A", usd("100")).work("B", usd("100")).work("C", usd("100"));
    let all = certificates(&schedule, &terms, Side::Payable, &[application]).unwrap();
    let held: Vec<String> = all[0].rows.iter().map(|row| row.held.to_string()).collect();
    assert_eq!(held, ["10.00", "2.50", "0.00"]);
}

#[test]
fn header_only_retainage_is_one_line_of_the_document() {
    let applications = [
        Application::new(1).work("A", usd("1234.65")).work("B", usd("1234.65")).work("C", usd("1234.65")),
        Application::new(2).release_of_contract(usd("70.40")),
    ];
    let schedule = Schedule::new(Currency::USD, ["A", "B", "C"].map(|line| (line, "", usd("9999"))));
    let terms = ten().header_only();
    let all = certificates(&schedule, &terms, Side::Payable, &applications).unwrap();
    assert_eq!(all[0].total.withheld, usd("370.40"));
    assert!(all[0].rows.iter().all(|row| row.held.is_zero() && row.posting.withheld.is_zero()));
    let journal = all[0].journal(RetainageLines::PerLine).unwrap();
    assert_eq!(journal.iter().filter(|row| row.part == JournalPart::Withheld).count(), 1);
    assert_eq!(all[1].held(), usd("300.00"));
    let by_line = [Application::new(1).release("A", usd("1"))];
    let refused = certificates(&schedule, &terms, Side::Payable, &by_line).unwrap_err();
    assert!(matches!(refused, ComputeError::ReleaseByLine { .. }), "{refused}");
}

#[test]
fn more_than_is_held_cannot_be_released() {
    let schedule = Schedule::new(Currency::USD, [("1", "", usd("100"))]);
    let applications = [Application::new(1).work("1", usd("50")).release("1", usd("5.01"))];
    let refused = certificates(&schedule, &ten(), Side::Payable, &applications).unwrap_err();
    assert_eq!(refused.to_string(), "application 1 releases 5.01 on line 1, where 5.00 is held; correct the release");
}

#[test]
fn retainage_that_was_paid_out_is_not_taken_back_with_reversed_work() {
    let applications = [
        Application::new(1).work("1", usd("100")),
        Application::new(2).release_all(),
        Application::new(3).work("1", usd("-40")),
        Application::new(4).work("1", usd("40")),
    ];
    let zero = ("0.00", "0.00", "0.00");
    is(
        course(&ten(), &[("1", "100")], &applications),
        &[("10.00", "0.00", "10.00"), ("0.00", "10.00", "0.00"), zero, zero],
    );
}

#[test]
fn material_with_the_higher_rate_frees_retainage_when_it_is_installed() {
    let terms = RetainageTerms::percent(rate("5"), rate("10"));
    let applications = [
        Application::new(1).work_and_stored("1", usd("0"), usd("100")),
        Application::new(2).work_and_stored("1", usd("100"), usd("0")),
    ];
    let expected = [("10.00", "0.00", "10.00"), ("0.00", "5.00", "5.00")];
    is(course(&terms, &[("1", "100")], &applications), &expected);
}

#[test]
fn a_document_of_nothing_net_still_moves_accounts() {
    let applications =
        [Application::new(1).work("1", usd("90")), Application::new(2).work("1", usd("-9")).release("1", usd("8.1"))];
    let schedule = Schedule::new(Currency::USD, [("1", "", usd("100"))]);
    let all = certificates(&schedule, &ten(), Side::Payable, &applications).unwrap();
    assert_eq!((all[1].net, all[1].document()), (usd("0"), TargetKind::Bill));
    assert!(!all[1].is_nothing());
    assert_eq!(all[1].journal(RetainageLines::PerLine).unwrap().len(), 3);
}

#[test]
fn what_the_source_states_by_line_is_posted_and_checked() {
    let schedule = Schedule::new(Currency::USD, [("1", "", usd("1000"))]);
    let mut applications = [Application::new(1).work("1", usd("100")), Application::new(2)];
    applications[0].progress[0].stated = Stated { withheld: Some(usd("8")), released: Some(usd("0")) };
    applications[1].stated = Stated { withheld: None, released: Some(usd("9")) };
    let all = certificates(&schedule, &ten(), Side::Payable, &applications).unwrap();
    assert_eq!((all[0].total.withheld, all[0].differences.len()), (usd("8"), 1));
    assert_eq!(all[0].differences[0].difference, usd("-2"));
    // The source releases more than is held: that is posted too, and said.
    assert_eq!((all[1].total.released, all[1].held()), (usd("9"), usd("-1")));
    assert_eq!(all[1].differences[0].kind, DifferenceKind::ReleasedAboveHeld);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let schedule = Schedule::new(Currency::USD, [("1", "", usd("100"))]).with_change("CO 1", 5, [("2", "", usd("1"))]);
    let say = |applications: &[Application]| {
        certificates(&schedule, &ten(), Side::Payable, applications).unwrap_err().to_string()
    };
    let work = |line: &str| Application::new(1).work(line, usd("1"));
    assert!(say(&[work("2")]).contains("application 1 names line 2"));
    assert!(say(&[work("1").work("1", usd("1"))]).contains("has line 1 twice"));
    assert!(say(&[work("1"), Application::new(1)]).contains("two applications 1"));
    let below = Application::new(1).work_and_stored("1", usd("0"), usd("-1"));
    assert!(say(&[below]).contains("correct column F"));
    let euro = Money::new(1.into(), "EUR".parse().unwrap()).unwrap();
    assert!(say(&[Application::new(1).work("1", euro)]).contains("EUR"));
}
