//! Given a small contractor's company, when a client or a person does something, then the documented thing happens.

mod batches;
mod documents;
mod files;
mod gateway;
mod ledger;
mod linking;
mod lists;
mod people;
mod queries;
mod refusals;
mod tokens;
mod validation;

use bytes::Bytes;
use chrono::{DateTime, Duration, TimeZone as _, Utc};
use http::{Method, Request, Response};
use rust_decimal::Decimal;

use super::{QuickBooks, QuickBooksConfig};
use crate::book::Book;
use crate::json::Json;

pub(super) const REALM: &str = "9341000000000001";

const FILES: &[(&str, &str)] = &[
    (
        "Account",
        r#"[
        {"Id":"4","Name":"Undeposited Funds","AccountType":"Other Current Asset","AccountSubType":"UndepositedFunds","CurrentBalance":0},
        {"Id":"33","Name":"Accounts Payable (A/P)","AccountType":"Accounts Payable","AccountSubType":"AccountsPayable","CurrentBalance":1000.00},
        {"Id":"35","Name":"Checking","AccountType":"Bank","AccountSubType":"Checking","CurrentBalance":5000.00},
        {"Id":"42","Name":"Visa","AccountType":"Credit Card","AccountSubType":"CreditCard","CurrentBalance":0},
        {"Id":"79","Name":"Contract Billings","AccountType":"Income","AccountSubType":"OtherPrimaryIncome","CurrentBalance":0},
        {"Id":"84","Name":"Accounts Receivable (A/R)","AccountType":"Accounts Receivable","AccountSubType":"AccountsReceivable","CurrentBalance":0},
        {"Id":"143","Name":"Job Cost","AccountType":"Cost of Goods Sold","AccountSubType":"OtherCostsOfServiceCos","CurrentBalance":0},
        {"Id":"151","Name":"Retainage Payable","AccountType":"Other Current Liability","AccountSubType":"OtherCurrentLiabilities","CurrentBalance":0},
        {"Id":"152","Name":"Retainage Receivable","AccountType":"Other Current Asset","AccountSubType":"Retainage","CurrentBalance":0}]"#,
    ),
    (
        "Item",
        r#"[
        {"Id":"212","Name":"09-250","Type":"Service","IncomeAccountRef":{"value":"79"},"ExpenseAccountRef":{"value":"143"}},
        {"Id":"230","Name":"Retainage","Type":"Service","IncomeAccountRef":{"value":"152"},"ExpenseAccountRef":{"value":"151"}},
        {"Id":"240","Name":"Divisions","Type":"Category"},
        {"Id":"241","Name":"Sold only","Type":"Service","IncomeAccountRef":{"value":"79"}},
        {"Id":"242","Name":"Kit","Type":"Group"}]"#,
    ),
    (
        "Customer",
        r#"[
        {"Id":"61","DisplayName":"Bayfront Health","FullyQualifiedName":"Bayfront Health","Balance":0,"BalanceWithJobs":0},
        {"Id":"118","DisplayName":"24-017 Clinic","FullyQualifiedName":"Bayfront Health:24-017 Clinic","Job":true,"ParentRef":{"value":"61"},"Level":1,"Balance":0,"BalanceWithJobs":0},
        {"Id":"62","DisplayName":"Other Owner","FullyQualifiedName":"Other Owner","Balance":0,"BalanceWithJobs":0}]"#,
    ),
    (
        "Vendor",
        r#"[
        {"Id":"77","DisplayName":"Delta Drywall Inc","TermRef":{"value":"9"},"TaxIdentifier":"123456789","Balance":1000.00},
        {"Id":"78","DisplayName":"Amy's Paint","Balance":0},
        {"Id":"79","DisplayName":"Gone Ltd (deleted)","Active":false,"Balance":0}]"#,
    ),
    ("Employee", r#"[{"Id":"90","DisplayName":"Pat Site"}]"#),
    ("Class", r#"[{"Id":"5000000000000007311","Name":"09 Finishes","FullyQualifiedName":"09 Finishes"}]"#),
    ("Term", r#"[{"Id":"9","Name":"Net 45","DueDays":45,"Type":"STANDARD"}]"#),
];

/// The company with a client at it. The clock moves on with every request, slowly enough for the limits.
pub(super) struct Site {
    pub(super) qb: QuickBooks,
    pub(super) now: DateTime<Utc>,
    access: String,
}

pub(super) fn site() -> Site {
    site_with(QuickBooksConfig::default())
}

pub(super) fn site_with(config: QuickBooksConfig) -> Site {
    site_of(FILES, config)
}

pub(super) fn site_of(files: &[(&str, &str)], config: QuickBooksConfig) -> Site {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("quickbooks")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(format!("quickbooks/{name}.json")), text).unwrap();
    }
    let book = Book::load(dir.path()).unwrap();
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 16, 0, 0).unwrap();
    let mut qb = QuickBooks::from_book(&book, config);
    let (access, _) = qb.grant(now);
    Site { qb, now, access }
}

/// A preference file with these parts.
pub(super) fn with_preferences(text: &str) -> Site {
    let mut files = FILES.to_vec();
    files.push(("Preferences", text));
    site_of(&files, QuickBooksConfig::default())
}

