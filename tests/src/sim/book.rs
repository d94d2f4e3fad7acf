//! Small books by seed, in the vendors' own shapes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use sync_core::mapping::Mapping;
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::json::{Json, object};

use super::records::{cost_code, cost_code_record, project_record, wbs_code};
use super::report::Sides;

/// The retainage payable account.
pub(crate) const RETAINAGE: &str = "151";
/// The item that posts to the retainage receivable account.
pub(crate) const RETAINAGE_ITEM: &str = "221";
const COMPANY: &str = "598134325700011";
/// When every record was made.
pub(crate) const MADE: &str = "2026-01-20T10:00:00Z";
/// Cost codes: code, name.
pub(crate) const CODES: [(&str, &str); 3] =
    [("03-300", "Cast-in-Place Concrete"), ("05-100", "Structural Steel"), ("09-250", "Gypsum Board")];
const CODING: &str = "project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account\n\
    ,,,03-300,,,03 Concrete,03-300 Cast-in-Place Concrete,\n\
    ,,,05-100,,,05 Metals,05-100 Structural Steel,\n\
    ,,,09-250,,,09 Finishes,,Job Costs:Subcontractors\n";
const ACCOUNTS: &str = "role,account\nJob cost,Job Costs\nAccounts payable (AP),Accounts Payable (A/P)\n\
    Retainage payable (RP),Retainage Payable\nRetainage receivable (RR),Retainage Receivable\nAccounts receivable (AR),Accounts Receivable (A/R)\n";

/// The mapping of every run; `void`: what is deleted in Procore is voided in the books.
pub(crate) fn mapping(void: bool, sides: Sides) -> Result<Arc<Mapping>, String> {
    static MAPPINGS: [OnceLock<Result<Arc<Mapping>, String>>; 4] = [const { OnceLock::new() }; 4];
    let load = || {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).map_err(|e| e.to_string());
        // Lines of purchase orders need an item there.
        let coding = match sides.is_desktop() {
            true => CODING.replace(",Job Costs:Subcontractors", "09-250 Gypsum Board,"),
            false => CODING.to_owned(),
        };
        write("coding.csv", &coding)?;
        write("accounts.csv", ACCOUNTS)?;
        write("terms.csv", "procore_terms,quickbooks_terms\nNet 30 Days,Net 30\n")?;
        write("sync.toml", if void { "[policy]\ndeletion = \"void\"\n" } else { "[policy]\ndeletion = \"ask\"\n" })?;
        Mapping::load(dir.path()).map(Arc::new).map_err(|e| e.to_string())
    };
    let place = usize::from(void) + 2 * usize::from(sides.is_desktop());
    let mapping = MAPPINGS.get(place).ok_or("there is no such mapping")?;
    mapping.get_or_init(load).clone()
}

/// The lists of the books, from the demo book: what the coding needs, and no more.
fn lists() -> Result<BTreeMap<String, Vec<Json>>, String> {
    static LISTS: OnceLock<Result<BTreeMap<String, Vec<Json>>, String>> = OnceLock::new();
    let load = || {
        let book = Book::demo().map_err(|e| e.to_string())?;
        let mut lists = book.quickbooks.clone();
        let keep = |records: &mut Vec<Json>, ids: &[&str]| {
            records.retain(|record| record.get("Id").and_then(Json::as_id).is_some_and(|id| ids.contains(&id)));
        };
        for (name, ids) in [
            ("Account", ["33", "35", "84", "4", "150", "151", "79", "140", "141", "34"].as_slice()),
            ("Item", &["202", "203", RETAINAGE_ITEM]),
            ("Class", &["5000000000000007302", "5000000000000007303", "5000000000000007307"]),
            ("Customer", &[]),
            ("Employee", &[]),
        ] {
            lists.entry(name.to_owned()).and_modify(|records| keep(records, ids));
        }
        for preferences in lists.entry("Preferences".to_owned()).or_default() {
            if let Some(Json::Object(info)) =
                preferences.as_object_mut().and_then(|members| members.get_mut("AccountingInfoPrefs"))
            {
                info.shift_remove("BookCloseDate");
            }
        }
        Ok(lists)
    };
    LISTS.get_or_init(load).clone()
}

/// The same for QuickBooks Desktop.
fn desktop_lists() -> Result<BTreeMap<String, Vec<Json>>, String> {
    static LISTS: OnceLock<Result<BTreeMap<String, Vec<Json>>, String>> = OnceLock::new();
    let load = || {
        let mut lists = lists()?;
        let items = Book::desktop_demo().map_err(|e| e.to_string())?.quickbooks.remove("Item").unwrap_or_default();
        let needed = ["202", "203", "210", "301", "305"];
        let items = items
            .into_iter()
            .filter(|item| item.get("Id").and_then(Json::as_id).is_some_and(|id| needed.contains(&id)));
        lists.insert("Item".to_owned(), items.collect());
        Ok(lists)
    };
    LISTS.get_or_init(load).clone()
}

