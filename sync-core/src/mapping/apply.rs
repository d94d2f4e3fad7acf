//! Applying a mapping: what a construction document should be in the accounting system. Pure: everything that it needs
//! is handed in.

use super::coding::CodingKey;
use super::crosswalk::fold;
use super::names::{List, Names};
use super::template::shorten;
use super::{AccountRole, Mapping, RetainageLines, VendorScope};
use crate::connector::Capabilities;
use crate::dead_letter::Cause;
use crate::model::accounting::{self, AccountingDocument, Coding, ExpenseDocument, ExpenseLine, LineLink, PostTo};
use crate::model::construction::{Codes, Commitment, Document, PayApp, PayAppLine, Project, SovLine, Vendor};
use crate::model::{
    AccountId, ClassId, Currency, CustomerId, Date, DocumentKey, DocumentKind, LineKey, Money, MoneyError, PayeeId,
    TargetId, TargetKind, TargetLineId, TermId,
};
use crate::retainage::{self, PayAppPosting};

/// What is known of the accounting system: which documents are there already, and as what.
pub trait TargetIndex: std::fmt::Debug + Sync {
    /// The transaction or list entry of a document.
    fn target(&self, document: &DocumentKey) -> Option<&TargetId>;
    /// The line of a document's transaction that stands for a source line.
    fn line(&self, document: &DocumentKey, line: &LineKey) -> Option<&TargetLineId>;
    /// Does another document have the number? Bills are numbered by vendor; purchase orders by company.
    fn number_taken(&self, kind: TargetKind, payee: &PayeeId, number: &str, by_other_than: &DocumentKey) -> bool;
}

/// Everything that mapping a document depends on, besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// The lists of the accounting system.
    pub names: &'a Names<'a>,
    /// The limits of the accounting system.
    pub capabilities: &'a Capabilities,
    /// What is there already.
    pub index: &'a dyn TargetIndex,
    /// Does another document refer to this one, or is it linked already?
    pub awaited: bool,
}

/// What a document should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// This.
    Post(Box<AccountingDocument>),
    /// Nothing: why, in words.
    Nothing(&'static str),
    /// That depends on a document that is not there yet.
    Needs(DocumentKey),
    /// A person must decide.
    Dead {
        /// Why.
        cause: Cause,
        /// What exactly.
        text: String,
        /// What is at stake.
        amount: Option<Money>,
    },
}

/// Anything but a document to post.
enum Stop {
    Nothing(&'static str),
    Needs(DocumentKey),
    Dead(Cause, String),
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        let cause = match error {
            MoneyError::CurrencyMismatch { .. } => Cause::Currency,
            _ => Cause::AmountsDisagree,
        };
        Self::Dead(cause, error.to_string())
    }
}

