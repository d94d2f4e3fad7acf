//! What the company holds, with the indexes that the rules need.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::clock;
use super::entities::{Family, Type};
use super::lines;
use super::names;
use super::shape::{money, normalize};
use crate::book::Book;
use crate::json::{Json, Object, object};

/// An id that sorts as the number it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdKey(String);

impl IdKey {
    pub(super) fn new(id: &str) -> Self {
        Self(id.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for IdKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for IdKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A live entity.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) json: Json,
    /// `MetaData.LastUpdatedTime`: whole seconds, as it is shown.
    pub(super) updated: DateTime<Utc>,
}

/// What is left of a deleted transaction.
#[derive(Debug)]
pub(super) struct Tombstone {
    pub(super) kind: Type,
    pub(super) id: String,
    pub(super) at: DateTime<Utc>,
}

// A list entity whose id is larger came from somewhere else than the counter (class ids have 19 digits).
const COUNTED: u64 = 1_000_000_000_000;

#[derive(Debug, Default)]
pub(super) struct Company {
    pub(super) realm: String,
    pub(super) currency: String,
    tables: BTreeMap<Type, BTreeMap<IdKey, Record>>,
    numbers: BTreeMap<(Type, String), BTreeSet<IdKey>>,
    names: BTreeMap<(u8, String), BTreeSet<(Type, IdKey)>>,
    last_ids: BTreeMap<u8, u64>,
    last_number: u64,
    pub(super) tombstones: Vec<Tombstone>,
    /// Created by an earlier item of the batch that is being worked: invisible to the others.
    pub(super) hidden: BTreeSet<(Type, IdKey)>,
    /// Matched to a line of a bank statement.
    pub(super) matched: BTreeSet<(Type, IdKey)>,
    /// Purchase orders that closed because they were billed in full.
    pub(super) closed_by_bills: BTreeSet<IdKey>,
}

impl Company {
    pub(super) fn from_book(book: &Book) -> Self {
        let mut company = Self {
            realm: book.facts.realm_id.clone(),
            currency: book.facts.currency.clone(),
            last_number: 1000,
            ..Self::default()
        };
        for kind in Type::ALL {
            for json in book.quickbooks(kind.name()) {
                company.load(kind, json.clone());
            }
        }
        names::fill_paths(&mut company);
        company.fill_singletons(book);
        company
    }

    fn load(&mut self, kind: Type, mut json: Json) {
        let Some(id) = json.get("Id").and_then(Json::as_id).map(str::to_owned) else { return };
        let token = json.get("SyncToken").and_then(Json::as_id).unwrap_or("0").to_owned();
        json.set("Id", id.as_str());
        json.set("SyncToken", token);
        json.set("domain", "QBO");
        json.set("sparse", false);
        if let Some(members) = json.as_object_mut() {
            normalize(kind.entity().shape, members);
        }
        if kind.is_list() && json.get("Active").is_none() {
            json.set("Active", true);
        }
        fill_amounts(kind, &mut json);
        let stamp = json.at(&["MetaData", "LastUpdatedTime"]).and_then(Json::as_str).and_then(clock::instant);
        let updated = stamp.unwrap_or(DateTime::UNIX_EPOCH);
        if stamp.is_none() {
            let at = clock::seconds(updated);
            json.set("MetaData", object([("CreateTime", at.as_str().into()), ("LastUpdatedTime", at.into())]));
        }
        self.put(kind, &id, json, updated);
    }

