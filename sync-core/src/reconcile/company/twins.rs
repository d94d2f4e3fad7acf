//! Transactions of nobody that carry one number: numbers are not unique, and each of them is a finding of its own.

use crate::model::{Money, MoneyError};
use crate::reconcile::explain::Explanation;
use crate::reconcile::records::{BillRecord, BooksSide, PurchaseOrderRecord};
use crate::reconcile::tie_out::{FindingKind, Measure};

type ShownIn = Vec<(&'static str, Option<Measure>, Money)>;

/// Takes explanations apart that stand for several transactions of one number.
pub(super) fn apart(explained: Vec<Explanation>, side: &BooksSide) -> Result<Vec<Explanation>, MoneyError> {
    let mut all = Vec::with_capacity(explained.len());
    for one in explained {
        let twins = match &one.quickbooks {
            Some(name) if one.kind == FindingKind::NotFromThisSync => twins(&one, name, side)?,
            _ => Vec::new(),
        };
        if twins.len() < 2 {
            all.push(one);
            continue;
        }
        for shows_in in twins {
            let amount = shows_in.iter().find(|(_, of, _)| *of == Some(Measure::Net)).or(shows_in.first());
            let amount = amount.map_or(one.amount, |(.., amount)| *amount);
            let (whole, own) = (one.amount.absolute().to_string(), amount.absolute().to_string());
            all.push(Explanation { amount, shows_in, text: one.text.replacen(&whole, &own, 1), ..one.clone() });
        }
    }
    Ok(all)
}

/// What each transaction of that name shows in.
fn twins(one: &Explanation, name: &str, side: &BooksSide) -> Result<Vec<ShownIn>, MoneyError> {
    let shows = |id: &str| one.shows_in.iter().any(|(of, ..)| *of == id);
    let orders = |id, list: &[PurchaseOrderRecord]| -> Vec<ShownIn> {
        let named = list.iter().filter(|order| order.document.is_none() && order.number == name);
        named.map(|order| vec![(id, Some(Measure::Committed), order.total.negated())]).collect()
    };
    let bills = |[documents, held]: [&'static str; 2], list: &[BillRecord]| -> Result<Vec<ShownIn>, MoneyError> {
        let named = list.iter().filter(|bill| bill.document.is_none() && bill.number == name);
        let measures = named.map(|bill| {
            let all = [
                (documents, Some(Measure::Gross), bill.gross.negated()),
                (documents, Some(Measure::Withheld), bill.withheld.negated()),
                (documents, Some(Measure::Released), bill.released.negated()),
                (documents, Some(Measure::Net), bill.net.negated()),
                (held, Some(Measure::Held), bill.released.minus(bill.withheld)?),
            ];
            Ok(all.into_iter().filter(|(.., amount)| !amount.is_zero()).collect())
        });
        let shown: Result<Vec<ShownIn>, MoneyError> = measures.collect();
        Ok(shown?.into_iter().filter(|measures| !measures.is_empty()).collect())
    };
    if shows("T1") {
        Ok(orders("T1", &side.purchase_orders))
    } else if shows("T7") {
        Ok(orders("T7", &side.estimates))
    } else if shows("T2") {
        bills(["T2", "T3"], &side.bills)
    } else if shows("T5") {
        bills(["T5", "T6"], &side.invoices)
    } else {
        Ok(Vec::new())
    }
}
