//! The tie-outs of balances: aging against account (T8, T9), actual cost against the job cost accounts (T10) and the
//! identities of each commitment (T11).

use std::collections::HashMap;

use super::Companies;
use super::books::BookState;
use super::findings::CompanyFinding;
use super::ledgers::Ledgers;
use crate::connector::{Condition, Fetched};
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, Money, MoneyError, TargetKind};
use crate::reconcile::records::{BooksSide, ProcoreSide};
use crate::reconcile::tie_out::{Measure, TieOut};

/// Two totals that must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// `T1` to `T12`.
    pub id: &'static str,
    /// What is measured, where the tie-out has several measures.
    pub measure: Option<Measure>,
    /// Procore's total, or the aging.
    pub left: Money,
    /// QuickBooks' total, or the account.
    pub right: Money,
    /// Left minus right.
    pub difference: Money,
    /// Does every difference have a reason that a person gave or must give?
    pub explained: bool,
}

impl Total {
    pub(super) fn of(tie_out: &TieOut) -> Self {
        Self {
            id: tie_out.id,
            measure: Some(tie_out.measure),
            left: tie_out.left,
            right: tie_out.right,
            difference: tie_out.difference,
            explained: tie_out.explained,
        }
    }

    pub(super) fn new(
        id: &'static str,
        measure: Option<Measure>,
        left: Money,
        right: Money,
        explained: bool,
    ) -> Result<Self, MoneyError> {
        Ok(Self { id, measure, left, right, difference: left.minus(right)?, explained })
    }

    /// The number of the tie-out, to sort by.
    pub fn number(&self) -> u8 {
        self.id.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(u8::MAX)
    }

    /// What a person calls it.
    pub fn title(&self) -> &'static str {
        match self.id {
            "T1" => "commitments = purchase orders",
            "T2" => "pay apps = bills",
            "T3" => "retainage held = retainage payable",
            "T4" => "payments on commitments = bill payments",
            "T5" => "owner invoices = invoices",
            "T6" => "owner retainage = retainage receivable",
            "T7" => "prime contracts = estimates",
            "T8" => "payables by vendor = accounts payable",
            "T9" => "receivables by customer = accounts receivable",
            "T10" => "actual cost by job = job cost accounts",
            "T11" => "billed = paid + unpaid + held",
            _ => "WIP entries approved = WIP accounts",
        }
    }
}

/// Adds what can be told from balances. `findings` name what they show in already.
pub(super) fn add(
    totals: &mut Vec<Total>,
    companies: &Companies<'_>,
    books: &BookState,
    (procore, side): (&ProcoreSide, &BooksSide),
    ledgers: &Ledgers<'_>,
    findings: &[CompanyFinding],
) -> Result<(), MoneyError> {
    let named = |id: &str| {
        let shown = findings.iter().flat_map(|finding| &finding.shows_in).filter(|(of, ..)| *of == id);
        Money::sum(books.currency, shown.map(|(.., amount)| *amount))
    };
    let mut push = |id, left: Money, right: Money| -> Result<(), MoneyError> {
        totals.push(Total::new(id, None, left, right, named(id)? == left.minus(right)?)?);
        Ok(())
    };
    for (id, accounts, purchases) in [("T8", &ledgers.payable, true), ("T9", &ledgers.receivable, false)] {
        let balances = accounts.iter().filter_map(|account| books.balances.get(account));
        let account = Money::sum(books.currency, balances.copied())?;
        push(id, aging(books, purchases)?, account)?;
    }
    push("T10", Money::sum(books.currency, procore.pay_apps.iter().map(|app| app.gross))?, ledgers.cost_of_all(side)?)?;
    let (billed, known) = identity(companies, books, procore, side)?;
    push("T11", billed, known)
}

/// What is open on bills or invoices, less open credits and what was paid on account.
fn aging(books: &BookState, purchases: bool) -> Result<Money, MoneyError> {
    let mut sum = Money::zero(books.currency);
    for state in books.transactions.iter().filter(|state| state.condition == Condition::Live) {
        let Some(balance) = state.balance else { continue };
        sum = match state.target.kind {
            TargetKind::Bill if purchases => sum.plus(balance)?,
            TargetKind::VendorCredit if purchases => sum.minus(balance)?,
            TargetKind::Invoice if !purchases => sum.plus(balance)?,
            TargetKind::CreditMemo if !purchases => sum.minus(balance)?,
            _ => sum,
        };
    }
    let payments = if purchases { &books.payments } else { &books.receipts };
    for payment in payments.iter().filter(|payment| !payment.voided) {
        sum = sum.minus(payment.unapplied)?;
    }
    Ok(sum)
}

/// Billed gross to date on the commitments, against what was paid, what is unpaid and what is held.
fn identity(
    companies: &Companies<'_>,
    books: &BookState,
    procore: &ProcoreSide,
    side: &BooksSide,
) -> Result<(Money, Money), MoneyError> {
    let billed = Money::sum(books.currency, procore.pay_apps.iter().map(|app| app.gross))?;
    let ours: HashMap<&DocumentKey, ()> = companies
        .documents
        .iter()
        .filter_map(|fetched| match fetched {
            Fetched::Found(document) => match document.as_ref() {
                Document::PayApp(_) => Some(document.key()),
                _ => None,
            },
            _ => None,
        })
        .filter_map(|key| procore.pay_apps.iter().find(|app| app.document == key).map(|app| (&app.document, ())))
        .collect();
    let mut known = Money::zero(books.currency);
    for bill in &side.bills {
        let counts = bill.document.as_ref().is_some_and(|d| d.kind == DocumentKind::PayApp && ours.contains_key(d));
        if counts {
            // Paid and unpaid together are the net; what is held is the rest of what was billed.
            known = known.plus(bill.net)?.plus(bill.withheld)?.minus(bill.released)?;
        }
    }
    Ok((billed, known))
}
