//! The retainage ledger: what is withheld, released and held, by contract and line, on either side of the books.
//!
//! Documents may come in any order: one waits for the one before it. The same document again changes nothing, a changed
//! one takes the place of what it was, and a void one leaves no trace in the balances.

mod account;
mod documents;
mod report;

use std::collections::{BTreeMap, BTreeSet};

pub use account::{AccountEntry, AccountTie, ContractTie, DocumentTie};
pub use report::{Grouping, LedgerRow};

use super::certificate::{Certificate, Side};
use super::posting::{LinePosting, PayAppPosting};
use crate::model::construction::PayApp;
use crate::model::{Currency, DocumentKey, DocumentKind, Money, MoneyError, SovLineId};

/// A contract whose retainage is kept: a commitment or a prime contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerContract {
    /// The document.
    pub document: DocumentKey,
    /// Its number.
    pub label: String,
    /// Which side of the books.
    pub side: Side,
    /// Vendor, or owner.
    pub party: String,
    /// The project, as people call it.
    pub project: String,
}

/// What one document does to the retainage of its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDocument {
    /// The pay app or owner invoice.
    pub document: DocumentKey,
    /// Contract and number.
    pub label: String,
    /// Its contract.
    pub contract: DocumentKey,
    /// The application before it, which must be there first.
    pub previous: Option<DocumentKey>,
    /// What is posted by line; without a line for retainage of the header. A line may stand more than once.
    pub lines: Vec<(Option<SovLineId>, LinePosting)>,
}

impl LedgerDocument {
    /// From a certificate that was worked out from terms.
    pub fn of_certificate(
        document: DocumentKey,
        label: impl Into<String>,
        contract: DocumentKey,
        previous: Option<DocumentKey>,
        certificate: &Certificate,
    ) -> Self {
        let rows = certificate.rows.iter().map(|row| (Some(row.line.clone()), row.posting));
        let lines = rows.chain(certificate.header.map(|header| (None, header))).collect();
        Self { document, label: label.into(), contract, previous, lines }
    }

    /// From a Procore pay app and what it posts.
    pub fn of_pay_app(app: &PayApp, posting: &PayAppPosting) -> Self {
        let key = |id: &crate::model::PayAppId| DocumentKey::within(DocumentKind::PayApp, &app.project, id);
        let lines = app.lines.iter().map(|line| line.sov_line.clone()).zip(posting.lines.iter().copied()).collect();
        Self {
            document: key(&app.id),
            label: format!("{}/{}", app.commitment_number, app.number),
            contract: DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment),
            previous: app.previous.as_ref().map(key),
            lines,
        }
    }
}

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerChange {
    /// The document counts, and so do those that had waited for it.
    Applied {
        /// What had waited, in the order in which it counts now.
        released: Vec<DocumentKey>,
    },
    /// It waits for the one before it.
    Waiting {
        /// That document.
        for_document: DocumentKey,
    },
    /// It was there with the same content.
    Unchanged,
    /// It was there with other content, which it replaced.
    Replaced,
    /// It is void and counts no more.
    Voided,
}

/// Why the ledger stayed as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The contract is not known.
    #[error("{document} belongs to {contract}, which is not in the retainage ledger; open the contract first")]
    UnknownContract {
        /// The document.
        document: String,
        /// Its contract.
        contract: DocumentKey,
    },
    /// The document is not known.
    #[error("{document} is not in the retainage ledger, so there is nothing to void")]
    UnknownDocument {
        /// The document.
        document: DocumentKey,
    },
    /// A document names itself as the one before it, or another contract's.
    #[error("{document} names {previous} as the application before it, which is not of the same contract")]
    WrongPrevious {
        /// The document.
        document: String,
        /// As given.
        previous: DocumentKey,
    },
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Balances of a line, a contract, or any sum of them. To date, in the currency of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainageBalance {
    /// Billed to date, before retainage.
    pub gross: Money,
    /// Withheld to date, less what went back with reversed work.
    pub withheld: Money,
    /// Released to date.
    pub released: Money,
    /// withheld - released.
    pub held: Money,
}

impl RetainageBalance {
    fn zero(currency: Currency) -> Self {
        let nothing = Money::zero(currency);
        Self { gross: nothing, withheld: nothing, released: nothing, held: nothing }
    }

