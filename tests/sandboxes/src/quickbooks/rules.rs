//! Rules of a transaction as a whole: defaults, accounts, numbers, dates, sign.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::clock;
use super::config::QuickBooksConfig;
use super::entities::Type;
use super::fault::Fault;
use super::lines::{self, amount};
use super::refs::id_in;
use super::shape::money;
use super::store::Company;
use crate::json::{Json, Object, object};

/// Fills and checks a transaction that is about to be stored. Lines and references have been checked.
pub(super) fn prepare(
    company: &Company,
    kind: Type,
    new: &mut Json,
    old: Option<&Json>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    defaults(company, kind, new, now);
    accounts(company, kind, new)?;
    custom_fields(kind, new)?;
    currency(company, new)?;
    if new.get("EmailStatus").and_then(Json::as_str) == Some("NeedToSend")
        && kind == Type::Invoice
        && new.get("BillEmail").is_none()
    {
        return Err(Fault::missing("BillEmail"));
    }
    if kind == Type::JournalEntry {
        balanced(new)?;
    }
    if matches!(kind, Type::Payment | Type::BillPayment) {
        not_negative(amount(new, "TotalAmt"))?;
    } else {
        let total = lines::total(kind, new);
        not_negative(total)?;
        new.set("TotalAmt", money(total));
    }
    open_books(company, kind, old)?;
    open_books(company, kind, Some(new))
}

fn not_negative(total: Decimal) -> Result<(), Fault> {
    if total.is_sign_negative() && !total.is_zero() {
        return Err(Fault::business(format_args!(
            "the transaction amount must be 0 or greater, it is {total}. Negative amounts aren't supported; use a \
             vendor credit or a credit memo."
        )));
    }
    Ok(())
}

fn defaults(company: &Company, kind: Type, new: &mut Json, now: DateTime<Utc>) {
    if new.get("TxnDate").is_none() {
        new.set("TxnDate", clock::today(now).to_string());
    }
    if matches!(kind, Type::Bill | Type::Invoice) && new.get("DueDate").is_none() {
        let days = id_in(new, "SalesTermRef")
            .and_then(|id| company.get(Type::Term, id))
            .and_then(|term| term.get("DueDays"))
            .and_then(Json::as_decimal)
            .and_then(|days| i64::try_from(days).ok())
            .unwrap_or(0);
        let date = new.get("TxnDate").and_then(Json::as_str).and_then(clock::date);
        let due = date.and_then(|date| date.checked_add_signed(Duration::try_days(days)?));
        if let Some(due) = due {
            new.set("DueDate", due.to_string());
        }
    }
    let mut account = |key: &str, id: Option<String>| {
        if new.get(key).is_none()
            && let Some(id) = id
        {
            let name = company.get(Type::Account, &id).and_then(|json| super::refs::label(Type::Account, json));
            let mut reference = object([("value", id.as_str().into())]);
            if let Some(name) = name {
                reference.set("name", name);
            }
            new.set(key, reference);
        }
    };
    match kind {
        Type::Bill | Type::VendorCredit | Type::BillPayment => account("APAccountRef", company.payables()),
        Type::Payment => account("DepositToAccountRef", company.undeposited_funds()),
        _ => {}
    }
    match kind {
        Type::PurchaseOrder if new.get("POStatus").is_none() => new.set("POStatus", "Open"),
        Type::Estimate if new.get("TxnStatus").is_none() => new.set("TxnStatus", "Pending"),
        Type::JournalEntry if new.get("Adjustment").is_none() => new.set("Adjustment", false),
        Type::Purchase if new.get("Credit").is_none() => new.set("Credit", false),
        _ => {}
    }
    if kind.is_sales_form() {
        for key in ["PrintStatus", "EmailStatus"] {
            if new.get(key).is_none() {
                new.set(key, "NotSet");
            }
        }
        if new.get("TxnTaxDetail").is_none() {
            new.set("TxnTaxDetail", object([("TotalTax", 0_i64.into())]));
        }
        if new.get("ApplyTaxAfterDiscount").is_none() {
            new.set("ApplyTaxAfterDiscount", false);
        }
    }
    if new.get("CurrencyRef").is_none() && !company.is_multi_currency() {
        new.set("CurrencyRef", object([("value", company.currency.as_str().into())]));
    }
}

