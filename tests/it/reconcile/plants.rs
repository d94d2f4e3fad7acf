//! Differences, planted one to a commitment, and what a reconciliation must say of each.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::{Json, object};

use crate::kit::Site;
use crate::kit::compare::Said;
use crate::kit::ledger::{decimal, items, procore_id, text};

/// A difference of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    BillDeleted,
    BillVoided,
    BillAmount,
    BillDate,
    BillClass,
    BillTwice,
    BillByHand,
    PayAppTakenBack,
    PayAppDeleted,
    OrderAmount,
    OrderDeleted,
    CommitmentVoid,
    RetainageEntry,
    PaymentInQuickbooks,
    PaymentInProcore,
    InvoiceDeleted,
    InvoiceAmount,
    EstimateAmount,
}

impl Plant {
    pub(crate) const ALL: [Self; 18] = [
        Self::BillDeleted,
        Self::BillVoided,
        Self::BillAmount,
        Self::BillDate,
        Self::BillClass,
        Self::BillTwice,
        Self::BillByHand,
        Self::PayAppTakenBack,
        Self::PayAppDeleted,
        Self::OrderAmount,
        Self::OrderDeleted,
        Self::CommitmentVoid,
        Self::RetainageEntry,
        Self::PaymentInQuickbooks,
        Self::PaymentInProcore,
        Self::InvoiceDeleted,
        Self::InvoiceAmount,
        Self::EstimateAmount,
    ];
}

/// A commitment with its last pay app, and what stands for them.
#[derive(Clone, Debug)]
struct Contract {
    commitment: Json,
    app: Json,
    order: Json,
    bill: Json,
}

/// Plants differences, and keeps what must be found.
pub(crate) struct Planted<'a> {
    site: &'a Site,
    marked: bool,
    contracts: Vec<Contract>,
    sales: Vec<(Json, Json)>,
    estimates: Vec<(Json, Json)>,
    pub(crate) expected: Vec<Said>,
}

fn id(record: &Json) -> String {
    text(record, &["Id"]).to_owned()
}

fn number(record: &Json) -> Option<String> {
    Some(text(record, &["DocNumber"]).to_owned())
}

fn money(amount: Decimal) -> String {
    format!("{amount:.2}")
}

