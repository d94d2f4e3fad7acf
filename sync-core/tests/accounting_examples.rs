//! The worked examples of construction accounting, to the cent, journals included, against the public API. The figures
//! stand in `fixtures/accounting-examples.json`.

#[path = "fixtures/figures.rs"]
mod figures;

use std::collections::HashMap;

use figures::{Contract, EntryFigures, Expected, Job, fixture, rate, usd};
use sync_core::mapping::RetainageLines;
use sync_core::model::{Currency, Date, DocumentKey, DocumentKind, Money, TargetKind, TargetRef};
use sync_core::reconcile::{
    BillPaymentRecord, BillRecord, BooksSide, ChangeRecord, CommitmentRecord, PayAppRecord, PaymentRecord, ProcoreSide,
    PurchaseOrderRecord, RetainageAccount, RetainageEntry, explain, tie_out, tie_out_payments,
};
use sync_core::retainage::{
    Application, Certificate, Difference, DifferenceKind, LedgerContract, LedgerDocument, RateCut, RetainageLedger,
    RetainageTerms, Rounding, Side, balance, certificates,
};
use sync_core::settlement::{BillPayment, OpenItems, PaidState, Portion};
use sync_core::wip::{
    EntryBasis, JobBalances, JobRevenue, RevenueState, WipAccounts, WipJob, proposed_entries, schedule, tie_t12,
};

fn texts(amounts: &[Money]) -> Vec<String> {
    amounts.iter().map(Money::to_string).collect()
}

fn example(id: &str) -> Contract {
    fixture().contracts.into_iter().find(|contract| contract.id == id).unwrap()
}

fn check(id: &str) {
    // Given the terms, the schedule of values and the applications of the example,
    let contract = example(id);
    // when they are worked out,
    let certificates = contract.certificates();
    // then every figure of both forms, of the document and of its journal is that of the example.
    assert_eq!(certificates.len(), contract.expected.len());
    for (certificate, expected) in certificates.iter().zip(&contract.expected) {
        let at = format!("{id}, application {}", expected.application);
        assert_eq!(certificate.application, expected.application, "{at}");
        check_rows(certificate, expected, &at);
        let s = &certificate.summary;
        let lines = [
            s.original_sum,
            s.net_changes,
            s.sum_to_date,
            s.completed,
            s.retainage_work,
            s.retainage_stored,
            s.retainage,
            s.earned_less_retainage,
            s.previous_certificates,
            s.current_due,
            s.balance_to_finish,
        ];
        assert_eq!(texts(&lines), expected.g702, "{at}: G702");
        let t = &certificate.total;
        assert_eq!(texts(&[t.gross, t.withheld, t.released, certificate.net]), expected.posts, "{at}: document");
        assert_eq!(certificate.document_total(), usd(&expected.total), "{at}: total");
        let kind = match expected.document.as_str() {
            "Bill" => TargetKind::Bill,
            "VendorCredit" => TargetKind::VendorCredit,
            "Invoice" => TargetKind::Invoice,
            _ => TargetKind::CreditMemo,
        };
        assert_eq!(certificate.document(), kind, "{at}: kind");
        let journal = certificate.journal(RetainageLines::PerDocument).unwrap();
        let rows: Vec<_> =
            journal.iter().map(|row| (row.to_string(), row.debit.to_string(), row.credit.to_string())).collect();
        assert_eq!(rows, expected.journal, "{at}: journal");
        for lines in [RetainageLines::PerDocument, RetainageLines::PerLine] {
            let (debit, credit) = balance(Currency::USD, &certificate.journal(lines).unwrap()).unwrap();
            assert_eq!(debit, credit, "{at}: the journal balances");
        }
        assert_eq!(certificate.held(), usd(&expected.held), "{at}: held");
        assert_eq!(s.completed, usd(&expected.billed), "{at}: billed");
        assert!(certificate.differences.is_empty(), "{at}");
    }
}

