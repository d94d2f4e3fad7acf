//! The customer's own fields, as text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::model::construction::CustomFields;

use super::plain_text;
use crate::wire::RawJson;

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// The own fields of a record, by Procore's names (`custom_field_598134`): texts, numbers as they are written, `true` or
/// `false`, the labels of what was chosen. Those without value are left out, and so is what cannot be read.
pub fn custom_fields(raw: Option<&RawJson>) -> CustomFields {
    let Some(raw) = raw else { return CustomFields::new() };
    let fields: BTreeMap<String, Field<'_>> = serde_json::from_str(raw.as_str()).unwrap_or_default();
    let text = |(name, field): (String, Field<'_>)| Some((name, text(field.value?)?));
    fields.into_iter().filter_map(text).collect()
}

fn text(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Choice {
        label: Option<String>,
    }
    let raw = value.get();
    let text = match raw.as_bytes().first()? {
        b'"' => plain_text(&serde_json::from_str::<String>(raw).ok()?).into_owned(),
        b'{' => serde_json::from_str::<Choice>(raw).ok()?.label?,
        b'[' => {
            let list: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            list.into_iter().filter_map(self::text).collect::<Vec<_>>().join(", ")
        }
        b'n' => return None,
        _ => raw.to_owned(),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_fields_of_every_kind_are_texts() {
        let raw = r#"{"custom_field_1":{"data_type":"string","value":"North"},
            "custom_field_2":{"data_type":"decimal","value":12345678901234567890.10},
            "custom_field_3":{"data_type":"lov_entry","value":[{"id":7,"label":"Phase 2"}]},
            "custom_field_4":{"data_type":"boolean","value":false},
            "custom_field_5":{"data_type":"string","value":null},"custom_field_6":{"data_type":"string","value":""}}"#;
        #[derive(Deserialize)]
        struct Record {
            #[serde(default, deserialize_with = "crate::wire::lenient::raw")]
            custom_fields: Option<RawJson>,
        }
        let record: Record = serde_json::from_str(&format!("{{\"custom_fields\":{raw}}}")).unwrap();
        let fields = custom_fields(record.custom_fields.as_ref());
        let expected = [("1", "North"), ("2", "12345678901234567890.10"), ("3", "Phase 2"), ("4", "false")];
        let expected: CustomFields =
            expected.into_iter().map(|(n, v)| (format!("custom_field_{n}"), v.to_owned())).collect();
        assert_eq!(fields, expected);
        assert!(custom_fields(None).is_empty());
    }
}
