//! Every request that can be sent, as one type.

use super::custom::CustomField;
use super::deletion::{ListDelType, TxnType};
use super::query::moment;
use super::{
    Bill, BillPayment, Check, Class, ClearedStatus, CreditMemo, Customer, Deposit, Estimate, Form, Invoice, Item,
    JournalEntry, Moments, ObjectError, PurchaseOrder, Query, ReceivePayment, Record, ReportRequest, Vendor,
    VendorCredit,
};
use crate::qbxml::common::Element;

macro_rules! objects {
    ($($(#[$doc:meta])* $variant:ident($type:ty) = $name:literal;)+) => {
        /// An object that is created or changed.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Object { $($(#[$doc])* $variant(Box<$type>),)+ }

        impl Object {
            /// The name that its messages begin with.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)+ }
            }

            fn write(&self, form: Form) -> Result<Vec<Element<'static>>, ObjectError> {
                match self { $(Self::$variant(object) => object.write(form),)+ }
            }
        }
    };
}

objects! {
    /// A customer or job.
    Customer(Customer) = "Customer";
    /// A vendor.
    Vendor(Vendor) = "Vendor";
    /// A class.
    Class(Class) = "Class";
    /// A service item.
    ItemService(Item) = "ItemService";
    /// An other-charge item.
    ItemOtherCharge(Item) = "ItemOtherCharge";
    /// A purchase order.
    PurchaseOrder(PurchaseOrder) = "PurchaseOrder";
    /// A bill.
    Bill(Bill) = "Bill";
    /// A vendor credit.
    VendorCredit(VendorCredit) = "VendorCredit";
    /// An estimate.
    Estimate(Estimate) = "Estimate";
    /// An invoice.
    Invoice(Invoice) = "Invoice";
    /// A credit memo.
    CreditMemo(CreditMemo) = "CreditMemo";
    /// A payment of bills by check.
    BillPaymentCheck(BillPayment) = "BillPaymentCheck";
    /// A payment of bills by credit card; it cannot be changed.
    BillPaymentCreditCard(BillPayment) = "BillPaymentCreditCard";
    /// A payment from a customer.
    ReceivePayment(ReceivePayment) = "ReceivePayment";
    /// A deposit.
    Deposit(Deposit) = "Deposit";
    /// A check.
    Check(Check) = "Check";
    /// A journal entry.
    JournalEntry(JournalEntry) = "JournalEntry";
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Creates an object.
    Add(Object),
    /// Changes an object whose `EditSequence` is the one given.
    Mod(Object),
    /// Asks for objects.
    Query(Query),
    /// Deletes a transaction, for good.
    TxnDel(TxnType, String),
    /// Sets a transaction to nothing and keeps it.
    TxnVoid(TxnType, String),
    /// Deletes a list object that nothing uses.
    ListDel(ListDelType, String),
    /// Asks what was deleted within the last 90 days.
    TxnDeleted(Vec<TxnType>, Moments),
    /// Asks which list objects were deleted within the last 90 days.
    ListDeleted(Vec<ListDelType>, Moments),
    /// Asks what is running.
    Host,
    /// Asks which company is open, with the custom fields of these owners.
    Company(Vec<String>),
    /// Asks how the company is set up.
    Preferences,
    /// Sets a custom field that has no value yet, or removes one.
    CustomAdd(CustomField),
    /// Changes a custom field, or removes it.
    CustomMod(CustomField),
    /// Says what the bank has seen of a transaction, and of which line where it is split.
    ClearedStatus(String, Option<String>, ClearedStatus),
    /// A report.
    Report(ReportRequest),
}

impl Request {
    /// The element to be sent; [`RequestWriter::raw`](crate::qbxml::RequestWriter::raw) checks its characters.
    ///
    /// # Errors
    /// [`ObjectError`] if a field does not belong into the message, is missing or is too long.
    pub fn element(&self) -> Result<Element<'static>, ObjectError> {
        let object = |object: &Object, form: Form| {
            if form == Form::Mod && matches!(object, Object::BillPaymentCreditCard(_)) {
                let problem = "QuickBooks cannot change it; delete it and create it anew".to_owned();
                return Err(ObjectError { object: object.name(), element: "TxnID".to_owned(), problem });
            }
            let name = format!("{}{}", object.name(), form.suffix());
            Ok(Element::parent(format!("{name}Rq"), vec![Element::parent(name, object.write(form)?)]))
        };
        let span = |moments: &Moments| {
            let parts = [moment("FromDeletedDate", &moments.from), moment("ToDeletedDate", &moments.to)];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| Element::parent("DeletedDateRangeFilter", parts))
        };
        let leaves = |name: &'static str, words: Vec<&'static str>| {
            words.into_iter().map(|word| Element::leaf(name, word)).collect::<Vec<_>>()
        };
        Ok(match self {
            Self::Add(new) => object(new, Form::Add)?,
            Self::Mod(changed) => object(changed, Form::Mod)?,
            Self::Query(query) => query.request(),
            Self::TxnDel(kind, id) => pair("TxnDelRq", ("TxnDelType", kind.as_str()), ("TxnID", id)),
            Self::TxnVoid(kind, _) if !kind.can_be_voided() => {
                let problem = format!("a {} cannot be voided, only deleted", kind.as_str());
                return Err(ObjectError { object: "TxnVoid", element: "TxnVoidType".to_owned(), problem });
            }
            Self::TxnVoid(kind, id) => pair("TxnVoidRq", ("TxnVoidType", kind.as_str()), ("TxnID", id)),
            Self::ListDel(kind, id) => pair("ListDelRq", ("ListDelType", kind.as_str()), ("ListID", id)),
            Self::TxnDeleted(kinds, moments) => {
                let mut children = leaves("TxnDelType", kinds.iter().map(|kind| kind.as_str()).collect());
                children.extend(span(moments));
                Element::parent("TxnDeletedQueryRq", children)
            }
            Self::ListDeleted(kinds, moments) => {
                let mut children = leaves("ListDelType", kinds.iter().map(|kind| kind.as_str()).collect());
                children.extend(span(moments));
                Element::parent("ListDeletedQueryRq", children)
            }
            Self::Host => Element::leaf("HostQueryRq", ""),
            Self::Company(owners) => {
                let owners = owners.iter().map(|owner| Element::leaf("OwnerID", owner.clone())).collect();
                Element::parent("CompanyQueryRq", owners)
            }
            Self::Preferences => Element::leaf("PreferencesQueryRq", ""),
            Self::CustomAdd(field) => field.request(Form::Add)?,
            Self::CustomMod(field) => field.request(Form::Mod)?,
            Self::ClearedStatus(txn, line, status) => {
                let mut children = vec![Element::leaf("TxnID", txn.clone())];
                children.extend(line.clone().map(|line| Element::leaf("TxnLineID", line)));
                children.push(Element::leaf("ClearedStatus", status.as_str()));
                Element::parent("ClearedStatusModRq", vec![Element::parent("ClearedStatusMod", children)])
            }
            Self::Report(report) => report.request(),
        })
    }
}

fn pair(
    name: &'static str,
    (kind, word): (&'static str, &'static str),
    (key, id): (&'static str, &str),
) -> Element<'static> {
    Element::parent(name, vec![Element::leaf(kind, word), Element::leaf(key, id.to_owned())])
}
