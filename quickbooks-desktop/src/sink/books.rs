//! The books as they are, read whole, for tie-outs.

use std::sync::Arc;

use sync_core::clock::Clock;
use sync_core::connector::{Directory, Sink, TargetState};
use sync_core::model::accounting::PostTo;
use sync_core::model::{AccountId, Currency, Money, TargetKind};
use sync_core::{Error, ErrorKind};

use super::{DesktopSink, SinkOptions, read};
use crate::web_connector::Desk;

/// Reads the books of one company file, at the next visits of its Web Connector.
#[derive(Debug)]
pub struct Books {
    sink: DesktopSink,
}

/// The books at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BooksSnapshot {
    /// Every document that a sync may write, in the order of kinds and ids.
    pub documents: Vec<TargetState>,
    /// Accounts, inactive ones included.
    pub accounts: Vec<BookAccount>,
    /// The lists that documents may refer to.
    pub directory: Directory,
    /// The company's currency.
    pub currency: Currency,
    items: std::collections::BTreeMap<String, (Option<AccountId>, Option<AccountId>)>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookAccount {
    /// Which.
    pub id: AccountId,
    /// `Parent:Child`.
    pub name: String,
    /// Type, e.g. `Other Current Liability`.
    pub kind: String,
    /// Balance on its natural side.
    pub balance: Option<Money>,
}

impl Books {
    /// A reader over the desk of a company file.
    pub fn new(desk: Arc<Desk>, clock: Arc<dyn Clock>, options: SinkOptions) -> Self {
        Self { sink: DesktopSink::new(desk, clock, options) }
    }

    /// All documents and accounts, as they are now.
    ///
    /// # Errors
    /// If any of them cannot be read: a snapshot is whole or there is none.
    pub async fn load(&self) -> Result<BooksSnapshot, Error> {
        let _visits = self.sink.desk.run();
        self.sink.begin().await?;
        let directory = self.sink.directory().await?;
        let mirror = self.sink.mirror();
        let currency = self.sink.options.currency;
        let mut accounts = Vec::with_capacity(mirror.accounts.len());
        for (id, account) in &mirror.accounts {
            let balance = account.balance.map(|balance| read::money(balance, currency)).transpose();
            accounts.push(BookAccount {
                id: id.as_str().into(),
                name: account.full_name.clone().or(account.name.clone()).unwrap_or_default(),
                kind: super::lists::words(account.account_type.as_deref().unwrap_or_default()),
                balance: balance.map_err(|problem| Error::new(ErrorKind::Unreadable, problem))?,
            });
        }
        let items = mirror.items.keys().map(|id| {
            let (buy, sell) = (mirror.purchase_account(id), mirror.sales_account(id));
            (id.clone(), (buy.map(Into::into), sell.map(Into::into)))
        });
        Ok(BooksSnapshot {
            documents: mirror.held.values().map(|held| held.state.clone()).collect(),
            accounts,
            directory,
            currency,
            items: items.collect(),
        })
    }
}

impl BooksSnapshot {
    /// The documents of a kind.
    pub fn of_kind(&self, kind: TargetKind) -> impl Iterator<Item = &TargetState> {
        self.documents.iter().filter(move |state| state.target.kind == kind)
    }

    /// The account that a line of a bought document posts to, also behind its item.
    pub fn account_of(&self, post_to: &PostTo) -> Option<&AccountId> {
        match post_to {
            PostTo::Account(_) => self.accounts.iter().map(|a| &a.id).find(|id| match post_to {
                PostTo::Account(account) => *id == account,
                PostTo::Item(_) => false,
            }),
            PostTo::Item(item) => self.items.get(item.as_str()).and_then(|(buy, _)| buy.as_ref()),
        }
    }

    /// The account that the sales of an item post to.
    pub fn income_account(&self, item: &str) -> Option<&AccountId> {
        self.items.get(item).and_then(|(_, sell)| sell.as_ref())
    }

    /// The balance of an account on its natural side; nothing where there is none.
    pub fn balance(&self, account: &AccountId) -> Money {
        let found = self.accounts.iter().find(|known| known.id == *account);
        found.and_then(|account| account.balance).unwrap_or(Money::zero(self.currency))
    }
}