    // A book may leave out both singletons, but no company is without.
    fn fill_singletons(&mut self, book: &Book) {
        let at = clock::seconds(DateTime::UNIX_EPOCH);
        let base = || {
            object([
                ("domain", "QBO".into()),
                ("sparse", false.into()),
                ("Id", "1".into()),
                ("SyncToken", "0".into()),
                ("MetaData", object([("CreateTime", at.as_str().into()), ("LastUpdatedTime", at.as_str().into())])),
            ])
        };
        if self.all(Type::CompanyInfo).next().is_none() {
            let mut info = base();
            info.set("CompanyName", book.facts.name.as_str());
            info.set("LegalName", book.facts.name.as_str());
            info.set("Country", "US");
            let sku = object([("Name", "OfferingSku".into()), ("Value", "QuickBooks Online Plus".into())]);
            info.set("NameValue", vec![sku]);
            self.load(Type::CompanyInfo, info);
        }
        if self.all(Type::Preferences).next().is_none() {
            let mut preferences = base();
            let currency = object([
                ("HomeCurrency", object([("value", book.facts.currency.as_str().into())])),
                ("MultiCurrencyEnabled", false.into()),
            ]);
            preferences.set("AccountingInfoPrefs", object([("ClassTrackingPerTxnLine", true.into())]));
            preferences.set("SalesFormsPrefs", object([("CustomTxnNumbers", true.into())]));
            preferences.set("CurrencyPrefs", currency);
            let custom =
                object([("Name", "VendorAndPurchasesPrefs.UseCustomTxnNumbers".into()), ("Value", "true".into())]);
            preferences.set("OtherPrefs", object([("NameValue", vec![custom].into())]));
            self.load(Type::Preferences, preferences);
        }
        if let (None, Some(date)) = (self.closing_date(), &book.facts.closing_date) {
            self.set_closing_date(Some(date));
        }
    }

    fn table(&self, kind: Type) -> Option<&BTreeMap<IdKey, Record>> {
        self.tables.get(&kind)
    }

    /// All live entities of a type, by ascending id.
    pub(super) fn all(&self, kind: Type) -> impl Iterator<Item = (&IdKey, &Record)> {
        self.table(kind).into_iter().flatten()
    }

    /// An entity together with the key that the table holds.
    pub(super) fn entry(&self, kind: Type, key: &IdKey) -> Option<(&IdKey, &Record)> {
        self.table(kind)?.get_key_value(key)
    }

    pub(super) fn record(&self, kind: Type, id: &str) -> Option<&Record> {
        self.table(kind)?.get(&IdKey::new(id))
    }

    pub(super) fn get(&self, kind: Type, id: &str) -> Option<&Json> {
        self.record(kind, id).map(|record| &record.json)
    }

