//! Budget codes of a project, with the segments that they are made of:
//! `GET /rest/v1.0/projects/{project_id}/work_breakdown_structure/wbs_codes`.

use serde::Deserialize;

use super::lenient;

/// A budget code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WbsCode {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// The segments joined by the delimiter of the project's pattern, e.g. `05-300.S`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub flat_code: Option<String>,
    /// The parts.
    #[serde(default, deserialize_with = "lenient::list")]
    pub segment_items: Option<Vec<SegmentItem>>,
}

impl WbsCode {
    /// The segment of a type: `cost_code`, `line_item_type`, `sub_job`, `custom`.
    pub fn segment(&self, kind: &str) -> Option<&SegmentItem> {
        let items = self.segment_items.as_deref()?;
        items.iter().find(|item| item.kind().is_some_and(|word| word.eq_ignore_ascii_case(kind)))
    }
}

/// One part of a budget code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SegmentItem {
    /// Its code, with the codes above it, e.g. `05-300`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub path_code: Option<String>,
    /// Its code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub code: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The type of the segment, where it is told flat.
    #[serde(default, deserialize_with = "lenient::text")]
    pub segment_type: Option<String>,
    /// The segment.
    #[serde(default, deserialize_with = "lenient::object")]
    pub segment: Option<Segment>,
}

impl SegmentItem {
    fn kind(&self) -> Option<&str> {
        self.segment.as_ref().and_then(|segment| segment.kind.as_deref()).or(self.segment_type.as_deref())
    }

    /// The whole code of the part.
    pub fn whole_code(&self) -> Option<&str> {
        self.path_code.as_deref().or(self.code.as_deref())
    }
}

/// A segment of a budget code pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Segment {
    /// `cost_code`, `line_item_type`, `sub_job` or `custom`.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// A budget code as lines name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WbsCodeRef {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<String>,
    /// The segments joined.
    #[serde(default, deserialize_with = "lenient::text")]
    pub flat_code: Option<String>,
    /// Names of the segments, joined.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
}
