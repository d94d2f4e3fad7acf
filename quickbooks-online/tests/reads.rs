//! What a run reads: the company whole, then what changed, and what is looked up in it.

mod support;

use std::time::Duration;

use quickbooks_online::{Books, Entity, KeptTransactions, Query};
use support::company::{Company, done};
use support::documents::{account, create, expense, item, marker, usd, vendor};
use support::{CANARY, REALM, Script, client_with, noon, ok};
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{Condition, Directory, Found, Lists, Sink, Wanted};
use sync_core::mapping::{List, Names};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{DocumentKind, TargetKind, TargetRef};
use sync_core::reconcile::company::BookState;
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::{Limits, Operation, QuickBooksConfig};

const ITEM: &str = "212";

fn bill(vendor: &str, number: &str, date: &str, amount: &str) -> AccountingDocument {
    AccountingDocument::Bill(expense(vendor, number, date, vec![item("a", ITEM, amount)]))
}

async fn lists(company: &Company) -> Lists {
    match company.sink.directory().await.unwrap() {
        Directory::Listed(lists) => *lists,
        Directory::Open => panic!("open"),
    }
}

#[tokio::test]
async fn the_company_is_read_in_one_request_and_then_by_changes() {
    // given a company
    let company = Company::demo();
    // when two runs begin
    company.sink.begin().await.unwrap();
    assert_eq!(company.requests(), 1);
    company.clock.advance(Duration::from_secs(3600));
    company.sink.begin().await.unwrap();
    // then the first took one batch, the second one question for changes
    assert_eq!(company.requests(), 2);
    assert_eq!(company.double().requests().of(Operation::Cdc), 1);
    // and after more than a month it is read whole
    company.clock.advance(Duration::from_secs(31 * 86400));
    company.sink.begin().await.unwrap();
    assert_eq!(company.double().requests().of(Operation::Batch), 2);
}

#[tokio::test]
async fn the_lists_of_the_company() {
    let company = Company::demo();
    let lists = lists(&company).await;
    let accounts: Vec<_> =
        lists.accounts.iter().map(|a| (a.name.as_str(), a.kind.as_str(), a.number.as_deref())).collect();
    assert!(accounts.contains(&("Retainage Payable", "Other Current Liability", Some("2150"))));
    assert!(accounts.iter().any(|a| a.0 == "Job Costs:Subcontractors"));
    assert_eq!(lists.default_payable.as_deref(), Some("33"));
    assert_eq!(lists.currency.unwrap().code(), "USD");
    assert_eq!(lists.closing_date.unwrap().to_string(), "2025-12-31");
    assert!(lists.classes.iter().any(|class| class.id == "5000000000000007311"));
    assert!(!lists.terms.is_empty() && !lists.customers.is_empty());
    assert!(lists.items.iter().all(|item| item.kind.starts_with("Service")));
}