fn check_rows(certificate: &Certificate, expected: &Expected, at: &str) {
    for row in &certificate.rows {
        let amounts = [
            row.previous_work,
            row.this_period,
            row.stored,
            row.completed,
            row.balance,
            row.held,
            row.posting.gross,
            row.posting.withheld,
            row.posting.released,
        ];
        match expected.rows.iter().find(|expected| expected[0] == row.line.as_str()) {
            Some(expected) => assert_eq!(texts(&amounts), expected[1..], "{at}: G703 line {}", row.line),
            // A line that the example does not show has not been billed yet.
            None => assert!(row.completed.is_zero() && row.posting.is_nothing(), "{at}: line {}", row.line),
        }
    }
    assert!(expected.rows.iter().all(|row| certificate.row(&row[0]).is_some()), "{at}: every line has a row");
}

#[test]
fn a1_a_subcontract_from_start_to_release() {
    check("A1");
}

#[test]
fn a2_stored_material_has_its_own_rate_until_it_is_installed() {
    check("A2");
}

#[test]
fn a3_three_wordings_of_a_reduction_at_half() {
    for id in ["A3 A", "A3 B", "A3 C"] {
        check(id);
    }
}

#[test]
fn a3_the_rate_cut_shown_net_is_one_release_line() {
    // Given wording B with the cut shown net, when application 3 is worked out,
    let contract = example("A3 B");
    let terms = RetainageTerms { rate_cut: RateCut::Net, ..contract.terms() };
    let all = certificates(&contract.schedule(), &terms, Side::Payable, &contract.applications()).unwrap();
    // then withheld and released are one figure, and the document comes to the same.
    let third = &all[2];
    assert_eq!((third.total.withheld, third.total.released), (usd("0"), usd("2500")));
    assert_eq!((third.net, third.held()), (usd("52500"), usd("7500")));
}

#[test]
fn a4_partial_release_with_and_without_new_work() {
    check("A4");
}

#[test]
fn a5_a_deductive_change_order_after_the_work_was_billed() {
    check("A5");
    let contract = example("A5");
    let schedule = contract.schedule();
    assert_eq!((schedule.sum_at(1).unwrap(), schedule.sum_at(2).unwrap()), (usd("50000"), usd("48500")));
}

#[test]
fn a6_line_retainage_to_date_does_not_drift() {
    check("A6");
    // Given three lines of the same work in two applications,
    let case = fixture().rounding;
    let contract = example("A6");
    assert!(case.work.iter().all(|work| *work == contract.applications[0].progress[0].work));
    let withheld = |terms: RetainageTerms| {
        let all = certificates(&contract.schedule(), &terms, Side::Payable, &contract.applications()).unwrap();
        vec![all[0].total.withheld.to_string(), all[1].total.withheld.to_string(), all[1].held().to_string()]
    };
    // when they are rounded by line to date, by line and period, and by header and period,
    let ten = RetainageTerms::percent(rate(&case.rate), rate(&case.rate));
    let each = RetainageTerms { rounding: Rounding::EachPeriod, ..ten.clone() };
    // then the three methods differ by these cents.
    assert_eq!(withheld(ten), case.line_to_date);
    assert_eq!(withheld(each.clone()), case.line_each_period);
    assert_eq!(withheld(each.header_only()), case.header_each_period);
}

#[test]
fn a6_what_the_source_states_is_posted_and_the_cent_is_reported() {
    // Given a source that states 370.40 for application 1,
    let case = fixture().rounding;
    let contract = example("A6");
    let mut applications = contract.applications();
    applications[0] = applications[0].clone().stating(Some(usd(&case.stated)), None);
    // when both applications are worked out,
    let all = certificates(&contract.schedule(), &contract.terms(), Side::Payable, &applications).unwrap();
    // then 370.40 is posted and the cent is a difference; application 2 posts what is left to date.
    assert_eq!(all[0].total.withheld, usd("370.40"));
    assert_eq!(
        all[0].differences,
        [Difference {
            line: None,
            kind: DifferenceKind::Withheld,
            stated: usd("370.40"),
            recomputed: usd("370.41"),
            difference: usd("-0.01"),
        }]
    );
    assert_eq!((all[1].total.withheld, all[1].held()), (usd("370.39"), usd("740.79")));
    assert!(all[1].differences.is_empty());
}

