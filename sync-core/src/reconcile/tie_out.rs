//! The three-way tie-out: commitments = purchase orders (T1), pay apps = bills (T2), retainage ledger = retainage
//! payable account (T3).

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::dead_letter::DeadLetter;
use crate::model::{Currency, DocumentKey, Money, MoneyError, TargetRef};

/// A commitment as Procore has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentRecord {
    /// The document.
    pub document: DocumentKey,
    /// Its number.
    pub label: String,
    /// The project, as people call it.
    pub project: String,
    /// Revised commitment.
    pub revised: Money,
    /// Paid so far, as Procore has it.
    pub paid: Money,
}

/// A pay app as Procore has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayAppRecord {
    /// The document.
    pub document: DocumentKey,
    /// Commitment and number.
    pub label: String,
    /// The project, as people call it.
    pub project: String,
    /// Billed this period, before retainage.
    pub gross: Money,
    /// Withheld this period.
    pub withheld: Money,
    /// Released this period.
    pub released: Money,
    /// gross - withheld + released
    pub net: Money,
}

/// One side: what Procore committed and approved.
#[derive(Clone, Debug, Default)]
pub struct ProcoreSide {
    /// Commitments that count.
    pub commitments: Vec<CommitmentRecord>,
    /// Approved pay apps.
    pub pay_apps: Vec<PayAppRecord>,
}

/// A purchase order as the books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseOrderRecord {
    /// The transaction.
    pub target: TargetRef,
    /// Its number.
    pub number: String,
    /// The document that it stands for, by link or marker.
    pub document: Option<DocumentKey>,
    /// Total.
    pub total: Money,
}

/// A bill, or a vendor credit with its signs turned, as the books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRecord {
    /// The transaction.
    pub target: TargetRef,
    /// Its number.
    pub number: String,
    /// The document that it stands for, by link or marker.
    pub document: Option<DocumentKey>,
    /// Lines outside the retainage account.
    pub gross: Money,
    /// Lines in the retainage account that withhold.
    pub withheld: Money,
    /// Lines in the retainage account that release.
    pub released: Money,
    /// Total.
    pub net: Money,
    /// Settled so far.
    pub paid: Money,
}

/// An entry in the retainage account other than by a bill or vendor credit, e.g. a journal entry. Positive: more held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainageEntry {
    /// What a person calls it.
    pub label: String,
    /// By how much it raises the balance.
    pub amount: Money,
}

/// The other side: what the books say.
#[derive(Clone, Debug)]
pub struct BooksSide {
    /// Purchase orders.
    pub purchase_orders: Vec<PurchaseOrderRecord>,
    /// Bills and vendor credits.
    pub bills: Vec<BillRecord>,
    /// Balance of the retainage payable account; positive when we hold.
    pub retainage_balance: Money,
    /// Other entries in that account.
    pub retainage_entries: Vec<RetainageEntry>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Revised commitment against purchase order.
    Committed,
    /// Billed before retainage.
    Gross,
    /// Withheld.
    Withheld,
    /// Released.
    Released,
    /// What became due.
    Net,
    /// Held.
    Held,
}

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The document has no transaction.
    MissingInQuickbooks,
    /// The transaction's document is not in Procore, or does not count there.
    MissingInProcore,
    /// Amounts differ.
    AmountDiffers,
    /// The document has more than one transaction.
    PostedTwice,
    /// The transaction was not made by this sync.
    NotFromThisSync,
}

impl FindingKind {
    /// The words for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingInQuickbooks => "missing in quickbooks",
            Self::MissingInProcore => "missing in procore",
            Self::AmountDiffers => "amount differs",
            Self::PostedTwice => "posted twice",
            Self::NotFromThisSync => "not from this sync",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FindingKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One difference, explained by document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which tie-out.
    pub tie_out: &'static str,
    /// What is measured.
    pub measure: Measure,
    /// Its kind.
    pub kind: FindingKind,
    /// The Procore document's number.
    pub procore: Option<String>,
    /// The QuickBooks transaction's number or id.
    pub quickbooks: Option<String>,
    /// Left minus right.
    pub amount: Money,
    /// Does a dead letter say why?
    pub dead_letter: bool,
    /// For people.
    pub text: String,
}

