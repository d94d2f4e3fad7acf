//! What was really paid: payments of bills, payments from customers, deposits, and purchases that were paid at once.
//! Read only; nothing here writes.
//!
//! The first reading is one batch request; later ones ask for what changed. Which bill was paid how much by which check
//! stands in the lines of the payment and not in the bill
//! (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/billpayment>).

mod back;
mod cash;
mod costs;
mod settle;

use std::sync::OnceLock;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::value::RawValue;
use sync_core::model::{Amount, Currency, Date, Money, TargetId};

pub use cash::{BankDeposit, DepositLine, DirectPurchase, PurchaseLine};
pub use settle::{CustomerPayment, UnknownPart, VendorPayment};

use crate::client::QuickBooks;
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::{Held, Mirror};
use crate::query::Query;
use crate::raw::id_of;
use crate::wire::{Line, LinkedTxn, MetaData, Reference, Wire};

const READ: &[Entity] = &[Entity::BillPayment, Entity::Payment, Entity::Deposit, Entity::Purchase];
const COMPANY: &[Entity] = &[Entity::Preferences, Entity::CompanyInfo];
/// How far the windows of changes overlap: the server's clocks may differ by a little.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// Reads the payments of one company.
#[derive(Debug)]
pub struct PaymentsBook {
    client: QuickBooks,
    home: OnceLock<Currency>,
}

/// Payments as they are now.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Actuals {
    /// Payments of bills.
    pub vendor_payments: Vec<VendorPayment>,
    /// Payments from customers.
    pub customer_payments: Vec<CustomerPayment>,
    /// Deposits.
    pub deposits: Vec<BankDeposit>,
    /// Expenses, checks and card charges that paid no bill.
    pub purchases: Vec<DirectPurchase>,
    /// Those with a value that cannot be read; the others are not affected.
    pub unreadable: Vec<UnreadableActual>,
}

/// A transaction with a value that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableActual {
    /// Its entity.
    pub entity: Entity,
    /// Its id.
    pub id: TargetId,
    /// Which value, and what is wrong with it.
    pub text: String,
}

/// A transaction that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeletedActual {
    /// Its entity.
    pub entity: Entity,
    /// Its id.
    pub id: TargetId,
}

/// What was read, and where to go on.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ActualChanges {
    /// Made or changed, as they are now: a voided one is here, with nothing applied.
    pub changed: Actuals,
    /// Deleted.
    pub deleted: Vec<DeletedActual>,
    /// Is `changed` everything there is? Then whatever is known and not in it was deleted.
    pub is_whole: bool,
    /// The server's time: the `since` of the next call.
    pub time: Option<DateTime<FixedOffset>>,
}

impl Actuals {
    /// The deposit that took a customer's payment to the bank.
    #[must_use]
    pub fn deposit_of(&self, payment: &TargetId) -> Option<&BankDeposit> {
        self.deposits.iter().find(|deposit| deposit.payments().any(|id| id == payment))
    }

    fn take(&mut self, entity: Entity, raws: &[Box<RawValue>], home: Currency) {
        for raw in raws {
            let read = match entity {
                Entity::BillPayment => VendorPayment::read(raw, home).map(|found| self.vendor_payments.push(found)),
                Entity::Payment => CustomerPayment::read(raw, home).map(|found| self.customer_payments.push(found)),
                Entity::Deposit => BankDeposit::read(raw, home).map(|found| self.deposits.push(found)),
                Entity::Purchase => DirectPurchase::read(raw, home).map(|found| self.purchases.push(found)),
                _ => Ok(()),
            };
            if let Err(error) = read {
                let id = id_of(raw).into();
                self.unreadable.push(UnreadableActual { entity, id, text: error.to_string() });
            }
        }
    }
}

impl PaymentsBook {
    /// A reader of the company of `client`.
    #[must_use]
    pub fn new(client: QuickBooks) -> Self {
        Self { client, home: OnceLock::new() }
    }

    /// All payments, deposits and purchases, as the server has them now, in one batch request where they fit into it.
    ///
    /// # Errors
    /// [`Error`] if a list cannot be read whole.
    pub async fn load(&self) -> Result<ActualChanges, Error> {
        let queries: Vec<Query> = COMPANY.iter().chain(READ).map(|entity| Query::new(*entity)).collect();
        let loaded = self.client.load(&queries).await?;
        let (company, lists) = loaded.lists.split_at_checked(COMPANY.len()).unwrap_or_default();
        let home = self.know(company)?;
        let mut changed = Actuals::default();
        for (entity, raws) in READ.iter().zip(lists) {
            changed.take(*entity, raws, home);
        }
        Ok(ActualChanges { changed, deleted: Vec::new(), is_whole: true, time: loaded.time })
    }