#[tokio::test]
async fn departments_and_vendors_are_known_by_name() {
    // given a company in which somebody makes a location
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    company.clock.advance(Duration::from_secs(60));
    let now = company.clock.now();
    let north = Json::parse(br#"{"Name":"North"}"#).unwrap();
    let id = company.double().person_creates(now, "Department", north).unwrap();
    company.sink.begin().await.unwrap();
    // then a rule may name it, by its name or by its id
    let directory = company.sink.directory().await.unwrap();
    let names = Names::new(&directory);
    assert_eq!(names.resolve(List::Department, "north"), Ok(id.clone()));
    assert_eq!(names.resolve(List::Department, &format!("id:{id}")), Ok(id));
    let problem = names.resolve(List::Department, "Nort").unwrap_err();
    assert_eq!(problem, "there is no department `Nort`; did you mean North?");
    let Directory::Listed(lists) = &directory else { panic!("open") };
    assert!(lists.vendors.iter().any(|vendor| names.resolve(List::Vendor, &vendor.name) == Ok(vendor.id.clone())));
}

#[tokio::test]
async fn a_large_company_is_read_page_by_page() {
    // given a company with more objects than one batch answer holds, by pages of 10
    let limits =
        Limits { objects_per_answer: 40, requests_per_second: 1000, requests_per_minute: 5000, ..Limits::default() };
    let company = Company::with(QuickBooksConfig { limits, ..QuickBooksConfig::default() }, 10);
    for n in 0..37 {
        let text = format!(
            r#"{{"VendorRef":{{"value":"71"}},"DocNumber":"H-{n}","TxnDate":"2026-03-01","Line":[{{"Amount":{n}.25,
                "DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"141"}}}}}}]}}"#
        );
        company.double().person_creates(noon(), "Bill", Json::parse(text.as_bytes()).unwrap()).unwrap();
    }
    // when a run begins
    company.sink.begin().await.unwrap();
    // then every bill is known
    let documents: Vec<_> = (0..37).map(|n| bill("71", &format!("h-{n} "), "2026-03-01", "1")).collect();
    let marker = marker(DocumentKind::PayApp, "1");
    let wanted: Vec<_> = documents.iter().map(|document| Wanted { marker: &marker, document }).collect();
    let found = company.sink.candidates(&wanted).await.unwrap();
    for (n, found) in found.iter().enumerate() {
        assert_eq!(found.matches.len(), 1, "bill {n}");
        assert_eq!(found.matches[0].total, Some(usd(&format!("{n}.25"))));
    }
}

#[tokio::test]
async fn a_list_that_moves_while_it_is_read_is_read_anew() {
    // given pages of three, where a deletion shifts the list between two of them
    let page = |ids: &[u32]| {
        let objects: Vec<String> = ids.iter().map(|id| format!(r#"{{"Id":"{id}"}}"#)).collect();
        ok(format!(r#"{{"QueryResponse":{{"Bill":[{}]}},"time":"2026-03-10T12:00:00.000-08:00"}}"#, objects.join(",")))
    };
    let script = Script::new([page(&[1, 2, 3]), page(&[4, 5]), page(&[2, 3, 4]), page(&[4, 5])]);
    let clock = std::sync::Arc::new(ManualClock::new(noon()));
    let client = client_with(script.clone(), CANARY, &clock, 3);
    // when the list is read
    let all = client.all(&Query::new(Entity::Bill)).await.unwrap();
    // then nothing is missing, and nothing is there twice
    assert_eq!(all.len(), 4);
    let starts: Vec<String> = script
        .seen()
        .iter()
        .map(|(_, path, _)| path.split("startposition%20").nth(1).unwrap().split('%').next().unwrap().to_owned())
        .collect();
    assert_eq!(starts, ["1", "3", "1", "3"]);
}

#[tokio::test]
async fn changes_of_people_are_seen_deletions_included() {
    // given two bills that this sync made
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let writes = [
        create(DocumentKind::PayApp, "1", bill("71", "B-1", "2026-03-01", "10")),
        create(DocumentKind::PayApp, "2", bill("71", "B-2", "2026-03-01", "20")),
    ];
    let outcomes = company.sink.apply(&writes).await;
    let targets: Vec<TargetRef> = outcomes.iter().map(|outcome| done(outcome).target.clone()).collect();
    // when a person deletes one and voids the other
    company.clock.advance(Duration::from_secs(600));
    let now = company.clock.now();
    company.double().person_deletes(now, "Bill", targets[0].id.as_str()).unwrap();
    company.double().person_voids(now, "Bill", targets[1].id.as_str()).unwrap();
    company.clock.advance(Duration::from_secs(600));
    company.sink.begin().await.unwrap();
    let before = company.requests();
    // then a read says so, from what is known
    let found = company.sink.read(&targets).await.unwrap();
    assert!(matches!(found[0], Found::Deleted));
    let Found::Present(state) = &found[1] else { panic!("gone") };
    assert_eq!(state.condition, Condition::Voided);
    assert_eq!(company.requests(), before);
}

#[tokio::test]
async fn candidates_by_marker_number_likeness_and_name() {
    // given a bill of this sync, and one entered by hand
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let write = create(DocumentKind::PayApp, "1", bill("71", "PA-0007", "2026-03-01", "1000"));
    let ours = done(&company.sink.apply(&[write]).await[0]).target.clone();
    let by_hand = Json::parse(
        br#"{"VendorRef":{"value":"71"},"DocNumber":"INV 0042","TxnDate":"2026-03-05","PrivateNote":"Dana",
            "Line":[{"Amount":500.00,"DetailType":"AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail":{"AccountRef":{"value":"141"}}}]}"#,
    )
    .unwrap();
    let by_hand = company.double().person_creates(noon(), "Bill", by_hand).unwrap();
    company.clock.advance(Duration::from_secs(60));
    company.sink.begin().await.unwrap();
    let look = async |id: &str, document: AccountingDocument| {
        let marker = marker(DocumentKind::PayApp, id);
        company.sink.candidates(&[Wanted { marker: &marker, document: &document }]).await.unwrap().remove(0)
    };
    // by marker, whatever the number
    let found = look("1", bill("71", "other", "2026-03-01", "1")).await;
    assert_eq!(found.matches[0].target, ours);
    // by vendor and number, also when it carries the marker of another document
    let found = look("2", bill("71", " pa-0007", "2026-03-01", "1")).await;
    assert_eq!(found.matches[0].target, ours);
    assert!(look("2", bill("72", "PA-0007", "2026-03-01", "1")).await.matches.is_empty(), "another vendor");
    // by likeness: the number as people mean it; or amount, date and nearly the number
    for document in [bill("71", "inv-42", "2027-01-01", "1"), bill("71", "INV 0043", "2026-03-15", "500")] {
        let found = look("2", document).await;
        assert!(found.matches.is_empty());
        assert_eq!(found.similar[0].target.id.as_str(), by_hand);
    }
    for document in [
        bill("71", "INV 0043", "2026-03-16", "500"),
        bill("71", "INV 0043", "2026-03-05", "500.01"),
        bill("71", "INV 0099", "2026-03-05", "500"),
        bill("71", "PA-7", "2026-03-01", "1000"),
    ] {
        assert!(look("2", document).await.similar.is_empty());
    }
    // by name, in other lists too
    let found = look("2", vendor("o'malley STEEL erectors llc")).await;
    assert_eq!(found.matches[0].target.id.as_str(), "72");
    assert_eq!(look("2", vendor("Old Mill Storage")).await.name_taken_by.as_deref(), Some("customer"));
    assert_eq!(look("2", vendor("Dana Ruiz")).await.name_taken_by.as_deref(), Some("employee"));
}

#[tokio::test]
async fn an_inactive_vendor_is_found_by_its_plain_name() {
    let company = Company::demo();
    let now = company.clock.now();
    company.double().person_edits(now, "Vendor", "73", |vendor| vendor.set("Active", false)).unwrap();
    let marker = marker(DocumentKind::Vendor, "1");
    let document = vendor("Northland Power and Water");
    let found = company.sink.candidates(&[Wanted { marker: &marker, document: &document }]).await.unwrap().remove(0);
    assert_eq!(found.matches[0].condition, Condition::Inactive);
    assert_eq!(found.matches[0].document.number(), Some("Northland Power and Water"));
}

#[tokio::test]
async fn a_failed_read_is_never_a_deletion() {
    // given a sink that knows nothing yet
    let company = Company::demo();
    let target = TargetRef { kind: TargetKind::Vendor, id: "71".into() };
    // when the server fails
    company.faults.lock().unwrap().next(sync_sandboxes::faults::Fault::Status500);
    // then that is an error; asked again, the vendor is there, and one that never was is not
    assert!(company.sink.read(std::slice::from_ref(&target)).await.is_err());
    let other = TargetRef { kind: TargetKind::Bill, id: "424242".into() };
    let found = company.sink.read(&[other, target]).await.unwrap();
    assert!(matches!(found[0], Found::Deleted));
    assert!(matches!(found[1], Found::Present(_)));
}

#[tokio::test]
async fn items_that_cannot_be_bought_or_sold_are_marked() {
    let company = Company::demo();
    let now = company.clock.now();
    company
        .double()
        .person_edits(now, "Item", "220", |item| {
            if let Some(members) = item.as_object_mut() {
                members.shift_remove("ExpenseAccountRef");
            }
        })
        .unwrap();
    company
        .double()
        .person_edits(now, "Item", "219", |item| {
            if let Some(members) = item.as_object_mut() {
                members.shift_remove("IncomeAccountRef");
            }
        })
        .unwrap();
    let lists = lists(&company).await;
    let kind = |id: &str| lists.items.iter().find(|item| item.id == id).unwrap().kind.as_str();
    assert_eq!(kind("220"), "Service (not for purchase)");
    assert_eq!(kind("219"), "Service (not for sale)");
    assert_eq!(kind("218"), "Service");
}

#[tokio::test]
async fn the_books_for_a_tie_out() {
    // given a purchase order billed with retainage, a credit, and a journal entry
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let lines = vec![item("a", ITEM, "1000"), account("b", "151", "-100"), account("c", "151", "25")];
    let credit = expense("71", "C-1", "2026-03-02", vec![item("a", ITEM, "50"), account("b", "151", "-5")]);
    let writes = [
        create(DocumentKind::PayApp, "1", AccountingDocument::Bill(expense("71", "B-1", "2026-03-01", lines))),
        create(DocumentKind::PayApp, "2", AccountingDocument::VendorCredit(credit)),
    ];
    for outcome in &company.sink.apply(&writes).await {
        done(outcome);
    }
    let entry = Json::parse(
        br#"{"DocNumber":"J-1","TxnDate":"2026-03-31","Line":[
            {"Amount":40.00,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Debit","AccountRef":{"value":"151"}}},
            {"Amount":40.00,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Credit","AccountRef":{"value":"62"}}}]}"#,
    )
    .unwrap();
    company.double().person_creates(noon(), "JournalEntry", entry).unwrap();
    // when the books are read
    let before = company.requests();
    let books = quickbooks_online::Books::new(company.client.clone()).load().await.unwrap();
    // then it takes one request, and everything adds up
    assert_eq!(company.requests() - before, 1);
    let bill = books.of_kind(TargetKind::Bill).next().unwrap();
    let retained = bill.retained(&["151".into()]).unwrap();
    assert_eq!((retained.gross, retained.withheld, retained.released), (usd("1000"), usd("100"), usd("25")));
    assert_eq!((bill.total, bill.paid().unwrap()), (usd("925"), Some(usd("0"))));
    assert_eq!(bill.lines[0].account.as_ref().map(|a| a.as_str().starts_with("14")), Some(true), "behind the item");
    let credit = books.of_kind(TargetKind::VendorCredit).next().unwrap();
    let retained = credit.retained(&["151".into()]).unwrap();
    assert_eq!((retained.gross, retained.withheld, retained.released), (usd("-50"), usd("0"), usd("5")));
    assert_eq!(books.entries[0].lines[0].amount, usd("40"));
    assert_eq!(books.entries[0].lines[1].amount, usd("-40"));
    // 100 - 25 withheld on the bill, 5 released on the credit, 40 by hand
    assert_eq!(books.account(&"151".into()).unwrap().balance, Some(usd("30")));
    assert!(books.posted_twice(&"main".into()).is_empty());
    assert_eq!(books.marked(&"main".into(), &marker(DocumentKind::PayApp, "2").document).count(), 1);
    assert_eq!(REALM, company.client.realm());
}

#[tokio::test]
async fn webhooks_of_the_double_are_genuine_and_read_in_both_forms() {
    for legacy in [false, true] {
        // given a bill that a person entered
        let config = QuickBooksConfig { legacy_webhooks: legacy, ..QuickBooksConfig::default() };
        let token = config.verifier_token.clone();
        let company = Company::with(config, 1000);
        company.sink.begin().await.unwrap();
        let write = create(DocumentKind::PayApp, "1", bill("71", "B-1", "2026-03-01", "10"));
        let target = done(&company.sink.apply(&[write]).await[0]).target.clone();
        // when the company notifies us
        let deliveries = company.double().take_webhooks();
        let verifier = quickbooks_online::webhook::Verifier::new(token.into());
        let mut events = Vec::new();
        for delivery in &deliveries {
            let signature = delivery.headers.get(quickbooks_online::webhook::SIGNATURE_HEADER).unwrap();
            events.extend(verifier.open(signature.to_str().ok(), &delivery.body).unwrap().events);
        }
        // then the event names it
        let event = events.iter().find(|event| event.entity == Some(Entity::Bill)).unwrap();
        assert_eq!((event.realm.as_str(), event.id.as_str()), (REALM, target.id.as_str()));
        assert_eq!(event.operation, quickbooks_online::webhook::EventKind::Created);
        assert!(event.time.is_some());
    }
}

#[tokio::test]
async fn books_that_were_read_once_are_read_by_what_changed() {
    // given books of more than one answer, which were read and kept
    let limits = Limits { requests_per_second: 1000, requests_per_minute: 5000, ..Limits::default() };
    let company = Company::with(QuickBooksConfig { limits, ..QuickBooksConfig::default() }, 3);
    let bill_of = |number: &str| create(DocumentKind::PayApp, number, bill("71", number, "2026-03-01", "10"));
    company.sink.begin().await.unwrap();
    let outcomes = company.sink.apply(&["B-1", "B-2", "B-3", "B-4"].map(bill_of)).await;
    let ids: Vec<String> = outcomes.iter().map(|outcome| done(outcome).target.id.to_string()).collect();
    let books = Books::new(company.client.clone());
    let before = company.requests();
    let (_, kept) = books.state_since(None).await.unwrap();
    let whole = company.requests() - before;
    assert!(kept.saves_requests());
    let mut file = Vec::new();
    kept.write_to(&mut file).unwrap();
    let read = |file: &[u8]| KeptTransactions::read_from(file);

    // when people delete, void, change and make some, of which nobody tells
    company.clock.advance(Duration::from_secs(86400));
    let now = company.clock.now();
    {
        let mut double = company.double();
        double.person_deletes(now, "Bill", &ids[0]).unwrap();
        double.person_voids(now, "Bill", &ids[1]).unwrap();
        double.person_edits(now, "Bill", &ids[2], |bill| bill.set("TxnDate", "2026-03-20")).unwrap();
    }
    company.sink.begin().await.unwrap();
    company.sink.apply(&[bill_of("B-5")]).await;

    // then the lists and the changes are asked for, and the books are those of a whole reading
    let asked_for_changes = || company.double().requests().of(Operation::Cdc);
    let (before, asked) = (company.requests(), asked_for_changes());
    let (renewed, kept) = books.state_since(read(&file)).await.unwrap();
    let by_changes = company.requests() - before;
    let same = |a: &BookState, b: &BookState| {
        assert_eq!(a.transactions, b.transactions);
        assert_eq!((&a.payments, &a.receipts, &a.entries), (&b.payments, &b.receipts, &b.entries));
        assert_eq!((&a.parties, &a.balances), (&b.parties, &b.balances));
    };
    same(&renewed, &books.state().await.unwrap());
    assert!(renewed.transactions.iter().all(|state| state.target.id.as_str() != ids[0]));
    assert_eq!(asked_for_changes(), asked + 1);
    assert!(by_changes < whole, "{by_changes} and {whole}");

    // and a file that was cut, one of another company, and one of last month are not used
    assert!(read(&file[..file.len() - 12]).is_none());
    let mut elsewhere = String::from_utf8(file.clone()).unwrap();
    elsewhere = elsewhere.replacen(REALM, "1", 1);
    books.state_since(read(elsewhere.as_bytes())).await.unwrap();
    company.clock.advance(Duration::from_secs(31 * 86400));
    same(&books.state_since(Some(kept)).await.unwrap().0, &books.state().await.unwrap());
    assert_eq!(asked_for_changes(), asked + 1);
}