/// Two totals that must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieOut {
    /// T1, T2, T3.
    pub id: &'static str,
    /// What is measured.
    pub measure: Measure,
    /// Procore's total.
    pub left: Money,
    /// QuickBooks' total.
    pub right: Money,
    /// Left minus right.
    pub difference: Money,
    /// Do the findings add up to the difference, each with a reason?
    pub explained: bool,
}

/// What a project comes to on both sides; each pair is (Procore, QuickBooks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// The project.
    pub project: String,
    /// Revised commitments against purchase orders.
    pub committed: (Money, Money),
    /// Billed before retainage.
    pub billed: (Money, Money),
    /// Paid.
    pub paid: (Money, Money),
    /// Retainage held.
    pub held: (Money, Money),
}

/// The tie-outs, the findings that explain them, and the projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieOutReport {
    /// T1, T2 (by measure), T3.
    pub tie_outs: Vec<TieOut>,
    /// What explains the differences.
    pub findings: Vec<Finding>,
    /// Per project.
    pub projects: Vec<ProjectRow>,
}

impl TieOutReport {
    /// Is every difference nothing, or explained?
    pub fn is_clean(&self) -> bool {
        self.tie_outs.iter().all(|t| t.explained)
    }

    /// The tie-out of an id that stands for it in summaries: for T2, the net.
    pub fn headline(&self, id: &str) -> Option<&TieOut> {
        self.tie_outs.iter().find(|t| t.id == id && (t.id != "T2" || t.measure == Measure::Net))
    }
}

/// Ties out both sides.
///
/// # Errors
/// If amounts of several currencies meet, or overflow.
pub fn tie_out(
    currency: Currency,
    procore: &ProcoreSide,
    books: &BooksSide,
    dead: &[DeadLetter],
) -> Result<TieOutReport, MoneyError> {
    let mut report = TieOutReport { tie_outs: Vec::new(), findings: Vec::new(), projects: Vec::new() };
    let dead: HashMap<&DocumentKey, &DeadLetter> = dead.iter().map(|letter| (&letter.document, letter)).collect();

    let left: Vec<Left<'_>> = procore
        .commitments
        .iter()
        .map(|c| Left { document: &c.document, label: &c.label, amount: c.revised })
        .collect();
    let right: Vec<Right<'_>> = books
        .purchase_orders
        .iter()
        .map(|p| Right { document: p.document.as_ref(), label: &p.number, target: &p.target, amount: p.total })
        .collect();
    report.add("T1", Measure::Committed, currency, &left, &right, &[], None, &dead)?;

    type App = fn(&PayAppRecord) -> Money;
    type Bill = fn(&BillRecord) -> Money;
    let measures: [(Measure, App, Bill); 4] = [
        (Measure::Gross, |a| a.gross, |b| b.gross),
        (Measure::Withheld, |a| a.withheld, |b| b.withheld),
        (Measure::Released, |a| a.released, |b| b.released),
        (Measure::Net, |a| a.net, |b| b.net),
    ];
    for (measure, of_app, of_bill) in measures {
        let (left, right) = sides(procore, books, |a| Ok(of_app(a)), |b| Ok(of_bill(b)))?;
        report.add("T2", measure, currency, &left, &right, &[], None, &dead)?;
    }

    let (left, mut right) = sides(procore, books, |a| a.withheld.minus(a.released), |b| b.withheld.minus(b.released))?;
    // A bill that was not made by this sync matters to the retainage account only if it touches it.
    right.retain(|r| r.document.is_some() || !r.amount.is_zero());
    report.add(
        "T3",
        Measure::Held,
        currency,
        &left,
        &right,
        &books.retainage_entries,
        Some(books.retainage_balance),
        &dead,
    )?;
    report.projects = projects(currency, procore, books)?;
    Ok(report)
}