#[test]
fn a7_owner_application_with_change_orders_and_stored_material() {
    check("A7");
    let contract = example("A7");
    let schedule = contract.schedule();
    assert_eq!((schedule.sum_at(3).unwrap(), schedule.sum_at(4).unwrap()), (usd("1000000"), usd("1030000")));
    // The owner pays in two parts; the retainage stays until a release invoice: debit AR, credit RR.
    let mut owed = OpenItems::new(Currency::USD);
    owed.bill("4", usd("127000")).unwrap();
    for (amount, open) in [("100000", "27000"), ("27000", "0")] {
        let portions = vec![Portion { bill: "4".into(), amount: usd(amount) }];
        owed.pay(BillPayment { id: amount.into(), number: amount.into(), portions }).unwrap();
        assert_eq!(owed.open("4"), Some(usd(open)));
    }
    let mut applications = contract.applications();
    applications.push(Application::new(5).release_all());
    let all = certificates(&schedule, &contract.terms(), Side::Receivable, &applications).unwrap();
    let journal = all[2].journal(RetainageLines::PerDocument).unwrap();
    let rows: Vec<String> = journal.iter().map(|r| format!("{r} {} {}", r.debit, r.credit)).collect();
    assert_eq!(rows, ["Accounts receivable 53500.00 0.00", "Retainage receivable (released) 0.00 53500.00"]);
}

#[test]
fn every_example_stands_in_the_retainage_ledger_as_it_stands_in_the_forms() {
    for contract in fixture().contracts {
        // Given the certificates of an example, delivered last first,
        let key = DocumentKey::new(DocumentKind::Commitment, &contract.id);
        let mut ledger = RetainageLedger::new(Currency::USD);
        ledger.open(LedgerContract {
            document: key.clone(),
            label: contract.id.clone(),
            side: contract.side(),
            party: "Vendor".into(),
            project: "Project".into(),
        });
        let of = |n: u32| DocumentKey::new(DocumentKind::PayApp, n.to_string());
        let all = contract.certificates();
        for (at, certificate) in all.iter().enumerate().rev() {
            let previous = at.checked_sub(1).map(|before| of(all[before].application));
            let number = certificate.application;
            ledger
                .apply(LedgerDocument::of_certificate(
                    of(number),
                    number.to_string(),
                    key.clone(),
                    previous,
                    certificate,
                ))
                .unwrap();
        }
        // then the ledger holds what the last certificate holds, by line too.
        let last = all.last().unwrap();
        let balance = ledger.contract(&key).unwrap().unwrap();
        assert_eq!((balance.gross, balance.held), (last.summary.completed, last.held()), "{}", contract.id);
        for row in &last.rows {
            assert_eq!(ledger.line(&key, &row.line).unwrap().held, row.held, "{}", contract.id);
        }
    }
}