/// Makes records with ids that follow from the seed.
#[derive(Debug)]
pub(crate) struct Maker {
    pub(crate) random: SplitMix,
    next: u64,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: SplitMix::seeded(seed ^ 0x626f_6f6b), next: 9000 }
    }

    /// Ids from here on.
    pub(crate) fn skip(&mut self, to: u64) {
        self.next = to;
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.random.below(high - low + 1)
    }

    pub(crate) fn day(&mut self) -> String {
        format!("2026-0{}-{:02}", self.between(1, 2), self.between(1, 28))
    }

    /// A line of a schedule of values.
    pub(crate) fn line(&mut self, project: u64) -> Json {
        let (id, cents, code) = (self.id(), self.between(10_000, 2_000_000), self.between(0, 2));
        Self::coded_line(project, id, cents, code)
    }

    /// A line of a schedule of values that one of the codes is on.
    pub(crate) fn coded_line(project: u64, id: u64, cents: u64, code: u64) -> Json {
        let (flat, name) = CODES.get(usize::try_from(code).unwrap_or(0)).copied().unwrap_or(("03-300", ""));
        object([
            ("id", number(id)),
            ("position", number(id)),
            ("description", format!("{name} {id}").into()),
            ("amount", money(cents).into()),
            ("total_amount", money(cents).into()),
            ("extended_type", "manual".into()),
            ("cost_code", object([("id", number(cost_code(project, code))), ("name", name.into())])),
            (
                "line_item_type",
                object([
                    ("id", number(3)),
                    ("name", "Commitment".into()),
                    ("code", "S".into()),
                    ("base_type", "commitment".into()),
                ]),
            ),
            (
                "wbs_code",
                object([
                    ("id", number(700 + code)),
                    ("flat_code", format!("{flat}.S").into()),
                    ("description", name.into()),
                ]),
            ),
        ])
    }

    /// A commitment.
    pub(crate) fn commitment(&mut self, project: u64, vendor: &(u64, String), is_order: bool) -> Json {
        let id = self.id();
        let lines: Vec<Json> = (0..self.between(1, 3)).map(|_| self.line(project)).collect();
        let status = if self.between(0, 9) == 0 { "Draft" } else { "Approved" };
        let total = sum(&lines, "amount");
        object([
            ("id", number(id)),
            ("number", format!("{}-{id}", if is_order { "PO" } else { "SC" }).into()),
            ("title", format!("Work package {id}").into()),
            ("description", "".into()),
            ("status", status.into()),
            ("executed", true.into()),
            ("private", false.into()),
            ("accounting_method", "amount".into()),
            ("contract_date", self.day().into()),
            ("payment_terms", "Net 30 Days".into()),
            ("grand_total", total.as_str().into()),
            ("approved_change_orders", "0.0".into()),
            ("deleted_at", Json::Null),
            ("vendor", object([("id", number(vendor.0)), ("company", vendor.1.as_str().into())])),
            ("project", object([("id", number(project)), ("name", format!("Project {project}").into())])),
            ("line_items", lines.into()),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ])
    }

    /// A change order of a commitment, with one line.
    pub(crate) fn change_order(&mut self, contract: &Json, approved: bool) -> Json {
        let (id, line) = (self.id(), self.id());
        let code = self.between(0, 2);
        let (flat, name) = CODES.get(usize::try_from(code).unwrap_or(0)).copied().unwrap_or(("03-300", ""));
        let cents = money(self.between(5_000, 90_000));
        object([
            ("id", number(id)),
            ("contract_id", contract.get("id").cloned().unwrap_or_default()),
            ("number", format!("{id}").into()),
            ("revision", number(0)),
            ("title", format!("Extra {id}").into()),
            ("status", if approved { "approved" } else { "pending" }.into()),
            ("grand_total", cents.as_str().into()),
            (
                "line_items",
                Json::Array(vec![object([
                    ("id", line.to_string().into()),
                    ("description", format!("Extra {line}").into()),
                    ("amount", cents.as_str().into()),
                    ("position", number(1)),
                    ("wbs_code_id", (700 + code).to_string().into()),
                    (
                        "wbs_code",
                        object([
                            ("id", (700 + code).to_string().into()),
                            ("flat_code", format!("{flat}.S").into()),
                            ("description", name.into()),
                        ]),
                    ),
                ])]),
            ),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ])
    }

    /// The next pay app of a commitment; the last ones release what was held.
    pub(crate) fn pay_app(&mut self, contract: &Json, is_order: bool, before: Option<&Json>) -> Json {
        let id = self.id();
        let last = before.and_then(|app| app.get("number")).and_then(Json::as_id).and_then(|n| n.parse::<u64>().ok());
        let count = last.unwrap_or(0) + 1;
        let project = contract.at(&["project", "id"]).cloned().unwrap_or_default();
        let release = before.is_some() && self.between(0, 3) == 0;
        let mut items = Vec::new();
        for (position, line) in
            contract.get("line_items").and_then(Json::as_array).unwrap_or_default().iter().enumerate()
        {
            let earlier = before
                .and_then(|app| app.get("items").and_then(Json::as_array))
                .and_then(|items| items.iter().find(|item| item.get("line_item_id") == line.get("id")));
            let value = |name: &str| earlier.and_then(|item| cents(item, name)).unwrap_or(0);
            let done = value("work_completed_from_previous_application") + value("work_completed_this_period");
            let held = value("work_completed_retainage_from_previous_application")
                + value("work_completed_retainage_retained_this_period")
                - value("work_completed_retainage_released_this_period");
            let room = cents(line, "amount").unwrap_or(0) - done;
            let work = i64::try_from(self.between(1_000, 400_000)).unwrap_or(0).min(room / 2).max(0);
            let work = if release { 0 } else { work };
            let (kept, released) = if release { (0, held) } else { (work / 10, 0) };
            items.push(item(self.id(), position, line, [done, work, held, kept, released]));
        }
        let due = |name: &str| -> i64 { items.iter().filter_map(|item| cents(item, name)).sum() };
        let net = due("work_completed_this_period") - due("work_completed_retainage_retained_this_period")
            + due("work_completed_retainage_released_this_period");
        let status = if self.between(0, 4) == 0 { "under_review" } else { "approved" };
        object([
            ("id", number(id)),
            ("project_id", project),
            ("commitment_id", contract.get("id").cloned().unwrap_or_default()),
            ("commitment_type", if is_order { "PurchaseOrderContract" } else { "WorkOrderContract" }.into()),
            ("vendor_id", contract.at(&["vendor", "id"]).cloned().unwrap_or_default()),
            ("vendor_name", contract.at(&["vendor", "company"]).cloned().unwrap_or_default()),
            ("number", number(count)),
            ("invoice_number", format!("INV-{id}").into()),
            ("previous_requisition_id", before.and_then(|app| app.get("id")).cloned().unwrap_or_default()),
            ("requisition_start", "2026-02-01".into()),
            ("requisition_end", "2026-02-28".into()),
            ("billing_date", self.day().into()),
            ("status", status.into()),
            ("summary", object([("current_payment_due", signed(net).into())])),
            ("items", items.into()),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ])
    }

    pub(crate) fn vendor(&mut self, name: &str) -> Json {
        let id = self.id();
        object([
            ("id", number(id)),
            ("name", name.into()),
            ("company", name.into()),
            ("address", "1 Quarry Road".into()),
            ("city", "Duluth".into()),
            ("state_code", "MN".into()),
            ("country_code", "US".into()),
            ("zip", "55802".into()),
            ("business_phone", "218-555-0100".into()),
            ("email_address", format!("ap{id}@example.com").into()),
            ("is_active", true.into()),
            ("origin_id", Json::Null),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
        ])
    }
}

