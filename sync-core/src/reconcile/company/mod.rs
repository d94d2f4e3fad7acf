//! Two whole companies compared: what belongs together is found, what differs is told by document, and the totals are
//! tied out. Reads nothing and writes nothing; both sides are handed in as they were read.

mod balances;
mod books;
mod fields;
mod findings;
mod groups;
mod ledgers;
mod pair;
mod parties;
mod score;
mod sides;
mod twins;
mod wanted;
mod wip;

use std::collections::{HashMap, HashSet};

pub use balances::Total;
pub use books::{BookPayment, BookPosting, BookPostingLine, BookState, label_of};
pub use findings::CompanyFinding;
pub use pair::{Pair, Road};
pub use sides::{counts, procore_side};

use super::explain::explain;
use super::payments::{BillPaymentRecord, PaymentRecord, tie_out_payments};
use super::records::{BillRecord, BooksSide, PurchaseOrderRecord};
use super::tie_out::{ProjectRow, tie_out};
use crate::connector::{Capabilities, Condition, Directory, Fetched, TargetState};
use crate::dead_letter::DeadLetter;
use crate::journal::Link;
use crate::mapping::{AccountRole, Mapping, Names, RetainagePolicy};
use crate::model::construction::{Document, Payment};
use crate::model::{AccountId, ConnectionId, Currency, DocumentKey, DocumentKind, MoneyError, ProjectId, TargetRef};
use pair::{Candidate, kinds_of, pairs};
use wanted::Desk;

/// Both companies, as they were read.
#[derive(Clone, Copy, Debug)]
pub struct Companies<'a> {
    /// The connection, whose markers count.
    pub connection: &'a ConnectionId,
    /// Every document of Procore.
    pub documents: &'a [Fetched],
    /// Payments on commitments that Procore has.
    pub payments: &'a [Payment],
    /// The books.
    pub books: &'a BookState,
    /// What is known to belong together, approved entries ([`entries_of`](crate::engine::entries_of)) included; nothing
    /// before the first sync.
    pub links: &'a [Link],
    /// What waits for a person.
    pub dead: &'a [DeadLetter],
    /// The mapping, by which names and codings are compared.
    pub mapping: &'a Mapping,
    /// The limits of the accounting system.
    pub capabilities: &'a Capabilities,
    /// Only these projects; the documents are theirs already. Accounts then count with what these put into them.
    pub projects: Option<&'a HashSet<ProjectId>>,
}

/// What a reconciliation came to.
#[derive(Clone, Debug)]
pub struct CompanyReport {
    /// The currency of every amount.
    pub currency: Currency,
    /// Everything that differs, each thing once, the largest amounts first.
    pub findings: Vec<CompanyFinding>,
    /// Totals that must be equal; some have several measures.
    pub tie_outs: Vec<Total>,
    /// Committed, billed, paid and held by project, in Procore and in the books.
    pub projects: Vec<ProjectRow>,
    /// What belongs together, and how that was found.
    pub pairs: Vec<Pair>,
    /// What could not be compared: the report is not complete if there is any.
    pub problems: Vec<String>,
}