    pub(super) fn is_hidden(&self, kind: Type, key: &IdKey) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&(kind, key.clone()))
    }

    /// As [`get`](Self::get), but blind to what the batch in work has created.
    pub(super) fn seen(&self, kind: Type, id: &str) -> Option<&Json> {
        let key = IdKey::new(id);
        if self.is_hidden(kind, &key) {
            return None;
        }
        self.table(kind)?.get(&key).map(|record| &record.json)
    }

    /// A live entity, to change what no index holds.
    pub(super) fn edit(&mut self, kind: Type, id: &str) -> Option<&mut Json> {
        self.tables.get_mut(&kind)?.get_mut(&IdKey::new(id)).map(|record| &mut record.json)
    }

    /// All live entities of a type, to change what no index holds.
    pub(super) fn edit_all(&mut self, kind: Type) -> impl Iterator<Item = &mut Json> {
        self.tables.get_mut(&kind).into_iter().flat_map(|table| table.values_mut()).map(|record| &mut record.json)
    }

    pub(super) fn put(&mut self, kind: Type, id: &str, json: Json, updated: DateTime<Utc>) {
        let key = IdKey::new(id);
        self.unindex(kind, &key);
        if let Some(number) = number_of(&json) {
            self.numbers.entry((kind, number)).or_default().insert(key.clone());
        }
        if let Some(name) = unique_name(kind, &json) {
            self.names.entry(name).or_default().insert((kind, key.clone()));
        }
        if let Ok(number) = id.parse::<u64>()
            && number < COUNTED
        {
            let last = self.last_ids.entry(bucket(kind)).or_default();
            *last = number.max(*last);
        }
        if kind.is_sales_form()
            && let Some(number) = json.get("DocNumber").and_then(Json::as_str).and_then(|text| text.parse().ok())
            && number < COUNTED
        {
            self.last_number = self.last_number.max(number);
        }
        self.tables.entry(kind).or_default().insert(key, Record { json, updated });
    }

    pub(super) fn remove(&mut self, kind: Type, id: &str, at: DateTime<Utc>) -> Option<Json> {
        let key = IdKey::new(id);
        self.unindex(kind, &key);
        let record = self.tables.get_mut(&kind)?.remove(&key)?;
        self.tombstones.push(Tombstone { kind, id: id.to_owned(), at });
        Some(record.json)
    }

    fn unindex(&mut self, kind: Type, key: &IdKey) {
        let Some(old) = self.tables.get(&kind).and_then(|table| table.get(key)) else { return };
        if let Some(number) = number_of(&old.json) {
            let entry = (kind, number);
            if let Some(ids) = self.numbers.get_mut(&entry) {
                ids.remove(key);
                if ids.is_empty() {
                    self.numbers.remove(&entry);
                }
            }
        }
        if let Some(name) = unique_name(kind, &old.json)
            && let Some(owners) = self.names.get_mut(&name)
        {
            owners.remove(&(kind, key.clone()));
            if owners.is_empty() {
                self.names.remove(&name);
            }
        }
    }

    pub(super) fn was_deleted(&self, kind: Type, id: &str) -> bool {
        self.tombstones.iter().any(|tomb| tomb.kind == kind && tomb.id == id)
    }

    pub(super) fn next_id(&mut self, kind: Type) -> String {
        let last = self.last_ids.entry(bucket(kind)).or_default();
        *last += 1;
        last.to_string()
    }

    /// The next number of the company's own numbering.
    pub(super) fn next_number(&mut self) -> String {
        self.last_number += 1;
        self.last_number.to_string()
    }

    /// Ids of the transactions that carry this number, in any case.
    pub(super) fn numbered(&self, kind: Type, number: &str) -> impl Iterator<Item = &IdKey> {
        self.numbers.get(&(kind, number.trim().to_lowercase())).into_iter().flatten()
    }

    /// Another entity than `id` that has the unique name of `json`.
    pub(super) fn name_taken(&self, kind: Type, id: Option<&str>, json: &Json) -> bool {
        let Some(name) = unique_name(kind, json) else { return false };
        let Some(owners) = self.names.get(&name) else { return false };
        owners.iter().any(|(other, key)| *other != kind || Some(key.as_str()) != id)
    }

    /// SyncToken and time of the last change.
    pub(super) fn touch(&mut self, kind: Type, id: &str, now: DateTime<Utc>) {
        let Some(record) = self.tables.get_mut(&kind).and_then(|table| table.get_mut(&IdKey::new(id))) else { return };
        record.updated = whole_seconds(now);
        stamp(&mut record.json, now);
    }

    fn preferences(&self) -> Option<&Json> {
        self.all(Type::Preferences).next().map(|(_, record)| &record.json)
    }

    pub(super) fn preference(&self, path: [&str; 2]) -> Option<&Json> {
        self.preferences()?.at(&path)
    }

    /// An entry of `OtherPrefs`; the values are text.
    pub(super) fn other_preference(&self, name: &str) -> Option<&str> {
        let entries = self.preferences()?.at(&["OtherPrefs", "NameValue"])?.as_array()?;
        let entry = entries.iter().find(|entry| entry.get("Name").and_then(Json::as_str) == Some(name))?;
        entry.get("Value").and_then(Json::as_str)
    }

    pub(super) fn is_multi_currency(&self) -> bool {
        self.preference(["CurrencyPrefs", "MultiCurrencyEnabled"]).and_then(Json::as_bool) == Some(true)
    }

    pub(super) fn closing_date(&self) -> Option<NaiveDate> {
        clock::date(self.preference(["AccountingInfoPrefs", "BookCloseDate"])?.as_str()?)
    }

    pub(super) fn set_closing_date(&mut self, date: Option<&str>) {
        let Some(preferences) = self.edit_all(Type::Preferences).next() else { return };
        if preferences.get("AccountingInfoPrefs").is_none() {
            preferences.set("AccountingInfoPrefs", Object::new());
        }
        let section = preferences.as_object_mut().and_then(|members| members.get_mut("AccountingInfoPrefs"));
        let Some(section) = section.and_then(Json::as_object_mut) else { return };
        match date {
            Some(date) => section.insert("BookCloseDate".to_owned(), date.into()),
            None => section.shift_remove("BookCloseDate"),
        };
    }

    pub(super) fn account_type(&self, id: &str) -> Option<&str> {
        self.get(Type::Account, id)?.get("AccountType")?.as_str()
    }

    /// The account that the company uses where a transaction names none.
    pub(super) fn default_account(&self, preference: Option<&str>, member: &str, value: &str) -> Option<String> {
        let preferred = preference
            .and_then(|name| self.preference(["AccountingInfoPrefs", name]))
            .and_then(|reference| reference.get("value"))
            .and_then(Json::as_id)
            .filter(|id| self.get(Type::Account, id).is_some());
        if let Some(id) = preferred {
            return Some(id.to_owned());
        }
        let mut accounts = self.all(Type::Account);
        let found = accounts.find(|(_, record)| {
            record.json.get(member).and_then(Json::as_str) == Some(value)
                && record.json.get("Active").and_then(Json::as_bool) != Some(false)
        });
        found.map(|(key, _)| key.as_str().to_owned())
    }

    pub(super) fn payables(&self) -> Option<String> {
        self.default_account(Some("DefaultAPAccount"), "AccountType", "Accounts Payable")
    }

    pub(super) fn receivables(&self) -> Option<String> {
        self.default_account(Some("DefaultARAccount"), "AccountType", "Accounts Receivable")
    }

    pub(super) fn undeposited_funds(&self) -> Option<String> {
        self.default_account(None, "AccountSubType", "UndepositedFunds")
    }
}