/// A row of a pay app: done before, work, held before, kept, released, in cents.
fn item(id: u64, position: usize, line: &Json, [done, work, held, kept, released]: [i64; 5]) -> Json {
    object([
        ("id", number(id)),
        ("item_type", "contract_item".into()),
        ("line_item_id", line.get("id").cloned().unwrap_or_default()),
        ("cost_code_id", line.at(&["cost_code", "id"]).cloned().unwrap_or_default()),
        ("wbs_code", line.get("wbs_code").cloned().unwrap_or_default()),
        ("description_of_work", line.get("description").cloned().unwrap_or_default()),
        ("scheduled_value", line.get("amount").cloned().unwrap_or_default()),
        ("work_completed_from_previous_application", signed(done).into()),
        ("work_completed_this_period", signed(work).into()),
        ("materials_presently_stored", "0.0".into()),
        ("work_completed_retainage_from_previous_application", signed(held).into()),
        ("work_completed_retainage_retained_this_period", signed(kept).into()),
        ("work_completed_retainage_released_this_period", signed(released).into()),
        ("materials_stored_retainage_currently_retained", "0.0".into()),
        ("materials_stored_retainage_released_this_period", "0.0".into()),
        ("position", position.into()),
    ])
}

pub(crate) fn number(n: u64) -> Json {
    Json::Number(n.to_string())
}

/// Cents as the vendors write amounts.
pub(crate) fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

pub(crate) fn signed(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}", money(cents.unsigned_abs()))
}

/// An amount in cents.
pub(crate) fn cents(json: &Json, name: &str) -> Option<i64> {
    let value = json.get(name)?.as_decimal()? * rust_decimal::Decimal::ONE_HUNDRED;
    value.trunc().to_string().parse().ok()
}

