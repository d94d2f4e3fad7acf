//! A bill as QuickBooks Desktop answers it: `BillRet`, the same in `BillQueryRs`, `BillAddRs` and `BillModRs`.
//!
//! Fields stand in the order of the schema (qbXML 16.0,
//! <https://developer.intuit.com/app/developer/qbdesktop/docs/api-reference/qbdesktop/billquery>).
//! `Option` and empty lists are what the schema lets QuickBooks leave out; lines come only with `IncludeLineItems`,
//! linked transactions with `IncludeLinkedTxns`, custom fields with `OwnerID`. `extra` keeps, whole, every element that
//! has no field here.

use std::borrow::Cow;

use super::common::{Address, BillableStatus, DataExt, Element, LinkedTxn, ObjectRef, into_owned};
use super::number::{Amount, Price, Quantity};
use super::value::{EditSequence, Guid, QbDate, QbDateTime, TxnId, TxnLineId};

/// A bill that exists in QuickBooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRet<'a> {
    /// The transaction.
    pub txn_id: TxnId<'a>,
    /// When it was entered.
    pub time_created: QbDateTime<'a>,
    /// When it was last saved; the cursor of a modified-since query.
    pub time_modified: QbDateTime<'a>,
    /// Its version, needed to change it.
    pub edit_sequence: EditSequence<'a>,
    /// A running number inside the company file; not stable enough for a key.
    pub txn_number: Option<u64>,
    /// Who is to be paid.
    pub vendor: ObjectRef<'a>,
    /// The address on the bill (13.0).
    pub vendor_address: Option<Box<Address<'a>>>,
    /// The accounts-payable account; a payment must use the same.
    pub ap_account: Option<ObjectRef<'a>>,
    /// The date of the bill.
    pub txn_date: QbDate,
    /// When it is due.
    pub due_date: Option<QbDate>,
    /// The sum of the lines, computed by QuickBooks.
    pub amount_due: Amount,
    /// The currency (8.0).
    pub currency: Option<ObjectRef<'a>>,
    /// Home currency per unit of the bill's currency, as written (8.0).
    pub exchange_rate: Option<Cow<'a, str>>,
    /// `amount_due` in the home currency (8.0).
    pub amount_due_in_home_currency: Option<Amount>,
    /// The vendor's number of the bill, at most 20 characters. Not unique.
    pub ref_number: Option<Cow<'a, str>>,
    /// Present from 16.0. A pending bill is not posted.
    pub is_pending: Option<bool>,
    /// The terms.
    pub terms: Option<ObjectRef<'a>>,
    /// The memo, at most 4095 characters.
    pub memo: Option<Cow<'a, str>>,
    /// Is nothing left to pay?
    pub is_paid: Option<bool>,
    /// The identifier that the creating program gave it (9.0).
    pub external_guid: Option<Guid<'a>>,
    /// Payments, credits and purchase orders linked to the bill.
    pub linked_txns: Vec<LinkedTxn<'a>>,
    /// Lines that post to an account.
    pub expense_lines: Vec<ExpenseLineRet<'a>>,
    /// Lines and groups of lines that post through an item, in order.
    pub item_lines: Vec<BillItem<'a>>,
    /// What is left to pay.
    pub open_amount: Option<Amount>,
    /// Custom fields of the bill.
    pub data_ext: Vec<DataExt<'a>>,
    /// Elements without a field here.
    pub extra: Vec<Element<'a>>,
}
into_owned!(BillRet {
    txn_id,
    time_created,
    time_modified,
    edit_sequence,
    txn_number,
    vendor,
    vendor_address,
    ap_account,
    txn_date,
    due_date,
    amount_due,
    currency,
    exchange_rate,
    amount_due_in_home_currency,
    ref_number,
    is_pending,
    terms,
    memo,
    is_paid,
    external_guid,
    linked_txns,
    expense_lines,
    item_lines,
    open_amount,
    data_ext,
    extra,
});

impl<'a> BillRet<'a> {
    /// The item lines, those inside groups included, in order.
    pub fn items(&self) -> impl Iterator<Item = &ItemLineRet<'a>> {
        self.item_lines.iter().flat_map(BillItem::lines)
    }

    /// The sum of all lines in cents, a group counted once by its total.
    pub fn line_cents(&self) -> i64 {
        let expenses = self.expense_lines.iter().filter_map(|line| line.amount).map(Amount::cents);
        let items = self.item_lines.iter().filter_map(BillItem::amount).map(Amount::cents);
        expenses.chain(items).fold(0, i64::saturating_add)
    }
}

