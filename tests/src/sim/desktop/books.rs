//! What stands in a company file, read by code that shares nothing with the connector.

use rust_decimal::Decimal;
use sync_sandboxes::desktop::{CompanyFile, Node};

use super::super::truth::{Posted, Sums, TRANSACTIONS, marked};

/// The item, and the account, of retainage.
const RETAINAGE: [&str; 3] = ["Retainage", "Retainage Payable", "Retainage Receivable"];

/// A transaction of a company file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    /// The document that it names.
    pub(crate) marker: Option<String>,
    pub(crate) is_void: bool,
    /// Purchase orders that it bills, by id.
    pub(crate) orders: Vec<String>,
    node: Node,
}

/// All transactions.
pub(crate) fn entries(file: &CompanyFile) -> Vec<Entry> {
    let of_kind = |kind: &'static str| file.all(kind).into_iter().map(move |node| Entry::of(kind, node));
    TRANSACTIONS.into_iter().flat_map(of_kind).collect()
}

fn decimal(node: &Node, name: &str) -> Decimal {
    node.at(&[name]).parse().unwrap_or_default()
}

impl Entry {
    fn of(kind: &'static str, node: Node) -> Self {
        let memo = node.at(&["Memo"]);
        let orders = node.all("LinkedTxn").filter(|link| kind == "Bill" && link.at(&["TxnType"]) == "PurchaseOrder");
        Self {
            kind,
            id: node.at(&["TxnID"]).to_owned(),
            marker: marked(memo),
            is_void: memo.starts_with("VOID:"),
            orders: orders.map(|link| link.at(&["TxnID"]).to_owned()).collect(),
            node,
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Node> {
        self.node.children.iter().filter(|child| child.name.ends_with("LineRet"))
    }

    /// The id of the first line.
    pub(crate) fn first_line(&self) -> Option<String> {
        self.lines().next().map(|line| line.at(&["TxnLineID"]).to_owned())
    }

    pub(crate) fn total(&self) -> Decimal {
        let names = ["AmountDue", "CreditAmount", "TotalAmount", "Subtotal"];
        names
            .into_iter()
            .find(|name| self.node.child(name).is_some())
            .map(|name| decimal(&self.node, name))
            .unwrap_or_default()
    }

    /// What it comes to.
    pub(crate) fn posted(&self) -> Posted {
        let sign = if matches!(self.kind, "VendorCredit" | "CreditMemo") { -Decimal::ONE } else { Decimal::ONE };
        let mut sums = Sums::default();
        for line in self.lines() {
            let value = decimal(line, "Amount") * sign;
            let named = |reference: &str| RETAINAGE.contains(&line.at(&[reference, "FullName"]));
            let text = [line.at(&["Desc"]), line.at(&["Memo"])].concat();
            if !named("ItemRef") && !named("AccountRef") {
                sums.gross += value;
            } else if text.starts_with("Retainage released") {
                sums.released += value;
            } else {
                sums.withheld -= value;
            }
        }
        Posted { entity: self.kind, id: self.id.clone(), sums, total: self.total() * sign }
    }

    /// A field as people see it: `memo` is the text before the marker, `line/N` the amount of a line.
    pub(crate) fn field(&self, name: &str) -> String {
        if let Some(wanted) = name.strip_prefix("line/") {
            let line = self.lines().find(|line| line.at(&["TxnLineID"]) == wanted);
            return line.map(|line| decimal(line, "Amount").normalize().to_string()).unwrap_or_default();
        }
        if name == "memo" {
            let memo = self.node.at(&["Memo"]);
            let memo = memo.strip_prefix("VOID:").unwrap_or(memo);
            return memo.split("[sync:").next().unwrap_or_default().trim().to_owned();
        }
        self.node.at(&[name]).to_owned()
    }

    /// Is it as it was?
    pub(crate) fn is_as(&self, before: &Self) -> bool {
        self.node == before.node
    }

    pub(crate) fn memo(&self) -> &str {
        self.node.at(&["Memo"])
    }
}
