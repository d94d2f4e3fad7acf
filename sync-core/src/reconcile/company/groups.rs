//! One transaction over several documents, and several over one: nobody's guess is applied, but the findings say so.

use std::collections::HashMap;

use super::findings::CompanyFinding;
use super::wanted::Desk;
use crate::connector::TargetState;
use crate::matching::{Record, Rules, match_groups};
use crate::model::construction::Document;
use crate::model::{DocumentKey, Money, TargetRef};
use crate::reconcile::tie_out::FindingKind;

/// Where documents that are missing come to a transaction that nothing stands behind, or the other way round, the findings
/// name one another.
pub(super) fn name_sums(
    findings: &mut [CompanyFinding],
    documents: &HashMap<DocumentKey, &Document>,
    states: &HashMap<&TargetRef, &TargetState>,
    desk: &Desk<'_>,
) {
    let of_kind = |wanted: &[FindingKind], findings: &[CompanyFinding]| -> Vec<usize> {
        let fits = |f: &CompanyFinding| f.tie_out == "T2" && wanted.contains(&f.kind);
        findings.iter().enumerate().filter(|(_, f)| fits(f)).map(|(place, _)| place).collect()
    };
    let left = of_kind(&[FindingKind::MissingInQuickbooks], findings);
    let right = of_kind(&[FindingKind::MissingInProcore, FindingKind::NotFromThisSync], findings);
    let known: Vec<(String, String, Option<Money>, Option<crate::model::Date>)> = left
        .iter()
        .filter_map(|place| {
            let document = documents.get(findings.get(*place)?.document.as_ref()?)?;
            let wanted = desk.candidate(document).wanted;
            Some((document.label(), wanted.parties.first()?.clone(), wanted.net, wanted.date))
        })
        .collect();
    if known.len() != left.len() || right.is_empty() {
        return;
    }
    let lefts: Vec<Record<'_>> = known
        .iter()
        .map(|(label, party, amount, date)| Record {
            id: label,
            party: Some(party),
            amount: *amount,
            date: *date,
            ..Record::default()
        })
        .collect();
    let rights: Vec<Record<'_>> = right
        .iter()
        .filter_map(|place| states.get(findings.get(*place)?.target.as_ref()?))
        .map(|state| Record {
            id: state.target.id.as_str(),
            party: state.document.party(),
            amount: state.total,
            date: state.document.date(),
            ..Record::default()
        })
        .collect();
    if rights.len() != right.len() {
        return;
    }
    let mut notes: Vec<(usize, String)> = Vec::new();
    for proposal in match_groups(&lefts, &rights, &Rules::default()).proposals {
        let of = |places: &[usize], among: &[usize]| -> Vec<usize> {
            places.iter().filter_map(|place| among.get(*place).copied()).collect()
        };
        let (documents, bills) = (of(&proposal.left, &left), of(&proposal.right, &right));
        let names = |places: &[usize], procore: bool| -> String {
            let name = |f: &CompanyFinding| if procore { f.procore.clone() } else { f.quickbooks.clone() };
            let found: Vec<String> = places.iter().filter_map(|p| findings.get(*p).and_then(name)).collect();
            found.join(" and ")
        };
        let (one, other) = (names(&documents, true), names(&bills, false));
        let note = format!("; {one} and {other} come to the same amount ({} points)", proposal.score);
        notes.extend(documents.iter().chain(&bills).map(|place| (*place, note.clone())));
    }
    for (place, note) in notes {
        if let Some(finding) = findings.get_mut(place) {
            finding.text.push_str(&note);
        }
    }
}
