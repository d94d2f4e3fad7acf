//! The way back of vendors: where those are entered that the accounting system had first.

use std::fmt;

use async_trait::async_trait;

use super::Refusal;
use crate::error::Error;
use crate::model::VendorId;
use crate::model::accounting::Vendor;

/// The directory of the construction system. It enters vendors, and changes none.
#[async_trait]
pub trait VendorSink: Send + Sync + fmt::Debug {
    /// Everybody in the directory, inactive ones too, as they are now.
    ///
    /// # Errors
    /// If they cannot be read whole: then none can be called missing.
    async fn directory(&self) -> Result<Vec<KnownVendor>, Error>;

    /// Enters a vendor under an origin id, which the system takes once, and says truthfully what became of it.
    async fn enter(&self, vendor: &Vendor, origin: &str) -> VendorOutcome;
}

/// A company of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVendor {
    /// Its id.
    pub id: VendorId,
    /// Its name.
    pub name: String,
    /// Its origin id, set by one integration.
    pub origin: Option<String>,
}

/// What became of a vendor that was to be entered.
#[derive(Clone, Debug)]
pub enum VendorOutcome {
    /// It is in the directory, under this id.
    Done(VendorId),
    /// It certainly is not.
    Refused(Refusal),
    /// It may or may not be. The next call must be a read.
    Uncertain(String),
}
