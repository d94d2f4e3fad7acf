//! What a direct cost is called: in keys, and in the origin ids of the source.

use crate::model::{DocumentKey, DocumentKind, ProjectId, TargetKind, TargetRef};

/// A transaction that spent, or the part of it that a project bears.
///
/// As a key `direct_cost/22.purchase:145`, and `direct_cost/purchase:145` for the transaction as a whole; as an origin id
/// of the source `qbo:9341:purchase:145:22`, where `qbo:9341` names the company. It is unique in the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CostKey {
    /// The purchase or bill.
    pub spent: TargetRef,
    /// The project; none for the transaction as a whole.
    pub project: Option<ProjectId>,
}

const WORDS: [(TargetKind, &str); 2] = [(TargetKind::Purchase, "purchase"), (TargetKind::Bill, "bill")];

impl CostKey {
    /// A transaction as a whole: something about it may have changed.
    pub fn whole(spent: &TargetRef) -> Self {
        Self { spent: spent.clone(), project: None }
    }

    /// The part that a project bears.
    pub fn part(spent: &TargetRef, project: &ProjectId) -> Self {
        Self { spent: spent.clone(), project: Some(project.clone()) }
    }

    /// The key of the document in the journal.
    pub fn document(&self) -> DocumentKey {
        match &self.project {
            Some(project) => DocumentKey::within(DocumentKind::DirectCost, project, self.text()),
            None => DocumentKey::new(DocumentKind::DirectCost, self.text()),
        }
    }

    /// Reads a key; none for one that [`document`](Self::document) did not make.
    pub fn parse(document: &DocumentKey) -> Option<Self> {
        if document.kind != DocumentKind::DirectCost {
            return None;
        }
        let (project, text) = match document.project_and_id() {
            Some((project, text)) => (Some(project), text),
            None => (None, &*document.id),
        };
        let (word, id) = text.split_once(':')?;
        let (kind, _) = WORDS.iter().find(|(_, known)| *known == word)?;
        (!id.is_empty()).then(|| Self { spent: TargetRef { kind: *kind, id: id.into() }, project })
    }

    /// The origin id of a part in the source.
    pub fn origin(&self, company: &str) -> String {
        let project = self.project.as_ref().map_or("", |project| project.as_str());
        format!("{company}:{}:{project}", self.text())
    }

    fn text(&self) -> String {
        let word = WORDS.iter().find(|(kind, _)| *kind == self.spent.kind).map_or("", |(_, word)| word);
        format!("{word}:{}", self.spent.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_made() {
        for (kind, word) in WORDS {
            let spent = TargetRef { kind, id: "145".into() };
            for key in [CostKey::whole(&spent), CostKey::part(&spent, &"22".into())] {
                assert_eq!(CostKey::parse(&key.document()), Some(key));
            }
            assert_eq!(CostKey::part(&spent, &"22".into()).origin("qbo:9341"), format!("qbo:9341:{word}:145:22"));
        }
        for other in ["", "145", "22.", "22.deposit:7", "purchase:"] {
            assert_eq!(CostKey::parse(&DocumentKey::new(DocumentKind::DirectCost, other)), None, "{other}");
        }
    }
}
