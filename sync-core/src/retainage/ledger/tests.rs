use super::*;

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn key(id: &str) -> DocumentKey {
    DocumentKey::new(DocumentKind::PayApp, id)
}

fn contract(id: &str) -> DocumentKey {
    DocumentKey::new(DocumentKind::Commitment, id)
}

fn document(id: &str, previous: Option<&str>, withheld: &str, released: &str) -> LedgerDocument {
    let line = LinePosting { gross: usd("100"), withheld: usd(withheld), released: usd(released) };
    LedgerDocument {
        document: key(id),
        label: format!("SC-1/{id}"),
        contract: contract("SC-1"),
        previous: previous.map(key),
        lines: vec![(Some("1".into()), line)],
    }
}

fn ledger() -> RetainageLedger {
    let mut ledger = RetainageLedger::new(Currency::USD);
    ledger.open(LedgerContract {
        document: contract("SC-1"),
        label: "SC-1".into(),
        side: Side::Payable,
        party: "Acme".into(),
        project: "Clinic".into(),
    });
    ledger
}

fn held(ledger: &RetainageLedger) -> Money {
    ledger.contract(&contract("SC-1")).unwrap().unwrap().held
}

#[test]
fn a_later_document_waits_for_the_earlier_one_and_counts_with_it() {
    let mut ledger = ledger();
    let waits = ledger.apply(document("2", Some("1"), "10", "0")).unwrap();
    assert_eq!(waits, LedgerChange::Waiting { for_document: key("1") });
    assert_eq!((held(&ledger), ledger.waiting()), (usd("0"), vec![(key("2"), key("1"))]));
    let applied = ledger.apply(document("1", None, "10", "0")).unwrap();
    assert_eq!(applied, LedgerChange::Applied { released: vec![key("2")] });
    assert_eq!((held(&ledger), ledger.waiting()), (usd("20"), vec![]));
}

#[test]
fn twice_is_once_and_changed_is_replaced() {
    let mut ledger = ledger();
    ledger.apply(document("1", None, "10", "0")).unwrap();
    assert_eq!(ledger.apply(document("1", None, "10", "0")).unwrap(), LedgerChange::Unchanged);
    assert_eq!(ledger.apply(document("1", None, "12", "0")).unwrap(), LedgerChange::Replaced);
    assert_eq!(held(&ledger), usd("12"));
}

#[test]
fn a_void_document_leaves_what_was_there_before() {
    let mut ledger = ledger();
    ledger.apply(document("1", None, "10", "0")).unwrap();
    ledger.apply(document("2", Some("1"), "0", "4")).unwrap();
    assert_eq!(ledger.void(&key("2")).unwrap(), LedgerChange::Voided);
    assert_eq!(ledger.void(&key("2")).unwrap(), LedgerChange::Unchanged);
    assert_eq!(held(&ledger), usd("10"));
    ledger.apply(document("2", Some("1"), "0", "4")).unwrap();
    assert_eq!(held(&ledger), usd("6"));
    assert!(ledger.void(&key("9")).unwrap_err().to_string().contains("nothing to void"));
}

#[test]
fn a_document_of_an_unknown_contract_says_so() {
    let mut ledger = RetainageLedger::new(Currency::USD);
    let refused = ledger.apply(document("1", None, "10", "0")).unwrap_err();
    assert!(refused.to_string().contains("SC-1/1 belongs to commitment/SC-1"), "{refused}");
}

#[test]
fn the_account_is_explained_by_document_not_by_total() {
    let mut ledger = ledger();
    ledger.apply(document("1", None, "10", "0")).unwrap();
    ledger.apply(document("2", Some("1"), "10", "0")).unwrap();
    let entry = |label: &str, document: Option<&str>, amount: &str| AccountEntry {
        label: label.into(),
        document: document.map(key),
        amount: usd(amount),
    };
    // Bill 2 lost its retainage line; a journal entry of the same amount hides it.
    let entries = [entry("B-1", Some("1"), "10"), entry("JE-7", None, "10")];
    let tie = ledger.against_account(Side::Payable, usd("20"), &entries).unwrap();
    assert!(tie.difference.is_zero() && !tie.is_clean());
    assert_eq!((tie.documents.len(), tie.documents[0].difference), (1, usd("10")));
    assert_eq!((tie.untracked_total, tie.unexplained), (usd("10"), usd("0")));
    let tie = ledger.against_account(Side::Payable, usd("25"), &entries).unwrap();
    assert_eq!(tie.unexplained, usd("-5"), "the balance holds an entry that was not read");
}

#[test]
fn reports_group_by_contract_line_party_and_project() {
    let mut ledger = ledger();
    ledger.apply(document("1", None, "10", "4")).unwrap();
    for (by, label) in [(Grouping::Contract, "SC-1"), (Grouping::Party, "Acme"), (Grouping::Project, "Clinic")] {
        let rows = ledger.report(Side::Payable, by).unwrap();
        assert_eq!((rows.len(), rows[0].label.as_str(), rows[0].balance.held), (1, label, usd("6")));
    }
    assert_eq!(ledger.report(Side::Payable, Grouping::Line).unwrap()[0].line, Some("1".into()));
    assert!(ledger.report(Side::Receivable, Grouping::Contract).unwrap().is_empty());
}
