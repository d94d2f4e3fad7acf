//! Origin ids on documents, by which a lost journal is rebuilt from the marks on both sides.

use serde::Deserialize;
use sync_core::model::{
    ChangeOrderPackageId, CommitmentId, OwnerInvoiceId, PayAppId, PrimeContractId, ProjectId, VendorId,
};

use super::{Actuals, Why, Written, body};
use crate::client::Query;
use crate::error::Error;
use crate::resources::unreadable;
use crate::write_paths::{self, WritePath};

/// A record that may carry an origin id without being locked by it. Lines of contracts could too, but are never touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Marked {
    /// A company of the directory.
    Vendor(VendorId),
    /// A project.
    Project(ProjectId),
    /// A subcontract.
    Subcontract(ProjectId, CommitmentId),
    /// A purchase order.
    PurchaseOrder(ProjectId, CommitmentId),
    /// A prime contract.
    PrimeContract(ProjectId, PrimeContractId),
    /// A change order, by its package, which alone carries origin ids.
    ChangeOrderPackage(ProjectId, ChangeOrderPackageId),
}

/// A record that its origin id locks for everybody: no person can correct it in Procore any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LockedByOrigin {
    /// A pay app of a commitment.
    PayApp(ProjectId, CommitmentId, PayAppId),
    /// An owner invoice of a prime contract.
    OwnerInvoice(ProjectId, PrimeContractId, OwnerInvoiceId),
}

/// As much of any record as tells its origin id.
#[derive(Debug, Deserialize)]
struct Origin {
    #[serde(default)]
    origin_id: Option<String>,
}

/// How the origin id of a record is read and written.
struct Way<'a> {
    read: Query,
    write: &'static WritePath,
    ids: Vec<&'a str>,
    scope: Vec<(&'static str, &'a dyn AsRef<str>)>,
}

impl Marked {
    fn way<'a>(&'a self, company: &'a &'a str) -> Way<'a> {
        let of_company = |write: &'static WritePath, id: &'a dyn AsRef<str>| Way {
            read: Query::new(write.with(&[id.as_ref()])).with("company_id", company),
            write,
            ids: vec![id.as_ref()],
            scope: vec![("company_id", company)],
        };
        let of_project = |write: &'static WritePath, project: &'a ProjectId, id: &'a dyn AsRef<str>| Way {
            read: Query::new(write.with(&[id.as_ref()])).with("project_id", project),
            write,
            ids: vec![id.as_ref()],
            scope: vec![("project_id", project)],
        };
        match self {
            Self::Vendor(id) => {
                let way = of_company(&write_paths::VENDOR_ORIGIN, id);
                // The default view leaves out origin ids.
                Way { read: way.read.with("view", "normal"), ..way }
            }
            Self::Project(id) => of_company(&write_paths::PROJECT_ORIGIN, id),
            Self::Subcontract(project, id) => of_project(&write_paths::SUBCONTRACT_ORIGIN, project, id),
            Self::PurchaseOrder(project, id) => of_project(&write_paths::PURCHASE_ORDER_ORIGIN, project, id),
            Self::PrimeContract(project, id) => of_project(&write_paths::PRIME_CONTRACT_ORIGIN, project, id),
            Self::ChangeOrderPackage(project, id) => of_project(&write_paths::PACKAGE_ORIGIN, project, id),
        }
    }
}

impl LockedByOrigin {
    fn way(&self) -> Way<'_> {
        match self {
            Self::PayApp(project, commitment, id) => Way {
                read: Query::new(write_paths::PAY_APP_ORIGIN.with(&[id.as_str()])).with("project_id", project),
                write: &write_paths::PAY_APP_ORIGIN,
                ids: vec![id.as_str()],
                scope: vec![("project_id", project), ("commitment_id", commitment)],
            },
            Self::OwnerInvoice(project, contract, id) => Way {
                read: Query::new("/rest/v1.0/payment_applications/").then(id).with("project_id", project),
                write: &write_paths::OWNER_INVOICE_ORIGIN,
                ids: vec![contract.as_str(), id.as_str()],
                scope: vec![("project_id", project)],
            },
        }
    }
}

impl Actuals {
    /// Puts an origin id on a record. One that is there already is `Done` without a write; one of somebody else is left
    /// alone and refused, since an origin id belongs to one integration.
    pub async fn set_origin(&self, record: &Marked, origin_id: &str) -> Written<()> {
        let company = self.procore.company();
        self.mark(record.way(&company), origin_id).await
    }

    /// Puts an origin id on an invoice, **which locks it**: it cannot be changed in Procore any more, and only Procore's
    /// ERP interface takes the lock off. Never needed by the sync itself, which finds invoices by what QuickBooks holds.
    pub async fn set_origin_and_lock(&self, record: &LockedByOrigin, origin_id: &str) -> Written<()> {
        self.mark(record.way(), origin_id).await
    }

    async fn mark(&self, way: Way<'_>, origin_id: &str) -> Written<()> {
        let Way { read, write, ids, scope } = way;
        if origin_id.trim().is_empty() {
            return Written::refused(Why::Person, "an empty origin id marks nothing");
        }
        match self.origin_of(read).await {
            Ok(Some(held)) if held == origin_id => return Written::Done(()),
            Ok(Some(held)) => {
                let text = format!("{} carries the origin id {held} of another integration", write.with(&ids));
                return Written::refused(Why::Conflict, text);
            }
            Ok(None) => {}
            // Nothing was sent yet.
            Err(error) if error.is_uncertain() => return Written::refused(Why::NotNow, error.to_string()),
            Err(error) => return Written::failed(&error),
        }
        match self.procore.write(write, &ids, Some(body::origin(write, &scope, Some(origin_id)))).await {
            Ok(_) => Written::Done(()),
            Err(error) if super::names_origin(&error) => Written::refused(Why::Conflict, error.to_string()),
            Err(error) => Written::failed(&error),
        }
    }

    async fn origin_of(&self, read: Query) -> Result<Option<String>, Error> {
        let endpoint = "GET the record to be marked";
        match self.procore.show::<Origin>(read).await? {
            Some(Ok(origin)) => Ok(origin.origin_id.filter(|origin| !origin.trim().is_empty())),
            Some(Err(bad)) => Err(unreadable(endpoint, bad)),
            None => Err(Error::Configuration(
                "the record to be marked is not there, or the account may not see it".to_owned(),
            )),
        }
    }
}
