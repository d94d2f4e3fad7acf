//! Lines of a transaction: their kinds, amounts, ids and what the server adds.

use std::collections::BTreeSet;

use rust_decimal::{Decimal, RoundingStrategy};

use super::entities::Type;
use super::fault::Fault;
use super::refs::id_in;
use super::shape::money;
use super::store::Company;
use crate::json::{Json, Object, object};

pub(super) const ITEM_EXPENSE: &str = "ItemBasedExpenseLineDetail";
pub(super) const ACCOUNT_EXPENSE: &str = "AccountBasedExpenseLineDetail";
pub(super) const SALES_ITEM: &str = "SalesItemLineDetail";
pub(super) const DISCOUNT: &str = "DiscountLineDetail";
pub(super) const GROUP: &str = "GroupLineDetail";
pub(super) const SUBTOTAL: &str = "SubTotalLineDetail";
pub(super) const DESCRIPTION: &str = "DescriptionOnly";
pub(super) const JOURNAL: &str = "JournalEntryLineDetail";
pub(super) const DEPOSIT: &str = "DepositLineDetail";

fn allowed(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::Bill | Type::Purchase | Type::PurchaseOrder | Type::VendorCredit => &[ITEM_EXPENSE, ACCOUNT_EXPENSE],
        Type::CreditMemo | Type::Estimate | Type::Invoice => &[SALES_ITEM, DISCOUNT, GROUP, DESCRIPTION],
        Type::JournalEntry => &[JOURNAL, DESCRIPTION],
        Type::Deposit => &[DEPOSIT],
        _ => &[],
    }
}

/// `TxnType` texts that a line of this transaction may link to.
fn linkable(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::BillPayment => &["Bill", "VendorCredit", "JournalEntry"],
        Type::Payment => &["Invoice", "CreditMemo", "JournalEntry", "Expense", "Check", "CreditCardCredit"],
        Type::Deposit => &["Payment"],
        _ => &[],
    }
}

/// The lines of a stored transaction.
pub(super) fn of(json: &Json) -> &[Json] {
    json.get("Line").and_then(Json::as_array).unwrap_or(&[])
}

pub(super) fn amount(json: &Json, key: &str) -> Decimal {
    json.get(key).and_then(Json::as_decimal).unwrap_or_default()
}

pub(super) fn kind_of(line: &Json) -> &str {
    line.get("DetailType").and_then(Json::as_str).unwrap_or_default()
}

/// The first link of a line: type and id.
pub(super) fn link(line: &Json) -> Option<(&str, &str)> {
    let link = line.get("LinkedTxn")?.as_array()?.first()?;
    Some((link.get("TxnType")?.as_str()?, link.get("TxnId")?.as_id()?))
}

/// Fills and checks the lines of a transaction that is about to be stored.
pub(super) fn prepare(company: &Company, kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let mut lines = match new.as_object_mut().and_then(|members| members.get_mut("Line")) {
        Some(Json::Array(lines)) => std::mem::take(lines),
        _ => Vec::new(),
    };
    // The server makes the subtotal; what a client sends back of it is skipped.
    lines.retain(|line| kind_of(line) != SUBTOTAL || !kind.is_sales_form());
    let least = match kind {
        Type::Payment => 0,
        Type::JournalEntry => 2,
        _ => 1,
    };
    if lines.len() < least {
        return Err(Fault::missing("Line"));
    }
    let old_lines = old.map(of).unwrap_or_default();
    let mut used = BTreeSet::new();
    let mut next = next_line_id(kind, old_lines);
    let numbered = !matches!(kind, Type::Payment | Type::BillPayment);
    for (position, line) in lines.iter_mut().enumerate() {
        let sent = line.get("Id").and_then(Json::as_id).unwrap_or_default().to_owned();
        let before = old_lines.iter().find(|old| old.get("Id").and_then(Json::as_id) == Some(sent.as_str()));
        check(company, kind, line, before)?;
        if !numbered {
            if let Some(members) = line.as_object_mut() {
                members.shift_remove("Id");
            }
            continue;
        }
        if let Some(before) = before.filter(|_| used.insert(sent.clone())) {
            if let Some(received) = before.get("Received") {
                line.set("Received", received.clone());
            }
        } else {
            line.set("Id", next.to_string());
            next += 1;
        }
        line.set("LineNum", position + 1);
    }
    if kind.is_sales_form() {
        if !lines.iter().any(|line| matches!(kind_of(line), SALES_ITEM | GROUP)) {
            return Err(Fault::missing("Line.SalesItemLineDetail"));
        }
        discount(&mut lines);
        let subtotal = object([
            ("Amount", money(items_total(&lines))),
            ("DetailType", SUBTOTAL.into()),
            (SUBTOTAL, Object::new().into()),
        ]);
        let at = lines.iter().position(|line| kind_of(line) == DISCOUNT).unwrap_or(lines.len());
        lines.insert(at, subtotal);
    }
    new.set("Line", lines);
    Ok(())
}

