//! What QuickBooks Online sends: answers, entities, faults, webhooks.

use quickbooks_online::webhook::{self as hook, Verifier};
use quickbooks_online::wire::{
    Account, Bill, Class, CompanyInfo, Customer, Item, JournalEntry, Preferences, PurchaseOrder, Term, Vendor,
    VendorCredit, Wire,
};
use quickbooks_online::{BatchItem, Books, Entity, Fault, Object, Query, QuickBooksSink, Record, SinkOptions, Verdict};
use serde_json::value::RawValue;
use sync_core::connector::Sink;
use sync_core::http::Secret;

use crate::world::{Echo, block_on, noon, quickbooks};
use crate::{head, status};

/// Answers of every kind of call: batch, query, read, changes, and the sink's first load. Input: status, content type,
/// body.
pub fn answer(data: &[u8]) {
    let ([code, kind], body) = head::<2>(data);
    let echo = || Echo::new(status(code), &[("content-type", kind)], body, 6);
    let create: Box<RawValue> = RawValue::from_string("{}".to_owned()).expect("an object");
    block_on(async {
        let client = quickbooks(echo());
        let query = Query::new(Entity::Bill);
        let items = [BatchItem::Query(&query), BatchItem::Create(Entity::Bill, &create)];
        if let Ok(answer) = client.batch(&items, Some("1")).await {
            assert_eq!(answer.value.len(), items.len(), "a result for each item");
        }
        let _ = client.page(&query).await;
        let _ = client.query::<PurchaseOrder>(&query).await;
        let _ = client.get::<Bill>("1").await;
        let _ = client.cdc(&[Entity::Bill, Entity::PurchaseOrder], noon()).await;
        let sink = QuickBooksSink::new(quickbooks(echo()), SinkOptions::default());
        if sink.begin().await.is_ok() {
            let _ = sink.directory().await;
        }
        if let Ok(books) = Books::new(quickbooks(echo())).load().await {
            let _ = format!("{books:?}");
        }
    });
}

/// One object, as each entity, and its text kept as it is.
pub fn entity(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(raw) = RawValue::from_string(text.to_owned()) else { return };
    read::<Bill>(&raw);
    read::<PurchaseOrder>(&raw);
    read::<VendorCredit>(&raw);
    read::<Vendor>(&raw);
    read::<Customer>(&raw);
    read::<Account>(&raw);
    read::<Class>(&raw);
    read::<CompanyInfo>(&raw);
    read::<Item>(&raw);
    read::<JournalEntry>(&raw);
    read::<Preferences>(&raw);
    read::<Term>(&raw);
    if let Ok(object) = Object::read(&raw) {
        let written = object.to_raw().expect("what was read can be written");
        let again = Object::read(&written).expect("what was written can be read");
        let members = |object: &Object<'_>| -> Vec<(String, String)> {
            object.iter().map(|(name, value)| (name.to_owned(), value.get().to_owned())).collect()
        };
        assert_eq!(members(&object), members(&again), "a member was lost or changed");
    }
}

fn read<T: Wire + Clone + PartialEq + std::fmt::Debug>(raw: &RawValue) {
    match Record::<T>::read(raw.to_owned()) {
        Ok(record) => {
            assert_eq!(record.raw().get(), raw.get(), "the text was not kept");
            let entity = record.into_entity();
            let written = serde_json::to_string(&entity).expect("an entity can be written");
            serde_json::from_str::<T>(&written).expect("what was written can be read");
        }
        Err(error) => drop(error.to_string()),
    }
}

/// Faults in all their shapes. Input: content type, body.
pub fn fault(data: &[u8]) {
    let ([kind], body) = head::<1>(data);
    for kind in [std::str::from_utf8(kind).ok(), None] {
        if let Some(fault) = Fault::find(kind, body) {
            assert!(!fault.to_string().is_empty(), "a fault without a word");
            let _ = (Verdict::of(&fault), Verdict::cause_of_missing(&fault));
        }
    }
}

/// A delivery: never read without its signature.
pub fn webhook(data: &[u8]) {
    let ([signature], body) = head::<1>(data);
    let verifier = Verifier::new(Secret::new("verifier"));
    let signature = std::str::from_utf8(signature).ok();
    let genuine = signature.is_some_and(|signature| verifier.is_genuine(signature, body));
    assert!(genuine || verifier.open(signature, body).is_err(), "a forged delivery was read");
    if let Ok(delivery) = hook::read(body) {
        for event in &delivery.events {
            assert!(!event.id.is_empty() && !event.realm.is_empty(), "an event of nothing");
        }
    }
}
