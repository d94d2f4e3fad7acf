//! Bodies of updates, built on what was read.

mod support;

use quickbooks_online::{QuickBooksSink, SinkOptions};
use support::documents::{account, expense, item, update, usd};
use support::{Script, client, ok};
use sync_core::connector::{Outcome, Sink};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{TargetKind, TargetRef};

const READ: &str = r#"{"DueDate":"2026-04-15","DocNumber":"B-1","TxnDate":"2026-03-01","VendorRef":{"value":"71","name":"Superior"},"APAccountRef":{"value":"33"},"PrivateNote":"old [sync:main:pay_app/9:0]","DepartmentRef":{"value":"4"},"LinkedTxn":[{"TxnId":"700","TxnType":"BillPaymentCheck"}],"Line":[{"Id":"1","LineNum":1,"Description":"Line a","Amount":100.00,"ProjectRef":{"value":"41200318"},"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{"ItemRef":{"value":"212","name":"Flooring"},"Qty":4,"UnitPrice":25,"MarkupInfo":{"Percent":7},"BillableStatus":"HasBeenBilled","TaxCodeRef":{"value":"NON"}}},{"Id":"2","LineNum":2,"Description":"Line b","Amount":-10.00,"CustomExtensions":[{"x":1}],"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"151"},"BillableStatus":"NotBillable"}},{"Id":"3","Description":"only words","DetailType":"DescriptionOnly","DescriptionLineDetail":{}},{"Id":"4","LineNum":4,"Amount":5.00,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"62"}}}],"TxnTaxDetail":{"TotalTax":0},"TotalAmt":95.00,"Balance":45.00,"domain":"QBO","sparse":false,"Id":"640","SyncToken":"3","MetaData":{"CreateTime":"2026-03-02T08:20:44-08:00","LastUpdatedTime":"2026-03-02T08:20:44-08:00"}}"#;

#[tokio::test]
async fn only_what_the_document_says_changes() {
    // given a bill as QuickBooks has it, with a payment, a location, a project, and a line of mere words
    let script = Script::new([
        ok(format!(r#"{{"QueryResponse":{{"Bill":[{READ}]}}}}"#)),
        ok(format!(r#"{{"Bill":{}}}"#, READ.replace("\"3\",\"MetaData\"", "\"4\",\"MetaData\""))),
    ]);
    let sink = QuickBooksSink::new(client(&script), SinkOptions::default());
    // when the second line changes, the fourth goes, and a new one comes
    let mut lines = vec![item("a", "212", "100"), account("b", "151", "-10.10"), account("c", "62", "1.23")];
    lines[0].id = Some("1".into());
    lines[1].id = Some("2".into());
    let mut document = expense("71", "B-1", "2026-03-01", lines);
    document.memo = "new".into();
    let target = TargetRef { kind: TargetKind::Bill, id: "640".into() };
    let mut write = update("9", &target, "3", AccountingDocument::Bill(document));
    let outcomes = sink.apply(std::slice::from_ref(&write)).await;
    // then everything else is sent as it was read
    let expected = READ
        .replace(r#""PrivateNote":"old "#, r#""PrivateNote":"new "#)
        .replace(r#","BillableStatus":"HasBeenBilled""#, "")
        .replace(r#""Amount":-10.00"#, r#""Amount":-10.10"#)
        .replace(
            r#",{"Id":"4","LineNum":4,"Amount":5.00,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"62"}}}"#,
            "",
        )
        .replace(
            r#",{"Id":"3","#,
            r#",{"Description":"Line c","Amount":1.23,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"62"},"BillableStatus":"NotBillable"}},{"Id":"3","#,
        )
        .replace(r#","TotalAmt":95.00,"Balance":45.00,"domain":"QBO","sparse":false"#, "")
        .replace(
            r#","MetaData":{"CreateTime":"2026-03-02T08:20:44-08:00","LastUpdatedTime":"2026-03-02T08:20:44-08:00"}}"#,
            r#","sparse":false}"#,
        );
    // `sparse` is set last, among the members that are set anew.
    let sent = script.body(1);
    assert_eq!(sent, expected);
    let Outcome::Done(state) = &outcomes[0] else { panic!("{:?}", outcomes[0]) };
    assert_eq!((state.version.as_str(), state.balance), ("4", Some(usd("45"))));
    assert_eq!(state.document.expense().unwrap().lines.len(), 3, "words are no line of a document");
    // and on another version nothing is sent at all
    write.operation = match write.operation {
        sync_core::connector::Operation::Update { target, document, .. } => {
            sync_core::connector::Operation::Update { target, version: "2".into(), document }
        }
        other => other,
    };
    script.then(ok(format!(r#"{{"QueryResponse":{{"Bill":[{READ}]}}}}"#)));
    let outcomes = sink.apply(&[write]).await;
    assert!(matches!(&outcomes[0], Outcome::Refused(r) if r.reason == sync_core::connector::RefusalReason::Stale));
    assert!(script.seen().iter().skip(2).all(|(method, ..)| method == "GET"));
}
