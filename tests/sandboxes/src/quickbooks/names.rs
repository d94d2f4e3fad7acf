//! Rules of list entities: names, parents, levels, making inactive.

use rust_decimal::Decimal;

use super::entities::{Family, Type};
use super::fault::Fault;
use super::refs::{id_in, label, rename};
use super::shape::money;
use super::store::Company;
use crate::json::{Json, object};

const SUFFIX: &str = " (deleted)";
const DEEPEST: usize = 5;

/// Fills and checks a list entity that is about to be stored.
pub(super) fn prepare(company: &Company, kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let id = old.and_then(|old| old.get("Id")).and_then(Json::as_id);
    if kind.entity().family == Family::Name {
        person(kind, new)?;
    }
    if matches!(kind, Type::Account | Type::Customer | Type::Vendor) {
        keep(new, old, "CurrencyRef");
        default(new, "CurrencyRef", object([("value", company.currency.as_str().into())]));
    }
    match kind {
        Type::Account => account(new, old)?,
        Type::Item => item(new)?,
        Type::Term => term(new)?,
        Type::Customer => customer(company, new, old)?,
        Type::Vendor => {
            default(new, "Vendor1099", false);
            keep(new, old, "Balance");
        }
        _ => {}
    }
    activity(company, kind, new, old)?;
    path(company, kind, new, id)?;
    if company.name_taken(kind, id, new) {
        let detail = "The name supplied already exists. : Another customer, vendor or employee is already using this \
                      name. Please use a different name.";
        return Err(Fault::new("6240", "Duplicate Name Exists Error", detail));
    }
    Ok(())
}

fn text<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    json.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
}

fn default(json: &mut Json, key: &str, value: impl Into<Json>) {
    if json.get(key).is_none() {
        json.set(key, value);
    }
}

// A balance starts at nothing and belongs to the ledger; a currency is fixed when the entity is created.
fn keep(new: &mut Json, old: Option<&Json>, key: &str) {
    match old.and_then(|old| old.get(key)) {
        Some(value) => new.set(key, value.clone()),
        None if key == "CurrencyRef" => {}
        None => new.set(key, money(Decimal::ZERO)),
    }
}

fn person(kind: Type, new: &mut Json) -> Result<(), Fault> {
    if text(new, "DisplayName").is_none() {
        let parts = ["Title", "GivenName", "MiddleName", "FamilyName", "Suffix"];
        let joined: Vec<&str> = parts.iter().filter_map(|part| text(new, part)).collect();
        if joined.is_empty() {
            let detail = "Fill out values for at least one of the following: Title, GivenName, MiddleName, FamilyName, \
                          DisplayName, Suffix.";
            return Err(Fault::new("6080", "No Name Provided", detail).on("DisplayName"));
        }
        let joined = joined.join(" ");
        new.set("DisplayName", joined);
    }
    if let Some(address) = new.at(&["PrimaryEmailAddr", "Address"]).and_then(Json::as_str)
        && !(address.contains('@') && address.contains('.'))
    {
        let detail = format!("The email address doesn't conform to RFC 822 syntax rules. Supplied value:{address}");
        return Err(Fault::new("2210", "Invalid Email Address Format", detail).on("PrimaryEmailAddr"));
    }
    // As the recorded answers show it: the check is printed on the name without the path.
    if new.get("PrintOnCheckName").is_none() && kind != Type::Employee {
        let name: String = text(new, "DisplayName").unwrap_or_default().chars().take(100).collect();
        new.set("PrintOnCheckName", name);
    }
    Ok(())
}

fn customer(company: &Company, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let flag = |json: &Json, key: &str| json.get(key).and_then(Json::as_bool) == Some(true);
    default(new, "Job", false);
    default(new, "BillWithParent", false);
    default(new, "Taxable", false);
    default(new, "IsProject", false);
    if flag(new, "Job") != new.get("ParentRef").is_some() {
        let detail = "A ParentRef is required if Job is true, and Job must be true if there is a ParentRef.";
        return Err(Fault::new("6150", "ParentRef Required Validation Error", detail).on("ParentRef"));
    }
    keep(new, old, "Balance");
    keep(new, old, "BalanceWithJobs");
    if let Some(old) = old
        && flag(old, "BillWithParent") != flag(new, "BillWithParent")
    {
        let id = old.get("Id").and_then(Json::as_id);
        if company.all(Type::Invoice).any(|(_, record)| id_in(&record.json, "CustomerRef") == id) {
            let detail = "You can't change who this customer bills with because there are invoices connected to it.";
            return Err(Fault::new("6130", "Cannot change who customer bills with", detail).on("BillWithParent"));
        }
    }
    Ok(())
}

