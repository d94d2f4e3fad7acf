//! What stands in the payables, receivables and job cost accounts, document by document: what explains T8, T9 and T10.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::books::{BookPosting, BookState, label_of};
use super::findings::CompanyFinding;
use super::sides;
use super::wanted::Desk;
use super::{Companies, counts};
use crate::connector::{Condition, Fetched, TargetState};
use crate::mapping::{AccountRole, Mapped};
use crate::model::construction::Document;
use crate::model::{AccountId, DocumentKey, Money, MoneyError, TargetKind, TargetRef};
use crate::reconcile::records::{BooksSide, ProcoreSide};
use crate::reconcile::tie_out::{FindingKind, Measure};

/// The accounts that T8 to T10 look at, and what is in them.
pub(super) struct Ledgers<'a> {
    pub(super) payable: HashSet<AccountId>,
    pub(super) receivable: HashSet<AccountId>,
    /// Accounts of cost of goods sold: everything in them is job cost.
    cost: HashSet<AccountId>,
    /// Others that pay apps are coded to: only what names a job of ours is job cost.
    coded: HashSet<AccountId>,
    jobs: &'a HashSet<String>,
    books: &'a BookState,
    /// Job cost by bill or vendor credit.
    by_target: HashMap<&'a TargetRef, Money>,
    /// Bills and credits of nobody that we know, at a job of ours.
    outside: Vec<(&'a TargetState, Money)>,
}

/// Something that an entry is in: the tie-out, the words for the accounts, and by how much.
type Touched = (&'static str, &'static str, Money);

