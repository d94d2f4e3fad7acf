//! Reports: the list of transactions, by their state at the bank.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/transactionlist>

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::QuickBooks;
use super::clock;
use super::entities::Type;
use super::fault::Fault;
use super::refs::id_in;
use super::shape::money;
use super::store::IdKey;
use crate::json::{Json, object};

/// The states of the bank's side, in the words of the report's filter.
const STATES: &[&str] = &["Cleared", "Uncleared", "Reconciled", "Deposited"];
const UNCLEARED: &str = "Uncleared";
const DEFAULT_COLUMNS: &str = "tx_date,txn_type,doc_num,is_no_post,name,memo,account_name,subt_nat_home_amount";

impl QuickBooks {
    /// A person marks a transaction in the register or by a reconciliation: `Cleared`, `Reconciled`, or `Uncleared`
    /// again. No member of the transaction tells, and its version stays.
    ///
    /// # Errors
    /// If there is no such transaction, or no such state.
    pub fn person_clears(&mut self, _now: DateTime<Utc>, entity: &str, id: &str, state: &str) -> Result<(), Fault> {
        let kind = Type::by_name(entity).filter(|kind| kind.is_transaction());
        let kind = kind.ok_or_else(|| Fault::new("2000", "Invalid or unsupported object name", entity))?;
        self.current(kind, id)?;
        let state = STATES.iter().find(|known| **known == state).ok_or_else(|| not_a_state(state))?;
        if *state == UNCLEARED {
            self.cleared.remove(&(kind, IdKey::new(id)));
        } else {
            self.cleared.insert((kind, IdKey::new(id)), state);
        }
        Ok(())
    }

    /// `GET /reports/{name}`. Parameters that are not known are ignored, as the vendor does.
    pub(super) fn report(
        &self,
        now: DateTime<Utc>,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Json, Fault> {
        if name != "TransactionList" {
            return Err(Fault::new("2000", "Invalid or unsupported report name", format!("Report Name:{name}")));
        }
        let filter = parameters.get("cleared").map(String::as_str);
        if let Some(state) = filter
            && !STATES.contains(&state)
        {
            return Err(not_a_state(state));
        }
        let day = |key: &str, default: NaiveDate| match parameters.get(key) {
            Some(text) => clock::date(text).ok_or_else(|| {
                let detail = format!("The date format isn't valid. Supplied value:{text}");
                Fault::new("2060", "Invalid Date Format", detail).on(key)
            }),
            None => Ok(default),
        };
        let today = clock::today(now);
        let start = day("start_date", today.with_ordinal(1).unwrap_or(today))?;
        let end = day("end_date", today)?;
        let columns = parameters.get("columns").map_or(DEFAULT_COLUMNS, String::as_str);
        let columns: Vec<&str> = columns.split(',').map(str::trim).filter(|column| title(column).is_some()).collect();

        let mut rows = Vec::new();
        for kind in Type::ALL.into_iter().filter(|kind| kind.is_transaction()) {
            for (key, record) in self.company.all(kind) {
                let date = record.json.get("TxnDate").and_then(Json::as_str).and_then(clock::date);
                let Some(date) = date.filter(|date| (start..=end).contains(date)) else { continue };
                let state = self.cleared.get(&(kind, key.clone())).copied().unwrap_or(UNCLEARED);
                if filter.is_some_and(|filter| filter != state) {
                    continue;
                }
                let cells = columns.iter().map(|column| cell(column, kind, key.as_str(), &record.json));
                let row = object([("ColData", cells.collect::<Vec<_>>().into()), ("type", "Data".into())]);
                rows.push((date, row));
            }
        }
        rows.sort_by_key(|(date, _)| *date);
        let rows: Vec<Json> = rows.into_iter().map(|(_, row)| row).collect();
        Ok(self.wrapped_report(now, (start, end), &columns, rows))
    }

    fn wrapped_report(
        &self,
        now: DateTime<Utc>,
        (start, end): (NaiveDate, NaiveDate),
        columns: &[&str],
        rows: Vec<Json>,
    ) -> Json {
        let no_data =
            object([("Name", "NoReportData".into()), ("Value", if rows.is_empty() { "true" } else { "false" }.into())]);
        let header = object([
            ("Time", clock::seconds(now).into()),
            ("ReportName", "TransactionList".into()),
            ("StartPeriod", start.to_string().into()),
            ("EndPeriod", end.to_string().into()),
            ("Currency", self.company.currency.as_str().into()),
            ("Option", vec![no_data].into()),
        ]);
        let columns = columns.iter().map(|column| {
            object([("ColTitle", title(column).unwrap_or_default().into()), ("ColType", (*column).into())])
        });
        // The vendor leaves the member out where there is no row.
        let rows = if rows.is_empty() { object([]) } else { object([("Row", rows.into())]) };
        object([
            ("Header", header),
            ("Columns", object([("Column", columns.collect::<Vec<_>>().into())])),
            ("Rows", rows),
        ])
    }
}

fn not_a_state(state: &str) -> Fault {
    let detail = format!("Supported values: {}. Supplied value:{state}", STATES.join(", "));
    Fault::new("2170", "Invalid Enumeration", detail).on("cleared")
}

fn title(column: &str) -> Option<&'static str> {
    Some(match column {
        "tx_date" => "Date",
        "txn_type" => "Transaction Type",
        "doc_num" => "Num",
        "is_no_post" => "Posting",
        "name" => "Name",
        "memo" => "Memo/Description",
        "account_name" => "Account",
        "subt_nat_home_amount" => "Amount",
        _ => return None,
    })
}

