//! Who is who: vendors and jobs of Procore, as they stand in the books.

use std::collections::{HashMap, HashSet};

use super::books::BookState;
use crate::connector::{Capabilities, Fetched, TargetState};
use crate::journal::Link;
use crate::mapping::{Mapped, Mapping, Names, Situation, TargetIndex};
use crate::model::accounting::AccountingDocument;
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, LineKey, ProjectId, TargetId, TargetKind, TargetLineId, VendorId};

/// What stands for what in the books, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    targets: HashMap<DocumentKey, TargetId>,
}

impl Known {
    pub(super) fn put(&mut self, document: DocumentKey, target: TargetId) {
        self.targets.entry(document).or_insert(target);
    }

    pub(super) fn get(&self, document: &DocumentKey) -> Option<&TargetId> {
        self.targets.get(document)
    }
}

impl TargetIndex for Known {
    fn target(&self, document: &DocumentKey) -> Option<&TargetId> {
        self.targets.get(document)
    }

    fn line(&self, _document: &DocumentKey, _line: &LineKey) -> Option<&TargetLineId> {
        None
    }

    fn number_taken(&self, _: TargetKind, _: &str, _: &str, _: &DocumentKey) -> bool {
        false
    }
}

fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Vendors and jobs by name.
pub(super) struct Parties {
    vendors: HashMap<String, Vec<String>>,
    customers: HashMap<String, Vec<String>>,
    pub(super) jobs: HashSet<String>,
}

impl Parties {
    pub(super) fn of(books: &BookState) -> Self {
        let mut parties = Self { vendors: HashMap::new(), customers: HashMap::new(), jobs: HashSet::new() };
        for state in &books.parties {
            let by_name = match state.target.kind {
                TargetKind::Vendor => &mut parties.vendors,
                _ => &mut parties.customers,
            };
            let name = fold(state.document.number().unwrap_or_default());
            by_name.entry(name).or_default().push(state.target.id.to_string());
        }
        parties
    }

    fn vendor(&self, name: &str) -> Option<&[String]> {
        self.vendors.get(&fold(name)).map(Vec::as_slice)
    }

    fn only_customer(&self, name: &str) -> Option<&String> {
        match self.customers.get(&fold(name)).map(Vec::as_slice) {
            Some([only]) => Some(only),
            _ => None,
        }
    }
}

/// Fills in what the journal, markers and names say of customers, vendors and jobs.
pub(super) fn recognise(
    documents: &[Fetched],
    books: &BookState,
    links: &[Link],
    mapping: &Mapping,
    names: &Names<'_>,
    capabilities: &Capabilities,
) -> (Known, Parties) {
    let mut parties = Parties::of(books);
    let mut known = Known::default();
    for link in links {
        known.put(link.document.clone(), link.target.id.clone());
    }
    for state in &books.parties {
        if let Some(marker) = &state.marker {
            known.put(marker.document.clone(), state.target.id.clone());
        }
    }
    for (name, ids) in &parties.customers {
        if let [only] = ids.as_slice() {
            let spelt = spelling(&books.parties, only).unwrap_or(name);
            known.put(DocumentKey::new(DocumentKind::Customer, spelt), TargetId::from(only.as_str()));
        }
    }
    let found = |document: &Document| -> Option<Vec<String>> {
        let index = &known;
        let situation = Situation { mapping, names, capabilities, index, awaited: true };
        match (document, situation.apply(document)) {
            (Document::Vendor(vendor), mapped) => {
                let mapped = match &mapped {
                    Mapped::Post(wanted) => wanted.number().and_then(|name| parties.vendor(name)),
                    _ => None,
                };
                mapped.or_else(|| parties.vendor(&vendor.name)).map(<[String]>::to_vec)
            }
            (Document::Project(project), mapped) => {
                if let Mapped::Post(wanted) = &mapped
                    && let AccountingDocument::Customer(wanted) = wanted.as_ref()
                    && let Some(job) = job_named(books, &wanted.name, wanted.parent.as_ref().map(AsRef::as_ref))
                {
                    return Some(vec![job]);
                }
                let number = project.number.as_deref().unwrap_or_default();
                let dashed = format!("{number} - {}", project.name);
                let mut spellings = vec![project.label(), dashed, project.name.clone()];
                spellings.extend(project.number.clone());
                let named = spellings.iter().find_map(|name| parties.only_customer(name)).cloned();
                named.or_else(|| numbered(&parties, number)).map(|job| vec![job])
            }
            _ => None,
        }
    };
    let mut more = Vec::new();
    for fetched in documents {
        let Fetched::Found(document) = fetched else { continue };
        if known.get(&document.key()).is_none()
            && let Some([only]) = found(document).as_deref()
        {
            more.push((document.key(), TargetId::from(only.as_str())));
        }
    }
    for (document, target) in more {
        known.put(document, target);
    }
    let jobs = documents.iter().filter_map(|fetched| known.get(&fetched.key()).filter(|_| is_project(fetched)));
    parties.jobs = jobs.map(ToString::to_string).collect();
    (known, parties)
}

fn is_project(fetched: &Fetched) -> bool {
    fetched.key().kind == DocumentKind::Project
}

fn spelling<'a>(parties: &'a [TargetState], id: &str) -> Option<&'a str> {
    let found = parties.iter().find(|p| p.target.kind == TargetKind::Customer && p.target.id.as_str() == id)?;
    found.document.number()
}

/// The only customer of a name, under its parent where one is wanted.
fn job_named(books: &BookState, name: &str, parent: Option<&str>) -> Option<String> {
    let mut jobs = books.parties.iter().filter(|state| match &state.document {
        AccountingDocument::Customer(customer) => {
            fold(&customer.name) == fold(name)
                && (parent.is_none() || customer.parent.as_ref().map(AsRef::as_ref) == parent)
        }
        _ => false,
    });
    let first = jobs.next()?;
    jobs.next().is_none().then(|| first.target.id.to_string())
}

/// The only customer whose name begins with the number of the project.
fn numbered(parties: &Parties, number: &str) -> Option<String> {
    let number = fold(number);
    if number.is_empty() {
        return None;
    }
    let begins =
        |name: &str| name.strip_prefix(&number).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric()));
    let mut found = parties.customers.iter().filter(|(name, _)| begins(name)).flat_map(|(_, ids)| ids);
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}

/// The vendor of a document, by its id in the books; several where a name is not unique.
pub(super) fn vendor_ids(known: &Known, parties: &Parties, id: Option<&VendorId>, name: Option<&str>) -> Vec<String> {
    let linked = id.and_then(|id| known.get(&DocumentKey::new(DocumentKind::Vendor, id)));
    match (linked, name.and_then(|name| parties.vendor(name))) {
        (Some(id), _) => vec![id.to_string()],
        (None, Some(ids)) => ids.to_vec(),
        (None, None) => Vec::new(),
    }
}

/// The job of a project, by its id in the books.
pub(super) fn job_id(known: &Known, project: &ProjectId) -> Option<String> {
    known.get(&DocumentKey::new(DocumentKind::Project, project)).map(ToString::to_string)
}
