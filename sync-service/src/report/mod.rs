//! Reports: tables and charts, written as a page, as Markdown, as CSV files or as a workbook.

mod chart;
mod csv;
mod files;
mod html;
mod json;
mod markdown;
mod xlsx;
mod zip;

pub(crate) use self::csv::{harmless, write_dir as csv_dir};
pub(crate) use files::Files;
pub(crate) use html::page as html;
pub(crate) use json::value as json;
pub(crate) use markdown::text as markdown;
pub(crate) use xlsx::workbook;

use rust_decimal::Decimal;
use sync_core::model::Money;

/// A report, in no format yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) title: String,
    /// Sentences under the title.
    pub(crate) lead: Vec<String>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) tables: Vec<Table>,
}

/// A table; in a workbook it is a sheet of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Short enough for the tab of a sheet.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Count(usize),
    Money(Money),
    /// A formula of the workbook, and what it comes to, for everything else.
    Formula(String, Money),
    /// The same for a share of one, shown in percent.
    Share(String, Decimal),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    /// For people: amounts with thousands separators.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Money(money) | Self::Formula(_, money) => crate::reconcile::print::dollars(*money),
            Self::Share(_, share) => format!("{:.2} %", share.saturating_mul(Decimal::ONE_HUNDRED)),
        }
    }
}

/// Pairs of bars: a group for each name, a pair for each measure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What the two bars of a pair stand for.
    pub(crate) sides: [&'static str; 2],
    pub(crate) groups: Vec<(String, Vec<Bars>)>,
}

/// A measure, and the amounts of both sides.
pub(crate) type Bars = (&'static str, Money, Money);

#[cfg(test)]
mod tests;
