//! Customers, jobs and vendors.

use super::{Situation, Stop, entry_name, fold};
use crate::connector::Capabilities;
use crate::dead_letter::Cause;
use crate::mapping::names::List;
use crate::mapping::{Mapping, VendorScope};
use crate::model::accounting::{self, AccountingDocument};
use crate::model::construction::{Document, Project, Vendor};
use crate::model::{CustomerId, DocumentKey, DocumentKind};

impl Situation<'_> {
    pub(super) fn customer(&self, name: &str) -> AccountingDocument {
        AccountingDocument::Customer(accounting::Customer {
            name: self.name(name),
            parent: None,
            address: None,
            active: true,
        })
    }

    pub(super) fn vendor(&self, vendor: &Vendor, source: &Document) -> Result<AccountingDocument, Stop> {
        if !self.awaited {
            if vendor.not_paid {
                return Err(Stop::Nothing("an owner or the contractor itself, never paid on a commitment"));
            }
            if !vendor.active {
                return Err(Stop::Nothing("inactive"));
            }
            if self.mapping.policies.vendors == VendorScope::Referred {
                return Err(Stop::Nothing("not referred to by any commitment"));
            }
        }
        let name = match self.mapping.crosswalk.vendors.get(&fold(&vendor.name)) {
            Some(named) => self.called(List::Vendor, &named.name)?,
            None => self.template("vendor_name", source)?,
        };
        Ok(AccountingDocument::Vendor(accounting::Vendor {
            name: self.name(&name),
            address: vendor.address.clone(),
            phone: vendor.phone.clone(),
            email: vendor.email.clone(),
            active: true,
        }))
    }

    pub(super) fn project(&self, project: &Project, source: &Document) -> Result<AccountingDocument, Stop> {
        let number = project.number.as_deref().unwrap_or_default();
        let row = self.mapping.crosswalk.projects.get(&fold(number));
        let customer = row.and_then(|r| r.customer.as_deref()).or(project.owner.as_ref().map(|o| o.name.as_str()));
        let parent = match customer {
            None => None,
            Some(name) => Some(self.parent(name)?),
        };
        let name = match row.and_then(|r| r.job.as_deref()) {
            Some(job) => self.called(List::Customer, job)?,
            None => self.template("job_name", source)?,
        };
        Ok(AccountingDocument::Customer(accounting::Customer {
            name: self.name(&name),
            parent,
            address: project.address.clone(),
            active: true,
        }))
    }

    /// What an entry is called that a table names by its id (`id:77`): its own name, without those above it. Any other
    /// text is the name.
    fn called(&self, list: List, text: &str) -> Result<String, Stop> {
        if !text.trim().starts_with("id:") || self.names.lists().is_none() {
            return Ok(text.to_owned());
        }
        let id = self.names.resolve(list, text).map_err(|problem| Stop::Dead(Cause::MissingCoding, problem))?;
        let name = self.names.name_of(list, &id);
        Ok(match list {
            List::Customer => name.rsplit(':').next().unwrap_or(&name).to_owned(),
            _ => name,
        })
    }

    /// A customer that exists, by its full name, or the one that must be made first.
    fn parent(&self, name: &str) -> Result<CustomerId, Stop> {
        let key = DocumentKey::new(DocumentKind::Customer, self.name(name));
        if let Some(target) = self.index.target(&key) {
            return Ok(CustomerId::from(target.as_str()));
        }
        if self.names.lists().is_none() {
            return Err(Stop::Needs(key));
        }
        match self.names.resolve(List::Customer, name) {
            Ok(id) => Ok(CustomerId::from(id)),
            Err(problem) if name.contains(':') => Err(Stop::Dead(Cause::MissingCoding, problem)),
            Err(_) => Err(Stop::Needs(key)),
        }
    }
}

impl Mapping {
    /// The name of the customer that a project's job stands under, as it will be written; none where the project has
    /// no owner yet.
    pub fn customer_name(&self, project: &Project, capabilities: &Capabilities) -> Option<String> {
        let number = project.number.as_deref().unwrap_or_default();
        let row = self.crosswalk.projects.get(&fold(number));
        let name = row.and_then(|r| r.customer.as_deref()).or(project.owner.as_ref().map(|o| o.name.as_str()))?;
        if name.contains(':') || name.starts_with("id:") {
            return None;
        }
        Some(entry_name(name, capabilities.max_name))
    }
}
