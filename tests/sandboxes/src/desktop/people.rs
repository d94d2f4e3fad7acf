//! What people do at QuickBooks Desktop while a sync runs, as a book tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::file::CompanyFile;
use super::message::Worked;
use super::xml::Node;
use crate::people::{Amount, Deed};

impl CompanyFile {
    /// Does a deed of QuickBooks; no for one of Procore.
    ///
    /// # Errors
    /// If the company file refuses, or the deed is none that can be done here.
    pub(crate) fn person_does(&mut self, now: DateTime<Utc>, deed: &Deed) -> Result<bool, String> {
        match deed {
            Deed::PayBills { number, date, account, bills, .. } if fits(deed) => {
                let vendor = self.party("Bill", bills, "VendorRef")?;
                let mut body = vec![reference("PayeeEntityRef", &vendor)];
                body.push(Node::leaf("TxnDate", date.clone()));
                body.push(reference("BankAccountRef", self.find("Account", "Name", account)?.at(&["ListID"])));
                body.extend(number.iter().map(|number| Node::leaf("RefNumber", number.clone())));
                body.extend(self.applied("Bill", bills)?);
                told(self.add(now, "BillPaymentCheck", &Node::parent("BillPaymentCheckAdd", body)))
            }
            Deed::Receive { number, date, invoices } => {
                let customer = self.party("Invoice", invoices, "CustomerRef")?;
                let total: Decimal = invoices.values().map(|amount| amount.0).sum();
                let mut body = vec![reference("CustomerRef", &customer), Node::leaf("TxnDate", date.clone())];
                body.push(Node::leaf("RefNumber", number.clone()));
                body.push(Node::leaf("TotalAmount", format!("{total:.2}")));
                body.extend(self.applied("Invoice", invoices)?);
                told(self.add(now, "ReceivePayment", &Node::parent("ReceivePaymentAdd", body)))
            }
            Deed::VoidPayment { number } => {
                let id = self.find("BillPaymentCheck", "RefNumber", number)?.at(&["TxnID"]).to_owned();
                let request = [Node::leaf("TxnVoidType", "BillPaymentCheck"), Node::leaf("TxnID", id)];
                told(self.void(now, &Node::parent("TxnVoidRq", request.to_vec())))
            }
            Deed::DeletePayment { number } => {
                let check = self.find("BillPaymentCheck", "RefNumber", number).map(|node| ("BillPaymentCheck", node));
                let (kind, node) = check.or_else(|_| {
                    self.find("ReceivePayment", "RefNumber", number).map(|node| ("ReceivePayment", node))
                })?;
                let request = [Node::leaf("TxnDelType", kind), Node::leaf("TxnID", node.at(&["TxnID"]))];
                told(self.delete(now, &Node::parent("TxnDelRq", request.to_vec())))
            }
            Deed::AddVendor { .. } | Deed::Approve { .. } | Deed::EnterPayment { .. } => Ok(false),
            _ => Err("nobody can do that at this QuickBooks Desktop".to_owned()),
        }
    }

    /// A person deletes a transaction.
    ///
    /// # Errors
    /// If QuickBooks refuses.
    pub fn person_deletes(&mut self, now: DateTime<Utc>, kind: &str, id: &str) -> Result<(), String> {
        let request = vec![Node::leaf("TxnDelType", kind), Node::leaf("TxnID", id)];
        told(self.delete(now, &Node::parent("TxnDelRq", request))).map(drop)
    }

    /// A person voids a transaction.
    ///
    /// # Errors
    /// If QuickBooks refuses.
    pub fn person_voids(&mut self, now: DateTime<Utc>, kind: &str, id: &str) -> Result<(), String> {
        let request = vec![Node::leaf("TxnVoidType", kind), Node::leaf("TxnID", id)];
        told(self.void(now, &Node::parent("TxnVoidRq", request))).map(drop)
    }

