//! The owner's side: estimates, invoices and credit memos go to a company and come back; journal entries too.

mod support;

use std::time::Duration;

use support::company::{Company, done, refusal};
use support::documents::{create, entry, marker, sale, side, sold, update, usd, void};
use sync_core::clock::Clock;
use sync_core::connector::{Condition, Found, Outcome, RefusalReason, Sink, Wanted};
use sync_core::dead_letter::Cause;
use sync_core::model::DocumentKind;
use sync_core::model::accounting::{AccountingDocument, SalesLine};
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::Operation;

const OWNER: &str = "61";
const WORK: &str = "212";
const HELD: &str = "221";

fn application(number: &str, amount: &str, held: &str) -> AccountingDocument {
    let lines = vec![sold("oi:1", WORK, amount, None), sold("oi:1:withheld", HELD, held, None)];
    AccountingDocument::Invoice(sale(OWNER, number, "2026-03-31", lines))
}

fn lines(document: &AccountingDocument) -> &[SalesLine] {
    &document.sales().unwrap().lines
}

async fn written(company: &Company, id: &str, document: AccountingDocument) -> sync_core::connector::TargetState {
    done(&company.sink.apply(&[create(DocumentKind::OwnerInvoice, id, document)]).await[0]).clone()
}

#[tokio::test]
async fn one_batch_takes_all_of_the_owners_side() {
    // given a company that was read
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    assert_eq!(company.requests(), 1);
    // when an estimate, an invoice that withholds and a credit memo are written together
    let estimate =
        AccountingDocument::Estimate(sale(OWNER, "PC-1", "2026-03-01", vec![sold("a", WORK, "1030000", None)]));
    let credit =
        AccountingDocument::CreditMemo(sale(OWNER, "PA-5", "2026-04-30", vec![sold("a", WORK, "90.10", None)]));
    let outcomes = company
        .sink
        .apply(&[
            create(DocumentKind::PrimeContract, "1", estimate),
            create(DocumentKind::OwnerInvoice, "4", application("PA-4", "140000", "-13000")),
            create(DocumentKind::OwnerInvoice, "5", credit),
        ])
        .await;
    // then each stands in the books with its total, what is open of it, and its marker
    assert_eq!(company.double().requests().of(Operation::Batch), 2);
    let states: Vec<_> = outcomes.iter().map(done).collect();
    assert_eq!((states[0].total, states[0].balance), (Some(usd("1030000")), None));
    assert_eq!((states[1].total, states[1].balance), (Some(usd("127000")), Some(usd("127000"))));
    assert_eq!((states[2].total, states[2].balance), (Some(usd("90.10")), Some(usd("90.10"))));
    assert_eq!(states[1].marker, Some(marker(DocumentKind::OwnerInvoice, "4")));
    // and the subtotal of the server is no line of the document
    assert_eq!(lines(&states[1].document).len(), 2);
    assert_eq!(lines(&states[1].document)[1].item.as_str(), HELD);
    // and the ledger has contract billings gross, receivables net, retainage apart
    let double = company.double();
    let balance = |id: &str| double.entity("Account", id).unwrap().get("CurrentBalance").unwrap().as_decimal().unwrap();
    assert_eq!(balance("84").to_string(), "126909.90");
    assert_eq!(balance("150").to_string(), "13000.00");
}

