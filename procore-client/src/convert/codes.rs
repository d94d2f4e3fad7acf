//! Budget code, cost code and cost type of a line, from what lines and lists tell.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::model::CostCodeId;
use sync_core::model::construction::Codes;

use crate::wire::commitments::LineItem;
use crate::wire::cost_codes::{CostCode, CostCodeRef};
use crate::wire::line_item_types::LineItemType;
use crate::wire::wbs_codes::{WbsCode, WbsCodeRef};

/// Cost codes and cost types of a project.
#[derive(Clone, Debug, Default)]
pub struct CodeLists {
    full_codes: HashMap<CostCodeId, String>,
    types: Vec<LineItemType>,
}

impl CodeLists {
    /// The lists of a project.
    pub fn new(cost_codes: Vec<CostCode>, types: Vec<LineItemType>) -> Self {
        let full_codes =
            cost_codes.into_iter().filter_map(|code| Some((code.id, code.full_code.or(code.code)?))).collect();
        Self { full_codes, types }
    }

    /// Splits a budget code where both parts are known: a cost code of this project and a cost type of the company.
    fn split(&self, flat: &str) -> Option<(&str, &LineItemType)> {
        self.types.iter().find_map(|kind| {
            let code = kind.code.as_deref()?;
            let cost_code = flat.strip_suffix(code)?.strip_suffix(|c: char| !c.is_alphanumeric())?;
            let known = self.full_codes.values().find(|full| *full == cost_code)?;
            Some((known.as_str(), kind))
        })
    }
}

/// The budget codes of a project, by id and by text, with what their segments say.
#[derive(Clone, Debug, Default)]
pub struct Segments {
    by_id: HashMap<String, Arc<Codes>>,
    by_text: HashMap<String, Arc<Codes>>,
}

impl Segments {
    /// The budget codes of a project.
    pub fn new(codes: &[WbsCode]) -> Self {
        let mut segments = Self::default();
        for code in codes {
            let codes = Arc::new(codes_of(code));
            if let Some(text) = &code.flat_code {
                segments.by_text.insert(text.clone(), Arc::clone(&codes));
            }
            segments.by_id.insert(code.id.clone(), codes);
        }
        segments
    }

    fn of(&self, wbs: &WbsCodeRef) -> Option<&Codes> {
        let by_id = wbs.id.as_ref().and_then(|id| self.by_id.get(id));
        by_id.or_else(|| self.by_text.get(wbs.flat_code.as_ref()?)).map(|codes| &**codes)
    }
}

/// What the segments of a budget code say.
pub(crate) fn codes_of(code: &WbsCode) -> Codes {
    let cost_type = code.segment("line_item_type");
    Codes {
        budget_code: code.flat_code.clone(),
        cost_code: code.segment("cost_code").and_then(|s| s.whole_code()).map(str::to_owned),
        cost_type: cost_type.and_then(|s| s.code.clone()),
        cost_type_name: cost_type.and_then(|s| s.name.clone()),
    }
}

/// What the codes of a line are looked up in.
#[derive(Clone, Debug, Default)]
pub struct CodeBook {
    /// Cost codes and cost types.
    pub lists: Arc<CodeLists>,
    /// Budget codes, once a line needed them.
    pub segments: Option<Arc<Segments>>,
}

impl CodeBook {
    /// The codes of a line of a contract or package.
    pub fn line(&self, line: &LineItem) -> Codes {
        let id = line.cost_code.as_ref().and_then(|code| code.id.as_ref());
        self.codes(line.wbs_code.as_ref(), id, line.cost_code.as_ref(), line.line_item_type.as_ref())
    }

    /// The codes of a row that names its budget code, and perhaps its cost code by id.
    pub fn row(&self, wbs: Option<&WbsCodeRef>, cost_code: Option<&CostCodeId>) -> Codes {
        self.codes(wbs, cost_code, None, None)
    }

    /// The codes of a row that names its budget code and its cost code.
    pub fn named(&self, wbs: Option<&WbsCodeRef>, cost_code: Option<&CostCodeRef>) -> Codes {
        self.codes(wbs, cost_code.and_then(|code| code.id.as_ref()), cost_code, None)
    }

    fn codes(
        &self,
        wbs: Option<&WbsCodeRef>,
        id: Option<&CostCodeId>,
        inside: Option<&CostCodeRef>,
        kind: Option<&LineItemType>,
    ) -> Codes {
        let flat = wbs.and_then(|wbs| wbs.flat_code.as_deref());
        let segments = self.segments.as_ref().zip(wbs).and_then(|(segments, wbs)| segments.of(wbs));
        // Only looked for where nothing better is known.
        let split = || flat.and_then(|flat| self.lists.split(flat));
        let cost_code = id
            .and_then(|id| self.lists.full_codes.get(id).map(String::as_str))
            .or_else(|| inside.and_then(|code| code.full_code.as_deref().or(code.code.as_deref())))
            .or_else(|| segments.and_then(|codes| codes.cost_code.as_deref()))
            .or_else(|| split().map(|(cost_code, _)| cost_code));
        let kind = kind.filter(|kind| kind.code.is_some()).or_else(|| {
            if segments.is_some_and(|codes| codes.cost_type.is_some()) { None } else { split().map(|(_, kind)| kind) }
        });
        let (cost_type, cost_type_name) = match (kind, segments) {
            (Some(kind), _) => (kind.code.clone(), kind.name.clone()),
            (None, Some(codes)) => (codes.cost_type.clone(), codes.cost_type_name.clone()),
            (None, None) => (None, None),
        };
        Codes {
            budget_code: flat.map(str::to_owned).or_else(|| segments.and_then(|codes| codes.budget_code.clone())),
            cost_code: cost_code.map(str::to_owned),
            cost_type,
            cost_type_name,
        }
    }
}

/// Would the budget codes of the project tell more about a line?
pub(crate) fn is_incomplete(codes: &Codes) -> bool {
    codes.cost_code.is_none() || codes.cost_type.is_none()
}
