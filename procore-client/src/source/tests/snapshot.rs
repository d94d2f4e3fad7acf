//! Whole parts.

use super::*;
use crate::double::{Script, scripted};
use crate::source::Projects;

#[tokio::test]
async fn the_parts_are_vendors_projects_and_four_for_each_active_project() {
    // given two projects, one of them active
    let world = World::small();
    let parts = world.source.parts().await.unwrap();
    let names: Vec<&str> = parts.iter().map(|part| part.0.as_str()).collect();
    let project = ["commitments", "pay_apps", "prime_contracts", "owner_invoices"].map(|n| format!("project/101/{n}"));
    assert_eq!(names[..2], ["vendors", "projects"]);
    assert_eq!(names[2..], project);
    // and the last two only where they are wanted
    for options in [SourceOptions::default().without_owner_side(), SourceOptions::default().without_owners()] {
        let world = World::new(&files(), ProcoreConfig::default(), options);
        assert_eq!(world.source.parts().await.unwrap().len(), 4);
        assert!(!world.source.includes(&"owner_invoice/101.5".parse().unwrap()));
    }
    // and none where it is left out
    let options = SourceOptions::default().with_projects(Projects::Except(["101".into()].into()));
    let world = World::new(&files(), ProcoreConfig::default(), options);
    assert_eq!(world.source.parts().await.unwrap().len(), 2);
    assert!(!world.source.includes(&"commitment/101.5".parse().unwrap()));
    assert!(world.source.includes(&"vendor/5".parse().unwrap()));
}

#[tokio::test]
async fn owners_and_contractors_are_not_paid() {
    let world = World::small();
    world.source.parts().await.unwrap();
    let vendors = world.part("vendors").await.unwrap();
    let not_paid: Vec<(String, bool)> = vendors.iter().map(|v| (vendor(v).name.clone(), vendor(v).not_paid)).collect();
    let wanted = [("Harbor Steel", false), ("Lakeview Health", true), ("Northgate", true)];
    assert_eq!(not_paid, wanted.map(|(name, not_paid)| (name.to_owned(), not_paid)));
    let projects = world.part("projects").await.unwrap();
    assert_eq!(projects.len(), 1);
    assert_eq!(project(&projects[0]).owner.as_ref().unwrap().name, "Lakeview Health");
    // the prime contracts and the projects were read once
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|path| path.ends_with("/prime_contracts")).count(), 1, "{asked:?}");
    assert_eq!(asked.iter().filter(|path| path.ends_with("/projects")).count(), 1, "{asked:?}");
}

async fn check_commitments(config: ProcoreConfig) -> usize {
    let world = World::new(&files(), config, SourceOptions::default());
    world.source.parts().await.unwrap();
    let fetched = world.part("project/101/commitments").await.unwrap();
    let numbers: Vec<&str> = fetched.iter().map(|f| commitment(f).number.as_str()).collect();
    assert_eq!(numbers, ["SC-1", "SC-2", "SC-3", "PO-1"]);
    let steel = commitment(&fetched[0]);
    assert_eq!(steel.revised().unwrap().to_string(), "186500.00");
    assert_eq!(steel.lines[0].description, "Steel");
    let [first, second] = steel.change_orders.as_slice() else { panic!() };
    assert_eq!((first.package.as_ref().unwrap().as_str(), first.lines.len()), ("451", 1));
    assert_eq!(first.lines[0].codes.cost_code.as_deref(), Some("05-100"));
    // one that does not count has a sum and no lines
    assert_eq!((second.sum.unwrap().to_string().as_str(), second.lines.len()), ("1200.00", 0));
    assert!(commitment(&fetched[2]).deleted && !steel.deleted);
    let order = commitment(&fetched[3]);
    assert_eq!((order.terms.as_deref(), order.lines[0].codes.cost_code.as_deref()), (Some("Net 30"), Some("03-200")));
    assert_eq!(order.lines[0].codes.cost_type_name.as_deref(), Some("Materials"));
    world.asked().len()
}

