//! Customers, jobs and vendors.

use serde::{Deserialize, Serialize};

use crate::model::construction::Address;
use crate::model::{CustomerId, Fields};

/// A customer, or a job when it has a parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Name, unique among customers, vendors and employees.
    pub name: String,
    /// The customer that a job belongs to.
    pub parent: Option<CustomerId>,
    /// Address.
    pub address: Option<Address>,
    /// In use?
    pub active: bool,
}

impl Customer {
    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("name", &self.name);
        fields.set("parent", self.parent.as_ref().map_or("", CustomerId::as_str));
        fields.set("active", if self.active { "yes" } else { "no" });
    }
}

/// A vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Name, unique among customers, vendors and employees.
    pub name: String,
    /// Address.
    pub address: Option<Address>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// In use?
    pub active: bool,
}

impl Vendor {
    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("name", &self.name);
        fields.set("phone", self.phone.clone().unwrap_or_default());
        fields.set("email", self.email.clone().unwrap_or_default());
        fields.set("active", if self.active { "yes" } else { "no" });
    }
}
