//! Reading vendors and projects.

use std::collections::HashMap;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sync_core::Error;
use sync_core::connector::Fetched;
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, DocumentKind, ProjectId, VendorId};

use super::reference::NotPaid;
use super::{ProcoreSource, each};
use crate::client::Page;
use crate::convert::{Place, directory};
use crate::wire::prime_contracts::PrimeContract;
use crate::wire::projects::Project;
use crate::wire::vendors::Vendor;
use crate::wire::{BadValue, Record};

/// Ids in one filter: the query of a request has its limits.
const IDS_AT_ONCE: usize = 100;

impl ProcoreSource {
    fn place(&self, kind: DocumentKind) -> Place<'static> {
        Place { kind, project: None, currency: self.procore.currency() }
    }

    pub(super) fn all_vendors<'a>(&'a self) -> BoxStream<'a, Result<Vec<Fetched>, Error>> {
        let state = (self.procore.vendors(None).boxed(), None);
        let next = move |(mut pages, not_paid): (BoxStream<'a, _>, Option<NotPaid>)| async move {
            let not_paid = match not_paid {
                Some(not_paid) => not_paid,
                None => self.not_paid().await?,
            };
            let Some(page) = pages.try_next().await? else { return Ok(None) };
            let page: Page<Vendor> = page;
            let fetched = page.records.iter().map(|record| self.vendor(record, &not_paid)).collect();
            Ok(Some((fetched, (pages, Some(not_paid)))))
        };
        stream::try_unfold(state, next).boxed()
    }

    fn vendor(&self, record: &Record<Vendor>, not_paid: &NotPaid) -> Fetched {
        let place = self.place(DocumentKind::Vendor);
        match record {
            Ok(wire) => match directory::vendor(wire, not_paid.includes(&wire.id)) {
                Ok(vendor) => Fetched::Found(Box::new(Document::Vendor(vendor))),
                Err(bad) => place.bad_value(wire.id.as_str(), &format!("id {}", wire.id), None, &bad),
            },
            Err(bad) => place.bad_record(bad),
        }
    }

    pub(super) async fn fetch_vendor(&self, id: &VendorId) -> Result<Fetched, Error> {
        let found = match self.procore.vendor(id).await? {
            Some(record) => Some(record),
            // Out of use is not the same as gone.
            None => {
                let inactive = self.procore.inactive_vendors().await?;
                inactive.into_iter().find(|record| is(record, id)).map(|record| {
                    record.map(|vendor| Vendor { is_active: Some(vendor.is_active.unwrap_or(false)), ..vendor })
                })
            }
        };
        match found {
            Some(record) => Ok(self.vendor(&record, &self.not_paid().await?)),
            None => Ok(Fetched::Gone(DocumentKey::new(DocumentKind::Vendor, id))),
        }
    }

    pub(super) async fn fetch_vendors(&self, ids: &[&str]) -> Result<Vec<Fetched>, Error> {
        let not_paid = self.not_paid().await?;
        let ids: Vec<VendorId> = ids.iter().map(|id| VendorId::from(*id)).collect();
        let mut listed: HashMap<VendorId, Record<Vendor>> = HashMap::with_capacity(ids.len());
        for some in ids.chunks(IDS_AT_ONCE) {
            let some: Vec<&VendorId> = some.iter().collect();
            for record in self.procore.vendors_by_id(&some).await? {
                let id = match &record {
                    Ok(vendor) => Some(vendor.id.clone()),
                    Err(bad) => bad.id.as_deref().map(VendorId::from),
                };
                if let Some(id) = id {
                    listed.insert(id, record);
                }
            }
        }
        let one = |id| {
            let listed = listed.get(id).map(|record| self.vendor(record, &not_paid));
            async move {
                match listed {
                    Some(fetched) => Ok(fetched),
                    // The list leaves out inactive ones: absence proves nothing.
                    None => self.fetch_vendor(id).await,
                }
            }
        };
        each(ids.iter().map(one).collect()).await
    }

    pub(super) fn all_projects(&self) -> BoxStream<'_, Result<Vec<Fetched>, Error>> {
        let page = async move {
            let projects = self.projects().await?;
            let wanted = projects.iter().filter(|record| record.as_ref().map_or(true, |p| self.is_wanted(p)));
            each(wanted.map(|record| self.project(record)).collect()).await
        };
        stream::once(page).boxed()
    }

    async fn project(&self, record: &Record<Project>) -> Result<Fetched, Error> {
        let place = self.place(DocumentKind::Project);
        let wire = match record {
            Ok(wire) => wire,
            Err(bad) => return Ok(place.bad_record(bad)),
        };
        let contracts = self.prime_contracts(&wire.id).await?;
        let readable: Result<Vec<PrimeContract>, _> = contracts.iter().cloned().collect();
        let owned =
            readable.map_err(|bad| BadValue::new(format!("prime contract {}: {}", bad.label, bad.path), bad.problem));
        Ok(match owned.and_then(|contracts| directory::project(wire, &contracts)) {
            Ok(project) => Fetched::Found(Box::new(Document::Project(project))),
            Err(bad) => {
                let label = wire.project_number.clone().unwrap_or_else(|| format!("id {}", wire.id));
                place.bad_value(wire.id.as_str(), &label, None, &bad)
            }
        })
    }

    pub(super) async fn fetch_project(&self, id: &ProjectId) -> Result<Fetched, Error> {
        match self.procore.project(id).await? {
            Some(record) => self.project(&record).await,
            None => Ok(Fetched::Gone(DocumentKey::new(DocumentKind::Project, id))),
        }
    }

    pub(super) async fn fetch_projects(&self, ids: &[&str]) -> Result<Vec<Fetched>, Error> {
        // Read afresh: what is kept may be older than the change that is looked into.
        let listed = self.procore.projects().await?;
        let listed = self.kept.projects.put(&(), self.now(), listed).await;
        let listed: HashMap<&str, &Record<Project>> = listed
            .iter()
            .filter_map(|record| match record {
                Ok(project) => Some((project.id.as_str(), record)),
                Err(bad) => Some((bad.id.as_deref()?, record)),
            })
            .collect();
        let one = |id: &str| {
            let (listed, id) = (listed.get(id).copied(), ProjectId::from(id));
            async move {
                match listed {
                    Some(record) => self.project(record).await,
                    None => self.fetch_project(&id).await,
                }
            }
        };
        each(ids.iter().map(|id| one(id)).collect()).await
    }
}

fn is(record: &Record<Vendor>, id: &VendorId) -> bool {
    match record {
        Ok(vendor) => vendor.id == *id,
        Err(bad) => bad.id.as_deref() == Some(id.as_str()),
    }
}
