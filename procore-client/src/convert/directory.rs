//! Vendors and projects.

use sync_core::model::construction::{Address, Owner, Project, Vendor};
use sync_core::model::{CommitmentStatus, VendorId};

use super::{custom_fields, plain_text};
use crate::wire::prime_contracts::PrimeContract;
use crate::wire::{BadValue, VendorRef, projects, vendors};

fn address(parts: [Option<&String>; 5]) -> Option<Address> {
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let [street, city, state, postal_code, country] = parts.map(|part| part.cloned());
    Some(Address { street, city, state, postal_code, country })
}

/// A vendor. `not_paid`: it is known only as the owner or the contractor of a prime contract.
///
/// # Errors
/// If it has no name.
pub fn vendor(wire: &vendors::Vendor, not_paid: bool) -> Result<Vendor, BadValue> {
    let name = wire.name.as_deref().or(wire.company.as_deref());
    let name = name.ok_or_else(|| BadValue::new("name", "the name is missing"))?;
    Ok(Vendor {
        id: wire.id.clone(),
        name: plain_text(name).into_owned(),
        active: wire.is_active.unwrap_or(true),
        not_paid,
        address: address([
            wire.address.as_ref(),
            wire.city.as_ref(),
            wire.state_code.as_ref(),
            wire.zip.as_ref(),
            wire.country_code.as_ref(),
        ]),
        phone: wire.business_phone.as_ref().or(wire.mobile_phone.as_ref()).cloned(),
        email: wire.email_address.clone(),
        updated_at: wire.updated_at,
    })
}

/// A project with the owner that its prime contracts name.
///
/// # Errors
/// If it has no name.
pub fn project(wire: &projects::Project, prime_contracts: &[PrimeContract]) -> Result<Project, BadValue> {
    let name = wire.name.as_deref().ok_or_else(|| BadValue::new("name", "the name is missing"))?;
    Ok(Project {
        id: wire.id.clone(),
        number: wire.project_number.clone(),
        name: plain_text(name).into_owned(),
        active: wire.active.unwrap_or(true),
        owner: owner(prime_contracts),
        address: address([
            wire.address.as_ref(),
            wire.city.as_ref(),
            wire.state_code.as_ref(),
            wire.zip.as_ref(),
            wire.country_code.as_ref(),
        ]),
        updated_at: wire.updated_at,
        custom: custom_fields(wire.custom_fields.as_ref()),
    })
}

/// The owner: of the first approved prime contract, else of the first one that names an owner.
fn owner(prime_contracts: &[PrimeContract]) -> Option<Owner> {
    let named = || {
        let living = prime_contracts.iter().filter(|contract| contract.deleted_at.is_none());
        living.filter_map(|contract| Some((contract.status.as_ref(), owner_of(contract.vendor.as_ref()?)?)))
    };
    let approved = named().find(|(status, _)| *status == Some(&CommitmentStatus::Approved));
    approved.or_else(|| named().next()).map(|(_, owner)| owner)
}

pub(super) fn owner_of(vendor: &VendorRef) -> Option<Owner> {
    Some(Owner { vendor: vendor.id.clone()?, name: plain_text(vendor.name()?).into_owned() })
}

/// The directory entries that a prime contract names as owner or contractor.
pub(crate) fn parties(contract: &PrimeContract) -> impl Iterator<Item = VendorId> + '_ {
    [&contract.vendor, &contract.contractor].into_iter().filter_map(|party| party.as_ref()?.id.clone())
}
