//! Differences, planted one to a commitment, and what a reconciliation must say of each.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::{Json, object};

use crate::kit::Site;
use crate::kit::compare::Said;
use crate::kit::ledger::{decimal, text};
use records::*;

pub(crate) mod books;
mod records;

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
    InBooks(books::Kind),
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
    /// Bills by the ids of their pay apps.
    bills: BTreeMap<String, Json>,
    pub(crate) expected: Vec<Said>,
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
        let bills = by_id.into_iter().filter(|((entity, _), _)| *entity == "Bill").map(|((_, app), bill)| (app, bill));
        let bills = bills.collect();
        Self { site, marked, contracts: found, sales, estimates, bills, expected: Vec::new() }
    }

    fn expect(&mut self, what: &str, procore: Option<String>, quickbooks: Option<String>, amount: Decimal) {
        self.expected.push((what.to_owned(), procore, quickbooks, format!("{amount:.2}")));
    }

    /// A bill that nobody's pay app stands behind: before a sync has posted anything, none is told from another.
    fn foreign(&self, tie_out: &str) -> String {
        format!("{tie_out} {}", if self.marked { "not from this sync" } else { "missing in procore" })
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
                let mut other = small(&bill, "77-1204", "Extra trip", "318.25");
                other.set("PrivateNote", "Extra trip, agreed by telephone");
                self.site.quickbooks().person_creates(now, "Bill", other).unwrap();
                let what = self.foreign("T2");
                self.expect(&what, None, Some("77-1204".to_owned()), Decimal::new(-31825, 2));
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
            Plant::InBooks(kind) => self.plant_in_books(kind, &Contract { commitment, app, order, bill }),
            Plant::EstimateAmount => {
                let (contract, estimate) = self.estimates.remove(0);
                self.edit("Estimate", &id(&estimate), |estimate| raise_first_line(estimate, Decimal::new(500_000, 2)));
                let label = Some(text(&contract, &["number"]).to_owned());
                self.expect("T7 amount differs", label, number(&estimate), Decimal::new(-500_000, 2));
            }
        }
    }
}
