//! Accounting documents, in QuickBooks' words: what was billed and paid.
//!
//! Totals are not stored: they are the sum of the lines, so that a document whose header disagrees with its lines
//! cannot be built.

use serde::{Deserialize, Serialize};

use super::construction::Address;
use super::*;

/// Any accounting document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountingDocument {
    /// A customer or job.
    Customer(Customer),
    /// A vendor.
    Vendor(Vendor),
    /// A purchase order.
    PurchaseOrder(ExpenseDocument),
    /// A bill.
    Bill(ExpenseDocument),
    /// A vendor credit; its lines are positive where they reduce what we owe.
    VendorCredit(ExpenseDocument),
    /// An estimate.
    Estimate(SalesDocument),
    /// An invoice.
    Invoice(SalesDocument),
    /// A credit memo; its lines are positive where they reduce what the customer owes.
    CreditMemo(SalesDocument),
    /// A payment of bills.
    BillPayment(Settlement),
    /// A payment from a customer.
    Payment(Settlement),
    /// A journal entry.
    JournalEntry(JournalEntry),
}

impl AccountingDocument {
    /// Its kind.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Customer(_) => TargetKind::Customer,
            Self::Vendor(_) => TargetKind::Vendor,
            Self::PurchaseOrder(_) => TargetKind::PurchaseOrder,
            Self::Bill(_) => TargetKind::Bill,
            Self::VendorCredit(_) => TargetKind::VendorCredit,
            Self::Estimate(_) => TargetKind::Estimate,
            Self::Invoice(_) => TargetKind::Invoice,
            Self::CreditMemo(_) => TargetKind::CreditMemo,
            Self::BillPayment(_) => TargetKind::BillPayment,
            Self::Payment(_) => TargetKind::Payment,
            Self::JournalEntry(_) => TargetKind::JournalEntry,
        }
    }

    /// The lines of a purchase order, bill or vendor credit.
    pub fn expense(&self) -> Option<&ExpenseDocument> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d),
            _ => None,
        }
    }

    /// The same, to change.
    pub fn expense_mut(&mut self) -> Option<&mut ExpenseDocument> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d),
            _ => None,
        }
    }

    /// The lines of an estimate, invoice or credit memo.
    pub fn sales(&self) -> Option<&SalesDocument> {
        match self {
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d),
            _ => None,
        }
    }

    /// The same, to change.
    pub fn sales_mut(&mut self) -> Option<&mut SalesDocument> {
        match self {
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d),
            _ => None,
        }
    }

    /// Vendor or customer of a transaction.
    pub fn party(&self) -> Option<&str> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.payee.as_str()),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.customer.as_str()),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.party.as_str()),
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => None,
        }
    }

    /// Moves the document to another date.
    pub fn set_date(&mut self, date: Date) {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.date = date,
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.date = date,
            Self::BillPayment(d) | Self::Payment(d) => d.date = date,
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => {}
        }
    }

    /// The lines by what they stand for, of documents that have such lines.
    pub fn lines_mut(&mut self) -> Vec<LineMut<'_>> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d
                .lines
                .iter_mut()
                .map(|l| LineMut { key: &mut l.key, id: &mut l.id, description: &mut l.description })
                .collect(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d
                .lines
                .iter_mut()
                .map(|l| LineMut { key: &mut l.key, id: &mut l.id, description: &mut l.description })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The lines by what they stand for, to compare.
    pub fn line_refs(&self) -> Vec<LineRef<'_>> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d
                .lines
                .iter()
                .map(|l| LineRef {
                    key: &l.key,
                    id: l.id.as_ref(),
                    amount: l.amount,
                    post_to: l.coding.post_to.clone(),
                })
                .collect(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d
                .lines
                .iter()
                .map(|l| LineRef {
                    key: &l.key,
                    id: l.id.as_ref(),
                    amount: l.amount,
                    post_to: PostTo::Item(l.item.clone()),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The text for people, of transactions.
    pub fn memo_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(&mut d.memo),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(&mut d.memo),
            _ => None,
        }
    }

    /// The document's date, if it has one.
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Customer(_) | Self::Vendor(_) => None,
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.date),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.date),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.date),
            Self::JournalEntry(d) => Some(d.date),
        }
    }

    /// The number or name that a person sees.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Customer(d) => Some(&d.name),
            Self::Vendor(d) => Some(&d.name),
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.number.as_deref(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.number.as_deref(),
            Self::BillPayment(d) | Self::Payment(d) => d.number.as_deref(),
            Self::JournalEntry(d) => d.number.as_deref(),
        }
    }

    /// The total; nothing for customers and vendors.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Option<Money>, MoneyError> {
        Ok(match self {
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => None,
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.total()?),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.total()?),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.amount),
        })
    }

    /// Does it move the books? Purchase orders and estimates do not, and list entries do not.
    pub fn is_posting(&self) -> bool {
        !matches!(
            self.kind(),
            TargetKind::Customer | TargetKind::Vendor | TargetKind::PurchaseOrder | TargetKind::Estimate
        )
    }

    /// The document as comparable fields.
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        match self {
            Self::Customer(d) => d.write_fields(&mut fields),
            Self::Vendor(d) => d.write_fields(&mut fields),
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.write_fields(&mut fields),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.write_fields(&mut fields),
            Self::BillPayment(d) | Self::Payment(d) => d.write_fields(&mut fields),
            Self::JournalEntry(d) => d.write_fields(&mut fields),
        }
        fields
    }
}

