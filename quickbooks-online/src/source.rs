//! The books as they are, read afresh for tie-outs.

mod kept;
mod ledger;
mod sales;
mod state;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset};
use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::accounting::{LineLink, PostTo};
use sync_core::model::{
    AccountId, ClassId, ConnectionId, Currency, CustomerId, Date, DocumentKey, Money, MoneyError, PayeeId, TargetId,
    TargetKind, TargetRef,
};

pub use kept::KeptTransactions;
pub use ledger::{BookAccount, BookEntry, BookEntryLine};
pub use sales::{BookSale, BookSaleLine};

use crate::client::QuickBooks;
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::{Held, Mirror};
use crate::payments::{CustomerPayment, VendorPayment};
use crate::query::Query;
use crate::raw::Record;
use crate::wire::Item;

/// Reads the books of one company.
#[derive(Clone, Debug)]
pub struct Books {
    client: QuickBooks,
}

const READ: &[Entity] = &[
    Entity::Preferences,
    Entity::CompanyInfo,
    Entity::Account,
    Entity::Item,
    Entity::PurchaseOrder,
    Entity::Bill,
    Entity::VendorCredit,
    Entity::JournalEntry,
    Entity::Estimate,
    Entity::Invoice,
    Entity::CreditMemo,
    Entity::BillPayment,
    Entity::Payment,
];

impl Books {
    /// A reader of the company of `client`.
    #[must_use]
    pub fn new(client: QuickBooks) -> Self {
        Self { client }
    }

    /// All documents of both sides, their payments, journal entries and accounts, as the server has them now.
    ///
    /// # Errors
    /// [`Error`] if any of them cannot be read: a snapshot is whole or there is none.
    pub async fn load(&self) -> Result<BooksSnapshot, Error> {
        let queries: Vec<Query> = READ.iter().map(|entity| Query::new(*entity)).collect();
        let loaded = self.client.load(&queries).await?;
        let mut lists: HashMap<Entity, Vec<_>> = READ.iter().copied().zip(loaded.lists).collect();
        let mut take = |entity| lists.remove(&entity).unwrap_or_default();

        let mut singles = Mirror::default();
        for entity in [Entity::Preferences, Entity::CompanyInfo] {
            for raw in take(entity) {
                singles.put(entity, Held::read(entity, raw)?);
            }
        }
        let currency = singles.home_currency();

        let mut accounts = Vec::new();
        for raw in take(Entity::Account) {
            accounts.push(BookAccount::of(&Record::read(raw)?, currency)?);
        }
        let mut item_accounts: HashMap<String, AccountId> = HashMap::new();
        let mut income_accounts: HashMap<String, AccountId> = HashMap::new();
        for raw in take(Entity::Item) {
            let item: Record<Item> = Record::read(raw)?;
            let Some(id) = &item.id else { continue };
            if let Some(account) = &item.expense_account_ref {
                item_accounts.insert(id.clone(), account.value.as_str().into());
            }
            if let Some(account) = &item.income_account_ref {
                income_accounts.insert(id.clone(), account.value.as_str().into());
            }
        }
        let mut documents = Vec::new();
        for entity in [Entity::PurchaseOrder, Entity::Bill, Entity::VendorCredit] {
            for raw in take(entity) {
                let state = convert::state(entity, &raw, currency)?;
                documents.push(BookDocument::of(state, &item_accounts)?);
            }
        }
        let mut sales = Vec::new();
        for entity in [Entity::Estimate, Entity::Invoice, Entity::CreditMemo] {
            for raw in take(entity) {
                sales.push(BookSale::read(entity, &raw, currency, &income_accounts)?);
            }
        }
        let raws = take(Entity::BillPayment);
        let vendor_payments =
            raws.iter().map(|raw| VendorPayment::read(raw, currency)).collect::<Result<Vec<_>, _>>()?;
        let raws = take(Entity::Payment);
        let customer_payments =
            raws.iter().map(|raw| CustomerPayment::read(raw, currency)).collect::<Result<Vec<_>, _>>()?;
        let mut entries = Vec::new();
        for raw in take(Entity::JournalEntry) {
            entries.push(BookEntry::of(&Record::read(raw)?, currency)?);
        }
        let time = loaded.time;
        Ok(BooksSnapshot {
            documents,
            sales,
            vendor_payments,
            customer_payments,
            entries,
            accounts,
            income_accounts,
            currency,
            time,
        })
    }
}

