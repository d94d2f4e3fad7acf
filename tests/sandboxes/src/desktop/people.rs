//! What people do at QuickBooks Desktop while a sync runs, as a book tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

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
                let total: rust_decimal::Decimal = invoices.values().map(|amount| amount.0).sum();
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
