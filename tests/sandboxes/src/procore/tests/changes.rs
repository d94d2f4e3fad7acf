use super::*;
use crate::json::object;
use crate::procore::NoSuchRecord;

#[test]
fn an_edit_moves_updated_at_and_is_found_by_the_filter() {
    let mut site = site();
    site.wait(3600);
    site.double.person_edits(site.now, "work_order_contracts", CONTRACT, |body| body.set("title", "New")).unwrap();
    let path = "/rest/v1.0/work_order_contracts?project_id=101&filters[updated_at]=2026-03-10T13:00:00Z...2026-03-10T14:00:00Z";
    assert_eq!(site.ids(path), [CONTRACT]);
    let missing = site.double.person_edits(site.now, "requisitions", "9", |_| ()).unwrap_err();
    assert_eq!(missing, NoSuchRecord { resource: "requisitions".to_owned(), id: "9".to_owned() });
}

#[test]
fn a_change_order_and_its_package_stay_the_same_document() {
    let mut site = site();
    site.double.person_edits(site.now, "commitment_change_orders", "401", |body| body.set("status", "void")).unwrap();
    assert_eq!(text(site.double.record("change_order_packages", "451").unwrap(), &["status"]), "void");
    site.double.person_edits(site.now, "change_order_packages", "451", |body| body.set("title", "Skylight")).unwrap();
    assert_eq!(text(site.double.record("commitment_change_orders", "401").unwrap(), &["title"]), "Skylight");
    // Deleted together: the package is marked, the other gone
    site.double.person_deletes(site.now, "commitment_change_orders", "401").unwrap();
    assert_eq!(site.status("/rest/v1.0/projects/101/commitment_change_orders/401"), 404);
    assert_eq!(site.ids("/rest/v1.0/change_order_packages?project_id=101&filters[include_deleted]=only"), ["451"]);
}

#[test]
fn a_new_change_order_gets_a_package() {
    let mut site = site();
    let body = object([("contract_id", 201_i64.into()), ("number", "002".into()), ("status", "approved".into())]);
    let id = site.double.person_creates(site.now, "commitment_change_orders", body);
    let order = site.read(&format!("/rest/v1.0/projects/101/commitment_change_orders/{id}"));
    let package = text(&order, &["legacy_package_id"]).to_owned();
    let shown = site.read(&format!("/rest/v1.0/change_order_packages/{package}?project_id=101"));
    assert_eq!(text(&shown, &["number"]), "002");
}

#[test]
fn what_is_not_marked_when_deleted_is_gone() {
    let mut site = site();
    site.double.person_deletes(site.now, "requisitions", "702").unwrap();
    assert!(site.double.record("requisitions", "702").is_none());
    assert_eq!(site.ids("/rest/v1.1/requisitions?project_id=101"), ["701"]);
    site.double.person_deactivates(site.now, "projects", PROJECT).unwrap();
    assert!(site.ids(&format!("/rest/v1.1/projects?company_id={COMPANY}")).is_empty());
}

#[test]
fn an_origin_freed_by_a_deletion_can_be_used_again() {
    let mut site = site();
    site.double.person_deletes(site.now, "contract_payments", "902").unwrap();
    let body = r#"{"project_id":101,"contract_id":201,"contract_payment":{"amount":"1","origin_id":"mine"}}"#;
    assert_eq!(site.call(Method::POST, "/rest/v1.0/contract_payments", body).0, 201);
}