// Which accounts may stand in which place (6430).
fn accounts(company: &Company, kind: Type, new: &Json) -> Result<(), Fault> {
    let must = |holder: Option<&Json>, key: &str, types: &[&str]| -> Result<(), Fault> {
        let Some(id) = holder.and_then(|holder| id_in(holder, key)) else { return Ok(()) };
        if company.account_type(id).is_some_and(|found| types.contains(&found)) {
            return Ok(());
        }
        Err(Fault::account_type(key, &types.join(" or ")))
    };
    must(Some(new), "APAccountRef", &["Accounts Payable"])?;
    must(Some(new), "ARAccountRef", &["Accounts Receivable"])?;
    must(Some(new), "DepositToAccountRef", &["Bank", "Other Current Asset"])?;
    match kind {
        Type::BillPayment => {
            let (key, member, types) = match new.get("PayType").and_then(Json::as_str) {
                Some("CreditCard") => ("CreditCardPayment", "CCAccountRef", ["Credit Card"]),
                _ => ("CheckPayment", "BankAccountRef", ["Bank"]),
            };
            if new.get(key).and_then(|detail| detail.get(member)).is_none() {
                return Err(Fault::missing(&format!("{key}.{member}")));
            }
            must(new.get(key), member, &types)?;
        }
        Type::Purchase => {
            let types: &[&str] = match new.get("PaymentType").and_then(Json::as_str) {
                Some("CreditCard") => &["Credit Card"],
                Some("Check") => &["Bank"],
                _ => &["Bank", "Credit Card", "Other Current Asset"],
            };
            must(Some(new), "AccountRef", types)?;
        }
        _ => {}
    }
    let needs_payables = matches!(kind, Type::Bill | Type::VendorCredit | Type::BillPayment);
    if needs_payables && new.get("APAccountRef").is_none() {
        return Err(Fault::business("the company has no account of type Accounts Payable"));
    }
    Ok(())
}

// Sales forms and purchase orders have three text fields; elsewhere the vendor drops what does not fit, and says nothing.
fn custom_fields(kind: Type, new: &mut Json) -> Result<(), Fault> {
    if !kind.is_sales_form() && kind != Type::PurchaseOrder {
        if let Some(members) = new.as_object_mut() {
            members.shift_remove("CustomField");
        }
        return Ok(());
    }
    let fields = new.get("CustomField").and_then(Json::as_array).unwrap_or(&[]);
    for field in fields {
        let id = field.get("DefinitionId").and_then(Json::as_id).unwrap_or_default();
        if !matches!(id, "1" | "2" | "3") {
            let detail = format!("The custom field for the specified object isn't valid. DefinitionId:{id}");
            return Err(Fault::new("3000", "Invalid Custom Field", detail).on("CustomField"));
        }
    }
    Ok(())
}

fn currency(company: &Company, new: &Json) -> Result<(), Fault> {
    let sent = id_in(new, "CurrencyRef");
    if company.is_multi_currency() {
        return if sent.is_none() { Err(Fault::missing("CurrencyRef")) } else { Ok(()) };
    }
    match sent {
        Some(code) if code != company.currency => {
            Err(Fault::business(format_args!("multicurrency must be enabled to use {code}")))
        }
        _ => Ok(()),
    }
}

fn balanced(new: &Json) -> Result<(), Fault> {
    let mut difference = Decimal::ZERO;
    for line in lines::of(new) {
        let sign = line.get(lines::JOURNAL).and_then(|detail| detail.get("PostingType")).and_then(Json::as_str);
        match sign {
            Some("Debit") => difference += amount(line, "Amount"),
            Some("Credit") => difference -= amount(line, "Amount"),
            _ => {}
        }
    }
    if difference.is_zero() {
        return Ok(());
    }
    let detail = format!("Debits must equal credits; they differ by {difference}.");
    Err(Fault::new("2300", "Amount on debits not equal to credits", detail))
}

/// Refuses a posting transaction whose date lies in the closed books.
pub(super) fn open_books(company: &Company, kind: Type, json: Option<&Json>) -> Result<(), Fault> {
    let Some(closed) = company.closing_date().filter(|_| kind.entity().posting) else { return Ok(()) };
    let Some(date) = json.and_then(|json| json.get("TxnDate")).and_then(Json::as_str).and_then(clock::date) else {
        return Ok(());
    };
    if date > closed { Ok(()) } else { Err(closed_books(closed)) }
}

fn closed_books(closed: NaiveDate) -> Fault {
    let detail = format!(
        "The account period has closed and the account books cannot be updated through the QBO Services API. \
         The books are closed up to {closed}."
    );
    Fault::new("6200", "Account Period Closed Error", detail)
}

