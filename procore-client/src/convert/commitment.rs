//! Commitments with their change orders.

use std::collections::HashMap;

use sync_core::model::construction::{ChangeOrder, Codes, Commitment, CommitmentKind, SovLine};
use sync_core::model::{
    Amount, ChangeOrderId, ChangeOrderPackageId, ChangeOrderStatus, CommitmentStatus, Currency, ProjectId, SovLineId,
};

use super::codes::{CodeBook, is_incomplete};
use super::{Amounts, custom_fields, plain_text};
use crate::wire::change_order_packages::ChangeOrderPackage;
use crate::wire::commitment_change_orders::{ChangeOrderLine, CommitmentChangeOrder};
use crate::wire::commitments::{CommitmentContract, LineItem};
use crate::wire::{BadRecord, BadValue};

/// A change order, in whichever form the company has it, with lines if it counts.
#[derive(Clone, Debug)]
pub enum ChangeOrderRecord {
    /// The newer form, with its lines of v2.0.
    Order(Box<CommitmentChangeOrder>, Vec<ChangeOrderLine>),
    /// The older form, with its own lines.
    Package(Box<ChangeOrderPackage>),
    /// One that cannot be read; then its contract cannot be used either.
    Bad(Box<BadRecord>),
}

/// Whose commitment it is.
#[derive(Clone, Copy, Debug)]
pub struct Belongs<'a> {
    /// Its kind.
    pub kind: CommitmentKind,
    /// Its project.
    pub project: &'a ProjectId,
    /// The project's number.
    pub project_number: Option<&'a str>,
    /// The currency of records that state none.
    pub currency: Currency,
}

/// What a person calls the contract.
pub(crate) fn number(contract: &CommitmentContract) -> String {
    contract.number.clone().unwrap_or_else(|| format!("#{}", contract.id))
}

/// The codes of every line of a contract and its change orders.
///
/// Lines of change orders (v2.0) name only a budget code; what the contract's own lines say about the same budget code
/// holds for them too.
pub fn line_codes(
    contract: &CommitmentContract,
    change_orders: &[ChangeOrderRecord],
    book: &CodeBook,
) -> HashMap<SovLineId, Codes> {
    codes_of(contract.line_items.as_deref().unwrap_or_default(), change_orders, book)
}

/// The same, of the lines of any contract.
pub(super) fn codes_of(
    lines: &[LineItem],
    change_orders: &[ChangeOrderRecord],
    book: &CodeBook,
) -> HashMap<SovLineId, Codes> {
    let mut codes = HashMap::new();
    let mut by_text: HashMap<&str, SovLineId> = HashMap::new();
    let add = |codes: &mut HashMap<SovLineId, Codes>, line: &LineItem| {
        codes.insert(line.id.clone(), book.line(line));
    };
    for line in lines {
        add(&mut codes, line);
        if let Some(text) = line.wbs_code.as_ref().and_then(|wbs| wbs.flat_code.as_deref()) {
            by_text.entry(text).or_insert_with(|| line.id.clone());
        }
    }
    for record in change_orders {
        match record {
            ChangeOrderRecord::Order(_, lines) => {
                for line in lines {
                    let mut own = book.row(line.wbs_code.as_ref(), None);
                    if is_incomplete(&own)
                        && let Some(same) = own.budget_code.as_deref().and_then(|text| by_text.get(text))
                        && let Some(same) = codes.get(same)
                    {
                        own = same.clone();
                    }
                    codes.insert(line.id.clone(), own);
                }
            }
            ChangeOrderRecord::Package(package) => {
                package.line_items.iter().flatten().for_each(|line| add(&mut codes, line));
            }
            ChangeOrderRecord::Bad(_) => {}
        }
    }
    codes
}

