//! Rules of `rules.toml` and retainage policies on whole documents, through the public API.

use std::collections::BTreeMap;

use sync_core::connector::{Capabilities, Directory, TargetField};
use sync_core::mapping::{KnownTargets, Mapped, Mapping, MappingFiles, Names, Situation};
use sync_core::model::accounting::{ExpenseDocument, PostTo};
use sync_core::model::construction::{
    Codes, Document, LineRetainage, PayApp, PayAppLine, PayAppSummary, Project, Vendor,
};
use sync_core::model::construction::{Commitment, CommitmentKind};
use sync_core::model::{CommitmentStatus, Currency, Date, Money, PayAppStatus, TargetKind};

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

const FIELDS: &[TargetField] =
    &[TargetField { name: "department", kinds: &[TargetKind::Bill, TargetKind::VendorCredit], max: 20, list: None }];

fn around() -> Vec<Document> {
    vec![
        Document::Vendor(Vendor {
            id: "7".into(),
            name: "Delta Steel".into(),
            active: true,
            not_paid: false,
            address: None,
            phone: None,
            email: None,
            updated_at: None,
        }),
        Document::Project(Project {
            id: "1".into(),
            number: Some("2026-014".into()),
            name: "Clinic".into(),
            active: true,
            owner: None,
            address: None,
            updated_at: None,
            custom: BTreeMap::new(),
        }),
        Document::Commitment(Commitment {
            id: "5".into(),
            kind: CommitmentKind::Subcontract,
            project: "1".into(),
            project_number: Some("2026-014".into()),
            vendor: Some("7".into()),
            vendor_name: Some("Delta Steel".into()),
            number: "SC-2026-014-STRUCTURAL-STEEL-001".into(),
            title: "Steel".into(),
            status: CommitmentStatus::Approved,
            date: Date::from_ymd_opt(2026, 1, 5),
            terms: None,
            paid: None,
            lines: Vec::new(),
            change_orders: Vec::new(),
            original_sum: None,
            approved_changes: None,
            currency: Currency::USD,
            deleted: false,
            updated_at: None,
            custom: BTreeMap::new(),
        }),
    ]
}

/// 1,000.00 billed, 100.00 withheld, 40.00 released.
fn pay_app(number: i64) -> Document {
    let zero = usd("0");
    let line = PayAppLine {
        id: "9".into(),
        sov_line: Some("3".into()),
        change_order_package: None,
        description: "Steel  frames".into(),
        codes: Codes {
            budget_code: Some("05-100.S".into()),
            cost_code: Some("05-100".into()),
            cost_type: Some("S".into()),
            cost_type_name: None,
        },
        scheduled_value: Some(usd("50000")),
        work_previous: usd("5000"),
        work_this_period: usd("1000"),
        stored: zero,
        stored_previous: zero,
        completed_and_stored: None,
        retainage: LineRetainage {
            work_retained: usd("100"),
            work_released: usd("40"),
            stored_held: zero,
            stored_held_previous: zero,
            stored_released: zero,
            moved: zero,
            held: None,
        },
    };
    Document::PayApp(PayApp {
        id: format!("{}", 80 + number).as_str().into(),
        project: "1".into(),
        project_number: Some("2026-014".into()),
        commitment: "5".into(),
        commitment_number: "SC-2026-014-STRUCTURAL-STEEL-001".into(),
        vendor: Some("7".into()),
        vendor_name: Some("Delta Steel".into()),
        number,
        invoice_number: None,
        status: PayAppStatus::Approved,
        billing_date: Date::from_ymd_opt(2026, 3, 31),
        period_start: None,
        period_end: None,
        previous: None,
        lines: vec![line],
        summary: PayAppSummary { current_payment_due: Some(usd("940")), ..PayAppSummary::default() },
        currency: Currency::USD,
        updated_at: None,
        custom: BTreeMap::from([("custom_field_7".to_owned(), "North".to_owned())]),
        files: None,
    })
}

const CODING: &str = "cost_code,class,account,retainage_item\n05-100,05 Metals,Job Costs,\n";

fn map(files: &[(&str, &str)], document: &Document) -> Mapped {
    let mut all = MappingFiles::default();
    all.set("coding.csv", CODING);
    files.iter().for_each(|(name, text)| assert!(all.set(name, *text)));
    let mapping = Mapping::compile(all).unwrap_or_else(|faults| panic!("{faults}"));
    let directory = Directory::Open;
    let names = Names::new(&directory);
    let capabilities = Capabilities { name: "QuickBooks", max_number: 21, fields: FIELDS, ..Capabilities::default() };
    let index = KnownTargets::default().assuming(&around(), &mapping, &capabilities);
    let situation =
        Situation { mapping: &mapping, names: &names, capabilities: &capabilities, index: &index, awaited: true };
    situation.apply(document)
}

