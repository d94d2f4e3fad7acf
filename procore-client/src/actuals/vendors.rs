//! Vendors that the accounting system had first, entered in the company's directory
//! (<https://developers.procore.com/reference/rest/company-vendors>).

use async_trait::async_trait;
use sync_core::connector::{KnownVendor, Refusal, VendorOutcome, VendorSink};
use sync_core::model::VendorId;
use sync_core::model::accounting::Vendor;

use super::sink::reason;
use super::{Actuals, Why, Written, body, names_origin};
use crate::error::Error;
use crate::resources::all_or_none;
use crate::wire::vendors::Vendor as Record;
use crate::write_paths::VENDOR_CREATE;

impl Actuals {
    async fn everybody(&self) -> Result<Vec<KnownVendor>, Error> {
        let active = all_or_none("GET /rest/v1.0/vendors", self.procore.vendors_by_id(&[]).await?)?;
        let inactive = "GET /rest/v1.0/companies/{id}/vendors/inactive";
        let inactive = all_or_none(inactive, self.procore.inactive_vendors().await?)?;
        let known = active.into_iter().chain(inactive).map(|vendor| KnownVendor {
            id: vendor.id,
            name: vendor.name.or(vendor.company).unwrap_or_default(),
            origin: vendor.origin_id,
        });
        Ok(known.collect())
    }

    async fn enter_vendor(&self, vendor: &Vendor, origin: &str) -> Written<VendorId> {
        let body = body::vendor(self.procore.company(), vendor, origin);
        match self.procore.write(&VENDOR_CREATE, &[], Some(body)).await {
            Ok(answer) => match self.procore.written::<Record>(&answer, &VENDOR_CREATE).await {
                Ok(entered) => Written::Done(entered.id),
                Err(error) => Written::failed(&error),
            },
            Err(error) if names_origin(&error) => match self.everybody().await {
                Ok(known) => match known.into_iter().find(|known| known.origin.as_deref() == Some(origin)) {
                    Some(found) => Written::Done(found.id),
                    None => Written::refused(Why::Conflict, error.to_string()),
                },
                Err(read) => Written::refused(Why::NotNow, format!("{error}; looking for who has it: {read}")),
            },
            Err(error) => Written::failed(&error),
        }
    }
}

#[async_trait]
impl VendorSink for Actuals {
    async fn directory(&self) -> Result<Vec<KnownVendor>, sync_core::Error> {
        Ok(self.everybody().await?)
    }

    async fn enter(&self, vendor: &Vendor, origin: &str) -> VendorOutcome {
        match self.enter_vendor(vendor, origin).await {
            Written::Done(id) => VendorOutcome::Done(id),
            Written::Uncertain(text) => VendorOutcome::Uncertain(text),
            Written::Refused { why, text } => VendorOutcome::Refused(Refusal { reason: reason(why), text }),
        }
    }
}