// An id is never given twice in a row: what a link of another transaction means must not change under it.
fn next_line_id(kind: Type, old: &[Json]) -> u64 {
    let highest = old.iter().filter_map(|line| line.get("Id")?.as_id()?.parse::<u64>().ok()).max();
    match highest {
        Some(highest) => highest + 1,
        None => u64::from(kind != Type::JournalEntry),
    }
}

fn check(company: &Company, kind: Type, line: &mut Json, before: Option<&Json>) -> Result<(), Fault> {
    if !linkable(kind).is_empty() && (line.get("LinkedTxn").is_some() || kind != Type::Deposit) {
        return linked_line(kind, line);
    }
    // Only lines of bills keep links here; links::prepare judges those.
    if kind != Type::Bill
        && let Some(members) = line.as_object_mut()
    {
        members.shift_remove("LinkedTxn");
    }
    let detail_type = kind_of(line).to_owned();
    if detail_type.is_empty() {
        return Err(Fault::missing("Line.DetailType"));
    }
    if !allowed(kind).contains(&detail_type.as_str()) {
        return Err(Fault::property("DetailType", &format!("{detail_type} is not a line of {}", kind.name())));
    }
    match detail_type.as_str() {
        DESCRIPTION => {
            if let Some(members) = line.as_object_mut() {
                members.shift_remove("Amount");
            }
            return Ok(());
        }
        DISCOUNT => return discount_line(line),
        GROUP => return group_line(company, kind, line),
        _ => {}
    }
    if line.get("Amount").is_none() {
        return Err(Fault::missing("Line.Amount"));
    }
    let line_amount = amount(line, "Amount");
    let old_billable = before.and_then(|old| old.get(&detail_type)).and_then(|detail| detail.get("BillableStatus"));
    let old_billable = old_billable.and_then(Json::as_str).map(str::to_owned);
    let Some(detail) = line.as_object_mut().and_then(|members| members.get_mut(&detail_type)) else {
        return Err(Fault::missing(&format!("Line.{detail_type}")));
    };
    match detail_type.as_str() {
        ITEM_EXPENSE | SALES_ITEM => item_detail(company, kind, detail, line_amount)?,
        ACCOUNT_EXPENSE | DEPOSIT | JOURNAL if detail.get("AccountRef").is_none() => {
            return Err(Fault::missing("AccountRef"));
        }
        JOURNAL => journal_detail(company, detail, line_amount)?,
        _ => {}
    }
    if matches!(detail_type.as_str(), ITEM_EXPENSE | ACCOUNT_EXPENSE) {
        billable(kind, detail, old_billable.as_deref())?;
    }
    if kind.is_purchase_form() || kind.is_sales_form() {
        tax_code(company, detail)?;
    }
    Ok(())
}

fn linked_line(kind: Type, line: &Json) -> Result<(), Fault> {
    if line.get("Amount").is_none() {
        return Err(Fault::missing("Line.Amount"));
    }
    let links = line.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]);
    let Some(first) = links.first() else { return Err(Fault::missing("Line.LinkedTxn")) };
    if first.get("TxnId").is_none() {
        return Err(Fault::missing("Line.LinkedTxn.TxnId"));
    }
    let Some(target) = first.get("TxnType").and_then(Json::as_str) else {
        return Err(Fault::missing("Line.LinkedTxn.TxnType"));
    };
    if !linkable(kind).contains(&target) {
        return Err(Fault::property("TxnType", &format!("'{target}' cannot be linked to {}", kind.name())));
    }
    if kind == Type::Deposit && first.get("TxnLineId").is_none() {
        return Err(Fault::missing("Line.LinkedTxn.TxnLineId"));
    }
    if amount(line, "Amount").is_sign_negative() && !amount(line, "Amount").is_zero() {
        return Err(Fault::new("2290", "NegativeAmount", "Negative amounts aren't supported on linked lines."));
    }
    Ok(())
}

