use super::*;

#[test]
fn amounts_are_served_as_the_book_holds_them() {
    let mut site = site();
    let body = site.get("/rest/v1.0/work_order_contracts/201?project_id=101");
    let text = std::str::from_utf8(body.body()).unwrap();
    assert!(text.contains("\"amount\":120000.50") && text.contains("\"revised_contract\":\"186500.00\""), "{text}");
}

#[test]
fn a_list_of_commitments_has_no_lines_unless_the_extended_view_is_asked_for() {
    let mut site = site();
    let list = "/rest/v1.0/work_order_contracts?project_id=101";
    assert!(site.read(list).as_array().unwrap()[0].get("line_items").is_none());
    let extended = site.read(&format!("{list}&view=extended"));
    assert_eq!(extended.as_array().unwrap()[0].get("line_items").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(site.status(&format!("{list}&view=normal")), 400);
    // And a company may be one whose lists have none
    let mut bare = site_with(ProcoreConfig { lists_carry_lines: false, ..ProcoreConfig::default() });
    assert!(bare.read(&format!("{list}&view=extended")).as_array().unwrap()[0].get("line_items").is_none());
}

#[test]
fn a_commitment_alone_has_lines_packages_payments_and_its_vendor_as_id_and_company() {
    let mut site = site();
    let contract = site.read("/rest/v1.0/work_order_contracts/201?project_id=101");
    assert_eq!(contract.get("line_items").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(text(&contract, &["vendor", "company"]), "Harbor Steel");
    assert_eq!(text(&contract, &["vendor", "origin_id"]), "v-77");
    assert!(contract.at(&["vendor", "name"]).is_none());
    let packages = contract.get("change_order_packages").unwrap().as_array().unwrap();
    assert_eq!(text(&packages[0], &["id"]), "451");
    let payments = contract.get("payments_issued").unwrap().as_array().unwrap();
    assert_eq!(payments.len(), 2);
    assert!(payments[0].get("requisition_id").is_none());
    assert_eq!(site.ids("/rest/v1.0/work_order_contracts/201/line_items?project_id=101"), ["211", "212"]);
    let path =
        "/rest/v1.0/work_order_contracts/201/line_items?project_id=101&filters[updated_at]=2026-02-06...2026-02-07";
    assert_eq!(site.ids(path), ["212"]);
    let line = site.read("/rest/v1.0/work_order_contracts/201/line_items/212?project_id=101");
    assert_eq!(text(&line, &["description"]), "Deck");
}

#[test]
fn a_private_contract_hides_its_lines_from_those_who_are_no_admins() {
    let mut site = site_with(ProcoreConfig { hide_private_lines: true, ..ProcoreConfig::default() });
    let contract = site.read("/rest/v1.0/work_order_contracts/201?project_id=101");
    assert!(contract.get("line_items").unwrap().as_array().unwrap().is_empty());
    assert!(site.ids("/rest/v1.0/work_order_contracts/201/line_items?project_id=101").is_empty());
}

#[test]
fn lines_of_a_change_order_exist_only_in_v2_with_text_ids() {
    // Given a change order that the book has under its new name, with nested lines
    let mut site = site();
    let header = site.read("/rest/v1.0/projects/101/commitment_change_orders/401");
    assert!(header.get("line_items").is_none());
    let lines =
        site.read(&format!("/rest/v2.0/companies/{COMPANY}/projects/101/commitment_change_orders/401/line_items"));
    let line = &lines.get("data").unwrap().as_array().unwrap()[0];
    assert_eq!(line.get("id"), Some(&"411".into()));
    assert_eq!(line.get("commitment_line_item_id"), Some(&"211".into()));
    assert_eq!(line.get("wbs_code_id"), Some(&"501".into()));
    assert!(line.get("quantity").is_none(), "absent, not null, on amount-based lines");
    // Then the package behind it exists too, with the line in the v1 form
    let package = site.read("/rest/v1.0/change_order_packages/451?project_id=101");
    let line = &package.get("line_items").unwrap().as_array().unwrap()[0];
    assert_eq!(line.get("id"), Some(&Json::Number("411".into())));
    assert_eq!(text(line, &["total_amount"]), "6500.0");
    let listed = site.read("/rest/v1.0/change_order_packages?project_id=101&contract_id=201");
    let listed = &listed.as_array().unwrap()[0];
    assert!(listed.get("line_items").is_none());
    assert_eq!(text(listed, &["contract", "vendor", "name"]), "Harbor Steel");
}

#[test]
fn items_of_a_requisition_need_their_view() {
    let mut site = site();
    for path in ["/rest/v1.1/requisitions?project_id=101", "/rest/v1.1/requisitions?project_id=101&view=action_policy"]
    {
        let list = site.read(path);
        let first = &list.as_array().unwrap()[0];
        assert!(first.get("items").is_none() && first.get("summary").is_some());
    }
    let list = site.read("/rest/v1.1/requisitions?project_id=101&view=items");
    assert!(list.as_array().unwrap()[0].get("items").is_some());
    assert!(site.read("/rest/v1.1/requisitions/701?project_id=101").get("items").is_none());
    assert!(site.read("/rest/v1.1/requisitions/701?project_id=101&view=extended").get("items").is_some());
    assert_eq!(site.ids("/rest/v1.0/requisitions/701/contract_items?project_id=101"), ["711"]);
    assert!(site.ids("/rest/v1.0/requisitions/701/change_order_items?project_id=101").is_empty());
    let found = site.ids("/rest/v1.0/requisitions/702/change_order_items?project_id=101&filters[change_order_id]=451");
    assert_eq!(found, ["721"]);
    let detail = site.read("/rest/v1.0/requisitions/701/detail?project_id=101");
    let detail = &detail.as_array().unwrap()[0];
    assert_eq!(text(detail, &["balance_to_finish"]), "60.05");
    assert!(detail.get("net_amount").is_none());
}

#[test]
fn an_owner_invoice_shows_its_lines_only_alone_and_its_times_only_in_lists() {
    let mut site = site();
    let list = site.read("/rest/v1.0/payment_applications?project_id=101");
    let listed = &list.as_array().unwrap()[0];
    assert!(listed.get("g703").is_none() && listed.get("g702").is_some() && listed.get("updated_at").is_some());
    assert_eq!(text(listed, &["contract", "id"]), "601");
    let shown = site.read("/rest/v1.0/payment_applications/801?project_id=101");
    assert!(shown.get("g703").is_some() && shown.get("updated_at").is_none() && shown.get("items").is_none());
}

#[test]
fn prime_contracts_are_plural_in_lists_and_singular_alone() {
    let mut site = site();
    let list = site.read("/rest/v1.0/prime_contracts?project_id=101");
    assert!(list.as_array().unwrap()[0].get("line_items").is_none());
    assert_eq!(site.status("/rest/v1.0/prime_contracts/601?project_id=101"), 404);
    let shown = site.read("/rest/v1.0/prime_contract/601?project_id=101");
    assert!(shown.get("line_items").is_some() && shown.get("payments_received").is_some());
    assert_eq!(text(&shown, &["vendor", "name"]), "Harbor Steel");
    assert_eq!(text(&site.read("/rest/v1.0/prime_contract?project_id=101"), &["id"]), "601");
    assert_eq!(site.status("/rest/v1.0/prime_contract?project_id=102"), 404);
}

#[test]
fn the_default_view_of_vendors_lacks_the_origin_ids() {
    let mut site = site();
    let path = format!("/rest/v1.0/vendors?company_id={COMPANY}");
    assert!(site.read(&path).as_array().unwrap()[0].get("origin_id").is_none());
    let normal = site.read(&format!("{path}&view=normal"));
    let normal = &normal.as_array().unwrap()[0];
    assert!(normal.get("origin_id").is_some() && normal.get("trades").is_none());
    assert_eq!(site.read(&format!("{path}&view=compact")).to_string(), r#"[{"id":301,"name":"Harbor Steel"}]"#);
}

#[test]
fn projects_and_direct_costs_show_less_in_lists() {
    let mut site = site();
    let path = format!("/rest/v1.1/projects?company_id={COMPANY}");
    assert!(site.read(&path).as_array().unwrap()[0].get("description").is_none());
    assert_eq!(site.read(&format!("{path}&view=ids")).to_string(), "[101]");
    assert!(site.read(&format!("/rest/v1.0/projects/101?company_id={COMPANY}")).get("description").is_some());
    let costs = site.read("/rest/v1.1/projects/101/direct_costs");
    assert!(costs.as_array().unwrap()[0].get("line_items").is_none());
    assert!(site.read("/rest/v1.1/projects/101/direct_costs/1201").get("line_items").is_some());
    assert_eq!(site.ids("/rest/v1.0/projects/101/direct_costs/line_items?filters[direct_cost_id]=1201"), ["1211"]);
    assert_eq!(site.status("/rest/v1.0/projects/101/direct_costs/1201/line_items?filters[direct_cost_id]=1"), 400);
}

#[test]
fn what_is_not_there_is_404_and_in_v2_in_the_uniform_shape() {
    let mut site = site();
    let v1 = site.get("/rest/v1.0/work_order_contracts/9?project_id=101");
    assert_eq!((v1.status().as_u16(), v1.body().as_ref()), (404, br#"{"errors":"Not Found"}"#.as_slice()));
    let v2 = site.get(&format!("/rest/v2.0/companies/{COMPANY}/projects/101/prime_change_orders/9/line_items"));
    assert_eq!(v2.status(), 404);
    assert_eq!(text(&json(&v2), &["error", "code"]), "NOT_FOUND");
    assert_eq!(site.status("/rest/v1.0/unheard_of"), 404);
    assert_eq!(site.status("/rest"), 404);
}
