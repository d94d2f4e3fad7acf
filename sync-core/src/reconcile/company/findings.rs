//! Findings in the words of a controller: each thing that is wrong once, with what it is called on both sides.

use std::collections::{HashMap, HashSet};

use super::books::{BookState, label_of};
use super::fields::differences;
use super::pair::{Pair, Road};
use super::wanted::Desk;
use super::{Companies, counts, groups, sides};
use crate::connector::{Condition, Fetched, TargetState};
use crate::mapping::Mapped;
use crate::model::construction::Document;
use crate::model::{AccountId, DocumentKey, DocumentKind, Money, MoneyError, TargetKind, TargetRef};
use crate::reconcile::explain::Explanation;
use crate::reconcile::records::ProcoreSide;
use crate::reconcile::tie_out::{FindingKind, Measure};

/// One difference between the two companies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyFinding {
    /// The tie-out that it belongs to, `T1` to `T12`.
    pub tie_out: &'static str,
    /// Its kind.
    pub kind: FindingKind,
    /// The Procore document's number.
    pub procore: Option<String>,
    /// The QuickBooks transaction's number or id.
    pub quickbooks: Option<String>,
    /// Left minus right.
    pub amount: Money,
    /// For people.
    pub text: String,
    /// The Procore document, where it is known.
    pub document: Option<DocumentKey>,
    /// The transaction, where it is known.
    pub target: Option<TargetRef>,
    /// How the two were found to belong together, where a score said so.
    pub matched: Option<String>,
    /// Every tie-out and measure that it shows in, with the difference there.
    pub shows_in: Vec<(&'static str, Option<Measure>, Money)>,
}

/// Everything that findings are made from.
pub(super) struct View<'a> {
    pub(super) companies: &'a Companies<'a>,
    pub(super) books: &'a BookState,
    pub(super) procore: &'a ProcoreSide,
    pub(super) pairs: &'a [Pair],
    pub(super) desk: &'a Desk<'a>,
}

