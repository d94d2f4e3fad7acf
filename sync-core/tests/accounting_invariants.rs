//! What holds for every contract, every document and every order of delivery: ten invariants of construction
//! accounting, 10,000 random cases each (or `PROPTEST_CASES`).

#[path = "fixtures/scenario.rs"]
mod scenario;

use proptest::prelude::*;
use scenario::{LINES, Raw, Scenario, cents, raw, usd};
use sync_core::mapping::RetainageLines;
use sync_core::model::construction::{ChangeOrder, Codes, Commitment, CommitmentKind, SovLine};
use sync_core::model::{ChangeOrderStatus, CommitmentStatus, Currency, DocumentKey, DocumentKind, Money};
use sync_core::retainage::{
    AccountEntry, Application, Certificate, LedgerChange, LedgerContract, LedgerDocument, LinePosting, RetainageLedger,
    Rounding, Side, Stated, balance, certificates,
};
use sync_core::settlement::{BillPayment, OpenItems, PaidState, Portion};

fn config() -> ProptestConfig {
    let unset = std::env::var_os("PROPTEST_CASES").is_none();
    let standard = ProptestConfig::default();
    ProptestConfig { cases: if unset { 10_000 } else { standard.cases }, failure_persistence: None, ..standard }
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::sum(Currency::USD, amounts).unwrap()
}

fn contract() -> DocumentKey {
    DocumentKey::new(DocumentKind::Commitment, "SC-1")
}

fn document(number: u32) -> DocumentKey {
    DocumentKey::new(DocumentKind::PayApp, number.to_string())
}

fn ledger() -> RetainageLedger {
    let mut ledger = RetainageLedger::new(Currency::USD);
    ledger.open(LedgerContract {
        document: contract(),
        label: "SC-1".into(),
        side: Side::Payable,
        party: "Vendor".into(),
        project: "Project".into(),
    });
    ledger
}

fn entries(scenario: &Scenario) -> Vec<LedgerDocument> {
    let mut previous = None;
    let entry = |certificate: &Certificate| {
        let key = document(certificate.application);
        let before = previous.replace(key.clone());
        LedgerDocument::of_certificate(key, certificate.application.to_string(), contract(), before, certificate)
    };
    scenario.certificates.iter().map(entry).collect()
}

