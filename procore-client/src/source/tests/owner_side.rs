//! Prime contracts and owner invoices.

use sync_core::connector::Cursor;
use sync_core::model::Money;
use sync_core::model::construction::{OwnerInvoice, PrimeContract};

use super::*;
use crate::double::{Script, scripted};

const LINE: &str = r#""cost_code":{"id":99,"name":"Steel"},"line_item_type":{"id":7,"code":"S","name":"Commitment"},"wbs_code":{"id":501,"flat_code":"05-100.S"}"#;

/// The contract of 1,000,000.00 with change orders of +50,000.00 and -20,000.00, and one that does not count.
fn owner_files() -> BTreeMap<&'static str, String> {
    let mut files = files();
    let contract = format!(
        r#"[{{"id":601,"number":"PC-1","title":"Clinic &amp; garage","status":"Approved","project":{{"id":101,"name":"Clinic"}},
        "vendor":{{"id":303,"name":"Lakeview Health"}},"contractor":{{"id":304,"name":"Northgate"}},"contract_date":"2026-01-08",
        "grand_total":"1000000.0","approved_change_orders":"30000.0","total_payments":"0.0",
        "line_items":[{{"id":611,"position":1,"description":"Building","amount":"1000000.0",{LINE}}}],"updated_at":"2026-03-01T18:00:00Z"}}]"#
    );
    files.insert("prime_contracts", contract);
    let order = |id: u32, number: &str, status: &str, amount: &str| {
        format!(
            r#"{{"id":{id},"contract_id":601,"legacy_package_id":{},"type":"PrimeChangeOrder","number":"{number}","title":"Change",
            "status":"{status}","grand_total":"{amount}","line_items":[{{"id":{},"description":"Work","amount":"{amount}",
            "wbs_code":{{"id":501,"flat_code":"05-100.S"}},"position":1}}],"updated_at":"2026-02-28T14:00:00Z"}}"#,
            id + 50,
            id + 10,
        )
    };
    let orders = [
        order(621, "001", "approved", "50000.0"),
        order(622, "002", "approved", "-20000.0"),
        order(623, "003", "pending", "7.0"),
    ];
    files.insert("prime_change_orders", format!("[{}]", orders.join(",")));
    files.insert("payment_applications", format!("[{},{}]", application_3(), application_4()));
    files
}

/// Work 400,000.00 at 10%, stored 10,000.00 at 5%.
fn application_3() -> String {
    r#"{"id":803,"number":3,"invoice_number":"PA-3","contract":{"id":601,"type":"PrimeContract","title":"Clinic"},
    "period_start":"2026-01-01","period_end":"2026-01-31","billing_date":"2026-01-31","status":"approved",
    "g702":{"total_completed_and_stored_to_date":"410000.0","total_retainage":"40500.0","current_payment_due":"369500.0"},
    "g703":[{"id":831,"type":"payment_application_line_item","item_number":1,"origin_id":611,"origin_type":"LineItem",
      "added_from_source":"contract","added_from_source_id":601,"scheduled_value":"1000000.0",
      "work_completed_this_period":"400000.0","materials_presently_stored":"10000.0",
      "total_completed_and_stored_to_date":"410000.0","materials_stored_retainage_currently_retained":"500.0",
      "total_retainage_currently_retained":"40500.0","total_retainage_from_previous_application":"0.0"}],
    "created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-02T00:00:00Z"}"#
        .to_owned()
}

/// Work +120,000.00, of which 30,000.00 on the change orders; stored 30,000.00.
fn application_4() -> String {
    r#"{"id":804,"number":4,"invoice_number":"PA-4","contract":{"id":601,"type":"PrimeContract","title":"Clinic"},
    "billing_period":{"start_date":"2026-02-01","end_date":"2026-02-28"},"billing_date":null,"status":"approved",
    "g702":{"total_completed_and_stored_to_date":"550000.0","total_retainage":"53500.0","total_earned_less_retainage":"496500.0",
      "less_previous_certificates_for_payment":"369500.0","current_payment_due":"127000.0"},
    "g703":[{"id":841,"type":"payment_application_line_item","item_number":1,"origin_id":611,"origin_type":"LineItem",
      "added_from_source":"contract","added_from_source_id":601,"description_of_work":"<p>Building</p>","scheduled_value":"1000000.0",
      "work_completed_from_previous_application":"400000.0","work_completed_this_period":"90000.0",
      "materials_presently_stored":"30000.0","total_completed_and_stored_to_date":"520000.0",
      "work_completed_retainage_retained_this_period":"9000.0","materials_stored_retainage_currently_retained":"1500.0",
      "total_retainage_currently_retained":"50500.0","total_retainage_from_previous_application":"40500.0"},
     {"id":842,"type":"payment_application_line_item","item_number":2,"origin_id":631,"origin_type":"LineItem",
      "added_from_source":"change_order","added_from_source_id":621,"scheduled_value":"50000.0",
      "work_completed_this_period":"50000.0","total_completed_and_stored_to_date":"50000.0","total_retainage_currently_retained":"5000.0"},
     {"id":843,"type":"payment_application_line_item","item_number":3,"origin_id":672,"origin_type":"ChangeOrderPackage",
      "wbs_code":{"id":502,"flat_code":"03-200.M"},"scheduled_value":"-20000.0",
      "work_completed_this_period":"-20000.0","total_completed_and_stored_to_date":"-20000.0",
      "total_retainage_currently_retained":"-2000.0","total_retainage_from_previous_application":"0.0"}],
    "created_at":"2026-03-07T11:00:00Z","updated_at":"2026-03-07T11:59:00Z"}"#
        .to_owned()
}

