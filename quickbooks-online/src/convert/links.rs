//! Links between bills and purchase orders, as they stand on the wire.
//!
//! A link needs all three members, on the line and on the header; QuickBooks drops a bad one without a word
//! (<https://github.com/ruckus/quickbooks-ruby/pull/556>).

use sync_core::model::accounting::{ExpenseDocument, LineLink};

use crate::wire::{Line, LinkedTxn};

const PURCHASE_ORDER: &str = "PurchaseOrder";

/// Is it a link to a purchase order?
pub(super) fn is_purchase_order(link: &LinkedTxn) -> bool {
    link.txn_type.as_deref() == Some(PURCHASE_ORDER)
}

/// The purchase order and its line that a line bills.
pub(super) fn purchase_order(line: &Line) -> Option<(&str, &str)> {
    let links = line.linked_txn.as_deref().unwrap_or_default();
    let link = links.iter().find(|link| is_purchase_order(link))?;
    Some((link.txn_id.as_deref()?, link.txn_line_id.as_deref()?))
}

/// The link of a line.
pub(super) fn on_line(link: &LineLink) -> LinkedTxn {
    LinkedTxn {
        txn_id: Some(link.purchase_order.to_string()),
        txn_type: Some(PURCHASE_ORDER.to_owned()),
        txn_line_id: Some(link.line.to_string()),
    }
}

/// The links of a header: each purchase order once, beside `known` ones.
pub(super) fn on_header(document: &ExpenseDocument, known: &[LinkedTxn]) -> Vec<LinkedTxn> {
    let mut links: Vec<LinkedTxn> = Vec::new();
    for link in document.lines.iter().filter_map(|line| line.link.as_ref()) {
        let order = link.purchase_order.as_str();
        let is_known = |other: &LinkedTxn| other.txn_id.as_deref() == Some(order) && is_purchase_order(other);
        if !known.iter().chain(&links).any(is_known) {
            links.push(LinkedTxn {
                txn_id: Some(order.to_owned()),
                txn_type: Some(PURCHASE_ORDER.to_owned()),
                txn_line_id: None,
            });
        }
    }
    links
}