/// Puts a list into an order that a number stands for.
fn shuffle<T>(mut list: Vec<T>, mut seed: u64) -> Vec<T> {
    for at in (1..list.len()).rev() {
        list.swap(at, usize::try_from(seed % (at as u64 + 1)).unwrap());
        seed = seed.rotate_left(17).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    list
}

/// The same with amounts that the source states otherwise.
fn with_stated(raw: &Raw, stated: i16) -> Vec<Certificate> {
    let mut scenario = raw.scenario(raw.terms(), true);
    if let Some(first) = scenario.applications.first_mut() {
        first.stated = Stated { withheld: Some(usd(i64::from(stated))), released: None };
        // What is stated may leave less to release.
        scenario.applications.iter_mut().for_each(|application| application.releases.clear());
    }
    certificates(&scenario.schedule, &scenario.terms, Side::Payable, &scenario.applications).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn i1_each_document_adds_up_and_its_journal_balances(raw in raw(), stated: i16) {
        for certificate in raw.scenario(raw.terms(), true).certificates.iter().chain(&with_stated(&raw, stated)) {
            let total = certificate.total;
            prop_assert_eq!(total.net().unwrap(), certificate.net);
            prop_assert_eq!(certificate.net, certificate.summary.current_due);
            let rows: Vec<LinePosting> = certificate.rows.iter().map(|r| r.posting).chain(certificate.header).collect();
            prop_assert_eq!(sum(rows.iter().map(|r| r.gross)), total.gross);
            prop_assert_eq!(sum(rows.iter().map(|r| r.withheld)), total.withheld);
            prop_assert_eq!(sum(rows.iter().map(|r| r.released)), total.released);
            let (work, stored) = (certificate.summary.retainage_work, certificate.summary.retainage_stored);
            prop_assert_eq!(work.plus(stored).unwrap(), certificate.held());
            if certificate.header.is_none() {
                prop_assert_eq!(sum(certificate.rows.iter().map(|r| r.held)), certificate.held());
            }
            for lines in [RetainageLines::PerLine, RetainageLines::PerDocument] {
                let journal = certificate.journal(lines).unwrap();
                let (debit, credit) = balance(Currency::USD, &journal).unwrap();
                prop_assert_eq!(debit, credit);
                prop_assert!(journal.iter().all(|row| row.debit.is_zero() != row.credit.is_zero()));
            }
        }
    }

    #[test]
    fn i2_released_never_exceeds_withheld(raw in raw()) {
        let scenario = raw.scenario(raw.terms(), false);
        for line in LINES.iter().map(Some).chain([None]) {
            let (mut withheld, mut released) = (0, 0);
            for certificate in &scenario.certificates {
                let posting = match line {
                    Some(line) => certificate.row(line).map(|row| row.posting),
                    None => certificate.header,
                };
                let Some(posting) = posting else { continue };
                prop_assert!(!posting.withheld.is_negative() && !posting.released.is_negative());
                withheld += cents(posting.withheld);
                released += cents(posting.released);
                prop_assert!(0 <= released && released <= withheld, "{line:?}: {released} of {withheld}");
            }
        }
    }

    #[test]
    fn i3_documents_and_retainage_held_make_what_was_billed(raw in raw(), stated: i16) {
        for all in [raw.scenario(raw.terms(), true).certificates, with_stated(&raw, stated)] {
            let mut paid = Money::zero(Currency::USD);
            let mut gross = Money::zero(Currency::USD);
            for certificate in &all {
                paid = paid.plus(certificate.net).unwrap();
                gross = gross.plus(certificate.total.gross).unwrap();
                prop_assert_eq!(paid.plus(certificate.held()).unwrap(), gross);
                prop_assert_eq!(gross, certificate.summary.completed);
                prop_assert_eq!(paid, certificate.summary.earned_less_retainage);
            }
        }
    }

    #[test]
    fn i4_fully_billed_and_released_pays_the_contract_sum(raw in raw()) {
        // Given any applications, when the rest is billed and all retainage is released,
        let scenario = raw.scenario(raw.terms(), true);
        let (mut applications, last) = (scenario.applications, scenario.certificates.last().unwrap());
        // Every change order counts by then.
        let number = last.application + 4;
        let mut rest = Application::new(number);
        let change = scenario.schedule.changes.iter().flat_map(|change| &change.lines);
        for line in LINES {
            let lines = scenario.schedule.lines.iter().chain(change.clone()).filter(|l| l.id.as_str() == line);
            let scheduled: i64 = lines.clone().map(|l| cents(l.scheduled)).sum();
            if lines.count() > 0 {
                let done = last.row(line).map_or(0, |row| cents(row.completed) - cents(row.stored));
                rest = rest.work_and_stored(line, usd(scheduled - done), usd(0));
            }
        }
        applications.push(rest);
        applications.push(Application::new(number + 1).release_all());
        let all = certificates(&scenario.schedule, &scenario.terms, Side::Payable, &applications).unwrap();
        // then nothing is held and the contract sum was paid.
        prop_assert!(all.last().unwrap().held().is_zero());
        prop_assert!(all.last().unwrap().rows.iter().all(|row| row.held.is_zero()));
        prop_assert_eq!(sum(all.iter().map(|c| c.net)), scenario.schedule.sum_at(number).unwrap());
    }

    #[test]
    fn i5_twice_is_once_and_order_of_delivery_does_not_matter(raw in raw(), order: u64) {
        let scenario = raw.scenario(raw.terms(), true);
        // Given every application twice, in any order, when they are worked out or applied to the ledger,
        let twice = [scenario.applications.clone(), scenario.applications.clone()].concat();
        let all =
            certificates(&scenario.schedule, &scenario.terms, Side::Payable, &shuffle(twice, order)).unwrap();
        prop_assert_eq!(&all, &scenario.certificates);
        let in_order = entries(&scenario);
        let mut ledger = ledger();
        for entry in shuffle([in_order.clone(), in_order.clone()].concat(), order) {
            ledger.apply(entry).unwrap();
        }
        // then the end is the same as in the order of their numbers, once.
        prop_assert!(ledger.waiting().is_empty());
        let balance = ledger.contract(&contract()).unwrap().unwrap();
        let last = scenario.certificates.last().unwrap();
        prop_assert_eq!((balance.gross, balance.held), (last.summary.completed, last.held()));
        for entry in in_order {
            prop_assert_eq!(ledger.apply(entry).unwrap(), LedgerChange::Unchanged);
        }
    }

    #[test]
    fn i6_a_void_restores_every_balance(raw in raw(), paid: u8) {
        let scenario = raw.scenario(raw.terms(), true);
        let mut all = entries(&scenario);
        let last = all.pop().unwrap();
        let mut ledger = ledger();
        for entry in all {
            ledger.apply(entry).unwrap();
        }
        let balances = |ledger: &RetainageLedger| {
            let lines = LINES.map(|line| ledger.line(&contract(), &line.into()).unwrap());
            (lines, ledger.contract(&contract()).unwrap(), ledger.total(Side::Payable).unwrap())
        };
        let before = balances(&ledger);
        let key = last.document.clone();
        ledger.apply(last).unwrap();
        ledger.void(&key).unwrap();
        prop_assert_eq!(balances(&ledger), before);
        // A void payment gives every bill back what it had open.
        let mut items = OpenItems::new(Currency::USD);
        let mut portions = Vec::new();
        for certificate in scenario.certificates.iter().filter(|c| !c.net.is_negative()) {
            let bill = certificate.application.to_string();
            items.bill(bill.as_str(), certificate.net).unwrap();
            let amount = usd(cents(certificate.net) * i64::from(paid) / 255);
            if !amount.is_zero() {
                portions.push(Portion { bill: bill.as_str().into(), amount });
            }
        }
        let before = items.total_open().unwrap();
        items.pay(BillPayment { id: "1".into(), number: "1001".into(), portions }).unwrap();
        items.void("1").unwrap();
        prop_assert_eq!(items.total_open().unwrap(), before);
        prop_assert!(items.cash_paid().unwrap().is_zero());
    }

    #[test]
    fn i7_the_account_is_what_is_held_and_what_is_untracked(raw in raw(), strays in prop::collection::vec(any::<i16>(), 0..3)) {
        let scenario = raw.scenario(raw.terms(), true);
        let mut ledger = ledger();
        let mut account: Vec<AccountEntry> = Vec::new();
        for (entry, certificate) in entries(&scenario).into_iter().zip(&scenario.certificates) {
            let amount = certificate.total.withheld.minus(certificate.total.released).unwrap();
            account.push(AccountEntry { label: entry.label.clone(), document: Some(entry.document.clone()), amount });
            ledger.apply(entry).unwrap();
        }
        let strays: Vec<AccountEntry> = strays
            .into_iter()
            .map(|amount| AccountEntry { label: "JE".into(), document: None, amount: usd(amount.into()) })
            .collect();
        account.extend(strays.iter().cloned());
        let total = sum(account.iter().map(|entry| entry.amount));
        let tie = ledger.against_account(Side::Payable, total, &account).unwrap();
        prop_assert!(tie.documents.is_empty() && tie.unexplained.is_zero());
        prop_assert_eq!(&tie.untracked, &strays);
        prop_assert_eq!(tie.ledger.plus(tie.untracked_total).unwrap(), tie.account);
        // When one posting is lost, it is named, and nothing else is.
        let lost = account.remove(0);
        let total = sum(account.iter().map(|entry| entry.amount));
        let tie = ledger.against_account(Side::Payable, total, &account).unwrap();
        let named: Vec<Money> = tie.documents.iter().map(|document| document.difference).collect();
        let expected: Vec<Money> = Some(lost.amount).filter(|amount| !amount.is_zero()).into_iter().collect();
        prop_assert_eq!(named, expected);
        prop_assert!(tie.unexplained.is_zero());
    }

    #[test]
    fn i8_the_purchase_order_is_the_revised_commitment(
        lines in prop::collection::vec(1..1_000_000_i64, 1..4),
        changes in prop::collection::vec((0..4_usize, -100_000..100_000_i64, 0..4_u8), 0..5),
    ) {
        let line = |id: usize, amount: i64| SovLine {
            id: id.to_string().into(),
            position: None,
            description: String::new(),
            codes: Codes::default(),
            amount: usd(amount),
        };
        let mut commitment = commitment(lines.iter().enumerate().map(|(id, amount)| line(id, *amount)).collect());
        let mut revised: i64 = lines.iter().sum();
        for (n, (id, amount, status)) in changes.into_iter().enumerate() {
            let approved = status > 0;
            commitment.change_orders.push(ChangeOrder {
                id: n.to_string().into(),
                package: None,
                number: n.to_string(),
                title: String::new(),
                status: if approved { ChangeOrderStatus::Approved } else { ChangeOrderStatus::Draft },
                sum: None,
                lines: vec![line(id, amount)],
            });
            revised += if approved { amount } else { 0 };
            // After every change order: the order's lines, the commitment and the schedule of values are one sum.
            let order = sum(commitment.committed_lines().map(|(line, _)| line.amount));
            prop_assert_eq!(order, usd(revised));
            prop_assert_eq!(commitment.revised().unwrap(), order);
            let schedule = sync_core::retainage::Schedule::of_commitment(&commitment, |_| 1);
            prop_assert_eq!(schedule.sum_at(1).unwrap(), order);
        }
    }

    #[test]
    fn i9_paid_means_that_nothing_is_open(steps in prop::collection::vec((0..4_u8, 0..3_u8, 0..5_u8, 0..6_000_i64), 1..12)) {
        let mut items = OpenItems::new(Currency::USD);
        items.credit("VC", usd(2_000)).unwrap();
        for bill in ["0", "1", "2"] {
            items.bill(bill, usd(5_000)).unwrap();
        }
        for (what, bill, id, amount) in steps {
            let (bill, id) = (bill.to_string(), id.to_string());
            // Whatever is refused changes nothing.
            let before: Vec<Option<Money>> = ["0", "1", "2"].map(|bill| items.open(bill)).to_vec();
            let done = match what {
                0 => items.void(id.as_str()),
                1 => items.apply_credit("VC", bill.as_str(), usd(amount / 3)),
                2 => items.bill(bill.as_str(), usd(amount)),
                _ => {
                    let other = if bill == "0" { "1" } else { "0" };
                    let portion = |bill: &str, amount| Portion { bill: bill.into(), amount: usd(amount) };
                    let portions = vec![portion(&bill, amount), portion(other, amount / 2 + 1)];
                    items.pay(BillPayment { id: id.as_str().into(), number: id.clone(), portions })
                }
            };
            if done.is_err() {
                prop_assert_eq!(["0", "1", "2"].map(|bill| items.open(bill)).to_vec(), before);
            }
            for bill in ["0", "1", "2"] {
                let open = items.open(bill).unwrap();
                prop_assert!(!open.is_negative());
                prop_assert_eq!(items.state(bill) == Some(PaidState::Paid), open.is_zero());
            }
        }
    }

    #[test]
    fn i10_splitting_an_application_changes_nothing(raw in raw(), share: u8) {
        let terms = raw.plain_terms();
        let mut scenario = raw.scenario(terms, false);
        if !scenario.terms.steps.is_empty() {
            // With a reduction it matters which work was stored before, which the halves do not say.
            let progress = scenario.applications.iter_mut().flat_map(|application| &mut application.progress);
            progress.for_each(|progress| progress.stored = None);
            scenario.applications.iter_mut().for_each(|application| application.releases.clear());
            let Scenario { schedule, terms, applications, .. } = &scenario;
            scenario.certificates = certificates(schedule, terms, Side::Payable, applications).unwrap();
        }
        // Given each application split in two: a share of its work first, then the rest with the material and releases,
        let mut split = Vec::new();
        for application in &scenario.applications {
            let mut first = Application::new(application.number * 2);
            let mut second = Application { number: application.number * 2 + 1, ..application.clone() };
            for progress in &mut second.progress {
                let early = usd(cents(progress.work) * i64::from(share) / 255);
                first = first.work(progress.line.as_str(), early);
                progress.work = progress.work.minus(early).unwrap();
            }
            split.extend([first, second]);
        }
        let mut schedule = scenario.schedule.clone();
        schedule.changes.iter_mut().for_each(|change| change.from_application *= 2);
        let mut terms = scenario.terms.clone();
        for step in &mut terms.steps {
            if let sync_core::retainage::Threshold::Application(number) = &mut step.at {
                *number *= 2;
            }
        }
        // when both are worked out,
        let halves = certificates(&schedule, &terms, Side::Payable, &split).unwrap();
        let (whole, halves) = (scenario.certificates.last().unwrap(), halves.last().unwrap());
        // then without a reduction not a cent differs, on any line; with one, at most a cent a line.
        prop_assert_eq!(whole.summary.completed, halves.summary.completed);
        if terms.steps.is_empty() && terms.rounding == Rounding::ToDate {
            for line in LINES {
                prop_assert_eq!(whole.row(line).map(|row| row.held), halves.row(line).map(|row| row.held));
            }
            prop_assert_eq!(whole.held(), halves.held());
        } else {
            let lines = i64::try_from(whole.rows.len()).unwrap();
            let difference = cents(whole.held()) - cents(halves.held());
            prop_assert!(difference.abs() <= lines, "{} against {}", whole.held(), halves.held());
        }
    }
}

fn commitment(lines: Vec<SovLine>) -> Commitment {
    Commitment {
        id: "1".into(),
        kind: CommitmentKind::Subcontract,
        project: "1".into(),
        project_number: None,
        vendor: None,
        vendor_name: None,
        number: "SC-1".into(),
        title: String::new(),
        status: CommitmentStatus::Approved,
        date: None,
        terms: None,
        paid: None,
        lines,
        change_orders: Vec::new(),
        original_sum: None,
        approved_changes: None,
        currency: Currency::USD,
        deleted: false,
        updated_at: None,
        custom: Default::default(),
    }
}