impl CompanyReport {
    /// Is there no difference, and was everything compared?
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.is_complete() && self.tie_outs.iter().all(|total| total.difference.is_zero())
    }

    /// Was everything compared?
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Compares two companies.
///
/// # Errors
/// On overflow. Documents in another currency are left out and named in [`CompanyReport::problems`].
pub fn reconcile(companies: &Companies<'_>) -> Result<CompanyReport, MoneyError> {
    let Companies { connection, documents, books, links, mapping, capabilities, .. } = *companies;
    let currency = books.currency;
    let directory = Directory::Listed(Box::new(books.lists.clone()));
    let names = Names::new(&directory);
    let (mut known, parties) = parties::recognise(documents, books, links, mapping, &names, capabilities);
    let payable = accounts(mapping, &names, books, AccountRole::RetainagePayable);
    let receivable = accounts(mapping, &names, books, AccountRole::RetainageReceivable);
    let retainage: HashSet<AccountId> = payable.union(&receivable).cloned().collect();

    let (mut procore, changes, mut problems) = procore_side(documents, currency)?;
    if mapping.policies().retainage == RetainagePolicy::ProcoreOnly {
        procore = procore.posted_as_due();
    }
    problems.extend(books.unreadable.iter().cloned());
    let mut same_currency = books.clone();
    // What is recorded in Procore as a direct cost is of no commitment, so it stands in none of these tie-outs.
    let spent = links.iter().filter(|link| link.document.kind == DocumentKind::DirectCost);
    let spent: HashSet<&TargetRef> = spent.map(|link| &link.target).collect();
    same_currency.transactions.retain(|state| !spent.contains(&state.target));
    same_currency.entries.retain(|entry| entry.target.as_ref().is_none_or(|target| !spent.contains(target)));
    same_currency.transactions.retain(|state| {
        let own = state.total.map_or(currency, |total| total.currency());
        if own != currency {
            problems.push(format!("{} is in {own}, the books are in {currency}; it is left out", label_of(state)));
        }
        own == currency
    });
    if let Some(projects) = companies.projects {
        let jobs: HashSet<String> = projects.iter().filter_map(|project| parties::job_id(&known, project)).collect();
        same_currency.transactions.retain(|state| match project_of(state, companies) {
            Some(project) => projects.contains(&project),
            None => pair::seen(state, companies.books, &retainage).jobs.iter().any(|job| jobs.contains(job)),
        });
    }
    let books = &same_currency;

    // Contracts first: an application is recognised by the purchase order of its commitment, too.
    let mut all_pairs: Vec<Pair> = Vec::new();
    for kind in
        [DocumentKind::Commitment, DocumentKind::PrimeContract, DocumentKind::PayApp, DocumentKind::OwnerInvoice]
    {
        let desk = Desk { mapping, names: &names, capabilities, known: &known, parties: &parties };
        let of_kind = documents.iter().filter_map(|fetched| match fetched {
            Fetched::Found(document) if document.key().kind == kind && counts(document) => Some(document.as_ref()),
            _ => None,
        });
        let candidates: Vec<Candidate> = of_kind.map(|document| desk.candidate(document)).collect();
        let found = pairs(kind, &candidates, books, &retainage, connection, links);
        for pair in found.iter().filter(|pair| !pair.repeated) {
            known.put(pair.document.clone(), pair.target.id.clone());
        }
        all_pairs.extend(found);
    }

    let paired: HashMap<&TargetRef, &Pair> = all_pairs.iter().map(|pair| (&pair.target, pair)).collect();
    let scope = Scope::of(companies, &known, &parties, &paired, books, &retainage);
    let mut side = BooksSide::empty(currency);
    let applications: HashMap<&DocumentKey, _> =
        procore.pay_apps.iter().chain(&procore.owner_invoices).map(|app| (&app.document, app)).collect();
    let mut outside: Vec<&TargetState> = Vec::new();
    for state in &books.transactions {
        let document = scope.document(state);
        let Some(kind) = DOCUMENTS.iter().find(|kind| kinds_of(**kind).contains(&state.target.kind)) else { continue };
        match kind {
            DocumentKind::Commitment => side.purchase_orders.push(sides::order_record(state, document)?),
            DocumentKind::PrimeContract => side.estimates.push(sides::order_record(state, document)?),
            DocumentKind::PayApp | DocumentKind::OwnerInvoice => {
                if document.is_none() && !scope.concerns_us(state) {
                    outside.push(state);
                    continue;
                }
                let mut record = sides::bill_record(state, document, books, &retainage)?;
                if let Some(app) = record.document.as_ref().and_then(|document| applications.get(document)) {
                    sides::same_presentation(&mut record, app)?;
                }
                let list = if *kind == DocumentKind::PayApp { &mut side.bills } else { &mut side.invoices };
                list.push(record);
            }
            _ => {}
        }
    }
    // What stands for a document goes before what repeats it.
    let rank = |target: &TargetRef| paired.get(target).map_or(2, |pair| u8::from(pair.repeated));
    side.bills.sort_by_key(|record: &BillRecord| rank(&record.target));
    side.invoices.sort_by_key(|record: &BillRecord| rank(&record.target));
    side.purchase_orders.sort_by_key(|record: &PurchaseOrderRecord| rank(&record.target));
    side.estimates.sort_by_key(|record: &PurchaseOrderRecord| rank(&record.target));
    side.payable = sides::account(books, &payable, true, &outside)?;
    side.receivable = sides::account(books, &receivable, false, &outside)?;
    if companies.projects.is_some() {
        side.payable = sides::account_of(&side.bills, currency)?;
        side.receivable = sides::account_of(&side.invoices, currency)?;
    }

    let report = tie_out(currency, &procore, &side, companies.dead)?;
    let (left, right) = payment_records(companies, &procore.pay_apps, &side.bills)?;
    let paid = tie_out_payments(currency, &left, &right)?;
    let mut explained = twins::apart(explain(&procore, &side, &report, Some(&paid), &changes), &side)?;
    explained.retain(|e| !e.amount.is_zero() || e.shows_in.iter().any(|(_, _, amount)| !amount.is_zero()));

    let desk = Desk { mapping, names: &names, capabilities, known: &known, parties: &parties };
    let view = findings::View { companies, books, procore: &procore, pairs: &all_pairs, desk: &desk };
    let mut found = view.findings(explained, &retainage)?;
    let mut totals: Vec<Total> = report.tie_outs.iter().map(Total::of).collect();
    let ledgers = ledgers::Ledgers::of(companies, books, &desk, &retainage, &outside)?;
    if companies.projects.is_none() {
        wip::add(&mut totals, &mut found, companies, books, &names)?;
        ledgers.explain(&mut found, &procore, &side, view.foreign_kind())?;
    }
    found.sort_by(|a, b| {
        (std::cmp::Reverse(a.amount.absolute().amount()), a.tie_out, &a.procore, &a.quickbooks).cmp(&(
            std::cmp::Reverse(b.amount.absolute().amount()),
            b.tie_out,
            &b.procore,
            &b.quickbooks,
        ))
    });
    totals.push(Total::new("T4", None, paid.left, paid.right, paid.findings.is_empty())?);
    if companies.projects.is_none() {
        balances::add(&mut totals, companies, books, (&procore, &side), &ledgers, &found)?;
    }
    totals.sort_by_key(|total| (total.number(), total.measure));
    Ok(CompanyReport {
        currency,
        findings: found,
        tie_outs: totals,
        projects: report.projects,
        pairs: all_pairs,
        problems,
    })
}