impl Situation<'_> {
    /// What `document` should be in the accounting system.
    pub fn apply(&self, document: &Document) -> Mapped {
        let (result, amount) = match document {
            Document::Customer(d) => (Ok(self.customer(&d.name)), None),
            Document::Vendor(d) => (self.vendor(d), None),
            Document::Project(d) => (self.project(d), None),
            Document::Commitment(d) => (self.commitment(d), d.revised().ok().or(d.original_sum)),
            Document::PayApp(d) => (self.pay_app(d), d.summary.current_payment_due),
            _ => (Err(Stop::Nothing("documents of this kind are not synced")), None),
        };
        match result {
            Ok(document) => Mapped::Post(Box::new(document)),
            Err(Stop::Nothing(why)) => Mapped::Nothing(why),
            Err(Stop::Needs(key)) => Mapped::Needs(key),
            Err(Stop::Dead(cause, text)) => Mapped::Dead { cause, text, amount },
        }
    }

    fn customer(&self, name: &str) -> AccountingDocument {
        AccountingDocument::Customer(accounting::Customer {
            name: self.name(name),
            parent: None,
            address: None,
            active: true,
        })
    }

    fn vendor(&self, vendor: &Vendor) -> Result<AccountingDocument, Stop> {
        if !self.awaited {
            if vendor.not_paid {
                return Err(Stop::Nothing("an owner or the contractor itself, never paid on a commitment"));
            }
            if !vendor.active {
                return Err(Stop::Nothing("inactive"));
            }
            if self.mapping.policies.vendors == VendorScope::Referred {
                return Err(Stop::Nothing("not referred to by any commitment"));
            }
        }
        let name = match self.mapping.crosswalk.vendors.get(&fold(&vendor.name)) {
            Some(name) => name.clone(),
            None => self.template("vendor_name", &[("vendor_name", &vendor.name)]),
        };
        Ok(AccountingDocument::Vendor(accounting::Vendor {
            name: self.name(&name),
            address: vendor.address.clone(),
            phone: vendor.phone.clone(),
            email: vendor.email.clone(),
            active: true,
        }))
    }

    fn project(&self, project: &Project) -> Result<AccountingDocument, Stop> {
        let number = project.number.as_deref().unwrap_or_default();
        let row = self.mapping.crosswalk.projects.get(&fold(number));
        let customer = row.and_then(|r| r.customer.as_deref()).or(project.owner.as_ref().map(|o| o.name.as_str()));
        let parent = match customer {
            None => None,
            Some(name) => Some(self.parent(name)?),
        };
        let name = match row.and_then(|r| r.job.as_deref()) {
            Some(job) => job.to_owned(),
            None => self.template("job_name", &[("project_number", number), ("project_name", &project.name)]),
        };
        Ok(AccountingDocument::Customer(accounting::Customer {
            name: self.name(&name),
            parent,
            address: project.address.clone(),
            active: true,
        }))
    }

    /// A customer that exists, by its full name, or the one that must be made first.
    fn parent(&self, name: &str) -> Result<CustomerId, Stop> {
        let key = DocumentKey::new(DocumentKind::Customer, self.name(name));
        if let Some(target) = self.index.target(&key) {
            return Ok(CustomerId::from(target.as_str()));
        }
        if self.names.lists().is_none() {
            return Err(Stop::Needs(key));
        }
        match self.names.resolve(List::Customer, name) {
            Ok(id) => Ok(CustomerId::from(id)),
            Err(problem) if name.contains(':') => Err(Stop::Dead(Cause::MissingCoding, problem)),
            Err(_) => Err(Stop::Needs(key)),
        }
    }

    fn commitment(&self, commitment: &Commitment) -> Result<AccountingDocument, Stop> {
        if commitment.deleted {
            return Err(Stop::Nothing("deleted"));
        }
        if !commitment.status.is_committed() {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(commitment.currency)?;
        check_commitment(commitment)?;
        let payee = self.payee(commitment.vendor.as_ref().map(AsRef::as_ref))?;
        let job = self.job(&commitment.project)?;
        let date = commitment.date.ok_or_else(|| no_date("contract date"))?;
        let project_number = commitment.project_number.as_deref().unwrap_or_default();
        let vendor = commitment.vendor_name.as_deref().unwrap_or_default();
        let mut lines = Vec::new();
        for (line, change) in commitment.committed_lines() {
            let coding = self.coding(project_number, vendor, &line.codes, &job)?;
            let description = match change {
                None => line.description.clone(),
                Some(co) => format!("CO {}: {}", co.number, line.description),
            };
            lines.push(self.line(commitment_line_key(line, change.map(package_of)), &description, line.amount, coding));
        }
        if lines.is_empty() {
            return Err(Stop::Nothing("without lines"));
        }
        let values = [
            ("commitment_number", commitment.number.as_str()),
            ("title", &commitment.title),
            ("project_number", project_number),
            ("vendor_name", vendor),
        ];
        let key = DocumentKey::within(DocumentKind::Commitment, &commitment.project, &commitment.id);
        let number = self.number(
            TargetKind::PurchaseOrder,
            &payee,
            &self.template("purchase_order_number", &values),
            project_number,
            &key,
        );
        Ok(AccountingDocument::PurchaseOrder(ExpenseDocument {
            number: Some(number),
            date,
            terms: self.terms(commitment.terms.as_deref())?,
            payable: Some(self.payable()?),
            memo: self.template("purchase_order_memo", &values),
            lines,
            currency: commitment.currency,
            payee,
        }))
    }

    fn pay_app(&self, app: &PayApp) -> Result<AccountingDocument, Stop> {
        if !app.status.is_approved() {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(app.currency)?;
        let posting = retainage::posting(app).map_err(|e| Stop::Dead(Cause::AmountsDisagree, e.to_string()))?;
        if posting.is_nothing() {
            return Err(Stop::Nothing("nothing billed, withheld or released"));
        }
        let commitment = DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment);
        if self.index.target(&commitment).is_none() {
            return Err(Stop::Needs(commitment));
        }
        let payee = self.payee(app.vendor.as_ref().map(AsRef::as_ref))?;
        let job = self.job(&app.project)?;
        let date = app.billing_date.or(app.period_end).ok_or_else(|| no_date("billing date"))?;
        let credit = posting.net.is_negative();
        let lines = self.pay_app_lines(app, &posting, &job, &commitment, credit)?;
        let number = app.number.to_string();
        let project_number = app.project_number.as_deref().unwrap_or_default();
        let period_end = app.period_end.map(|d| d.to_string()).unwrap_or_default();
        let values = [
            ("commitment_number", app.commitment_number.as_str()),
            ("pay_app_number", &number),
            ("invoice_number", app.invoice_number.as_deref().unwrap_or_default()),
            ("project_number", project_number),
            ("vendor_name", app.vendor_name.as_deref().unwrap_or_default()),
            ("period_end", &period_end),
        ];
        let kind = if credit { TargetKind::VendorCredit } else { TargetKind::Bill };
        let number = match &app.invoice_number {
            Some(own) => shorten(own.trim(), self.capabilities.max_number),
            None => {
                let key = DocumentKey::within(DocumentKind::PayApp, &app.project, &app.id);
                self.number(kind, &payee, &self.template("bill_number", &values), project_number, &key)
            }
        };
        let document = ExpenseDocument {
            number: Some(number),
            date,
            terms: None,
            payable: Some(self.payable()?),
            memo: self.template("bill_memo", &values),
            lines,
            currency: app.currency,
            payee,
        };
        Ok(if credit { AccountingDocument::VendorCredit(document) } else { AccountingDocument::Bill(document) })
    }

    fn pay_app_lines(
        &self,
        app: &PayApp,
        posting: &PayAppPosting,
        job: &CustomerId,
        commitment: &DocumentKey,
        credit: bool,
    ) -> Result<Vec<ExpenseLine>, Stop> {
        let project = app.project_number.as_deref().unwrap_or_default();
        let vendor = app.vendor_name.as_deref().unwrap_or_default();
        let sign = |amount: Money| if credit { amount.negated() } else { amount };
        let per_line = self.mapping.policies.retainage_lines == RetainageLines::PerLine;
        let mut lines = Vec::with_capacity(app.lines.len() * 2);
        for (row, amounts) in app.lines.iter().zip(&posting.lines) {
            let coding = self.coding(project, vendor, &row.codes, job);
            if !amounts.gross.is_zero() {
                let key = LineKey::source(format!("pa:{}:work", row.id));
                let mut line = self.line(key, &row.description, sign(amounts.gross), coding_ref(&coding)?);
                // A purchase order line cannot be billed by less than nothing, and a vendor credit has no links.
                if !credit && !amounts.gross.is_negative() {
                    line.link = self.link(row, commitment);
                }
                lines.push(line);
            }
            if per_line {
                let coding = coding.as_ref().ok();
                for (part, verb, amount) in
                    [("withheld", "withheld", amounts.withheld.negated()), ("released", "released", amounts.released)]
                {
                    if !amount.is_zero() {
                        let key = LineKey::source(format!("pa:{}:{part}", row.id));
                        let text = format!("Retainage {verb}: {}", row.description);
                        lines.push(self.line(key, &text, sign(amount), self.retainage_coding(coding, job)?));
                    }
                }
            }
        }
        if !per_line {
            for (part, amount) in [("withheld", posting.total.withheld.negated()), ("released", posting.total.released)]
            {
                if !amount.is_zero() {
                    let key = LineKey::source(format!("pa:{part}"));
                    let text = format!("Retainage {part}");
                    lines.push(self.line(key, &text, sign(amount), self.retainage_coding(None, job)?));
                }
            }
        }
        Ok(lines)
    }

    fn line(&self, key: LineKey, description: &str, amount: Money, coding: Coding) -> ExpenseLine {
        let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
        let description = description.chars().take(self.capabilities.max_description).collect();
        ExpenseLine { key, id: None, description, amount, coding, link: None }
    }

    fn link(&self, row: &PayAppLine, commitment: &DocumentKey) -> Option<LineLink> {
        if !self.capabilities.purchase_order_links {
            return None;
        }
        let line = row.sov_line.as_ref()?;
        let key = match &row.change_order_package {
            Some(package) => LineKey::source(format!("co:{package}:{line}")),
            None => LineKey::source(format!("sov:{line}")),
        };
        let id = self.index.line(commitment, &key)?;
        Some(LineLink { purchase_order: self.index.target(commitment)?.clone(), line: id.clone() })
    }

    fn payee(&self, vendor: Option<&str>) -> Result<PayeeId, Stop> {
        let vendor = vendor.ok_or_else(|| {
            Stop::Dead(Cause::MissingCoding, "it has no vendor; choose the vendor in Procore".to_owned())
        })?;
        let key = DocumentKey::new(DocumentKind::Vendor, vendor);
        match self.index.target(&key) {
            Some(target) => Ok(PayeeId::from(target.as_str())),
            None => Err(Stop::Needs(key)),
        }
    }

    fn job(&self, project: &crate::model::ProjectId) -> Result<CustomerId, Stop> {
        let key = DocumentKey::new(DocumentKind::Project, project);
        match self.index.target(&key) {
            Some(target) => Ok(CustomerId::from(target.as_str())),
            None => Err(Stop::Needs(key)),
        }
    }

    fn coding(&self, project: &str, vendor: &str, codes: &Codes, job: &CustomerId) -> Result<Coding, Stop> {
        let dead = |cause, problem: String| Stop::Dead(cause, problem);
        let row = self.mapping.coding.find(CodingKey { project, vendor, codes }).ok_or_else(|| {
            let code = codes.budget_code.as_deref().or(codes.cost_code.as_deref()).unwrap_or("(none)");
            dead(Cause::MissingCoding, format!("the code {code} of project {project} has no row in coding.csv"))
        })?;
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
        let class = match &row.class {
            None => None,
            Some(class) => {
                let id = self.names.resolve(List::Class, class);
                Some(ClassId::from(id.map_err(|p| dead(Cause::MissingCoding, at(row.line, &p)))?))
            }
        };
        let customer = match &row.customer {
            None => job.clone(),
            Some(customer) => {
                let id = self.names.resolve(List::Customer, customer);
                CustomerId::from(id.map_err(|p| dead(Cause::MissingCoding, at(row.line, &p)))?)
            }
        };
        Ok(Coding { post_to, class, customer: Some(customer) })
    }

    /// Retainage is listed by customer and class, so that the balance of each job can be shown.
    fn retainage_coding(&self, coding: Option<&Coding>, job: &CustomerId) -> Result<Coding, Stop> {
        Ok(Coding {
            post_to: PostTo::Account(self.role(AccountRole::RetainagePayable)?),
            class: coding.and_then(|c| c.class.clone()),
            customer: Some(coding.and_then(|c| c.customer.clone()).unwrap_or_else(|| job.clone())),
        })
    }

    fn payable(&self) -> Result<AccountId, Stop> {
        let preferred = self.names.lists().and_then(|lists| lists.default_payable.as_deref());
        match preferred.filter(|_| !self.mapping.crosswalk.accounts.contains_key(&AccountRole::AccountsPayable)) {
            Some(id) => Ok(AccountId::from(id)),
            None => self.role(AccountRole::AccountsPayable),
        }
    }

    fn role(&self, role: AccountRole) -> Result<AccountId, Stop> {
        self.mapping.account(role, self.names).map_err(|text| Stop::Dead(Cause::MissingAccount, text))
    }

    fn terms(&self, terms: Option<&str>) -> Result<Option<TermId>, Stop> {
        let Some(name) = terms.and_then(|t| self.mapping.crosswalk.terms.get(&fold(t))) else { return Ok(None) };
        let id = self.names.resolve(List::Term, name);
        Ok(Some(TermId::from(id.map_err(|p| Stop::Dead(Cause::MissingCoding, format!("terms.csv: {p}")))?)))
    }

    fn check_currency(&self, currency: Currency) -> Result<(), Stop> {
        match self.names.lists().and_then(|lists| lists.currency) {
            Some(home) if home != currency => {
                Err(Stop::Dead(Cause::Currency, format!("it is in {currency}, the company's books are in {home}")))
            }
            _ => Ok(()),
        }
    }

    fn template(&self, name: &str, values: &[(&str, &str)]) -> String {
        self.mapping.rules.templates.get(name).map(|t| t.fill(values)).unwrap_or_default()
    }

    fn name(&self, name: &str) -> String {
        entry_name(name, self.capabilities.max_name)
    }

    /// A number that no other document has: Procore numbers contracts by project, QuickBooks by company.
    fn number(
        &self,
        kind: TargetKind,
        payee: &PayeeId,
        plain: &str,
        project_number: &str,
        document: &DocumentKey,
    ) -> String {
        let number = shorten(plain, self.capabilities.max_number);
        if self.index.number_taken(kind, payee, &number, document) {
            return shorten(&format!("{plain} {project_number}"), self.capabilities.max_number);
        }
        number
    }
}

