//! Owner invoices: each row completed by what the application before held.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::model::construction::{Codes, HeldBeforeAfter, LineRetainage, OwnerInvoice, PayAppLine};
use sync_core::model::{
    Amount, ChangeOrderPackageId, Currency, Money, OwnerInvoiceStatus, PrimeContractId, ProjectId, SovLineId,
};

use super::codes::CodeBook;
use super::commitment::ChangeOrderRecord;
use super::pay_app::summary;
use super::{Amounts, custom_fields, plain_text};
use crate::wire::BadValue;
use crate::wire::payment_applications::{PaymentApplication, Row};

/// What an owner invoice needs to know about its contract.
#[derive(Clone, Debug)]
pub struct KnownPrimeContract {
    /// Id.
    pub id: PrimeContractId,
    /// Number.
    pub number: String,
    /// The codes of its lines, those of change orders included.
    pub codes: Arc<HashMap<SovLineId, Codes>>,
    /// The package of each change order, by the change order's id.
    pub packages: HashMap<String, ChangeOrderPackageId>,
}

/// The package of each change order, by the change order's id.
pub fn packages(change_orders: &[ChangeOrderRecord]) -> HashMap<String, ChangeOrderPackageId> {
    let named = |record: &ChangeOrderRecord| match record {
        ChangeOrderRecord::Order(order, _) => Some((order.id.as_str().to_owned(), order.legacy_package_id.clone()?)),
        _ => None,
    };
    change_orders.iter().filter_map(named).collect()
}

/// All that an owner invoice is made of, besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Its project.
    pub project: &'a ProjectId,
    /// The project's number.
    pub project_number: Option<&'a str>,
    /// Its contract.
    pub contract: &'a KnownPrimeContract,
    /// The application before, whatever its status.
    pub previous: Option<&'a PaymentApplication>,
    /// Where codes are looked up that the contract does not tell.
    pub book: &'a CodeBook,
    /// The currency of records that state none.
    pub currency: Currency,
}

/// What makes a row the same row in the next application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity<'a> {
    Bills(&'a str, &'a str),
    Place(&'a str, &'a str),
}

impl<'a> Identity<'a> {
    fn of(row: &'a Row) -> Option<Self> {
        let bills = || Some(Self::Bills(row.origin_type.as_deref()?, row.origin_id.as_deref()?));
        bills().or_else(|| Some(Self::Place(row.kind.as_deref().unwrap_or_default(), row.item_number.as_deref()?)))
    }
}

/// The line of the contract that a row bills, if it bills one.
pub(crate) fn line_of(row: &Row) -> Option<SovLineId> {
    let id = row.origin_id.as_deref()?;
    row.origin_type.as_deref()?.eq_ignore_ascii_case("LineItem").then(|| SovLineId::from(id))
}

/// The package of the change order that a row bills, if it bills one.
fn package_of(row: &Row, contract: &KnownPrimeContract) -> Option<ChangeOrderPackageId> {
    let is = |word: Option<&str>, wanted: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    let id = if is(row.origin_type.as_deref(), "ChangeOrderPackage") {
        row.origin_id.as_deref()?
    } else if is(row.added_from_source.as_deref(), "change_order") {
        row.added_from_source_id.as_deref()?
    } else {
        return None;
    };
    // Procore does not say which of the two ids of a change order it puts here.
    Some(contract.packages.get(id).cloned().unwrap_or_else(|| ChangeOrderPackageId::from(id)))
}

/// An owner invoice.
///
/// # Errors
/// The first value that it cannot be made of.
pub fn owner_invoice(wire: &PaymentApplication, around: Around<'_>) -> Result<OwnerInvoice, BadValue> {
    let amounts = Amounts::of(wire.currency_configuration.as_ref(), around.currency)?;
    let number = wire.number.ok_or_else(|| BadValue::new("number", "the number of the application is missing"))?;
    let rows = wire.g703.as_deref().ok_or_else(|| BadValue::new("g703", "the rows are missing"))?;
    let before = match around.previous {
        None => &[],
        Some(previous) => previous
            .g703
            .as_deref()
            .ok_or_else(|| BadValue::new("g703", "the rows of the application before are missing"))?,
    };
    let before: HashMap<Identity<'_>, &Row> = before.iter().filter_map(|row| Some((Identity::of(row)?, row))).collect();
    let lines = rows.iter().enumerate().map(|(at, row)| {
        let previous = Identity::of(row).and_then(|identity| before.get(&identity)).copied();
        line(row, at, previous, amounts, &around)
    });
    let period_end = wire.period_end.or_else(|| wire.billing_period.as_ref()?.end_date);
    Ok(OwnerInvoice {
        id: wire.id.clone(),
        project: around.project.clone(),
        project_number: around.project_number.map(str::to_owned),
        contract: around.contract.id.clone(),
        contract_number: around.contract.number.clone(),
        number,
        invoice_number: wire.invoice_number.clone(),
        status: wire.status.clone().unwrap_or_else(|| OwnerInvoiceStatus::from("")),
        billing_date: wire.billing_date.or(period_end),
        period_end,
        previous: around.previous.map(|previous| previous.id.clone()),
        lines: lines.collect::<Result<_, _>>()?,
        summary: summary(wire.g702.as_ref(), amounts, "g702")?,
        currency: amounts.0,
        updated_at: wire.updated_at,
        custom: custom_fields(wire.custom_fields.as_ref()),
    })
}