fn bill(files: &[(&str, &str)]) -> ExpenseDocument {
    match map(files, &pay_app(2)) {
        Mapped::Post(document) => document.expense().unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn any_field_feeds_any_declared_field() {
    // Given rules with own fields, conditions, defaults, formulas and constants,
    let rules = r#"
        [custom]
        Region = "custom_field_7"

        [[rule]]
        for = ["bill", "vendor_credit"]
        set = "department"
        to = "{custom.Region == 'South' ? '2' : ''}"
        default = "1"

        [[rule]]
        for = "bill"
        set = "memo"
        when = "current_payment_due > 5000"
        to = "large"

        [[rule]]
        for = "bill"
        set = "memo"
        to = "{vendor_name}, {round(current_payment_due * 0.5, 2)} of {current_payment_due}, {custom['Region']}"

        [[rule]]
        for = "bill"
        set = "date"
        to = "2026-04-01"

        [[rule]]
        for = "bill"
        set = "line.description"
        when = "line.part == 'work'"
        to = "{line.cost_code} {upper(line.description)} {line.amount}"

        [[rule]]
        for = "bill"
        set = "line.class"
        when = "line.part != 'work'"
        to = "00 Retainage"
    "#;
    let bill = bill(&[("rules.toml", rules)]);
    // then the first that holds sets each field, the default where it comes to nothing.
    assert_eq!(bill.extra.get("department").map(String::as_str), Some("1"));
    assert_eq!(bill.memo, "Delta Steel, 470.00 of 940.00, North");
    assert_eq!(Some(bill.date), Date::from_ymd_opt(2026, 4, 1));
    let lines: Vec<(&str, &str)> = bill
        .lines
        .iter()
        .map(|line| (line.description.as_str(), line.coding.class.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("05-100 STEEL FRAMES 1000.00", "05 Metals"),
            ("Retainage withheld: Steel frames", "00 Retainage"),
            ("Retainage released: Steel frames", "00 Retainage"),
        ]
    );
}

#[test]
fn a_field_that_the_connector_does_not_take_is_a_dead_letter_and_never_dropped() {
    let rules = "[[rule]]\nfor = \"bill\"\nset = \"location\"\nto = \"x\"\n";
    let Mapped::Dead { text, .. } = map(&[("rules.toml", rules)], &pay_app(2)) else { panic!("a dead letter") };
    assert_eq!(text, "rules.toml:1: location: QuickBooks takes no location on a bill");
}

#[test]
fn long_numbers_are_shortened_and_stay_different() {
    let number = |n| match map(&[], &pay_app(n)) {
        Mapped::Post(document) => document.number().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let numbers: std::collections::BTreeSet<String> = (1..200).map(number).collect();
    assert_eq!(numbers.len(), 199);
    assert!(numbers.iter().all(|n| n.chars().count() <= 21), "{numbers:?}");
    assert_eq!(number(7), number(7));
}

#[test]
fn retainage_kept_in_procore_only_posts_what_is_due() {
    let bill = bill(&[("sync.toml", "[policy]\nretainage = \"procore-only\"\n")]);
    assert_eq!(bill.lines.len(), 1);
    assert_eq!((bill.lines[0].amount, bill.total().unwrap()), (usd("940"), usd("940")));
    assert_eq!(bill.lines[0].coding.post_to, PostTo::Account("Job Costs".into()));
}

#[test]
fn retainage_may_go_through_items_named_for_all_lines_or_for_one() {
    let retainage = |files: &[(&str, &str)]| {
        let bill = bill(files);
        bill.lines.iter().skip(1).map(|line| line.coding.post_to.clone()).collect::<Vec<_>>()
    };
    let item = |name: &str| vec![PostTo::Item(name.into()); 2];
    let accounts = "role,account,item\nRetainage payable,Retainage Payable,Retention\n";
    assert_eq!(retainage(&[]), vec![PostTo::Account("Retainage payable".into()); 2]);
    assert_eq!(retainage(&[("accounts.csv", accounts)]), item("Retention"));
    let coding = CODING.replace("Job Costs,", "Job Costs,Steel retention");
    assert_eq!(retainage(&[("accounts.csv", accounts), ("coding.csv", &coding)]), item("Steel retention"));
}
