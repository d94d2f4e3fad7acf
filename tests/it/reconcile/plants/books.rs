//! More that people do in either company's books.

use rust_decimal::Decimal;
use sync_sandboxes::json::{Json, object};

use super::records::*;
use super::{Contract, Planted};
use crate::kit::ledger::{decimal, items, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    OrderTwice,
    OrderByHand,
    OrderClass,
    BillVendor,
    RetainageLost,
    RetainageToCost,
    TwoByHandOfOneNumber,
    CreditByHand,
    Rent,
    DirectCost,
    CheckOverTwo,
    PaymentAmount,
    PaymentVoided,
    PaymentOnCommitment,
    EntryToPayable,
    EntryToReceivable,
    EntryToOwnerRetainage,
    EntryToJobCost,
    InvoiceVoided,
    InvoiceTwice,
    InvoiceDate,
    InvoiceByHand,
    OwnerInvoiceTakenBack,
    EstimateDeleted,
    EstimateTwice,
    PrimeContractTakenBack,
}

impl Kind {
    pub(crate) const ALL: [Self; 26] = [
        Self::OrderTwice,
        Self::OrderByHand,
        Self::OrderClass,
        Self::BillVendor,
        Self::RetainageLost,
        Self::RetainageToCost,
        Self::TwoByHandOfOneNumber,
        Self::CreditByHand,
        Self::Rent,
        Self::DirectCost,
        Self::CheckOverTwo,
        Self::PaymentAmount,
        Self::PaymentVoided,
        Self::PaymentOnCommitment,
        Self::EntryToPayable,
        Self::EntryToReceivable,
        Self::EntryToOwnerRetainage,
        Self::EntryToJobCost,
        Self::InvoiceVoided,
        Self::InvoiceTwice,
        Self::InvoiceDate,
        Self::InvoiceByHand,
        Self::OwnerInvoiceTakenBack,
        Self::EstimateDeleted,
        Self::EstimateTwice,
        Self::PrimeContractTakenBack,
    ];
}

