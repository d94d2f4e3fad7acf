//! One record at a time: a record that cannot be read never takes its page with it.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sync_core::model::Amount;

use super::lenient;
use super::locate;

/// A record of a list, or why it cannot be read.
pub type Record<T> = Result<T, Box<BadRecord>>;

/// A record with a value that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Its id, if that much can be read.
    pub id: Option<String>,
    /// The contract that it belongs to, if there is one and it can be read.
    pub contract: Option<String>,
    /// What a person calls it: its number or name, the best that can be read.
    pub label: String,
    /// The field, e.g. `line_items[2].amount`; empty for the record itself.
    pub path: String,
    /// What is wrong with the value.
    pub problem: String,
    /// The sum that the record states, if that can be read.
    pub stake: Option<Amount>,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.label)?;
        if !self.path.is_empty() {
            write!(f, "{} cannot be read: ", self.path)?;
        }
        write!(f, "{}. Correct it in Procore; it is read again with the next change", self.problem)
    }
}

impl std::error::Error for BadRecord {}

/// A value that cannot be used, found while a record is turned into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// The field.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl BadValue {
    /// A value that cannot be used.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

/// What can be read of a record that cannot be read.
#[derive(Default, Deserialize)]
struct Gist<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    number: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    company: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contract_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contract_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    commitment_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    grand_total: Option<&'a RawValue>,
    #[serde(borrow, default)]
    summary: Option<&'a RawValue>,
    /// Owner invoices name their contract and their totals in words of their own.
    #[serde(borrow, default)]
    contract: Option<&'a RawValue>,
    #[serde(borrow, default)]
    g702: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Due<'a> {
    #[serde(borrow, default)]
    current_payment_due: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Contract<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
}

/// The text of a raw string or number.
fn plain(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    let text = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok()?,
        b'0'..=b'9' | b'-' => raw.to_owned(),
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(80).collect())
}

/// Reads one record.
///
/// # Errors
/// [`BadRecord`] with the field and the value.
pub(crate) fn read<T: DeserializeOwned>(raw: &str) -> Record<T> {
    // A derived struct would also take a list for its members.
    if !raw.starts_with('{') {
        let problem = format!("an object was expected, and it is `{}`", lenient::shorten(raw));
        return Err(Box::new(describe(raw, BadValue { path: String::new(), problem })));
    }
    serde_json::from_str(raw).map_err(|error| {
        let (path, problem) = locate::explain(raw, &error);
        Box::new(describe(raw, BadValue { path, problem }))
    })
}

/// Names a record and the value in it that cannot be used.
fn describe(raw: &str, bad: BadValue) -> BadRecord {
    let gist: Gist<'_> =
        if raw.starts_with('{') { serde_json::from_str(raw).unwrap_or_default() } else { Gist::default() };
    let id = plain(gist.id);
    let due = gist.summary.or(gist.g702).and_then(|summary| serde_json::from_str::<Due<'_>>(summary.get()).ok());
    let stake = plain(due.and_then(|due| due.current_payment_due)).or_else(|| plain(gist.grand_total));
    let name = plain(gist.number).or_else(|| plain(gist.name)).or_else(|| plain(gist.company));
    let name = name.or_else(|| plain(gist.title));
    let contract = plain(gist.commitment_id).or_else(|| plain(gist.contract_id));
    let nested = gist.contract.filter(|_| contract.is_none());
    let nested: Contract<'_> = nested.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let contract_name = plain(gist.contract_name).or_else(|| plain(nested.title));
    let label = match (contract_name, name, &id) {
        (Some(contract), Some(number), _) => format!("{contract} / {number}"),
        (_, Some(name), _) => name,
        (Some(contract), None, _) => contract,
        (None, None, Some(id)) => format!("id {id}"),
        (None, None, None) => "a record without id, number and name".to_owned(),
    };
    BadRecord {
        id,
        contract: contract.or_else(|| plain(nested.id)),
        label,
        path: bad.path,
        problem: bad.problem,
        stake: stake.and_then(|text| Amount::parse(&text).ok()),
    }
}

/// The elements of a list answer, each as its text: a bare array (v1) or `{"data": [...]}` (v2).
///
/// # Errors
/// What is wrong with the body as a whole: cut off, or not a list.
pub(crate) fn elements(body: &str) -> Result<Vec<&RawValue>, String> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        data: Option<Vec<&'a RawValue>>,
    }
    let read = match body.trim_start().as_bytes().first() {
        Some(b'[') => serde_json::from_str(body).map_err(|error| error.to_string()),
        Some(b'{') => match serde_json::from_str::<Wrapped<'_>>(body) {
            Ok(Wrapped { data: Some(data) }) => Ok(data),
            Ok(Wrapped { data: None }) => Err("an object without `data`".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Some(_) => Err(format!("`{}`", lenient::shorten(body.trim()))),
        None => Err("nothing".to_owned()),
    };
    read.map_err(|problem| format!("a list was expected, but the answer is cut off or is something else: {problem}"))
}

/// The text of a single record: bare (v1) or in `{"data": {...}}` (v2).
///
/// # Errors
/// What is wrong with the body as a whole.
pub(crate) fn element(body: &str, wrapped: bool) -> Result<&RawValue, String> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let raw = if wrapped {
        serde_json::from_str::<Wrapped<'_>>(body).map(|wrapped| wrapped.data)
    } else {
        serde_json::from_str(body)
    };
    match raw {
        Ok(raw) if raw.get().starts_with('{') => Ok(raw),
        Ok(raw) => Err(format!("an object was expected, but the answer is `{}`", lenient::shorten(raw.get()))),
        Err(error) => Err(format!("an object was expected, but the answer is cut off or is something else: {error}")),
    }
}
