use super::*;
use crate::dead_letter::Cause;
use crate::model::{DocumentKind, Money, TargetKind, TargetRef, Timestamp};
use crate::reconcile::{BillRecord, PayAppRecord, RetainageAccount, RetainageEntry};

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn pay_app(label: &str, gross: &str, withheld: &str) -> PayAppRecord {
    let (gross, withheld) = (usd(gross), usd(withheld));
    PayAppRecord {
        document: DocumentKey::new(DocumentKind::PayApp, label),
        label: label.into(),
        project: "1 Clinic".into(),
        net: gross.minus(withheld).unwrap(),
        gross,
        withheld,
        released: usd("0"),
    }
}

fn bill(id: &str, document: Option<&str>, gross: &str, withheld: &str) -> BillRecord {
    let (gross, withheld) = (usd(gross), usd(withheld));
    BillRecord {
        target: TargetRef { kind: TargetKind::Bill, id: id.into() },
        number: id.into(),
        document: document.map(|d| DocumentKey::new(DocumentKind::PayApp, d)),
        net: gross.minus(withheld).unwrap(),
        gross,
        withheld,
        released: usd("0"),
        paid: usd("0"),
    }
}

fn books(bills: Vec<BillRecord>, balance: &str, entries: Vec<RetainageEntry>) -> BooksSide {
    let payable = RetainageAccount { balance: usd(balance), entries };
    BooksSide { bills, payable, ..BooksSide::empty(Currency::USD) }
}

#[test]
fn the_tie_out_that_does_not_tie_is_explained_by_document() {
    // Example A9: the total of the retainage differs by 750.00, the same as JE-7, by accident.
    let procore = ProcoreSide {
        pay_apps: vec![
            pay_app("SC-001/1", "25000", "2500"),
            pay_app("SC-001/2", "40000", "4000"),
            pay_app("SC-002/1", "35000", "3500"),
            pay_app("SC-003/1", "10000", "1000"),
        ],
        ..ProcoreSide::default()
    };
    let books = books(
        vec![
            bill("B-1", Some("SC-001/1"), "25000", "2500"),
            bill("B-2", Some("SC-001/2"), "40000", "0"),
            bill("B-3", Some("SC-002/1"), "35000", "3500"),
            bill("B-4", Some("SC-002/1"), "35000", "3500"),
        ],
        "10250",
        vec![RetainageEntry { label: "JE-7".into(), amount: usd("750") }],
    );
    let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
    let t3 = report.headline("T3").unwrap();
    assert_eq!((t3.left, t3.right, t3.difference), (usd("11000"), usd("10250"), usd("750")));
    let held: Vec<String> =
        report.findings.iter().filter(|f| f.tie_out == "T3").map(|f| format!("{} {}", f.kind, f.amount)).collect();
    assert_eq!(
        held,
        [
            "missing in quickbooks 1000.00",
            "amount differs 4000.00",
            "posted twice -3500.00",
            "not from this sync -750.00"
        ]
    );
    assert!(!t3.explained, "no dead letter says why");
}

#[test]
fn a_dead_letter_explains_what_is_missing() {
    let procore = ProcoreSide { pay_apps: vec![pay_app("SC-001/1", "25000", "2500")], ..ProcoreSide::default() };
    let letter = DeadLetter {
        document: DocumentKey::new(DocumentKind::PayApp, "SC-001/1"),
        label: "SC-001/1".into(),
        cause: Cause::MissingCoding,
        text: String::new(),
        amount: None,
        target: None,
        candidates: Vec::new(),
        since: Timestamp::default(),
    };
    let report = tie_out(Currency::USD, &procore, &books(Vec::new(), "0", Vec::new()), &[letter]).unwrap();
    assert!(report.is_clean());
    assert_eq!(report.headline("T2").unwrap().difference, usd("22500"));
}

#[test]
fn two_errors_that_cancel_out_are_two_findings() {
    let procore = ProcoreSide {
        pay_apps: vec![pay_app("A/1", "100", "0"), pay_app("A/2", "100", "0")],
        ..ProcoreSide::default()
    };
    let books = books(vec![bill("1", Some("A/1"), "90", "0"), bill("2", Some("A/2"), "110", "0")], "0", Vec::new());
    let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
    let t2 = report.headline("T2").unwrap();
    assert!(t2.difference.is_zero());
    assert!(!t2.explained);
}
