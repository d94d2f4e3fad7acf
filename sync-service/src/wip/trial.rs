//! What the books say of each job: the balances of WIP entries that were posted, and revenue.

use std::collections::{BTreeMap, HashMap};

use quickbooks_online::BooksSnapshot;
use sync_core::connector::Condition;
use sync_core::model::construction::Document;
use sync_core::model::{AccountId, Currency, DocumentKey, Money, TargetId, TargetKind};
use sync_core::wip::{JobBalances, JobRevenue, WipAccount, WipAccounts};

use crate::Failure;
use crate::site::Site;

/// The jobs as customers of QuickBooks.
pub(super) type Customers = BTreeMap<String, TargetId>;

/// The customer or job that each project is linked to, by project number.
pub(super) async fn customers(site: &Site, documents: &[Document]) -> Result<Customers, Failure> {
    let links: HashMap<DocumentKey, TargetId> =
        site.links().await?.into_iter().map(|link| (link.document, link.target.id)).collect();
    let of = |document: &Document| match document {
        Document::Project(project) => Some((project.number.clone()?, links.get(&document.key())?.clone())),
        _ => None,
    };
    Ok(documents.iter().filter_map(of).collect())
}

/// A WIP account: what entries with a job put into it, entries without one, and its balance. Natural side positive.
pub(super) struct AccountState {
    pub(super) account: WipAccount,
    pub(super) of_jobs: Money,
    /// Entries that name no job of the schedule.
    pub(super) untracked: Vec<(String, Money)>,
    /// What QuickBooks states.
    pub(super) balance: Option<Money>,
}

impl AccountState {
    /// Balance less jobs; nothing where QuickBooks states no balance.
    pub(super) fn difference(&self) -> Option<Money> {
        self.balance.and_then(|balance| balance.minus(self.of_jobs).ok())
    }
}

/// The trial balance as far as WIP goes.
#[derive(Default)]
pub(super) struct Trial {
    pub(super) balances: HashMap<String, JobBalances>,
    pub(super) revenue: Vec<JobRevenue>,
    pub(super) accounts: Vec<AccountState>,
}

impl Trial {
    pub(super) fn of(
        books: &BooksSnapshot,
        accounts: &WipAccounts,
        customers: &Customers,
        currency: Currency,
    ) -> Result<Self, Failure> {
        let zero = Money::zero(currency);
        let job_of: HashMap<&TargetId, &String> = customers.iter().map(|(job, customer)| (customer, job)).collect();
        let mut sums: BTreeMap<(&str, &AccountId), Money> = BTreeMap::new();
        let held =
            [(WipAccount::Underbillings, false), (WipAccount::Overbillings, true), (WipAccount::LossProvision, true)];
        let mut states: Vec<AccountState> = Vec::new();
        for (account, _) in held {
            let balance = books.account(accounts.of(account)).and_then(|found| found.balance);
            states.push(AccountState { account, of_jobs: zero, untracked: Vec::new(), balance });
        }
        for entry in &books.entries {
            for line in &entry.lines {
                let customer = line.concerns.as_ref().filter(|(kind, _)| kind == "Customer").map(|(_, id)| id);
                let job = customer.and_then(|customer| job_of.get(customer));
                if let Some(job) = job {
                    let sum = sums.entry((job.as_str(), &line.account)).or_insert(zero);
                    *sum = sum.plus(line.amount)?;
                }
                let place = held.iter().position(|(account, _)| *accounts.of(*account) == line.account);
                let Some((state, (_, is_liability))) = place.and_then(|p| states.get_mut(p).zip(held.get(p))) else {
                    continue;
                };
                let amount = if *is_liability { line.amount.negated() } else { line.amount };
                if job.is_some() {
                    state.of_jobs = state.of_jobs.plus(amount)?;
                } else {
                    let number = entry.number.as_deref().unwrap_or(entry.id.as_str());
                    state.untracked.push((format!("journal entry {number}"), amount));
                }
            }
        }
        let debit = |job: &str, account: &AccountId| sums.get(&(job, account)).copied().unwrap_or(zero);
        let (mut balances, mut revenue) = (HashMap::new(), Vec::new());
        for (job, customer) in customers {
            let balance = JobBalances {
                overbilled: debit(job, &accounts.overbillings).negated(),
                underbilled: debit(job, &accounts.underbillings),
                loss_provision: debit(job, &accounts.loss_provision).negated(),
            };
            if balance != JobBalances::zero(currency) {
                balances.insert(job.clone(), balance);
            }
            let mut billings = zero;
            for sale in books.sales.iter().filter(|sale| {
                let posts = sale.target.kind != TargetKind::Estimate && sale.condition == Condition::Live;
                posts && sale.customer.as_str() == customer.as_str()
            }) {
                let sign = sale.target.kind == TargetKind::CreditMemo;
                for line in sale.lines.iter().filter(|l| l.account.as_ref() == Some(&accounts.contract_revenue)) {
                    billings = billings.plus(if sign { line.amount.negated() } else { line.amount })?;
                }
            }
            let adjustments = debit(job, &accounts.contract_revenue).negated();
            if !billings.is_zero() || !adjustments.is_zero() {
                revenue.push(JobRevenue { job: job.clone(), billings, adjustments });
            }
        }
        Ok(Self { balances, revenue, accounts: states })
    }
}