fn world(files: &BTreeMap<&'static str, String>) -> World {
    World::new(files, ProcoreConfig::default(), SourceOptions::default())
}

fn prime(fetched: &Fetched) -> &PrimeContract {
    match found(fetched) {
        Document::PrimeContract(contract) => contract,
        other => panic!("{other:?}"),
    }
}

fn invoice(fetched: &Fetched) -> &OwnerInvoice {
    match found(fetched) {
        Document::OwnerInvoice(invoice) => invoice,
        other => panic!("{other:?}"),
    }
}

fn text(money: Option<Money>) -> String {
    money.map(|money| money.to_string()).unwrap_or_default()
}

async fn since(world: &World, cursor: &str) -> Vec<String> {
    let changes = world.source.changes(Some(&Cursor(format!(r#"{{"time":"{cursor}"}}"#)))).await.unwrap();
    changes.changes.iter().map(|change| change.document.to_string()).collect()
}

#[tokio::test]
async fn a_prime_contract_is_whole_with_its_change_orders() {
    // given a contract of which the list shows no lines
    let world = world(&owner_files());
    world.source.parts().await.unwrap();
    let fetched = world.part("project/101/prime_contracts").await.unwrap();
    // then it is there to the cent, and only approved change orders have lines
    let [fetched] = fetched.as_slice() else { panic!() };
    let contract = prime(fetched);
    assert_eq!((contract.number.as_str(), contract.title.as_str()), ("PC-1", "Clinic & garage"));
    assert_eq!(contract.owner.as_ref().unwrap().name, "Lakeview Health");
    assert_eq!((contract.project_number.as_deref(), contract.deleted), (Some("2026-014"), false));
    assert_eq!([text(contract.original_sum), text(contract.approved_changes)], ["1000000.00", "30000.00"]);
    assert_eq!(contract.sum_to_date().unwrap().to_string(), "1030000.00");
    let orders: Vec<_> =
        contract.change_orders.iter().map(|o| (o.package.as_ref().unwrap().as_str(), o.lines.len())).collect();
    assert_eq!(orders, [("671", 1), ("672", 1), ("673", 0)]);
    // and a line of v2.0, which names only its budget code, is coded as the contract's line with the same one
    assert_eq!(contract.change_orders[0].lines[0].codes, contract.lines[0].codes);
    assert_eq!(contract.lines[0].codes.cost_type.as_deref(), Some("S"));
    // and packages, which are the same change orders once more, were not read
    assert!(!world.asked().iter().any(|path| path.contains("change_order_packages")));
    assert_eq!(found(&world.fetch("prime_contract/101.601").await), found(fetched));
}

#[tokio::test]
async fn where_there_are_only_packages_those_of_the_owner_are_the_change_orders() {
    // given three tiers on the owner's side, and packages of both sides
    let mut files = owner_files();
    files.remove("prime_change_orders");
    let package = |id: u32, contract: u32, kind: &str, amount: &str| {
        format!(
            r#"{{"id":{id},"contract_id":{contract},"type":"{kind}","number":"{id}","status":"approved","grand_total":"{amount}",
            "project":{{"id":101}},"line_items":[{{"id":{},"total_amount":"{amount}",{LINE}}}],"updated_at":"2026-03-07T11:59:30Z"}}"#,
            id + 100
        )
    };
    let packages = [
        package(671, 601, "PrimeContractChangeOrder", "9.0"),
        package(455, 201, "CommitmentContractChangeOrder", "8.0"),
    ];
    files.insert("change_order_packages", format!("[{}]", packages.join(",")));
    let world = world(&files);
    world.source.parts().await.unwrap();
    // then each side has its own, once, alone as in the snapshot
    let listed = world.part("project/101/prime_contracts").await.unwrap();
    assert_eq!(prime(&listed[0]).sum_to_date().unwrap().to_string(), "1000009.00");
    assert_eq!(prime(&listed[0]).change_orders.len(), 1);
    assert_eq!(found(&world.fetch("prime_contract/101.601").await), found(&listed[0]));
    let commitments = world.part("project/101/commitments").await.unwrap();
    assert_eq!(commitment(&commitments[0]).change_orders.len(), 2);
    // and a change of the package is one of its contract; the commitments' own are of the newer form
    assert!(since(&world, "2026-03-07T11:59:00Z").await.contains(&"prime_contract/101.601".to_owned()));
}

#[tokio::test]
async fn an_owner_invoice_carries_what_the_one_before_held() {
    // given application 4, whose predecessor is known only by its number
    let world = world(&owner_files());
    for part in world.source.parts().await.unwrap() {
        drop(world.part(&part.0).await.unwrap());
    }
    world.asked();
    let fetched = world.part("project/101/owner_invoices").await.unwrap();
    let [third, fourth] = fetched.as_slice() else { panic!() };
    let (third, fourth) = (invoice(third), invoice(fourth));
    assert_eq!((third.previous.as_ref(), fourth.previous.as_ref().unwrap().as_str()), (None, "803"));
    assert_eq!((fourth.contract_number.as_str(), fourth.number), ("PC-1", 4));
    assert_eq!(fourth.period_end, "2026-02-28".parse().ok());
    assert_eq!(fourth.billing_date, fourth.period_end);
    assert_eq!(fourth.updated_at.unwrap().to_rfc3339(), "2026-03-07T11:59:00+00:00");
    // then each row says what it bills
    let rows: Vec<_> = fourth
        .lines
        .iter()
        .map(|line| {
            (line.sov_line.as_ref().map(|id| id.as_str()), line.change_order_package.as_ref().map(|p| p.as_str()))
        })
        .collect();
    assert_eq!(rows, [(Some("611"), None), (Some("631"), Some("671")), (None, Some("672"))]);
    assert_eq!(fourth.lines[0].description, "Building");
    assert_eq!(fourth.lines[0].codes.cost_type.as_deref(), Some("S"));
    assert_eq!(fourth.lines[2].codes.cost_code.as_deref(), Some("03-200"));
    // and gross 140,000.00 less 13,000.00 withheld is the 127,000.00 that the header asks for
    let (mut gross, mut withheld) = (Money::zero(fourth.currency), Money::zero(fourth.currency));
    for line in &fourth.lines {
        let held = line.retainage.held.unwrap();
        gross = gross.plus(line.work_this_period).unwrap().plus(line.stored).unwrap();
        gross = gross.minus(line.stored_previous).unwrap();
        withheld = withheld.plus(held.after).unwrap().minus(held.before).unwrap();
    }
    assert_eq!([gross.to_string(), withheld.to_string()], ["140000.00", "13000.00"]);
    assert_eq!(gross.minus(withheld).ok(), fourth.summary.current_payment_due);
    assert_eq!(fourth.lines[0].stored_previous.to_string(), "10000.00");
    assert_eq!(fourth.lines[0].retainage.stored_held_previous.to_string(), "500.00");
    assert_eq!(text(fourth.summary.previous_certificates), "369500.00");
}

#[tokio::test]
async fn owner_invoices_are_the_same_alone_and_many_at_once() {
    let world = world(&owner_files());
    world.source.parts().await.unwrap();
    let whole = world.part("project/101/owner_invoices").await.unwrap();
    let fresh = self::world(&owner_files());
    for listed in &whole {
        assert_eq!(found(&fresh.fetch(&listed.key().to_string()).await), found(listed));
    }
    assert!(matches!(fresh.fetch("owner_invoice/101.999").await, Fetched::Gone(_)));
    assert!(matches!(fresh.fetch("prime_contract/101.999").await, Fetched::Gone(_)));
    let keys: Vec<DocumentKey> = ["804", "999", "803", "804", "998", "997"]
        .iter()
        .map(|id| format!("owner_invoice/101.{id}").parse().unwrap())
        .collect();
    let many = fresh.source.fetch_many(&keys).await.unwrap();
    assert_eq!(many.iter().map(Fetched::key).collect::<Vec<_>>(), keys);
    assert_eq!((invoice(&many[0]).number, invoice(&many[2]).number), (4, 3));
    assert!(matches!(many[1], Fetched::Gone(_)));
    let keys: Vec<DocumentKey> =
        ["601", "1", "2", "3", "4"].iter().map(|id| format!("prime_contract/101.{id}").parse().unwrap()).collect();
    let many = fresh.source.fetch_many(&keys).await.unwrap();
    assert_eq!((prime(&many[0]).number.as_str(), many[1].key()), ("PC-1", keys[1].clone()));
}

#[tokio::test]
async fn changes_of_the_owner_side_are_found_without_a_filter() {
    let world = world(&owner_files());
    let last_minute = since(&world, "2026-03-07T11:59:00Z").await;
    assert!(last_minute.contains(&"owner_invoice/101.804".to_owned()), "{last_minute:?}");
    assert!(!last_minute.iter().any(|key| key == "owner_invoice/101.803" || key.starts_with("prime_contract/")));
    // a change order changes its contract
    let all = since(&world, "2026-02-28T00:00:00Z").await;
    let at = |key: &str| all.iter().position(|found| found == key).unwrap();
    assert!(at("prime_contract/101.601") < at("owner_invoice/101.804"));
    // and nothing of it is asked for where it is not wanted
    let world = World::new(&owner_files(), ProcoreConfig::default(), SourceOptions::default().without_owner_side());
    assert!(!since(&world, "2026-01-01T00:00:00Z").await.iter().any(|key| key.starts_with("owner_invoice/")));
    assert!(!world.asked().iter().any(|path| path.contains("payment_applications") || path.contains("prime_change")));
}

#[tokio::test]
async fn after_a_bad_owner_invoice_the_next_one_is_not_guessed() {
    for (from, to, first) in [
        (r#""materials_presently_stored":"10000.0""#, r#""materials_presently_stored":"?""#, "g703[0].materials"),
        (r#""number":3"#, r#""number":"three""#, "number cannot be read: `three`"),
    ] {
        let mut files = owner_files();
        let edited = files["payment_applications"].replacen(from, to, 1);
        files.insert("payment_applications", edited);
        let world = world(&files);
        world.source.parts().await.unwrap();
        let fetched = world.part("project/101/owner_invoices").await.unwrap();
        let bad = unreadable(&fetched[0]);
        assert!(bad.text.contains(first), "{}", bad.text);
        assert_eq!(bad.amount.unwrap().to_string(), "369500.00");
        let next = unreadable(&fetched[1]);
        assert_eq!((next.key.to_string().as_str(), next.label.as_str()), ("owner_invoice/101.804", "PA-4"));
        assert!(next.text.contains("cannot be read"), "{}", next.text);
    }
}

#[tokio::test]
async fn a_sum_that_cannot_be_read_stops_the_contract_and_not_its_owner() {
    let mut files = owner_files();
    let edited = files["prime_contracts"].replace(r#""grand_total":"1000000.0""#, r#""grand_total":"a lot""#);
    files.insert("prime_contracts", edited);
    let world = world(&files);
    world.source.parts().await.unwrap();
    let projects = world.part("projects").await.unwrap();
    assert_eq!(project(&projects[0]).owner.as_ref().unwrap().name, "Lakeview Health");
    let contract = world.part("project/101/prime_contracts").await.unwrap();
    assert!(unreadable(&contract[0]).text.contains("grand_total cannot be read"));
    let invoices = world.part("project/101/owner_invoices").await.unwrap();
    assert!(unreadable(&invoices[0]).text.contains("its contract cannot be read: PC-1"), "{:?}", invoices[0]);
}

#[tokio::test]
async fn a_project_without_the_tool_has_empty_parts_and_a_refused_one_is_an_error() {
    for status in [403, 404] {
        for permitted in [true, false] {
            let mut script =
                Script::default().on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#);
            for path in ["/rest/v1.0/prime_contracts", "/rest/v1.0/payment_applications"] {
                script = script.answer(path, &[], status, &[], r#"{"errors":["Forbidden"]}"#);
            }
            if permitted {
                script = script.on("/rest/v1.0/projects/101", r#"{"id":101,"name":"Clinic"}"#);
            }
            let (_, procore) = scripted(script);
            let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
            for name in ["prime_contracts", "owner_invoices"] {
                let part = Part(format!("project/101/{name}"));
                let read: Result<Vec<_>, _> = source.snapshot(&part).try_collect().await;
                match read {
                    Ok(pages) => assert!((permitted || status == 404) && pages.iter().all(Vec::is_empty)),
                    Err(error) => {
                        assert!(!permitted && status == 403, "{status} {permitted}: {error}");
                        assert_eq!(error.kind(), sync_core::ErrorKind::NotAuthorised);
                    }
                }
            }
            // one that is asked for by its key is never called gone for 403
            let one = source.fetch(&"owner_invoice/101.801".parse().unwrap()).await;
            assert_eq!(one.is_ok(), status == 404);
        }
    }
}
