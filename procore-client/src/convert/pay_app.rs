//! Pay apps: each row completed by what the application before held.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::model::construction::{
    Codes, CommitmentKind, HeldBeforeAfter, LineRetainage, PayApp, PayAppLine, PayAppSummary,
};
use sync_core::model::{Amount, CommitmentId, Currency, Money, PayAppStatus, ProjectId, SovLineId, VendorId};

use super::codes::CodeBook;
use super::{Amounts, custom_fields, plain_text};
use crate::wire::BadValue;
use crate::wire::requisitions::{Item, Requisition, Summary};

/// What a pay app needs to know about its commitment.
#[derive(Clone, Debug)]
pub struct KnownCommitment {
    /// Id.
    pub id: CommitmentId,
    /// Its kind.
    pub kind: CommitmentKind,
    /// Number.
    pub number: String,
    /// Who was commissioned.
    pub vendor: Option<VendorId>,
    /// The name of who was commissioned.
    pub vendor_name: Option<String>,
    /// The codes of its lines, those of change orders included.
    pub codes: Arc<HashMap<SovLineId, Codes>>,
}

/// All that a pay app is made of, besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Its project.
    pub project: &'a ProjectId,
    /// The project's number.
    pub project_number: Option<&'a str>,
    /// Its commitment.
    pub commitment: &'a KnownCommitment,
    /// The application before, whatever its status.
    pub previous: Option<&'a Requisition>,
    /// The line of the contract that each line of the subcontractor's own schedule details.
    pub details: Option<&'a HashMap<String, SovLineId>>,
    /// The rows of `/detail`, where they were read.
    pub held: Option<&'a [Item]>,
    /// Where codes are looked up that the commitment does not tell.
    pub book: &'a CodeBook,
    /// The currency of records that state none.
    pub currency: Currency,
}

