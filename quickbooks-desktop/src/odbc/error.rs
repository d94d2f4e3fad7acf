//! What can go wrong between the driver and the books.

use secrecy::{ExposeSecret, SecretString};
use sync_core::{Error, ErrorKind};

/// Why the books could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OdbcError {
    /// The driver or the driver manager refused.
    #[error("ODBC, {doing}: {text}")]
    Driver {
        /// What was being done, e.g. `opening the connection`.
        doing: String,
        /// What the driver said, and what to do where that is known. Passwords of the connection string are left out.
        text: String,
    },
    /// The tables file is not one.
    #[error("the tables file: {0}")]
    Tables(String),
    /// The driver has no such table.
    #[error(
        "the ODBC driver has no table {table}, which {element} is read from; set `table` in the tables file to its name, or `optional = true` to leave it out"
    )]
    NoTable {
        /// The table.
        table: String,
        /// What is read from it.
        element: String,
    },
    /// Columns that a table lacks.
    #[error("the table {table} has no column {}; it has: {}. Correct the tables file, or end the name with `?` if it may be missing", .missing.join(", "), .there.join(", "))]
    NoColumns {
        /// The table.
        table: String,
        /// Those that are asked for and not there.
        missing: Vec<String>,
        /// Those that are there.
        there: Vec<String>,
    },
    /// A value is longer than QuickBooks allows for any field.
    #[error(
        "a value of the table {table} is longer than {max} characters; it would be cut, so nothing of the table is used"
    )]
    TooLong {
        /// The table.
        table: String,
        /// Characters that a value may have.
        max: usize,
    },
    /// A value that is no text.
    #[error("the table {table}, column {column}: a value is not Unicode text; check the character set of the driver")]
    NotText {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The thread that read ended early.
    #[error("reading over ODBC ended early; the driver may have crashed. Try again, and check the driver's own log")]
    Ended,
}

impl OdbcError {
    /// What the driver said while `doing`, without the secrets of the connection string.
    pub(super) fn driver(doing: impl Into<String>, error: &odbc_api::Error, connection: &SecretString) -> Self {
        let mut text = error.to_string();
        for secret in secrets(connection.expose_secret()) {
            text = text.replace(secret, "[redacted]");
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let hint = if text.contains("IM002") {
            ". There is no such data source or driver: check the name in the connection string against the list of the ODBC driver manager"
        } else if text.contains("Can't open lib") {
            ". The driver is registered and its file is missing: install the driver again"
        } else {
            ""
        };
        Self::Driver { doing: doing.into(), text: format!("{text}{hint}") }
    }
}

/// The values of a connection string that must not be seen.
fn secrets(connection: &str) -> impl Iterator<Item = &str> {
    const NAMES: [&str; 5] = ["pwd", "password", "token", "apikey", "oauthaccesstoken"];
    connection.split(';').filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches(['{', '}']);
        let is_secret = NAMES.iter().any(|known| name.trim().eq_ignore_ascii_case(known));
        (is_secret && !value.is_empty()).then_some(value)
    })
}

impl From<OdbcError> for Error {
    fn from(error: OdbcError) -> Self {
        let kind = match &error {
            OdbcError::Driver { .. } | OdbcError::Ended => ErrorKind::Unavailable,
            OdbcError::Tables(_) | OdbcError::NoTable { .. } | OdbcError::NoColumns { .. } => ErrorKind::Configuration,
            OdbcError::TooLong { .. } | OdbcError::NotText { .. } => ErrorKind::Unreadable,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_connection_string_are_known_by_name() {
        let text = "Driver={CData ODBC Driver};URL=http://10.0.0.4;User=sync; PWD={s3cret};Password=other;";
        assert_eq!(secrets(text).collect::<Vec<_>>(), ["s3cret", "other"]);
    }
}
