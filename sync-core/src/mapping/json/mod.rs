//! Any JSON record to any JSON record, by a rule file: the mapping engine on its own, for integrators whose documents
//! are none of this crate's.
//!
//! A rule file is compiled once. Applying it reads only the members that some rule names, in one pass over the text,
//! and writes the result as bytes; amounts are exact decimals from text to text.
//!
//! ```toml
//! when = "status in ['approved', 'under_review']"       # other records come to `null`
//!
//! [set]                                                 # text, with {expressions}
//! "VendorRef.value" = "{vendors[vendor.id]}"            # a table, looked up by key
//! TxnDate = "{billing_date}"
//! TotalAmt = "= total.amount"                 # a number, as it is
//!
//! [[lines]]
//! into = "Line"
//! each = "items"                                        # one for each element; without it, one line
//! let = ["amount = work + stored"]                      # names for this line
//! when = "amount != 0"
//! total = ["amount = amount"]                           # summed up over the lines, for what follows
//! [lines.set]
//! Amount = "= amount"
//! Description = "{line_number}: {description}"
//! ```
//!
//! ```
//! use sync_core::mapping::json::{JsonMapping, Tables};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tables = Tables::from_json(r#"{"vendors": {"8801": "42"}}"#)?;
//! let rules = "[set]\n\"VendorRef.value\" = \"{vendors[vendor.id]}\"\n\
//!              DocNumber = \"{contract}-{pad(number, 3)}\"\nAmount = \"= round(sum * 0.9, 2)\"\n";
//! let mapping = JsonMapping::compile(rules, tables)?;
//! let mut out = Vec::new();
//! mapping.apply(r#"{"vendor":{"id":8801},"contract":"SC-1","number":7,"sum":"100.05"}"#, &mut out)?;
//! let expected = r#"{"Amount":90.05,"DocNumber":"SC-1-007","VendorRef":{"value":"42"}}"#;
//! assert_eq!(String::from_utf8(out)?, expected);
//! # Ok(())
//! # }
//! ```
//!
//! The notation of expressions: [`Expressions`].

mod compile;
mod plan;
mod scan;
mod tables;
mod write;

pub use plan::{JsonError, JsonMapping};
pub use tables::{Tables, TablesError};

/// How expressions are written in rule files.
///
/// The notation is that of [CEL](https://cel.dev) where the two overlap: `status == 'approved' && amount > 1000`,
/// `code in ['05-100', '05-200']`, `vendor_name.startsWith('Delta')`, `a ? b : c`. There are no loops, so every
/// expression ends. Numbers are exact decimals; a text that reads as a number counts as one in arithmetic and beside a
/// number. A missing value is no text, counts as nothing in arithmetic, and equals only `null`.
///
/// | function | gives |
/// |---|---|
/// | `has(x)` | has it a value? |
/// | `round(x, n)` | rounded to `n` decimals, half away from zero |
/// | `abs(x)`, `min(a, b)`, `max(a, b)` | numbers |
/// | `concat(a, b, …)` | the texts one after the other |
/// | `upper(x)`, `lower(x)`, `trim(x)`, `replace(x, a, b)` | text |
/// | `cut(x, n)` | the first `n` characters |
/// | `shorten(x, n)` | at most `n` characters; what is cut off comes back as a short digest, so that two stay two |
/// | `pad(x, n)` | with zeros in front, `n` characters |
/// | `x.startsWith(y)`, `x.endsWith(y)`, `x.contains(y)` | yes or no |
/// | `table[key]`, `table[key].column` | what a table says; a missing row is an error |
#[derive(Clone, Copy, Debug)]
pub struct Expressions;

#[cfg(test)]
mod tests;