#[test]
fn a8_the_wip_schedule_and_its_entries() {
    // Given the jobs and last month's balances,
    let case = fixture().wip;
    let jobs: Vec<WipJob> = case
        .jobs
        .iter()
        .map(|j| {
            WipJob::new(&j.job, usd(&j.contract), usd(&j.eac), usd(&j.cost), usd(&j.billed))
                .with_uninstalled(usd(&j.uninstalled))
        })
        .collect();
    let prior = |j: &Job| JobBalances {
        overbilled: usd(&j.prior[0]),
        underbilled: usd(&j.prior[1]),
        loss_provision: usd(&j.prior[2]),
    };
    let last_month: HashMap<String, JobBalances> = case.jobs.iter().map(|j| (j.job.clone(), prior(j))).collect();
    // when the schedule is made,
    let schedule = schedule(Currency::USD, &jobs).unwrap();
    assert!(schedule.faults.is_empty());
    // then every figure is that of the example,
    for (row, j) in schedule.rows.iter().zip(&case.jobs) {
        assert_eq!(row.percent_complete.percent(4).to_string(), j.percent, "{}", j.job);
        assert_eq!(row.percent_complete.to_string(), j.exact, "{}", j.job);
        let found = texts(&[row.earned, row.overbilled, row.underbilled, row.gross_profit, row.loss_provision]);
        let expected = [&j.earned, &j.over, &j.under, &j.profit, &j.provision].map(Clone::clone);
        assert_eq!(found, expected, "{}", j.job);
        let (now, before) = (JobBalances::of(row), prior(j));
        let change = [
            now.overbilled.minus(before.overbilled).unwrap(),
            now.underbilled.minus(before.underbilled).unwrap(),
            now.loss_provision.minus(before.loss_provision).unwrap(),
        ];
        assert_eq!(texts(&change), j.change, "{}", j.job);
    }
    // and so are the entries, which balance as journal entries too.
    let entries = proposed_entries(&schedule.rows, &last_month, EntryBasis::Difference).unwrap();
    let mut found = Vec::new();
    let accounts = WipAccounts {
        underbillings: "1".into(),
        overbillings: "2".into(),
        contract_revenue: "3".into(),
        loss_provision: "4".into(),
        loss_on_contracts: "5".into(),
    };
    for entry in &entries {
        let lines: Vec<_> = entry
            .lines
            .iter()
            .map(|l| (l.account.name().to_owned(), l.debit.to_string(), l.credit.to_string()))
            .collect();
        found.push((entry.job.clone(), lines));
        let date = Date::from_ymd_opt(2026, 1, 31).unwrap();
        assert_eq!(entry.to_journal(&accounts, date, None, None, None).unwrap().lines().len(), entry.lines.len());
    }
    let sorted = |mut entries: Vec<(String, Vec<EntryFigures>)>| {
        entries.iter_mut().for_each(|(_, lines)| lines.sort());
        entries
    };
    assert_eq!(sorted(found), sorted(case.entries));
    // Then T12 ties for every job when the entries are posted.
    let trial: Vec<JobRevenue> = schedule
        .rows
        .iter()
        .map(|row| JobRevenue {
            job: row.job.clone(),
            billings: row.billed_to_date,
            adjustments: row.underbilled.minus(row.overbilled).unwrap(),
        })
        .collect();
    let ties = tie_t12(&schedule.rows, &trial).unwrap();
    assert!(ties.iter().all(|tie| tie.state == RevenueState::Ties && tie.difference.is_zero()), "{ties:?}");
}