    fn plus(self, posting: &LinePosting) -> Result<Self, MoneyError> {
        let (withheld, released) = (self.withheld.plus(posting.withheld)?, self.released.plus(posting.released)?);
        Ok(Self { gross: self.gross.plus(posting.gross)?, withheld, released, held: withheld.minus(released)? })
    }
}

#[derive(Clone, Debug)]
struct Contract {
    about: LedgerContract,
    /// Documents that count or wait; void ones are only remembered.
    documents: BTreeMap<DocumentKey, LedgerDocument>,
    void: BTreeSet<DocumentKey>,
}

/// The ledger of one company, in one currency.
#[derive(Clone, Debug)]
pub struct RetainageLedger {
    currency: Currency,
    contracts: BTreeMap<DocumentKey, Contract>,
    /// The contract of each document.
    contract_of: BTreeMap<DocumentKey, DocumentKey>,
}

impl RetainageLedger {
    /// An empty ledger.
    pub fn new(currency: Currency) -> Self {
        Self { currency, contracts: BTreeMap::new(), contract_of: BTreeMap::new() }
    }

    /// Its currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Adds a contract, or changes what is said about it.
    pub fn open(&mut self, contract: LedgerContract) {
        match self.contracts.get_mut(&contract.document) {
            Some(known) => known.about = contract,
            None => {
                let key = contract.document.clone();
                let (documents, void) = Default::default();
                self.contracts.insert(key, Contract { about: contract, documents, void });
            }
        }
    }

    /// Applies a document.
    ///
    /// # Errors
    /// If its contract is not known, or its amounts cannot be added. Then the ledger stays as it was.
    pub fn apply(&mut self, document: LedgerDocument) -> Result<LedgerChange, LedgerError> {
        let currency = self.currency;
        let sum = document.lines.iter().try_fold(RetainageBalance::zero(currency), |sum, (_, line)| sum.plus(line))?;
        let unknown =
            || LedgerError::UnknownContract { document: document.label.clone(), contract: document.contract.clone() };
        let contract = self.contracts.get(&document.contract).ok_or_else(unknown)?;
        contract.balance(currency)?.held.plus(sum.held)?;
        let elsewhere = |key: &DocumentKey| self.contract_of.get(key).is_some_and(|of| *of != document.contract);
        if let Some(previous) = document.previous.as_ref().filter(|p| **p == document.document || elsewhere(p)) {
            return Err(LedgerError::WrongPrevious { document: document.label.clone(), previous: previous.clone() });
        }
        // A document that moved to another contract counts there only.
        if let Some(old) = self.contract_of.get(&document.document).filter(|old| **old != document.contract).cloned()
            && let Some(contract) = self.contracts.get_mut(&old)
        {
            contract.documents.remove(&document.document);
        }
        self.contract_of.insert(document.document.clone(), document.contract.clone());
        let contract = self.contracts.get_mut(&document.contract).ok_or_else(unknown)?;
        let key = document.document.clone();
        if contract.documents.get(&key) == Some(&document) && !contract.void.contains(&key) {
            return Ok(LedgerChange::Unchanged);
        }
        let before = contract.counting();
        let revived = contract.void.remove(&key);
        let replaced = contract.documents.insert(key.clone(), document).is_some() && !revived;
        let after = contract.counting();
        if !after.contains(&key) {
            let for_document = contract.documents.get(&key).and_then(|d| d.previous.clone()).unwrap_or(key);
            return Ok(LedgerChange::Waiting { for_document });
        }
        if replaced && before.contains(&key) {
            return Ok(LedgerChange::Replaced);
        }
        let released = after.into_iter().filter(|at| *at != key && !before.contains(at)).collect();
        Ok(LedgerChange::Applied { released })
    }

    /// Takes a document out of every balance, as after a void or delete. What was billed on top of it stays; what still
    /// waits for it goes on waiting no longer.
    ///
    /// # Errors
    /// If the document is not known.
    pub fn void(&mut self, document: &DocumentKey) -> Result<LedgerChange, LedgerError> {
        let unknown = || LedgerError::UnknownDocument { document: document.clone() };
        let contract =
            self.contract_of.get(document).and_then(|key| self.contracts.get_mut(key)).ok_or_else(unknown)?;
        if contract.void.insert(document.clone()) { Ok(LedgerChange::Voided) } else { Ok(LedgerChange::Unchanged) }
    }