#[tokio::test]
async fn an_update_keeps_line_ids_and_what_it_does_not_know() {
    // given an invoice on which a person has set a due date, a discount and a text
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = written(&company, "4", application("PA-4", "1000", "-100")).await;
    let id = state.target.id.to_string();
    company.clock.advance(Duration::from_secs(60));
    let extra = r#"[{"DetailType":"DiscountLineDetail","Amount":1.00,"DiscountLineDetail":{"PercentBased":false}},
        {"DetailType":"DescriptionOnly","Description":"Thank you"}]"#;
    let Json::Array(extra) = Json::parse(extra.as_bytes()).unwrap() else { panic!() };
    let now = company.clock.now();
    company
        .double()
        .person_edits(now, "Invoice", &id, |invoice| {
            invoice.set("DueDate", "2026-05-05");
            if let Some(Json::Array(lines)) = invoice.as_object_mut().and_then(|members| members.get_mut("Line")) {
                lines.extend(extra);
            }
        })
        .unwrap();
    let Found::Present(now) = company.restarted().read(std::slice::from_ref(&state.target)).await.unwrap().remove(0)
    else {
        panic!("gone")
    };
    company.sink.begin().await.unwrap();
    // when the withheld line changes and a line is added
    let mut wanted = state.document.clone();
    let sales = wanted.sales_mut().unwrap();
    sales.lines[1].amount = usd("-50.25");
    sales.lines.push(sold("oi:2", "213", "20", None));
    let outcomes = company.sink.apply(&[update("4", &state.target, &now.version, wanted)]).await;
    // then the two lines are the ones that they were, and nothing of the person is lost
    let after = done(&outcomes[0]);
    assert_eq!(after.total, Some(usd("968.75")));
    let ids =
        |document: &AccountingDocument| -> Vec<_> { lines(document).iter().map(|line| line.id.clone()).collect() };
    assert_eq!(ids(&after.document)[..2], ids(&state.document)[..]);
    assert_eq!(lines(&after.document).len(), 3);
    let double = company.double();
    let invoice = double.entity("Invoice", &id).unwrap();
    assert_eq!(invoice.get("DueDate").and_then(Json::as_str), Some("2026-05-05"));
    let kinds: Vec<&str> = invoice
        .get("Line")
        .and_then(Json::as_array)
        .unwrap()
        .iter()
        .map(|line| line.get("DetailType").and_then(Json::as_str).unwrap())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "SubTotalLineDetail").count(), 1);
    assert!(kinds.contains(&"DiscountLineDetail") && kinds.contains(&"DescriptionOnly"), "{kinds:?}");
}