/// The books at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BooksSnapshot {
    /// Purchase orders, bills and vendor credits.
    pub documents: Vec<BookDocument>,
    /// Estimates, invoices and credit memos.
    pub sales: Vec<BookSale>,
    /// Payments of bills, with what each settled.
    pub vendor_payments: Vec<VendorPayment>,
    /// Payments from customers, with what each settled.
    pub customer_payments: Vec<CustomerPayment>,
    /// Journal entries.
    pub entries: Vec<BookEntry>,
    /// Accounts, inactive ones included.
    pub accounts: Vec<BookAccount>,
    /// For each item that can be sold, by its id: the account that its sales post to.
    pub income_accounts: HashMap<String, AccountId>,
    /// The company's currency.
    pub currency: Currency,
    /// The server's time when reading began.
    pub time: Option<DateTime<FixedOffset>>,
}

impl BooksSnapshot {
    /// The documents of a kind.
    pub fn of_kind(&self, kind: TargetKind) -> impl Iterator<Item = &BookDocument> {
        self.documents.iter().filter(move |document| document.target.kind == kind)
    }

    /// The documents that carry the marker of a source document, whatever its generation.
    pub fn marked<'a>(
        &'a self,
        connection: &'a ConnectionId,
        document: &'a DocumentKey,
    ) -> impl Iterator<Item = &'a BookDocument> {
        self.documents.iter().filter(move |found| {
            found.marker.as_ref().is_some_and(|m| m.connection == *connection && m.document == *document)
        })
    }

    /// Source documents that stand in the books more than once, with the documents that carry their marker.
    #[must_use]
    pub fn posted_twice(&self, connection: &ConnectionId) -> Vec<(DocumentKey, Vec<TargetRef>)> {
        let mut by_key: BTreeMap<(DocumentKey, TargetKind), Vec<TargetRef>> = BTreeMap::new();
        let bought = self.documents.iter().map(|found| (&found.target, &found.marker, found.condition));
        let sold = self.sales.iter().map(|found| (&found.target, &found.marker, found.condition));
        for (target, marker, condition) in bought.chain(sold) {
            let marker = marker.as_ref().filter(|marker| marker.connection == *connection);
            if let Some(marker) = marker.filter(|_| condition == Condition::Live) {
                let key = (marker.document.clone(), target.kind);
                by_key.entry(key).or_default().push(target.clone());
            }
        }
        let twice = by_key.into_iter().filter(|(_, targets)| targets.len() > 1);
        twice.map(|((document, _), targets)| (document, targets)).collect()
    }

    /// Estimates, invoices or credit memos.
    pub fn sales_of_kind(&self, kind: TargetKind) -> impl Iterator<Item = &BookSale> {
        self.sales.iter().filter(move |sale| sale.target.kind == kind)
    }

    /// An estimate, invoice or credit memo.
    #[must_use]
    pub fn sale(&self, target: &TargetRef) -> Option<&BookSale> {
        self.sales.iter().find(|sale| sale.target == *target)
    }

    /// The payments that settled a bill, and how much of it each settled; voided ones settle nothing.
    pub fn paid_by<'a>(&'a self, bill: &'a TargetRef) -> impl Iterator<Item = (&'a VendorPayment, Money)> {
        self.vendor_payments.iter().flat_map(move |payment| {
            let parts = payment.applied.iter().filter(move |part| part.to == *bill);
            parts.map(move |part| (payment, part.amount))
        })
    }

    /// An account by its id.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&BookAccount> {
        self.accounts.iter().find(|account| account.id == *id)
    }

    /// A document.
    #[must_use]
    pub fn document(&self, target: &TargetRef) -> Option<&BookDocument> {
        self.documents.iter().find(|document| document.target == *target)
    }
}