pub(super) fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An answer of the double.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) body: Json,
    pub(super) response: Response<Bytes>,
}

impl Got {
    /// The entity under its name.
    #[track_caller]
    pub(super) fn ok(&self, name: &str) -> Json {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.body)).clone()
    }

    /// Code, detail and element of the fault.
    #[track_caller]
    pub(super) fn fault(&self) -> (&str, &str) {
        let errors = self.body.at(&["Fault", "Error"]).and_then(Json::as_array);
        let error = errors.and_then(<[Json]>::first).unwrap_or_else(|| panic!("no fault in {}", self.body));
        (error.get("code").unwrap().as_str().unwrap(), error.get("Detail").unwrap().as_str().unwrap())
    }

    #[track_caller]
    pub(super) fn code(&self) -> &str {
        assert_eq!(self.status, 400, "{}", self.body);
        self.fault().0
    }
}

impl Site {
    pub(super) fn send(&mut self, request: Request<Bytes>) -> Got {
        self.now += Duration::milliseconds(150);
        let response = self.qb.answer(self.now, request);
        let body = Json::parse(response.body()).unwrap_or_default();
        Got { status: response.status().as_u16(), body, response }
    }

    pub(super) fn request(&self, method: Method, path: &str, body: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(format!("/v3/company/{REALM}/{path}"))
            .header("Authorization", format!("Bearer {}", self.access))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    pub(super) fn post(&mut self, path: &str, body: &str) -> Got {
        let request = self.request(Method::POST, path, body);
        self.send(request)
    }

    pub(super) fn get(&mut self, path: &str) -> Got {
        let request = self.request(Method::GET, path, "");
        self.send(request)
    }

    pub(super) fn query(&mut self, statement: &str) -> Got {
        let encoded = percent_encoding::utf8_percent_encode(statement, percent_encoding::NON_ALPHANUMERIC);
        self.get(&format!("query?query={encoded}&minorversion=75"))
    }

    /// A new access token, for when hours have passed.
    pub(super) fn log_in(&mut self) {
        self.access = self.qb.grant(self.now).0;
    }

    #[track_caller]
    pub(super) fn stored(&self, entity: &str, id: &str) -> &Json {
        self.qb.entity(entity, id).unwrap_or_else(|| panic!("no {entity} {id}"))
    }

    #[track_caller]
    pub(super) fn amount(&self, entity: &str, id: &str, key: &str) -> Decimal {
        let found = self.stored(entity, id);
        found.get(key).and_then(Json::as_decimal).unwrap_or_else(|| panic!("no {key} in {found}"))
    }
}

/// Every balance as a debit; the sum never changes.
pub(super) fn trial(site: &Site) -> Decimal {
    let accounts = site.qb.all("Account");
    let debit = |account: &Json| {
        let balance = account.get("CurrentBalance").unwrap().as_decimal().unwrap();
        match text(account, &["AccountType"]) {
            "Accounts Payable" | "Credit Card" | "Other Current Liability" | "Income" => -balance,
            _ => balance,
        }
    };
    accounts.map(debit).sum()
}

pub(super) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(super) fn text<'a>(json: &'a Json, path: &[&str]) -> &'a str {
    json.at(path).and_then(Json::as_id).unwrap_or_default()
}

/// The id of an entity.
pub(super) fn id(json: &Json) -> String {
    text(json, &["Id"]).to_owned()
}

pub(super) fn line(json: &Json, at: usize) -> &Json {
    &json.get("Line").unwrap().as_array().unwrap()[at]
}

pub(super) const ACCOUNT_LINE: &str = r#"{"Amount":100.00,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"143"}}}"#;

/// A bill of 100.00 from vendor 77.
pub(super) fn bill(extra: &str) -> String {
    format!(r#"{{"VendorRef":{{"value":"77"}},"TxnDate":"2026-03-01","Line":[{ACCOUNT_LINE}]{extra}}}"#)
}

/// A purchase order with one item line of 1000.00.
pub(super) fn order(number: &str) -> String {
    format!(
        r#"{{"DocNumber":"{number}","VendorRef":{{"value":"77"}},"APAccountRef":{{"value":"33"}},"Line":[{{"Amount":1000.00,"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{{"ItemRef":{{"value":"212"}},"Qty":1,"UnitPrice":1000}}}}]}}"#
    )
}

/// An invoice of 500.00 to the job.
pub(super) fn invoice(extra: &str) -> String {
    format!(
        r#"{{"CustomerRef":{{"value":"118"}},"TxnDate":"2026-03-01","Line":[{{"Amount":500.00,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"212"}},"Qty":1,"UnitPrice":500}}}}]{extra}}}"#
    )
}

/// A check of `total` that pays `amount` of one bill.
pub(super) fn check(total: &str, bill: &str, amount: &str) -> String {
    format!(
        r#"{{"VendorRef":{{"value":"77"}},"PayType":"Check","CheckPayment":{{"BankAccountRef":{{"value":"35"}}}},"TotalAmt":{total},"TxnDate":"2026-03-02","Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{bill}","TxnType":"Bill"}}]}}]}}"#
    )
}