/// What lines of every kind of document have in common, to change.
#[derive(Debug)]
pub struct LineMut<'a> {
    /// What the line stands for.
    pub key: &'a mut LineKey,
    /// Its id in the accounting system.
    pub id: &'a mut Option<TargetLineId>,
    /// Text.
    pub description: &'a mut String,
}

/// What lines of every kind of document have in common, to compare.
#[derive(Clone, Debug)]
pub struct LineRef<'a> {
    /// What the line stands for.
    pub key: &'a LineKey,
    /// Its id in the accounting system.
    pub id: Option<&'a TargetLineId>,
    /// Amount.
    pub amount: Money,
    /// Where it posts.
    pub post_to: PostTo,
}

/// A customer, or a job when it has a parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Name, unique among customers, vendors and employees.
    pub name: String,
    /// The customer that a job belongs to.
    pub parent: Option<CustomerId>,
    /// Address.
    pub address: Option<Address>,
    /// In use?
    pub active: bool,
}

impl Customer {
    fn write_fields(&self, fields: &mut Fields) {
        fields.set("name", &self.name);
        fields.set("parent", self.parent.as_ref().map_or("", CustomerId::as_str));
        fields.set("active", if self.active { "yes" } else { "no" });
    }
}

/// A vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Name, unique among customers, vendors and employees.
    pub name: String,
    /// Address.
    pub address: Option<Address>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// In use?
    pub active: bool,
}

impl Vendor {
    fn write_fields(&self, fields: &mut Fields) {
        fields.set("name", &self.name);
        fields.set("phone", self.phone.clone().unwrap_or_default());
        fields.set("email", self.email.clone().unwrap_or_default());
        fields.set("active", if self.active { "yes" } else { "no" });
    }
}

/// Where a line posts: an item or an account, never both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostTo {
    /// An item, which carries its account.
    Item(ItemId),
    /// An account.
    Account(AccountId),
}

impl std::fmt::Display for PostTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Item(id) => write!(f, "item:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}

/// Class, item or account, and customer of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coding {
    /// Item or account.
    pub post_to: PostTo,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
}

/// The purchase order line that a bill line bills.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineLink {
    /// The purchase order.
    pub purchase_order: TargetId,
    /// Its line.
    pub line: TargetLineId,
}

/// What purchase orders, bills and vendor credits have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpenseDocument {
    /// The vendor.
    pub payee: PayeeId,
    /// Number: the vendor's invoice number on a bill.
    pub number: Option<String>,
    /// Date of the document.
    pub date: Date,
    /// Payment terms.
    pub terms: Option<TermId>,
    /// The accounts payable account.
    pub payable: Option<AccountId>,
    /// Text for people; the connector adds the marker.
    pub memo: String,
    /// Lines.
    pub lines: Vec<ExpenseLine>,
    /// Currency of every amount.
    pub currency: Currency,
}

impl ExpenseDocument {
    /// Sum of the lines.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.lines.iter().map(|line| line.amount))
    }

    fn write_fields(&self, fields: &mut Fields) {
        fields.set("payee", self.payee.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("payable", self.payable.as_ref().map_or("", AccountId::as_str));
        fields.set("currency", self.currency.code());
        fields.set("memo", &self.memo);
        for line in &self.lines {
            line.write_fields(fields);
        }
    }
}

/// A line of a purchase order, bill or vendor credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpenseLine {
    /// What the line stands for in the source.
    pub key: LineKey,
    /// Its id in the accounting system, once it has one.
    pub id: Option<TargetLineId>,
    /// Text.
    pub description: String,
    /// Amount.
    pub amount: Money,
    /// Where it posts.
    pub coding: Coding,
    /// The purchase order line that it bills.
    pub link: Option<LineLink>,
}

impl ExpenseLine {
    fn write_fields(&self, fields: &mut Fields) {
        fields.set_line(&self.key, LinePart::Amount, self.amount.to_string());
        fields.set_line(&self.key, LinePart::PostTo, self.coding.post_to.to_string());
        fields.set_line(&self.key, LinePart::Class, self.coding.class.as_ref().map_or("", ClassId::as_str));
        fields.set_line(&self.key, LinePart::Customer, self.coding.customer.as_ref().map_or("", CustomerId::as_str));
        fields.set_line(&self.key, LinePart::Description, &self.description);
        if let Some(link) = &self.link {
            fields.set_line(&self.key, LinePart::Link, format!("{}/{}", link.purchase_order, link.line));
        }
    }
}

/// What estimates, invoices and credit memos have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesDocument {
    /// The customer or job.
    pub customer: CustomerId,
    /// Number.
    pub number: Option<String>,
    /// Date of the document.
    pub date: Date,
    /// Payment terms.
    pub terms: Option<TermId>,
    /// Text for people; the connector adds the marker.
    pub memo: String,
    /// Lines.
    pub lines: Vec<SalesLine>,
    /// Currency of every amount.
    pub currency: Currency,
}

