//! Lists of Procore that documents refer to, in its own shapes.

use sync_sandboxes::json::{Json, object};

use super::book::{MADE, number};

pub(crate) fn cost_code(project: u64, code: u64) -> u64 {
    project * 100 + code
}

pub(crate) fn wbs_code(code: u64, flat: &str, name: &str) -> Json {
    let segment = |id: u64, code: &str, name: &str, kind: &str, title: &str| {
        object([
            ("id", number(id)),
            ("code", code.into()),
            ("name", name.into()),
            ("path_code", code.into()),
            ("status", "active".into()),
            ("segment", object([("id", number(id + 100_000)), ("name", title.into()), ("type", kind.into())])),
        ])
    };
    object([
        ("id", number(700 + code)),
        ("flat_code", format!("{flat}.S").into()),
        ("flat_name", format!("{name}.Commitment").into()),
        ("description", format!("{name}.Commitment").into()),
        ("status", "active".into()),
        (
            "segment_items",
            Json::Array(vec![
                segment(800 + code, flat, name, "cost_code", "Cost Code"),
                segment(899, "S", "Commitment", "line_item_type", "Cost Type"),
            ]),
        ),
        ("created_at", MADE.into()),
        ("updated_at", MADE.into()),
    ])
}

pub(crate) fn project_record(project: u64) -> Json {
    object([
        ("id", number(project)),
        ("name", format!("Project {project}").into()),
        ("display_name", format!("2026-0{project} - Project {project}").into()),
        ("project_number", format!("2026-0{project}").into()),
        ("active", true.into()),
        ("address", "18 Mill Road".into()),
        ("city", "Duluth".into()),
        ("state_code", "MN".into()),
        ("country_code", "US".into()),
        ("zip", "55802".into()),
        ("created_at", MADE.into()),
        ("updated_at", MADE.into()),
    ])
}

pub(crate) fn cost_code_record(project: u64, code: u64, flat: &str, name: &str) -> Json {
    object([
        ("id", number(cost_code(project, code))),
        ("code", flat.into()),
        ("full_code", flat.into()),
        ("sortable_code", flat.into()),
        ("name", name.into()),
        ("parent", Json::Null),
        ("position", number(code)),
        ("biller_id", number(project)),
        ("biller_type", "Project".into()),
        ("created_at", MADE.into()),
        ("updated_at", MADE.into()),
        ("deleted_at", Json::Null),
    ])
}
