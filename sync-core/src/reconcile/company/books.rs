//! The books of a company as they were read: the right side of a reconciliation, in no connector's words.

use std::collections::HashMap;

use crate::connector::{Lists, Marker, TargetState};
use crate::model::accounting::PostTo;
use crate::model::{AccountId, Currency, Date, ItemId, Money, TargetId, TargetKind, TargetRef};

/// Everything in the books that a reconciliation looks at.
#[derive(Clone, Debug)]
pub struct BookState {
    /// The company's currency.
    pub currency: Currency,
    /// Purchase orders, bills, vendor credits, estimates, invoices and credit memos.
    pub transactions: Vec<TargetState>,
    /// Customers, jobs and vendors.
    pub parties: Vec<TargetState>,
    /// Payments of bills.
    pub payments: Vec<BookPayment>,
    /// Payments from customers.
    pub receipts: Vec<BookPayment>,
    /// Journal entries, and whatever else posts to accounts without being one of the transactions.
    pub entries: Vec<BookPosting>,
    /// The balance of each account on its natural side: a liability that is owed is positive.
    pub balances: HashMap<AccountId, Money>,
    /// Where purchases of an item post.
    pub expense_accounts: HashMap<ItemId, AccountId>,
    /// Where sales of an item post.
    pub income_accounts: HashMap<ItemId, AccountId>,
    /// Accounts, items, classes and terms by name; the closing date.
    pub lists: Lists,
    /// What could not be read, and why; nothing is said about these.
    pub unreadable: Vec<String>,
}

/// A payment of bills or invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPayment {
    /// Its id.
    pub id: TargetId,
    /// Check number.
    pub number: Option<String>,
    /// Its date.
    pub date: Date,
    /// Voided: it settles nothing any more.
    pub voided: bool,
    /// Each bill or invoice that it settled, and how much of it in cash.
    pub parts: Vec<(TargetRef, Money)>,
    /// What of it settles none: money on account, or for something that is neither bill nor invoice.
    pub unapplied: Money,
}

/// Something that posts to accounts, such as a journal entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPosting {
    /// What a person calls it: its number, else kind and id.
    pub label: String,
    /// Its date.
    pub date: Option<Date>,
    /// The transaction, where it is of a kind that this program knows.
    pub target: Option<TargetRef>,
    /// The mark of this program, where it has one.
    pub marker: Option<Marker>,
    /// Its sides.
    pub lines: Vec<BookPostingLine>,
}

/// A side of a [`BookPosting`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPostingLine {
    /// The account.
    pub account: AccountId,
    /// Positive: debit. Negative: credit.
    pub amount: Money,
    /// The customer or vendor that it names.
    pub party: Option<TargetRef>,
}

impl BookState {
    /// Empty books.
    pub fn empty(currency: Currency) -> Self {
        Self {
            currency,
            transactions: Vec::new(),
            parties: Vec::new(),
            payments: Vec::new(),
            receipts: Vec::new(),
            entries: Vec::new(),
            balances: HashMap::new(),
            expense_accounts: HashMap::new(),
            income_accounts: HashMap::new(),
            lists: Lists::default(),
            unreadable: Vec::new(),
        }
    }

    /// The account that a line of a purchase posts to.
    pub fn account_of<'a>(&'a self, post_to: &'a PostTo) -> Option<&'a AccountId> {
        match post_to {
            PostTo::Account(account) => Some(account),
            PostTo::Item(item) => self.expense_accounts.get(item),
        }
    }

    /// The name of a customer or vendor; its id where the name is not known.
    pub fn party_name(&self, id: &str, is_vendor: bool) -> String {
        let kind = if is_vendor { TargetKind::Vendor } else { TargetKind::Customer };
        let found = self.parties.iter().find(|party| party.target.kind == kind && party.target.id.as_str() == id);
        found.and_then(|party| party.document.number()).unwrap_or(id).to_owned()
    }
}

/// What a person calls a transaction: its number, else kind and id.
pub fn label_of(state: &TargetState) -> String {
    match state.document.number() {
        Some(number) if !number.is_empty() => number.to_owned(),
        _ => state.target.to_string(),
    }
}
