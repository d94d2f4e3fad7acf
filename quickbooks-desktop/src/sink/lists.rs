//! The lists that documents may refer to.

use sync_core::connector::{ListEntry, Lists};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Currency, TargetKind};

use super::mirror::Mirror;

pub(super) fn of(mirror: &Mirror, currency: Currency) -> Lists {
    let accounts = mirror.accounts.iter().map(|(id, account)| ListEntry {
        id: id.clone(),
        name: account.full_name.clone().or(account.name.clone()).unwrap_or_default(),
        number: account.account_number.clone().filter(|number| !number.is_empty()),
        kind: words(account.account_type.as_deref().unwrap_or_default()),
        income_account: None,
        active: account.is_active != Some(false),
    });
    let items = mirror.items.iter().map(|(id, item)| ListEntry {
        id: id.clone(),
        name: item.full_name.clone().or(item.name.clone()).unwrap_or_default(),
        number: None,
        kind: "Item".to_owned(),
        income_account: mirror.sales_account(id).map(str::to_owned),
        active: item.is_active != Some(false),
    });
    let classes = mirror.classes.iter().map(|(id, class)| ListEntry {
        id: id.clone(),
        name: class.full_name.clone().or(class.name.clone()).unwrap_or_default(),
        number: None,
        kind: "Class".to_owned(),
        income_account: None,
        active: class.is_active != Some(false),
    });
    let terms = mirror.terms.iter().map(|(id, terms)| ListEntry {
        id: id.clone(),
        name: terms.name.clone().unwrap_or_default(),
        number: None,
        kind: "Terms".to_owned(),
        income_account: None,
        active: terms.is_active != Some(false),
    });
    let customers = mirror.of_kind(TargetKind::Customer).filter_map(|held| {
        let AccountingDocument::Customer(customer) = &held.state.document else { return None };
        Some(ListEntry {
            id: held.state.target.id.to_string(),
            name: full_name(mirror, customer),
            number: None,
            kind: if customer.parent.is_some() { "Job" } else { "Customer" }.to_owned(),
            income_account: None,
            active: customer.active,
        })
    });
    let vendors = mirror.of_kind(TargetKind::Vendor).filter_map(|held| {
        let AccountingDocument::Vendor(vendor) = &held.state.document else { return None };
        Some(ListEntry {
            id: held.state.target.id.to_string(),
            name: vendor.name.clone(),
            number: None,
            kind: "Vendor".to_owned(),
            income_account: None,
            active: vendor.active,
        })
    });
    let sorted = |mut entries: Vec<ListEntry>| {
        entries.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        entries
    };
    Lists {
        accounts: sorted(accounts.collect()),
        items: sorted(items.collect()),
        classes: sorted(classes.collect()),
        terms: sorted(terms.collect()),
        customers: sorted(customers.collect()),
        vendors: sorted(vendors.collect()),
        // QuickBooks Desktop has none.
        departments: Vec::new(),
        closing_date: mirror.closing_date,
        currency: Some(currency),
        default_payable: mirror.only_payable().map(str::to_owned),
    }
}

fn full_name(mirror: &Mirror, customer: &sync_core::model::accounting::Customer) -> String {
    let parent = customer.parent.as_ref().and_then(|parent| {
        let held =
            mirror.of_kind(TargetKind::Customer).find(|held| held.state.target.id.as_str() == parent.as_str())?;
        match &held.state.document {
            AccountingDocument::Customer(parent) => Some(full_name(mirror, parent)),
            _ => None,
        }
    });
    parent.map_or_else(|| customer.name.clone(), |parent| format!("{parent}:{}", customer.name))
}

/// `OtherCurrentLiability` as `Other Current Liability`.
pub(super) fn words(kind: &str) -> String {
    let mut words = String::with_capacity(kind.len() + 4);
    for character in kind.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character);
    }
    words.replace(" Of ", " of ")
}
