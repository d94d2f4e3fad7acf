//! Writes against the double: created, linked, changed, deleted, and what it refuses.

mod support;

use support::company::{Company, done, refusal};
use support::documents::{account, create, expense, for_job, item, job, linked, update, usd, vendor, void};
use sync_core::connector::{Condition, Found, RefusalReason, Sink};
use sync_core::dead_letter::Cause;
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{DocumentKind, LineKey};
use sync_sandboxes::json::Json;

/// A purchase order of vendor 71 with two lines.
async fn order(company: &Company) -> sync_core::connector::TargetState {
    company.sink.begin().await.unwrap();
    let lines = vec![item("sov:1", ITEM, "84500"), item("sov:2", ITEM, "1500.50")];
    let document = AccountingDocument::PurchaseOrder(expense("71", "SC-001", "2026-02-10", lines));
    let outcomes = company.sink.apply(&[create(DocumentKind::Commitment, "22.1", document)]).await;
    done(&outcomes[0]).clone()
}

const ITEM: &str = "212";
const RETAINAGE: &str = "151";

#[tokio::test]
async fn a_purchase_order_and_a_bill_that_bills_it() {
    // given a purchase order
    let company = Company::demo();
    let order = order(&company).await;
    assert_eq!(order.total, Some(usd("86000.50")));
    let lines = order.document.expense().unwrap().lines.clone();
    assert_eq!(lines[0].key, LineKey::foreign(lines[0].id.as_ref().unwrap()));
    // when a bill with retainage bills a part of its first line
    let order_line = lines[0].id.as_ref().unwrap().as_str();
    let bill = vec![
        linked(item("pa:1", ITEM, "25350"), order.target.id.as_str(), order_line),
        account("pa:1:withheld", RETAINAGE, "-2535"),
    ];
    let bill = AccountingDocument::Bill(expense("71", "DD-1043", "2026-03-01", bill));
    let outcomes = company.sink.apply(&[create(DocumentKind::PayApp, "22.9", bill)]).await;
    // then the answer carries the link that QuickBooks kept, the net, and the marker
    let state = done(&outcomes[0]);
    assert_eq!((state.total, state.balance), (Some(usd("22815")), Some(usd("22815"))));
    let kept = &state.document.expense().unwrap().lines;
    assert_eq!(kept[0].link.as_ref().unwrap().purchase_order, order.target.id);
    assert!(kept[1].link.is_none());
    assert_eq!(state.document.expense().unwrap().memo, "Pay app 1");
    assert_eq!(state.marker.as_ref().unwrap().to_string(), "sync:main:pay_app/22.9:0");
    // and the purchase order, which the bill has changed, is read afresh
    let found = company.sink.read(std::slice::from_ref(&order.target)).await.unwrap();
    let Found::Present(now) = &found[0] else { panic!("gone") };
    assert_ne!(now.version, order.version);
}

#[tokio::test]
async fn a_bad_link_is_dropped_and_the_state_shows_it() {
    let company = Company::demo();
    let order = order(&company).await;
    let bill = vec![linked(item("pa:1", ITEM, "10"), order.target.id.as_str(), "77")];
    let bill = AccountingDocument::Bill(expense("71", "DD-2", "2026-03-01", bill));
    let outcomes = company.sink.apply(&[create(DocumentKind::PayApp, "22.9", bill)]).await;
    assert!(done(&outcomes[0]).document.expense().unwrap().lines[0].link.is_none());
}

#[tokio::test]
async fn thirty_writes_are_one_request() {
    // given a company that was read
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let before = company.requests();
    // when thirty bills are written
    let writes: Vec<_> = (0..30)
        .map(|n| {
            let bill = expense("71", &format!("B-{n}"), "2026-03-01", vec![item("a", ITEM, &format!("{n}.01"))]);
            create(DocumentKind::PayApp, &n.to_string(), AccountingDocument::Bill(bill))
        })
        .collect();
    let outcomes = company.sink.apply(&writes).await;
    // then each has its own outcome, though the answers come in no order
    assert_eq!(company.requests() - before, 1);
    for (n, outcome) in outcomes.iter().enumerate() {
        assert_eq!(done(outcome).total, Some(usd(&format!("{n}.01"))));
    }
    // and the same writes again are the same request: nothing is written twice
    let again = company.sink.apply(&writes).await;
    assert_eq!(done(&again[7]).target, done(&outcomes[7]).target);
    assert_eq!(company.double().all("Bill").count(), 30);
    // in whatever order
    let mut reversed = writes.clone();
    reversed.reverse();
    let again = company.sink.apply(&reversed).await;
    assert_eq!(done(&again[0]).target, done(&outcomes[29]).target);
    assert_eq!(company.double().all("Bill").count(), 30);
}

