//! The way back: what was paid in the company file.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use chrono::{NaiveDateTime, TimeDelta};
use sync_core::actuals::{PaidPart, PaymentMade, PaymentMethod};
use sync_core::connector::{BankState, Cursor, PaymentChanges, PaymentRead, PaymentSource};
use sync_core::model::{Currency, Date, TargetKind, TargetRef};
use sync_core::{Error, ErrorKind};

use super::bank::BankWords;
use super::load::{OVERLAP, moment};
use super::{DesktopSink, read};
use crate::qbxml::objects::{
    AppliedTxn, BillPayment, DeletedTxn, Moments, Query, QueryKind, ReceivePayment, Record, Request, Select, TxnType,
};
use crate::qbxml::{Element, QbDate, QbDateTime};

/// QuickBooks tells deletions of the last 90 days; a cursor that is older is no use.
const TELLS_DELETIONS: TimeDelta = TimeDelta::days(80);
const KINDS: [QueryKind; 3] =
    [QueryKind::BillPaymentCheck, QueryKind::BillPaymentCreditCard, QueryKind::ReceivePayment];
const DELETED: [TxnType; 3] = [TxnType::BillPaymentCheck, TxnType::BillPaymentCreditCard, TxnType::ReceivePayment];
/// How the wall clock of the company's machine is kept in a cursor.
const WALL: &str = "%Y-%m-%dT%H:%M:%S";

/// Payments of bills and payments from customers, of one company file. It writes nothing.
#[derive(Debug)]
pub struct DesktopPayments {
    sink: DesktopSink,
    company: String,
    words: BankWords,
}

impl DesktopPayments {
    /// A reader over the same desk as `sink`. The id names the company file in origin ids for ever: give the `FileID` of
    /// its `.qwc` file.
    pub fn new(sink: DesktopSink, file_id: &str) -> Self {
        let company = format!("qbd:{}", file_id.trim_matches(['{', '}']).to_ascii_lowercase());
        Self { sink, company, words: BankWords::default() }
    }

    /// With other words for what the bank has seen.
    #[must_use]
    pub fn with_bank_words(self, words: BankWords) -> Self {
        Self { words, ..self }
    }

    fn read(&self, record: &Element<'_>) -> Option<PaymentRead> {
        let kind = kind_of(record.name.trim_end_matches("Ret"))?;
        let id = record.child_text("TxnID").unwrap_or_default();
        let target = TargetRef { kind, id: id.into() };
        Some(match made(record, self.sink.options.currency) {
            Ok(made) => PaymentRead::Found(made),
            Err(problem) => PaymentRead::Unreadable(target, format!("{} {id}: {problem}", record.name)),
        })
    }
}

#[async_trait]
impl PaymentSource for DesktopPayments {
    fn company(&self) -> String {
        self.company.clone()
    }

    async fn payments(&self, since: Option<&Cursor>) -> Result<PaymentChanges, Error> {
        let now = self.sink.clock.now().naive_utc();
        let since = since.and_then(|Cursor(text)| NaiveDateTime::parse_from_str(text, WALL).ok());
        let since = since.filter(|latest| now - *latest < TELLS_DELETIONS);
        let select = match since {
            None => Select::All,
            Some(latest) => Select::Modified(Moments { from: moment(latest - OVERLAP), to: None }),
        };
        let queries: Vec<Query> =
            KINDS.iter().map(|kind| Query::new(*kind, select.clone()).paged(self.sink.options.page)).collect();
        let deleted = since.map(|latest| {
            let window = Moments { from: moment(latest - OVERLAP), to: None };
            Request::TxnDeleted(DELETED.to_vec(), window)
        });
        let _visits = self.sink.desk.run();
        let records = self.sink.read_all(&queries, deleted.as_slice()).await?;
        let mut latest = since;
        let mut changed = Vec::with_capacity(records.len());
        for record in &records {
            let at = |name| record.child_text(name).and_then(|text| QbDateTime::new(text).ok());
            latest = latest.max(at("TimeModified").or_else(|| at("TimeDeleted")).map(|at| at.wall_clock()));
            if record.name == "TxnDeletedRet" {
                let gone = DeletedTxn::read(record)
                    .map_err(|e| Error::new(ErrorKind::Unreadable, format!("QuickBooks Desktop: {e}")))?;
                let kind = gone.kind.as_deref().and_then(kind_of);
                let target = kind.zip(gone.txn_id).map(|(kind, id)| TargetRef { kind, id: id.into() });
                changed.extend(target.map(PaymentRead::Gone));
            } else {
                changed.extend(self.read(record));
            }
        }
        let next = latest.map(|latest| latest.format(WALL).to_string()).unwrap_or_default();
        Ok(PaymentChanges { changed, is_whole: since.is_none(), next: Cursor(next) })
    }