/// As in a company where QuickBooks withholds by its own retainage: on the invoice and on its first line.
fn withhold_natively(company: &Company, id: &str) {
    company.clock.advance(Duration::from_secs(60));
    let now = company.clock.now();
    company
        .double()
        .person_edits(now, "Invoice", id, |invoice| {
            invoice.set("TxnRetainageDetail", Json::parse(br#"{"RetainageAmount":7.5}"#).unwrap());
            if let Some(Json::Array(lines)) = invoice.as_object_mut().and_then(|members| members.get_mut("Line"))
                && let Some(detail) = lines[0].as_object_mut().and_then(|line| line.get_mut("SalesItemLineDetail"))
            {
                detail.set("RetainageAmount", Json::parse(b"7.5").unwrap());
            }
        })
        .unwrap();
}

/// What the retainage of QuickBooks itself comes to: on the invoice, and on its first line.
fn native(company: &Company, id: &str) -> [String; 2] {
    let double = company.double();
    let invoice = double.entity("Invoice", id).unwrap();
    let lines = invoice.get("Line").and_then(Json::as_array).unwrap();
    let line = lines[0].at(&["SalesItemLineDetail", "RetainageAmount"]).unwrap();
    [invoice.at(&["TxnRetainageDetail", "RetainageAmount"]).unwrap().to_string(), line.to_string()]
}

async fn now_at(company: &Company, target: &sync_core::model::TargetRef) -> sync_core::connector::TargetState {
    company.sink.begin().await.unwrap();
    match company.sink.read(std::slice::from_ref(target)).await.unwrap().remove(0) {
        Found::Present(now) => *now,
        Found::Deleted => panic!("gone"),
    }
}

#[tokio::test]
async fn quickbooks_own_retainage_stays_on_every_update() {
    // given an invoice without a retainage line, on which QuickBooks withholds by its own means
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let only_work = |amount: &str| {
        AccountingDocument::Invoice(sale(OWNER, "PA-7", "2026-03-31", vec![sold("oi:1", WORK, amount, None)]))
    };
    let state = written(&company, "7", only_work("1000")).await;
    let id = state.target.id.to_string();
    withhold_natively(&company, &id);
    for amount in ["1100", "1200.50"] {
        // when the work changes, again and again
        let now = now_at(&company, &state.target).await;
        let mut wanted = now.document.clone();
        wanted.sales_mut().unwrap().lines[0].amount = usd(amount);
        let outcomes = company.sink.apply(&[update("7", &state.target, &now.version, wanted)]).await;
        // then the lines are those that were asked for, and what QuickBooks withholds is as it was
        assert_eq!(lines(&done(&outcomes[0]).document).len(), 1);
        assert_eq!(native(&company, &id), ["7.5", "7.5"]);
    }
}

#[tokio::test]
async fn what_quickbooks_withholds_itself_is_never_withheld_twice() {
    // given an invoice with a retainage line, on which somebody has switched QuickBooks' own retainage on
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = written(&company, "8", application("PA-8", "1000", "-100")).await;
    let id = state.target.id.to_string();
    withhold_natively(&company, &id);
    let now = now_at(&company, &state.target).await;
    // when it is to be changed
    let mut wanted = state.document.clone();
    wanted.sales_mut().unwrap().lines[1].amount = usd("-120");
    for (line, key) in wanted.sales_mut().unwrap().lines.iter_mut().zip(["oi:1:work", "oi:1:withheld"]) {
        line.key = sync_core::model::LineKey::source(key);
    }
    let requests = company.requests();
    let outcomes = company.sink.apply(&[update("8", &state.target, &now.version, wanted)]).await;
    // then nothing is sent, and a person is told why
    let (reason, text) = refusal(&outcomes[0]);
    assert_eq!(reason, RefusalReason::Person(Cause::Conflict));
    assert!(text.contains("withheld twice") && text.contains("7.5"), "{text}");
    assert_eq!(company.requests(), requests);
    assert_eq!(native(&company, &id), ["7.5", "7.5"]);
}

#[tokio::test]
async fn a_void_keeps_the_invoice_and_deletes_the_others() {
    // given an estimate, two invoices, a credit memo and a journal entry
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let one = |number: &str| sale(OWNER, number, "2026-03-01", vec![sold("a", WORK, "10", None)]);
    let kinds = [
        AccountingDocument::Estimate(one("E-1")),
        AccountingDocument::Invoice(one("I-1")),
        AccountingDocument::Invoice(one("I-2")),
        AccountingDocument::CreditMemo(one("C-1")),
        entry("J-1", "2026-03-01", vec![side("150", "5", Some(OWNER)), side("79", "-5", None)]),
    ];
    let writes: Vec<_> =
        kinds.into_iter().enumerate().map(|(n, d)| create(DocumentKind::OwnerInvoice, &n.to_string(), d)).collect();
    let states: Vec<_> = company.sink.apply(&writes).await.iter().map(|outcome| done(outcome).clone()).collect();
    // when all are voided together
    let voids: Vec<_> = states.iter().enumerate().map(|(n, s)| void(&n.to_string(), &s.target, &s.version)).collect();
    let outcomes = company.sink.apply(&voids).await;
    // then all count for nothing
    for (outcome, state) in outcomes.iter().zip(&states) {
        assert_eq!(done(outcome).condition, Condition::Voided, "{}", state.target);
        assert!(done(outcome).total.is_none_or(|total| total.is_zero()));
    }
    // and only the invoices are still there, voided by requests of their own
    assert_eq!(company.double().requests().of(Operation::Void), 2);
    for (entity, count) in [("Estimate", 0), ("Invoice", 2), ("CreditMemo", 0), ("JournalEntry", 0)] {
        assert_eq!(company.double().all(entity).count(), count, "{entity}");
    }
    let found = company.restarted().read(&[states[1].target.clone()]).await.unwrap();
    assert!(matches!(&found[0], Found::Present(state) if state.condition == Condition::Voided
        && state.marker == states[1].marker));
    // and voided again, they are as they were, without a request
    let before = company.requests();
    let again = company.sink.apply(&voids).await;
    assert!(again.iter().all(|outcome| done(outcome).condition == Condition::Voided));
    assert_eq!(company.requests(), before);
}

#[tokio::test]
async fn what_is_paid_closed_or_taken_is_refused_in_words() {
    // given an invoice of 127,000.00 of which 100,000.00 is paid
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = written(&company, "4", application("PA-4", "140000", "-13000")).await;
    let payment = format!(
        r#"{{"CustomerRef":{{"value":"61"}},"TotalAmt":100000,"TxnDate":"2026-04-10","Line":[{{"Amount":100000,
            "LinkedTxn":[{{"TxnId":"{}","TxnType":"Invoice"}}]}}]}}"#,
        state.target.id
    );
    company.clock.advance(Duration::from_secs(60));
    let now = company.clock.now();
    company.double().person_creates(now, "Payment", Json::parse(payment.as_bytes()).unwrap()).unwrap();
    company.sink.begin().await.unwrap();
    let Found::Present(paid) = company.sink.read(std::slice::from_ref(&state.target)).await.unwrap().remove(0) else {
        panic!("gone")
    };
    assert_eq!(paid.balance, Some(usd("27000")));
    assert_ne!(paid.version, state.version, "a payment is a change");
    // when it is voided, on the old version and on the new; and others are dated in closed books or take its number
    let stale = company.sink.apply(&[void("4", &state.target, &state.version)]).await;
    let mut closed = application("PA-9", "1", "0");
    closed.set_date("2025-12-31".parse().unwrap());
    let outcomes = company
        .sink
        .apply(&[
            void("4", &paid.target, &paid.version),
            create(DocumentKind::OwnerInvoice, "9", closed),
            create(DocumentKind::OwnerInvoice, "10", application("pa-4", "1", "0")),
            create(DocumentKind::OwnerInvoice, "11", application("PA-11", "1", "-2")),
            create(DocumentKind::OwnerInvoice, "12", application("PA-12", "3", "0")),
        ])
        .await;
    // then each is told apart
    let reason = |outcome: &Outcome| refusal(outcome).0;
    assert_eq!(reason(&stale[0]), RefusalReason::Stale);
    assert_eq!(reason(&outcomes[0]), RefusalReason::Person(Cause::Refused));
    assert!(refusal(&outcomes[0]).1.contains("payments are applied"), "{:?}", outcomes[0]);
    assert_eq!(reason(&outcomes[1]), RefusalReason::Person(Cause::ClosedPeriod));
    assert_eq!(reason(&outcomes[2]), RefusalReason::Person(Cause::DuplicateNumber));
    assert_eq!(reason(&outcomes[3]), RefusalReason::Person(Cause::Refused));
    assert_eq!(done(&outcomes[4]).total, Some(usd("3")));
}

