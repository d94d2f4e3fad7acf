//! Construction documents, in Procore's words: what was committed, billed and certified.
//!
//! A document is complete in itself: change orders are part of their commitment, and a pay app line carries what the
//! application before it held, so that a posting needs no other document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;

/// The customer's own fields of a document, by the source's name for each, as text.
pub type CustomFields = BTreeMap<String, String>;

/// Any construction document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Document {
    /// A paying party.
    Customer(Customer),
    /// A company of the directory.
    Vendor(Vendor),
    /// A project.
    Project(Project),
    /// A subcontract or purchase order.
    Commitment(Commitment),
    /// The owner's contract.
    PrimeContract(PrimeContract),
    /// A subcontractor's invoice.
    PayApp(PayApp),
    /// An invoice to the owner.
    OwnerInvoice(OwnerInvoice),
}

impl Document {
    /// The key of the document.
    pub fn key(&self) -> DocumentKey {
        match self {
            Self::Customer(d) => DocumentKey::new(DocumentKind::Customer, &d.name),
            Self::Vendor(d) => DocumentKey::new(DocumentKind::Vendor, &d.id),
            Self::Project(d) => DocumentKey::new(DocumentKind::Project, &d.id),
            Self::Commitment(d) => DocumentKey::within(DocumentKind::Commitment, &d.project, &d.id),
            Self::PrimeContract(d) => DocumentKey::within(DocumentKind::PrimeContract, &d.project, &d.id),
            Self::PayApp(d) => DocumentKey::within(DocumentKind::PayApp, &d.project, &d.id),
            Self::OwnerInvoice(d) => DocumentKey::within(DocumentKind::OwnerInvoice, &d.project, &d.id),
        }
    }

    /// What a person calls the document: its number or name.
    pub fn label(&self) -> String {
        match self {
            Self::Customer(d) => d.name.clone(),
            Self::Vendor(d) => d.name.clone(),
            Self::Project(d) => d.label(),
            Self::Commitment(d) => d.number.clone(),
            Self::PrimeContract(d) => d.number.clone(),
            Self::PayApp(d) => format!("{}/{}", d.commitment_number, d.number),
            Self::OwnerInvoice(d) => d.invoice_number.clone().unwrap_or_else(|| d.number.to_string()),
        }
    }
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province code.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country code.
    pub country: Option<String>,
}

/// A paying party. Procore has no such object: it is the owner named by a prime contract, or by the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Its name, which is also its key.
    pub name: String,
}

/// A company of the Procore directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Id.
    pub id: VendorId,
    /// Name.
    pub name: String,
    /// Is it in use?
    pub active: bool,
    /// Is it the owner or the contractor of some prime contract? Then it becomes a vendor in the accounting system only
    /// when a commitment refers to it.
    pub not_paid: bool,
    /// Address.
    pub address: Option<Address>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// A project (job).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Id.
    pub id: ProjectId,
    /// The number that people use, e.g. `2026-014`.
    pub number: Option<String>,
    /// Name.
    pub name: String,
    /// Is it in use?
    pub active: bool,
    /// The owner, from the prime contract; none where there is no prime contract yet.
    pub owner: Option<Owner>,
    /// Address of the site.
    pub address: Option<Address>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default)]
    pub custom: CustomFields,
}

impl Project {
    /// Number and name, as people write them.
    pub fn label(&self) -> String {
        match &self.number {
            Some(number) => format!("{number} {}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The owner of a project: the company that pays us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its entry in the directory.
    pub vendor: VendorId,
    /// Its name.
    pub name: String,
}

/// What a line is budgeted under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// Budget code: the segments joined, e.g. `05-100.S`.
    pub budget_code: Option<String>,
    /// Cost code, e.g. `05-100`.
    pub cost_code: Option<String>,
    /// Cost type, e.g. `S`.
    pub cost_type: Option<String>,
    /// The name of the cost type, e.g. `Commitment`.
    pub cost_type_name: Option<String>,
}

/// The two kinds of commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitmentKind {
    /// A work order contract.
    Subcontract,
    /// A purchase order contract.
    PurchaseOrder,
}

/// A subcontract or purchase order that we gave, with its change orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Id.
    pub id: CommitmentId,
    /// Which kind.
    pub kind: CommitmentKind,
    /// Its project.
    pub project: ProjectId,
    /// The project's number, which the mapping goes by.
    pub project_number: Option<String>,
    /// Who was commissioned; none while undecided.
    pub vendor: Option<VendorId>,
    /// The vendor's name, which the mapping goes by.
    pub vendor_name: Option<String>,
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Status.
    pub status: CommitmentStatus,
    /// Date of the contract.
    pub date: Option<Date>,
    /// Terms of payment, as text.
    pub terms: Option<String>,
    /// Payments recorded in Procore so far, as the header states them.
    pub paid: Option<Money>,
    /// Schedule of values, change orders not included.
    pub lines: Vec<SovLine>,
    /// Change orders of every status; only approved ones count.
    pub change_orders: Vec<ChangeOrder>,
    /// Original sum as the header states it (G702 line 1).
    pub original_sum: Option<Money>,
    /// Approved change orders as the header states them (G702 line 2).
    pub approved_changes: Option<Money>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Deleted (moved to the recycle bin) in Procore?
    pub deleted: bool,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default)]
    pub custom: CustomFields,
}

