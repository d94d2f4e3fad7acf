//! What people do in both companies while a sync runs, as a book tells it: payments, voids, edits by hand.
//!
//! `people.toml` names everything as people do, by numbers and names, so that it fits whatever ids the sync's own writes
//! got. A document that is not there is an error, since a book that plays out otherwise than it says shows nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::desktop::CompanyFile;
use crate::json::{Json, object};
use crate::procore::Procore;
use crate::quickbooks::QuickBooks;

/// `people.toml`: what people do after the first load, round by round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// In the order in which it happens; the sync works between rounds.
    pub act: Vec<Act>,
}

/// One thing that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Act {
    /// The round, from 1.
    #[serde(default = "first")]
    pub round: u32,
    /// What is done.
    #[serde(flatten)]
    pub deed: Deed,
}

fn first() -> u32 {
    1
}

fn check() -> String {
    "Check".to_owned()
}

/// What is done. Amounts are texts; documents of QuickBooks are named by their numbers, those of Procore too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// QuickBooks: bills of one vendor are paid, by cash, credits, or both.
    PayBills {
        /// Check number; none for an application of credits.
        number: Option<String>,
        /// `YYYY-MM-DD`
        date: String,
        /// `Check` or `CreditCard`.
        #[serde(default = "check")]
        method: String,
        /// Bank or card account, by name.
        account: String,
        /// Amount by number of the bill.
        bills: BTreeMap<String, Amount>,
        /// Amount by number of the vendor credit.
        #[serde(default)]
        credits: BTreeMap<String, Amount>,
    },
    /// QuickBooks: a customer pays invoices.
    Receive {
        /// The customer's check number or other reference.
        number: String,
        /// `YYYY-MM-DD`
        date: String,
        /// Amount by number of the invoice.
        invoices: BTreeMap<String, Amount>,
    },
    /// QuickBooks: payments of customers are taken to the bank.
    Deposit {
        /// `YYYY-MM-DD`
        date: String,
        /// Bank account, by name.
        account: String,
        /// Numbers of the payments.
        payments: Vec<String>,
    },
    /// QuickBooks: a payment is voided.
    VoidPayment {
        /// Its number.
        number: String,
    },
    /// QuickBooks: a payment is deleted.
    DeletePayment {
        /// Its number.
        number: String,
    },
    /// QuickBooks: the bank has seen a payment, or a reconciliation locks it.
    Clear {
        /// Its number.
        number: String,
        /// `Cleared`, `Reconciled` or `Uncleared`.
        state: String,
    },
    /// QuickBooks: somebody changes the amount of a line of a bill.
    EditBill {
        /// Its number.
        number: String,
        /// The line, from 0.
        line: usize,
        /// What is added to its amount.
        add: Amount,
    },
    /// QuickBooks: the books are closed up to a day.
    CloseBooks {
        /// `YYYY-MM-DD`
        date: String,
    },
    /// Procore: a company is added to the directory.
    AddVendor {
        /// Its name.
        name: String,
    },
    /// Procore: a pay app is approved, or looked at once more.
    Approve {
        /// The commitment's number.
        commitment: String,
        /// The number of the application.
        application: i64,
        /// A comment that is left on it.
        comment: Option<String>,
    },
    /// Procore: somebody enters a payment by hand.
    EnterPayment {
        /// The commitment's number.
        commitment: String,
        /// The number of the application.
        application: i64,
        /// Check number.
        number: String,
        /// `YYYY-MM-DD`
        date: String,
        /// Amount.
        amount: Amount,
    },
}

/// An amount, written as a text: `"12500.00"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Amount(pub Decimal);

impl TryFrom<String> for Amount {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("`{text}` is no amount: {error}"))
    }
}

fn sum(amounts: &BTreeMap<String, Amount>) -> Decimal {
    amounts.values().map(|amount| amount.0).sum()
}

/// Something could not be done as the book says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("people.toml: {what}: {problem}")]
pub struct PeopleError {
    /// What was to be done.
    what: String,
    /// Why it could not.
    problem: String,
}