impl<'a> Planted<'a> {
    pub(crate) fn new(site: &'a Site, marks: &Book, marked: bool, seed: u64) -> Self {
        let procore = site.procore();
        let mut last: BTreeMap<&str, &Json> = BTreeMap::new();
        for app in procore.all("requisitions") {
            let newest = last.entry(text(app, &["commitment_id"])).or_insert(app);
            if decimal(app, &["number"]) > decimal(newest, &["number"]) {
                *newest = app;
            }
        }
        // One that is still open refers to the one before it, which then cannot be deleted.
        last.retain(|_, app| text(app, &["status"]).to_lowercase().starts_with("approved"));
        let by_id = stands_for(site, marks);
        let contracts = ["work_order_contracts", "purchase_order_contracts"];
        let commitments = contracts.iter().flat_map(|resource| procore.all(resource));
        let mut found: Vec<Contract> = commitments
            .filter_map(|commitment| {
                let app = *last.get(text(commitment, &["id"]))?;
                let order = by_id.get(&("PurchaseOrder", text(commitment, &["id"]).to_owned()))?;
                let bill = by_id.get(&("Bill", text(app, &["id"]).to_owned()))?;
                (decimal(bill, &["TotalAmt"]) > Decimal::from(2000)).then(|| Contract {
                    commitment: commitment.clone(),
                    app: app.clone(),
                    order: order.clone(),
                    bill: bill.clone(),
                })
            })
            .collect();
        let turn = usize::try_from(seed).unwrap() % found.len();
        found.rotate_left(turn);
        let pairs = |resource: &str, entity: &'static str| -> Vec<(Json, Json)> {
            let records = procore.all(resource);
            let pairs =
                records.filter_map(|r| Some((r.clone(), by_id.get(&(entity, text(r, &["id"]).to_owned()))?.clone())));
            pairs.collect()
        };
        let sales = pairs("payment_applications", "Invoice");
        let estimates = pairs("prime_contracts", "Estimate");
        drop(procore);
        Self { site, marked, contracts: found, sales, estimates, expected: Vec::new() }
    }

    fn expect(&mut self, what: &str, procore: Option<String>, quickbooks: Option<String>, amount: Decimal) {
        self.expected.push((what.to_owned(), procore, quickbooks, money(amount)));
    }

    /// A bill that nobody's pay app stands behind: before a sync has posted anything, none is told from another.
    fn foreign(&self) -> &'static str {
        if self.marked { "T2 not from this sync" } else { "T2 missing in procore" }
    }

    fn edit(&self, entity: &str, id: &str, change: impl FnOnce(&mut Json)) {
        self.site.quickbooks().person_edits(self.site.now(), entity, id, change).unwrap();
    }

    pub(crate) fn plant(&mut self, plant: Plant) {
        let now = self.site.now();
        let contract = self.contracts.pop().unwrap();
        let Contract { commitment, app, order, bill } = contract;
        let label = Some(format!("{}/{}", text(&commitment, &["number"]), text(&app, &["number"])));
        let net = decimal(&bill, &["TotalAmt"]);
        let committed = Some(text(&commitment, &["number"]).to_owned());
        match plant {
            Plant::BillDeleted => {
                self.site.quickbooks().person_deletes(now, "Bill", &id(&bill)).unwrap();
                self.expect("T2 missing in quickbooks", label, None, net);
            }
            Plant::BillVoided => {
                self.site.quickbooks().person_voids(now, "Bill", &id(&bill)).unwrap();
                self.expect("T2 voided", label, number(&bill), net);
            }
            Plant::BillAmount => {
                self.edit("Bill", &id(&bill), |bill| raise_first_line(bill, Decimal::new(777, 2)));
                self.expect("T2 amount differs", label, number(&bill), Decimal::new(-777, 2));
            }
            Plant::BillDate => {
                self.edit("Bill", &id(&bill), |bill| {
                    let date: chrono::NaiveDate = text(bill, &["TxnDate"]).parse().unwrap();
                    bill.set("TxnDate", (date + chrono::Days::new(3)).to_string());
                });
                self.expect("T2 field differs", label, number(&bill), Decimal::ZERO);
            }
            Plant::BillClass => {
                let class = self.site.quickbooks().all("Class").last().map(id).unwrap();
                let mut changed = false;
                self.edit("Bill", &id(&bill), |bill| changed = reclass_first_line(bill, &class));
                if changed {
                    self.expect("T2 field differs", label, number(&bill), Decimal::ZERO);
                }
            }
            Plant::BillTwice => {
                let mut twice = without_ids(&bill);
                let again = format!("{}A", text(&bill, &["DocNumber"]));
                twice.set("DocNumber", again.as_str());
                self.site.quickbooks().person_creates(now, "Bill", twice).unwrap();
                self.expect("T2 posted twice", label, Some(again), -net);
            }
            Plant::BillByHand => {
                let mut other = without_ids(&bill);
                other.set("DocNumber", "77-1204");
                other.set("PrivateNote", "Extra trip, agreed by telephone");
                other.set("TotalAmt", Json::Number("318.25".to_owned()));
                let mut line = items(&bill, "Line")[0].clone();
                for member in ["Id", "LinkedTxn", "LineNum"] {
                    line.as_object_mut().unwrap().shift_remove(member);
                }
                line.set("Amount", Json::Number("318.25".to_owned()));
                line.set("Description", "Extra trip");
                if let Some(Json::Object(detail)) = line.as_object_mut().unwrap().get_mut("ItemBasedExpenseLineDetail")
                {
                    detail.shift_remove("Qty");
                    detail.shift_remove("UnitPrice");
                }
                other.set("Line", vec![line]);
                self.site.quickbooks().person_creates(now, "Bill", other).unwrap();
                let what = self.foreign();
                self.expect(what, None, Some("77-1204".to_owned()), Decimal::new(-31825, 2));
            }
            Plant::PayAppTakenBack => {
                let app = text(&app, &["id"]);
                let edited =
                    self.site.procore().person_edits(now, "requisitions", app, |app| app.set("status", "draft"));
                edited.unwrap();
                self.expect("T2 missing in procore", None, number(&bill), -net);
            }
            Plant::PayAppDeleted => {
                self.site.procore().person_deletes(now, "requisitions", text(&app, &["id"])).unwrap();
                let what = if self.marked { "T2 deleted" } else { "T2 missing in procore" };
                self.expect(what, None, number(&bill), -net);
            }
            Plant::OrderAmount => {
                self.edit("PurchaseOrder", &id(&order), |order| raise_first_line(order, Decimal::new(125_000, 2)));
                self.expect("T1 amount differs", committed, number(&order), Decimal::new(-125_000, 2));
            }
            Plant::OrderDeleted => {
                self.site.quickbooks().person_deletes(now, "PurchaseOrder", &id(&order)).unwrap();
                self.expect("T1 missing in quickbooks", committed, None, decimal(&order, &["TotalAmt"]));
            }
            Plant::CommitmentVoid => {
                let resource = match self.site.procore().record("work_order_contracts", text(&commitment, &["id"])) {
                    Some(_) => "work_order_contracts",
                    None => "purchase_order_contracts",
                };
                let mut procore = self.site.procore();
                procore.person_edits(now, resource, text(&commitment, &["id"]), |c| c.set("status", "Draft")).unwrap();
                drop(procore);
                self.expect("T1 missing in procore", None, number(&order), -decimal(&order, &["TotalAmt"]));
            }
            Plant::RetainageEntry => {
                let account = id(crate::kit::ledger::retainage_account(&self.site.quickbooks()));
                let entry = journal_entry(&account, &any_expense_account(self.site));
                self.site.quickbooks().person_creates(now, "JournalEntry", entry).unwrap();
                self.expect("T3 not from this sync", None, Some("JE-7".to_owned()), Decimal::new(-75000, 2));
            }
            Plant::PaymentInQuickbooks => {
                let payment = bill_payment(&bill, net, &bank_account(self.site));
                self.site.quickbooks().person_creates(now, "BillPayment", payment).unwrap();
                self.expect("T4 payment missing", None, number(&bill), -net);
            }
            Plant::PaymentInProcore => {
                let payment = object([
                    ("project_id", app.get("project_id").cloned().unwrap()),
                    ("contract_id", commitment.get("id").cloned().unwrap()),
                    ("requisition_id", app.get("id").cloned().unwrap()),
                    ("amount", "512.50".into()),
                    ("date", "2026-07-15".into()),
                    ("check_number", "4411".into()),
                ]);
                self.site.procore().person_creates(now, "contract_payments", payment);
                self.expect("T4 payment missing", label, None, Decimal::new(51250, 2));
            }
            Plant::InvoiceDeleted => {
                let (app, invoice) = self.sales.remove(0);
                self.site.quickbooks().person_deletes(now, "Invoice", &id(&invoice)).unwrap();
                let due = decimal(&invoice, &["TotalAmt"]);
                self.expect("T5 missing in quickbooks", invoice_label(&app), None, due);
            }
            Plant::InvoiceAmount => {
                let (app, invoice) = self.sales.remove(0);
                self.edit("Invoice", &id(&invoice), |invoice| raise_first_line(invoice, Decimal::new(1000, 2)));
                self.expect("T5 amount differs", invoice_label(&app), number(&invoice), Decimal::new(-1000, 2));
            }
            Plant::EstimateAmount => {
                let (contract, estimate) = self.estimates.remove(0);
                self.edit("Estimate", &id(&estimate), |estimate| raise_first_line(estimate, Decimal::new(500_000, 2)));
                let label = Some(text(&contract, &["number"]).to_owned());
                self.expect("T7 amount differs", label, number(&estimate), Decimal::new(-500_000, 2));
            }
        }
    }
}

