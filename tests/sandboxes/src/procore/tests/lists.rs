use super::*;
use crate::json::object;
use crate::procore::PageSizes;

fn with_periods(count: usize) -> Site {
    let mut site = site();
    for _ in 1..count {
        site.double.person_creates(site.now, "billing_periods", object([("project_id", 101_i64.into())]));
    }
    site
}

#[test]
fn pages_are_linked_and_the_last_has_no_next() {
    // Given 5 periods, two on a page
    let mut site = with_periods(5);
    let path = |page: u32| format!("/rest/v1.0/projects/101/billing_periods?page={page}&per_page=2");
    let link = |response: &Response<Bytes>| response.headers()["link"].to_str().unwrap().to_owned();
    // When the first, a middle and the last page are read
    let (first, middle, last) = (site.get(&path(1)), site.get(&path(2)), site.get(&path(3)));
    // Then their links lead on, back, and nowhere
    assert_eq!(first.headers()["total"], "5");
    assert_eq!(first.headers()["per-page"], "2");
    assert!(link(&first).contains("page=2&per_page=2>; rel=\"next\"") && !link(&first).contains("prev"));
    assert!(link(&middle).contains("rel=\"prev\"") && link(&middle).contains("rel=\"next\""));
    assert!(!link(&last).contains("next") && link(&last).contains("rel=\"first\""));
    assert_eq!(json(&last).as_array().unwrap().len(), 1);
    // And a page beyond the end is empty
    assert_eq!(json(&site.get(&path(9))).as_array().unwrap().len(), 0);
}

#[test]
fn a_link_keeps_the_query_of_the_call() {
    let mut site = with_periods(3);
    let response =
        site.get("/rest/v1.0/projects/101/billing_periods?per_page=1&filters%5Bid%5D=%5B1101%2C598134400000001%5D");
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    let next = link.split_once('<').unwrap().1.split_once('>').unwrap().0.split_once("sandbox.procore.com").unwrap().1;
    assert_eq!(site.ids(next), ["598134400000001"]);
}

#[test]
fn a_page_is_never_larger_than_the_maximum_of_its_kind() {
    let mut site = site();
    let size = |site: &mut Site, path: &str| site.get(path).headers()["per-page"].to_str().unwrap().to_owned();
    let projects = "/rest/v1.1/projects?company_id=598134325700011";
    assert_eq!(size(&mut site, projects), "100");
    assert_eq!(size(&mut site, &format!("{projects}&per_page=5000")), "300");
    assert_eq!(size(&mut site, "/rest/v1.1/requisitions?project_id=101"), "30");
    assert_eq!(size(&mut site, "/rest/v1.0/work_order_contracts?project_id=101&per_page=9999"), "2000");
    let lines = format!("/rest/v2.0/companies/{COMPANY}/projects/101/commitment_change_orders/401/line_items");
    assert_eq!(size(&mut site, &lines), "10");
    assert_eq!(size(&mut site, &format!("{lines}?per_page=500")), "100");
    assert_eq!(site.status("/rest/v1.0/work_order_contracts?project_id=101&per_page=x"), 400);
    let small = PageSizes { v1: 1, ..PageSizes::default() };
    let mut site = site_with(ProcoreConfig { pages: small, ..ProcoreConfig::default() });
    assert_eq!(size(&mut site, "/rest/v1.0/work_order_contracts?project_id=101"), "1");
}

#[test]
fn only_documented_filters_work() {
    let mut site = site();
    let base = "/rest/v1.0/work_order_contracts?project_id=101&";
    assert_eq!(site.ids(&format!("{base}filters[status]=Approved")), ["201"]);
    assert_eq!(site.ids(&format!("{base}filters[origin_id]=taken")), ["202"]);
    assert_eq!(site.ids(&format!("{base}filters[id][]=201&filters[id][]=202")), ["201", "202"]);
    assert_eq!(site.ids(&format!("{base}filters[id]=[202]")), ["202"]);
    // Unknown values and unknown names are refused
    assert_eq!(site.status(&format!("{base}filters[status]=approved")), 400);
    assert_eq!(site.status(&format!("{base}filters[vendor_id]=301")), 400);
    assert_eq!(site.status("/rest/v1.0/payment_applications?project_id=101&filters[updated_at]=a...b"), 400);
    assert_eq!(site.status("/rest/v1.0/contract_payments?project_id=101&contract_id=201&filters[id]=901"), 400);
    // A change order is found by the vendor of its contract
    let orders = "/rest/v1.0/projects/101/commitment_change_orders?filters[vendor_id]=";
    assert_eq!(site.ids(&format!("{orders}301")), ["401"]);
    assert!(site.ids(&format!("{orders}999")).is_empty());
}

#[test]
fn updated_at_is_a_closed_range_with_or_without_quotes() {
    let mut site = site();
    let base = "/rest/v1.0/work_order_contracts?project_id=101&filters[updated_at]=";
    // Given a contract of 17:05:09, both ends of a range are inside
    let at = "2026-03-04T17:05:09Z";
    assert_eq!(site.ids(&format!("{base}{at}...{at}")), ["201"]);
    assert_eq!(site.ids(&format!("{base}%222026-03-04T00:00:00Z...{at}%22")), ["201"]);
    assert_eq!(site.ids(&format!("{base}2026-03-04...2026-03-04")), ["201"]);
    assert!(site.ids(&format!("{base}2026-03-04T17:05:10Z...2026-03-04T18:00:00Z")).is_empty());
    // A single instant, two dots or nonsense are no range
    for wrong in [at, "2026-03-04..2026-03-05", "yesterday...today", "...2026-03-05"] {
        assert_eq!(site.status(&format!("{base}{wrong}")), 400, "{wrong}");
    }
}

