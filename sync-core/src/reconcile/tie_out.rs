//! The tie-outs: commitments = purchase orders (T1), pay apps = bills (T2), retainage ledger = retainage payable account
//! (T3), owner invoices = invoices (T5), owner retainage = retainage receivable account
//! (T6), prime contracts = estimates (T7).

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::dead_letter::DeadLetter;
use crate::model::{Currency, DocumentKey, Money, MoneyError, TargetRef};

use super::records::{
    BillRecord, BooksSide, CommitmentRecord, PayAppRecord, ProcoreSide, PurchaseOrderRecord, RetainageAccount,
};

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
    /// Cash that was paid.
    Paid,
}

impl Measure {
    /// The word for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Gross => "gross",
            Self::Withheld => "withheld",
            Self::Released => "released",
            Self::Net => "net",
            Self::Held => "held",
            Self::Paid => "paid",
        }
    }
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
    /// Something besides amounts differs: vendor, date, number, coding.
    FieldDiffers,
    /// The document has more than one transaction.
    PostedTwice,
    /// The transaction was not made by this sync.
    NotFromThisSync,
    /// It was posted, and deleted on one side since.
    Deleted,
    /// It was posted, and voided in QuickBooks since.
    Voided,
    /// One side has a payment that the other lacks.
    PaymentMissing,
}

impl FindingKind {
    /// The words for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingInQuickbooks => "missing in quickbooks",
            Self::MissingInProcore => "missing in procore",
            Self::AmountDiffers => "amount differs",
            Self::FieldDiffers => "field differs",
            Self::PostedTwice => "posted twice",
            Self::NotFromThisSync => "not from this sync",
            Self::Deleted => "deleted",
            Self::Voided => "voided",
            Self::PaymentMissing => "payment missing",
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
    /// T1 to T7.
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
    /// T1 to T3, T5 to T7; T2 and T5 once for each measure.
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

    /// The tie-out of an id that stands for it in summaries: for T2 and T5, the net.
    pub fn headline(&self, id: &str) -> Option<&TieOut> {
        let mut tie_outs = self.tie_outs.iter().filter(|t| t.id == id);
        let first = tie_outs.next()?;
        tie_outs.find(|t| t.measure == Measure::Net).or(Some(first))
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

    let totals = |id, left: &[CommitmentRecord], right: &[PurchaseOrderRecord], report: &mut TieOutReport| {
        let left: Vec<Left<'_>> =
            left.iter().map(|c| Left { document: &c.document, label: &c.label, amount: c.revised }).collect();
        let right: Vec<Right<'_>> = right
            .iter()
            .map(|p| Right { document: p.document.as_ref(), name: name(&p.number, &p.target), amount: p.total })
            .collect();
        report.add(Question { id, measure: Measure::Committed, currency, account: None }, &left, &right, &dead)
    };
    totals("T1", &procore.commitments, &books.purchase_orders, &mut report)?;
    report.applications(["T2", "T3"], currency, &procore.pay_apps, &books.bills, &books.payable, &dead)?;
    report.applications(["T5", "T6"], currency, &procore.owner_invoices, &books.invoices, &books.receivable, &dead)?;
    totals("T7", &procore.prime_contracts, &books.estimates, &mut report)?;
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
    name: String,
    amount: Money,
}

/// What is tied out. An account's balance and its other entries stand in for the sum of the right side.
struct Question<'a> {
    id: &'static str,
    measure: Measure,
    currency: Currency,
    account: Option<&'a RetainageAccount>,
}

type Dead<'a> = HashMap<&'a DocumentKey, &'a DeadLetter>;

fn name(number: &str, target: &TargetRef) -> String {
    if number.is_empty() { target.to_string() } else { number.to_owned() }
}

