//! The books of a company file through an ODBC driver, read only: for a reconciliation where no Web Connector may call.
//!
//! [`OdbcBooks::state`] reads what a reconciliation looks at: the tables of QODBC ([`Tables::qodbc`]), of CData
//! ([`Tables::cdata`]), or of any other driver by a file of the same form ([`Tables::parse`]). Before anything is read, the
//! driver's own catalogue is asked for the columns; each one that is missing is named.
//!
//! It never writes. A driver that runs over the QuickBooks SDK (QODBC, <https://qodbc.com>) may answer from its cache, in which
//! rows that were deleted in QuickBooks can linger; the option that makes it read afresh goes into
//! `after_table` of the tables file. Amounts are taken as the text that the driver makes of them, and one with more than two
//! decimals is refused and named, never rounded.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use quickbooks_desktop::odbc::{OdbcBooks, Tables};
//! use sync_core::model::Currency;
//!
//! let usd: Currency = "USD".parse()?;
//! let books = OdbcBooks::new("DSN=QuickBooks Data".to_owned(), Tables::qodbc()?, usd);
//! let state = books.state().await?;
//! println!("{} transactions, {} payments of bills", state.transactions.len(), state.payments.len());
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod error;
mod read;
mod row;
mod tables;

use std::sync::Arc;

use secrecy::SecretString;
use sync_core::connector::Capabilities;
use sync_core::model::Currency;
use sync_core::reconcile::company::BookState;

use crate::sink;
pub use error::OdbcError;
pub use tables::{LineTable, RecordTable, Side, Tables};

/// Reads the books of one company file over an ODBC driver.
#[derive(Clone, Debug)]
pub struct OdbcBooks {
    connection: SecretString,
    tables: Arc<Tables>,
    currency: Currency,
}

impl OdbcBooks {
    /// A reader; nothing is opened yet. The connection string names a data source (`DSN=…`) or a driver
    /// (`Driver={QODBC Driver for QuickBooks};DFQ=.;`); it may hold a password and is never printed. The currency is the
    /// home currency of the company file.
    pub fn new(connection: impl Into<String>, tables: Tables, currency: Currency) -> Self {
        Self { connection: SecretString::from(connection.into()), tables: Arc::new(tables), currency }
    }

    /// The limits of QuickBooks Desktop, by which documents are compared.
    pub fn capabilities(&self) -> Capabilities {
        sink::capabilities(1)
    }

    /// Everything that a reconciliation looks at, as the driver tells it now. A record that cannot be read is named in
    /// [`BookState::unreadable`].
    ///
    /// ODBC calls block; they are made on a thread of their own, so this needs a Tokio runtime.
    ///
    /// # Errors
    /// If the driver cannot be opened, a table or column is missing, or reading ends before the last row.
    pub async fn state(&self) -> Result<BookState, OdbcError> {
        let Self { connection, tables, currency } = self.clone();
        tokio::task::spawn_blocking(move || read::books(&connection, &tables, currency))
            .await
            .map_err(|_| OdbcError::Ended)?
    }
}