impl People {
    /// The last round.
    pub fn rounds(&self) -> u32 {
        self.act.iter().map(|act| act.round).max().unwrap_or(0)
    }

    /// Can all of it be done at QuickBooks Desktop?
    pub fn fits_desktop(&self) -> bool {
        self.act.iter().all(|act| crate::desktop::fits(&act.deed))
    }

    /// Does everything of a round, at QuickBooks Desktop.
    ///
    /// # Errors
    /// As [`People::play`].
    pub fn play_desktop(
        &self,
        round: u32,
        now: DateTime<Utc>,
        procore: &mut Procore,
        file: &mut CompanyFile,
    ) -> Result<(), PeopleError> {
        for act in self.act.iter().filter(|act| act.round == round) {
            let what = |problem| PeopleError { what: format!("{:?}", act.deed), problem };
            if !file.person_does(now, &act.deed).map_err(what)? {
                act.deed.play_procore(now, procore).map_err(what)?;
            }
        }
        Ok(())
    }

    /// Does everything of a round.
    ///
    /// # Errors
    /// [`PeopleError`] at the first thing that cannot be done, a refusal of the company's included.
    pub fn play(
        &self,
        round: u32,
        now: DateTime<Utc>,
        procore: &mut Procore,
        quickbooks: &mut QuickBooks,
    ) -> Result<(), PeopleError> {
        for act in self.act.iter().filter(|act| act.round == round) {
            act.deed
                .play(now, procore, quickbooks)
                .map_err(|problem| PeopleError { what: format!("{:?}", act.deed), problem })?;
        }
        Ok(())
    }
}

impl Deed {
    fn play(&self, now: DateTime<Utc>, procore: &mut Procore, quickbooks: &mut QuickBooks) -> Result<(), String> {
        match self {
            Self::PayBills { number, date, method, account, bills, credits } => {
                let vendor = reference(quickbooks, "Bill", bills, "VendorRef")?;
                let total = sum(bills) - sum(credits);
                let mut lines = linked(quickbooks, "Bill", bills)?;
                lines.extend(linked(quickbooks, "VendorCredit", credits)?);
                let account = object([("value", account_id(quickbooks, account)?.into())]);
                let (member, account) = match method.as_str() {
                    "CreditCard" => ("CreditCardPayment", object([("CCAccountRef", account)])),
                    _ => ("CheckPayment", object([("BankAccountRef", account)])),
                };
                let mut body = object([
                    ("VendorRef", vendor),
                    ("PayType", method.as_str().into()),
                    (member, account),
                    ("TxnDate", day(date)?.into()),
                    ("TotalAmt", Json::decimal(total)),
                    ("Line", lines.into()),
                ]);
                if let Some(number) = number {
                    body.set("DocNumber", number.as_str());
                }
                made(quickbooks.person_creates(now, "BillPayment", body))
            }
            Self::Receive { number, date, invoices } => {
                let body = object([
                    ("CustomerRef", reference(quickbooks, "Invoice", invoices, "CustomerRef")?),
                    ("PaymentRefNum", number.as_str().into()),
                    ("TxnDate", day(date)?.into()),
                    ("TotalAmt", Json::decimal(sum(invoices))),
                    ("Line", linked(quickbooks, "Invoice", invoices)?.into()),
                ]);
                made(quickbooks.person_creates(now, "Payment", body))
            }
            Self::Deposit { date, account, payments } => {
                let mut lines = Vec::new();
                for number in payments {
                    let payment = find(quickbooks, "Payment", "PaymentRefNum", number)?;
                    let link = object([
                        ("TxnId", id(payment)?.into()),
                        ("TxnType", "Payment".into()),
                        ("TxnLineId", "0".into()),
                    ]);
                    let amount = payment.get("TotalAmt").cloned().unwrap_or_default();
                    lines.push(object([("Amount", amount), ("LinkedTxn", vec![link].into())]));
                }
                let account = object([("value", account_id(quickbooks, account)?.into())]);
                let body =
                    object([("DepositToAccountRef", account), ("TxnDate", day(date)?.into()), ("Line", lines.into())]);
                made(quickbooks.person_creates(now, "Deposit", body))
            }
            Self::VoidPayment { number } => {
                let (entity, id) = payment(quickbooks, number)?;
                quickbooks.person_voids(now, entity, &id).map_err(|fault| format!("{fault:?}"))
            }
            Self::DeletePayment { number } => {
                let (entity, id) = payment(quickbooks, number)?;
                quickbooks.person_deletes(now, entity, &id).map_err(|fault| format!("{fault:?}"))
            }
            Self::Clear { number, state } => {
                let (entity, id) = payment(quickbooks, number)?;
                quickbooks.person_clears(now, entity, &id, state).map_err(|fault| format!("{fault:?}"))
            }
            Self::EditBill { number, line, add } => {
                let id = id(find(quickbooks, "Bill", "DocNumber", number)?)?;
                let mut there = false;
                let edited = quickbooks.person_edits(now, "Bill", &id, |bill| {
                    let lines = bill.as_object_mut().and_then(|members| members.get_mut("Line"));
                    if let Some(Json::Array(lines)) = lines
                        && let Some(line) = lines.get_mut(*line)
                    {
                        let before = line.get("Amount").and_then(Json::as_decimal).unwrap_or_default();
                        line.set("Amount", Json::decimal(before + add.0));
                        // The screen works the rate out again.
                        let detail = line.as_object_mut().and_then(|line| line.get_mut("ItemBasedExpenseLineDetail"));
                        if let Some(detail) = detail.and_then(Json::as_object_mut) {
                            detail.retain(|member, _| member != "UnitPrice" && member != "Qty");
                        }
                        there = true;
                    }
                });
                edited.map_err(|fault| format!("{fault:?}"))?;
                if there { Ok(()) } else { Err(format!("the bill has no line {line}")) }
            }
            Self::CloseBooks { date } => {
                quickbooks.person_sets_closing_date(now, Some(&day(date)?));
                Ok(())
            }
            Self::AddVendor { .. } | Self::Approve { .. } | Self::EnterPayment { .. } => {
                self.play_procore(now, procore)
            }
        }
    }