#[tokio::test]
async fn commitments_are_whole_whether_the_list_carries_lines_or_not() {
    let with = check_commitments(ProcoreConfig { lists_carry_lines: true, ..ProcoreConfig::default() }).await;
    let without = check_commitments(ProcoreConfig { lists_carry_lines: false, ..ProcoreConfig::default() }).await;
    // one more call for each commitment that is not deleted
    assert_eq!(without, with + 3);
}

#[tokio::test]
async fn where_there_are_only_packages_they_are_the_change_orders() {
    // given a project with three tiers
    for carry in [true, false] {
        let mut files = files();
        files.remove("commitment_change_orders");
        let packages = r#"[
          {"id":451,"contract_id":201,"type":"CommitmentContractChangeOrder","number":"001","status":"approved","grand_total":"6500.0",
           "project":{"id":101},
           "line_items":[{"id":411,"total_amount":"6500.0","cost_code":{"id":99},"wbs_code":{"flat_code":"05-100.S"}}]},
          {"id":452,"contract_id":201,"type":"CommitmentContractChangeOrder","number":"002","status":"draft","grand_total":"7.0",
           "project":{"id":101},"line_items":[{"id":412,"total_amount":"7.0"}]},
          {"id":453,"contract_id":601,"type":"PrimeContractChangeOrder","number":"001","status":"approved","grand_total":"9.0",
           "project":{"id":101},"line_items":[{"id":413,"total_amount":"9.0"}]}]"#;
        files.insert("change_order_packages", packages.to_owned());
        let config = ProcoreConfig { packages_carry_lines: carry, ..ProcoreConfig::default() };
        let world = World::new(&files, config, SourceOptions::default());
        world.source.parts().await.unwrap();
        let fetched = world.part("project/101/commitments").await.unwrap();
        let steel = commitment(&fetched[0]);
        assert_eq!(steel.revised().unwrap().to_string(), "186500.00", "{carry}");
        let lines: Vec<usize> = steel.change_orders.iter().map(|order| order.lines.len()).collect();
        assert_eq!(lines, [1, 0], "{carry}");
        assert_eq!(steel.change_orders[0].package.as_ref().unwrap().as_str(), "451");
    }
}

#[tokio::test]
async fn pay_apps_carry_what_the_one_before_held() {
    let world = World::small();
    world.source.parts().await.unwrap();
    world.part("project/101/commitments").await.unwrap();
    let before = world.asked().len();
    let fetched = world.part("project/101/pay_apps").await.unwrap();
    let [_, second] = fetched.as_slice() else { panic!() };
    let second = pay_app(second);
    assert_eq!(second.commitment_number, "SC-1");
    assert_eq!(second.lines[0].stored_previous.to_string(), "30000.00");
    assert_eq!(second.lines[0].retainage.stored_held_previous.to_string(), "3000.00");
    // the change order's line is coded as the commitment codes it
    assert_eq!(second.lines[1].codes.cost_code.as_deref(), Some("05-100"));
    assert_eq!(second.lines[1].change_order_package.as_ref().unwrap().as_str(), "451");
    // the commitments that were just read are not read again
    assert_eq!(world.asked().len(), before + 1);
}

#[tokio::test]
async fn one_bad_commitment_leaves_the_others() {
    // given a line with a third decimal, and a total that is no number
    for (from, to, key, says) in [
        (
            r#""amount":"180000.0""#,
            r#""amount":"180000.005""#,
            "commitment/101.201",
            "line_items[0].amount: 180000.005",
        ),
        (
            r#""grand_total":"180000.0""#,
            r#""grand_total":"a lot""#,
            "commitment/101.201",
            "grand_total cannot be read: `a lot`",
        ),
    ] {
        let world = World::with("work_order_contracts", |json| json.replace(from, to));
        world.source.parts().await.unwrap();
        let fetched = world.part("project/101/commitments").await.unwrap();
        assert_eq!(fetched.len(), 4);
        let bad = unreadable(&fetched[0]);
        assert_eq!((bad.key.to_string().as_str(), bad.label.as_str()), (key, "SC-1"));
        assert!(bad.text.contains(says), "{}", bad.text);
        assert_eq!(commitment(&fetched[3]).number, "PO-1");
    }
}