/// A purchase order, bill or vendor credit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookDocument {
    /// Which.
    pub target: TargetRef,
    /// Its number.
    pub number: Option<String>,
    /// The vendor.
    pub vendor: PayeeId,
    /// Its date.
    pub date: Date,
    /// The total that QuickBooks states; where it states none, the sum of the lines.
    pub total: Money,
    /// What is still open; purchase orders have none.
    pub balance: Option<Money>,
    /// Live or voided.
    pub condition: Condition,
    /// The document that it stands for, if this sync or another of its kind made it.
    pub marker: Option<Marker>,
    /// Lines that post.
    pub lines: Vec<BookLine>,
}

/// A line of a [`BookDocument`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BookLine {
    /// Amount as it stands on the document.
    pub amount: Money,
    /// Item or account.
    pub post_to: PostTo,
    /// The account, also that behind an item; none for an item without one.
    pub account: Option<AccountId>,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
    /// The purchase order line that it bills, as QuickBooks kept it.
    pub link: Option<LineLink>,
    /// Text.
    pub description: String,
}

/// What a document billed, withheld and released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Billed before retainage; below nothing for a vendor credit or credit memo.
    pub gross: Money,
    /// Withheld, at least nothing.
    pub withheld: Money,
    /// Released, at least nothing.
    pub released: Money,
}

impl Retained {
    /// The sums of lines, by their accounts and signed amounts.
    fn of<'a>(
        lines: impl Iterator<Item = (Option<&'a AccountId>, Money)>,
        retainage: &[AccountId],
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let zero = Money::zero(currency);
        let mut sums = Self { gross: zero, withheld: zero, released: zero };
        for (account, amount) in lines {
            if !account.is_some_and(|account| retainage.contains(account)) {
                sums.gross = sums.gross.plus(amount)?;
            } else if amount.is_negative() {
                sums.withheld = sums.withheld.minus(amount)?;
            } else {
                sums.released = sums.released.plus(amount)?;
            }
        }
        Ok(sums)
    }
}

impl BookDocument {
    fn of(state: TargetState, item_accounts: &HashMap<String, AccountId>) -> Result<Self, Error> {
        let target = state.target;
        let unreadable = |error: &dyn std::fmt::Display| Error::unreadable(&target.to_string(), error);
        let document = state.document.expense().ok_or_else(|| unreadable(&"it has no lines"))?;
        let lines = document.lines.iter().map(|line| BookLine {
            amount: line.amount,
            account: match &line.coding.post_to {
                PostTo::Account(account) => Some(account.clone()),
                PostTo::Item(item) => item_accounts.get(item.as_str()).cloned(),
            },
            post_to: line.coding.post_to.clone(),
            class: line.coding.class.clone(),
            customer: line.coding.customer.clone(),
            link: line.link.clone(),
            description: line.description.clone(),
        });
        let total = match state.total {
            Some(total) => total,
            None => document.total().map_err(|error| unreadable(&error))?,
        };
        Ok(Self {
            number: document.number.clone(),
            vendor: document.payee.clone(),
            date: document.date,
            total,
            balance: state.balance,
            condition: state.condition,
            marker: state.marker,
            lines: lines.collect(),
            target,
        })
    }

    /// What was settled: total less balance. None for purchase orders.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn paid(&self) -> Result<Option<Money>, MoneyError> {
        self.balance.map(|balance| self.total.minus(balance)).transpose()
    }

    /// What the document billed, withheld and released, told by the accounts that hold retainage. Lines of vendor credits
    /// count the other way round.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn retained(&self, retainage: &[AccountId]) -> Result<Retained, MoneyError> {
        let is_credit = self.target.kind == TargetKind::VendorCredit;
        Retained::of(
            self.lines
                .iter()
                .map(|line| (line.account.as_ref(), if is_credit { line.amount.negated() } else { line.amount })),
            retainage,
            self.total.currency(),
        )
    }

    /// The purchase orders that its lines bill, each once.
    #[must_use]
    pub fn purchase_orders(&self) -> Vec<&TargetId> {
        let mut orders: Vec<&TargetId> =
            self.lines.iter().filter_map(|line| line.link.as_ref()).map(|link| &link.purchase_order).collect();
        orders.sort_unstable();
        orders.dedup();
        orders
    }
}