impl<'a> Ledgers<'a> {
    pub(super) fn of(
        companies: &Companies<'_>,
        books: &'a BookState,
        desk: &Desk<'a>,
        retainage: &HashSet<AccountId>,
        outside: &[&'a TargetState],
    ) -> Result<Self, MoneyError> {
        let of_kind = |kind: &str| -> HashSet<AccountId> {
            let accounts = books.lists.accounts.iter().filter(|account| account.kind.eq_ignore_ascii_case(kind));
            accounts.map(|account| AccountId::from(account.id.as_str())).collect()
        };
        let mut cost = of_kind("Cost of Goods Sold");
        cost.extend(desk.mapping.account(AccountRole::JobCost, desk.names).ok());
        let mut coded = HashSet::new();
        for fetched in companies.documents {
            let Fetched::Found(document) = fetched else { continue };
            if !matches!(document.as_ref(), Document::PayApp(_)) || !counts(document) {
                continue;
            }
            let Mapped::Post(wanted) = desk.mapped(document) else { continue };
            for line in wanted.expense().iter().flat_map(|expense| &expense.lines) {
                let account = books.account_of(&line.coding.post_to);
                coded.extend(account.filter(|a| !retainage.contains(*a) && !cost.contains(*a)).cloned());
            }
        }
        let mut ledgers = Self {
            payable: of_kind("Accounts Payable"),
            receivable: of_kind("Accounts Receivable"),
            cost,
            coded,
            jobs: &desk.parties.jobs,
            books,
            by_target: HashMap::new(),
            outside: Vec::new(),
        };
        for state in &books.transactions {
            if matches!(state.target.kind, TargetKind::Bill | TargetKind::VendorCredit) {
                ledgers.by_target.insert(&state.target, ledgers.cost_in(state, false)?);
            }
        }
        for state in outside.iter().filter(|state| state.condition == Condition::Live) {
            let cost = ledgers.cost_in(state, true)?;
            if !cost.is_zero() {
                ledgers.outside.push((state, cost));
            }
        }
        Ok(ledgers)
    }

    fn is_ours(&self, job: Option<&str>) -> bool {
        job.is_some_and(|job| self.jobs.contains(job))
    }

    /// Job cost in a bill or credit. A bill that is not ours counts only where it names a job of ours.
    fn cost_in(&self, state: &TargetState, only_our_jobs: bool) -> Result<Money, MoneyError> {
        let sign = state.target.kind == TargetKind::VendorCredit;
        let mut sum = Money::zero(self.books.currency);
        for line in state.document.expense().iter().flat_map(|expense| &expense.lines) {
            let Some(account) = self.books.account_of(&line.coding.post_to) else { continue };
            let ours = self.is_ours(line.coding.customer.as_ref().map(AsRef::as_ref));
            if self.cost.contains(account) && (ours || !only_our_jobs) || self.coded.contains(account) && ours {
                sum = if sign { sum.minus(line.amount)? } else { sum.plus(line.amount)? };
            }
        }
        Ok(sum)
    }

    /// What an entry puts into the accounts.
    fn touched(&self, posting: &BookPosting) -> Result<Vec<Touched>, MoneyError> {
        let currency = self.books.currency;
        let mut cost = Money::zero(currency);
        for line in &posting.lines {
            let job = line.party.as_ref().filter(|party| party.kind == TargetKind::Customer);
            let ours = self.is_ours(job.map(|job| job.id.as_str()));
            if self.cost.contains(&line.account) && (ours || job.is_none())
                || self.coded.contains(&line.account) && ours
            {
                cost = cost.plus(line.amount)?;
            }
        }
        let touched = [
            ("T8", "accounts payable", sides::touched(posting, &self.payable, currency, true)?),
            ("T9", "accounts receivable", sides::touched(posting, &self.receivable, currency, false)?),
            ("T10", "the job cost accounts", cost),
        ];
        Ok(touched.into_iter().filter(|(.., amount)| !amount.is_zero()).collect())
    }

    /// Job cost in the books: of our bills, of others at our jobs, and of entries.
    pub(super) fn cost_of_all(&self, side: &BooksSide) -> Result<Money, MoneyError> {
        let mut sum = Money::zero(self.books.currency);
        for bill in &side.bills {
            sum = sum.plus(self.cost_of(&bill.target))?;
        }
        for (_, cost) in &self.outside {
            sum = sum.plus(*cost)?;
        }
        // What we post ourselves (work in progress) is tied out by T12.
        for entry in self.books.entries.iter().filter(|entry| entry.marker.is_none()) {
            for (.., cost) in self.touched(entry)?.iter().filter(|(id, ..)| *id == "T10") {
                sum = sum.plus(*cost)?;
            }
        }
        Ok(sum)
    }

    fn cost_of(&self, target: &TargetRef) -> Money {
        self.by_target.get(target).copied().unwrap_or_else(|| Money::zero(self.books.currency))
    }

    /// Lets findings say what they come to in T8 to T11, and adds what only these show.
    pub(super) fn explain(
        &self,
        findings: &mut Vec<CompanyFinding>,
        procore: &ProcoreSide,
        side: &BooksSide,
        foreign: FindingKind,
    ) -> Result<(), MoneyError> {
        self.documents(findings, procore, side)?;
        for (state, cost) in &self.outside {
            let label = label_of(state);
            let held = findings.iter_mut().find(|f| {
                f.target.is_none()
                    && f.procore.is_none()
                    && f.quickbooks.as_deref() == Some(&label)
                    && f.tie_out == "T3"
            });
            let shown = ("T10", None, cost.negated());
            match held {
                Some(finding) => finding.shows_in.push(shown),
                None => findings.push(CompanyFinding {
                    tie_out: "T10",
                    kind: foreign,
                    procore: None,
                    text: format!("{label} is job cost that no pay app stands for ({cost})"),
                    quickbooks: Some(label),
                    amount: cost.negated(),
                    document: None,
                    target: Some(state.target.clone()),
                    matched: None,
                    shows_in: vec![shown],
                }),
            }
        }
        let mut used: HashSet<usize> = HashSet::new();
        for entry in self.books.entries.iter().filter(|entry| entry.marker.is_none()) {
            let touched = self.touched(entry)?;
            let Some((tie_out, what, amount)) = touched.first().copied() else { continue };
            let shown = touched.iter().map(|(id, _, amount)| (*id, None, amount.negated()));
            let retainage = findings.iter().enumerate().position(|(place, f)| {
                let of_account = f.target.is_none() && ["T3", "T6", "T12"].contains(&f.tie_out);
                of_account && !used.contains(&place) && f.quickbooks.as_deref() == Some(&entry.label)
            });
            match retainage.and_then(|place| findings.get_mut(place).map(|finding| (place, finding))) {
                Some((place, finding)) => {
                    used.insert(place);
                    finding.shows_in.extend(shown);
                }
                None => findings.push(CompanyFinding {
                    tie_out,
                    kind: FindingKind::NotFromThisSync,
                    procore: None,
                    quickbooks: Some(entry.label.clone()),
                    amount: amount.negated(),
                    text: format!("{} touches {what} ({})", entry.label, amount.absolute()),
                    document: None,
                    target: None,
                    matched: None,
                    shows_in: shown.collect(),
                }),
            }
        }
        Ok(())
    }

    /// Job cost and gross by document, said in the findings on it.
    fn documents(
        &self,
        findings: &mut [CompanyFinding],
        procore: &ProcoreSide,
        side: &BooksSide,
    ) -> Result<(), MoneyError> {
        let mut bills: BTreeMap<&DocumentKey, Vec<&TargetRef>> = BTreeMap::new();
        for bill in &side.bills {
            if let Some(document) = &bill.document {
                bills.entry(document).or_default().push(&bill.target);
            }
        }
        let mut off: Vec<(Option<&DocumentKey>, Option<&TargetRef>, Money)> = Vec::new();
        for app in &procore.pay_apps {
            let of_app = bills.remove(&app.document).unwrap_or_default();
            let (first, more) =
                of_app.split_first().map_or((None, [].as_slice()), |(first, more)| (Some(*first), more));
            let there = first.map_or_else(|| Money::zero(self.books.currency), |first| self.cost_of(first));
            off.push((Some(&app.document), first, app.gross.minus(there)?));
            off.extend(more.iter().map(|target| (None, Some(*target), self.cost_of(target).negated())));
        }
        let nobody = side.bills.iter().filter(|bill| bill.document.is_none()).map(|bill| &bill.target);
        let orphans = bills.into_values().flatten().chain(nobody);
        off.extend(orphans.map(|target| (None, Some(target), self.cost_of(target).negated())));
        for (document, target, amount) in off.into_iter().filter(|(.., amount)| !amount.is_zero()) {
            let about = |f: &&mut CompanyFinding| match target {
                Some(target) => f.target.as_ref() == Some(target),
                None => f.target.is_none() && f.document.as_ref() == document,
            };
            if let Some(finding) = findings.iter_mut().filter(|f| f.tie_out != "T4").find(about) {
                finding.shows_in.push(("T10", None, amount));
            }
        }
        for finding in findings.iter_mut().filter(|finding| finding.procore.is_some()) {
            let gross = finding.shows_in.iter().find(|(id, of, _)| *id == "T2" && *of == Some(Measure::Gross));
            finding.shows_in.extend(gross.map(|(.., amount)| ("T11", None, *amount)).into_iter().collect::<Vec<_>>());
        }
        Ok(())
    }
}
