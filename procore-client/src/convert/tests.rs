//! Given records, when they become documents, then to the cent and with nothing guessed.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::connector::Fetched;
use sync_core::model::construction::{Commitment, CommitmentKind, PayApp};
use sync_core::model::{Amount, ChangeOrderStatus, Currency, DocumentKind, ProjectId};
use sync_core::retainage;

use super::codes::{CodeBook, CodeLists, Segments};
use super::commitment::{Belongs, ChangeOrderRecord, commitment, line_codes};
use super::pay_app::{Around, KnownCommitment, pay_app};
use super::{Place, directory};
use crate::wire::{self, BadValue};

fn read<T: wire::Resource>(json: &str) -> T {
    wire::read(json).unwrap()
}

fn book(wbs: Option<&str>) -> CodeBook {
    let codes = r#"[{"id":99,"code":"100","full_code":"05-100"},{"id":100,"full_code":"05-300"}]"#;
    let types = r#"[{"id":7,"code":"S","name":"Commitment"},{"id":8,"code":"M","name":"Materials"}]"#;
    let codes = wire::elements(codes).unwrap().iter().map(|raw| read(raw.get())).collect();
    let types = wire::elements(types).unwrap().iter().map(|raw| read(raw.get())).collect();
    let segments = wbs.map(|wbs| {
        let codes: Vec<_> = wire::elements(wbs).unwrap().iter().map(|raw| read(raw.get())).collect();
        Arc::new(Segments::new(&codes))
    });
    CodeBook { lists: Arc::new(CodeLists::new(codes, types)), segments }
}

const STEEL: &str = r#"{"id":598134326200033,"number":"SC-3","title":"Steel &amp; <b>deck</b>","status":"Approved",
    "contract_date":"","signed_contract_received_date":"2026-02-12","created_at":"2026-02-05T16:00:00Z",
    "grand_total":"180000.0","approved_change_orders":6500,"deleted_at":null,
    "vendor":{"id":1200,"company":"Harbor Steel"},"payment_terms":"<p>Net 30</p>",
    "line_items":[
      {"id":1,"position":1,"description":"<p>Structural steel</p>","amount":"120000.0","total_amount":"125000.0",
       "cost_code":{"id":99,"name":"Structural Steel"},"line_item_type":{"id":7,"code":"S","name":"Commitment"},
       "wbs_code":{"id":320,"flat_code":"05-100.S"}},
      {"id":2,"description":"Deck","total_amount":60000,"cost_code":{"id":5,"full_code":"05-777"},"line_item_type":null,
       "wbs_code":{"id":321,"flat_code":"05-300.M"}}]}"#;

fn convert(contract: &str, change_orders: &[ChangeOrderRecord], book: &CodeBook) -> Result<Commitment, BadValue> {
    let contract = read(contract);
    let codes = line_codes(&contract, change_orders, book);
    let project = ProjectId::from("22");
    let belongs = Belongs {
        kind: CommitmentKind::Subcontract,
        project: &project,
        project_number: Some("2026-014"),
        currency: Currency::USD,
    };
    commitment(&contract, change_orders, &codes, belongs)
}

#[test]
fn a_commitment_is_taken_over_to_the_cent() {
    let document = convert(STEEL, &[], &book(None)).unwrap();
    assert_eq!((document.number.as_str(), document.title.as_str()), ("SC-3", "Steel & deck"));
    assert_eq!(document.date, "2026-02-12".parse().ok());
    assert_eq!(document.terms.as_deref(), Some("Net 30"));
    assert_eq!(document.vendor_name.as_deref(), Some("Harbor Steel"));
    assert_eq!(document.project_number.as_deref(), Some("2026-014"));
    // the amount before the total, the total where there is no amount
    assert_eq!(document.revised().unwrap().to_string(), "180000.00");
    assert_eq!(document.original_sum.unwrap().to_string(), "180000.00");
    assert_eq!(document.approved_changes.unwrap().to_string(), "6500.00");
    let [steel, deck] = document.lines.as_slice() else { panic!() };
    assert_eq!(steel.description, "Structural steel");
    let codes = |line: &sync_core::model::construction::SovLine| {
        let codes = &line.codes;
        [&codes.budget_code, &codes.cost_code, &codes.cost_type, &codes.cost_type_name]
            .map(|c| c.clone().unwrap_or_default())
    };
    // by id; then what the line says; the type only where prefix and suffix are both known
    assert_eq!(codes(steel), ["05-100.S", "05-100", "S", "Commitment"]);
    assert_eq!(codes(deck), ["05-300.M", "05-777", "M", "Materials"]);
}

