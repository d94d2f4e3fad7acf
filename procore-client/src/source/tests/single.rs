//! Single documents, and some at a time.

use super::*;
use crate::double::{Script, scripted};

#[tokio::test]
async fn each_kind_is_found_alone_as_in_the_snapshot() {
    let world = World::small();
    let mut whole = Vec::new();
    for part in world.source.parts().await.unwrap() {
        whole.extend(world.part(&part.0).await.unwrap());
    }
    // given a source that knows nothing yet
    let fresh = World::small();
    for listed in &whole {
        if let Fetched::Found(listed) = listed
            && !matches!(&**listed, Document::Commitment(commitment) if commitment.deleted)
        {
            let alone = fresh.fetch(&listed.key().to_string()).await;
            assert_eq!(found(&alone), &**listed);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_gone_and_what_is_inactive_is_not() {
    let world = World::small();
    for gone in ["vendor/999", "project/999", "commitment/101.999", "pay_app/101.999", "commitment/101.203"] {
        assert!(matches!(world.fetch(gone).await, Fetched::Gone(key) if key.to_string() == gone), "{gone}");
    }
    let inactive = world.fetch("vendor/302").await;
    assert_eq!((vendor(&inactive).active, vendor(&inactive).name.as_str()), (false, "Gone Ltd"));
    assert!(!project(&world.fetch("project/102").await).active);
}

#[tokio::test]
async fn keys_that_are_none_of_ours_are_errors() {
    let world = World::small();
    for odd in ["customer/Lakeview", "payment/101.1", "commitment/201", "pay_app/701", "owner_invoice/801"] {
        let error = world.source.fetch(&odd.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.document().unwrap().to_string(), odd);
        assert!(world.source.fetch_many(&[odd.parse().unwrap()]).await.is_err());
    }
}

async fn many(keys: &[&str]) -> (Vec<Fetched>, Vec<String>) {
    let world = World::small();
    let keys: Vec<DocumentKey> = keys.iter().map(|key| key.parse().unwrap()).collect();
    let fetched = world.source.fetch_many(&keys).await.unwrap();
    let answered: Vec<DocumentKey> = fetched.iter().map(Fetched::key).collect();
    assert_eq!(answered, keys);
    (fetched, world.asked())
}

#[tokio::test]
async fn few_keys_are_asked_for_one_by_one_and_many_as_a_list() {
    let (fetched, asked) = many(&["pay_app/101.702", "commitment/101.251", "vendor/301", "project/101"]).await;
    assert!(fetched.iter().all(|fetched| matches!(fetched, Fetched::Found(_))));
    assert!(!asked.iter().any(|path| path.ends_with("/requisitions") || path.ends_with("_contracts/")));

    // given more than four of one kind and project, some of them twice, some gone, and others between them
    let keys = [
        "commitment/101.251",
        "commitment/101.999",
        "vendor/301",
        "commitment/101.201",
        "commitment/101.203",
        "commitment/101.202",
        "commitment/101.251",
    ];
    let (fetched, asked) = many(&keys).await;
    assert_eq!(commitment(&fetched[0]).number, "PO-1");
    assert!(matches!(fetched[1], Fetched::Gone(_)));
    assert_eq!(commitment(&fetched[3]).change_orders.len(), 2);
    // the list knows deleted ones, which alone are gone
    assert!(commitment(&fetched[4]).deleted);
    assert_eq!(asked.iter().filter(|path| path.ends_with("/work_order_contracts")).count(), 1);
    assert!(asked.iter().any(|path| path.ends_with("/work_order_contracts/999")));

    let (fetched, asked) =
        many(&["pay_app/101.702", "pay_app/101.1", "pay_app/101.701", "pay_app/101.702", "pay_app/101.2"]).await;
    assert_eq!(pay_app(&fetched[0]).lines[0].stored_previous.to_string(), "30000.00");
    assert!(matches!(fetched[1], Fetched::Gone(_)) && matches!(fetched[4], Fetched::Gone(_)));
    assert_eq!(asked.iter().filter(|path| path.ends_with("/requisitions")).count(), 1);

    let (fetched, asked) = many(&["vendor/301", "vendor/302", "vendor/303", "vendor/304", "vendor/5"]).await;
    assert!(!vendor(&fetched[1]).active && vendor(&fetched[2]).not_paid);
    assert!(matches!(fetched[4], Fetched::Gone(_)));
    assert_eq!(asked.iter().filter(|path| path.ends_with("/vendors")).count(), 1);

    let (fetched, _) = many(&["project/101", "project/102", "project/1", "project/2", "project/3"]).await;
    assert!(!project(&fetched[1]).active && matches!(fetched[2], Fetched::Gone(_)));
}

#[tokio::test]
async fn a_pay_app_on_a_commitment_that_cannot_be_seen_says_so() {
    // given a pay app whose commitment is 404 as either kind, and one whose commitment cannot be read
    for (contract, says) in [
        (None, "its commitment (id 201) is not there"),
        (
            Some(r#"{"id":201,"line_items":[{"id":1,"amount":"?"}]}"#),
            "its commitment cannot be read: id 201: line_items[0]",
        ),
    ] {
        let app = r#"{"id":701,"commitment_id":201,"contract_name":"SC-1 - Steel","number":1,"items":[]}"#;
        let mut script = Script::default()
            .on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#)
            .on("/rest/v1.1/requisitions/701", app);
        if let Some(contract) = contract {
            script = script.on("/rest/v1.0/work_order_contracts/201", contract);
        }
        let (script, procore) = scripted(script);
        let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
        let fetched = source.fetch(&"pay_app/101.701".parse().unwrap()).await.unwrap();
        let bad = unreadable(&fetched);
        assert!(bad.text.contains(says), "{}", bad.text);
        assert_eq!(bad.label, "SC-1 - Steel/1");
        assert_eq!(script.asked().iter().any(|path| path.contains("purchase_order_contracts")), contract.is_none());
    }
}

#[tokio::test]
async fn what_is_held_is_read_from_the_detail_where_that_is_wanted() {
    let options = SourceOptions::default().with_retainage_detail();
    let world = World::new(&files(), ProcoreConfig::default(), options);
    world.fetch("pay_app/101.701").await;
    assert!(world.asked().iter().any(|path| path.ends_with("/requisitions/701/detail")));
    let world = World::small();
    world.fetch("pay_app/101.701").await;
    assert!(!world.asked().iter().any(|path| path.ends_with("/detail")));
}

#[tokio::test]
async fn lists_that_others_refer_to_are_kept_for_a_while() {
    let world = World::small();
    let read = async || {
        world.fetch("commitment/101.201").await;
        world.asked().iter().filter(|path| path.ends_with("/cost_codes")).count()
    };
    assert_eq!(read().await, 1);
    assert_eq!(read().await, 1);
    world.sandbox.clock.advance(std::time::Duration::from_secs(16 * 60));
    assert_eq!(read().await, 2);
    world.source.parts().await.unwrap();
    assert_eq!(read().await, 3);
}