    async fn read_payments(&self, payments: &[TargetRef]) -> Result<Vec<PaymentRead>, Error> {
        let mut ids: BTreeMap<TargetKind, Vec<String>> = BTreeMap::new();
        for payment in payments {
            let ids = ids.entry(payment.kind).or_default();
            if !ids.iter().any(|id| id == payment.id.as_str()) {
                ids.push(payment.id.to_string());
            }
        }
        let queries: Vec<Query> = KINDS
            .iter()
            .filter_map(|kind| {
                let ids = ids.get(&kind_of(kind.as_str())?)?;
                Some(Query::new(*kind, Select::Ids(ids.clone())))
            })
            .collect();
        let mut found: HashMap<TargetRef, PaymentRead> = HashMap::new();
        if !queries.is_empty() {
            let _visits = self.sink.desk.run();
            let records = self.sink.read_all(&queries, &[]).await?;
            found.extend(records.iter().filter_map(|r| self.read(r)).map(|read| (read.target().clone(), read)));
        }
        let answer =
            |payment: &TargetRef| found.get(payment).cloned().unwrap_or_else(|| PaymentRead::Gone(payment.clone()));
        Ok(payments.iter().map(answer).collect())
    }

    /// Payments from customers are shown only where they went to the bank by themselves, not within a deposit.
    async fn at_bank(&self, payments: &[(TargetRef, Date)]) -> Result<HashMap<TargetRef, BankState>, Error> {
        self.sink.at_bank(payments, &self.words).await
    }
}

/// The kind of payment that a type of transaction is.
fn kind_of(name: &str) -> Option<TargetKind> {
    match name {
        "BillPaymentCheck" | "BillPaymentCreditCard" => Some(TargetKind::BillPayment),
        "ReceivePayment" => Some(TargetKind::Payment),
        _ => None,
    }
}

/// A payment of bills or of a customer, from its record. `Amount` of what it was applied to is cash: a credit is linked to
/// the bill or invoice, not to the payment.
///
/// # Errors
/// Which value is missing or wrong.
pub(super) fn made(record: &Element<'_>, currency: Currency) -> Result<PaymentMade, String> {
    let bad = |error: crate::qbxml::objects::ObjectError| error.to_string();
    let is_received = record.name == "ReceivePaymentRet";
    let parts = if is_received {
        let p = ReceivePayment::read(record).map_err(bad)?;
        Parts {
            id: p.txn_id,
            version: p.edit_sequence,
            number: p.ref_number,
            date: p.txn_date,
            memo: p.memo,
            applied: p.applied,
        }
    } else {
        let p = BillPayment::read(record).map_err(bad)?;
        Parts {
            id: p.txn_id,
            version: p.edit_sequence,
            number: p.ref_number,
            date: p.txn_date,
            memo: p.memo,
            applied: p.applied,
        }
    };
    let mut applied = Vec::with_capacity(parts.applied.len());
    for part in &parts.applied {
        let (Some(id), Some(amount)) = (&part.txn_id, part.amount) else { continue };
        let kind = part.txn_type.as_deref().and_then(|name| read::kind_of(&format!("{name}Ret")));
        let Some(kind) = kind else { continue };
        let to = TargetRef { kind, id: id.as_str().into() };
        applied.push(PaidPart { to, amount: read::money(amount, currency)?, is_credit: false });
    }
    let settles_nothing = applied.iter().all(|part| part.amount.is_zero());
    let says_so = parts.memo.as_deref().is_some_and(|memo| memo.trim_start().starts_with(read::VOID));
    Ok(PaymentMade {
        target: TargetRef {
            kind: if is_received { TargetKind::Payment } else { TargetKind::BillPayment },
            id: parts.id.unwrap_or_default().into(),
        },
        version: parts.version.unwrap_or_default(),
        number: parts.number.filter(|number| !number.is_empty()),
        date: parts.date.ok_or("it has no TxnDate")?.date(),
        method: match &*record.name {
            "BillPaymentCheckRet" => Some(PaymentMethod::Check),
            "BillPaymentCreditCardRet" => Some(PaymentMethod::CreditCard),
            _ => None,
        },
        currency,
        applied,
        voided: says_so && settles_nothing,
    })
}

/// What both kinds of payments have.
struct Parts {
    id: Option<String>,
    version: Option<String>,
    number: Option<String>,
    date: Option<QbDate>,
    memo: Option<String>,
    applied: Vec<AppliedTxn>,
}