#[test]
fn segments_tell_what_lines_do_not() {
    // given a line with nothing but a budget code of three segments
    let line = r#"{"id":1,"amount":"1.0","wbs_code":{"id":"9","flat_code":"PH2.02.41.L"}}"#;
    let contract = format!(r#"{{"id":1,"number":"1","line_items":[{line}]}}"#);
    // without the list of budget codes, nothing is guessed
    let codes = convert(&contract, &[], &book(None)).unwrap().lines[0].codes.clone();
    assert_eq!((codes.budget_code.as_deref(), codes.cost_code, codes.cost_type), (Some("PH2.02.41.L"), None, None));
    // with it, the segments say which part is what
    let wbs = r#"[{"id":9,"flat_code":"PH2.02.41.L","segment_items":[
        {"code":"PH2","segment":{"type":"sub_job"}},{"code":"41","path_code":"02.41","segment":{"type":"cost_code"}},
        {"code":"L","name":"Labor","segment_type":"line_item_type"}]}]"#;
    let codes = convert(&contract, &[], &book(Some(wbs))).unwrap().lines[0].codes.clone();
    assert_eq!(codes.cost_code.as_deref(), Some("02.41"));
    assert_eq!((codes.cost_type.as_deref(), codes.cost_type_name.as_deref()), (Some("L"), Some("Labor")));
}