/// All values are text; ids stand beside what they name.
fn cell(column: &str, kind: Type, id: &str, json: &Json) -> Json {
    let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let named = |reference: Option<&Json>| {
        let of = |key: &str| reference.and_then(|r| r.get(key)).and_then(Json::as_id).unwrap_or_default().to_owned();
        object([("value", of("name").into()), ("id", of("value").into())])
    };
    match column {
        "tx_date" => object([("value", text("TxnDate").into())]),
        "txn_type" => object([("value", shown(kind, json).into()), ("id", id.into())]),
        "doc_num" => {
            let number = if kind == Type::Payment { text("PaymentRefNum") } else { text("DocNumber") };
            object([("value", number.into())])
        }
        "is_no_post" => object([("value", if kind.entity().posting { "Yes" } else { "No" }.into())]),
        "name" => named(["CustomerRef", "VendorRef", "EntityRef"].into_iter().find_map(|key| json.get(key))),
        "account_name" => named(account(kind, json)),
        "memo" => object([("value", text("PrivateNote").into())]),
        _ => {
            let amount = json.get("TotalAmt").and_then(Json::as_decimal).unwrap_or_default();
            object([("value", money(amount).to_string().into())])
        }
    }
}

/// How the screens name the kind of a transaction.
fn shown(kind: Type, json: &Json) -> &'static str {
    match kind {
        Type::BillPayment if json.get("PayType").and_then(Json::as_str) == Some("CreditCard") => {
            "Bill Payment (Credit Card)"
        }
        Type::BillPayment => "Bill Payment (Check)",
        Type::VendorCredit => "Vendor Credit",
        Type::CreditMemo => "Credit Memo",
        Type::JournalEntry => "Journal Entry",
        Type::PurchaseOrder => "Purchase Order",
        Type::Purchase => match json.get("PaymentType").and_then(Json::as_str) {
            Some("Check") => "Check",
            _ => "Expense",
        },
        other => other.name(),
    }
}

fn account(kind: Type, json: &Json) -> Option<&Json> {
    let inside = |key: &str, member: &str| json.get(key).and_then(|detail| detail.get(member));
    match kind {
        Type::BillPayment => {
            inside("CheckPayment", "BankAccountRef").or_else(|| inside("CreditCardPayment", "CCAccountRef"))
        }
        Type::Purchase => json.get("AccountRef").filter(|_| id_in(json, "AccountRef").is_some()),
        Type::Payment | Type::Deposit => json.get("DepositToAccountRef"),
        _ => json.get("APAccountRef"),
    }
}
