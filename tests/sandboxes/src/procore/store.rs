//! The records of the company, and how a book becomes them.

use std::collections::{BTreeMap, HashMap, HashSet};

use indexmap::IndexMap;

use crate::book::Book;
use crate::json::{Json, Object, object};

/// Tables whose rows others hang on; loaded first, so that a change order finds the project of its contract.
const CONTRACTS: [&str; 3] = ["work_order_contracts", "purchase_order_contracts", "prime_contracts"];

/// Members that a change order of the new name shares with the package behind it.
const SHARED_WITH_PACKAGE: [&str; 17] = [
    "contract_id",
    "number",
    "revision",
    "title",
    "description",
    "status",
    "grand_total",
    "executed",
    "private",
    "due_date",
    "invoiced_date",
    "paid_date",
    "reviewed_at",
    "signed_change_order_received_date",
    "schedule_impact_amount",
    "updated_at",
    "currency_configuration",
];

/// One record.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) body: Json,
    pub(super) project: Option<String>,
    /// The contract it belongs to.
    pub(super) parent: Option<String>,
    /// Deleted without a trace. A record that is only marked has `deleted_at` instead.
    pub(super) gone: bool,
}

impl Row {
    pub(super) fn marked_deleted(&self) -> bool {
        self.body.get("deleted_at").is_some_and(|at| !at.is_null())
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Json::as_str)
    }
}

/// The records of one resource, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: IndexMap<String, Row>,
    by_project: HashMap<String, Vec<usize>>,
    by_parent: HashMap<String, Vec<usize>>,
    origins: HashMap<String, String>,
}

impl Table {
    pub(super) fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id).filter(|row| !row.gone)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().filter(|(_, row)| !row.gone).map(|(id, row)| (id.as_str(), row))
    }

    pub(super) fn of_project<'a>(&'a self, project: &str) -> impl Iterator<Item = (&'a str, &'a Row)> {
        self.at(self.by_project.get(project))
    }

    pub(super) fn of_parent<'a>(&'a self, parent: &str) -> impl Iterator<Item = (&'a str, &'a Row)> {
        self.at(self.by_parent.get(parent))
    }

    fn at<'a>(&'a self, positions: Option<&'a Vec<usize>>) -> impl Iterator<Item = (&'a str, &'a Row)> {
        positions
            .into_iter()
            .flatten()
            .filter_map(|at| self.rows.get_index(*at))
            .filter(|(_, row)| !row.gone)
            .map(|(id, row)| (id.as_str(), row))
    }

    fn insert(&mut self, id: String, row: Row) {
        if let Some(origin) = row.text("origin_id") {
            self.origins.insert(origin.to_owned(), id.clone());
        }
        let (project, parent) = (row.project.clone(), row.parent.clone());
        let (position, replaced) = self.rows.insert_full(id, row);
        if replaced.is_some() {
            return;
        }
        if let Some(project) = project {
            self.by_project.entry(project).or_default().push(position);
        }
        if let Some(parent) = parent {
            self.by_parent.entry(parent).or_default().push(position);
        }
    }

    /// Whether another record carries this origin id.
    pub(super) fn origin_taken(&self, origin: &str, by_other_than: &str) -> bool {
        self.origins.get(origin).is_some_and(|holder| holder != by_other_than)
    }

    /// Changes a record and keeps the register of origin ids in step. `None` where there is no such record.
    pub(super) fn change<T>(&mut self, id: &str, change: impl FnOnce(&mut Json) -> T) -> Option<T> {
        let row = self.rows.get_mut(id).filter(|row| !row.gone)?;
        let before = row.text("origin_id").map(str::to_owned);
        let outcome = change(&mut row.body);
        let after = row.text("origin_id").map(str::to_owned);
        if before != after {
            if let Some(before) = before
                && self.origins.get(&before).is_some_and(|holder| holder == id)
            {
                self.origins.remove(&before);
            }
            if let Some(after) = after {
                self.origins.insert(after, id.to_owned());
            }
        }
        Some(outcome)
    }

    /// Takes a record away for good.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some(row) = self.rows.get_mut(id).filter(|row| !row.gone) else { return false };
        row.gone = true;
        if let Some(origin) = row.text("origin_id") {
            let origin = origin.to_owned();
            self.origins.remove(&origin);
        }
        true
    }
}

