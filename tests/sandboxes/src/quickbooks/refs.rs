//! References from one entity to another: they must lead to something active, and they carry its name.

use super::entities::Type;
use super::fault::Fault;
use super::shape::{Kind, Shape};
use super::store::Company;
use crate::json::{Json, Object};

/// The id in a reference member: `{"VendorRef":{"value":"77"}}` → `77`.
pub(super) fn id_in<'a>(json: &'a Json, member: &str) -> Option<&'a str> {
    json.get(member)?.get("value")?.as_id()
}

/// The name that the vendor writes beside a reference.
pub(super) fn label(kind: Type, target: &Json) -> Option<&str> {
    let key = match kind {
        Type::Item | Type::Term => "Name",
        _ => "FullyQualifiedName",
    };
    target.get(key).or_else(|| target.get(kind.name_key())).and_then(Json::as_str)
}

/// Checks every reference in an object of this shape and writes the names.
pub(super) fn resolve(company: &Company, shape: &'static Shape, members: &mut Object) -> Result<(), Fault> {
    for (name, value) in members.iter_mut() {
        let Some(field) = shape.field(name) else { continue };
        match &field.kind {
            Kind::Ref(kind) => point(company, name, *kind, value)?,
            Kind::Party => party(company, name, value)?,
            Kind::One(inner) => {
                if let Some(inner_members) = value.as_object_mut() {
                    resolve(company, inner, inner_members)?;
                }
            }
            Kind::Many(inner) => {
                if let Json::Array(items) = value {
                    for item in items {
                        if let Some(item_members) = item.as_object_mut() {
                            resolve(company, inner, item_members)?;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    // The entity of a journal line keeps the type beside the reference, not in it.
    let kind = members.get("Type").and_then(Json::as_str).and_then(party_type);
    if let (Some(kind), Some(reference)) = (kind, members.get_mut("EntityRef")) {
        point(company, "EntityRef", kind, reference)?;
    }
    Ok(())
}

fn party_type(name: &str) -> Option<Type> {
    if name.eq_ignore_ascii_case("Job") {
        return Some(Type::Customer);
    }
    [Type::Customer, Type::Vendor, Type::Employee].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
}

fn party(company: &Company, field: &str, reference: &mut Json) -> Result<(), Fault> {
    let id = reference.get("value").and_then(Json::as_id).unwrap_or_default().to_owned();
    let kind = match reference.get("type").and_then(Json::as_str) {
        Some(name) => {
            party_type(name).ok_or_else(|| Fault::property("type", &format!("'{name}' is no kind of name")))?
        }
        None => [Type::Vendor, Type::Customer, Type::Employee]
            .into_iter()
            .find(|kind| company.seen(*kind, &id).is_some())
            .ok_or_else(|| Fault::reference(field, &id))?,
    };
    reference.set("type", kind.name());
    point(company, field, kind, reference)
}

fn point(company: &Company, field: &str, kind: Type, reference: &mut Json) -> Result<(), Fault> {
    let id = reference.get("value").and_then(Json::as_id).unwrap_or_default();
    let target = company.seen(kind, id).ok_or_else(|| Fault::reference(field, id))?;
    if target.get("Active").and_then(Json::as_bool) == Some(false) {
        return Err(Fault::inactive(field));
    }
    if let Some(label) = label(kind, target) {
        reference.set("name", label);
    }
    Ok(())
}

/// Writes the new name of a renamed entity wherever it is referred to.
pub(super) fn rename(company: &mut Company, kind: Type, id: &str, name: &str) {
    change(company, kind, id, &|reference| reference.set("name", name));
}

/// Lets whatever refers to one entity refer to another.
pub(super) fn redirect(company: &mut Company, kind: Type, from: &str, into: &str, name: &str) {
    change(company, kind, from, &|reference| {
        reference.set("value", into);
        reference.set("name", name);
    });
}

fn change(company: &mut Company, kind: Type, id: &str, to: &dyn Fn(&mut Json)) {
    for holder in Type::ALL {
        let shape = holder.entity().shape;
        for json in company.edit_all(holder) {
            if let Some(members) = json.as_object_mut() {
                change_in(shape, members, kind, id, to);
            }
        }
    }
}

fn change_in(shape: &'static Shape, members: &mut Object, kind: Type, id: &str, to: &dyn Fn(&mut Json)) {
    for (key, value) in members.iter_mut() {
        let Some(field) = shape.field(key) else { continue };
        match &field.kind {
            Kind::Ref(target) if *target == kind && value.get("value").and_then(Json::as_id) == Some(id) => to(value),
            Kind::One(inner) => {
                if let Some(inner_members) = value.as_object_mut() {
                    change_in(inner, inner_members, kind, id, to);
                }
            }
            Kind::Many(inner) => {
                if let Json::Array(items) = value {
                    for item in items.iter_mut().filter_map(Json::as_object_mut) {
                        change_in(inner, item, kind, id, to);
                    }
                }
            }
            _ => {}
        }
    }
}
