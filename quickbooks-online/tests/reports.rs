//! What only reports and uploads tell: the state of payments at the bank, and files on bills.

mod support;

use quickbooks_online::{Entity, PdfFile, Reports};
use support::company::{Company, done};
use support::documents::{create, expense, item, marker};
use support::{Script, client, ok, status};
use sync_core::clock::Clock;
use sync_core::connector::BankState;
use sync_core::connector::Sink;
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Date, DocumentKind, TargetRef};
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::{Limits, Operation, QuickBooksConfig};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn bill(company: &Company) -> TargetRef {
    let bill = expense("71", "B-1", "2026-03-01", vec![item("a", "212", "1000")]);
    let write = create(DocumentKind::PayApp, "1", AccountingDocument::Bill(bill));
    done(&company.sink.apply(&[write]).await[0]).target.clone()
}

fn pay(company: &Company, bill: &TargetRef, number: &str, amount: &str) -> String {
    let body = format!(
        r#"{{"VendorRef":{{"value":"71"}},"PayType":"Check","DocNumber":"{number}","TxnDate":"2026-03-09","TotalAmt":{amount},
            "CheckPayment":{{"BankAccountRef":{{"value":"35"}}}},
            "Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{}","TxnType":"Bill"}}]}}]}}"#,
        bill.id
    );
    let now = company.clock.now();
    company.double().person_creates(now, "BillPayment", Json::parse(body.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_state_at_the_bank_is_told_by_reports_only() {
    // given three checks, of which the bank saw one and one is reconciled
    let company = Company::demo();
    let bill = bill(&company).await;
    let checks: Vec<String> =
        ["1001", "1002", "1003"].iter().map(|number| pay(&company, &bill, number, "100")).collect();
    let now = company.clock.now();
    company.double().person_clears(now, "BillPayment", &checks[1], "Cleared").unwrap();
    company.double().person_clears(now, "BillPayment", &checks[2], "Reconciled").unwrap();
    assert!(company.double().person_clears(now, "BillPayment", &checks[2], "Gone").is_err());
    // when the reports of March are read
    let reports = Reports::new(company.client.clone());
    let book = reports.cleared(day("2026-03-01"), day("2026-03-31")).await.unwrap();
    // then each check has its state, with date and number
    assert_eq!(company.double().requests().of(Operation::Report), 3);
    let state = |id: &str| book.state(&id.into());
    assert_eq!(state(&checks[0]), Some(BankState::Uncleared));
    assert_eq!(state(&checks[1]), Some(BankState::Cleared));
    assert_eq!(state(&checks[2]), Some(BankState::Reconciled));
    let entry = book.get(&checks[1].as_str().into()).unwrap();
    assert_eq!((entry.date, entry.number.as_deref()), (Some(day("2026-03-09")), Some("1002")));
    assert_eq!(entry.kind, "Bill Payment (Check)");
    assert!(book.time.is_some());
    // and what lies outside of the days says nothing
    let book = reports.cleared(day("2026-04-01"), day("2026-04-30")).await.unwrap();
    assert_eq!(book.state(&checks[1].as_str().into()), None);
    assert!(reports.cleared(day("2026-04-02"), day("2026-04-01")).await.is_err());
}

#[tokio::test]
async fn a_report_that_is_cut_off_is_asked_for_in_halves() {
    // given a server that gives two days at most
    let cut = r#"{"Header":{},"Columns":{"Column":[{"ColType":"txn_type"}]},"Rows":{"Row":[
        {"ColData":[{"value":"Check","id":"99"}]},
        {"ColData":[{"value":"Unable to display more data. Please reduce the date range."}]}]}}"#;
    let whole = |id: &str| {
        let row =
            if id.is_empty() { String::new() } else { format!(r#"{{"ColData":[{{"value":"Check","id":"{id}"}}]}}"#) };
        ok(format!(r#"{{"Columns":{{"Column":[{{"ColType":"txn_type"}}]}},"Rows":{{"Row":[{row}]}}}}"#))
    };
    let script = Script::new([ok(cut), whole("1"), whole("2"), whole(""), whole("3")]);
    // when four days are read
    let book = Reports::new(client(&script)).cleared(day("2026-03-01"), day("2026-03-04")).await.unwrap();
    // then the first state came in halves, and nothing of the cut report counts
    let asked: Vec<String> = script.seen().iter().map(|(_, path, _)| path.clone()).collect();
    assert!(asked[1].contains("start_date=2026-03-01&end_date=2026-03-02&cleared=Uncleared"), "{asked:?}");
    assert!(asked[2].contains("start_date=2026-03-03&end_date=2026-03-04&cleared=Uncleared"), "{asked:?}");
    assert!(asked[4].contains("cleared=Reconciled&columns=tx_date%2Ctxn_type"), "{asked:?}");
    let state = |id: &str| book.state(&id.into());
    assert_eq!((state("1"), state("2"), state("99")), (Some(BankState::Uncleared), Some(BankState::Uncleared), None));
    assert_eq!(state("3"), Some(BankState::Reconciled));
    // and one that is cut off for a day, or has no transactions to tell apart, is an error and no answer
    for bad in [cut, r#"{"Columns":{"Column":[{"ColType":"tx_date"}]},"Rows":{"Row":[{"ColData":[{"value":"x"}]}]}}"#] {
        let script = Script::new([ok(bad)]);
        assert!(Reports::new(client(&script)).cleared(day("2026-03-01"), day("2026-03-01")).await.is_err());
    }
}

#[tokio::test]
async fn a_pdf_is_attached_once() {
    // given a bill, and a file with bytes of every kind
    let company = Company::demo();
    let bill = bill(&company).await;
    let mut content = b"%PDF-1.7\r\n--part\r\n".to_vec();
    content.extend(0..=255_u8);
    let file = PdfFile::new("Pay app 1 \"final\".pdf", content.clone()).unwrap();
    let marker = marker(DocumentKind::PayApp, "1");
    // when it is attached, the answer is lost, and it is attached again
    company.faults.lock().unwrap().next_for(Fault::LostAnswer, http::Method::POST, "/upload");
    let lost = company.client.attach(&bill, &marker, &file).await;
    assert!(lost.is_err(), "{lost:?}");
    let kept = company.client.attach(&bill, &marker, &file).await.unwrap();
    // then it is there once, byte for byte, under a plain name, with its marker
    assert_eq!(company.double().attachments().count(), 1);
    assert_eq!(company.double().attachment(kept.id.as_deref().unwrap()), Some(content.as_slice()));
    assert_eq!(kept.file_name.as_deref(), Some("Pay app 1 _final_.pdf"));
    assert_eq!(kept.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(kept.note.as_deref(), Some("[sync:main:pay_app/1:0]"));
    let reference = kept.attachable_ref.as_ref().unwrap()[0].entity_ref.as_ref().unwrap();
    assert_eq!((reference.kind.as_deref(), reference.value.as_str()), (Some("Bill"), bill.id.as_str()));
    assert_eq!(company.double().requests().of(Operation::Upload), 1);
    assert_eq!(company.client.attachments(&bill).await.unwrap().len(), 1);
    // and a file for a bill that is not there is refused, with the fault that stands inside of the answer
    let nowhere = TargetRef { id: "424242".into(), ..bill };
    let error = company.client.attach(&nowhere, &marker, &file).await.unwrap_err();
    assert!(error.fault().unwrap().has(610), "{error}");
    assert!(error.to_string().contains("_final_"), "{error}");
}

#[tokio::test]
async fn an_upload_has_limits_and_its_answer_is_read_with_care() {
    // given a company that takes small uploads only
    let limits = Limits { upload_bytes: 1000, ..Limits::default() };
    let company = Company::with(QuickBooksConfig { limits, ..QuickBooksConfig::default() }, 1000);
    let bill = bill(&company).await;
    let marker = marker(DocumentKind::PayApp, "1");
    // when a larger one is sent
    let file = PdfFile::new("a.pdf", [&b"%PDF-1.7"[..], &[0; 2000]].concat()).unwrap();
    let error = company.client.attach(&bill, &marker, &file).await.unwrap_err();
    // then it is refused in words
    assert!(error.fault().unwrap().has(6030), "{error}");
    // and an answer that does not tell what became of the file is no success
    for answer in [r#"{"AttachableResponse":[]}"#, r#"{"AttachableResponse":[{}]}"#, "{}"] {
        let script = Script::new([ok(r#"{"QueryResponse":{}}"#), ok(answer)]);
        let file = PdfFile::new("a.pdf", &b"%PDF-1.7"[..]).unwrap();
        let error = client(&script).attach(&bill, &marker, &file).await.unwrap_err();
        assert_eq!(error.verdict(), quickbooks_online::Verdict::Uncertain, "{answer}");
    }
    // nor is anything sent when it is not known what is there already
    let script = Script::new([status(500, "{}")]);
    let file = PdfFile::new("a.pdf", &b"%PDF-1.7"[..]).unwrap();
    assert!(client(&script).attach(&bill, &marker, &file).await.is_err());
    assert_eq!(script.seen().len(), 1);
    assert_eq!(Entity::Attachable.path(), "attachable");
}