impl SalesDocument {
    /// Sum of the lines.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.lines.iter().map(|line| line.amount))
    }

    fn write_fields(&self, fields: &mut Fields) {
        fields.set("customer", self.customer.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("currency", self.currency.code());
        fields.set("memo", &self.memo);
        for line in &self.lines {
            fields.set_line(&line.key, LinePart::Amount, line.amount.to_string());
            fields.set_line(&line.key, LinePart::PostTo, format!("item:{}", line.item));
            fields.set_line(&line.key, LinePart::Class, line.class.as_ref().map_or("", ClassId::as_str));
            fields.set_line(&line.key, LinePart::Description, &line.description);
        }
    }
}

/// A line of an estimate, invoice or credit memo. QuickBooks posts sales through items only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesLine {
    /// What the line stands for in the source.
    pub key: LineKey,
    /// Its id in the accounting system, once it has one.
    pub id: Option<TargetLineId>,
    /// Text.
    pub description: String,
    /// Amount.
    pub amount: Money,
    /// The item.
    pub item: ItemId,
    /// Class.
    pub class: Option<ClassId>,
}

/// A payment, of bills to a vendor or of invoices by a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Vendor or customer.
    pub party: TargetId,
    /// Check number or reference.
    pub number: Option<String>,
    /// Date.
    pub date: Date,
    /// Cash that moved.
    pub amount: Money,
    /// What it settled.
    pub applied: Vec<Applied>,
}

impl Settlement {
    fn write_fields(&self, fields: &mut Fields) {
        fields.set("party", self.party.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("amount", self.amount.to_string());
        for (i, applied) in self.applied.iter().enumerate() {
            fields.set(format!("applied/{i}"), format!("{} {}", applied.to, applied.amount));
        }
    }
}

/// A part of a payment and the transaction that it settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The transaction.
    pub to: TargetRef,
    /// The part.
    pub amount: Money,
}

/// A journal entry. It balances: there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedEntry")]
pub struct JournalEntry {
    number: Option<String>,
    date: Date,
    memo: String,
    lines: Vec<JournalLine>,
}

/// One side of a journal entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// The account.
    pub account: AccountId,
    /// Positive: debit. Negative: credit.
    pub amount: Money,
    /// Text.
    pub description: String,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
}

/// Debits and credits differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unbalanced {
    /// The sum is not zero.
    #[error("debits and credits differ by {0}")]
    Difference(Money),
    /// The lines cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Fewer than two lines.
    #[error("a journal entry needs two lines or more")]
    TooFewLines,
}

impl JournalEntry {
    /// A balanced entry.
    ///
    /// # Errors
    /// [`Unbalanced`] if debits and credits differ.
    pub fn new(number: Option<String>, date: Date, memo: String, lines: Vec<JournalLine>) -> Result<Self, Unbalanced> {
        let [first, _, ..] = lines.as_slice() else { return Err(Unbalanced::TooFewLines) };
        let sum = Money::sum(first.amount.currency(), lines.iter().map(|l| l.amount))?;
        if !sum.is_zero() {
            return Err(Unbalanced::Difference(sum));
        }
        Ok(Self { number, date, memo, lines })
    }

    /// The lines, which sum to zero.
    pub fn lines(&self) -> &[JournalLine] {
        &self.lines
    }

    /// Date of the entry.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Number.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Text.
    pub fn memo(&self) -> &str {
        &self.memo
    }

    fn write_fields(&self, fields: &mut Fields) {
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("memo", &self.memo);
        for (i, line) in self.lines.iter().enumerate() {
            fields.set(format!("line/{i}/account"), line.account.as_str());
            fields.set(format!("line/{i}/amount"), line.amount.to_string());
        }
    }
}

#[derive(Deserialize)]
struct UncheckedEntry {
    number: Option<String>,
    date: Date,
    memo: String,
    lines: Vec<JournalLine>,
}

impl TryFrom<UncheckedEntry> for JournalEntry {
    type Error = Unbalanced;

    fn try_from(entry: UncheckedEntry) -> Result<Self, Self::Error> {
        Self::new(entry.number, entry.date, entry.memo, entry.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unbalanced_entry_cannot_be_made_nor_read() {
        let line = |amount: i64| JournalLine {
            account: "1".into(),
            amount: Money::new(amount.into(), Currency::USD).unwrap(),
            description: String::new(),
            class: None,
            customer: None,
        };
        let date = Date::from_ymd_opt(2026, 1, 31).unwrap();
        assert!(matches!(
            JournalEntry::new(None, date, String::new(), vec![line(5), line(-4)]),
            Err(Unbalanced::Difference(_))
        ));
        let entry = JournalEntry::new(None, date, String::new(), vec![line(5), line(-5)]).unwrap();
        let forged = serde_json::to_string(&entry).unwrap().replace("-5.00", "-4.00");
        assert!(serde_json::from_str::<JournalEntry>(&forged).is_err());
    }
}
