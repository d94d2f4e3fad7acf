//! What is known of the company file.

use std::collections::{BTreeMap, HashMap, HashSet};

use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::{TargetKind, TargetRef};

use crate::qbxml::objects::{Account, Class, Item, Terms};

/// A document that was read.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) state: TargetState,
    /// Purchase orders that it says it is linked to.
    pub(super) orders: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Mirror {
    loaded: bool,
    pub(super) held: BTreeMap<TargetRef, Held>,
    /// Documents that may have changed since they were read.
    pub(super) doubtful: HashSet<TargetRef>,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) items: BTreeMap<String, Item>,
    pub(super) classes: BTreeMap<String, Class>,
    pub(super) terms: BTreeMap<String, Terms>,
    /// Other holders of names: employees and other names, by lower-case name.
    pub(super) names: HashMap<String, &'static str>,
    pub(super) closing_date: Option<sync_core::model::Date>,
    /// The latest wall clock that a record was saved at.
    pub(super) latest: Option<chrono::NaiveDateTime>,
    pub(super) links: BTreeMap<String, BTreeMap<String, (String, String)>>,
}

impl Mirror {
    pub(super) fn is_loaded(&self) -> bool {
        self.loaded
    }

    pub(crate) fn set_loaded(&mut self) {
        self.loaded = true;
    }

    pub(super) fn put(&mut self, held: Held) {
        self.doubtful.remove(&held.state.target);
        self.held.insert(held.state.target.clone(), held);
    }

    pub(super) fn remove(&mut self, target: &TargetRef) {
        self.doubtful.remove(target);
        self.held.remove(target);
    }

    /// A document that was read and has not been touched since.
    pub(super) fn current(&self, target: &TargetRef) -> Option<&Held> {
        self.held.get(target).filter(|_| !self.doubtful.contains(target))
    }

    pub(super) fn of_kind(&self, kind: TargetKind) -> impl Iterator<Item = &Held> {
        self.held.values().filter(move |held| held.state.target.kind == kind)
    }

    /// Documents of a kind that carry the marker of the same document, whatever its generation.
    pub(super) fn marked<'a>(&'a self, kind: TargetKind, marker: &'a Marker) -> impl Iterator<Item = &'a Held> {
        self.of_kind(kind).filter(move |held| {
            held.state
                .marker
                .as_ref()
                .is_some_and(|m| m.document == marker.document && m.connection == marker.connection)
        })
    }

    /// The account that an item's purchases post to.
    pub(super) fn purchase_account(&self, item: &str) -> Option<&str> {
        account_of(self.items.get(item)?, false)
    }

    /// The account that an item's sales post to.
    pub(super) fn sales_account(&self, item: &str) -> Option<&str> {
        account_of(self.items.get(item)?, true)
    }

    /// The accounts that a bank or a card company knows, too.
    pub(super) fn money_accounts(&self) -> impl Iterator<Item = &str> {
        let is_money = |account: &Account| matches!(account.account_type.as_deref(), Some("Bank" | "CreditCard"));
        self.accounts.iter().filter(move |(_, account)| is_money(account)).map(|(id, _)| id.as_str())
    }

    /// The accounts-payable account, where there is only one.
    pub(super) fn only_payable(&self) -> Option<&str> {
        let mut fits = self.accounts.iter().filter(|(_, account)| {
            account.account_type.as_deref() == Some("AccountsPayable") && account.is_active != Some(false)
        });
        match (fits.next(), fits.next()) {
            (Some((id, _)), None) => Some(id),
            _ => None,
        }
    }

    pub(super) fn is_voided(held: &Held) -> bool {
        held.state.condition == Condition::Voided
    }
}

fn account_of(item: &Item, is_sale: bool) -> Option<&str> {
    let account = match (&item.both, &item.single) {
        (Some(both), _) => {
            if is_sale {
                &both.income_account
            } else {
                &both.expense_account
            }
        }
        (None, Some(single)) => &single.account,
        (None, None) => return None,
    };
    account.as_ref()?.list_id.as_ref().map(|id| id.as_str())
}
