//! What was paid in a company file, told to the way back.

use std::time::Duration;

use quickbooks_desktop::sink::{BankWords, DesktopPayments};
use sync_core::conformance;
use sync_core::connector::{BankState, Outcome, PaymentRead, PaymentSource, Sink};
use sync_core::model::{TargetId, TargetKind, TargetRef};

use super::kit::{FILE, Site, Visited, money};

/// A company file with one bill, and a reader of its payments.
struct Given {
    site: Site,
    bill: TargetId,
    payments: DesktopPayments,
    _visits: Visited,
}

async fn a_bill() -> Given {
    let site = Site::open().await;
    let visits = site.visited();
    let sink = site.sink();
    sink.begin().await.unwrap();
    let outcome = sink.apply(&[site.bill("SC-7/1")]).await.remove(0);
    let Outcome::Done(state) = outcome else { panic!("{outcome:?}") };
    let payments = DesktopPayments::new(site.sink(), FILE);
    Given { site, bill: state.target.id, payments, _visits: visits }
}

impl Given {
    /// A person pays a part of the bill by check.
    fn check(&self, number: &str, amount: &str) -> TargetRef {
        let vendor = self.site.id("Vendor", "Superior Concrete & Masonry Inc");
        let (payable, bank) = (self.site.id("Account", "Accounts Payable (A/P)"), self.site.id("Account", "Checking"));
        let id = self.site.person(&format!(
            "<BillPaymentCheckAddRq><BillPaymentCheckAdd><PayeeEntityRef><ListID>{vendor}</ListID></PayeeEntityRef>\
             <APAccountRef><ListID>{payable}</ListID></APAccountRef><TxnDate>2026-03-20</TxnDate>\
             <BankAccountRef><ListID>{bank}</ListID></BankAccountRef><RefNumber>{number}</RefNumber>\
             <AppliedToTxnAdd><TxnID>{}</TxnID><PaymentAmount>{amount}</PaymentAmount></AppliedToTxnAdd>\
             </BillPaymentCheckAdd></BillPaymentCheckAddRq>",
            self.bill
        ));
        TargetRef { kind: TargetKind::BillPayment, id: id.into() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_checks_on_a_bill_then_each_is_told_with_its_cash_and_later_ones_in_the_window_of_changes() {
    // Given a bill of 900.00 and a check over a part of it
    let given = a_bill().await;
    let first = given.check("1001", "400.00");
    // When payments are asked for
    let all = given.payments.payments(None).await.unwrap();
    // Then it is told, with what it paid of which bill
    let [PaymentRead::Found(made)] = all.changed.as_slice() else { panic!("{all:?}") };
    assert!(all.is_whole);
    assert_eq!((&made.target, made.number.as_deref()), (&first, Some("1001")));
    assert_eq!(made.cash_on(&given.bill).unwrap(), Some(money(400)));

    // And when another follows, long after
    given.site.clock.advance(Duration::from_secs(3 * 3600));
    let second = given.check("1002", "500.00");
    let later = given.payments.payments(Some(&all.next)).await.unwrap();
    assert!(!later.is_whole);
    assert!(
        later.changed.iter().any(|read| *read.target() == second),
        "windows overlap, nothing is left out: {later:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_check_that_is_voided_and_one_that_is_deleted_then_both_are_told_as_they_are() {
    let given = a_bill().await;
    let (voided, deleted) = (given.check("1001", "400.00"), given.check("1002", "100.00"));
    let before = given.payments.payments(None).await.unwrap();
    given.site.clock.advance(Duration::from_secs(3 * 3600));
    given.site.person(&format!(
        "<TxnVoidRq><TxnVoidType>BillPaymentCheck</TxnVoidType><TxnID>{}</TxnID></TxnVoidRq>",
        voided.id
    ));
    given.site.person(&format!(
        "<TxnDelRq><TxnDelType>BillPaymentCheck</TxnDelType><TxnID>{}</TxnID></TxnDelRq>",
        deleted.id
    ));
    // The feed tells both.
    let changes = given.payments.payments(Some(&before.next)).await.unwrap();
    let gone = |read: &PaymentRead| matches!(read, PaymentRead::Gone(target) if *target == deleted);
    let void = |read: &PaymentRead| matches!(read, PaymentRead::Found(made) if made.target == voided && made.voided);
    assert!(changes.changed.iter().any(gone) && changes.changed.iter().any(void), "{changes:?}");
    // And so does reading them one by one.
    let read = given.payments.read_payments(&[deleted.clone(), voided.clone()]).await.unwrap();
    assert!(gone(&read[0]) && void(&read[1]), "{read:?}");
    let PaymentRead::Found(made) = &read[1] else { panic!() };
    assert_eq!(made.cash_on(&given.bill).unwrap(), None, "a void check paid nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_checks_that_the_bank_has_seen_then_the_report_tells_how_far_each_has_come() {
    // Given checks that nobody marked, that are marked, that are reconciled, and one in a word that no document lists
    let given = a_bill().await;
    let checks = ["1001", "1002", "1003", "1004"].map(|number| given.check(number, "100.00"));
    for (check, word) in checks.iter().skip(1).zip(["*", "Cleared", "Weird"]) {
        given.site.file().person_clears(check.id.as_str(), word).unwrap();
    }
    let date = "2026-03-20".parse().unwrap();
    let asked: Vec<_> = checks.iter().map(|check| (check.clone(), date)).collect();
    // When the bank is asked about, then each is told but that one, of which nothing is said
    let states = given.payments.at_bank(&asked).await.unwrap();
    let told: Vec<Option<BankState>> = checks.iter().map(|check| states.get(check).copied()).collect();
    let (uncleared, cleared, reconciled) = (BankState::Uncleared, BankState::Cleared, BankState::Reconciled);
    assert_eq!(told, [Some(uncleared), Some(cleared), Some(reconciled), None]);
    // until the word is given a meaning.
    let payments = DesktopPayments::new(given.site.sink(), FILE);
    let payments = payments.with_bank_words(BankWords::default().with("Weird", reconciled));
    assert_eq!(payments.at_bank(&asked).await.unwrap().get(&checks[3]), Some(&reconciled));
    // And a day on which nothing was paid shows nothing.
    let before = [(checks[0].clone(), "2026-01-05".parse().unwrap())];
    assert!(given.payments.at_bank(&before).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_exists_then_the_inventory_names_it_all() {
    let given = a_bill().await;
    let sink = given.site.sink();
    let bills = sink.inventory(&[TargetKind::Bill]).await.unwrap();
    assert_eq!(bills.len(), given.site.file().all("Bill").len());
    let parties = sink.inventory(&[TargetKind::Vendor, TargetKind::Customer]).await.unwrap();
    assert!(parties.iter().any(|state| state.target.kind == TargetKind::Vendor));
    assert!(parties.iter().all(|state| state.target.kind != TargetKind::Bill));
}

#[tokio::test(flavor = "multi_thread")]
async fn quickbooks_desktop_is_a_sink() {
    // A company file for each case; all of them are visited until the end.
    let sites: std::sync::Mutex<Vec<(Site, Visited)>> = std::sync::Mutex::default();
    let make = async || {
        let site = Site::open().await;
        let (sink, visits) = (site.sink(), site.visited());
        sites.lock().unwrap().push((site, visits));
        sink
    };
    let failures = conformance::sink::run_all("2026-03-10T20:00:00Z".parse().unwrap(), make).await;
    assert!(failures.is_empty(), "{failures:#?}");
}