#[tokio::test]
async fn faults_of_single_items_leave_the_others_alone() {
    // given books that are closed to the end of 2025, and a bill B-1
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let bill = |number: &str, date: &str, line| AccountingDocument::Bill(expense("71", number, date, vec![line]));
    let first = create(DocumentKind::PayApp, "1", bill("B-1", "2026-03-01", item("a", ITEM, "1")));
    done(&company.sink.apply(&[first]).await[0]);
    // when good and bad writes go together
    let outcomes = company
        .sink
        .apply(&[
            create(DocumentKind::PayApp, "2", bill("B-1", "2026-03-01", item("a", ITEM, "2"))),
            create(DocumentKind::PayApp, "3", bill("B-3", "2025-12-31", item("a", ITEM, "3"))),
            create(DocumentKind::PayApp, "4", bill("B-4", "2026-03-01", account("a", "999999", "4"))),
            create(DocumentKind::Vendor, "5", vendor("o'malley steel erectors llc")),
            create(DocumentKind::PayApp, "6", bill("B-6", "2026-03-01", item("a", ITEM, "6"))),
        ])
        .await;
    // then each is told apart, with QuickBooks' words
    let person = |index: usize| match refusal(&outcomes[index]) {
        (RefusalReason::Person(cause), text) => (cause, text.to_owned()),
        other => panic!("{other:?}"),
    };
    assert_eq!(person(0).0, Cause::DuplicateNumber);
    assert!(person(0).1.contains("6140"), "{:?}", person(0));
    assert_eq!(person(1).0, Cause::ClosedPeriod);
    assert!(matches!(person(2).0, Cause::MissingAccount | Cause::Refused), "{:?}", person(2));
    assert_eq!(person(3).0, Cause::NameTaken);
    assert_eq!(done(&outcomes[4]).total, Some(usd("6")));
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_know_and_is_conditional() {
    // given a bill on which a person has set a location, a due date and a class
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let lines = vec![item("a", ITEM, "100"), account("b", RETAINAGE, "-10")];
    let document = expense("71", "B-1", "2026-03-01", lines);
    let write = create(DocumentKind::PayApp, "1", AccountingDocument::Bill(document.clone()));
    let state = done(&company.sink.apply(&[write]).await[0]).clone();
    let id = state.target.id.to_string();
    company.clock.advance(std::time::Duration::from_secs(60));
    company
        .double()
        .person_edits(noon_later(&company), "Bill", &id, |bill| {
            bill.set("DueDate", Json::from("2026-05-05"));
            if let Some(Json::Array(lines)) = bill.as_object_mut().and_then(|members| members.get_mut("Line"))
                && let Some(detail) = lines[0].as_object_mut().and_then(|l| l.get_mut("ItemBasedExpenseLineDetail"))
            {
                detail.set("Qty", Json::parse(b"4").unwrap());
                detail.set("UnitPrice", Json::parse(b"25").unwrap());
            }
        })
        .unwrap();
    // when an update on the old version is tried
    let mut wanted = state.document.clone();
    wanted.expense_mut().unwrap().lines[1].amount = usd("-12.34");
    let outcomes = company.sink.apply(&[update("1", &state.target, &state.version, wanted.clone())]).await;
    // then QuickBooks refuses it, and the next read is fresh
    assert_eq!(refusal(&outcomes[0]).0, RefusalReason::Stale);
    let found = company.sink.read(std::slice::from_ref(&state.target)).await.unwrap();
    let Found::Present(now) = &found[0] else { panic!("gone") };
    assert_ne!(now.version, state.version);
    // and on the new version it goes through, with the due date and the quantity as the person left them
    let outcomes = company.sink.apply(&[update("1", &state.target, &now.version, wanted)]).await;
    let after = done(&outcomes[0]);
    assert_eq!(after.total, Some(usd("87.66")));
    assert_eq!(after.document.expense().unwrap().lines[0].id, state.document.expense().unwrap().lines[0].id);
    let double = company.double();
    let bill = double.entity("Bill", &id).unwrap();
    assert_eq!(bill.get("DueDate").and_then(Json::as_str), Some("2026-05-05"));
    let detail = bill.get("Line").and_then(Json::as_array).unwrap()[0].get("ItemBasedExpenseLineDetail").unwrap();
    assert_eq!(detail.get("Qty").unwrap().to_string(), "4");
}

fn noon_later(company: &Company) -> chrono::DateTime<chrono::Utc> {
    use sync_core::clock::Clock;
    company.clock.now()
}

#[tokio::test]
async fn an_update_adds_removes_and_links_lines() {
    // given a purchase order, and an unlinked bill with two lines
    let company = Company::demo();
    let order = order(&company).await;
    let order_line = order.document.expense().unwrap().lines[0].id.clone().unwrap();
    let document = expense("71", "B-1", "2026-03-01", vec![item("a", ITEM, "100"), item("b", ITEM, "50")]);
    let write = create(DocumentKind::PayApp, "1", AccountingDocument::Bill(document));
    let state = done(&company.sink.apply(&[write]).await[0]).clone();
    // when the first line is linked, the second left out, a third added
    let mut wanted = state.document.clone();
    let expense = wanted.expense_mut().unwrap();
    expense.lines[0] = linked(expense.lines[0].clone(), order.target.id.as_str(), order_line.as_str());
    expense.lines[1] = account("c", RETAINAGE, "-7");
    let outcomes = company.sink.apply(&[update("1", &state.target, &state.version, wanted)]).await;
    // then so it is
    let after = done(&outcomes[0]);
    let lines = &after.document.expense().unwrap().lines;
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().any(|line| line.link.is_some() && line.amount == usd("100")), "{lines:?}");
    assert_eq!(after.total, Some(usd("93")));
}

