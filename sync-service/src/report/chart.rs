//! Bars as SVG, inside the page. Lengths are whole points, worked out from exact amounts.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sync_core::model::Money;

use super::Chart;
use super::html::escape;
use crate::reconcile::print::dollars;

const LABELS: i64 = 150;
const BARS: i64 = 420;
const ROW: i64 = 13;

pub(super) fn svg(chart: &Chart) -> String {
    let amounts = chart.groups.iter().flat_map(|(_, pairs)| pairs).flat_map(|(_, left, right)| [left, right]);
    let largest = amounts.map(|money| money.absolute().amount()).max().unwrap_or_default();
    if largest.is_zero() {
        return String::new();
    }
    let width = |money: Money| {
        let points = money.absolute().amount().checked_mul(Decimal::from(BARS)).and_then(|p| p.checked_div(largest));
        points.and_then(|points| points.round().to_i64()).unwrap_or_default()
    };
    let rows: usize = chart.groups.iter().map(|(_, pairs)| pairs.len() * 2 + 2).sum();
    let height = i64::try_from(rows).unwrap_or_default() * ROW + 30;
    let total = LABELS + BARS + 130;
    let mut out = format!(
        "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {total} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(&chart.title),
        escape(&chart.title)
    );
    let mut y = 14;
    for (place, side) in chart.sides.iter().enumerate() {
        let x = LABELS + i64::try_from(place).unwrap_or_default() * 140;
        let _ = write!(
            out,
            "<rect class=\"s{place}\" x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\"/><text x=\"{}\" y=\"{y}\">{}</text>",
            y - 9,
            x + 15,
            escape(side)
        );
    }
    for (name, pairs) in &chart.groups {
        y += ROW + 8;
        let _ = write!(out, "<text class=\"group\" x=\"0\" y=\"{y}\">{}</text>", escape(name));
        for (measure, left, right) in pairs {
            for (place, amount) in [*left, *right].into_iter().enumerate() {
                y += ROW;
                if place == 0 {
                    let _ = write!(out, "<text x=\"10\" y=\"{y}\">{measure}</text>");
                }
                let long = width(amount);
                let _ = write!(
                    out,
                    "<rect class=\"s{place}\" x=\"{LABELS}\" y=\"{}\" width=\"{long}\" height=\"11\"/>\
                     <text x=\"{}\" y=\"{y}\">{}</text>",
                    y - 10,
                    LABELS + long + 5,
                    dollars(amount)
                );
            }
        }
    }
    out.push_str("</svg></figure>");
    out
}
