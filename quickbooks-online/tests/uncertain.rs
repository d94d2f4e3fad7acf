//! Writes whose outcome is not known: never called done, never called refused, found by looking.

mod support;

use quickbooks_online::{QuickBooksSink, SinkOptions};
use support::company::{Company, done, refusal};
use support::documents::{create, expense, item, update, usd, vendor, void};
use support::{Next, Script, client, noon, ok, status};
use sync_core::clock::Clock;
use sync_core::connector::{Found, Outcome, RefusalReason, Sink, Write};
use sync_core::dead_letter::Cause;
use sync_core::model::DocumentKind;
use sync_core::model::accounting::AccountingDocument;
use sync_sandboxes::faults::{Fault, Faults, Rates};

const ITEM: &str = "212";

fn bill(id: &str, number: &str, amount: &str) -> Write {
    let document = expense("71", number, "2026-03-01", vec![item("a", ITEM, amount)]);
    create(DocumentKind::PayApp, id, AccountingDocument::Bill(document))
}

fn bills(count: usize) -> Vec<Write> {
    (0..count).map(|n| bill(&n.to_string(), &format!("B-{n}"), "1")).collect()
}

#[tokio::test]
async fn what_an_answer_means_for_each_write() {
    let fault = |code: &str| {
        format!(
            r#"{{"Fault":{{"Error":[{{"Message":"m","Detail":"canary detail","code":"{code}"}}],"type":"ValidationFault"}}}}"#
        )
    };
    let gateway = r#"{"fault":{"error":[{"message":"ThrottleExceeded; statusCode=403","code":"003001"}],"type":"SERVICE"},"time":1772467865120}"#;
    let xml = r#"<IntuitResponse><Fault type="AUTHENTICATION"><Error code="3100"><Message>denied</Message></Error></Fault></IntuitResponse>"#;
    let uncertain = "uncertain";
    let cases = [
        ("lost", Next::Lost, uncertain),
        ("not sent", Next::NotSent, "NotNow"),
        ("429", status(429, ""), "NotNow"),
        ("500", status(500, "oops"), uncertain),
        ("503", status(503, "busy"), uncertain),
        ("truncated", ok(r#"{"Bill":{"Id":"1""#), uncertain),
        ("empty", ok(""), uncertain),
        ("html", Next::Answer(200, "text/html", "<html>proxy</html>".into()), uncertain),
        ("other entity", ok(r#"{"Vendor":{"Id":"1"}}"#), uncertain),
        ("no id", ok(r#"{"Bill":{"DocNumber":"x"}}"#), uncertain),
        (
            "third decimal",
            ok(
                r#"{"Bill":{"Id":"1","SyncToken":"0","TxnDate":"2026-03-01","VendorRef":{"value":"7"},"TotalAmt":1.005}}"#,
            ),
            uncertain,
        ),
        ("stale", status(400, fault("5010")), "Stale"),
        ("fault in 200", ok(fault("6240")), "Person(NameTaken)"),
        ("number", status(400, fault("6140")), "Person(DuplicateNumber)"),
        ("closed", status(400, fault("6210")), "Person(ClosedPeriod)"),
        ("other", status(400, fault("6000")), "Person(Refused)"),
        ("bug", status(400, fault("2010")), "Person(Refused)"),
        ("application error", status(400, fault("10000")), uncertain),
        ("duplicate request", status(400, fault("600")), uncertain),
        ("maintenance", status(400, fault("150")), "NotNow"),
        ("throttled as 403", status(403, gateway), "NotNow"),
        ("denied as xml", Next::Answer(403, "application/xml", xml.into()), "NotNow"),
        ("404 of a proxy", status(404, "nothing here"), uncertain),
    ];
    for (name, next, expected) in cases {
        let script = Script::new([next.clone()]);
        let sink = QuickBooksSink::new(client(&script), SinkOptions::default());
        // a write by itself
        let outcome = sink.apply(&bills(1)).await.remove(0);
        let (seen, text) = match &outcome {
            Outcome::Uncertain(text) => (uncertain.to_owned(), text.clone()),
            Outcome::Refused(refusal) => (format!("{:?}", refusal.reason), refusal.text.clone()),
            Outcome::Done(_) => ("done".to_owned(), String::new()),
        };
        assert_eq!(seen, expected, "{name}: {text}");
        assert!(!text.is_empty(), "{name}");
        assert_eq!(script.seen().len(), 1, "{name}: it was sent again");
        // QuickBooks' words and its request id reach the person
        if text.contains("canary detail") && name != "fault in 200" {
            assert!(text.contains("code") && text.contains("1-tid"), "{name}: {text}");
        }
        // the same as the answer to a batch; there a result for no item at all is missing
        let script = Script::new([next]);
        let sink = QuickBooksSink::new(client(&script), SinkOptions::default());
        let outcomes = sink.apply(&bills(2)).await;
        assert_eq!(outcomes.len(), 2);
        for outcome in outcomes {
            assert_eq!(
                matches!(outcome, Outcome::Uncertain(_)),
                expected == uncertain,
                "{name} in a batch: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_batch_answer_out_of_order_with_items_missing() {
    // given an answer that has two of four items, in another order, one of them a fault
    let entity = r#"{"Id":"77","SyncToken":"0","TxnDate":"2026-03-01","VendorRef":{"value":"71"},"TotalAmt":123456789012345.67,"Balance":0}"#;
    let body = format!(
        r#"{{"BatchItemResponse":[{{"bId":"2","Bill":{entity}}},{{"Fault":{{"Error":[{{"code":"6140","Detail":"used"}}]}},"bId":"0"}}],"time":"x"}}"#
    );
    let script = Script::new([ok(body)]);
    let sink = QuickBooksSink::new(client(&script), SinkOptions::default());
    // when four bills are written
    let outcomes = sink.apply(&bills(4)).await;
    // then each is told by its id, and what is missing is uncertain
    assert_eq!(refusal(&outcomes[0]).0, RefusalReason::Person(Cause::DuplicateNumber));
    assert!(matches!(outcomes[1], Outcome::Uncertain(_)));
    assert_eq!(done(&outcomes[2]).total, Some(usd("123456789012345.67")), "exact, with no float in between");
    assert!(matches!(outcomes[3], Outcome::Uncertain(_)));
    // and the request keeps to the limits of its ids
    let (_, path, body) = script.seen().remove(0);
    let id = path.split("requestid=").nth(1).unwrap();
    assert_eq!(id.len(), 36);
    assert!(body.contains(r#"{"bId":"3","operation":"create","Bill":{"#));
}

#[tokio::test]
async fn a_lost_answer_is_found_by_its_marker_at_any_later_age() {
    for fault in [Fault::LostAnswer, Fault::Status500AfterActing, Fault::Truncated] {
        // given writes whose answer is lost
        let company = Company::demo();
        company.sink.begin().await.unwrap();
        let mut writes = bills(3);
        writes.push(create(DocumentKind::Vendor, "9", vendor("Amy's \\ Bird & Co")));
        let since = company.clock.now();
        company.faults.lock().unwrap().next(fault);
        let outcomes = company.sink.apply(&writes).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Uncertain(_))), "{fault:?}");
        // when they are looked for, two months later, by a new process
        company.clock.advance(std::time::Duration::from_secs(60 * 86400));
        let sink = company.restarted();
        let before = company.requests();
        let found = sink.find_written(&writes, since).await.unwrap();
        // then all are found, with one request
        assert!(found.iter().all(Option::is_some), "{fault:?}: {found:?}");
        assert_eq!(company.requests() - before, 1);
        assert_eq!(found[1].as_ref().unwrap().document.number(), Some("B-1"));
        // and sent again they are the same
        company.double().forget_request_ids();
        assert_eq!(company.double().all("Bill").count(), 3);
    }
}

#[tokio::test]
async fn a_lost_request_is_not_found_and_sent_again_does_nothing_twice() {
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let writes = bills(3);
    company.faults.lock().unwrap().next(Fault::LostRequest);
    let outcomes = company.sink.apply(&writes).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Uncertain(_))));
    let found = company.sink.find_written(&writes, noon()).await.unwrap();
    assert!(found.iter().all(Option::is_none));
    for _ in 0..2 {
        for outcome in company.sink.apply(&writes).await {
            done(&outcome);
        }
    }
    assert_eq!(company.double().all("Bill").count(), 3);
}

#[tokio::test]
async fn a_vendor_that_was_there_before_is_not_what_a_write_made() {
    let company = Company::demo();
    let write = create(DocumentKind::Vendor, "9", vendor("Northland Power and Water"));
    let found = company.sink.find_written(&[write], noon()).await.unwrap();
    assert!(found[0].is_none());
}

#[tokio::test]
async fn an_uncertain_update_is_read_afresh_and_sent_again_only_while_it_did_not_happen() {
    // given a bill, and an update whose answer is lost after it happened
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = done(&company.sink.apply(&[bill("1", "B-1", "10")]).await[0]).clone();
    let mut wanted = state.document.clone();
    wanted.expense_mut().unwrap().lines[0].amount = usd("12");
    let writes = [update("1", &state.target, &state.version, wanted), bill("2", "B-2", "5")];
    company.faults.lock().unwrap().next(Fault::LostAnswer);
    let outcomes = company.sink.apply(&writes).await;
    assert!(matches!(outcomes[0], Outcome::Uncertain(_)));
    // when it is read, the answer is fresh
    let found = company.sink.read(std::slice::from_ref(&state.target)).await.unwrap();
    let Found::Present(now) = &found[0] else { panic!("gone") };
    assert_eq!(now.total, Some(usd("12")));
    // then sent again with its group, it is seen to be out of date, and the create beside it keeps its number in the
    // request, so that it is answered and not made twice
    let again = company.sink.apply(&writes).await;
    assert_eq!(refusal(&again[0]).0, RefusalReason::Stale);
    assert_eq!(done(&again[1]).document.number(), Some("B-2"));
    assert_eq!(company.double().all("Bill").count(), 2);
}

#[tokio::test]
async fn an_uncertain_deletion_is_seen_to_have_happened() {
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = done(&company.sink.apply(&[bill("1", "B-1", "10")]).await[0]).clone();
    let write = void("1", &state.target, &state.version);
    company.faults.lock().unwrap().next(Fault::LostAnswer);
    assert!(matches!(company.sink.apply(std::slice::from_ref(&write)).await[0], Outcome::Uncertain(_)));
    let again = company.sink.apply(std::slice::from_ref(&write)).await;
    assert_eq!(done(&again[0]).total, Some(usd("0")));
    assert_eq!(company.double().all("Bill").count(), 0);
}

#[tokio::test]
async fn an_update_of_what_a_person_deleted() {
    let company = Company::demo();
    company.sink.begin().await.unwrap();
    let state = done(&company.sink.apply(&[bill("1", "B-1", "10")]).await[0]).clone();
    company.double().person_deletes(noon(), "Bill", state.target.id.as_str()).unwrap();
    let outcomes = company.sink.apply(&[update("1", &state.target, &state.version, state.document.clone())]).await;
    assert_eq!(refusal(&outcomes[0]).0, RefusalReason::Person(Cause::DeletedInQuickbooks));
}

#[tokio::test]
async fn on_a_bad_day_every_outcome_is_the_truth() {
    for seed in 0..25 {
        // given a network and a vendor that fail in every way, one request in two
        let company = Company::demo();
        company.sink.begin().await.unwrap();
        let rates = Rates {
            lost_request: 70,
            lost_answer: 70,
            status_429: 50,
            status_500: 70,
            status_500_after_acting: 70,
            status_503: 50,
            truncated: 70,
            wrong_type: 70,
            ..Rates::default()
        };
        *company.faults.lock().unwrap() = Faults::seeded(seed, rates);
        // when bills are written one by one and in groups
        let writes = bills(24);
        let mut outcomes = Vec::new();
        for group in [&writes[..1], &writes[1..2], &writes[2..12], &writes[12..23], &writes[23..]] {
            outcomes.extend(company.sink.apply(group).await);
        }
        *company.faults.lock().unwrap() = Faults::none();
        // then done is there once, refused is not there, and what is uncertain is found exactly if it is there
        let found = company.restarted().find_written(&writes, noon()).await.unwrap();
        for ((write, outcome), found) in writes.iter().zip(&outcomes).zip(&found) {
            let note = write.marker.to_string();
            let double = company.double();
            let notes = double.all("Bill").filter_map(|bill| bill.get("PrivateNote").and_then(|note| note.as_str()));
            let there = notes.filter(|text| text.contains(&format!("[{note}]"))).count();
            let expected = match outcome {
                Outcome::Done(_) => 1,
                Outcome::Refused(_) => 0,
                Outcome::Uncertain(_) => usize::from(found.is_some()),
            };
            assert_eq!(there, expected, "seed {seed}, {note}: {outcome:?}");
        }
    }
}