#[test]
fn change_orders_of_both_forms_carry_their_package() {
    let order = read(
        r#"{"id":5001,"contract_id":33,"legacy_package_id":500,"number":"001","title":"Roof","status":"approved","grand_total":"6500.0"}"#,
    );
    let line = read(
        r#"{"id":"10001","description":"Framing","amount":"6500.0","wbs_code":{"id":"320","flat_code":"05-100.S"}}"#,
    );
    let package = read(r#"{"id":501,"number":"002","status":"no_charge","grand_total":"0.0","line_items":null}"#);
    let orders = [ChangeOrderRecord::Order(Box::new(order), vec![line]), ChangeOrderRecord::Package(Box::new(package))];
    let document = convert(STEEL, &orders, &book(None)).unwrap();
    assert_eq!(document.revised().unwrap().to_string(), "186500.00");
    let [first, second] = document.change_orders.as_slice() else { panic!() };
    assert_eq!((first.package.as_ref().unwrap().as_str(), first.id.as_str()), ("500", "5001"));
    // a line of v2.0 names only its budget code; the contract's line with the same one knows the rest
    assert_eq!(first.lines[0].codes, document.lines[0].codes);
    assert_eq!(second.package.as_ref().unwrap().as_str(), "501");
    assert_eq!(second.status, ChangeOrderStatus::from("no_charge"));
    assert!(second.lines.is_empty());
}

#[test]
fn a_third_decimal_names_its_line_and_what_is_at_stake() {
    let contract = STEEL.replace(r#""120000.0""#, r#""120000.005""#);
    let bad = convert(&contract, &[], &book(None)).unwrap_err();
    assert_eq!(bad.path, "line_items[0].amount");
    assert!(bad.problem.contains("120000.005"), "{}", bad.problem);
    let project = ProjectId::from("22");
    let place = Place { kind: DocumentKind::Commitment, project: Some(&project), currency: Currency::USD };
    let stake = Some(Amount::parse("180000.0").unwrap());
    let Fetched::Unreadable(unreadable) = place.bad_value("33", "SC-3", stake, &bad) else { panic!() };
    assert_eq!(unreadable.key.to_string(), "commitment/22.33");
    assert_eq!(unreadable.amount.unwrap().to_string(), "180000.00");
    assert!(unreadable.text.starts_with("SC-3: line_items[0].amount: 120000.005"), "{}", unreadable.text);
}

#[test]
fn a_missing_amount_is_not_nothing() {
    let contract = r#"{"id":1,"line_items":[{"id":2,"description":"x"}]}"#;
    let bad = convert(contract, &[], &book(None)).unwrap_err();
    assert_eq!((bad.path.as_str(), bad.problem.as_str()), ("line_items[0].total_amount", "the amount is missing"));
}

#[test]
fn the_owner_is_that_of_the_approved_contract() {
    let project =
        read(r#"{"id":22,"name":"Clinic","project_number":"2026-014","active":true,"city":"Duluth","zip":""}"#);
    let contract = |id: u32, status: &str, more: &str| {
        read(&format!(r#"{{"id":{id},"status":"{status}","vendor":{{"id":{id},"name":"Owner {id}"}}{more}}}"#))
    };
    let named = |contracts: &[_]| directory::project(&project, contracts).unwrap().owner.map(|owner| owner.name);
    assert_eq!(named(&[contract(1, "Draft", ""), contract(2, "Approved", "")]).as_deref(), Some("Owner 2"));
    assert_eq!(named(&[contract(1, "Draft", ""), contract(2, "Complete", "")]).as_deref(), Some("Owner 1"));
    let deleted = r#","deleted_at":"2026-01-01T00:00:00Z""#;
    assert_eq!(named(&[contract(1, "Approved", deleted)]), None);
    assert_eq!(named(&[read(r#"{"id":1,"status":"Approved","vendor":{}}"#)]), None);
    let address = directory::project(&project, &[]).unwrap().address.unwrap();
    assert_eq!((address.city.as_deref(), address.postal_code), (Some("Duluth"), None));
}

// ---------------------------------------------------------------- pay apps

/// Application 1 of the worked example: steel worth 30,000.00 is stored at 5%, labour for 6,000.00 done at 10%.
const FIRST: &str = r#"{"id":901,"commitment_id":33,"number":1,"status":"approved","invoice_number":"",
    "requisition_start":"2026-01-01","requisition_end":"2026-01-31","billing_date":null,
    "summary":{"current_payment_due":"33900.0","total_retainage":"2100.0"},
    "items":[
      {"id":11,"item_type":"contract_item","line_item_id":1,"scheduled_value":"80000.0",
       "work_completed_from_previous_application":"0.0","work_completed_this_period":"0.0",
       "materials_presently_stored":"30000.0","total_completed_and_stored_to_date":"30000.0",
       "work_completed_retainage_retained_this_period":"0.0","materials_stored_retainage_currently_retained":"1500.0"},
      {"id":12,"item_type":"contract_item","line_item_id":2,"scheduled_value":"40000.0",
       "work_completed_this_period":"6000.0","materials_presently_stored":"0.0",
       "total_completed_and_stored_to_date":"6000.0","work_completed_retainage_retained_this_period":"600.0"}]}"#;

/// Application 2: 25,000.00 of the stored steel is installed, 12,000.00 is delivered, other steel work for 10,000.00.
const SECOND: &str = r#"{"id":902,"commitment_id":33,"number":"2","status":"Approved","previous_requisition_id":901,
    "invoice_number":"HSE-2","requisition_end":"2026-02-28","billing_date":"2026-02-27","vendor_name":"Harbor Steel",
    "summary":{"total_completed_and_stored_to_date":"72000.0","total_retainage":"6350.0",
      "total_earned_less_retainage":"65650.0","less_previous_certificates_for_payment":"33900.0",
      "current_payment_due":31750},
    "items":[
      {"id":22,"item_type":"contract_item","line_item_id":2,"scheduled_value":"40000.0",
       "work_completed_from_previous_application":"6000.0","work_completed_this_period":"14000.0",
       "total_completed_and_stored_to_date":"20000.0","work_completed_retainage_retained_this_period":"1400.0"},
      {"id":21,"item_type":"contract_item","line_item_id":1,"scheduled_value":"80000.0",
       "work_completed_from_previous_application":"0.0","work_completed_this_period":35000.00,
       "materials_presently_stored":"17000.0","total_completed_and_stored_to_date":"52000.0",
       "work_completed_retainage_retained_this_period":"3500.0","work_completed_retainage_released_this_period":"0.0",
       "materials_stored_retainage_currently_retained":"850.0","materials_moved":"25000.0",
       "materials_retainage_retained_moved":"1250.0"}]}"#;

fn known() -> KnownCommitment {
    let contract = read(STEEL);
    KnownCommitment {
        id: "33".into(),
        kind: CommitmentKind::Subcontract,
        number: "SC-3".to_owned(),
        vendor: Some("1200".into()),
        vendor_name: Some("Harbor Steel Erectors".to_owned()),
        codes: Arc::new(line_codes(&contract, &[], &book(None))),
    }
}

fn convert_pay_app(
    json: &str,
    previous: Option<&str>,
    details: Option<&HashMap<String, sync_core::model::SovLineId>>,
    held: Option<&str>,
) -> Result<PayApp, BadValue> {
    let (wire, previous) = (read(json), previous.map(read));
    let held = held.map(|held| wire::elements(held).unwrap().iter().map(|raw| read(raw.get())).collect::<Vec<_>>());
    let (project, commitment, book) = (ProjectId::from("22"), known(), book(None));
    let around = Around {
        project: &project,
        project_number: Some("2026-014"),
        commitment: &commitment,
        previous: previous.as_ref(),
        details,
        held: held.as_deref(),
        book: &book,
        currency: Currency::USD,
    };
    pay_app(&wire, around)
}

#[test]
fn stored_material_that_is_installed_posts_the_exact_figures() {
    // given the second application and, from the first, what was stored
    let app = convert_pay_app(SECOND, Some(FIRST), None, None).unwrap();
    // then the rows are complete in themselves, in their own order
    let [labour, steel] = app.lines.as_slice() else { panic!() };
    let money = |money: sync_core::model::Money| money.to_string();
    assert_eq!([steel.stored, steel.stored_previous].map(money), ["17000.00", "30000.00"]);
    assert_eq!([steel.work_previous, steel.work_this_period].map(money), ["0.00", "35000.00"]);
    let retainage = &steel.retainage;
    assert_eq!([retainage.stored_held, retainage.stored_held_previous].map(money), ["850.00", "1500.00"]);
    assert_eq!([retainage.work_retained, retainage.moved].map(money), ["3500.00", "1250.00"]);
    assert_eq!([labour.stored, labour.stored_previous].map(money), ["0.00", "0.00"]);
    assert_eq!(steel.codes.budget_code.as_deref(), Some("05-100.S"));
    assert_eq!(steel.sov_line.as_ref().unwrap().as_str(), "1");
    // and what is posted is what the application asks for
    let posting = retainage::posting(&app).unwrap();
    assert_eq!(
        [posting.total.gross, posting.total.withheld, posting.net].map(money),
        ["36000.00", "4250.00", "31750.00"]
    );
    // and the header is there
    assert_eq!((app.number, app.status.is_approved()), (2, true));
    assert_eq!(app.previous.unwrap().as_str(), "901");
    assert_eq!((app.invoice_number.as_deref(), app.vendor_name.as_deref()), (Some("HSE-2"), Some("Harbor Steel")));
    assert_eq!(app.billing_date, "2026-02-27".parse().ok());
    assert_eq!(app.summary.current_payment_due.map(money).as_deref(), Some("31750.00"));
}

#[test]
fn the_first_application_has_nothing_before_it() {
    let app = convert_pay_app(FIRST, None, None, None).unwrap();
    assert_eq!((&app.previous, &app.invoice_number), (&None, &None));
    // without a billing date, the period's end; without a vendor name, the commitment's
    assert_eq!(app.billing_date, "2026-01-31".parse().ok());
    assert_eq!(app.vendor_name.as_deref(), Some("Harbor Steel Erectors"));
    let posting = retainage::posting(&app);
    assert_eq!(posting.unwrap().net.to_string(), "33900.00");
}

#[test]
fn what_is_held_is_taken_where_it_is_stated() {
    let held =
        |app: PayApp| app.lines.iter().map(|line| line.retainage.held.map(|h| h.after.to_string())).collect::<Vec<_>>();
    // on the row itself
    let stated = r#""line_item_id":1,"total_retainage_currently_retained":"4350.0","total_retainage_from_previous_application":"1500.0","#;
    let app = SECOND.replace(r#""line_item_id":1,"#, stated);
    assert_eq!(held(convert_pay_app(&app, Some(FIRST), None, None).unwrap()), [None, Some("4350.00".to_owned())]);
    // or in the detail, whose ids are only unique within their type
    let detail = r#"[{"id":21,"item_type":"change_order_item","total_retainage_currently_retained":"1.0","total_retainage_from_previous_application":"1.0"},
        {"id":21,"item_type":"contract_item","total_retainage_currently_retained":"4350.0","total_retainage_from_previous_application":"1500.0"}]"#;
    let app = convert_pay_app(SECOND, Some(FIRST), None, Some(detail)).unwrap();
    assert_eq!(retainage::posting(&app).unwrap().net.to_string(), "31750.00");
    assert_eq!(held(app), [None, Some("4350.00".to_owned())]);
}

#[test]
fn rows_of_a_subcontractors_own_schedule_find_their_line() {
    let details = HashMap::from([("71".to_owned(), "1".into())]);
    let second = r#"{"id":2,"number":2,"items":[{"id":5,"item_type":"contract_detail_item","detail_line_item_id":71,
        "work_completed_this_period":"1.0","materials_presently_stored":"2.0"}]}"#;
    let first = r#"{"id":1,"number":1,"items":[{"id":4,"item_type":"contract_detail_item","detail_line_item_id":"71",
        "materials_presently_stored":"9.0"}]}"#;
    let app = convert_pay_app(second, Some(first), Some(&details), None).unwrap();
    assert_eq!(app.lines[0].sov_line.as_ref().unwrap().as_str(), "1");
    assert_eq!(app.lines[0].codes.cost_code.as_deref(), Some("05-100"));
    assert_eq!(app.lines[0].stored_previous.to_string(), "9.00");
}

#[test]
fn a_row_that_the_commitment_does_not_know_keeps_its_own_codes() {
    let json = r#"{"id":1,"number":1,"items":[{"id":5,"line_item_id":777,"cost_code_id":100,"wbs_code":{"flat_code":"05-300.S"}}]}"#;
    let codes = convert_pay_app(json, None, None, None).unwrap().lines[0].codes.clone();
    assert_eq!(codes.cost_code.as_deref(), Some("05-300"));
    assert_eq!(codes.cost_type.as_deref(), Some("S"));
}

#[test]
fn bad_values_of_pay_apps_are_named() {
    let rows = SECOND.replace("35000.00", "35000.001");
    assert_eq!(
        convert_pay_app(&rows, Some(FIRST), None, None).unwrap_err().path,
        "items[1].work_completed_this_period"
    );
    let before = FIRST.replace(r#""30000.0","total"#, r#""30000.001","total"#);
    let bad = convert_pay_app(SECOND, Some(&before), None, None).unwrap_err();
    assert!(bad.path.contains("application before"), "{}", bad.path);
    let cad = SECOND.replace(r#""items":"#, r#""currency_configuration":{"currency_iso_code":"dollars"},"items":"#);
    assert_eq!(convert_pay_app(&cad, None, None, None).unwrap_err().path, "currency_configuration.currency_iso_code");
    for (json, path) in [(r#"{"id":1,"items":[]}"#, "number"), (r#"{"id":1,"number":1}"#, "items")] {
        assert_eq!(convert_pay_app(json, None, None, None).unwrap_err().path, path);
    }
}