/// Everything that the company holds.
#[derive(Debug, Default)]
pub(super) struct Store {
    tables: BTreeMap<String, Table>,
    empty: Table,
    /// What the caller may not see, as (resource, id).
    pub(super) hidden: HashSet<(String, String)>,
    last_id: u64,
}

impl Store {
    pub(super) fn from_book(book: &Book) -> Self {
        let mut store = Self { last_id: 598_134_400_000_000, ..Self::default() };
        for name in CONTRACTS {
            store.load(name, book);
        }
        for name in book.procore.keys().filter(|name| !CONTRACTS.contains(&name.as_str())) {
            store.load(name, book);
        }
        for (name, kind) in [
            ("commitment_change_orders", "CommitmentContractChangeOrder"),
            ("prime_change_orders", "PrimeContractChangeOrder"),
        ] {
            store.complete_packages(name, kind);
        }
        if store.table("companies").rows.is_empty() {
            store.insert(
                "companies",
                object([
                    ("id", id_json(&book.facts.procore_company_id)),
                    ("name", book.facts.name.as_str().into()),
                    ("is_active", true.into()),
                    ("logo_url", Json::Null),
                    ("pcn_business_experience", false.into()),
                    ("my_company", true.into()),
                ]),
            );
        }
        store
    }

    fn load(&mut self, name: &str, book: &Book) {
        for record in book.procore(name) {
            let mut body = record.clone();
            if name == "payment_applications" {
                as_owner_invoice(&mut body);
            }
            self.insert(name, body);
        }
    }

    /// A book may hold a change order only under its new name; the package behind it, which carries the origin ids and
    /// which requisitions refer to, then follows from it.
    pub(super) fn complete_packages(&mut self, name: &str, kind: &str) {
        let mut packages = Vec::new();
        for (_, row) in self.table(name).rows() {
            let Some(package) = row.body.get("legacy_package_id").and_then(Json::as_id) else { continue };
            if self.table("change_order_packages").get(package).is_some() {
                continue;
            }
            let mut members = Object::new();
            members.insert("id".to_owned(), id_json(package));
            members.insert("type".to_owned(), kind.into());
            for member in SHARED_WITH_PACKAGE.into_iter().chain(["created_at"]) {
                members.insert(member.to_owned(), row.body.get(member).cloned().unwrap_or_default());
            }
            for member in ["origin_id", "origin_code", "origin_data", "deleted_at"] {
                members.insert(member.to_owned(), Json::Null);
            }
            packages.push((row.project.clone(), Json::Object(members)));
        }
        for (project, mut body) in packages {
            if let Some(project) = project {
                body.set("project", object([("id", id_json(&project))]));
            }
            self.insert("change_order_packages", body);
        }
    }

    /// Carries what a change order and its package share from the one that changed to the other.
    pub(super) fn mirror_change_order(&mut self, resource: &str, id: &str) {
        let Some(changed) = self.table(resource).get(id).map(|row| &row.body) else { return };
        let shared: Vec<(&str, Json)> = SHARED_WITH_PACKAGE
            .into_iter()
            .filter_map(|member| changed.get(member).map(|value| (member, value.clone())))
            .collect();
        let twins: Vec<(&str, String)> = if resource == "change_order_packages" {
            ["commitment_change_orders", "prime_change_orders"]
                .into_iter()
                .filter_map(|name| self.change_order_of_package(name, id).map(|(twin, _)| (name, twin.to_owned())))
                .collect()
        } else {
            let package = changed.get("legacy_package_id").and_then(Json::as_id).map(str::to_owned);
            package.map(|package| ("change_order_packages", package)).into_iter().collect()
        };
        for (name, twin) in twins {
            self.table_mut(name).change(&twin, |body| {
                for (member, value) in &shared {
                    body.set(member, value.clone());
                }
            });
        }
    }

