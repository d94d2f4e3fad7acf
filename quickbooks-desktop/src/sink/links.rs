//! Which purchase order line a line of a bill bills. Answers name the orders of a bill and not the lines, so it is
//! remembered when a bill is made, and otherwise told by what the lines have in common.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::model::accounting::{AccountingDocument, ExpenseDocument, ExpenseLine, LineLink, PostTo};
use sync_core::model::{TargetKind, TargetRef};

use super::mirror::{Held, Mirror};

type Links = BTreeMap<String, (String, String)>;

/// Sets the links of a bill's lines.
pub(super) fn restore(held: &mut Held, mirror: &Mirror) {
    let Held { state, orders } = held;
    let AccountingDocument::Bill(bill) = &mut state.document else { return };
    let remembered = mirror.links.get(state.target.id.as_str());
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for line in &mut bill.lines {
        let known = line.id.as_ref().zip(remembered).and_then(|(id, links)| links.get(id.as_str()));
        if let Some((order, order_line)) = known.filter(|(order, _)| orders.contains(order)) {
            used.insert((order.clone(), order_line.clone()));
            line.link = Some(link(order, order_line));
        }
    }
    if remembered.is_some() {
        return;
    }
    for line in &mut bill.lines {
        if let Some((order, order_line)) = alike(line, orders, mirror, &used) {
            line.link = Some(link(&order, &order_line));
            used.insert((order, order_line));
        }
    }
}

fn link(order: &str, line: &str) -> LineLink {
    LineLink { purchase_order: order.into(), line: line.into() }
}

/// The only line of the orders that has the same item, class, customer and text and is not taken yet.
fn alike(
    line: &ExpenseLine,
    orders: &[String],
    mirror: &Mirror,
    used: &BTreeSet<(String, String)>,
) -> Option<(String, String)> {
    if line.amount.is_negative() || !matches!(line.coding.post_to, PostTo::Item(_)) {
        return None;
    }
    let mut found = Vec::new();
    for order in orders {
        let target = TargetRef { kind: TargetKind::PurchaseOrder, id: order.as_str().into() };
        let Some(AccountingDocument::PurchaseOrder(document)) =
            mirror.held.get(&target).map(|held| &held.state.document)
        else {
            continue;
        };
        for own in &document.lines {
            let Some(id) = &own.id else { continue };
            let key = (order.clone(), id.to_string());
            if own.coding == line.coding && own.description == line.description && !used.contains(&key) {
                found.push(key);
            }
        }
    }
    match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// The links that QuickBooks made of those that were asked for: a bill lists its item lines in the order in which they
/// were sent, and names the orders that it is linked to.
pub(super) fn made(asked: &ExpenseDocument, held: &Held) -> Links {
    let AccountingDocument::Bill(stored) = &held.state.document else { return Links::new() };
    let is_item = |line: &&ExpenseLine| matches!(line.coding.post_to, PostTo::Item(_));
    let (asked, stored) = (asked.lines.iter().filter(is_item), stored.lines.iter().filter(is_item));
    let pairs = asked.zip(stored).filter_map(|(asked, stored)| {
        let link = asked.link.as_ref().filter(|link| held.orders.iter().any(|o| o == link.purchase_order.as_str()))?;
        let id = stored.id.as_ref()?.to_string();
        Some((id, (link.purchase_order.to_string(), link.line.to_string())))
    });
    pairs.collect()
}
