//! Records as people enter and change them.

use std::collections::HashMap;

use rust_decimal::Decimal;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::{Json, object};

use crate::kit::Site;
use crate::kit::ledger::{decimal, items, procore_id, text};

pub(super) fn id(record: &Json) -> String {
    text(record, &["Id"]).to_owned()
}

pub(super) fn number(record: &Json) -> Option<String> {
    Some(text(record, &["DocNumber"]).to_owned())
}

/// What stands for what: as the marks said before they were taken off.
pub(super) fn stands_for(site: &Site, marks: &Book) -> HashMap<(&'static str, String), Json> {
    let quickbooks = site.quickbooks();
    let mut found = HashMap::new();
    for entity in ["PurchaseOrder", "Bill", "Invoice", "Estimate"] {
        for record in marks.quickbooks(entity) {
            if let Some(now) = quickbooks.entity(entity, &id(record)) {
                found.insert((entity, procore_id(record).to_owned()), now.clone());
            }
        }
    }
    found
}

pub(super) fn invoice_label(app: &Json) -> Option<String> {
    let own = text(app, &["invoice_number"]);
    Some(if own.is_empty() { text(app, &["number"]).to_owned() } else { own.to_owned() })
}

pub(super) fn raise_first_line(record: &mut Json, by: Decimal) {
    let Some(Json::Array(lines)) = record.as_object_mut().and_then(|members| members.get_mut("Line")) else { panic!() };
    let line = &mut lines[0];
    let amount = decimal(line, &["Amount"]) + by;
    line.set("Amount", Json::decimal(amount));
    for detail in ["ItemBasedExpenseLineDetail", "SalesItemLineDetail"] {
        if let Some(Json::Object(detail)) = line.as_object_mut().and_then(|members| members.get_mut(detail)) {
            detail.shift_remove("Qty");
            detail.shift_remove("UnitPrice");
        }
    }
    let total = decimal(record, &["TotalAmt"]) + by;
    record.set("TotalAmt", Json::decimal(total));
}

/// Gives the first line that is no retainage another class. False where there is none, or it has that class already.
pub(super) fn reclass_first_line(record: &mut Json, class: &str) -> bool {
    let Some(Json::Array(lines)) = record.as_object_mut().and_then(|members| members.get_mut("Line")) else { panic!() };
    let Some(line) = lines.iter_mut().find(|line| !text(line, &["Description"]).starts_with("Retainage")) else {
        return false;
    };
    let line = line.as_object_mut().unwrap();
    for detail in ["ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"] {
        if let Some(detail) = line.get_mut(detail) {
            let changed = text(detail, &["ClassRef", "value"]) != class;
            detail.set("ClassRef", object([("value", class.into())]));
            return changed;
        }
    }
    false
}

pub(super) fn without_ids(record: &Json) -> Json {
    let mut copy = record.clone();
    let members = copy.as_object_mut().unwrap();
    for member in ["Id", "SyncToken", "MetaData", "domain", "sparse", "LinkedTxn", "Balance"] {
        members.shift_remove(member);
    }
    if let Some(Json::Array(lines)) = members.get_mut("Line") {
        for line in lines {
            let line = line.as_object_mut().unwrap();
            line.shift_remove("Id");
            line.shift_remove("LinkedTxn");
        }
    }
    copy
}

pub(super) fn any_expense_account(site: &Site) -> String {
    let quickbooks = site.quickbooks();
    quickbooks.all("Account").find(|a| text(a, &["AccountType"]) == "Cost of Goods Sold").map(id).unwrap()
}

pub(super) fn bank_account(site: &Site) -> String {
    site.quickbooks().all("Account").find(|account| text(account, &["AccountType"]) == "Bank").map(id).unwrap()
}

/// A journal entry of 750.00.
pub(super) fn journal_entry(retainage: &str, other: &str) -> Json {
    two_sided("JE-7", Decimal::from(750), (other, None), (retainage, None))
}

type Side<'a> = (&'a str, Option<(&'a str, String)>);

pub(super) fn two_sided(number: &str, amount: Decimal, debit: Side<'_>, credit: Side<'_>) -> Json {
    let side = |posting: &str, (account, party): Side<'_>| {
        let mut detail = object([("PostingType", posting.into()), ("AccountRef", object([("value", account.into())]))]);
        if let Some((kind, id)) = party {
            let reference = object([("value", id.as_str().into())]);
            detail.set("Entity", object([("Type", kind.into()), ("EntityRef", reference)]));
        }
        object([
            ("Amount", Json::decimal(amount)),
            ("DetailType", "JournalEntryLineDetail".into()),
            ("JournalEntryLineDetail", detail),
        ])
    };
    object([
        ("DocNumber", number.into()),
        ("TxnDate", "2026-07-31".into()),
        ("Line", vec![side("Debit", debit), side("Credit", credit)].into()),
    ])
}

/// A small one of the same party, with one line at the same job.
pub(super) fn small(like: &Json, number: &str, what: &str, amount: &str) -> Json {
    let mut other = without_ids(like);
    other.set("DocNumber", number);
    other.set("PrivateNote", what);
    other.set("TotalAmt", Json::Number(amount.to_owned()));
    let mut line = items(like, "Line")[0].clone();
    let members = line.as_object_mut().unwrap();
    for member in ["Id", "LinkedTxn", "LineNum"] {
        members.shift_remove(member);
    }
    for detail in ["ItemBasedExpenseLineDetail", "SalesItemLineDetail"] {
        if let Some(Json::Object(detail)) = members.get_mut(detail) {
            detail.shift_remove("Qty");
            detail.shift_remove("UnitPrice");
        }
    }
    line.set("Amount", Json::Number(amount.to_owned()));
    line.set("Description", what);
    other.set("Line", vec![line]);
    other
}

/// The job that the first line of a bill names.
pub(super) fn job_of(bill: &Json) -> String {
    let details = ["ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"];
    let found = details.iter().map(|detail| text(&items(bill, "Line")[0], &[detail, "CustomerRef", "value"]));
    found.max().unwrap().to_owned()
}

pub(super) fn is_withheld(line: &Json) -> bool {
    text(line, &["Description"]).starts_with("Retainage withheld")
}

pub(super) fn withheld(bill: &Json) -> Decimal {
    -items(bill, "Line").iter().filter(|line| is_withheld(line)).map(|line| decimal(line, &["Amount"])).sum::<Decimal>()
}

pub(super) fn bill_payment(bill: &Json, amount: Decimal, bank: &str) -> Json {
    let link = object([("TxnId", text(bill, &["Id"]).into()), ("TxnType", "Bill".into())]);
    let line = object([("Amount", Json::decimal(amount)), ("LinkedTxn", vec![link].into())]);
    object([
        ("VendorRef", bill.get("VendorRef").cloned().unwrap()),
        ("PayType", "Check".into()),
        ("CheckPayment", object([("BankAccountRef", object([("value", bank.into())]))])),
        ("TotalAmt", Json::decimal(amount)),
        ("DocNumber", "5120".into()),
        ("TxnDate", "2026-07-20".into()),
        ("Line", vec![line].into()),
    ])
}