/// The project of the document that a transaction says to stand for.
fn project_of(state: &TargetState, companies: &Companies<'_>) -> Option<ProjectId> {
    let linked = companies.links.iter().find(|link| link.target == state.target).map(|link| &link.document);
    let document = linked.or(state.marker.as_ref().map(|marker| &marker.document))?;
    document.project_and_id().map(|(project, _)| project)
}

const DOCUMENTS: [DocumentKind; 4] =
    [DocumentKind::Commitment, DocumentKind::PrimeContract, DocumentKind::PayApp, DocumentKind::OwnerInvoice];

/// The accounts of a retainage role: as mapped, else those that are called so.
fn accounts(mapping: &Mapping, names: &Names<'_>, books: &BookState, role: AccountRole) -> HashSet<AccountId> {
    if let Ok(account) = mapping.account(role, names) {
        return HashSet::from([account]);
    }
    let (kind, words) = match role {
        AccountRole::RetainagePayable => ("other current liability", ["payable", "held"]),
        _ => ("other current asset", ["receivable", "held"]),
    };
    let is_one = |name: &str| {
        let name = name.to_lowercase();
        (name.contains("retainage") || name.contains("retention")) && words.iter().any(|word| name.contains(word))
    };
    let lists = &books.lists.accounts;
    let found = lists.iter().filter(|entry| entry.kind.to_lowercase() == kind && is_one(&entry.name));
    found.map(|entry| AccountId::from(entry.id.as_str())).collect()
}

/// Which transactions concern the sync: bills for rent and telephone are nobody's pay apps.
struct Scope<'a> {
    paired: &'a HashMap<&'a TargetRef, &'a Pair>,
    marked: HashMap<&'a TargetRef, DocumentKey>,
    vendors: HashSet<String>,
    jobs: &'a HashSet<String>,
    orders: HashSet<String>,
    books: &'a BookState,
    retainage: &'a HashSet<AccountId>,
}

impl<'a> Scope<'a> {
    fn of(
        companies: &Companies<'a>,
        known: &parties::Known,
        parties: &'a parties::Parties,
        paired: &'a HashMap<&'a TargetRef, &'a Pair>,
        books: &'a BookState,
        retainage: &'a HashSet<AccountId>,
    ) -> Self {
        let mut vendors = HashSet::new();
        for fetched in companies.documents {
            if let Fetched::Found(document) = fetched
                && let Document::Commitment(c) = document.as_ref()
            {
                vendors.extend(parties::vendor_ids(known, parties, c.vendor.as_ref(), c.vendor_name.as_deref()));
            }
        }
        let orders = paired.values().filter(|pair| pair.document.kind == DocumentKind::Commitment);
        let linked: HashMap<&TargetRef, &DocumentKey> =
            companies.links.iter().map(|link| (&link.target, &link.document)).collect();
        let marked = books.transactions.iter().filter_map(|state| {
            let marker =
                state.marker.as_ref().filter(|m| companies.links.is_empty() || m.connection == *companies.connection);
            let document = linked.get(&state.target).map(|d| (*d).clone());
            Some((&state.target, document.or_else(|| marker.map(|m| m.document.clone()))?))
        });
        Self {
            marked: marked.collect(),
            orders: orders.map(|pair| pair.target.id.to_string()).collect(),
            paired,
            vendors,
            jobs: &parties.jobs,
            books,
            retainage,
        }
    }

