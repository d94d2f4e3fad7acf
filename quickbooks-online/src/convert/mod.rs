//! Between QuickBooks' entities and the accounting documents of the engine.
//!
//! What cannot be said in a document (tax, tags, most custom fields) is neither read nor changed.

mod create;
pub(crate) mod extra;
mod journal;
mod links;
mod marker;
mod read;
pub(crate) mod sales;
mod update;

pub(crate) use create::{Body, create};
pub(crate) use journal::signed;
pub(crate) use marker::note_with;
pub(crate) use read::{currency_of, expense_line, is_voided, line_money, money, plain_name, state, voided};
pub(crate) use update::{unlinked, update, voiding};

/// What writing must know beside the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Tax code for each line of a new document, such as `NON`; none leaves it to QuickBooks.
    pub tax_code: Option<String>,
}