impl Commitment {
    /// All lines that count: the original ones, then those of approved change orders.
    pub fn committed_lines(&self) -> impl Iterator<Item = (&SovLine, Option<&ChangeOrder>)> {
        let changes = self.change_orders.iter().filter(|co| co.status == ChangeOrderStatus::Approved);
        self.lines.iter().map(|l| (l, None)).chain(changes.flat_map(|co| co.lines.iter().map(move |l| (l, Some(co)))))
    }

    /// Revised commitment: original plus approved change orders, from the lines.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn revised(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.committed_lines().map(|(line, _)| line.amount))
    }
}

/// A line of a schedule of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SovLine {
    /// Id.
    pub id: SovLineId,
    /// Place in the schedule.
    pub position: Option<i64>,
    /// What it is for.
    pub description: String,
    /// Budget code and its parts.
    pub codes: Codes,
    /// Amount; negative in a deductive change order.
    pub amount: Money,
}

/// A change order on a commitment or prime contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOrder {
    /// Id.
    pub id: ChangeOrderId,
    /// The package that pay app lines refer to.
    pub package: Option<ChangeOrderPackageId>,
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Status.
    pub status: ChangeOrderStatus,
    /// Sum as the header states it.
    pub sum: Option<Money>,
    /// Lines.
    pub lines: Vec<SovLine>,
}

/// The owner's contract with us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimeContract {
    /// Id.
    pub id: PrimeContractId,
    /// Its project.
    pub project: ProjectId,
    /// The project's number.
    pub project_number: Option<String>,
    /// The owner.
    pub owner: Option<Owner>,
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Status.
    pub status: CommitmentStatus,
    /// Date of the contract.
    pub date: Option<Date>,
    /// Schedule of values.
    pub lines: Vec<SovLine>,
    /// Change orders.
    pub change_orders: Vec<ChangeOrder>,
    /// Original sum as the header states it (G702 line 1).
    pub original_sum: Option<Money>,
    /// Approved change orders as the header states them (G702 line 2).
    pub approved_changes: Option<Money>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Deleted (moved to the recycle bin) in Procore?
    pub deleted: bool,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default)]
    pub custom: CustomFields,
}

impl PrimeContract {
    /// All lines that count: the original ones, then those of approved change orders.
    pub fn contract_lines(&self) -> impl Iterator<Item = (&SovLine, Option<&ChangeOrder>)> {
        let changes = self.change_orders.iter().filter(|co| co.status == ChangeOrderStatus::Approved);
        self.lines.iter().map(|l| (l, None)).chain(changes.flat_map(|co| co.lines.iter().map(move |l| (l, Some(co)))))
    }

    /// Contract sum to date: original plus approved change orders, from the lines (G702 line 3).
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn sum_to_date(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.contract_lines().map(|(line, _)| line.amount))
    }
}

/// A subcontractor's invoice against one commitment (G702 and G703).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayApp {
    /// Id.
    pub id: PayAppId,
    /// Its project.
    pub project: ProjectId,
    /// The project's number.
    pub project_number: Option<String>,
    /// The commitment that it bills.
    pub commitment: CommitmentId,
    /// The commitment's number.
    pub commitment_number: String,
    /// Who bills.
    pub vendor: Option<VendorId>,
    /// The vendor's name, which the mapping goes by.
    pub vendor_name: Option<String>,
    /// Number of the application within its commitment.
    pub number: i64,
    /// The vendor's own invoice number.
    pub invoice_number: Option<String>,
    /// Status.
    pub status: PayAppStatus,
    /// Billing date: the date of the document.
    pub billing_date: Option<Date>,
    /// First day of the period.
    pub period_start: Option<Date>,
    /// Last day of the period.
    pub period_end: Option<Date>,
    /// The application before this one.
    pub previous: Option<PayAppId>,
    /// One row per line of the schedule of values.
    pub lines: Vec<PayAppLine>,
    /// The header's own totals.
    pub summary: PayAppSummary,
    /// Currency of every amount.
    pub currency: Currency,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default)]
    pub custom: CustomFields,
    /// The ids of its files; none where the answer does not tell.
    #[serde(default)]
    pub files: Option<Vec<String>>,
}

