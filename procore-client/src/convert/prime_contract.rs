//! Prime contracts with their change orders.

use std::collections::HashMap;

use sync_core::model::construction::{Codes, PrimeContract};
use sync_core::model::{CommitmentStatus, Currency, ProjectId, SovLineId};

use super::codes::CodeBook;
use super::commitment::{ChangeOrderRecord, change_order, codes_of, sov_line};
use super::directory::owner_of;
use super::{Amounts, custom_fields, plain_text};
use crate::wire::BadValue;
use crate::wire::prime_contracts::ShownPrimeContract;

/// Whose prime contract it is.
#[derive(Clone, Copy, Debug)]
pub struct Belongs<'a> {
    /// Its project.
    pub project: &'a ProjectId,
    /// The project's number.
    pub project_number: Option<&'a str>,
    /// The currency of records that state none.
    pub currency: Currency,
}

/// What a person calls the contract.
pub(crate) fn number(contract: &ShownPrimeContract) -> String {
    contract.number.clone().unwrap_or_else(|| format!("#{}", contract.id))
}

/// The codes of every line of a prime contract and its change orders.
pub fn line_codes(
    contract: &ShownPrimeContract,
    change_orders: &[ChangeOrderRecord],
    book: &CodeBook,
) -> HashMap<SovLineId, Codes> {
    codes_of(contract.line_items.as_deref().unwrap_or_default(), change_orders, book)
}

/// A prime contract.
///
/// # Errors
/// The first value that it cannot be made of.
pub fn prime_contract(
    contract: &ShownPrimeContract,
    change_orders: &[ChangeOrderRecord],
    codes: &HashMap<SovLineId, Codes>,
    belongs: Belongs<'_>,
) -> Result<PrimeContract, BadValue> {
    let amounts = Amounts::of(contract.currency_configuration.as_ref(), belongs.currency)?;
    let lines = contract.line_items.iter().flatten().enumerate();
    let lines = lines.map(|(at, line)| sov_line(line, codes, amounts, || format!("line_items[{at}]")));
    Ok(PrimeContract {
        id: contract.id.clone(),
        project: belongs.project.clone(),
        project_number: belongs.project_number.map(str::to_owned),
        owner: contract.vendor.as_ref().and_then(owner_of),
        number: number(contract),
        title: contract.title.as_deref().map(|title| plain_text(title).into_owned()).unwrap_or_default(),
        status: contract.status.clone().unwrap_or_else(|| CommitmentStatus::from("")),
        date: contract
            .contract_date
            .or(contract.signed_contract_received_date)
            .or(contract.execution_date)
            .or_else(|| contract.created_at.map(|time| time.date_naive())),
        lines: lines.collect::<Result<_, _>>()?,
        change_orders: change_orders
            .iter()
            .map(|record| change_order(record, codes, amounts))
            .collect::<Result<_, _>>()?,
        original_sum: amounts.maybe(contract.grand_total, || "grand_total".to_owned())?,
        approved_changes: amounts.maybe(contract.approved_change_orders, || "approved_change_orders".to_owned())?,
        currency: amounts.0,
        deleted: contract.deleted_at.is_some(),
        updated_at: contract.updated_at,
        custom: custom_fields(contract.custom_fields.as_ref()),
    })
}
