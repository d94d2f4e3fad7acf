//! Custom fields: public ones, that users see (owner `0`), and private ones of one program.

use super::deletion::TxnType;
use super::{Form, ObjectError};
use crate::qbxml::common::Element;
use crate::qbxml::value::{Guid, check_length};

/// What a custom field stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomFieldOf {
    /// A list object: its type (`Customer`, `Vendor`, `Item`, `Account`, `Employee`, `OtherName`) and `ListID`.
    List(&'static str, String),
    /// A transaction.
    Txn(TxnType, String),
    /// A line of a transaction. Private fields there can be written and are never answered.
    Line(TxnType, String, String),
    /// The company.
    Company,
}

/// The value of a custom field. The field must be defined; setting one that has a value is a change, not an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Who owns the definition.
    pub owner: Guid<'static>,
    /// The name of the field, at most 31 characters.
    pub name: String,
    /// What it stands on.
    pub of: CustomFieldOf,
    /// The value; none to remove it.
    pub value: Option<String>,
}

impl CustomField {
    pub(super) fn request(&self, form: Form) -> Result<Element<'static>, ObjectError> {
        let bad =
            |element: &str, problem: String| ObjectError { object: "DataExt", element: element.to_owned(), problem };
        check_length(&self.name, 31).map_err(|problem| bad("DataExtName", problem.to_string()))?;
        let mut children = vec![
            Element::leaf("OwnerID", self.owner.as_str().to_owned()),
            Element::leaf("DataExtName", self.name.clone()),
        ];
        match &self.of {
            CustomFieldOf::List(kind, id) => {
                children.push(Element::leaf("ListDataExtType", *kind));
                children.push(Element::parent("ListObjRef", vec![Element::leaf("ListID", id.clone())]));
            }
            CustomFieldOf::Txn(kind, id) | CustomFieldOf::Line(kind, id, _) => {
                children.push(Element::leaf("TxnDataExtType", kind.as_str()));
                children.push(Element::leaf("TxnID", id.clone()));
                if let CustomFieldOf::Line(.., line) = &self.of {
                    children.push(Element::leaf("TxnLineID", line.clone()));
                }
            }
            CustomFieldOf::Company => children.push(Element::leaf("OtherDataExtType", "Company")),
        }
        let verb = match (form, &self.value) {
            (_, None) => "DataExtDel",
            (Form::Add, Some(_)) => "DataExtAdd",
            _ => "DataExtMod",
        };
        children.extend(self.value.clone().map(|value| Element::leaf("DataExtValue", value)));
        Ok(Element::parent(format!("{verb}Rq"), vec![Element::parent(verb, children)]))
    }
}