    /// What changed since an instant, in one request; read whole when that lies too far back, or when more changed than
    /// one answer holds. Windows overlap: a change may be told twice, never left out.
    ///
    /// # Errors
    /// [`Error`] if the company cannot be asked.
    pub async fn changes(&self, since: DateTime<Utc>) -> Result<ActualChanges, Error> {
        let since = since - OVERLAP;
        // An hour less than the reach, so that the request does not arrive too late for it.
        if self.client.clock().now() - since >= QuickBooks::CHANGES_REACH - TimeDelta::hours(1) {
            return self.load().await;
        }
        let home = self.home().await?;
        let answer = self.client.cdc(READ, since).await?;
        if answer.value.is_capped() {
            tracing::info!("more payments changed than one answer holds; they are read whole");
            return self.load().await;
        }
        let mut changes = ActualChanges { time: answer.time, ..ActualChanges::default() };
        for group in answer.value.groups {
            changes.changed.take(group.entity, &group.live, home);
            let gone = group.deleted.into_iter().map(|id| DeletedActual { entity: group.entity, id: id.into() });
            changes.deleted.extend(gone);
        }
        Ok(changes)
    }

    async fn home(&self) -> Result<Currency, Error> {
        if let Some(home) = self.home.get() {
            return Ok(*home);
        }
        let queries: Vec<Query> = COMPANY.iter().map(|entity| Query::new(*entity)).collect();
        self.know(&self.client.load(&queries).await?.lists)
    }

    /// The company's currency, from its settings.
    fn know(&self, company: &[Vec<Box<RawValue>>]) -> Result<Currency, Error> {
        let mut settings = Mirror::default();
        for (entity, raws) in COMPANY.iter().zip(company) {
            for raw in raws {
                settings.put(*entity, Held::read(*entity, raw.clone())?);
            }
        }
        Ok(*self.home.get_or_init(|| settings.home_currency()))
    }
}

/// What every payment says of itself.
struct Head {
    id: TargetId,
    version: String,
    date: Date,
    currency: Currency,
    total: Money,
    voided: bool,
    updated: Option<DateTime<FixedOffset>>,
}

/// The members that a [`Head`] is made of.
struct HeadMembers<'a> {
    date: Option<Date>,
    currency: Option<&'a Reference>,
    total: Option<Amount>,
    note: Option<&'a str>,
    meta: Option<&'a MetaData>,
}

impl Head {
    fn of<T: Wire>(entity: &T, members: &HeadMembers<'_>, home: Currency) -> Result<Self, Error> {
        let at = |member: &str| format!("{} {} at {member}", T::ENTITY, entity.id());
        let currency =
            convert::currency_of(members.currency, home).map_err(|e| Error::unreadable(&at("CurrencyRef"), &e))?;
        let total = members.total.ok_or_else(|| Error::unreadable(&at("TotalAmt"), &"it has none"))?;
        let total = convert::money(total, currency).map_err(|e| Error::unreadable(&at("TotalAmt"), &e))?;
        Ok(Self {
            id: entity.id().into(),
            version: entity.sync_token().to_owned(),
            date: members.date.ok_or_else(|| Error::unreadable(&at("TxnDate"), &"it has none"))?,
            currency,
            voided: convert::is_voided(Some(total), members.note.unwrap_or_default()),
            total,
            updated: members.meta.and_then(|meta| meta.last_updated_time),
        })
    }
}

/// Which lines were made from a purchase order. Where only the transaction as a whole names one, none of its lines is
/// known to be free of it.
fn made_from_order(lines: &[Line], of_whole: &Option<Vec<LinkedTxn>>) -> impl Fn(&Line) -> bool + use<> {
    let by_line = lines.iter().any(|line| names_order(&line.linked_txn));
    let whole = !by_line && names_order(of_whole);
    move |line| whole || names_order(&line.linked_txn)
}

fn names_order(links: &Option<Vec<LinkedTxn>>) -> bool {
    let links = links.as_deref().unwrap_or_default();
    links.iter().any(|link| link.txn_type.as_deref() == Some(Entity::PurchaseOrder.as_str()))
}

fn typed<T: Wire>(raw: &RawValue) -> Result<T, Error> {
    serde_json::from_str(raw.get()).map_err(|error| Error::unreadable(&format!("{} {}", T::ENTITY, id_of(raw)), &error))
}

fn text(value: Option<&str>) -> Option<String> {
    value.map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}