#[test]
fn a9_a_tie_out_that_does_not_tie_has_exactly_these_findings() {
    // Given both sides of the example,
    let case = fixture().tie_out;
    let commitment = |id: &str| DocumentKey::new(DocumentKind::Commitment, id);
    let pay_app = |id: &str| DocumentKey::new(DocumentKind::PayApp, id);
    let procore = ProcoreSide {
        commitments: case
            .commitments
            .iter()
            .map(|(label, revised)| CommitmentRecord {
                document: commitment(label),
                label: label.clone(),
                project: "Project".into(),
                revised: usd(revised),
                paid: usd("0"),
            })
            .collect(),
        pay_apps: case
            .pay_apps
            .iter()
            .map(|(label, gross, withheld, net)| PayAppRecord {
                document: pay_app(label),
                label: label.clone(),
                project: "Project".into(),
                gross: usd(gross),
                withheld: usd(withheld),
                released: usd("0"),
                net: usd(net),
            })
            .collect(),
        ..ProcoreSide::default()
    };
    let entries: Vec<RetainageEntry> = case
        .entries
        .iter()
        .map(|(label, amount)| RetainageEntry { label: label.clone(), amount: usd(amount) })
        .collect();
    let bills: Vec<BillRecord> = case
        .bills
        .iter()
        .map(|(number, app, gross, withheld, net)| BillRecord {
            target: TargetRef { kind: TargetKind::Bill, id: number.as_str().into() },
            number: number.clone(),
            document: Some(pay_app(app)),
            gross: usd(gross),
            withheld: usd(withheld),
            released: usd("0"),
            net: usd(net),
            paid: usd("0"),
        })
        .collect();
    let in_account = bills.iter().map(|bill| bill.withheld).chain(entries.iter().map(|entry| entry.amount));
    let books = BooksSide {
        purchase_orders: case
            .purchase_orders
            .iter()
            .map(|(number, document, total)| PurchaseOrderRecord {
                target: TargetRef { kind: TargetKind::PurchaseOrder, id: number.as_str().into() },
                number: number.clone(),
                document: document.as_deref().map(commitment),
                total: usd(total),
            })
            .collect(),
        payable: RetainageAccount { balance: Money::sum(Currency::USD, in_account).unwrap(), entries },
        bills,
        ..BooksSide::empty(Currency::USD)
    };
    let payments: Vec<PaymentRecord> = case
        .payments
        .iter()
        .map(|(app, amount)| PaymentRecord {
            document: pay_app(app),
            label: app.clone(),
            number: None,
            amount: usd(amount),
        })
        .collect();
    let bill_payments: Vec<BillPaymentRecord> = case
        .bill_payments
        .iter()
        .map(|(bill, amount)| BillPaymentRecord {
            document: books.bills.iter().find(|b| b.number == *bill).and_then(|b| b.document.clone()),
            bill: bill.clone(),
            number: None,
            amount: usd(amount),
        })
        .collect();
    let changes: Vec<ChangeRecord> = case
        .changes
        .iter()
        .map(|(of, label, net)| ChangeRecord { commitment: commitment(of), label: label.clone(), net: usd(net) })
        .collect();
    // when they are tied out,
    let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
    let paid = tie_out_payments(Currency::USD, &payments, &bill_payments).unwrap();
    // then the totals are these,
    for (id, expected) in [("T1", &case.expected.t1), ("T3", &case.expected.t3)] {
        let tie = report.headline(id).unwrap();
        assert_eq!(texts(&[tie.left, tie.right, tie.difference]), *expected, "{id}");
        let findings = report.findings.iter().filter(|f| f.tie_out == id).map(|f| f.amount);
        assert_eq!(Money::sum(Currency::USD, findings).unwrap(), tie.difference, "{id}: findings add up");
    }
    assert_eq!(Money::sum(Currency::USD, paid.findings.iter().map(|f| f.amount)).unwrap(), paid.difference);
    // and each thing that is wrong is one finding, by document.
    let mut found: Vec<String> =
        explain(&procore, &books, &report, Some(&paid), &changes).into_iter().map(|e| e.text).collect();
    let mut expected = case.expected.findings;
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a10_payments_come_back_to_the_source() {
    // Given three bills and a vendor credit,
    let case = fixture().settlement;
    let mut items = OpenItems::new(Currency::USD);
    for (bill, total) in &case.bills {
        items.bill(bill.as_str(), usd(total)).unwrap();
    }
    items.credit(case.credit.0.as_str(), usd(&case.credit.1)).unwrap();
    for step in &case.steps {
        // when the step is taken,
        let portions = || step.of.iter().map(|(b, a)| Portion { bill: b.as_str().into(), amount: usd(a) }).collect();
        if let Some(number) = &step.pay {
            let payment = BillPayment { id: number.as_str().into(), number: number.clone(), portions: portions() };
            items.pay(payment).unwrap();
            let parts = items.source_payments().filter(|payment| payment.number == *number).count();
            assert_eq!(parts, step.of.len(), "one payment for each bill, with the same number");
        }
        if let Some(credit) = &step.credit {
            for (bill, amount) in &step.of {
                items.apply_credit(credit.as_str(), bill.as_str(), usd(amount)).unwrap();
            }
        }
        if let Some(payment) = &step.void {
            items.void(payment.as_str()).unwrap();
            assert!(items.source_payments().all(|p| p.number != *payment));
        }
        // then this is open, and a bill is paid if and only if nothing is.
        for (bill, open) in &step.open {
            assert_eq!(items.open(bill), Some(usd(open)), "{bill}");
            assert_eq!(items.state(bill) == Some(PaidState::Paid), usd(open).is_zero(), "{bill}");
        }
    }
    assert_eq!(items.cash_paid().unwrap(), usd(&case.cash));
    assert!(items.unapplied_credits().unwrap().is_zero());
}