#[tokio::test]
async fn what_exists_already_is_found_by_marker_and_by_customer_and_number() {
    // given an invoice of this sync, one of a person with the same number for another customer, and one that looks alike
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = written(&company, "4", application("PA-4", "1000", "-100")).await;
    let by_hand = |customer: &str, number: &str| {
        let text = format!(
            r#"{{"CustomerRef":{{"value":"{customer}"}},"DocNumber":"{number}","TxnDate":"2026-03-28","Line":[{{"Amount":700,
                "DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"212"}}}}}}]}}"#
        );
        let now = company.clock.now();
        company.double().person_creates(now, "Invoice", Json::parse(text.as_bytes()).unwrap()).unwrap()
    };
    company.clock.advance(Duration::from_secs(60));
    by_hand("62", "PA-7");
    let alike = by_hand(OWNER, "PA 6");
    company.sink.begin().await.unwrap();
    // when candidates are looked for
    let ask = [
        (marker(DocumentKind::OwnerInvoice, "4"), application("X", "1", "0")),
        (marker(DocumentKind::OwnerInvoice, "5"), application("pa-4", "1", "0")),
        (marker(DocumentKind::OwnerInvoice, "7"), application("PA-7", "1", "0")),
        (marker(DocumentKind::OwnerInvoice, "6"), application("PA-06", "1", "0")),
    ];
    let wanted: Vec<_> = ask.iter().map(|(marker, document)| Wanted { marker, document }).collect();
    let found = company.sink.candidates(&wanted).await.unwrap();
    // then the marker and the number of the same customer match, another customer's do not, and a likeness is told
    assert_eq!(found[0].matches[0].target, state.target);
    assert_eq!(found[1].matches[0].target, state.target);
    assert!(found[2].matches.is_empty() && found[2].similar.is_empty());
    assert!(found[3].matches.is_empty());
    assert_eq!(found[3].similar[0].target.id.as_str(), alike);
}

#[tokio::test]
async fn an_invoice_whose_answer_was_lost_is_found() {
    // given an invoice whose answer does not arrive
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let since = company.clock.now();
    company.faults.lock().unwrap().next(sync_sandboxes::faults::Fault::LostAnswer);
    let write = create(DocumentKind::OwnerInvoice, "4", application("PA-4", "1000", "-100"));
    let outcomes = company.sink.apply(std::slice::from_ref(&write)).await;
    assert!(matches!(outcomes[0], Outcome::Uncertain(_)));
    // when it is looked for
    let found = company.sink.find_written(std::slice::from_ref(&write), since).await.unwrap();
    // then it is there, and writing it again is the same request
    let state = found[0].as_ref().unwrap();
    assert_eq!(state.total, Some(usd("900")));
    let again = company.sink.apply(&[write]).await;
    assert_eq!(done(&again[0]).target, state.target);
    assert_eq!(company.double().all("Invoice").count(), 1);
}

