//! What is linked already, for those who ask the mapping what it would do: reports, previews, explanations.

use std::collections::HashMap;

use super::{Mapping, TargetIndex};
use crate::connector::Capabilities;
use crate::journal::Link;
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, LineKey, TargetId, TargetKind, TargetLineId};

/// An index of links. Documents that are not posted yet stand for themselves, so that what refers to them can be shown
/// before they are.
#[derive(Debug, Default)]
pub struct KnownTargets {
    targets: HashMap<DocumentKey, TargetId>,
    lines: HashMap<DocumentKey, HashMap<LineKey, TargetLineId>>,
    numbers: HashMap<(TargetKind, String, String), DocumentKey>,
}

impl KnownTargets {
    /// From the links of a journal.
    pub fn new(links: &[Link]) -> Self {
        let mut known = Self::default();
        for link in links {
            let payee = link.base.wanted.get("payee");
            let key = number_key(link.target.kind, payee, link.base.wanted.get("number"));
            known.numbers.entry(key).or_insert_with(|| link.document.clone());
            known.targets.insert(link.document.clone(), link.target.id.clone());
            known.lines.insert(link.document.clone(), link.base.lines.iter().cloned().collect());
        }
        known
    }

    /// The same where documents that are not posted stand for themselves.
    #[must_use]
    pub fn assuming(mut self, documents: &[Document], mapping: &Mapping, capabilities: &Capabilities) -> Self {
        for document in documents {
            let key = document.key();
            if let Document::Project(project) = document
                && let Some(customer) = mapping.customer_name(project, capabilities)
            {
                let customer = DocumentKey::new(DocumentKind::Customer, customer);
                let itself = TargetId::from(customer.id.as_ref());
                self.targets.entry(customer).or_insert(itself);
            }
            let itself = TargetId::from(document.label());
            self.targets.entry(key).or_insert(itself);
        }
        self
    }
}

fn number_key(kind: TargetKind, payee: &str, number: &str) -> (TargetKind, String, String) {
    let payee = if matches!(kind, TargetKind::Bill | TargetKind::VendorCredit) { payee } else { "" };
    (kind, payee.to_owned(), number.to_lowercase())
}

impl TargetIndex for KnownTargets {
    fn target(&self, document: &DocumentKey) -> Option<&TargetId> {
        self.targets.get(document)
    }

    fn line(&self, document: &DocumentKey, line: &LineKey) -> Option<&TargetLineId> {
        self.lines.get(document)?.get(line)
    }

    fn number_taken(&self, kind: TargetKind, payee: &str, number: &str, by_other_than: &DocumentKey) -> bool {
        let holder = self.numbers.get(&number_key(kind, payee, number));
        !number.is_empty() && holder.is_some_and(|holder| holder != by_other_than)
    }
}