/// A line that posts to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpenseLineRet<'a> {
    /// The line.
    pub txn_line_id: TxnLineId<'a>,
    /// The account.
    pub account: Option<ObjectRef<'a>>,
    /// The amount; negative for retainage withheld.
    pub amount: Option<Amount>,
    /// The memo of the line.
    pub memo: Option<Cow<'a, str>>,
    /// The customer or job.
    pub customer: Option<ObjectRef<'a>>,
    /// The class.
    pub class: Option<ObjectRef<'a>>,
    /// Charged on to the customer?
    pub billable_status: Option<BillableStatus<'a>>,
    /// The sales representative (13.0).
    pub sales_rep: Option<ObjectRef<'a>>,
    /// Custom fields of the line (13.0).
    pub data_ext: Vec<DataExt<'a>>,
    /// Elements without a field here.
    pub extra: Vec<Element<'a>>,
}
into_owned!(ExpenseLineRet {
    txn_line_id,
    account,
    amount,
    memo,
    customer,
    class,
    billable_status,
    sales_rep,
    data_ext,
    extra,
});

/// A line that posts through an item, or a group of such lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "nearly all entries are lines; a box for each would cost more")]
pub enum BillItem<'a> {
    /// A single line.
    Line(ItemLineRet<'a>),
    /// A group item with its lines.
    Group(Box<ItemGroupLineRet<'a>>),
}

impl<'a> BillItem<'a> {
    /// The line, or the lines of the group.
    pub fn lines(&self) -> &[ItemLineRet<'a>] {
        match self {
            Self::Line(line) => std::slice::from_ref(line),
            Self::Group(group) => &group.lines,
        }
    }

    /// The amount of the line, or the total of the group.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Self::Line(line) => line.amount,
            Self::Group(group) => Some(group.total_amount),
        }
    }

    /// The same content, independent of the bytes it was read from.
    pub fn into_owned(self) -> BillItem<'static> {
        match self {
            Self::Line(line) => BillItem::Line(line.into_owned()),
            Self::Group(group) => BillItem::Group(Box::new(group.into_owned())),
        }
    }
}
super::common::detach_by_into_owned!(BillItem);

/// A line that posts through an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLineRet<'a> {
    /// The line.
    pub txn_line_id: TxnLineId<'a>,
    /// The item.
    pub item: Option<ObjectRef<'a>>,
    /// The inventory site (10.0) and other fields of Advanced Inventory, if any is present.
    pub inventory: Option<Box<Inventory<'a>>>,
    /// The description of the line.
    pub description: Option<Cow<'a, str>>,
    /// How many.
    pub quantity: Option<Quantity>,
    /// Of what (7.0).
    pub unit_of_measure: Option<Cow<'a, str>>,
    /// The set of units that overrides the item's (7.0).
    pub override_uom_set: Option<ObjectRef<'a>>,
    /// The cost of one. `quantity` times `cost` need not be `amount` to the cent.
    pub cost: Option<Price>,
    /// The amount.
    pub amount: Option<Amount>,
    /// The customer or job.
    pub customer: Option<ObjectRef<'a>>,
    /// The class.
    pub class: Option<ObjectRef<'a>>,
    /// Charged on to the customer?
    pub billable_status: Option<BillableStatus<'a>>,
    /// The sales representative (13.0).
    pub sales_rep: Option<ObjectRef<'a>>,
    /// Custom fields of the line (13.0).
    pub data_ext: Vec<DataExt<'a>>,
    /// Elements without a field here.
    pub extra: Vec<Element<'a>>,
}
into_owned!(ItemLineRet {
    txn_line_id,
    item,
    inventory,
    description,
    quantity,
    unit_of_measure,
    override_uom_set,
    cost,
    amount,
    customer,
    class,
    billable_status,
    sales_rep,
    data_ext,
    extra,
});

/// Where and which: the fields of Advanced Inventory on an item line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inventory<'a> {
    /// The site (10.0).
    pub site: Option<ObjectRef<'a>>,
    /// The location inside the site (12.0).
    pub site_location: Option<ObjectRef<'a>>,
    /// The serial number; never together with a lot number (11.0).
    pub serial_number: Option<Cow<'a, str>>,
    /// The lot number, at most 40 characters; never together with a serial number (11.0).
    pub lot_number: Option<Cow<'a, str>>,
    /// When the serial or lot number expires, as written (16.0).
    pub expiration_date: Option<Cow<'a, str>>,
}
into_owned!(Inventory { site, site_location, serial_number, lot_number, expiration_date });

/// A group item with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemGroupLineRet<'a> {
    /// The line of the group itself.
    pub txn_line_id: TxnLineId<'a>,
    /// The group item.
    pub item_group: ObjectRef<'a>,
    /// The description of the group.
    pub description: Option<Cow<'a, str>>,
    /// How many groups.
    pub quantity: Option<Quantity>,
    /// Of what (7.0).
    pub unit_of_measure: Option<Cow<'a, str>>,
    /// The set of units that overrides the item's (7.0).
    pub override_uom_set: Option<ObjectRef<'a>>,
    /// The sum of its lines.
    pub total_amount: Amount,
    /// Its lines.
    pub lines: Vec<ItemLineRet<'a>>,
    /// Custom fields of the group (13.0).
    pub data_ext: Vec<DataExt<'a>>,
    /// Elements without a field here.
    pub extra: Vec<Element<'a>>,
}
into_owned!(ItemGroupLineRet {
    txn_line_id,
    item_group,
    description,
    quantity,
    unit_of_measure,
    override_uom_set,
    total_amount,
    lines,
    data_ext,
    extra,
});