/// What stands for what: as the marks said before they were taken off.
fn stands_for(site: &Site, marks: &Book) -> HashMap<(&'static str, String), Json> {
    let quickbooks = site.quickbooks();
    let mut found = HashMap::new();
    for entity in ["PurchaseOrder", "Bill", "Invoice", "Estimate"] {
        for record in marks.quickbooks(entity) {
            if let Some(now) = quickbooks.entity(entity, &id(record)) {
                found.insert((entity, procore_id(record).to_owned()), now.clone());
            }
        }
    }
    found
}

fn invoice_label(app: &Json) -> Option<String> {
    let own = text(app, &["invoice_number"]);
    Some(if own.is_empty() { text(app, &["number"]).to_owned() } else { own.to_owned() })
}

fn raise_first_line(record: &mut Json, by: Decimal) {
    let Some(Json::Array(lines)) = record.as_object_mut().and_then(|members| members.get_mut("Line")) else { panic!() };
    let line = &mut lines[0];
    let amount = decimal(line, &["Amount"]) + by;
    line.set("Amount", Json::decimal(amount));
    for detail in ["ItemBasedExpenseLineDetail", "SalesItemLineDetail"] {
        if let Some(Json::Object(detail)) = line.as_object_mut().and_then(|members| members.get_mut(detail)) {
            detail.shift_remove("Qty");
            detail.shift_remove("UnitPrice");
        }
    }
    let total = decimal(record, &["TotalAmt"]) + by;
    record.set("TotalAmt", Json::decimal(total));
}