fn line(
    row: &Row,
    at: usize,
    previous: Option<&Row>,
    amounts: Amounts,
    around: &Around<'_>,
) -> Result<PayAppLine, BadValue> {
    let path = |field: &str| format!("g703[{at}].{field}");
    let zero = |amount: Option<Amount>, field: &'static str| amounts.or_zero(amount, || path(field));
    let earlier = |amount: Option<Amount>, field: &'static str| {
        amounts.or_zero(amount, || format!("g703[{at}] of the application before: {field}"))
    };
    let sov_line = line_of(row);
    let known = sov_line.as_ref().and_then(|id| around.contract.codes.get(id)).filter(|c| **c != Codes::default());
    let codes = match known {
        Some(codes) => codes.clone(),
        None => codes_of(row, around.book),
    };
    let description = row.description_override.as_deref().or(row.description_of_work.as_deref());
    let stored_held_before = match previous {
        Some(row) => row.materials_stored_retainage_currently_retained,
        None => row.materials_stored_retainage_from_previous_application,
    };
    Ok(PayAppLine {
        id: row.id.clone(),
        sov_line,
        change_order_package: package_of(row, around.contract),
        description: description.map(|text| plain_text(text).into_owned()).unwrap_or_default(),
        codes,
        scheduled_value: amounts.maybe(row.scheduled_value, || path("scheduled_value"))?,
        work_previous: zero(row.work_completed_from_previous_application, "work_completed_from_previous_application")?,
        work_this_period: zero(row.work_completed_this_period, "work_completed_this_period")?,
        stored: zero(row.materials_presently_stored, "materials_presently_stored")?,
        stored_previous: earlier(
            previous.and_then(|row| row.materials_presently_stored),
            "materials_presently_stored",
        )?,
        completed_and_stored: amounts
            .maybe(row.total_completed_and_stored_to_date, || path("total_completed_and_stored_to_date"))?,
        retainage: LineRetainage {
            work_retained: zero(
                row.work_completed_retainage_retained_this_period,
                "work_completed_retainage_retained_this_period",
            )?,
            work_released: zero(
                row.work_completed_retainage_released_this_period,
                "work_completed_retainage_released_this_period",
            )?,
            stored_held: zero(
                row.materials_stored_retainage_currently_retained,
                "materials_stored_retainage_currently_retained",
            )?,
            stored_held_previous: earlier(stored_held_before, "materials_stored_retainage_currently_retained")?,
            stored_released: zero(
                row.materials_stored_retainage_released_this_period,
                "materials_stored_retainage_released_this_period",
            )?,
            moved: zero(row.materials_retainage_retained_moved, "materials_retainage_retained_moved")?,
            held: held(row, previous, amounts, path)?,
        },
    })
}

/// What is held on the row before and after, where it is stated. What is not stated of before is what the application
/// before states of after; a row that is new held nothing.
fn held(
    row: &Row,
    previous: Option<&Row>,
    amounts: Amounts,
    path: impl Fn(&str) -> String,
) -> Result<Option<HeldBeforeAfter>, BadValue> {
    let money = |amount, field: &str| -> Result<Option<Money>, BadValue> { amounts.maybe(amount, || path(field)) };
    let Some(after) = money(row.total_retainage_currently_retained, "total_retainage_currently_retained")? else {
        return Ok(None);
    };
    let stated = money(row.total_retainage_from_previous_application, "total_retainage_from_previous_application")?;
    let before = match (stated, previous) {
        (Some(before), _) => Some(before),
        (None, None) => Some(Money::zero(amounts.0)),
        (None, Some(row)) => money(row.total_retainage_currently_retained, "total_retainage_currently_retained")?,
    };
    Ok(before.map(|before| HeldBeforeAfter { before, after }))
}

/// The codes of a row by what it says itself.
pub(crate) fn codes_of(row: &Row, book: &CodeBook) -> Codes {
    book.named(row.wbs_code.as_ref(), row.cost_code.as_ref())
}