#[tokio::test]
async fn a_void_deletes_a_linked_bill_and_ends_a_vendor() {
    // given a bill that bills a purchase order, and a vendor
    let company = Company::demo();
    let order = order(&company).await;
    let order_line = order.document.expense().unwrap().lines[0].id.clone().unwrap();
    let line = linked(item("a", ITEM, "100"), order.target.id.as_str(), order_line.as_str());
    let outcomes = company
        .sink
        .apply(&[
            create(DocumentKind::PayApp, "1", AccountingDocument::Bill(expense("71", "B-1", "2026-03-01", vec![line]))),
            create(DocumentKind::Vendor, "2", vendor("Delta Drywall Inc")),
        ])
        .await;
    let (bill, delta) = (done(&outcomes[0]).clone(), done(&outcomes[1]).clone());
    // when both are voided
    let writes = [void("1", &bill.target, &bill.version), void("2", &delta.target, &delta.version)];
    let outcomes = company.sink.apply(&writes).await;
    // then the bill is gone and the vendor inactive, under its plain name
    assert_eq!((done(&outcomes[0]).condition, done(&outcomes[0]).total), (Condition::Voided, Some(usd("0"))));
    assert_eq!(done(&outcomes[1]).condition, Condition::Inactive);
    assert_eq!(done(&outcomes[1]).document.number(), Some("Delta Drywall Inc"));
    assert_eq!(company.double().all("Bill").count(), 0);
    let found = company.sink.read(std::slice::from_ref(&bill.target)).await.unwrap();
    assert!(matches!(found[0], Found::Deleted));
    // and voiding it again says the same
    let again = company.sink.apply(&writes[..1]).await;
    assert_eq!(done(&again[0]).condition, Condition::Voided);
    // while after a restart nobody knows what it was
    let again = company.restarted().apply(&writes[..1]).await;
    assert_eq!(refusal(&again[0]).0, RefusalReason::Person(Cause::DeletedInQuickbooks));
}

#[tokio::test]
async fn a_job_under_its_customer() {
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let owner = create(
        DocumentKind::Customer,
        "Bayfront Health, Inc",
        AccountingDocument::Customer(sync_core::model::accounting::Customer {
            name: "Bayfront Health, Inc".into(),
            parent: None,
            address: None,
            active: true,
        }),
    );
    let owner = done(&company.sink.apply(&[owner]).await[0]).clone();
    assert_eq!(&*owner.marker.as_ref().unwrap().document.id, "Bayfront Health, Inc", "names with spaces survive");
    let write = create(DocumentKind::Project, "22", job("24-017 Harbor Clinic", owner.target.id.as_str()));
    let state = done(&company.sink.apply(&[write]).await[0]).clone();
    let AccountingDocument::Customer(customer) = &state.document else { panic!("{state:?}") };
    assert_eq!(customer.parent.as_ref().unwrap().as_str(), owner.target.id.as_str());
    // a changed address goes in sparse; the rest stays
    let mut wanted = customer.clone();
    wanted.address.as_mut().unwrap().city = Some("Alameda".into());
    let outcomes =
        company.sink.apply(&[update("22", &state.target, &state.version, AccountingDocument::Customer(wanted))]).await;
    let AccountingDocument::Customer(after) = &done(&outcomes[0]).document else { panic!() };
    let address = after.address.as_ref().unwrap();
    assert_eq!((address.city.as_deref(), address.street.as_deref()), (Some("Alameda"), Some("18 Pier Rd")));
}

#[tokio::test]
async fn exact_to_the_cent_at_any_size() {
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let line = for_job(account("a", RETAINAGE, "9999999999.67"), "61", None);
    let bill = AccountingDocument::Bill(expense("71", "BIG", "2026-03-01", vec![line]));
    let outcomes = company.sink.apply(&[create(DocumentKind::PayApp, "1", bill)]).await;
    match &outcomes[0] {
        sync_core::connector::Outcome::Done(state) => assert_eq!(state.total, Some(usd("9999999999.67"))),
        other => panic!("{other:?}"),
    }
}