    /// The document that a transaction stands for; a void one beside a live one stands for nothing.
    fn document(&self, state: &TargetState) -> Option<DocumentKey> {
        match self.paired.get(&state.target) {
            Some(pair) => Some(pair.document.clone()),
            None if state.condition == Condition::Voided => None,
            None => self.marked.get(&state.target).cloned(),
        }
    }

    fn concerns_us(&self, state: &TargetState) -> bool {
        if state.condition == Condition::Voided {
            return false;
        }
        if state.document.sales().is_some() {
            return state.document.party().is_some_and(|party| self.jobs.contains(party));
        }
        let seen = pair::seen(state, self.books, self.retainage);
        if seen.orders.iter().any(|order| self.orders.contains(order)) {
            return true;
        }
        let at_a_job = seen.jobs.is_empty() || seen.jobs.iter().any(|job| self.jobs.contains(job));
        self.vendors.contains(&seen.party) && at_a_job
    }
}

/// Payments of both sides, by pay app. Where Procore names only the commitment, the payment goes to the pay app whose
/// bill was paid so.
fn payment_records(
    companies: &Companies<'_>,
    apps: &[super::records::PayAppRecord],
    bills: &[BillRecord],
) -> Result<(Vec<PaymentRecord>, Vec<BillPaymentRecord>), MoneyError> {
    let by_target: HashMap<&TargetRef, &BillRecord> = bills.iter().map(|bill| (&bill.target, bill)).collect();
    let mut right: Vec<BillPaymentRecord> = Vec::new();
    for payment in companies.books.payments.iter().filter(|payment| !payment.voided) {
        for (target, cash) in &payment.parts {
            let Some(bill) = by_target.get(target).filter(|_| !cash.is_zero()) else { continue };
            right.push(BillPaymentRecord {
                document: bill.document.clone(),
                bill: if bill.number.is_empty() { bill.target.to_string() } else { bill.number.clone() },
                number: payment.number.clone(),
                amount: *cash,
            });
        }
    }
    let labels: HashMap<&DocumentKey, &str> = apps.iter().map(|app| (&app.document, app.label.as_str())).collect();
    let mut commitments: HashMap<DocumentKey, DocumentKey> = HashMap::new();
    let mut numbers: HashMap<DocumentKey, String> = HashMap::new();
    for fetched in companies.documents {
        let Fetched::Found(document) = fetched else { continue };
        match document.as_ref() {
            Document::PayApp(app) => {
                let commitment = DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment);
                commitments.insert(document.key(), commitment);
            }
            Document::Commitment(c) => drop(numbers.insert(document.key(), c.number.clone())),
            _ => {}
        }
    }
    let mut left: Vec<PaymentRecord> = Vec::new();
    let mut free: Vec<&BillPaymentRecord> = right.iter().collect();
    let (named, unnamed): (Vec<&Payment>, Vec<&Payment>) =
        companies.payments.iter().filter(|p| !p.amount.is_zero()).partition(|p| p.pay_app.is_some());
    for payment in named.into_iter().chain(unnamed) {
        let commitment = DocumentKey::within(DocumentKind::Commitment, &payment.project, &payment.contract);
        let document = match &payment.pay_app {
            Some(app) => DocumentKey::within(DocumentKind::PayApp, &payment.project, app),
            None => {
                let fits = |record: &&BillPaymentRecord, with_number: bool| {
                    record.amount == payment.amount
                        && (!with_number || record.number == payment.number)
                        && record.document.as_ref().and_then(|d| commitments.get(d)) == Some(&commitment)
                };
                let found = free.iter().find(|r| fits(r, true)).or_else(|| free.iter().find(|r| fits(r, false)));
                found.and_then(|record| record.document.clone()).unwrap_or_else(|| commitment.clone())
            }
        };
        let equal = |record: &&BillPaymentRecord| {
            record.document.as_ref() == Some(&document) && record.amount == payment.amount
        };
        if let Some(place) = free.iter().position(equal) {
            free.remove(place);
        }
        let label = labels.get(&document).map(|label| (*label).to_owned());
        let label = label.or_else(|| numbers.get(&commitment).cloned()).unwrap_or_else(|| document.to_string());
        left.push(PaymentRecord { document, label, number: payment.number.clone(), amount: payment.amount });
    }
    Ok((left, right))
}