#[tokio::test]
async fn a_bad_change_order_makes_only_its_own_commitment_unreadable() {
    for (from, to) in [
        (r#""amount":"6500.0","wbs"#, r#""amount":"6500.001","wbs"#),
        (r#""amount":"6500.0","wbs"#, r#""amount":"much","wbs"#),
        (r#""grand_total":"6500.0""#, r#""grand_total":{"x":1}"#),
    ] {
        let world = World::with("commitment_change_orders", |json| json.replace(from, to));
        world.source.parts().await.unwrap();
        let fetched = world.part("project/101/commitments").await.unwrap();
        let bad = unreadable(&fetched[0]);
        assert!(bad.text.contains("change order 001"), "{}", bad.text);
        assert_eq!(bad.amount.unwrap().to_string(), "180000.00");
        assert!(fetched[1..].iter().all(|fetched| matches!(fetched, Fetched::Found(_))));
    }
}

#[tokio::test]
async fn after_a_bad_pay_app_the_next_one_is_not_guessed() {
    let world = World::with("requisitions", |json| {
        json.replace(r#""materials_presently_stored":"30000.0""#, r#""materials_presently_stored":"?""#)
    });
    world.source.parts().await.unwrap();
    let fetched = world.part("project/101/pay_apps").await.unwrap();
    assert!(unreadable(&fetched[0]).text.contains("items[0].materials_presently_stored"));
    assert_eq!(unreadable(&fetched[0]).amount.unwrap().to_string(), "27000.00");
    let second = unreadable(&fetched[1]);
    assert_eq!((second.key.to_string().as_str(), second.label.as_str()), ("pay_app/101.702", "SC-1/2"));
    assert!(second.text.contains("the application before it cannot be read"), "{}", second.text);
}

#[tokio::test]
async fn a_pay_app_whose_predecessor_is_not_named_finds_it_by_number() {
    let world = World::with("requisitions", |json| json.replace(r#""previous_requisition_id":701,"#, ""));
    world.source.parts().await.unwrap();
    let fetched = world.part("project/101/pay_apps").await.unwrap();
    assert_eq!(pay_app(&fetched[1]).previous.as_ref().unwrap().as_str(), "701");
    // alone too
    assert_eq!(pay_app(&world.fetch("pay_app/101.702").await).lines[0].stored_previous.to_string(), "30000.00");
}

#[tokio::test]
async fn a_page_that_is_cut_off_is_an_error_and_not_an_empty_part() {
    let (_, procore) = scripted(
        Script::default()
            .on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#)
            .on("/rest/v1.0/prime_contracts", "[]")
            .on("/rest/v1.0/vendors", r#"[{"id":1,"name":"A"},{"id":2,"na"#),
    );
    let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
    let part = Part("vendors".to_owned());
    let read: Result<Vec<_>, _> = source.snapshot(&part).try_collect().await;
    let error = read.unwrap_err();
    assert!(error.to_string().contains("GET /rest/v1.0/vendors, page 1"), "{error}");
}

#[tokio::test]
async fn a_project_that_is_not_permitted_is_an_error() {
    let world = World::small();
    world.sandbox.procore.lock().unwrap().hide("projects", "101");
    let error = world.part("project/101/pay_apps").await.unwrap_err();
    assert_eq!(error.kind(), sync_core::ErrorKind::NotAuthorised);
    let error = world.source.fetch(&"commitment/101.201".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), sync_core::ErrorKind::NotAuthorised);
    assert_eq!(error.document().unwrap().to_string(), "commitment/101.201");
    let error = world.part("project/101/unknown").await.unwrap_err();
    assert_eq!(error.kind(), sync_core::ErrorKind::Internal);
}

#[tokio::test]
async fn a_subcontractors_own_schedule_is_looked_up_once() {
    // given pay apps by detail lines, which name a line of the contract only through the schedule
    let detail = "/rest/v1.0/work_order_contracts/201/line_item_contract_details";
    let app = |id: u32, number: u32| {
        format!(
            r#"{{"id":{id},"commitment_id":201,"commitment_type":"WorkOrderContract","number":{number},
            "items":[{{"id":{id},"item_type":"contract_detail_item","detail_line_item_id":71,"work_completed_this_period":"1.0"}}]}}"#
        )
    };
    let apps = format!("[{},{}]", app(701, 1), app(702, 2));
    let contract = r#"{"id":201,"number":"SC-1","line_items":[{"id":211,"amount":"1","cost_code":{"id":1,"full_code":"05"},"line_item_type":{"code":"S"}}]}"#;
    let (script, procore) = scripted(
        Script::default()
            .on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#)
            .on("/rest/v1.1/requisitions", &apps)
            .on("/rest/v1.0/work_order_contracts/201", contract)
            .on("/rest/v1.0/cost_codes", "[]")
            .on("/rest/v1.0/line_item_types", "[]")
            .on(detail, r#"[{"id":71,"line_item_id":211}]"#),
    );
    let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
    let part = Part("project/101/pay_apps".to_owned());
    let fetched: Vec<_> = source.snapshot(&part).try_collect().await.unwrap();
    for fetched in fetched.iter().flatten() {
        let line = &pay_app(fetched).lines[0];
        assert_eq!((line.sov_line.as_ref().unwrap().as_str(), line.codes.cost_code.as_deref()), ("211", Some("05")));
    }
    assert_eq!(script.asked().iter().filter(|path| path.starts_with(detail)).count(), 1);
    assert_eq!(script.asked().iter().filter(|path| path.contains("work_order_contracts/201?")).count(), 1);
}

#[tokio::test]
async fn the_demo_company_is_read_whole() {
    // given the company that the double carries with it
    let book = Book::demo().unwrap();
    let count = |name: &str| book.procore(name).len();
    let active: usize =
        book.procore("projects").iter().filter(|p| p.get("active").is_none_or(|a| a.to_string() != "false")).count();
    let world = World::over(&book, ProcoreConfig::default(), SourceOptions::default());
    // when all parts are read
    let mut documents = Vec::new();
    for part in world.source.parts().await.unwrap() {
        documents.extend(world.part(&part.0).await.unwrap());
    }
    // then each record is a document, or says what is wrong with it
    let of = |kind: DocumentKind| documents.iter().filter(|fetched| fetched.key().kind == kind).count();
    assert_eq!(of(DocumentKind::Project), active);
    assert_eq!(of(DocumentKind::Commitment), count("work_order_contracts") + count("purchase_order_contracts"));
    assert_eq!(of(DocumentKind::PayApp), count("requisitions"));
    assert_eq!(of(DocumentKind::PrimeContract), count("prime_contracts"));
    assert_eq!(of(DocumentKind::OwnerInvoice), count("payment_applications"));
    for fetched in &documents {
        if let Fetched::Unreadable(bad) = fetched {
            assert!(bad.text.contains("decimals") || bad.text.contains("cannot be read"), "{}", bad.text);
        }
    }
    // and every key is there once
    let mut keys: Vec<String> = documents.iter().map(|fetched| fetched.key().to_string()).collect();
    keys.sort();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[tokio::test]
async fn documents_of_a_project_that_cannot_be_read_are_not_coded_by_guess() {
    // Given a project whose number is an object, in the list and shown alone
    let world = World::with("projects", |json| json.replace(r#""2026-014""#, r#"{"value":"2026-014"}"#));
    // When its parts are read, then they are there, and each document says why it cannot be used
    let parts = world.source.parts().await.unwrap();
    assert!(parts.contains(&Part("project/101/commitments".to_owned())), "{parts:?}");
    for part in ["project/101/commitments", "project/101/pay_apps", "project/101/prime_contracts"] {
        let documents = world.part(part).await.unwrap();
        assert!(!documents.is_empty(), "{part}");
        for document in &documents {
            assert!(unreadable(document).text.contains("its project cannot be read"), "{document:?}");
        }
    }
    let text = &unreadable(&world.fetch("pay_app/101.702").await).text.clone();
    assert!(text.contains("project_number"), "{text}");
    // And its owner is known all the same
    let vendors = world.part("vendors").await.unwrap();
    let owner = vendors.iter().map(vendor).find(|vendor| vendor.name == "Lakeview Health").unwrap();
    assert!(owner.not_paid, "{owner:?}");
}