fn at(line: usize, problem: &str) -> String {
    format!("coding.csv:{line}: {problem}")
}

fn no_date(which: &str) -> Stop {
    Stop::Dead(Cause::Unreadable, format!("it has no {which}; enter one in Procore"))
}

fn coding_ref(coding: &Result<Coding, Stop>) -> Result<Coding, Stop> {
    match coding {
        Ok(coding) => Ok(coding.clone()),
        Err(Stop::Dead(cause, text)) => Err(Stop::Dead(*cause, text.clone())),
        Err(Stop::Needs(key)) => Err(Stop::Needs(key.clone())),
        Err(Stop::Nothing(why)) => Err(Stop::Nothing(why)),
    }
}

fn package_of(change: &crate::model::construction::ChangeOrder) -> &str {
    change.package.as_ref().map_or(change.id.as_str(), AsRef::as_ref)
}

fn commitment_line_key(line: &SovLine, package: Option<&str>) -> LineKey {
    match package {
        Some(package) => LineKey::source(format!("co:{package}:{}", line.id)),
        None => LineKey::source(format!("sov:{}", line.id)),
    }
}

/// Header and lines of a commitment must agree to the cent.
fn check_commitment(commitment: &Commitment) -> Result<(), Stop> {
    let disagree = |what: &str, header: Money, lines: Money| {
        Stop::Dead(Cause::AmountsDisagree, format!("{what}: the header says {header}, the lines add up to {lines}"))
    };
    let original = Money::sum(commitment.currency, commitment.lines.iter().map(|l| l.amount))?;
    if let Some(stated) = commitment.original_sum.filter(|stated| *stated != original) {
        return Err(disagree("original sum", stated, original));
    }
    for change in &commitment.change_orders {
        if change.status != crate::model::ChangeOrderStatus::Approved {
            continue;
        }
        let lines = Money::sum(commitment.currency, change.lines.iter().map(|l| l.amount))?;
        if let Some(stated) = change.sum.filter(|stated| *stated != lines) {
            return Err(disagree(&format!("change order {}", change.number), stated, lines));
        }
    }
    let changes = commitment.revised()?.minus(original)?;
    if let Some(stated) = commitment.approved_changes.filter(|stated| *stated != changes) {
        return Err(disagree("approved change orders", stated, changes));
    }
    Ok(())
}

