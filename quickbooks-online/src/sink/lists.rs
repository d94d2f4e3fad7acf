//! The company's lists, for those who map codes to them.

use serde_json::value::RawValue;
use sync_core::connector::{ListEntry, Lists};

use crate::convert::plain_name;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::{Held, Mirror};
use crate::wire::{Account, Class, Customer, Department, Item, Preferences, Term, Vendor, Wire};

const ACCOUNTS_PAYABLE: &str = "Accounts Payable";

pub(crate) fn of(mirror: &Mirror) -> Result<Lists, Error> {
    let accounts = entries(mirror, Entity::Account, |entity: &Account| Row {
        name: entity.fully_qualified_name.as_deref().or(entity.name.as_deref()),
        number: entity.acct_num.as_deref(),
        kind: entity.account_type.as_deref().unwrap_or_default().to_owned(),
        income_account: None,
        active: entity.active,
    })?;
    let items = entries(mirror, Entity::Item, |entity: &Item| Row {
        name: entity.fully_qualified_name.as_deref().or(entity.name.as_deref()),
        number: entity.sku.as_deref(),
        kind: {
            let mut kind = entity.kind.clone().unwrap_or_default();
            if !entity.is_for_purchase() {
                kind.push_str(" (not for purchase)");
            }
            if !entity.is_for_sale() {
                kind.push_str(" (not for sale)");
            }
            kind
        },
        income_account: entity.income_account_ref.as_ref().map(|account| account.value.as_str()),
        active: entity.active,
    })?;
    let classes = entries(mirror, Entity::Class, |entity: &Class| Row {
        name: entity.fully_qualified_name.as_deref().or(entity.name.as_deref()),
        number: None,
        kind: "Class".to_owned(),
        income_account: None,
        active: entity.active,
    })?;
    let terms = entries(mirror, Entity::Term, |entity: &Term| Row {
        name: entity.name.as_deref(),
        number: None,
        kind: entity.kind.clone().unwrap_or_default(),
        income_account: None,
        active: entity.active,
    })?;
    let customers = entries(mirror, Entity::Customer, |entity: &Customer| Row {
        name: entity.fully_qualified_name.as_deref().or(entity.display_name.as_deref()),
        number: None,
        kind: match (entity.is_project, entity.job) {
            (Some(true), _) => "Project",
            (_, Some(true)) => "Job",
            _ => "Customer",
        }
        .to_owned(),
        income_account: None,
        active: entity.active,
    })?;
    let vendors = entries(mirror, Entity::Vendor, |entity: &Vendor| Row {
        name: entity.display_name.as_deref(),
        number: None,
        kind: "Vendor".to_owned(),
        income_account: None,
        active: entity.active,
    })?;
    let departments = entries(mirror, Entity::Department, |entity: &Department| Row {
        name: entity.fully_qualified_name.as_deref().or(entity.name.as_deref()),
        number: None,
        kind: "Department".to_owned(),
        income_account: None,
        active: entity.active,
    })?;
    let preferences = match mirror.all(Entity::Preferences).next() {
        Some(held) => typed::<Preferences>(held)?,
        None => Preferences::default(),
    };
    let accounting = preferences.accounting.unwrap_or_default();
    let preferred = accounting.default_ap_account.map(|account| account.value);
    let default_payable = preferred.or_else(|| {
        // Where there is only one, it is the one that QuickBooks takes.
        let mut payable = accounts.iter().filter(|account| account.active && account.kind == ACCOUNTS_PAYABLE);
        payable.next().filter(|_| payable.next().is_none()).map(|account| account.id.clone())
    });
    Ok(Lists {
        accounts,
        items,
        classes,
        terms,
        customers,
        vendors,
        departments,
        closing_date: accounting.book_close_date,
        currency: Some(mirror.home_currency()),
        default_payable,
    })
}

struct Row<'a> {
    name: Option<&'a str>,
    number: Option<&'a str>,
    kind: String,
    income_account: Option<&'a str>,
    active: Option<bool>,
}

fn typed<T: Wire>(held: &Held) -> Result<T, Error> {
    let raw: &RawValue = &held.raw;
    serde_json::from_str(raw.get()).map_err(|error| Error::unreadable(&format!("{} {}", T::ENTITY, held.id), &error))
}

/// The entries of a list, in the order of their names.
fn entries<T: Wire>(mirror: &Mirror, entity: Entity, row: fn(&T) -> Row<'_>) -> Result<Vec<ListEntry>, Error> {
    let mut entries = Vec::new();
    for held in mirror.all(entity) {
        let typed: T = typed(held)?;
        let row = row(&typed);
        let active = row.active.unwrap_or(true);
        entries.push(ListEntry {
            id: held.id.clone(),
            name: plain_name(row.name.unwrap_or_default(), active).to_owned(),
            number: row.number.filter(|number| !number.is_empty()).map(ToOwned::to_owned),
            kind: row.kind,
            income_account: row.income_account.map(ToOwned::to_owned),
            active,
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(entries)
}
