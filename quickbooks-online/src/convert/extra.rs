//! Fields that rules of the mapping may set beyond those of the documents themselves: location and custom fields.
//!
//! The three text fields of sales forms and purchase orders are numbered by `DefinitionId`
//! (<https://developer.intuit.com/app/developer/qbo/docs/workflows/create-custom-fields>); a location is a department.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sync_core::connector::TargetField;
use sync_core::mapping::List;
use sync_core::model::TargetKind;

use super::create::{Body, json};
use crate::error::Error;
use crate::raw::Object;
use crate::wire::{CustomField, Reference};

const DEPARTMENT: &str = "department";
/// Longest text of a custom field.
const MAX_CUSTOM: usize = 31;
const LOCATED: &[TargetKind] =
    &[TargetKind::Bill, TargetKind::VendorCredit, TargetKind::Estimate, TargetKind::Invoice, TargetKind::CreditMemo];
const CUSTOM: &[TargetKind] =
    &[TargetKind::PurchaseOrder, TargetKind::Estimate, TargetKind::Invoice, TargetKind::CreditMemo];

/// What rules may set.
pub const FIELDS: &[TargetField] = &[
    TargetField { name: DEPARTMENT, kinds: LOCATED, max: 20, list: Some(List::Department) },
    TargetField { name: "custom.1", kinds: CUSTOM, max: MAX_CUSTOM, list: None },
    TargetField { name: "custom.2", kinds: CUSTOM, max: MAX_CUSTOM, list: None },
    TargetField { name: "custom.3", kinds: CUSTOM, max: MAX_CUSTOM, list: None },
];

/// The fields of an object that was read, those that have a value.
pub(crate) fn read(department: Option<&Reference>, custom: Option<&[CustomField]>) -> BTreeMap<String, String> {
    let department = department.map(|department| (DEPARTMENT.to_owned(), department.value.clone()));
    let custom = custom.unwrap_or_default().iter().filter_map(|field| {
        let name = format!("custom.{}", field.definition_id.as_deref()?);
        let known = FIELDS.iter().any(|known| known.name == name);
        Some((name, field.string_value.clone().filter(|text| known && !text.is_empty())?))
    });
    department.into_iter().chain(custom).collect()
}

/// The body with the fields that a document sets; what else it has of them stays.
pub(super) fn with(body: Body, extra: Option<&BTreeMap<String, String>>) -> Result<Body, Error> {
    let Some(extra) = extra.filter(|extra| !extra.is_empty()) else { return Ok(body) };
    let raw = set(&body.json, extra).map_err(json)?;
    Ok(Body { entity: body.entity, json: raw })
}

fn set(raw: &RawValue, extra: &BTreeMap<String, String>) -> Result<Box<RawValue>, serde_json::Error> {
    let mut object = Object::read(raw)?;
    let mut fields: Vec<CustomField> = object.get_as("CustomField").unwrap_or_default();
    let before = fields.len();
    for (name, value) in extra {
        if name == DEPARTMENT {
            let id = value.strip_prefix("id:").unwrap_or(value).trim();
            object.set("DepartmentRef", &Reference::to(id))?;
        } else if let Some(definition) = name.strip_prefix("custom.") {
            fields.retain(|field| field.definition_id.as_deref() != Some(definition));
            fields.push(CustomField {
                definition_id: Some(definition.to_owned()),
                kind: Some("StringType".to_owned()),
                string_value: Some(value.clone()),
                ..CustomField::default()
            });
        }
    }
    if !fields.is_empty() && (before != fields.len() || extra.keys().any(|name| name != DEPARTMENT)) {
        object.set("CustomField", &fields)?;
    }
    object.to_raw()
}