fn item_detail(company: &Company, kind: Type, detail: &Json, line_amount: Decimal) -> Result<(), Fault> {
    let Some(id) = id_in(detail, "ItemRef") else { return Err(Fault::missing("ItemRef")) };
    let item = company.get(Type::Item, id).ok_or_else(|| Fault::reference("ItemRef", id))?;
    let item_type = item.get("Type").and_then(Json::as_str).unwrap_or_default();
    let name = item.get("Name").and_then(Json::as_str).unwrap_or_default();
    if item_type == "Category" || (kind.is_purchase_form() && matches!(item_type, "Group" | "Bundle")) {
        return Err(Fault::business(format_args!("an item of type {item_type} can't be used on this line: {name}")));
    }
    let account = if kind.is_purchase_form() { "ExpenseAccountRef" } else { "IncomeAccountRef" };
    if item.get(account).is_none() {
        let why = if kind.is_purchase_form() { "purchase" } else { "sales" };
        return Err(Fault::business(format_args!("the item has no {why} information ({account}): {name}")));
    }
    let (Some(quantity), Some(price)) = (detail.get("Qty"), detail.get("UnitPrice")) else { return Ok(()) };
    let product = quantity.as_decimal().zip(price.as_decimal()).and_then(|(q, p)| q.checked_mul(p));
    let Some(product) = product else {
        return Err(Fault::new("2160", "Invalid Quantity", "The quantity value is not supported."));
    };
    let product = product.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if product != line_amount {
        let detail =
            format!("Amount is not equal to UnitPrice * Qty. Supplied value:{line_amount}, expected:{product}");
        return Err(Fault::new("6070", "Amount calculation incorrect in the request", detail).on("Line.Amount"));
    }
    Ok(())
}

fn billable(kind: Type, detail: &mut Json, before: Option<&str>) -> Result<(), Fault> {
    let status = detail.get("BillableStatus").and_then(Json::as_str).unwrap_or("NotBillable").to_owned();
    if kind == Type::PurchaseOrder {
        detail.set("BillableStatus", before.unwrap_or("NotBillable"));
        return Ok(());
    }
    if status == "HasBeenBilled" && before != Some("HasBeenBilled") {
        return Err(
            Fault::new("2170", "Invalid Enumeration", "Invalid Enumeration : HAS_BEEN_BILLED").on("BillableStatus")
        );
    }
    if status != "NotBillable" && detail.get("CustomerRef").is_none() {
        let text = "A customer is required if the transaction is billable.";
        return Err(Fault::new("6310", "MissingCustomer", text).on("CustomerRef"));
    }
    detail.set("BillableStatus", status);
    Ok(())
}

fn tax_code(company: &Company, detail: &mut Json) -> Result<(), Fault> {
    let Some(code) = id_in(detail, "TaxCodeRef") else {
        detail.set("TaxCodeRef", object([("value", "NON".into())]));
        return Ok(());
    };
    let mut companies = company.all(Type::CompanyInfo);
    let country = companies.next().and_then(|(_, info)| info.json.get("Country")).and_then(Json::as_str);
    if matches!(country, None | Some("US" | "USA")) && !matches!(code, "TAX" | "NON") {
        let text = format!("The TaxCode value isn't valid. For US, specify TAX or NON. Supplied value:{code}");
        return Err(Fault::new("6100", "Invalid Line TaxCode in the request", text).on("TaxCodeRef"));
    }
    Ok(())
}