    /// What is done in Procore.
    fn play_procore(&self, now: DateTime<Utc>, procore: &mut Procore) -> Result<(), String> {
        match self {
            Self::AddVendor { name } => {
                procore.person_creates(
                    now,
                    "vendors",
                    object([("name", name.as_str().into()), ("is_active", true.into())]),
                );
                Ok(())
            }
            Self::Approve { commitment, application, comment } => {
                let id = application_id(procore, commitment, *application)?;
                let edited = procore.person_edits(now, "requisitions", &id, |app| {
                    app.set("status", "approved");
                    if let Some(comment) = comment {
                        app.set("comment", comment.as_str());
                    }
                });
                edited.map_err(|error| format!("{error:?}"))
            }
            Self::EnterPayment { commitment, application, number, date, amount } => {
                let app = application_id(procore, commitment, *application)?;
                let contract = procore.record("requisitions", &app).and_then(|app| app.get("commitment_id")).cloned();
                let project = procore.record("requisitions", &app).and_then(|app| app.get("project_id")).cloned();
                let body = object([
                    ("contract_id", contract.unwrap_or_default()),
                    ("project_id", project.unwrap_or_default()),
                    ("requisition_id", Json::from(app.as_str())),
                    ("amount", amount.0.to_string().into()),
                    ("date", day(date)?.into()),
                    ("check_number", number.as_str().into()),
                    ("status", "paid".into()),
                ]);
                procore.person_creates(now, "contract_payments", body);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn made(outcome: Result<String, crate::quickbooks::Fault>) -> Result<(), String> {
    outcome.map(drop).map_err(|fault| format!("{fault:?}"))
}

/// A date, checked.
fn day(text: &str) -> Result<String, String> {
    text.parse::<NaiveDate>().map(|day| day.to_string()).map_err(|error| format!("`{text}` is no date: {error}"))
}

fn id(record: &Json) -> Result<String, String> {
    record.get("Id").and_then(Json::as_id).map(str::to_owned).ok_or_else(|| "it has no id".to_owned())
}

fn find<'a>(quickbooks: &'a QuickBooks, entity: &str, member: &str, number: &str) -> Result<&'a Json, String> {
    let mut found = quickbooks.all(entity).filter(|record| record.get(member).and_then(Json::as_id) == Some(number));
    match (found.next(), found.next()) {
        (Some(record), None) => Ok(record),
        (None, _) => Err(format!("there is no {entity} {number}")),
        (Some(_), Some(_)) => Err(format!("there are several {entity} {number}")),
    }
}

/// A payment by its number: of bills, or else by a customer.
fn payment(quickbooks: &QuickBooks, number: &str) -> Result<(&'static str, String), String> {
    let of_bills = find(quickbooks, "BillPayment", "DocNumber", number).map(|record| ("BillPayment", record));
    let (entity, record) =
        of_bills.or_else(|_| find(quickbooks, "Payment", "PaymentRefNum", number).map(|record| ("Payment", record)))?;
    Ok((entity, id(record)?))
}

fn account_id(quickbooks: &QuickBooks, name: &str) -> Result<String, String> {
    id(find(quickbooks, "Account", "Name", name)?)
}

/// The vendor or customer of the first of these documents.
fn reference(
    quickbooks: &QuickBooks,
    entity: &str,
    documents: &BTreeMap<String, Amount>,
    member: &str,
) -> Result<Json, String> {
    let number = documents.keys().next().ok_or("no document is named")?;
    let party = find(quickbooks, entity, "DocNumber", number)?.at(&[member, "value"]).cloned();
    Ok(object([("value", party.ok_or_else(|| format!("{entity} {number} has no {member}"))?)]))
}

/// Lines that settle documents, or use credits.
fn linked(quickbooks: &QuickBooks, entity: &str, documents: &BTreeMap<String, Amount>) -> Result<Vec<Json>, String> {
    let line = |(number, amount): (&String, &Amount)| {
        let id = id(find(quickbooks, entity, "DocNumber", number)?)?;
        let link = object([("TxnId", id.into()), ("TxnType", entity.into())]);
        Ok(object([("Amount", Json::decimal(amount.0)), ("LinkedTxn", vec![link].into())]))
    };
    documents.iter().map(line).collect()
}

fn application_id(procore: &Procore, commitment: &str, number: i64) -> Result<String, String> {
    let of = |resource| {
        procore.all(resource).find(|contract| contract.get("number").and_then(Json::as_id) == Some(commitment))
    };
    let contract = of("work_order_contracts").or_else(|| of("purchase_order_contracts"));
    let contract = contract.and_then(|contract| contract.get("id")).and_then(Json::as_id);
    let contract = contract.ok_or_else(|| format!("there is no commitment {commitment}"))?;
    let number = number.to_string();
    let app = procore.all("requisitions").find(|app| {
        app.get("commitment_id").and_then(Json::as_id) == Some(contract)
            && app.get("number").and_then(Json::as_id) == Some(&number)
    });
    let id = app.and_then(|app| app.get("id")).and_then(Json::as_id).map(str::to_owned);
    id.ok_or_else(|| format!("commitment {commitment} has no application {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_is_read_as_it_is_written() {
        let text = r#"
            [[act]]
            do = "pay_bills"
            number = "1002"
            date = "2026-09-10"
            account = "Checking"
            bills = { "SC-1-1" = "12500.00", "SC-1-2" = "36000.00" }

            [[act]]
            round = 2
            do = "void_payment"
            number = "1002"
        "#;
        let people: People = toml::from_str(text).unwrap();
        assert_eq!(people.rounds(), 2);
        let Deed::PayBills { bills, method, credits, .. } = &people.act[0].deed else { panic!() };
        assert_eq!((bills.len(), method.as_str(), credits.len()), (2, "Check", 0));
        assert!(toml::from_str::<People>("[[act]]\ndo = \"burn_the_books\"").is_err());
    }
}