    /// A person pays some of a bill by check, or receives some of an invoice.
    ///
    /// # Errors
    /// If QuickBooks refuses, or it is neither.
    pub fn person_pays(&mut self, now: DateTime<Utc>, kind: &str, id: &str, amount: &str) -> Result<(), String> {
        let of = self.all(kind).into_iter().find(|node| node.at(&["TxnID"]) == id).ok_or("there is no such record")?;
        let applied = vec![Node::leaf("TxnID", id), Node::leaf("PaymentAmount", amount)];
        let applied = Node::parent("AppliedToTxnAdd", applied);
        let (payment, body) = match kind {
            "Bill" => {
                let bank = self.all("Account").into_iter().find(|node| node.at(&["AccountType"]) == "Bank");
                let bank = bank.ok_or("there is no bank account")?.at(&["ListID"]).to_owned();
                let payee = reference("PayeeEntityRef", of.at(&["VendorRef", "ListID"]));
                ("BillPaymentCheck", vec![payee, reference("BankAccountRef", &bank), applied])
            }
            "Invoice" => {
                let customer = reference("CustomerRef", of.at(&["CustomerRef", "ListID"]));
                ("ReceivePayment", vec![customer, Node::leaf("TotalAmount", amount), applied])
            }
            _ => return Err(format!("nobody pays a {kind}")),
        };
        told(self.add(now, payment, &Node::parent(format!("{payment}Add"), body))).map(drop)
    }

    /// A person raises the first line of a transaction.
    ///
    /// # Errors
    /// If there is no such transaction, or it has no line.
    pub fn person_raises(&mut self, now: DateTime<Utc>, id: &str, by: Decimal) -> Result<(), String> {
        let (moment, number) = (super::clock::written(now, self.wall_offset), self.number());
        let record = self.records.get_mut(id).ok_or("there is no such record")?;
        let line = record.lines.first_mut().ok_or("it has no line")?;
        let amount = super::ledger::money(super::ledger::amount(line) + by);
        line.fields.insert("Amount".to_owned(), Node::leaf("Amount", amount));
        for derived in ["Rate", "Cost"] {
            line.fields.remove(derived);
        }
        record.modified = moment;
        record.edit = record.edit.max(number) + 1;
        record.number = number;
        Ok(())
    }

    /// Puts a backup back. What it lacks is gone, and no id that was given since is given again: QuickBooks makes ids from
    /// the time.
    pub fn restore(&mut self, backup: Self) {
        let next = self.next.max(backup.next);
        let (seen, worked) = (std::mem::take(&mut self.seen), self.worked);
        *self = Self { next, seen, worked, ..backup };
    }

    fn find(&self, kind: &str, field: &str, value: &str) -> Result<Node, String> {
        let all = self.all(kind);
        let mut found = all.into_iter().filter(|node| node.at(&[field]) == value);
        match (found.next(), found.next()) {
            (Some(node), None) => Ok(node),
            (None, _) => Err(format!("there is no {kind} {value}")),
            (Some(_), Some(_)) => Err(format!("there are several {kind} {value}")),
        }
    }

    /// The vendor or customer of the first of these documents.
    fn party(&self, kind: &str, documents: &BTreeMap<String, Amount>, field: &str) -> Result<String, String> {
        let number = documents.keys().next().ok_or("no document is named")?;
        Ok(self.find(kind, "RefNumber", number)?.at(&[field, "ListID"]).to_owned())
    }

    fn applied(&self, kind: &str, documents: &BTreeMap<String, Amount>) -> Result<Vec<Node>, String> {
        let one = |(number, amount): (&String, &Amount)| {
            let id = self.find(kind, "RefNumber", number)?.at(&["TxnID"]).to_owned();
            let parts = vec![Node::leaf("TxnID", id), Node::leaf("PaymentAmount", format!("{:.2}", amount.0))];
            Ok(Node::parent("AppliedToTxnAdd", parts))
        };
        documents.iter().map(one).collect()
    }
}

/// Can it be done at QuickBooks Desktop, as this double has it?
pub(crate) fn fits(deed: &Deed) -> bool {
    match deed {
        Deed::PayBills { method, credits, .. } => method == "Check" && credits.is_empty(),
        Deed::Deposit { .. } | Deed::Clear { .. } | Deed::EditBill { .. } | Deed::CloseBooks { .. } => false,
        _ => true,
    }
}

fn reference(name: &str, id: &str) -> Node {
    Node::parent(name, vec![Node::leaf("ListID", id)])
}

fn told(worked: Result<Worked, (u32, String)>) -> Result<bool, String> {
    worked.map(|_| true).map_err(|(code, text)| format!("{code}: {text}"))
}