impl Planted<'_> {
    fn create(&self, entity: &str, record: Json) -> String {
        let created = self.site.quickbooks().person_creates(self.site.now(), entity, record);
        created.unwrap()
    }

    fn account(&self, kind: &str) -> String {
        let quickbooks = self.site.quickbooks();
        quickbooks.all("Account").find(|account| text(account, &["AccountType"]) == kind).map(id).unwrap()
    }

    fn entry(&mut self, number: &str, debit: (&str, Option<(&str, String)>), credit: (&str, Option<(&str, String)>)) {
        let entry = two_sided(number, Decimal::from(125), debit, credit);
        self.create("JournalEntry", entry);
    }

    fn procore_payment(&self, contract: &Contract, app: Option<&Json>, amount: Decimal) {
        let mut payment = object([
            ("project_id", contract.app.get("project_id").cloned().unwrap()),
            ("contract_id", contract.commitment.get("id").cloned().unwrap()),
            ("amount", format!("{amount:.2}").into()),
            ("date", "2026-07-20".into()),
            ("check_number", "5120".into()),
        ]);
        if let Some(app) = app {
            payment.set("requisition_id", app.get("id").cloned().unwrap());
        }
        self.site.procore().person_creates(self.site.now(), "contract_payments", payment);
    }

    fn check(&self, bills: &[(&Json, Decimal)]) -> String {
        let line = |(bill, amount): &(&Json, Decimal)| {
            let link = object([("TxnId", text(bill, &["Id"]).into()), ("TxnType", "Bill".into())]);
            object([("Amount", Json::decimal(*amount)), ("LinkedTxn", vec![link].into())])
        };
        let mut payment =
            bill_payment(bills[0].0, bills.iter().map(|(_, amount)| *amount).sum(), &self.account("Bank"));
        payment.set("Line", bills.iter().map(line).collect::<Vec<_>>());
        self.create("BillPayment", payment)
    }

    pub(super) fn plant_in_books(&mut self, kind: Kind, contract: &Contract) {
        let now = self.site.now();
        let Contract { commitment, app, order, bill } = contract;
        let committed = Some(text(commitment, &["number"]).to_owned());
        let label = Some(format!("{}/{}", text(commitment, &["number"]), text(app, &["number"])));
        let net = decimal(bill, &["TotalAmt"]);
        match kind {
            Kind::OrderTwice => {
                let mut twice = without_ids(order);
                let again = format!("{}A", text(order, &["DocNumber"]));
                twice.set("DocNumber", again.as_str());
                self.create("PurchaseOrder", twice);
                self.expect("T1 posted twice", committed, Some(again), -decimal(order, &["TotalAmt"]));
            }
            Kind::OrderByHand => {
                let mut other = small(order, "9001", "Fence of the neighbour", "12000.00");
                other.set("VendorRef", object([("value", self.other_vendor(order).into())]));
                self.create("PurchaseOrder", other);
                let what = self.foreign("T1");
                self.expect(&what, None, Some("9001".to_owned()), Decimal::from(-12000));
            }
            Kind::OrderClass => {
                let class = self.site.quickbooks().all("Class").last().map(id).unwrap();
                let mut changed = false;
                self.edit("PurchaseOrder", &id(order), |order| changed = reclass_first_line(order, &class));
                if changed {
                    self.expect("T1 field differs", committed, number(order), Decimal::ZERO);
                }
            }
            Kind::BillVendor => {
                let other = self.other_vendor(bill);
                self.edit("Bill", &id(bill), |bill| bill.set("VendorRef", object([("value", other.as_str().into())])));
                if self.marked {
                    self.expect("T2 field differs", label, number(bill), Decimal::ZERO);
                } else {
                    // Without a mark nothing says whose it is: both are named, and that they come to the same.
                    self.expect("T2 missing in quickbooks", label, None, net);
                    self.expect("T2 missing in procore", None, number(bill), -net);
                }
            }
            Kind::RetainageLost => {
                let withheld = withheld(bill);
                self.edit("Bill", &id(bill), |bill| {
                    let total = decimal(bill, &["TotalAmt"]) + withheld;
                    let lines =
                        items(bill, "Line").iter().filter(|line| !is_withheld(line)).cloned().collect::<Vec<_>>();
                    bill.set("Line", lines);
                    bill.set("TotalAmt", Json::decimal(total));
                });
                if !withheld.is_zero() {
                    self.expect("T2 amount differs", label, number(bill), -withheld);
                }
            }
            Kind::RetainageToCost => {
                let withheld = withheld(bill);
                let cost = self.account("Cost of Goods Sold");
                self.edit("Bill", &id(bill), |bill| {
                    let lines = items(bill, "Line").iter().cloned().map(|mut line| {
                        if is_withheld(&line) {
                            line.as_object_mut().unwrap().shift_remove("ItemBasedExpenseLineDetail");
                            line.set("DetailType", "AccountBasedExpenseLineDetail");
                            let detail = object([("AccountRef", object([("value", cost.as_str().into())]))]);
                            line.set("AccountBasedExpenseLineDetail", detail);
                        }
                        line
                    });
                    let lines: Vec<Json> = lines.collect();
                    bill.set("Line", lines);
                });
                if !withheld.is_zero() {
                    self.expect("T2 amount differs", label, number(bill), withheld);
                }
            }
            Kind::TwoByHandOfOneNumber => {
                for (amount, text) in [("411.10", "Extra trip"), ("97.35", "Cleaning")] {
                    self.create("Bill", small(bill, "88-2", text, amount));
                    let what = self.foreign("T2");
                    self.expect(&what, None, Some("88-2".to_owned()), -amount.parse::<Decimal>().unwrap());
                }
            }
            Kind::CreditByHand => {
                let mut credit = small(bill, "CR-9", "Returned bolts", "64.20");
                for member in ["DueDate", "SalesTermRef"] {
                    credit.as_object_mut().unwrap().shift_remove(member);
                }
                self.create("VendorCredit", credit);
                let what = self.foreign("T2");
                self.expect(&what, None, Some("CR-9".to_owned()), Decimal::new(6420, 2));
            }
            Kind::Rent => {
                let vendor = self.stranger();
                let mut rent = small(bill, "RENT-7", "Rent of the office", "2400.00");
                rent.set("VendorRef", object([("value", vendor.as_str().into())]));
                let account = object([("AccountRef", object([("value", self.account("Expense").as_str().into())]))]);
                let line = object([
                    ("Amount", Json::Number("2400.00".to_owned())),
                    ("DetailType", "AccountBasedExpenseLineDetail".into()),
                    ("AccountBasedExpenseLineDetail", account),
                ]);
                rent.set("Line", vec![line]);
                self.create("Bill", rent);
            }
            Kind::DirectCost => {
                let vendor = self.stranger();
                let mut other = small(bill, "HW-31", "Plywood", "180.00");
                other.set("VendorRef", object([("value", vendor.as_str().into())]));
                let job = job_of(bill);
                let detail = object([
                    ("AccountRef", object([("value", self.account("Cost of Goods Sold").as_str().into())])),
                    ("CustomerRef", object([("value", job.as_str().into())])),
                ]);
                let line = object([
                    ("Amount", Json::Number("180.00".to_owned())),
                    ("DetailType", "AccountBasedExpenseLineDetail".into()),
                    ("AccountBasedExpenseLineDetail", detail),
                ]);
                other.set("Line", vec![line]);
                self.create("Bill", other);
                let what = self.foreign("T10");
                self.expect(&what, None, Some("HW-31".to_owned()), Decimal::from(-180));
            }
            Kind::CheckOverTwo => {
                let Some((_, other)) = self.earlier(contract) else { return };
                let sum = decimal(&other, &["TotalAmt"]);
                self.check(&[(bill, net), (&other, sum)]);
                self.procore_payment(contract, Some(app), net);
                self.expect("T4 payment missing", None, number(&other), -sum);
            }
            Kind::PaymentAmount => {
                self.check(&[(bill, Decimal::from(300))]);
                self.procore_payment(contract, Some(app), Decimal::from(250));
                self.expect("T4 amount differs", label, number(bill), Decimal::from(-50));
            }
            Kind::PaymentVoided => {
                let payment = self.check(&[(bill, Decimal::from(300))]);
                self.site.quickbooks().person_voids(now, "BillPayment", &payment).unwrap();
                self.procore_payment(contract, Some(app), Decimal::from(300));
                self.expect("T4 payment missing", label, None, Decimal::from(300));
            }
            Kind::PaymentOnCommitment => {
                self.check(&[(bill, net)]);
                self.procore_payment(contract, None, net);
            }
            Kind::EntryToPayable => {
                let vendor = text(bill, &["VendorRef", "value"]).to_owned();
                let (cost, payable) = (any_expense_account(self.site), self.account("Accounts Payable"));
                self.entry("JE-8", (&cost, None), (&payable, Some(("Vendor", vendor))));
                self.expect("T8 not from this sync", None, Some("JE-8".to_owned()), Decimal::from(-125));
            }
            Kind::EntryToReceivable => {
                let (receivable, income) = (self.account("Accounts Receivable"), self.account("Income"));
                self.entry("JE-9", (&receivable, Some(("Customer", job_of(bill)))), (&income, None));
                self.expect("T9 not from this sync", None, Some("JE-9".to_owned()), Decimal::from(-125));
            }
            Kind::EntryToOwnerRetainage => {
                let (held, income) = (self.owner_retainage(), self.account("Income"));
                self.entry("JE-10", (&held, None), (&income, None));
                self.expect("T6 not from this sync", None, Some("JE-10".to_owned()), Decimal::from(-125));
            }
            Kind::EntryToJobCost => {
                let (cost, bank) = (self.account("Cost of Goods Sold"), self.account("Bank"));
                self.entry("JE-11", (&cost, Some(("Customer", job_of(bill)))), (&bank, None));
                self.expect("T10 not from this sync", None, Some("JE-11".to_owned()), Decimal::from(-125));
            }
            Kind::InvoiceVoided => {
                let (app, invoice) = self.sales.remove(0);
                self.site.quickbooks().person_voids(now, "Invoice", &id(&invoice)).unwrap();
                let due = decimal(&invoice, &["TotalAmt"]);
                self.expect("T5 voided", invoice_label(&app), number(&invoice), due);
            }
            Kind::InvoiceTwice => {
                let (app, invoice) = self.sales.remove(0);
                let mut twice = without_ids(&invoice);
                let again = format!("{}A", text(&invoice, &["DocNumber"]));
                twice.set("DocNumber", again.as_str());
                self.create("Invoice", twice);
                let due = decimal(&invoice, &["TotalAmt"]);
                self.expect("T5 posted twice", invoice_label(&app), Some(again), -due);
            }
            Kind::InvoiceDate => {
                let (app, invoice) = self.sales.remove(0);
                self.edit("Invoice", &id(&invoice), |invoice| {
                    let date: chrono::NaiveDate = text(invoice, &["TxnDate"]).parse().unwrap();
                    invoice.set("TxnDate", (date + chrono::Days::new(3)).to_string());
                });
                self.expect("T5 field differs", invoice_label(&app), number(&invoice), Decimal::ZERO);
            }
            Kind::InvoiceByHand => {
                let (_, invoice) = self.sales.remove(0);
                self.create("Invoice", small(&invoice, "TM-5", "Work on time and material", "750.00"));
                let what = self.foreign("T5");
                self.expect(&what, None, Some("TM-5".to_owned()), Decimal::from(-750));
            }
            Kind::OwnerInvoiceTakenBack => {
                let (app, invoice) = self.sales.remove(0);
                let mut procore = self.site.procore();
                let set = |app: &mut Json| app.set("status", "draft");
                procore.person_edits(now, "payment_applications", text(&app, &["id"]), set).unwrap();
                drop(procore);
                let due = decimal(&invoice, &["TotalAmt"]);
                self.expect("T5 missing in procore", None, number(&invoice), -due);
            }
            Kind::EstimateDeleted => {
                let (prime, estimate) = self.estimates.remove(0);
                self.site.quickbooks().person_deletes(now, "Estimate", &id(&estimate)).unwrap();
                let label = Some(text(&prime, &["number"]).to_owned());
                self.expect("T7 missing in quickbooks", label, None, decimal(&estimate, &["TotalAmt"]));
            }
            Kind::EstimateTwice => {
                let (prime, estimate) = self.estimates.remove(0);
                let mut twice = without_ids(&estimate);
                let again = format!("{}A", text(&estimate, &["DocNumber"]));
                twice.set("DocNumber", again.as_str());
                self.create("Estimate", twice);
                let label = Some(text(&prime, &["number"]).to_owned());
                self.expect("T7 posted twice", label, Some(again), -decimal(&estimate, &["TotalAmt"]));
            }
            Kind::PrimeContractTakenBack => {
                let (prime, estimate) = self.estimates.remove(0);
                let mut procore = self.site.procore();
                procore
                    .person_edits(now, "prime_contracts", text(&prime, &["id"]), |c| c.set("status", "Draft"))
                    .unwrap();
                drop(procore);
                let sum = decimal(&estimate, &["TotalAmt"]);
                self.expect("T7 missing in procore", None, number(&estimate), -sum);
            }
        }
    }

    /// An earlier pay app of the contract, with its bill.
    fn earlier(&self, contract: &Contract) -> Option<(Json, Json)> {
        let procore = self.site.procore();
        let own = text(&contract.app, &["id"]);
        let apps = procore.all("requisitions").filter(|app| {
            text(app, &["commitment_id"]) == text(&contract.commitment, &["id"]) && text(app, &["id"]) != own
        });
        let found = apps.filter_map(|app| Some((app.clone(), self.bills.get(text(app, &["id"]))?.clone())));
        found.filter(|(_, bill)| decimal(bill, &["TotalAmt"]) > Decimal::ZERO).last()
    }

    /// A vendor other than that of the record.
    fn other_vendor(&self, record: &Json) -> String {
        let own = text(record, &["VendorRef", "value"]);
        self.site.quickbooks().all("Vendor").map(id).find(|vendor| vendor != own).unwrap()
    }

    /// A vendor that Procore does not know.
    fn stranger(&self) -> String {
        let name = format!("Cornerstone Property Management {}", self.contracts.len());
        self.create("Vendor", object([("DisplayName", name.as_str().into())]))
    }

    fn owner_retainage(&self) -> String {
        let quickbooks = self.site.quickbooks();
        let names = ["Retainage Receivable", "Retenciones por cobrar"];
        quickbooks.all("Account").find(|account| names.contains(&text(account, &["Name"]))).map(id).unwrap()
    }
}