fn account(new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    if text(new, "Name").is_some_and(|name| name.contains('"')) {
        return Err(Fault::characters("Name"));
    }
    match (text(new, "AccountType").map(str::to_owned), text(new, "AccountSubType").map(str::to_owned)) {
        (None, None) => {
            let detail = "You must specify either an Account.AccountType or an Account.AccountSubType.";
            return Err(Fault::new("6010", "Invalid Account.AccountType && Account.SubType", detail));
        }
        (None, Some(sub_type)) => new.set("AccountType", type_of(&sub_type)),
        (Some(kind), None) => new.set("AccountSubType", sub_type_of(&kind)),
        (Some(_), Some(_)) => {}
    }
    let classification = classification(text(new, "AccountType").unwrap_or_default());
    new.set("Classification", classification);
    keep(new, old, "CurrentBalance");
    keep(new, old, "CurrentBalanceWithSubAccounts");
    Ok(())
}

/// `Asset`, `Liability`, `Equity`, `Revenue` or `Expense`.
pub(super) fn classification(account_type: &str) -> &'static str {
    match account_type {
        "Bank" | "Accounts Receivable" | "Other Current Asset" | "Fixed Asset" | "Other Asset" => "Asset",
        "Accounts Payable" | "Credit Card" | "Other Current Liability" | "Long Term Liability" => "Liability",
        "Equity" => "Equity",
        "Income" | "Other Income" => "Revenue",
        _ => "Expense",
    }
}

fn type_of(sub_type: &str) -> &'static str {
    match sub_type {
        "AccountsPayable" => "Accounts Payable",
        "AccountsReceivable" => "Accounts Receivable",
        "Checking" | "Savings" | "CashOnHand" | "MoneyMarket" | "RentsHeldInTrust" | "TrustAccounts" => "Bank",
        "CreditCard" => "Credit Card",
        "UndepositedFunds" | "Retainage" | "OtherCurrentAssets" | "Inventory" | "PrepaidExpenses" => {
            "Other Current Asset"
        }
        "OtherCurrentLiabilities" | "SalesTaxPayable" | "PayrollClearing" | "LoanPayable" | "LineOfCredit" => {
            "Other Current Liability"
        }
        "SalesOfProductIncome" | "ServiceFeeIncome" | "OtherPrimaryIncome" | "NonProfitIncome" => "Income",
        "OpeningBalanceEquity" | "OwnersEquity" | "RetainedEarnings" | "PartnersEquity" => "Equity",
        other if other.ends_with("Cos") || other.ends_with("Cogs") => "Cost of Goods Sold",
        _ => "Expense",
    }
}

fn sub_type_of(account_type: &str) -> &'static str {
    match account_type {
        "Bank" => "Checking",
        "Accounts Receivable" => "AccountsReceivable",
        "Accounts Payable" => "AccountsPayable",
        "Other Current Asset" => "OtherCurrentAssets",
        "Fixed Asset" => "OtherFixedAssets",
        "Other Asset" => "OtherLongTermAssets",
        "Credit Card" => "CreditCard",
        "Other Current Liability" => "OtherCurrentLiabilities",
        "Long Term Liability" => "OtherLongTermLiabilities",
        "Equity" => "OwnersEquity",
        "Income" => "OtherPrimaryIncome",
        "Other Income" => "OtherMiscellaneousIncome",
        "Cost of Goods Sold" => "OtherCostsOfServiceCos",
        "Other Expense" => "OtherMiscellaneousExpense",
        _ => "OtherBusinessExpenses",
    }
}

fn item(new: &mut Json) -> Result<(), Fault> {
    let required: &[&str] = match text(new, "Type").unwrap_or_default() {
        "Inventory" => &["IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate"],
        "Service" | "NonInventory" if new.get("ExpenseAccountRef").is_none() => &["IncomeAccountRef"],
        _ => &[],
    };
    if let Some(key) = required.iter().find(|key| new.get(key).is_none()) {
        return Err(Fault::missing(key));
    }
    default(new, "Taxable", false);
    default(new, "UnitPrice", 0_i64);
    default(new, "PurchaseCost", 0_i64);
    Ok(())
}

fn term(new: &mut Json) -> Result<(), Fault> {
    let kind = match (new.get("DueDays"), new.get("DayOfMonthDue")) {
        (Some(_), _) => "STANDARD",
        (None, Some(_)) => "DATE_DRIVEN",
        (None, None) => return Err(Fault::missing("DueDays")),
    };
    new.set("Type", kind);
    Ok(())
}