#[test]
fn lists_hide_what_is_inactive_deleted_or_not_permitted() {
    let mut site = site();
    let projects = format!("/rest/v1.1/projects?company_id={COMPANY}");
    assert_eq!(site.ids(&projects), ["101"]);
    assert_eq!(site.ids(&format!("{projects}&filters[by_status]=All")), ["101", "102"]);
    assert_eq!(site.ids(&format!("{projects}&filters[by_status]=Inactive")), ["102"]);
    assert_eq!(site.ids(&format!("/rest/v1.0/vendors?company_id={COMPANY}")), ["301"]);
    assert_eq!(site.ids(&format!("/rest/v1.0/companies/{COMPANY}/vendors/inactive")), ["302"]);
    // When a contract is deleted, it is in no plain list and 404 alone, but can be asked for
    site.double.person_deletes(site.now, "work_order_contracts", "202").unwrap();
    let contracts = "/rest/v1.0/work_order_contracts?project_id=101";
    assert_eq!(site.ids(contracts), ["201"]);
    assert_eq!(site.ids(&format!("{contracts}&filters[include_deleted]=only")), ["202"]);
    assert_eq!(site.ids(&format!("{contracts}&filters[include_deleted]=with")), ["201", "202"]);
    assert_eq!(site.status(&format!("{contracts}&filters[include_deleted]=true")), 400);
    assert_eq!(site.status("/rest/v1.0/work_order_contracts/202?project_id=101"), 404);
    // When one is not for the caller's eyes, neither it nor its invoices are
    site.double.hide("work_order_contracts", "201");
    assert!(site.ids(contracts).is_empty());
    assert_eq!(site.status("/rest/v1.0/work_order_contracts/201?project_id=101"), 404);
    assert_eq!(site.status("/rest/v1.1/requisitions/701?project_id=101"), 404);
    site.double.unhide("work_order_contracts", "201");
    assert_eq!(site.ids(contracts), ["201"]);
    // And a project that is not permitted is 403
    site.double.hide("projects", PROJECT);
    assert_eq!(site.status(contracts), 403);
}

#[test]
fn project_and_contract_must_be_named_where_the_reference_asks_for_them() {
    let mut site = site();
    assert_eq!(site.status("/rest/v1.0/work_order_contracts"), 400);
    assert_eq!(site.status("/rest/v1.0/work_order_contracts/201"), 400);
    assert_eq!(site.status("/rest/v1.0/contract_payments?project_id=101"), 400);
    assert_eq!(site.status("/rest/v1.0/vendors"), 400);
    assert_eq!(site.status("/rest/v1.0/work_order_contracts/201?project_id=102"), 404, "another project's");
    assert_eq!(site.status("/rest/v1.0/work_order_contracts?project_id=999"), 404);
    assert_eq!(site.status("/rest/v1.0/work_order_contracts?project_id=abc"), 400);
    assert_eq!(site.ids("/rest/v1.0/contract_payments?project_id=101&contract_id=201"), ["901", "902"]);
}

#[test]
fn the_last_invoice_of_a_contract_can_be_asked_for() {
    let mut site = site();
    assert_eq!(site.ids("/rest/v1.1/requisitions?project_id=101&filters[is_last]=true"), ["702"]);
    assert_eq!(site.ids("/rest/v1.1/requisitions?project_id=101&filters[is_last]=false"), ["701"]);
    assert_eq!(
        site.ids("/rest/v1.0/prime_contracts/601/payment_applications?project_id=101&filters[is_last]=true"),
        ["801"]
    );
}

#[test]
fn sorting_is_only_where_it_is_documented() {
    let mut site = site();
    let projects = format!("/rest/v1.1/projects?company_id={COMPANY}&filters[by_status]=All");
    assert_eq!(site.ids(&format!("{projects}&sort=-name")), ["102", "101"]);
    assert_eq!(site.status("/rest/v1.0/work_order_contracts?project_id=101&sort=number"), 400);
}

#[test]
fn a_budget_is_read_through_its_views() {
    let mut site = site();
    let rows = "/rest/v1.0/budget_views/1301/detail_rows?project_id=101";
    // Views of the project; rows of the view, those that were never budgeted only where they are asked for
    assert_eq!(site.ids("/rest/v1.0/budget_views?project_id=101"), ["1301"]);
    assert_eq!(site.ids("/rest/v1.0/budget_views?project_id=102"), ["1301", "1302"]);
    assert_eq!(site.ids(rows), ["1311"]);
    assert_eq!(site.ids(&format!("{rows}&budget_row_type=unbudgeted")), ["1312"]);
    assert_eq!(site.ids(&format!("{rows}&budget_row_type=all")), ["1311", "1312"]);
    assert_eq!(site.status(&format!("{rows}&budget_row_type=some")), 400);
    assert_eq!(site.status("/rest/v1.0/budget_views/1302/detail_rows?project_id=101"), 404);
}

#[test]
fn codes_are_scoped() {
    let mut site = site();
    assert_eq!(site.ids("/rest/v1.0/cost_codes?project_id=101"), ["1001"]);
    assert_eq!(site.ids("/rest/v1.0/cost_codes?project_id=101&sub_job_id=77"), ["1002"]);
    let codes = "work_breakdown_structure/wbs_codes";
    assert_eq!(site.ids(&format!("/rest/v1.0/projects/101/{codes}")), ["501"]);
    assert_eq!(site.ids(&format!("/rest/v1.0/projects/102/{codes}?filters[status][]=inactive")), ["502"]);
}
