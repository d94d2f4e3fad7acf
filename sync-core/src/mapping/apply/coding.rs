//! Coding of lines: item or account, class, customer; and the accounts by role.

use super::{Situation, Stop};
use crate::dead_letter::Cause;
use crate::mapping::coding::{CodingKey, CodingRow};
use crate::mapping::names::{List, Names};
use crate::mapping::{AccountRole, Mapping};
use crate::model::accounting::{Coding, PostTo};
use crate::model::construction::Codes;
use crate::model::{AccountId, ClassId, CustomerId, ItemId};

impl Situation<'_> {
    fn row(&self, project: &str, vendor: &str, codes: &Codes) -> Result<&CodingRow, Stop> {
        self.mapping.coding.find(CodingKey { project, vendor, codes }).ok_or_else(|| {
            let code = codes.budget_code.as_deref().or(codes.cost_code.as_deref()).unwrap_or("(none)");
            let text = format!("the code {code} of project {project} has no row in coding.csv");
            Stop::Dead(Cause::MissingCoding, text)
        })
    }

    fn class(&self, row: &CodingRow) -> Result<Option<ClassId>, Stop> {
        let Some(class) = &row.class else { return Ok(None) };
        let id = self.names.resolve(List::Class, class);
        Ok(Some(ClassId::from(id.map_err(|p| Stop::Dead(Cause::MissingCoding, at(row.line, &p)))?)))
    }

    pub(super) fn coding(&self, project: &str, vendor: &str, codes: &Codes, job: &CustomerId) -> Result<Coding, Stop> {
        let dead = |cause, problem: String| Stop::Dead(cause, problem);
        let row = self.row(project, vendor, codes)?;
        let post_to = match (&row.item, &row.account) {
            (Some(item), _) => {
                let id = self.names.resolve(List::Item, item);
                PostTo::Item(id.map_err(|p| dead(Cause::MissingCoding, at(row.line, &p)))?.into())
            }
            (None, Some(account)) => {
                let id = self.names.resolve(List::Account, account);
                PostTo::Account(id.map_err(|p| dead(Cause::MissingAccount, at(row.line, &p)))?.into())
            }
            (None, None) => PostTo::Account(self.role(AccountRole::JobCost)?),
        };
        let class = self.class(row)?;
        let customer = match &row.customer {
            None => job.clone(),
            Some(customer) => {
                let id = self.names.resolve(List::Customer, customer);
                CustomerId::from(id.map_err(|p| dead(Cause::MissingCoding, at(row.line, &p)))?)
            }
        };
        Ok(Coding { post_to, class, customer: Some(customer) })
    }

    /// The item and class of a line that is sold: QuickBooks posts sales through items only.
    pub(super) fn sales_coding(
        &self,
        project: &str,
        customer: &str,
        codes: &Codes,
    ) -> Result<(ItemId, Option<ClassId>), Stop> {
        let row = self.row(project, customer, codes)?;
        let Some(item) = &row.item else {
            let text = at(row.line, "it names no item, and sales need one");
            return Err(Stop::Dead(Cause::MissingCoding, text));
        };
        let id = self.names.resolve(List::Item, item);
        let item = id.map_err(|p| Stop::Dead(Cause::MissingCoding, at(row.line, &p)))?;
        Ok((item.into(), self.class(row)?))
    }

    /// The item that a line's retainage is posted through, where the mapping names one: in its row, or for all lines.
    fn named_retainage_item(
        &self,
        role: AccountRole,
        project: &str,
        party: &str,
        codes: Option<&Codes>,
    ) -> Option<Result<ItemId, Stop>> {
        let row = codes.and_then(|codes| self.row(project, party, codes).ok());
        let (name, place) = match row.and_then(|row| Some((row.retainage_item.as_deref()?, row.line))) {
            Some((name, line)) => (name, format!("coding.csv:{line}")),
            None => {
                let named = self.mapping.crosswalk.items.get(&role)?;
                (named.name.as_str(), format!("accounts.csv:{}", named.line))
            }
        };
        let id = self.names.resolve(List::Item, name).map(ItemId::from);
        Some(id.map_err(|problem| Stop::Dead(Cause::MissingAccount, format!("{place}: {problem}"))))
    }

    /// The item that carries owner retainage: as mapped, else the one whose sales post to the account.
    pub(super) fn retainage_item(&self, project: &str, codes: Option<&Codes>) -> Result<ItemId, Stop> {
        if let Some(named) = self.named_retainage_item(AccountRole::RetainageReceivable, project, "", codes) {
            return named;
        }
        let account = self.role(AccountRole::RetainageReceivable)?;
        let Some(lists) = self.names.lists() else { return Ok(ItemId::from(account.as_str())) };
        let mut fits =
            lists.items.iter().filter(|item| item.active && item.income_account.as_deref() == Some(account.as_str()));
        match (fits.next(), fits.next()) {
            (Some(only), None) => Ok(ItemId::from(only.id.as_str())),
            (None, _) => Err(Stop::Dead(
                Cause::MissingAccount,
                "no item posts sales to the retainage receivable account; create a service item that does".to_owned(),
            )),
            _ => Err(Stop::Dead(
                Cause::MissingAccount,
                "several items post sales to the retainage receivable account; name one in the column item of \
                 accounts.csv, or keep one of them active"
                    .to_owned(),
            )),
        }
    }

    /// Retainage is listed by customer and class, so that the balance of each job can be shown.
    pub(super) fn retainage_coding(
        &self,
        coding: Option<&Coding>,
        job: &CustomerId,
        line: (&str, &str, Option<&Codes>),
    ) -> Result<Coding, Stop> {
        let (project, vendor, codes) = line;
        let post_to = match self.named_retainage_item(AccountRole::RetainagePayable, project, vendor, codes) {
            Some(item) => PostTo::Item(item?),
            None => PostTo::Account(self.role(AccountRole::RetainagePayable)?),
        };
        Ok(Coding {
            post_to,
            class: coding.and_then(|c| c.class.clone()),
            customer: Some(coding.and_then(|c| c.customer.clone()).unwrap_or_else(|| job.clone())),
        })
    }

    pub(super) fn payable(&self) -> Result<AccountId, Stop> {
        let preferred = self.names.lists().and_then(|lists| lists.default_payable.as_deref());
        match preferred.filter(|_| !self.mapping.crosswalk.accounts.contains_key(&AccountRole::AccountsPayable)) {
            Some(id) => Ok(AccountId::from(id)),
            None => self.role(AccountRole::AccountsPayable),
        }
    }

    pub(super) fn role(&self, role: AccountRole) -> Result<AccountId, Stop> {
        self.mapping.account(role, self.names).map_err(|text| Stop::Dead(Cause::MissingAccount, text))
    }
}

fn at(line: usize, problem: &str) -> String {
    format!("coding.csv:{line}: {problem}")
}

impl Mapping {
    /// The account of a role: as mapped, else the only one that fits. Never a guess between several.
    ///
    /// # Errors
    /// Why there is none, and what to do, for people.
    pub fn account(&self, role: AccountRole, names: &Names<'_>) -> Result<AccountId, String> {
        let problem = match (self.crosswalk.accounts.get(&role), names.lists()) {
            (Some(named), _) => match names.resolve(List::Account, &named.name) {
                Ok(id) => return Ok(AccountId::from(id)),
                Err(problem) => problem,
            },
            (None, None) => return Ok(AccountId::from(role.name())),
            (None, Some(lists)) => {
                let mut fits = lists.accounts.iter().filter(|account| account.active && role.fits(account));
                match (fits.next(), fits.next()) {
                    (Some(only), None) => return Ok(AccountId::from(only.id.as_str())),
                    (None, _) => "there is no such account".to_owned(),
                    _ => "several accounts fit".to_owned(),
                }
            }
        };
        Err(format!("no account for {}: {problem}; name one in accounts.csv", role.name()))
    }
}
