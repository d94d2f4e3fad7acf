//! Which transactions the bank has seen, and which are locked by a reconciliation.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};
use sync_core::connector::BankState;
use sync_core::model::{Date, TargetId};

use super::Report;
use crate::client::QuickBooks;
use crate::error::Error;

const TRANSACTION_LIST: &str = "TransactionList";
const COLUMNS: &str = "tx_date,txn_type,doc_num,account_name";

/// The least certain first.
const STATES: [BankState; 3] = [BankState::Uncleared, BankState::Cleared, BankState::Reconciled];

/// The value of the report's filter.
fn filter(state: BankState) -> &'static str {
    match state {
        BankState::Uncleared => "Uncleared",
        BankState::Cleared => "Cleared",
        BankState::Reconciled => "Reconciled",
    }
}

/// A transaction and its state at the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClearedEntry {
    /// The transaction.
    pub id: TargetId,
    /// Its state.
    pub state: BankState,
    /// Its own date. The day on which the bank saw it is in no report: it lies between two readings.
    pub date: Option<Date>,
    /// What the report calls its type, e.g. `Bill Payment (Check)`; for people.
    pub kind: String,
    /// Its number.
    pub number: Option<String>,
}

/// The states of all transactions of a time.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClearedBook {
    entries: HashMap<TargetId, ClearedEntry>,
    /// The server's time of the first report.
    pub time: Option<DateTime<FixedOffset>>,
}

impl ClearedBook {
    /// The entry of a transaction; none when no report showed it, which says nothing about its state.
    #[must_use]
    pub fn get(&self, id: &TargetId) -> Option<&ClearedEntry> {
        self.entries.get(id)
    }

    /// The state of a transaction; none when no report showed it.
    #[must_use]
    pub fn state(&self, id: &TargetId) -> Option<BankState> {
        self.get(id).map(|entry| entry.state)
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &ClearedEntry> {
        self.entries.values()
    }

    fn take(&mut self, report: &Report, state: BankState) -> Result<(), Error> {
        let Some(kind) = report.column("txn_type") else {
            if report.rows.is_empty() {
                return Ok(());
            }
            return Err(Error::unreadable("the report TransactionList", &"it has no column txn_type"));
        };
        let (date, number) = (report.column("tx_date"), report.column("doc_num"));
        for row in &report.rows {
            // Rows without a transaction are balances and sums.
            let Some(cell) = row.cell(Some(kind)).filter(|cell| !cell.id.is_empty()) else { continue };
            let id = TargetId::from(cell.id.as_str());
            let text = |column| row.cell(column).map(|cell| cell.value.as_str()).filter(|text| !text.is_empty());
            let entry = ClearedEntry {
                id: id.clone(),
                state,
                date: text(date).and_then(|text| text.parse().ok()),
                kind: cell.value.clone(),
                number: text(number).map(ToOwned::to_owned),
            };
            // One that is in two lists moved between them, or the filter did not work: the least certain counts.
            match self.entries.get_mut(&id) {
                Some(known) if known.state > state => *known = entry,
                Some(_) => {}
                None => {
                    self.entries.insert(id, entry);
                }
            }
        }
        Ok(())
    }
}

/// Reads the reports of one company.
#[derive(Clone, Debug)]
pub struct Reports {
    client: QuickBooks,
}

impl Reports {
    /// A reader of the company of `client`.
    #[must_use]
    pub fn new(client: QuickBooks) -> Self {
        Self { client }
    }

    /// The states of all transactions dated from the first to the last day, both included: one report for each state,
    /// in halves where a report would be cut off.
    ///
    /// # Errors
    /// [`Error`] if a report cannot be had, or is cut off for a single day; [`Error::Invalid`] if the last day lies
    /// before the first.
    pub async fn cleared(&self, first: Date, last: Date) -> Result<ClearedBook, Error> {
        if last < first {
            return Err(Error::Invalid(format!("the time from {first} to {last} ends before it begins")));
        }
        let mut book = ClearedBook::default();
        for state in STATES {
            let mut spans = vec![(first, last)];
            while let Some((from, to)) = spans.pop() {
                let (start, end) = (from.to_string(), to.to_string());
                let parameters = [
                    ("start_date", start.as_str()),
                    ("end_date", &end),
                    ("cleared", filter(state)),
                    ("columns", COLUMNS),
                ];
                let answer = self.client.report(TRANSACTION_LIST, &parameters).await?;
                book.time = book.time.or(answer.time);
                if !answer.value.is_cut {
                    book.take(&answer.value, state)?;
                    continue;
                }
                let Some((one, two)) = halves(from, to) else {
                    let problem = format!("it is cut off, though it covers {from} only");
                    return Err(Error::unreadable("the report TransactionList", &problem));
                };
                spans.extend([two, one]);
            }
        }
        Ok(book)
    }
}

type Span = (Date, Date);

fn halves(from: Date, to: Date) -> Option<(Span, Span)> {
    let days = (to - from).num_days();
    let middle = from.checked_add_signed(chrono::TimeDelta::try_days(days / 2)?)?;
    let next = middle.succ_opt()?;
    (days > 0).then_some(((from, middle), (next, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_cover_every_day_once() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let (one, two) = halves(day("2026-03-01"), day("2026-03-02")).unwrap();
        assert_eq!((one, two), ((day("2026-03-01"), day("2026-03-01")), (day("2026-03-02"), day("2026-03-02"))));
        let (one, two) = halves(day("2026-03-01"), day("2026-03-31")).unwrap();
        assert_eq!(one.1.succ_opt(), Some(two.0));
        assert_eq!(halves(day("2026-03-01"), day("2026-03-01")), None);
    }

    #[test]
    fn where_the_filter_does_not_work_nothing_counts_as_cleared() {
        let report = Report::read(
            br#"{"Columns":{"Column":[{"ColType":"txn_type"}]},"Rows":{"Row":[{"ColData":[{"value":"Check","id":"7"}]},
                {"ColData":[{"value":"Beginning Balance"}]}]}}"#,
        )
        .unwrap();
        let mut book = ClearedBook::default();
        for state in [BankState::Reconciled, BankState::Uncleared, BankState::Cleared] {
            book.take(&report, state).unwrap();
        }
        assert_eq!(book.entries().count(), 1);
        assert_eq!(book.state(&"7".into()), Some(BankState::Uncleared));
        assert_eq!(book.state(&"8".into()), None);
    }
}
