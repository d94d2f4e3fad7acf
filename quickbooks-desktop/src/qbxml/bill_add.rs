//! A bill to be created: `BillAdd`, its fields in the order of the schema (qbXML 16.0,
//! <https://developer.intuit.com/app/developer/qbdesktop/docs/api-reference/qbdesktop/billadd>).

use std::borrow::Cow;

use super::bill::Inventory;
use super::common::{Address, BillableStatus, DataExt, LinkToTxn, ObjectRef, into_owned};
use super::number::{Amount, Price, Quantity};
use super::value::{Guid, QbDate, TxnId};

/// A bill to be created. Start from [`BillAdd::new`] and set what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillAdd<'a> {
    /// A name for the bill to be, such as `TxnID:bill-1`, by which later requests of the same message set refer to it.
    pub def_macro: Option<Cow<'a, str>>,
    /// Who is to be paid.
    pub vendor: ObjectRef<'a>,
    /// The address on the bill (13.0).
    pub vendor_address: Option<Address<'a>>,
    /// The accounts-payable account (2.0).
    pub ap_account: Option<ObjectRef<'a>>,
    /// The date of the bill. Required here: left out, QuickBooks may take the date last used in its own form.
    pub txn_date: QbDate,
    /// When it is due.
    pub due_date: Option<QbDate>,
    /// The vendor's number of the bill, at most 20 characters. QuickBooks takes duplicates.
    pub ref_number: Option<Cow<'a, str>>,
    /// The terms.
    pub terms: Option<ObjectRef<'a>>,
    /// The memo, at most 4095 characters.
    pub memo: Option<Cow<'a, str>>,
    /// Home currency per unit of the vendor's currency, a plain decimal (8.0).
    pub exchange_rate: Option<Cow<'a, str>>,
    /// Your own identifier, set at creation and readable ever after (9.0).
    pub external_guid: Option<Guid<'a>>,
    /// Purchase orders of the same vendor, all of whose open lines go on the bill (4.0).
    pub link_to_txns: Vec<TxnId<'a>>,
    /// Lines that post to an account. Negative amounts are allowed, such as retainage withheld.
    pub expense_lines: Vec<ExpenseLineAdd<'a>>,
    /// Lines and groups that post through an item, in order.
    pub item_lines: Vec<BillItemAdd<'a>>,
}
into_owned!(BillAdd {
    def_macro,
    vendor,
    vendor_address,
    ap_account,
    txn_date,
    due_date,
    ref_number,
    terms,
    memo,
    exchange_rate,
    external_guid,
    link_to_txns,
    expense_lines,
    item_lines,
});

impl<'a> BillAdd<'a> {
    /// A bill of a vendor and a date, without lines.
    pub fn new(vendor: ObjectRef<'a>, txn_date: QbDate) -> Self {
        Self {
            def_macro: None,
            vendor,
            vendor_address: None,
            ap_account: None,
            txn_date,
            due_date: None,
            ref_number: None,
            terms: None,
            memo: None,
            exchange_rate: None,
            external_guid: None,
            link_to_txns: Vec::new(),
            expense_lines: Vec::new(),
            item_lines: Vec::new(),
        }
    }

    /// The sum of the amounts given on lines, in cents, or `None` if QuickBooks decides part of it (linked orders,
    /// groups, lines without an amount). A bill cannot be negative: below zero, send a vendor credit.
    pub fn given_cents(&self) -> Option<i64> {
        if !self.link_to_txns.is_empty() {
            return None;
        }
        let mut cents = 0i64;
        for line in &self.expense_lines {
            cents = cents.checked_add(line.amount?.cents())?;
        }
        for item in &self.item_lines {
            let BillItemAdd::Line(line) = item else { return None };
            cents = cents.checked_add(line.amount?.cents())?;
        }
        Some(cents)
    }
}