impl View<'_> {
    pub(super) fn findings(
        &self,
        explained: Vec<Explanation>,
        retainage: &HashSet<AccountId>,
    ) -> Result<Vec<CompanyFinding>, MoneyError> {
        let states = sides::by_target(self.books);
        let mut named = HashSet::new();
        let mut findings: Vec<CompanyFinding> =
            explained.into_iter().map(|e| self.finding(e, &states, &mut named)).collect();
        let documents: HashMap<DocumentKey, &Document> = self
            .companies
            .documents
            .iter()
            .filter_map(|fetched| match fetched {
                Fetched::Found(document) if counts(document) => Some((document.key(), document.as_ref())),
                _ => None,
            })
            .collect();
        groups::name_sums(&mut findings, &documents, &states, self.desk);
        self.fields(&mut findings, &documents, &states, retainage)?;
        Ok(findings)
    }

    /// `named`: transactions of nobody that a finding names already, since numbers are not unique.
    fn finding(
        &self,
        explained: Explanation,
        states: &HashMap<&TargetRef, &TargetState>,
        named: &mut HashSet<TargetRef>,
    ) -> CompanyFinding {
        let Explanation { mut kind, procore, quickbooks, amount, shows_in, mut text } = explained;
        // Owner invoices show in T5 and T6, bills in T2 and T3: the document's own tie-out comes first.
        let tie_out = shows_in.iter().map(|(id, ..)| *id).min().unwrap_or("T2");
        let document = procore.as_deref().and_then(|label| self.document(tie_out, label));
        let target = quickbooks.as_deref().and_then(|name| self.target(tie_out, name, document.as_ref(), kind, named));
        if kind == FindingKind::NotFromThisSync {
            named.extend(target.clone());
        }
        let state = target.as_ref().and_then(|target| states.get(target));
        let of = procore.as_deref().unwrap_or_default();
        match kind {
            FindingKind::AmountDiffers if state.is_some_and(|state| state.condition == Condition::Voided) => {
                kind = FindingKind::Voided;
                let name = quickbooks.as_deref().unwrap_or_default();
                text = format!("{of} stands in Procore with {amount}; {name} was voided in QuickBooks");
            }
            FindingKind::MissingInQuickbooks => {
                let key = document.as_ref();
                if let Some(link) = self.companies.links.iter().find(|link| Some(&link.document) == key) {
                    kind = FindingKind::Deleted;
                    text = format!("{of} was posted as {} and deleted in QuickBooks ({amount})", link.target);
                } else if let Some(why) = key.and_then(|key| self.why_not(key)) {
                    text.push_str(&format!("; it cannot be posted: {why}"));
                }
            }
            FindingKind::MissingInProcore | FindingKind::NotFromThisSync if tie_out != "T3" && tie_out != "T6" => {
                kind = self.foreign(kind, state.copied(), &mut text);
            }
            _ => {}
        }
        let matched = self.pairs.iter().find(|pair| Some(&pair.target) == target.as_ref()).and_then(|p| road(&p.road));
        CompanyFinding { tie_out, kind, procore, quickbooks, amount, text, document, target, matched, shows_in }
    }

    /// What stands in the books and has nothing in Procore: deleted there, or never there, or nothing of ours.
    fn foreign(&self, kind: FindingKind, state: Option<&TargetState>, text: &mut String) -> FindingKind {
        let Some(state) = state else { return kind };
        let linked = self.companies.links.iter().find(|link| link.target == state.target).map(|link| &link.document);
        let document = linked.or(state.marker.as_ref().map(|marker| &marker.document));
        let Some(document) = document else {
            return self.foreign_kind();
        };
        let found = self.companies.documents.iter().find(|fetched| fetched.key() == *document);
        match found {
            Some(Fetched::Found(found)) if !is_deleted(found) => {
                text.push_str(&format!("; {} does not count in Procore now", found.label()));
                FindingKind::MissingInProcore
            }
            Some(Fetched::Unreadable(_)) => FindingKind::MissingInProcore,
            _ => {
                text.push_str("; the document was deleted in Procore");
                FindingKind::Deleted
            }
        }
    }

    /// The kind of what nothing in Procore stands for. Where the sync has posted nothing yet, nothing can be said of where a
    /// transaction came from.
    pub(super) fn foreign_kind(&self) -> FindingKind {
        if self.sync_has_posted() { FindingKind::NotFromThisSync } else { FindingKind::MissingInProcore }
    }

    fn sync_has_posted(&self) -> bool {
        let companies = self.companies;
        !companies.links.is_empty() || self.books.transactions.iter().any(|state| state.marker.is_some())
    }

    /// Why a document that is not in the books cannot be posted as things stand.
    fn why_not(&self, key: &DocumentKey) -> Option<String> {
        if let Some(letter) = self.companies.dead.iter().find(|letter| letter.document == *key) {
            return Some(format!("{} ({})", letter.cause, letter.text));
        }
        let document = self.companies.documents.iter().find_map(|fetched| match fetched {
            Fetched::Found(document) if document.key() == *key => Some(document),
            _ => None,
        })?;
        match self.desk.mapped(document) {
            Mapped::Dead { cause, text, .. } => Some(format!("{cause} ({text})")),
            _ => None,
        }
    }

    fn document(&self, tie_out: &str, label: &str) -> Option<DocumentKey> {
        let orders = |list: &[crate::reconcile::CommitmentRecord]| {
            list.iter().find(|record| record.label == label).map(|record| record.document.clone())
        };
        let apps = |list: &[crate::reconcile::PayAppRecord]| {
            list.iter().find(|record| record.label == label).map(|record| record.document.clone())
        };
        match tie_out {
            "T1" => orders(&self.procore.commitments),
            "T7" => orders(&self.procore.prime_contracts),
            "T5" | "T6" => apps(&self.procore.owner_invoices),
            "T4" => apps(&self.procore.pay_apps).or_else(|| orders(&self.procore.commitments)),
            _ => apps(&self.procore.pay_apps),
        }
    }

    /// The transaction of a name: numbers are not unique, so one of the document goes first.
    fn target(
        &self,
        tie_out: &str,
        name: &str,
        document: Option<&DocumentKey>,
        kind: FindingKind,
        taken: &HashSet<TargetRef>,
    ) -> Option<TargetRef> {
        let kinds: &[TargetKind] = match tie_out {
            "T1" => &[TargetKind::PurchaseOrder],
            "T7" => &[TargetKind::Estimate],
            "T5" | "T6" => &[TargetKind::Invoice, TargetKind::CreditMemo],
            _ => &[TargetKind::Bill, TargetKind::VendorCredit],
        };
        let states = self.books.transactions.iter().filter(|state| kinds.contains(&state.target.kind));
        let named: Vec<&TargetRef> =
            states.filter(|state| label_of(state) == name).map(|state| &state.target).collect();
        let named: Vec<&TargetRef> = named.into_iter().filter(|target| !taken.contains(*target)).collect();
        let pair_of = |target: &TargetRef| self.pairs.iter().find(|pair| pair.target == *target);
        let fits = |target: &&&TargetRef| match (document, pair_of(target)) {
            (Some(document), Some(pair)) => {
                pair.document == *document && pair.repeated == (kind == FindingKind::PostedTwice)
            }
            (None, None) => true,
            _ => false,
        };
        named.iter().find(fits).or_else(|| named.first()).map(|target| (*target).clone())
    }

    /// What differs besides amounts, of everything that has a pair.
    fn fields(
        &self,
        findings: &mut Vec<CompanyFinding>,
        documents: &HashMap<DocumentKey, &Document>,
        states: &HashMap<&TargetRef, &TargetState>,
        retainage: &HashSet<AccountId>,
    ) -> Result<(), MoneyError> {
        for pair in self.pairs.iter().filter(|pair| !pair.repeated) {
            let (Some(document), Some(state)) = (documents.get(&pair.document), states.get(&pair.target)) else {
                continue;
            };
            if state.condition == Condition::Voided {
                continue;
            }
            let Mapped::Post(wanted) = self.desk.mapped(document) else { continue };
            let ours = !matches!(pair.road, Road::Score(..));
            let same_total = wanted.total()?.zip(state.total).is_some_and(|(wanted, total)| wanted == total)
                && !findings
                    .iter()
                    .any(|f| f.target.as_ref() == Some(&pair.target) && f.kind == FindingKind::AmountDiffers);
            let differ = differences(&wanted, state, self.books, retainage, ours, same_total);
            if differ.is_empty() {
                continue;
            }
            let tie_out = match pair.document.kind {
                DocumentKind::Commitment => "T1",
                DocumentKind::PayApp => "T2",
                DocumentKind::OwnerInvoice => "T5",
                _ => "T7",
            };
            let (label, name) = (document.label(), label_of(state));
            let nothing = Money::zero(self.books.currency);
            findings.push(CompanyFinding {
                tie_out,
                kind: FindingKind::FieldDiffers,
                text: format!("{label} and {} {name}: {}", word(pair.target.kind), differ.join("; ")),
                procore: Some(label),
                quickbooks: Some(name),
                amount: nothing,
                document: Some(pair.document.clone()),
                target: Some(pair.target.clone()),
                matched: road(&pair.road),
                shows_in: Vec::new(),
            });
        }
        Ok(())
    }
}

fn is_deleted(document: &Document) -> bool {
    match document {
        Document::Commitment(c) => c.deleted,
        Document::PrimeContract(c) => c.deleted,
        _ => false,
    }
}

fn road(road: &Road) -> Option<String> {
    match road {
        Road::Score(points, reasons) => Some(format!("{points} points: {}", reasons.join(", "))),
        _ => None,
    }
}

/// What people call a kind of transaction.
pub(super) fn word(kind: TargetKind) -> String {
    kind.as_str().replace('_', " ")
}