/// What makes a row the same row in the next application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity<'a> {
    Line(&'a str),
    Detail(&'a str),
    Package(&'a str),
    Place(&'a str, i64),
}

impl<'a> Identity<'a> {
    fn of(item: &'a Item) -> Option<Self> {
        let line = item.line_item_id.as_ref().map(|id| Self::Line(id.as_str()));
        let detail = || item.detail_line_item_id.as_deref().map(Self::Detail);
        let package = || item.change_order_package_id.as_ref().map(|id| Self::Package(id.as_str()));
        let place = || Some(Self::Place(item.item_type.as_deref()?, item.position?));
        // A detail line may carry the contract's line too, which it then shares with others.
        detail().or(line).or_else(package).or_else(place)
    }
}

/// The rows of the application before, to be found by their identity.
struct Previous<'a> {
    rows: HashMap<Identity<'a>, &'a Item>,
    by_id: HashMap<&'a str, &'a Item>,
}

impl<'a> Previous<'a> {
    fn new(requisition: Option<&'a Requisition>) -> Self {
        let items = || requisition.and_then(|requisition| requisition.items.as_deref()).unwrap_or_default().iter();
        Self {
            rows: items().filter_map(|item| Some((Identity::of(item)?, item))).collect(),
            by_id: items().map(|item| (item.id.as_str(), item)).collect(),
        }
    }

    fn row(&self, item: &Item) -> Option<&'a Item> {
        let named = item.previous_progress_id.as_ref().and_then(|id| self.by_id.get(id.as_str()));
        named.or_else(|| self.rows.get(&Identity::of(item)?)).copied()
    }
}

/// A pay app.
///
/// # Errors
/// The first value that it cannot be made of.
pub fn pay_app(wire: &Requisition, around: Around<'_>) -> Result<PayApp, BadValue> {
    let amounts = Amounts::of(wire.currency_configuration.as_ref(), around.currency)?;
    let number = wire.number.ok_or_else(|| BadValue::new("number", "the number of the application is missing"))?;
    let items = wire.items.as_deref().ok_or_else(|| BadValue::new("items", "the rows are missing"))?;
    if around.previous.is_some_and(|previous| previous.items.is_none()) {
        return Err(BadValue::new("previous_requisition_id", "the rows of the application before are missing"));
    }
    let previous = Previous::new(around.previous);
    let held = around.held.unwrap_or_default();
    let held: HashMap<_, _> = held.iter().map(|row| ((row.item_type.as_deref(), row.id.as_str()), row)).collect();
    let lines = items.iter().enumerate().map(|(at, item)| {
        let detail = held.get(&(item.item_type.as_deref(), item.id.as_str())).copied();
        line(item, at, previous.row(item), detail, amounts, &around)
    });
    let commitment = around.commitment;
    let vendor_name = wire.vendor_name.as_deref().map(|name| plain_text(name).into_owned());
    Ok(PayApp {
        id: wire.id.clone(),
        project: around.project.clone(),
        project_number: around.project_number.map(str::to_owned),
        commitment: commitment.id.clone(),
        commitment_number: commitment.number.clone(),
        vendor: wire.vendor_id.clone().or_else(|| commitment.vendor.clone()),
        vendor_name: vendor_name.or_else(|| commitment.vendor_name.clone()),
        number,
        invoice_number: wire.invoice_number.clone(),
        status: wire.status.clone().unwrap_or_else(|| PayAppStatus::from("")),
        billing_date: wire.billing_date.or(wire.requisition_end),
        period_start: wire.requisition_start,
        period_end: wire.requisition_end,
        previous: around.previous.map(|previous| previous.id.clone()),
        lines: lines.collect::<Result<_, _>>()?,
        summary: summary(wire.summary.as_ref(), amounts, "summary")?,
        currency: amounts.0,
        updated_at: wire.updated_at,
        custom: custom_fields(wire.custom_fields.as_ref()),
        files: wire
            .attachments
            .as_ref()
            .and_then(|files| files.read().ok())
            .map(|files| files.into_iter().map(|file| file.id).collect()),
    })
}

fn line(
    item: &Item,
    at: usize,
    previous: Option<&Item>,
    detail: Option<&Item>,
    amounts: Amounts,
    around: &Around<'_>,
) -> Result<PayAppLine, BadValue> {
    let path = |field: &str| format!("items[{at}].{field}");
    let zero = |amount: Option<Amount>, field: &'static str| amounts.or_zero(amount, || path(field));
    let earlier = |amount: Option<Amount>, field: &'static str| {
        amounts.or_zero(amount, || format!("items[{at}] of the application before: {field}"))
    };
    let details = || around.details?.get(item.detail_line_item_id.as_deref()?);
    let sov_line = item.line_item_id.as_ref().or_else(details);
    let known = sov_line.and_then(|id| around.commitment.codes.get(id)).filter(|codes| **codes != Codes::default());
    let codes = match known {
        Some(codes) => codes.clone(),
        None => around.book.row(item.wbs_code.as_ref(), item.cost_code_id.as_ref()),
    };
    let held = stated_held(item, amounts, path)?;
    Ok(PayAppLine {
        id: item.id.clone(),
        sov_line: sov_line.cloned(),
        change_order_package: item.change_order_package_id.clone(),
        description: item.description_of_work.as_deref().map(|t| plain_text(t).into_owned()).unwrap_or_default(),
        codes,
        scheduled_value: amounts.maybe(item.scheduled_value, || path("scheduled_value"))?,
        work_previous: zero(item.work_completed_from_previous_application, "work_completed_from_previous_application")?,
        work_this_period: zero(item.work_completed_this_period, "work_completed_this_period")?,
        stored: zero(item.materials_presently_stored, "materials_presently_stored")?,
        stored_previous: earlier(
            previous.and_then(|row| row.materials_presently_stored),
            "materials_presently_stored",
        )?,
        completed_and_stored: amounts
            .maybe(item.total_completed_and_stored_to_date, || path("total_completed_and_stored_to_date"))?,
        retainage: LineRetainage {
            work_retained: zero(
                item.work_completed_retainage_retained_this_period,
                "work_completed_retainage_retained_this_period",
            )?,
            work_released: zero(
                item.work_completed_retainage_released_this_period,
                "work_completed_retainage_released_this_period",
            )?,
            stored_held: zero(
                item.materials_stored_retainage_currently_retained,
                "materials_stored_retainage_currently_retained",
            )?,
            stored_held_previous: earlier(
                previous.and_then(|row| row.materials_stored_retainage_currently_retained),
                "materials_stored_retainage_currently_retained",
            )?,
            stored_released: zero(
                item.materials_stored_retainage_released_this_period,
                "materials_stored_retainage_released_this_period",
            )?,
            moved: zero(item.materials_retainage_retained_moved, "materials_retainage_retained_moved")?,
            held: match (held, detail) {
                (None, Some(detail)) => stated_held(detail, amounts, path)?,
                (held, _) => held,
            },
        },
    })
}

/// What is held on the row before and after, where both are stated.
fn stated_held(
    row: &Item,
    amounts: Amounts,
    path: impl Fn(&str) -> String,
) -> Result<Option<HeldBeforeAfter>, BadValue> {
    let money = |amount, field: &str| -> Result<Option<Money>, BadValue> { amounts.maybe(amount, || path(field)) };
    let before = money(row.total_retainage_from_previous_application, "total_retainage_from_previous_application")?;
    let after = money(row.total_retainage_currently_retained, "total_retainage_currently_retained")?;
    Ok(before.zip(after).map(|(before, after)| HeldBeforeAfter { before, after }))
}

pub(super) fn summary(wire: Option<&Summary>, amounts: Amounts, member: &str) -> Result<PayAppSummary, BadValue> {
    let Some(wire) = wire else { return Ok(PayAppSummary::default()) };
    let money = |amount, field: &str| amounts.maybe(amount, || format!("{member}.{field}"));
    Ok(PayAppSummary {
        completed_and_stored: money(wire.total_completed_and_stored_to_date, "total_completed_and_stored_to_date")?,
        total_retainage: money(wire.total_retainage, "total_retainage")?,
        earned_less_retainage: money(wire.total_earned_less_retainage, "total_earned_less_retainage")?,
        previous_certificates: money(
            wire.less_previous_certificates_for_payment,
            "less_previous_certificates_for_payment",
        )?,
        tax: money(wire.tax_applicable_to_this_payment, "tax_applicable_to_this_payment")?,
        current_payment_due: money(wire.current_payment_due, "current_payment_due")?,
    })
}
