//! The ledger against the account: T3 for retainage payable, T6 for retainage receivable.
//!
//! Differences are explained by document, never by total: two errors that cancel out are two rows.

use std::collections::BTreeMap;

use super::{RetainageBalance, RetainageLedger};
use crate::model::{DocumentKey, Money, MoneyError};
use crate::retainage::Side;

/// One entry in the retainage account. Positive: more is held, whichever side the account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// What a person calls the transaction.
    pub label: String,
    /// The construction document that it stands for, by link or marker; none for anything else, e.g. a journal entry.
    pub document: Option<DocumentKey>,
    /// By how much it raises the balance.
    pub amount: Money,
}

/// A document that the ledger and the account have differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentTie {
    /// The document.
    pub document: DocumentKey,
    /// Its number.
    pub label: String,
    /// Its entries in the account, as people call them.
    pub entries: Vec<String>,
    /// withheld - released in the ledger.
    pub ledger: Money,
    /// In the account.
    pub account: Money,
    /// Ledger less account.
    pub difference: Money,
}

/// One contract in the tie-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractTie {
    /// Its number.
    pub label: String,
    /// Held by the ledger.
    pub ledger: Money,
    /// In the account, by the documents of the contract.
    pub account: Money,
    /// Ledger less account.
    pub difference: Money,
}

/// The retainage ledger against the balance of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTie {
    /// `T3` or `T6`.
    pub tie_out: &'static str,
    /// Held by the ledger.
    pub ledger: Money,
    /// Balance of the account.
    pub account: Money,
    /// Ledger less account.
    pub difference: Money,
    /// By contract, those that tie included.
    pub contracts: Vec<ContractTie>,
    /// Documents that differ.
    pub documents: Vec<DocumentTie>,
    /// Entries that no document of the ledger made.
    pub untracked: Vec<AccountEntry>,
    /// Their sum.
    pub untracked_total: Money,
    /// What is left when documents and untracked entries are taken into account: the balance contains entries that were
    /// not read. Nothing, or the reading is incomplete.
    pub unexplained: Money,
}

impl AccountTie {
    /// Does everything tie, with nothing to explain?
    pub fn is_clean(&self) -> bool {
        self.documents.is_empty() && self.untracked.is_empty() && self.difference.is_zero()
    }
}

impl RetainageLedger {
    /// Holds the ledger of one side against the account: its balance, and every entry in it.
    ///
    /// # Errors
    /// On two currencies, or overflow.
    pub fn against_account(
        &self,
        side: Side,
        balance: Money,
        entries: &[AccountEntry],
    ) -> Result<AccountTie, MoneyError> {
        let currency = self.currency();
        let mut by_document: BTreeMap<&DocumentKey, (Money, Vec<String>)> = BTreeMap::new();
        let mut untracked = Vec::new();
        let known = |key: &DocumentKey| {
            let contract = self.contract_of.get(key).and_then(|contract| self.contracts.get(contract));
            contract.is_some_and(|contract| contract.about.side == side)
        };
        for entry in entries {
            match entry.document.as_ref().filter(|document| known(document)) {
                Some(document) => {
                    let sum = by_document.entry(document).or_insert((Money::zero(currency), Vec::new()));
                    sum.0 = sum.0.plus(entry.amount)?;
                    sum.1.push(entry.label.clone());
                }
                None => untracked.push(entry.clone()),
            }
        }
        let (mut contracts, mut documents) = (Vec::new(), Vec::new());
        for contract in self.contracts.values().filter(|contract| contract.about.side == side) {
            let counting = contract.counting();
            let (mut held, mut booked) = (Money::zero(currency), Money::zero(currency));
            // Void documents, and those that wait, hold nothing, but may still stand in the account.
            for (key, document) in &contract.documents {
                let mut sum = RetainageBalance::zero(currency);
                if counting.contains(key) {
                    sum = document.lines.iter().try_fold(sum, |sum, (_, line)| sum.plus(line))?;
                }
                let (account, entries) = by_document.remove(key).unwrap_or((Money::zero(currency), Vec::new()));
                held = held.plus(sum.held)?;
                booked = booked.plus(account)?;
                let difference = sum.held.minus(account)?;
                if !difference.is_zero() {
                    let (document, label, ledger) = (key.clone(), document.label.clone(), sum.held);
                    documents.push(DocumentTie { document, label, entries, ledger, account, difference });
                }
            }
            let difference = held.minus(booked)?;
            let label = contract.about.label.clone();
            contracts.push(ContractTie { label, ledger: held, account: booked, difference });
        }
        let ledger = self.total(side)?.held;
        let difference = ledger.minus(balance)?;
        let untracked_total = Money::sum(currency, untracked.iter().map(|entry| entry.amount))?;
        let by_documents = Money::sum(currency, documents.iter().map(|document| document.difference))?;
        Ok(AccountTie {
            tie_out: match side {
                Side::Payable => "T3",
                Side::Receivable => "T6",
            },
            ledger,
            account: balance,
            difference,
            contracts,
            documents,
            unexplained: difference.minus(by_documents)?.plus(untracked_total)?,
            untracked,
            untracked_total,
        })
    }
}