fn journal_detail(company: &Company, detail: &Json, line_amount: Decimal) -> Result<(), Fault> {
    if detail.get("PostingType").is_none() {
        let text = "A posting type is required. Valid values are Credit or Debit.";
        return Err(Fault::new("2260", "MissingPostingType", text).on("PostingType"));
    }
    if line_amount.is_sign_negative() && !line_amount.is_zero() {
        let text = "Negative amounts aren't supported on transaction lines: PostingType gives the sign.";
        return Err(Fault::new("2290", "NegativeAmount", text).on("Line.Amount"));
    }
    let account = id_in(detail, "AccountRef").unwrap_or_default();
    let wanted = match company.account_type(account) {
        Some("Accounts Payable") => "Vendor",
        Some("Accounts Receivable") => "Customer",
        _ => return Ok(()),
    };
    let entity = detail.at(&["Entity", "Type"]).and_then(Json::as_str);
    if entity == Some(wanted) || (wanted == "Customer" && entity == Some("Job")) {
        return Ok(());
    }
    Err(Fault::business(format_args!(
        "when you use this account, you must choose a {wanted} in the Entity of the line (AccountRef {account})."
    )))
}

fn discount_line(line: &Json) -> Result<(), Fault> {
    let Some(detail) = line.get(DISCOUNT) else { return Err(Fault::missing("Line.DiscountLineDetail")) };
    let percent_based = detail.get("PercentBased").and_then(Json::as_bool) == Some(true);
    let present = if percent_based { detail.get("DiscountPercent") } else { line.get("Amount") };
    if present.is_none() {
        let text = "A discount amount or percent is required.";
        return Err(Fault::new("6090", "Discount Line missing required info", text));
    }
    Ok(())
}

fn group_line(company: &Company, kind: Type, line: &mut Json) -> Result<(), Fault> {
    let Some(detail) = line.as_object_mut().and_then(|members| members.get_mut(GROUP)) else {
        return Err(Fault::missing("Line.GroupLineDetail"));
    };
    if detail.get("GroupItemRef").is_none() {
        return Err(Fault::missing("GroupItemRef"));
    }
    let mut sum = Decimal::ZERO;
    if let Some(Json::Array(members)) = detail.as_object_mut().and_then(|detail| detail.get_mut("Line")) {
        for (position, member) in members.iter_mut().enumerate() {
            check(company, kind, member, None)?;
            member.set("Id", (position + 1).to_string());
            sum += amount(member, "Amount");
        }
    }
    line.set("Amount", money(sum));
    Ok(())
}

fn items_total(lines: &[Json]) -> Decimal {
    lines.iter().filter(|line| matches!(kind_of(line), SALES_ITEM | GROUP)).map(|line| amount(line, "Amount")).sum()
}

// A percentage is of the items; its amount is the server's.
fn discount(lines: &mut [Json]) {
    let base = items_total(lines);
    for line in lines.iter_mut().filter(|line| kind_of(line) == DISCOUNT) {
        let detail = line.get(DISCOUNT);
        let percent_based = detail.and_then(|detail| detail.get("PercentBased")).and_then(Json::as_bool) == Some(true);
        if percent_based {
            let percent = detail.map(|detail| amount(detail, "DiscountPercent")).unwrap_or_default();
            let off = base * percent / Decimal::ONE_HUNDRED;
            line.set("Amount", money(off.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)));
        }
    }
}

/// What `TotalAmt` must be: lines less discounts plus tax.
pub(super) fn total(kind: Type, json: &Json) -> Decimal {
    let tax = json.at(&["TxnTaxDetail", "TotalTax"]).and_then(Json::as_decimal).unwrap_or_default();
    let lines = of(json);
    match kind {
        Type::JournalEntry => Decimal::ZERO,
        Type::Deposit => {
            let back = json.at(&["CashBack", "Amount"]).and_then(Json::as_decimal).unwrap_or_default();
            lines.iter().map(|line| amount(line, "Amount")).sum::<Decimal>() - back
        }
        _ => {
            let of_line = |line: &Json| match kind_of(line) {
                SUBTOTAL => Decimal::ZERO,
                DISCOUNT => -amount(line, "Amount"),
                _ => amount(line, "Amount"),
            };
            lines.iter().map(of_line).sum::<Decimal>() + tax
        }
    }
}