/// The first open day after a closing date.
pub(crate) fn first_open_day(closing: Date) -> Date {
    closing.succ_opt().unwrap_or(closing)
}

impl Mapping {
    /// The account of a role: as mapped, else the only one that fits. Never a guess between several.
    ///
    /// # Errors
    /// Why there is none, and what to do, for people.
    pub fn account(&self, role: AccountRole, names: &Names<'_>) -> Result<AccountId, String> {
        let problem = match (self.crosswalk.accounts.get(&role), names.lists()) {
            (Some(name), _) => match names.resolve(List::Account, name) {
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

    /// The name of the customer that a project's job stands under, as it will be written; none where the project has
    /// no owner yet.
    pub fn customer_name(&self, project: &Project, capabilities: &Capabilities) -> Option<String> {
        let number = project.number.as_deref().unwrap_or_default();
        let row = self.crosswalk.projects.get(&fold(number));
        let name = row.and_then(|r| r.customer.as_deref()).or(project.owner.as_ref().map(|o| o.name.as_str()))?;
        if name.contains(':') || name.starts_with("id:") {
            return None;
        }
        Some(entry_name(name, capabilities.max_name))
    }
}

/// A name that the accounting system takes: `:` separates parent and child there.
fn entry_name(name: &str, max: usize) -> String {
    let name = name.replace(':', " -");
    shorten(&name.split_whitespace().collect::<Vec<_>>().join(" "), max)
}