    /// Documents that wait, each with the one that it waits for.
    pub fn waiting(&self) -> Vec<(DocumentKey, DocumentKey)> {
        let mut waiting = Vec::new();
        for contract in self.contracts.values() {
            let counting = contract.counting();
            for (key, document) in &contract.documents {
                if let (false, false, Some(previous)) =
                    (counting.contains(key), contract.void.contains(key), &document.previous)
                {
                    waiting.push((key.clone(), previous.clone()));
                }
            }
        }
        waiting
    }

    /// Balances of a contract; none if it is not in the ledger.
    ///
    /// # Errors
    /// On overflow.
    pub fn contract(&self, contract: &DocumentKey) -> Result<Option<RetainageBalance>, MoneyError> {
        self.contracts.get(contract).map(|contract| contract.balance(self.currency)).transpose()
    }

    /// Balances of a line of a contract; nothing for a line that no document names.
    ///
    /// # Errors
    /// On overflow.
    pub fn line(&self, contract: &DocumentKey, line: &SovLineId) -> Result<RetainageBalance, MoneyError> {
        let lines = self.contracts.get(contract).map(|c| c.by_line(self.currency)).transpose()?;
        let of_line = lines.and_then(|lines| lines.get(&Some(line.clone())).copied());
        Ok(of_line.unwrap_or_else(|| RetainageBalance::zero(self.currency)))
    }

    /// Balances of one side of the books.
    ///
    /// # Errors
    /// On overflow.
    pub fn total(&self, side: Side) -> Result<RetainageBalance, MoneyError> {
        let mut sum = RetainageBalance::zero(self.currency);
        for contract in self.contracts.values().filter(|contract| contract.about.side == side) {
            sum = contract.add_to(sum)?;
        }
        Ok(sum)
    }

    /// Lines of which more was released than withheld, by what their documents state. A source that states so has an
    /// error, or a reversal after the release.
    ///
    /// # Errors
    /// On overflow.
    pub fn overreleased(&self) -> Result<Vec<(DocumentKey, Option<SovLineId>, Money)>, MoneyError> {
        let mut lines = Vec::new();
        for (key, contract) in &self.contracts {
            for (line, balance) in contract.by_line(self.currency)? {
                // A line below nothing, as of a deductive change order, holds below nothing.
                if balance.held.is_negative() && !balance.gross.is_negative() {
                    lines.push((key.clone(), line, balance.held));
                }
            }
        }
        Ok(lines)
    }
}

impl Contract {
    /// Documents that count: those whose predecessors all count, or are void.
    fn counting(&self) -> BTreeSet<DocumentKey> {
        let mut counting = BTreeSet::new();
        let mut followers: BTreeMap<&DocumentKey, Vec<&DocumentKey>> = BTreeMap::new();
        let mut ready: Vec<&DocumentKey> = self.void.iter().collect();
        for (key, document) in &self.documents {
            match &document.previous {
                None => ready.push(key),
                Some(previous) => followers.entry(previous).or_default().push(key),
            }
        }
        while let Some(key) = ready.pop() {
            if !self.void.contains(key) {
                counting.insert(key.clone());
            }
            ready.extend(followers.remove(key).unwrap_or_default());
        }
        counting
    }

    fn counted(&self) -> impl Iterator<Item = &LedgerDocument> {
        let counting = self.counting();
        self.documents.values().filter(move |document| counting.contains(&document.document))
    }

    fn balance(&self, currency: Currency) -> Result<RetainageBalance, MoneyError> {
        self.add_to(RetainageBalance::zero(currency))
    }

    fn add_to(&self, sum: RetainageBalance) -> Result<RetainageBalance, MoneyError> {
        self.counted().flat_map(|document| &document.lines).try_fold(sum, |sum, (_, line)| sum.plus(line))
    }

    fn by_line(&self, currency: Currency) -> Result<BTreeMap<Option<SovLineId>, RetainageBalance>, MoneyError> {
        let mut lines = BTreeMap::new();
        for (line, posting) in self.counted().flat_map(|document| &document.lines) {
            let sum: &mut RetainageBalance =
                lines.entry(line.clone()).or_insert_with(|| RetainageBalance::zero(currency));
            *sum = sum.plus(posting)?;
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests;