pub(crate) fn sum(records: &[Json], name: &str) -> String {
    signed(records.iter().filter_map(|record| cents(record, name)).sum())
}

/// A book by seed.
pub(crate) fn generate(maker: &mut Maker, sides: Sides, empty: &Path) -> Result<Book, String> {
    // A stream of its own: the subcontractors' side of a seed is the same with and without owners.
    let mut owners = Maker::new(maker.next ^ maker.random.clone().draw());
    owners.skip(500_000);
    let mut book = Book::load(empty).map_err(|e| e.to_string())?;
    COMPANY.clone_into(&mut book.facts.procore_company_id);
    book.quickbooks = if sides.is_desktop() { desktop_lists()? } else { lists()? };
    let mut procore: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    let mut vendors: Vec<(u64, String)> = Vec::new();
    let mut records = Vec::new();
    for n in 0..maker.between(3, 6) {
        let record = maker.vendor(&format!("Sub {n} of {}", maker.next));
        let id = record.get("id").and_then(Json::as_id).and_then(|id| id.parse().ok()).unwrap_or(0);
        vendors.push((id, record.get("name").and_then(Json::as_str).unwrap_or_default().to_owned()));
        records.push(record);
    }
    let owner = maker.vendor("Lakeview Health Partners");
    let owner_ref = object([
        ("id", owner.get("id").cloned().unwrap_or_default()),
        ("name", "Lakeview Health Partners".into()),
        ("company", "Lakeview Health Partners".into()),
    ]);
    records.push(owner);
    known_vendors(maker, &mut book.quickbooks, &vendors);
    let mut put = |name: &str, record: Json| procore.entry(name.to_owned()).or_default().push(record);
    for record in records {
        put("vendors", record);
    }
    put(
        "line_item_types",
        object([
            ("id", number(3)),
            ("name", "Commitment".into()),
            ("code", "S".into()),
            ("base_type", "commitment".into()),
        ]),
    );
    for (code, (flat, name)) in (0..).zip(CODES) {
        put("wbs_codes", wbs_code(code, flat, name));
    }
    let projects: Vec<u64> = (1..=maker.between(2, 4)).map(|n| 20 + n).collect();
    for project in &projects {
        put("projects", project_record(*project));
        let agreed = sides.has_owners() && owners.between(0, 4) > 0;
        let contract = owners.prime_contract(*project, &owner_ref, agreed);
        let mut before: Option<Json> = None;
        for _ in 0..if agreed { owners.between(0, 3) } else { 0 } {
            let invoice = owners.owner_invoice(&contract, before.as_ref());
            put("payment_applications", invoice.clone());
            before = Some(invoice);
        }
        put("prime_contracts", contract);
        for (code, (flat, name)) in (0..).zip(CODES) {
            put("cost_codes", cost_code_record(*project, code, flat, name));
        }
    }
    for _ in 0..maker.between(4, 10) {
        let at = |list: usize, maker: &mut Maker| usize::try_from(maker.random.below(list as u64)).unwrap_or(0);
        let (project, vendor) = (at(projects.len(), maker), at(vendors.len(), maker));
        let (Some(project), Some(vendor)) = (projects.get(project), vendors.get(vendor)) else { continue };
        let is_order = maker.between(0, 2) == 0;
        let mut contract = maker.commitment(*project, vendor, is_order);
        let mut approved = Vec::new();
        for _ in 0..maker.between(0, 2) {
            let agreed = maker.between(0, 1) == 0;
            let order = maker.change_order(&contract, agreed);
            if agreed {
                approved.push(order.clone());
            }
            put("commitment_change_orders", order);
        }
        contract.set("approved_change_orders", sum(&approved, "grand_total"));
        let mut before: Option<Json> = None;
        for _ in 0..maker.between(0, 3) {
            let app = maker.pay_app(&contract, is_order, before.as_ref());
            put("requisitions", app.clone());
            before = Some(app);
        }
        put(if is_order { "purchase_order_contracts" } else { "work_order_contracts" }, contract);
    }
    book.procore = procore;
    Ok(book)
}

/// Some vendors are in the books already.
fn known_vendors(maker: &mut Maker, books: &mut BTreeMap<String, Vec<Json>>, vendors: &[(u64, String)]) {
    let Some(pattern) = books.get("Vendor").and_then(|list| list.first()).cloned() else { return };
    let mut known = Vec::new();
    for (n, (_, name)) in vendors.iter().enumerate() {
        if maker.between(0, 3) != 0 {
            continue;
        }
        let mut vendor = pattern.clone();
        for member in ["DisplayName", "CompanyName", "PrintOnCheckName"] {
            vendor.set(member, name.as_str());
        }
        vendor.set("Id", (71 + n).to_string());
        known.push(vendor);
    }
    books.insert("Vendor".to_owned(), known);
}