/// A line that posts to an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpenseLineAdd<'a> {
    /// The account.
    pub account: Option<ObjectRef<'a>>,
    /// The amount.
    pub amount: Option<Amount>,
    /// The memo of the line, at most 4095 characters.
    pub memo: Option<Cow<'a, str>>,
    /// The customer or job. Put it on retainage lines too, or the job's reports miss them.
    pub customer: Option<ObjectRef<'a>>,
    /// The class.
    pub class: Option<ObjectRef<'a>>,
    /// Charged on to the customer (2.0)?
    pub billable_status: Option<BillableStatus<'a>>,
    /// The sales representative (13.0).
    pub sales_rep: Option<ObjectRef<'a>>,
    /// Custom fields (13.0).
    pub data_ext: Vec<DataExt<'a>>,
}
into_owned!(ExpenseLineAdd { account, amount, memo, customer, class, billable_status, sales_rep, data_ext });

/// A line that posts through an item, or a group item that QuickBooks unfolds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "nearly all entries are lines; a box for each would cost more")]
pub enum BillItemAdd<'a> {
    /// A single line.
    Line(ItemLineAdd<'a>),
    /// A group item.
    Group(Box<ItemGroupLineAdd<'a>>),
}

impl BillItemAdd<'_> {
    /// The same content, independent of the bytes it was read from.
    pub fn into_owned(self) -> BillItemAdd<'static> {
        match self {
            Self::Line(line) => BillItemAdd::Line(line.into_owned()),
            Self::Group(group) => BillItemAdd::Group(Box::new(group.into_owned())),
        }
    }
}
super::common::detach_by_into_owned!(BillItemAdd);

/// A line that posts through an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemLineAdd<'a> {
    /// The item; left out on a line that takes it from a purchase order.
    pub item: Option<ObjectRef<'a>>,
    /// Site, location, serial or lot number.
    pub inventory: Option<Box<Inventory<'a>>>,
    /// The description of the line, at most 4095 characters.
    pub description: Option<Cow<'a, str>>,
    /// How many.
    pub quantity: Option<Quantity>,
    /// Of what (7.0).
    pub unit_of_measure: Option<Cow<'a, str>>,
    /// The cost of one. With quantity and amount given, QuickBooks works the cost out itself.
    pub cost: Option<Price>,
    /// The amount.
    pub amount: Option<Amount>,
    /// The customer or job.
    pub customer: Option<ObjectRef<'a>>,
    /// The class.
    pub class: Option<ObjectRef<'a>>,
    /// Charged on to the customer (2.0)?
    pub billable_status: Option<BillableStatus<'a>>,
    /// Another account than the item's (2.0).
    pub override_item_account: Option<ObjectRef<'a>>,
    /// The line of the purchase order that is billed (4.0).
    pub link_to_txn: Option<LinkToTxn<'a>>,
    /// The sales representative (13.0).
    pub sales_rep: Option<ObjectRef<'a>>,
    /// Custom fields (13.0).
    pub data_ext: Vec<DataExt<'a>>,
}
into_owned!(ItemLineAdd {
    item,
    inventory,
    description,
    quantity,
    unit_of_measure,
    cost,
    amount,
    customer,
    class,
    billable_status,
    override_item_account,
    link_to_txn,
    sales_rep,
    data_ext,
});

/// A group item, which QuickBooks unfolds into its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemGroupLineAdd<'a> {
    /// The group item.
    pub item_group: ObjectRef<'a>,
    /// How many groups.
    pub quantity: Option<Quantity>,
    /// Of what (7.0).
    pub unit_of_measure: Option<Cow<'a, str>>,
    /// The inventory site (10.0).
    pub inventory_site: Option<ObjectRef<'a>>,
    /// The location inside the site (12.0).
    pub inventory_site_location: Option<ObjectRef<'a>>,
    /// Custom fields (13.0).
    pub data_ext: Vec<DataExt<'a>>,
}
into_owned!(ItemGroupLineAdd {
    item_group,
    quantity,
    unit_of_measure,
    inventory_site,
    inventory_site_location,
    data_ext,
});