#[tokio::test]
async fn a_journal_entry_keeps_its_lines() {
    // given an entry whose credit a person tagged with a vendor
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let first = entry("J-1", "2026-03-01", vec![side("150", "5", Some(OWNER)), side("79", "-5", None)]);
    let state = written(&company, "1", first.clone()).await;
    assert_eq!(state.document.total().unwrap(), None);
    let AccountingDocument::JournalEntry(read) = &state.document else { panic!() };
    let AccountingDocument::JournalEntry(sent) = &first else { panic!() };
    assert_eq!(read.lines(), sent.lines());
    company.clock.advance(Duration::from_secs(60));
    let now = company.clock.now();
    let id = state.target.id.to_string();
    let tag = r#"{"Type":"Vendor","EntityRef":{"value":"71"}}"#;
    company
        .double()
        .person_edits(now, "JournalEntry", &id, |entry| {
            if let Some(Json::Array(lines)) = entry.as_object_mut().and_then(|members| members.get_mut("Line"))
                && let Some(detail) = lines[1].as_object_mut().and_then(|l| l.get_mut("JournalEntryLineDetail"))
            {
                detail.set("Entity", Json::parse(tag.as_bytes()).unwrap());
            }
        })
        .unwrap();
    company.sink.begin().await.unwrap();
    let Found::Present(now) = company.sink.read(std::slice::from_ref(&state.target)).await.unwrap().remove(0) else {
        panic!("gone")
    };
    // when its amounts change and a side is added, in another order
    let wanted = entry(
        "J-1",
        "2026-03-01",
        vec![side("141", "1", None), side("79", "-7.25", None), side("150", "6.25", Some(OWNER))],
    );
    let outcomes = company.sink.apply(&[update("1", &now.target, &now.version, wanted)]).await;
    // then the old sides are the old lines, with the tag, and the entry balances
    done(&outcomes[0]);
    let double = company.double();
    let lines = double.entity("JournalEntry", &id).unwrap().get("Line").and_then(Json::as_array).unwrap();
    let told = |line: &Json| {
        let text = |path: &[&str]| line.at(path).and_then(Json::as_id).unwrap_or_default().to_owned();
        let detail = |member: &str| text(&["JournalEntryLineDetail", member, "value"]);
        let entity = text(&["JournalEntryLineDetail", "Entity", "EntityRef", "value"]);
        (text(&["Id"]), detail("AccountRef"), line.get("Amount").unwrap().to_string(), entity)
    };
    let told: Vec<_> = lines.iter().map(told).collect();
    let expected = [("2", "141", "1.00", ""), ("1", "79", "7.25", "71"), ("0", "150", "6.25", "61")];
    assert_eq!(told, expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())));
}

#[tokio::test]
async fn nothing_is_sent_but_what_is_allowed() {
    // given a company in which everything of this file was done
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = written(&company, "4", application("PA-4", "1000", "-100")).await;
    let estimate = AccountingDocument::Estimate(sale(OWNER, "E-1", "2026-03-01", vec![sold("a", WORK, "10", None)]));
    let credit = AccountingDocument::CreditMemo(sale(OWNER, "C-1", "2026-03-01", vec![sold("a", WORK, "10", None)]));
    let both = [create(DocumentKind::PrimeContract, "1", estimate), create(DocumentKind::OwnerInvoice, "2", credit)];
    let both: Vec<_> = company.sink.apply(&both).await.iter().map(|outcome| done(outcome).clone()).collect();
    let voids: Vec<_> = both
        .iter()
        .chain([&state])
        .map(|state| void(state.target.id.as_str(), &state.target, &state.version))
        .collect();
    company.sink.apply(&voids).await;
    // when the log of the company is read
    let mut operations = std::collections::BTreeSet::new();
    for request in company.double().log() {
        let rows =
            quickbooks_online::allowed::rows_of(request.method.as_str(), &request.target, &request.body).unwrap();
        assert!(rows.iter().all(|row| row.by_sync), "{rows:?}");
        operations.extend(rows.iter().map(|row| row.operation));
    }
    // then each request stands in the list
    assert_eq!(operations.into_iter().collect::<Vec<_>>(), ["batch", "create", "delete", "void"]);
    // and the chart of accounts is out of reach, by itself and in a batch
    let before = company.requests();
    let account = quickbooks_online::wire::Account { name: Some("New".into()), ..Default::default() };
    assert!(company.client.create(&account, "a").await.is_err());
    let body: Box<serde_json::value::RawValue> = serde_json::from_str(r#"{"Name":"New"}"#).unwrap();
    let item = quickbooks_online::BatchItem::Create(quickbooks_online::Entity::Item, &body);
    assert!(company.client.batch(&[item], Some("b")).await.is_err());
    assert_eq!(company.requests(), before);
}
