//! What transactions say of one another.

use rust_decimal::Decimal;

use super::file::{CompanyFile, Record};
use super::ledger::money;
use super::xml::Node;

impl CompanyFile {
    /// `LinkedTxn`s: the purchase orders of a bill, the bills of a purchase order, payments.
    pub(super) fn linked(&self, record: &Record) -> Vec<Node> {
        let mut linked = Vec::new();
        let mut orders: Vec<&str> = Vec::new();
        for (order, _) in record.lines.iter().filter_map(|line| line.link.as_ref()) {
            if !orders.contains(&order.as_str()) {
                orders.push(order);
            }
        }
        for order in orders {
            linked.extend(self.records.get(order).map(|order| link(order, "QUANTYPE", Decimal::ZERO)));
        }
        if record.kind == "PurchaseOrder" {
            let bills = self.of_kind("Bill").filter(|bill| {
                bill.lines.iter().any(|line| line.link.as_ref().is_some_and(|(order, _)| *order == record.id))
            });
            linked.extend(bills.map(|bill| link(bill, "QUANTYPE", Decimal::ZERO)));
        }
        for payment in self.records.values().filter(|payment| !payment.is_void) {
            for (_, part) in payment.applied.iter().filter(|(to, _)| *to == record.id) {
                linked.push(link(payment, "AMTTYPE", -*part));
            }
        }
        linked
    }

    pub(super) fn applied_to(&self, record: &Record) -> Vec<Node> {
        let applied = record.applied.iter().filter_map(|(to, part)| Some((self.records.get(to)?, part)));
        applied
            .map(|(to, part)| {
                Node::parent(
                    "AppliedToTxnRet",
                    vec![
                        Node::leaf("TxnID", to.id.clone()),
                        Node::leaf("TxnType", to.kind.clone()),
                        Node::leaf("TxnDate", to.text("TxnDate")),
                        Node::leaf("RefNumber", to.text("RefNumber")),
                        Node::leaf("BalanceRemaining", money(self.open(to))),
                        Node::leaf("Amount", money(*part)),
                    ],
                )
            })
            .collect()
    }
}

fn link(to: &Record, kind: &str, amount: Decimal) -> Node {
    let mut children = vec![
        Node::leaf("TxnID", to.id.clone()),
        Node::leaf("TxnType", to.kind.clone()),
        Node::leaf("TxnDate", to.text("TxnDate")),
    ];
    if !to.text("RefNumber").is_empty() {
        children.push(Node::leaf("RefNumber", to.text("RefNumber")));
    }
    children.push(Node::leaf("LinkType", kind));
    children.push(Node::leaf("Amount", money(amount)));
    Node::parent("LinkedTxn", children)
}
