//! What the bank has seen of payments, as a report shows it. No object tells it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sync_core::connector::BankState;
use sync_core::model::{Date, TargetRef};
use sync_core::{Error, ErrorKind};

use super::DesktopSink;
use crate::qbxml::QbDate;
use crate::qbxml::objects::{Report, ReportRequest, Request};

/// The words of the column `ClearedStatus`, which no document lists. Those of `ClearedStatusMod` and the marks of the
/// register are known; a word that is not here is told in the log and says nothing about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankWords(BTreeMap<String, BankState>);

impl Default for BankWords {
    fn default() -> Self {
        let words = [
            ("", BankState::Uncleared),
            ("NotCleared", BankState::Uncleared),
            ("Pending", BankState::Cleared),
            ("*", BankState::Cleared),
            ("Cleared", BankState::Reconciled),
        ];
        Self(words.into_iter().map(|(word, state)| (word.to_owned(), state)).collect())
    }
}

impl BankWords {
    /// With one word more, or another meaning of one.
    #[must_use]
    pub fn with(mut self, word: impl Into<String>, state: BankState) -> Self {
        self.0.insert(word.into(), state);
        self
    }
}

impl DesktopSink {
    /// The states of transactions by the report of the bank and card accounts; of what it does not show, nothing is said.
    pub(super) async fn at_bank(
        &self,
        payments: &[(TargetRef, Date)],
        words: &BankWords,
    ) -> Result<HashMap<TargetRef, BankState>, Error> {
        let dates = || payments.iter().map(|(_, date)| *date);
        let (Some(first), Some(last)) = (dates().min(), dates().max()) else { return Ok(HashMap::new()) };
        let _visits = self.desk.run();
        self.ensure_loaded().await?;
        let accounts: Vec<String> = self.mirror().money_accounts().map(str::to_owned).collect();
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let period = (QbDate::new(first).ok(), QbDate::new(last).ok());
        let request = Request::Report(ReportRequest::cleared(accounts, period));
        let records = self.read_all(&[], &[request]).await?;
        let report = records.iter().find(|record| record.name == "ReportRet").map(Report::read);
        let report = report.ok_or_else(|| {
            Error::new(
                ErrorKind::Unreadable,
                "QuickBooks Desktop: the report of cleared transactions is empty".to_owned(),
            )
        })?;
        let mut states: HashMap<&str, BankState> = HashMap::new();
        let mut unknown: BTreeSet<&str> = BTreeSet::new();
        for row in &report.rows {
            let cell = |kind: &str| row.cells.get(kind).map_or("", |text| text.trim());
            let (id, word) = (cell("TxnID"), cell("ClearedStatus"));
            match words.0.get(word) {
                _ if id.is_empty() => {}
                // A transaction of several rows is as far as the last of them.
                Some(state) => {
                    states.entry(id).and_modify(|known| *known = (*known).min(*state)).or_insert(*state);
                }
                None => drop(unknown.insert(word)),
            }
        }
        if !unknown.is_empty() {
            tracing::error!(words = ?unknown, "QuickBooks Desktop shows what the bank has seen in words that are not known");
        }
        let state = |payment: &TargetRef| Some((payment.clone(), *states.get(payment.id.as_str())?));
        Ok(payments.iter().filter_map(|(payment, _)| state(payment)).collect())
    }
}