/// Gives a number where the company numbers by itself, and refuses one that is taken.
pub(super) fn number(
    company: &mut Company,
    config: &QuickBooksConfig,
    kind: Type,
    new: &mut Json,
    old: Option<&Json>,
    allow_duplicate: bool,
) -> Result<(), Fault> {
    let custom = if kind.is_sales_form() {
        company.preference(["SalesFormsPrefs", "CustomTxnNumbers"]).and_then(Json::as_bool) == Some(true)
    } else if matches!(kind, Type::PurchaseOrder | Type::VendorCredit) {
        company.other_preference("VendorAndPurchasesPrefs.UseCustomTxnNumbers") == Some("true")
    } else {
        true
    };
    let sent = new.get("DocNumber").and_then(Json::as_str).map(str::to_owned);
    match sent.as_deref() {
        None | Some("AUTO_GENERATE") if !custom => {
            match old.and_then(|old| old.get("DocNumber")) {
                Some(before) => new.set("DocNumber", before.clone()),
                None => {
                    let number = company.next_number();
                    new.set("DocNumber", number);
                }
            }
            Ok(())
        }
        Some("AUTO_GENERATE") => {
            let number = company.next_number();
            new.set("DocNumber", number);
            Ok(())
        }
        Some(number) if !allow_duplicate && config.warn_duplicate_numbers => {
            let unchanged = old.and_then(|old| old.get("DocNumber")).and_then(Json::as_str) == Some(number);
            if unchanged { Ok(()) } else { unique_number(company, kind, new, old, number) }
        }
        _ => Ok(()),
    }
}

fn unique_number(company: &Company, kind: Type, new: &Json, old: Option<&Json>, number: &str) -> Result<(), Fault> {
    let switched_off = |name: &str| company.other_preference(name) == Some("false");
    let by_vendor = matches!(kind, Type::Bill | Type::VendorCredit);
    let checked = match kind {
        Type::Bill | Type::VendorCredit => !switched_off("WarnDuplicateBillNumber"),
        Type::PurchaseOrder | Type::Invoice => true,
        Type::JournalEntry => company.other_preference("WarnDuplicateJournalNumber") == Some("true"),
        _ => false,
    };
    if !checked {
        return Ok(());
    }
    let own = old.and_then(|old| old.get("Id")).and_then(Json::as_id);
    let vendor = id_in(new, "VendorRef");
    for key in company.numbered(kind, number) {
        let Some(other) = company.get(kind, key.as_str()) else { continue };
        if Some(key.as_str()) == own || (by_vendor && id_in(other, "VendorRef") != vendor) {
            continue;
        }
        let date = other.get("TxnDate").and_then(Json::as_str).unwrap_or_default();
        let detail = format!(
            "Duplicate Document Number Error : You must specify a different number. This number has already been \
             used. DocNumber={number} is assigned to TxnType={} with TxnId={}, TxnDate={date}",
            kind.name(),
            key.as_str()
        );
        return Err(Fault::new("6140", "Duplicate Document Number Error", detail).on("DocNumber"));
    }
    Ok(())
}

/// What stays of a voided transaction: the record, without amounts.
pub(super) fn zero_out(kind: Type, json: &mut Json) {
    if let Some(Json::Array(lines)) = json.as_object_mut().and_then(|members| members.get_mut("Line")) {
        if matches!(kind, Type::Payment | Type::BillPayment) {
            lines.clear();
        } else {
            lines.iter_mut().for_each(zero_line);
        }
    }
    for key in ["TotalAmt", "Balance", "RemainingCredit", "UnappliedAmt"] {
        if json.get(key).is_some() {
            json.set(key, money(Decimal::ZERO));
        }
    }
    json.set("LinkedTxn", Vec::new());
    if json.get("TxnTaxDetail").is_some() {
        json.set("TxnTaxDetail", object([("TotalTax", 0_i64.into())]));
    }
    let note = match json.get("PrivateNote").and_then(Json::as_str) {
        Some(note) if !note.is_empty() => format!("Voided - {note}"),
        _ => "Voided".to_owned(),
    };
    json.set("PrivateNote", note);
}

fn zero_line(line: &mut Json) {
    let Some(members) = line.as_object_mut() else { return };
    if members.contains_key("Amount") {
        members.insert("Amount".to_owned(), money(Decimal::ZERO));
    }
    members.shift_remove("LinkedTxn");
    let zero = |detail: &mut Object, key: &str| {
        if let Some(value) = detail.get_mut(key) {
            *value = Json::decimal(Decimal::ZERO);
        }
    };
    for value in members.values_mut() {
        let Some(detail) = value.as_object_mut() else { continue };
        zero(detail, "Qty");
        zero(detail, "Quantity");
        zero(detail, "UnitPrice");
        if let Some(Json::Array(inner)) = detail.get_mut("Line") {
            inner.iter_mut().for_each(zero_line);
        }
    }
}