impl TieOutReport {
    /// Applications against bills or invoices, by measure; then what is held against the retainage account.
    fn applications(
        &mut self,
        [documents, held]: [&'static str; 2],
        currency: Currency,
        left: &[PayAppRecord],
        right: &[BillRecord],
        account: &RetainageAccount,
        dead: &Dead<'_>,
    ) -> Result<(), MoneyError> {
        type App = fn(&PayAppRecord) -> Result<Money, MoneyError>;
        type Bill = fn(&BillRecord) -> Result<Money, MoneyError>;
        let measures: [(&'static str, Measure, App, Bill); 5] = [
            (documents, Measure::Gross, |a| Ok(a.gross), |b| Ok(b.gross)),
            (documents, Measure::Withheld, |a| Ok(a.withheld), |b| Ok(b.withheld)),
            (documents, Measure::Released, |a| Ok(a.released), |b| Ok(b.released)),
            (documents, Measure::Net, |a| Ok(a.net), |b| Ok(b.net)),
            (held, Measure::Held, |a| a.withheld.minus(a.released), |b| b.withheld.minus(b.released)),
        ];
        for (id, measure, of_app, of_bill) in measures {
            let left: Vec<Left<'_>> = left
                .iter()
                .map(|a| Ok(Left { document: &a.document, label: &a.label, amount: of_app(a)? }))
                .collect::<Result<_, MoneyError>>()?;
            let right: Vec<Right<'_>> = right
                .iter()
                .map(|b| {
                    let amount = of_bill(b)?;
                    Ok(Right { document: b.document.as_ref(), name: name(&b.number, &b.target), amount })
                })
                .collect::<Result<_, MoneyError>>()?;
            let account = (measure == Measure::Held).then_some(account);
            self.add(Question { id, measure, currency, account }, &left, &right, dead)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        question: Question<'_>,
        left: &[Left<'_>],
        right: &[Right<'_>],
        dead: &Dead<'_>,
    ) -> Result<(), MoneyError> {
        let Question { id, measure, currency, account } = question;
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
                    Some(record.name.clone()),
                    record.amount.negated(),
                    false,
                    format!("{} ({}) was not made by this sync", record.name, record.amount),
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
                            Some(first.name.clone()),
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
                            Some(twice.name.clone()),
                            twice.amount.negated(),
                            false,
                            format!("{} was posted twice, also as {}", record.label, twice.name),
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
                Some(record.name.clone()),
                record.amount.negated(),
                letter.is_some(),
                format!("{} ({}) has no document that counts in Procore", record.name, record.amount),
            ));
        }
        for entry in account.iter().flat_map(|account| &account.entries) {
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
        let right = match account {
            Some(account) => account.balance,
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
    use crate::reconcile::RetainageEntry;

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
        let payable = RetainageAccount { balance: usd(balance), entries };
        BooksSide { bills, payable, ..BooksSide::empty(Currency::USD) }
    }

    #[test]
    fn the_tie_out_that_does_not_tie_is_explained_by_document() {
        // Example A9: the total of the retainage differs by 750.00, the same as JE-7, by accident.
        let procore = ProcoreSide {
            pay_apps: vec![
                pay_app("SC-001/1", "25000", "2500"),
                pay_app("SC-001/2", "40000", "4000"),
                pay_app("SC-002/1", "35000", "3500"),
                pay_app("SC-003/1", "10000", "1000"),
            ],
            ..ProcoreSide::default()
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
        let procore = ProcoreSide { pay_apps: vec![pay_app("SC-001/1", "25000", "2500")], ..ProcoreSide::default() };
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
            pay_apps: vec![pay_app("A/1", "100", "0"), pay_app("A/2", "100", "0")],
            ..ProcoreSide::default()
        };
        let books = books(vec![bill("1", Some("A/1"), "90", "0"), bill("2", Some("A/2"), "110", "0")], "0", Vec::new());
        let report = tie_out(Currency::USD, &procore, &books, &[]).unwrap();
        let t2 = report.headline("T2").unwrap();
        assert!(t2.difference.is_zero());
        assert!(!t2.explained);
    }
}