    /// The change order of the new name that a package is behind.
    pub(super) fn change_order_of_package(&self, name: &str, package: &str) -> Option<(&str, &Row)> {
        let parent = self.table("change_order_packages").get(package)?.parent.as_deref()?;
        self.table(name)
            .of_parent(parent)
            .find(|(_, row)| row.body.get("legacy_package_id").and_then(Json::as_id) == Some(package))
    }

    pub(super) fn insert(&mut self, resource: &str, mut body: Json) -> String {
        let id = match body.get("id").and_then(Json::as_id) {
            Some(id) => id.to_owned(),
            None => {
                let id = self.new_id();
                body.set("id", id_json(&id));
                id
            }
        };
        if let Ok(number) = id.parse::<u64>()
            && number < 900_000_000_000_000
        {
            self.last_id = self.last_id.max(number);
        }
        let parent = ["contract_id", "commitment_id"]
            .into_iter()
            .find_map(|member| body.get(member).and_then(Json::as_id))
            .or_else(|| body.at(&["contract", "id"]).and_then(Json::as_id))
            .map(str::to_owned);
        let project = project_of(&body)
            .map(str::to_owned)
            .or_else(|| self.contract(parent.as_deref()?).and_then(|(_, row)| row.project.clone()));
        self.table_mut(resource).insert(id.clone(), Row { body, project, parent, gone: false });
        id
    }

    pub(super) fn new_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    pub(super) fn table(&self, resource: &str) -> &Table {
        self.tables.get(resource).unwrap_or(&self.empty)
    }

    pub(super) fn table_mut(&mut self, resource: &str) -> &mut Table {
        self.tables.entry(resource.to_owned()).or_default()
    }

    /// A contract of any kind, with its resource.
    pub(super) fn contract(&self, id: &str) -> Option<(&'static str, &Row)> {
        CONTRACTS.into_iter().find_map(|name| self.table(name).get(id).map(|row| (name, row)))
    }

    /// Whether the caller may see the record: neither it, nor its project, nor its contract is hidden.
    pub(super) fn visible(&self, resource: &str, id: &str, row: &Row) -> bool {
        if self.hidden.is_empty() {
            return true;
        }
        let is_hidden = |resource: &str, id: &str| self.hidden.contains(&(resource.to_owned(), id.to_owned()));
        !(is_hidden(resource, id)
            || row.project.as_deref().is_some_and(|project| is_hidden("projects", project))
            || row.parent.as_deref().is_some_and(|parent| CONTRACTS.iter().any(|name| is_hidden(name, parent))))
    }
}

fn project_of(body: &Json) -> Option<&str> {
    let direct = body.get("project_id").and_then(Json::as_id);
    direct.or_else(|| body.at(&["project", "id"]).and_then(Json::as_id)).or_else(|| {
        let of_project = body.get("biller_type").and_then(Json::as_str) == Some("Project");
        of_project.then(|| body.get("biller_id").and_then(Json::as_id)).flatten()
    })
}

/// Books may name the contract of an owner invoice by `contract_id` and its lines `items`; Procore says `contract` and
/// `g703`.
fn as_owner_invoice(body: &mut Json) {
    let contract = body.get("contract_id").cloned();
    let Some(members) = body.as_object_mut() else { return };
    if let Some(lines) = members.shift_remove("items")
        && !members.contains_key("g703")
    {
        members.insert("g703".to_owned(), lines);
    }
    if let Some(id) = contract
        && !members.contains_key("contract")
    {
        let contract = object([("id", id), ("type", "PrimeContract".into()), ("title", Json::Null)]);
        members.insert("contract".to_owned(), contract);
    }
}

/// An id as v1 sends it: a number where it is one.
pub(super) fn id_json(id: &str) -> Json {
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) {
        Json::Number(id.to_owned())
    } else {
        Json::String(id.to_owned())
    }
}