/// Gives the first line that is no retainage another class. False where there is none, or it has that class already.
fn reclass_first_line(record: &mut Json, class: &str) -> bool {
    let Some(Json::Array(lines)) = record.as_object_mut().and_then(|members| members.get_mut("Line")) else { panic!() };
    let Some(line) = lines.iter_mut().find(|line| !text(line, &["Description"]).starts_with("Retainage")) else {
        return false;
    };
    let line = line.as_object_mut().unwrap();
    for detail in ["ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"] {
        if let Some(detail) = line.get_mut(detail) {
            let changed = text(detail, &["ClassRef", "value"]) != class;
            detail.set("ClassRef", object([("value", class.into())]));
            return changed;
        }
    }
    false
}

fn without_ids(record: &Json) -> Json {
    let mut copy = record.clone();
    let members = copy.as_object_mut().unwrap();
    for member in ["Id", "SyncToken", "MetaData", "domain", "sparse", "LinkedTxn", "Balance"] {
        members.shift_remove(member);
    }
    if let Some(Json::Array(lines)) = members.get_mut("Line") {
        for line in lines {
            let line = line.as_object_mut().unwrap();
            line.shift_remove("Id");
            line.shift_remove("LinkedTxn");
        }
    }
    copy
}

fn any_expense_account(site: &Site) -> String {
    let quickbooks = site.quickbooks();
    quickbooks.all("Account").find(|a| text(a, &["AccountType"]) == "Cost of Goods Sold").map(id).unwrap()
}

fn bank_account(site: &Site) -> String {
    site.quickbooks().all("Account").find(|account| text(account, &["AccountType"]) == "Bank").map(id).unwrap()
}

fn journal_entry(retainage: &str, other: &str) -> Json {
    let side = |posting: &str, account: &str| {
        object([
            ("Amount", Json::Number("750.00".to_owned())),
            ("DetailType", "JournalEntryLineDetail".into()),
            (
                "JournalEntryLineDetail",
                object([("PostingType", posting.into()), ("AccountRef", object([("value", account.into())]))]),
            ),
        ])
    };
    object([
        ("DocNumber", "JE-7".into()),
        ("TxnDate", "2026-07-31".into()),
        ("Line", vec![side("Debit", other), side("Credit", retainage)].into()),
    ])
}

fn bill_payment(bill: &Json, amount: Decimal, bank: &str) -> Json {
    let link = object([("TxnId", text(bill, &["Id"]).into()), ("TxnType", "Bill".into())]);
    let line = object([("Amount", Json::decimal(amount)), ("LinkedTxn", vec![link].into())]);
    object([
        ("VendorRef", bill.get("VendorRef").cloned().unwrap()),
        ("PayType", "Check".into()),
        ("CheckPayment", object([("BankAccountRef", object([("value", bank.into())]))])),
        ("TotalAmt", Json::decimal(amount)),
        ("DocNumber", "5120".into()),
        ("TxnDate", "2026-07-20".into()),
        ("Line", vec![line].into()),
    ])
}