/// A G703 row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayAppLine {
    /// Id.
    pub id: PayAppLineId,
    /// The schedule line that it bills, of the contract or of a change order.
    pub sov_line: Option<SovLineId>,
    /// The package of the change order that the line belongs to.
    pub change_order_package: Option<ChangeOrderPackageId>,
    /// What it is for.
    pub description: String,
    /// Budget code and its parts.
    pub codes: Codes,
    /// Column C: scheduled value.
    pub scheduled_value: Option<Money>,
    /// Column D: work completed, from previous applications.
    pub work_previous: Money,
    /// Column E: work completed this period, installed stored material included.
    pub work_this_period: Money,
    /// Column F: material presently stored. A balance.
    pub stored: Money,
    /// Column F of the application before.
    pub stored_previous: Money,
    /// Column G as stated.
    pub completed_and_stored: Option<Money>,
    /// Retainage of the line.
    pub retainage: LineRetainage,
}

/// Retainage of a G703 row, as stated by the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRetainage {
    /// Withheld on completed work this period.
    pub work_retained: Money,
    /// Released on completed work this period.
    pub work_released: Money,
    /// Held on stored material now. A balance.
    pub stored_held: Money,
    /// Held on stored material after the application before.
    pub stored_held_previous: Money,
    /// Released on stored material this period.
    pub stored_released: Money,
    /// Retainage that went from stored material to completed work with the material installed this period.
    pub moved: Money,
    /// Held on the line before and after, where the source states it; then nothing needs to be derived.
    pub held: Option<HeldBeforeAfter>,
}

/// Retainage held on a line, stated by the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBeforeAfter {
    /// After the application before.
    pub before: Money,
    /// After this application.
    pub after: Money,
}

/// The totals that the header of a pay app states; checked against the lines, never posted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayAppSummary {
    /// G702 line 4.
    pub completed_and_stored: Option<Money>,
    /// G702 line 5.
    pub total_retainage: Option<Money>,
    /// G702 line 6.
    pub earned_less_retainage: Option<Money>,
    /// G702 line 7.
    pub previous_certificates: Option<Money>,
    /// Tax in this payment.
    pub tax: Option<Money>,
    /// G702 line 8.
    pub current_payment_due: Option<Money>,
}

/// An invoice to the owner (G702 and G703).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerInvoice {
    /// Id.
    pub id: OwnerInvoiceId,
    /// Its project.
    pub project: ProjectId,
    /// The project's number.
    pub project_number: Option<String>,
    /// The contract that it bills.
    pub contract: PrimeContractId,
    /// The contract's number.
    pub contract_number: String,
    /// Number of the application within its contract.
    pub number: i64,
    /// Our invoice number.
    pub invoice_number: Option<String>,
    /// Status.
    pub status: OwnerInvoiceStatus,
    /// Billing date: the date of the document.
    pub billing_date: Option<Date>,
    /// Last day of the period.
    pub period_end: Option<Date>,
    /// The application before this one.
    pub previous: Option<OwnerInvoiceId>,
    /// Rows.
    pub lines: Vec<PayAppLine>,
    /// The header's own totals.
    pub summary: PayAppSummary,
    /// Currency of every amount.
    pub currency: Currency,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default)]
    pub custom: CustomFields,
}

/// A payment on a contract, issued or received. It comes back from the accounting system, so it is no [`Document`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Id.
    pub id: ContractPaymentId,
    /// Its project.
    pub project: ProjectId,
    /// The contract.
    pub contract: ContractId,
    /// The pay app that was paid.
    pub pay_app: Option<PayAppId>,
    /// Number of the owner invoice (or pay app) that was paid.
    pub application: Option<i64>,
    /// Amount.
    pub amount: Money,
    /// Date.
    pub date: Option<Date>,
    /// Check number.
    pub number: Option<String>,
    /// Its origin id; none where people entered it by hand.
    pub origin: Option<String>,
    /// How far it has come at the bank, where that was told.
    pub bank: Option<AtBank>,
}
