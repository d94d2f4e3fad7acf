//! Journal entries.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, ClassId, CustomerId, Date, Fields, Money, MoneyError};

/// A journal entry. It balances: there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedEntry")]
pub struct JournalEntry {
    number: Option<String>,
    date: Date,
    memo: String,
    lines: Vec<JournalLine>,
}

/// One side of a journal entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// The account.
    pub account: AccountId,
    /// Positive: debit. Negative: credit.
    pub amount: Money,
    /// Text.
    pub description: String,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
}

/// Debits and credits differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unbalanced {
    /// The sum is not zero.
    #[error("debits and credits differ by {0}")]
    Difference(Money),
    /// The lines cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Fewer than two lines.
    #[error("a journal entry needs two lines or more")]
    TooFewLines,
}

impl JournalEntry {
    /// A balanced entry.
    ///
    /// # Errors
    /// [`Unbalanced`] if debits and credits differ.
    pub fn new(number: Option<String>, date: Date, memo: String, lines: Vec<JournalLine>) -> Result<Self, Unbalanced> {
        let [first, _, ..] = lines.as_slice() else { return Err(Unbalanced::TooFewLines) };
        let sum = Money::sum(first.amount.currency(), lines.iter().map(|l| l.amount))?;
        if !sum.is_zero() {
            return Err(Unbalanced::Difference(sum));
        }
        Ok(Self { number, date, memo, lines })
    }

    /// The lines, which sum to zero.
    pub fn lines(&self) -> &[JournalLine] {
        &self.lines
    }

    /// Date of the entry.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Number.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Text.
    pub fn memo(&self) -> &str {
        &self.memo
    }

    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("memo", &self.memo);
        for (i, line) in self.lines.iter().enumerate() {
            fields.set(format!("line/{i}/account"), line.account.as_str());
            fields.set(format!("line/{i}/amount"), line.amount.to_string());
        }
    }
}

#[derive(Deserialize)]
struct UncheckedEntry {
    number: Option<String>,
    date: Date,
    memo: String,
    lines: Vec<JournalLine>,
}

impl TryFrom<UncheckedEntry> for JournalEntry {
    type Error = Unbalanced;

    fn try_from(entry: UncheckedEntry) -> Result<Self, Self::Error> {
        Self::new(entry.number, entry.date, entry.memo, entry.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Currency;

    #[test]
    fn an_unbalanced_entry_cannot_be_made_nor_read() {
        let line = |amount: i64| JournalLine {
            account: "1".into(),
            amount: Money::new(amount.into(), Currency::USD).unwrap(),
            description: String::new(),
            class: None,
            customer: None,
        };
        let date = Date::from_ymd_opt(2026, 1, 31).unwrap();
        assert!(matches!(
            JournalEntry::new(None, date, String::new(), vec![line(5), line(-4)]),
            Err(Unbalanced::Difference(_))
        ));
        let entry = JournalEntry::new(None, date, String::new(), vec![line(5), line(-5)]).unwrap();
        let forged = serde_json::to_string(&entry).unwrap().replace("-5.00", "-4.00");
        assert!(serde_json::from_str::<JournalEntry>(&forged).is_err());
    }
}