struct Left<'a> {
    document: &'a DocumentKey,
    label: &'a str,
    amount: Money,
}

struct Right<'a> {
    document: Option<&'a DocumentKey>,
    label: &'a str,
    target: &'a TargetRef,
    amount: Money,
}

type Sides<'a> = (Vec<Left<'a>>, Vec<Right<'a>>);

fn sides<'a>(
    procore: &'a ProcoreSide,
    books: &'a BooksSide,
    of_app: impl Fn(&PayAppRecord) -> Result<Money, MoneyError>,
    of_bill: impl Fn(&BillRecord) -> Result<Money, MoneyError>,
) -> Result<Sides<'a>, MoneyError> {
    let left = procore
        .pay_apps
        .iter()
        .map(|a| Ok(Left { document: &a.document, label: &a.label, amount: of_app(a)? }))
        .collect::<Result<_, MoneyError>>()?;
    let right = books
        .bills
        .iter()
        .map(|b| Ok(Right { document: b.document.as_ref(), label: &b.number, target: &b.target, amount: of_bill(b)? }))
        .collect::<Result<_, MoneyError>>()?;
    Ok((left, right))
}

impl TieOutReport {
    #[expect(clippy::too_many_arguments, reason = "the parts of one tie-out")]
    fn add(
        &mut self,
        id: &'static str,
        measure: Measure,
        currency: Currency,
        left: &[Left<'_>],
        right: &[Right<'_>],
        entries: &[RetainageEntry],
        balance: Option<Money>,
        dead: &HashMap<&DocumentKey, &DeadLetter>,
    ) -> Result<(), MoneyError> {
        let mut by_document: HashMap<&DocumentKey, Vec<&Right<'_>>> = HashMap::new();
        let mut findings = Vec::new();
        let finding = |kind, procore: Option<&str>, quickbooks: Option<String>, amount, dead_letter, text| Finding {
            tie_out: id,
            measure,
            kind,
            procore: procore.map(str::to_owned),
            quickbooks,
            amount,
            dead_letter,
            text,
        };
        for record in right {
            match record.document {
                Some(document) => by_document.entry(document).or_default().push(record),
                None if record.amount.is_zero() => {}
                None => findings.push(finding(
                    FindingKind::NotFromThisSync,
                    None,
                    Some(name(record)),
                    record.amount.negated(),
                    false,
                    format!("{} ({}) was not made by this sync", name(record), record.amount),
                )),
            }
        }
        for record in left {
            let letter = dead.get(record.document);
            let there = by_document.remove(record.document).unwrap_or_default();
            let because = letter.map(|l| format!("; dead letter: {}", l.cause)).unwrap_or_default();
            match there.as_slice() {
                [] if record.amount.is_zero() => {}
                [] => findings.push(finding(
                    FindingKind::MissingInQuickbooks,
                    Some(record.label),
                    None,
                    record.amount,
                    letter.is_some(),
                    format!("{} ({}) is not in QuickBooks{because}", record.label, record.amount),
                )),
                [first, rest @ ..] => {
                    let difference = record.amount.minus(first.amount)?;
                    if !difference.is_zero() {
                        findings.push(finding(
                            FindingKind::AmountDiffers,
                            Some(record.label),
                            Some(name(first)),
                            difference,
                            letter.is_some(),
                            format!(
                                "{} is {} in Procore and {} in QuickBooks{because}",
                                record.label, record.amount, first.amount
                            ),
                        ));
                    }
                    for twice in rest {
                        findings.push(finding(
                            FindingKind::PostedTwice,
                            Some(record.label),
                            Some(name(twice)),
                            twice.amount.negated(),
                            false,
                            format!("{} was posted twice, also as {}", record.label, name(twice)),
                        ));
                    }
                }
            }
        }
        let orphans = by_document.into_values().flatten().collect::<Vec<_>>();
        for record in orphans {
            if record.amount.is_zero() {
                continue;
            }
            let letter = record.document.and_then(|d| dead.get(d));
            findings.push(finding(
                FindingKind::MissingInProcore,
                None,
                Some(name(record)),
                record.amount.negated(),
                letter.is_some(),
                format!("{} ({}) has no document that counts in Procore", name(record), record.amount),
            ));
        }
        for entry in entries {
            findings.push(finding(
                FindingKind::NotFromThisSync,
                None,
                Some(entry.label.clone()),
                entry.amount.negated(),
                false,
                format!("{} ({}) touches the retainage account", entry.label, entry.amount),
            ));
        }
        findings.sort_by(|a, b| (a.kind, &a.procore, &a.quickbooks).cmp(&(b.kind, &b.procore, &b.quickbooks)));
        let left = Money::sum(currency, left.iter().map(|l| l.amount))?;
        let right = match balance {
            Some(balance) => balance,
            None => Money::sum(currency, right.iter().map(|r| r.amount))?,
        };
        let difference = left.minus(right)?;
        let named = Money::sum(currency, findings.iter().map(|f| f.amount))?;
        let reasons = findings.iter().all(|f| f.dead_letter || f.kind == FindingKind::NotFromThisSync);
        let explained = (difference.is_zero() && findings.is_empty()) || (named == difference && reasons);
        self.tie_outs.push(TieOut { id, measure, left, right, difference, explained });
        self.findings.extend(findings);
        Ok(())
    }
}

fn name(record: &Right<'_>) -> String {
    if record.label.is_empty() { record.target.to_string() } else { record.label.to_owned() }
}

fn projects(currency: Currency, procore: &ProcoreSide, books: &BooksSide) -> Result<Vec<ProjectRow>, MoneyError> {
    let zero = || (Money::zero(currency), Money::zero(currency));
    let mut rows: BTreeMap<&str, ProjectRow> = BTreeMap::new();
    let mut project_of: HashMap<&DocumentKey, &str> = HashMap::new();
    for c in &procore.commitments {
        project_of.insert(&c.document, &c.project);
    }
    for a in &procore.pay_apps {
        project_of.insert(&a.document, &a.project);
    }
    let row = |project: &str| ProjectRow {
        project: project.to_owned(),
        committed: zero(),
        billed: zero(),
        paid: zero(),
        held: zero(),
    };
    for c in &procore.commitments {
        let r = rows.entry(&c.project).or_insert_with(|| row(&c.project));
        r.committed.0 = r.committed.0.plus(c.revised)?;
        r.paid.0 = r.paid.0.plus(c.paid)?;
    }
    for a in &procore.pay_apps {
        let r = rows.entry(&a.project).or_insert_with(|| row(&a.project));
        r.billed.0 = r.billed.0.plus(a.gross)?;
        r.held.0 = r.held.0.plus(a.withheld)?.minus(a.released)?;
    }
    const ELSEWHERE: &str = "(not from this sync)";
    for p in &books.purchase_orders {
        let project = p.document.as_ref().and_then(|d| project_of.get(d)).copied().unwrap_or(ELSEWHERE);
        let r = rows.entry(project).or_insert_with(|| row(project));
        r.committed.1 = r.committed.1.plus(p.total)?;
    }
    for b in &books.bills {
        let project = b.document.as_ref().and_then(|d| project_of.get(d)).copied().unwrap_or(ELSEWHERE);
        let r = rows.entry(project).or_insert_with(|| row(project));
        r.billed.1 = r.billed.1.plus(b.gross)?;
        r.paid.1 = r.paid.1.plus(b.paid)?;
        r.held.1 = r.held.1.plus(b.withheld)?.minus(b.released)?;
    }
    Ok(rows.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::Cause;
    use crate::model::{DocumentKind, TargetKind, Timestamp};

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    fn pay_app(label: &str, gross: &str, withheld: &str) -> PayAppRecord {
        let (gross, withheld) = (usd(gross), usd(withheld));
        PayAppRecord {
            document: DocumentKey::new(DocumentKind::PayApp, label),
            label: label.into(),
            project: "1 Clinic".into(),
            net: gross.minus(withheld).unwrap(),
            gross,
            withheld,
            released: usd("0"),
        }
    }

    fn bill(id: &str, document: Option<&str>, gross: &str, withheld: &str) -> BillRecord {
        let (gross, withheld) = (usd(gross), usd(withheld));
        BillRecord {
            target: TargetRef { kind: TargetKind::Bill, id: id.into() },
            number: id.into(),
            document: document.map(|d| DocumentKey::new(DocumentKind::PayApp, d)),
            net: gross.minus(withheld).unwrap(),
            gross,
            withheld,
            released: usd("0"),
            paid: usd("0"),
        }
    }

    fn books(bills: Vec<BillRecord>, balance: &str, entries: Vec<RetainageEntry>) -> BooksSide {
        BooksSide { purchase_orders: Vec::new(), bills, retainage_balance: usd(balance), retainage_entries: entries }
    }

    #[test]
    fn the_tie_out_that_does_not_tie_is_explained_by_document() {
        // Example A9: the total of the retainage differs by 750.00, the same as JE-7, by accident.
        let procore = ProcoreSide {
            commitments: Vec::new(),
            pay_apps: vec![
                pay_app("SC-001/1", "25000", "2500"),
                pay_app("SC-001/2", "40000", "4000"),
                pay_app("SC-002/1", "35000", "3500"),
                pay_app("SC-003/1", "10000", "1000"),
            ],
        };
        let books = books(
            vec![
                bill("B-1", Some("SC-001/1"), "25000", "2500"),
                bill("B-2", Some("SC-001/2"), "40000", "0"),
                bill("B-3", Some("SC-002/1"), "35000", "3500"),
                bill("B-4", Some("SC-002/1"), "35000", "3500"),
            ],
            "10250",
            vec![RetainageEntry { label: "JE-7".into(), amount: usd("750") }],
        );
        let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
        let t3 = report.headline("T3").unwrap();
        assert_eq!((t3.left, t3.right, t3.difference), (usd("11000"), usd("10250"), usd("750")));
        let held: Vec<String> =
            report.findings.iter().filter(|f| f.tie_out == "T3").map(|f| format!("{} {}", f.kind, f.amount)).collect();
        assert_eq!(
            held,
            [
                "missing in quickbooks 1000.00",
                "amount differs 4000.00",
                "posted twice -3500.00",
                "not from this sync -750.00"
            ]
        );
        assert!(!t3.explained, "no dead letter says why");
    }

    #[test]
    fn a_dead_letter_explains_what_is_missing() {
        let procore = ProcoreSide { commitments: Vec::new(), pay_apps: vec![pay_app("SC-001/1", "25000", "2500")] };
        let letter = DeadLetter {
            document: DocumentKey::new(DocumentKind::PayApp, "SC-001/1"),
            label: "SC-001/1".into(),
            cause: Cause::MissingCoding,
            text: String::new(),
            amount: None,
            target: None,
            candidates: Vec::new(),
            since: Timestamp::default(),
        };
        let report = tie_out(Currency::USD, &procore, &books(Vec::new(), "0", Vec::new()), &[letter]).unwrap();
        assert!(report.is_clean());
        assert_eq!(report.headline("T2").unwrap().difference, usd("22500"));
    }

    #[test]
    fn two_errors_that_cancel_out_are_two_findings() {
        let procore = ProcoreSide {
            commitments: Vec::new(),
            pay_apps: vec![pay_app("A/1", "100", "0"), pay_app("A/2", "100", "0")],
        };
        let books = books(vec![bill("1", Some("A/1"), "90", "0"), bill("2", Some("A/2"), "110", "0")], "0", Vec::new());
        let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
        let t2 = report.headline("T2").unwrap();
        assert!(t2.difference.is_zero());
        assert!(!t2.explained);
    }
}