// A book may leave out what follows from the lines.
fn fill_amounts(kind: Type, json: &mut Json) {
    if !kind.is_transaction() {
        return;
    }
    if json.get("TotalAmt").and_then(Json::as_decimal).is_none() {
        let total = lines::total(kind, json);
        json.set("TotalAmt", money(total));
    }
    let total = lines::amount(json, "TotalAmt");
    let open = json.get("Balance").and_then(Json::as_decimal);
    match kind {
        Type::Bill | Type::VendorCredit | Type::Invoice if open.is_none() => json.set("Balance", money(total)),
        Type::CreditMemo if json.get("RemainingCredit").is_none() => {
            json.set("RemainingCredit", money(open.unwrap_or(total)));
        }
        _ => {}
    }
}

/// Raises the SyncToken and sets the time of the last change.
pub(super) fn stamp(json: &mut Json, now: DateTime<Utc>) {
    let token = json.get("SyncToken").and_then(Json::as_id).and_then(|text| text.parse::<u64>().ok());
    json.set("SyncToken", token.map_or(0, |token| token + 1).to_string());
    let at = clock::seconds(now);
    if json.get("MetaData").is_none_or(|meta| meta.as_object().is_none()) {
        json.set("MetaData", object([("CreateTime", at.as_str().into())]));
    }
    if let Some(meta) = json.as_object_mut().and_then(|members| members.get_mut("MetaData")) {
        meta.set("LastUpdatedTime", at);
    }
}

pub(super) fn whole_seconds(now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
}

fn number_of(json: &Json) -> Option<String> {
    let number = json.get("DocNumber").and_then(Json::as_str)?.trim();
    if number.is_empty() { None } else { Some(number.to_lowercase()) }
}

// Ids are unique per name space, not per company: an item and a vendor may share one.
fn bucket(kind: Type) -> u8 {
    match kind.entity().family {
        Family::Transaction => 0,
        Family::Name => 1,
        _ => 2 + kind as u8,
    }
}

// Customers, vendors and employees share their names; items are unique by name, the rest by their full path.
fn unique_name(kind: Type, json: &Json) -> Option<(u8, String)> {
    let key = match kind.entity().family {
        Family::Name => "DisplayName",
        Family::List if matches!(kind, Type::Item | Type::Term) => "Name",
        Family::List => "FullyQualifiedName",
        _ => return None,
    };
    let name = json.get(key).or_else(|| json.get("Name"))?.as_str()?;
    Some((bucket(kind), name.to_lowercase()))
}