/// A commitment.
///
/// # Errors
/// The first value that it cannot be made of.
pub fn commitment(
    contract: &CommitmentContract,
    change_orders: &[ChangeOrderRecord],
    codes: &HashMap<SovLineId, Codes>,
    belongs: Belongs<'_>,
) -> Result<Commitment, BadValue> {
    let amounts = Amounts::of(contract.currency_configuration.as_ref(), belongs.currency)?;
    let lines = contract.line_items.iter().flatten().enumerate();
    let lines = lines.map(|(at, line)| sov_line(line, codes, amounts, || format!("line_items[{at}]")));
    let vendor = contract.vendor.as_ref();
    let text = |text: &Option<String>| text.as_deref().map(|text| plain_text(text).into_owned());
    Ok(Commitment {
        id: contract.id.clone(),
        kind: belongs.kind,
        project: belongs.project.clone(),
        project_number: belongs.project_number.map(str::to_owned),
        vendor: vendor.and_then(|vendor| vendor.id.clone()),
        vendor_name: vendor.and_then(|vendor| vendor.name()).map(|name| plain_text(name).into_owned()),
        number: number(contract),
        title: text(&contract.title).unwrap_or_default(),
        status: contract.status.clone().unwrap_or_else(|| CommitmentStatus::from("")),
        date: contract
            .contract_date
            .or(contract.signed_contract_received_date)
            .or(contract.execution_date)
            .or(contract.issued_on_date)
            .or_else(|| contract.created_at.map(|time| time.date_naive())),
        terms: text(&contract.payment_terms).filter(|terms| !terms.is_empty()),
        paid: amounts.maybe(contract.total_payments, || "total_payments".to_owned())?,
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

pub(super) fn sov_line(
    line: &LineItem,
    codes: &HashMap<SovLineId, Codes>,
    amounts: Amounts,
    path: impl Fn() -> String,
) -> Result<SovLine, BadValue> {
    let field = if line.amount.is_some() { "amount" } else { "total_amount" };
    Ok(SovLine {
        id: line.id.clone(),
        position: line.position,
        description: line.description.as_deref().map(|text| plain_text(text).into_owned()).unwrap_or_default(),
        codes: codes.get(&line.id).cloned().unwrap_or_default(),
        amount: amounts.required(line.amount.or(line.total_amount), || format!("{}.{field}", path()))?,
    })
}

pub(super) fn change_order(
    record: &ChangeOrderRecord,
    codes: &HashMap<SovLineId, Codes>,
    amounts: Amounts,
) -> Result<ChangeOrder, BadValue> {
    match record {
        ChangeOrderRecord::Order(header, lines) => {
            let name = || named(header.number.as_deref(), &header.id);
            let lines = lines.iter().enumerate().map(|(at, line)| {
                let path = || format!("{}.line_items[{at}].amount", name());
                Ok(SovLine {
                    id: line.id.clone(),
                    position: line.position,
                    description: line
                        .description
                        .as_deref()
                        .map(|text| plain_text(text).into_owned())
                        .unwrap_or_default(),
                    codes: codes.get(&line.id).cloned().unwrap_or_default(),
                    amount: amounts.required(line.amount, path)?,
                })
            });
            let lines = lines.collect::<Result<_, BadValue>>()?;
            let header = Header {
                id: header.id.clone(),
                package: header.legacy_package_id.clone(),
                number: &header.number,
                title: &header.title,
                status: &header.status,
                sum: header.grand_total,
            };
            header.change_order(lines, amounts)
        }
        ChangeOrderRecord::Package(package) => {
            let id = ChangeOrderId::from(package.id.as_str());
            let name = || named(package.number.as_deref(), &id);
            let lines = package.line_items.iter().flatten().enumerate();
            let lines =
                lines.map(|(at, line)| sov_line(line, codes, amounts, || format!("{}.line_items[{at}]", name())));
            let lines = lines.collect::<Result<_, _>>()?;
            let header = Header {
                id: id.clone(),
                package: Some(package.id.clone()),
                number: &package.number,
                title: &package.title,
                status: &package.status,
                sum: package.grand_total,
            };
            header.change_order(lines, amounts)
        }
        ChangeOrderRecord::Bad(bad) => {
            Err(BadValue::new(format!("change order {}: {}", bad.label, bad.path), bad.problem.clone()))
        }
    }
}

fn named(number: Option<&str>, id: &ChangeOrderId) -> String {
    match number {
        Some(number) => format!("change order {number}"),
        None => format!("change order #{id}"),
    }
}

/// What both forms of a change order have in common.
struct Header<'a> {
    id: ChangeOrderId,
    package: Option<ChangeOrderPackageId>,
    number: &'a Option<String>,
    title: &'a Option<String>,
    status: &'a Option<ChangeOrderStatus>,
    sum: Option<Amount>,
}

impl Header<'_> {
    fn change_order(self, lines: Vec<SovLine>, amounts: Amounts) -> Result<ChangeOrder, BadValue> {
        let path = || format!("{}.grand_total", named(self.number.as_deref(), &self.id));
        Ok(ChangeOrder {
            sum: amounts.maybe(self.sum, path)?,
            package: self.package,
            number: self.number.clone().unwrap_or_else(|| format!("#{}", self.id)),
            title: self.title.as_deref().map(|title| plain_text(title).into_owned()).unwrap_or_default(),
            status: self.status.clone().unwrap_or_else(|| ChangeOrderStatus::from("")),
            lines,
            id: self.id,
        })
    }
}