fn activity(company: &Company, kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let active = |json: &Json| json.get("Active").and_then(Json::as_bool) != Some(false);
    default(new, "Active", true);
    let key = kind.name_key();
    let name = text(new, key).unwrap_or_default().to_owned();
    match (old.is_none_or(active), active(new)) {
        (true, false) => {
            let open = ["Balance", "BalanceWithJobs", "CurrentBalance"]
                .iter()
                .filter_map(|key| new.get(key).and_then(Json::as_decimal))
                .any(|balance| !balance.is_zero());
            if open {
                let detail = format!("The object or entity you're trying to delete has an open balance: {name}");
                return Err(Fault::new("6220", "Delete Entity Has Balance Error", detail));
            }
            let mut retired = format!("{name}{SUFFIX}");
            let id = old.and_then(|old| old.get("Id")).and_then(Json::as_id);
            // Two entities that had the same name one after the other.
            for again in 2_u32.. {
                new.set(key, retired.as_str());
                let mut probe = new.clone();
                path(company, kind, &mut probe, id)?;
                if !company.name_taken(kind, id, &probe) {
                    break;
                }
                retired = format!("{name}{SUFFIX} {again}");
            }
        }
        (false, true) => {
            let old_name = old.and_then(|old| text(old, key));
            if old_name == Some(name.as_str())
                && let Some((before, _)) = name.rsplit_once(SUFFIX)
            {
                new.set(key, before);
            }
        }
        _ => {}
    }
    Ok(())
}

fn flag_of(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Class => Some("SubClass"),
        Type::Department => Some("SubDepartment"),
        Type::Item => Some("SubItem"),
        Type::Account => Some("SubAccount"),
        _ => None,
    }
}

// FullyQualifiedName and Level, from the parent.
fn path(company: &Company, kind: Type, new: &mut Json, id: Option<&str>) -> Result<(), Fault> {
    let name = text(new, kind.name_key()).unwrap_or_default().to_owned();
    if matches!(kind, Type::Term) {
        return Ok(());
    }
    let parent = if kind == Type::Vendor { None } else { id_in(new, "ParentRef").map(str::to_owned) };
    if let Some(flag) = flag_of(kind) {
        if new.get(flag).and_then(Json::as_bool) == Some(true) && parent.is_none() {
            let detail = format!("A ParentRef is required if {flag} is true.");
            return Err(Fault::new("6150", "ParentRef Required Validation Error", detail).on("ParentRef"));
        }
        if kind == Type::Class || kind == Type::Account || parent.is_some() {
            new.set(flag, parent.is_some());
        }
    }
    let mut full = name;
    let mut level = 0_usize;
    let mut above = parent;
    while let Some(parent_id) = above {
        if Some(parent_id.as_str()) == id {
            return Err(Fault::new(
                "900",
                "Parent cannot be child",
                "The same object can't be the parent or child of itself.",
            ));
        }
        level += 1;
        if level >= DEEPEST {
            let detail = "Review the number of nested accounts and customers. You can nest up to 5 levels.";
            return Err(Fault::new("6180", "Sub Level Limit", detail).on("ParentRef"));
        }
        let parent = company.get(kind, &parent_id).ok_or_else(|| Fault::reference("ParentRef", &parent_id))?;
        full = format!("{}:{full}", text(parent, kind.name_key()).unwrap_or_default());
        above = id_in(parent, "ParentRef").map(str::to_owned);
    }
    new.set("FullyQualifiedName", full);
    if matches!(kind, Type::Customer | Type::Item) {
        new.set("Level", level);
    }
    Ok(())
}

/// Gives the list entities of a book the paths that it leaves out.
pub(super) fn fill_paths(company: &mut Company) {
    for kind in Type::ALL.into_iter().filter(|kind| kind.is_list() && *kind != Type::Term) {
        let bare: Vec<String> = company
            .all(kind)
            .filter(|(_, record)| text(&record.json, "FullyQualifiedName").is_none())
            .map(|(key, _)| key.as_str().to_owned())
            .collect();
        for id in bare {
            let Some(record) = company.record(kind, &id) else { continue };
            let (mut json, updated) = (record.json.clone(), record.updated);
            if path(company, kind, &mut json, Some(&id)).is_ok() {
                company.put(kind, &id, json, updated);
            }
        }
    }
}

/// After a list entity was stored: children and references follow a new name.
pub(super) fn follow(company: &mut Company, kind: Type, id: &str, before: Option<&str>) {
    let after = company.get(kind, id).and_then(|json| label(kind, json)).map(str::to_owned);
    let Some(after) = after else { return };
    if before.is_none() || before == Some(after.as_str()) {
        return;
    }
    rename(company, kind, id, &after);
    let children: Vec<String> = company
        .all(kind)
        .filter(|(_, record)| kind != Type::Vendor && id_in(&record.json, "ParentRef") == Some(id))
        .map(|(key, _)| key.as_str().to_owned())
        .collect();
    for child in children {
        let Some(record) = company.record(kind, &child) else { continue };
        let (mut json, updated) = (record.json.clone(), record.updated);
        let old_label = label(kind, &json).map(str::to_owned);
        if path(company, kind, &mut json, Some(&child)).is_ok() {
            company.put(kind, &child, json, updated);
            follow(company, kind, &child, old_label.as_deref());
        }
    }
}
