//! The elements of a request, each in its place in the schema, with its length and its first version.

use super::bill::Inventory;
use super::bill_add::{BillAdd, BillItemAdd, ExpenseLineAdd, ItemGroupLineAdd, ItemLineAdd};
use super::common::{Address, BillableStatus, DataExt, ObjectRef};
use super::emit::EmitProblem;
use super::envelope::{Envelope, QbXmlVersion};
use super::number::Digits;
use super::text::{NonAscii, Unsendable, escape, escape_attribute, limits};
use super::value::{QbDate, check_length};

/// Why an element cannot be written.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) element: &'static str,
    pub(crate) problem: EmitProblem,
}

type Written = Result<(), Refusal>;

fn conflict(element: &'static str, words: &'static str) -> Written {
    Err(Refusal { element, problem: EmitProblem::Conflict(words) })
}

/// The bytes of a set, and what its elements are checked against.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) out: Vec<u8>,
    version: QbXmlVersion,
    non_ascii: NonAscii,
    /// The line that is being written, counted from 1.
    line: Option<(&'static str, usize)>,
}

/// Text between its tags, at most so many characters.
macro_rules! text {
    ($body:ident, $name:literal, $text:expr, $max:expr) => {{
        let text: &str = $text;
        check_length(text, $max).map_err(|problem| Refusal { element: $name, problem: problem.into() })?;
        $body.out.extend_from_slice(concat!("<", $name, ">").as_bytes());
        $body.content($name, text)?;
        $body.out.extend_from_slice(concat!("</", $name, ">").as_bytes());
    }};
}

/// Bytes that need no check between their tags.
macro_rules! plain {
    ($body:ident, $name:literal, $bytes:expr) => {{
        $body.out.extend_from_slice(concat!("<", $name, ">").as_bytes());
        $body.out.extend_from_slice($bytes);
        $body.out.extend_from_slice(concat!("</", $name, ">").as_bytes());
    }};
}

macro_rules! optional_text {
    ($body:ident, $name:literal, $text:expr, $max:expr) => {
        if let Some(text) = $text {
            text!($body, $name, text, $max);
        }
    };
}

macro_rules! optional_number {
    ($body:ident, $name:literal, $number:expr) => {
        if let Some(number) = $number {
            let digits: Digits = number.digits();
            plain!($body, $name, digits.as_bytes());
        }
    };
}

macro_rules! reference {
    ($body:ident, $name:literal, $reference:expr, $max:expr) => {{
        $body.out.extend_from_slice(concat!("<", $name, ">").as_bytes());
        $body.object_ref($name, $reference, $max)?;
        $body.out.extend_from_slice(concat!("</", $name, ">").as_bytes());
    }};
}

macro_rules! optional_reference {
    ($body:ident, $name:literal, $reference:expr, $max:expr) => {
        if let Some(reference) = $reference {
            reference!($body, $name, reference, $max);
        }
    };
}

impl Body {
    pub(crate) fn new(envelope: &Envelope) -> Self {
        let out = envelope.head().into_bytes();
        Self { out, version: envelope.version, non_ascii: envelope.non_ascii, line: None }
    }

    pub(crate) fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    /// Where an element stands, for messages.
    pub(crate) fn place(&mut self, element: &'static str) -> String {
        match self.line.take() {
            Some((line, number)) => format!("{line} {number}/{element}"),
            None => element.to_owned(),
        }
    }

    pub(crate) fn content(&mut self, element: &'static str, text: &str) -> Written {
        escape(&mut self.out, text, self.non_ascii).map_err(|bad| unsendable(element, bad))
    }

    pub(crate) fn attribute_value(&mut self, element: &'static str, text: &str) -> Written {
        escape_attribute(&mut self.out, text, self.non_ascii).map_err(|bad| unsendable(element, bad))
    }

    fn since(&self, element: &'static str, major: u8, present: bool) -> Written {
        let needed = QbXmlVersion::new(major, 0);
        if !present || needed <= self.version {
            return Ok(());
        }
        Err(Refusal { element, problem: EmitProblem::Version { needed, declared: self.version } })
    }

    fn object_ref(&mut self, element: &'static str, reference: &ObjectRef<'_>, max: usize) -> Written {
        if reference.list_id.is_none() && reference.full_name.is_none() {
            return Err(Refusal { element, problem: EmitProblem::Missing });
        }
        if let Some(id) = &reference.list_id {
            plain_text(self, "ListID", id.as_str())?;
        }
        if let Some(name) = &reference.full_name {
            check_length(name, max).map_err(|problem| Refusal { element, problem: problem.into() })?;
            plain_text(self, "FullName", name)?;
        }
        Ok(())
    }

    pub(crate) fn bill_add(&mut self, bill: &BillAdd<'_>) -> Written {
        self.line = None;
        if bill.given_cents().is_some_and(|cents| cents < 0) {
            return conflict("BillAdd", "the lines sum up to less than nothing; send a vendor credit instead");
        }
        match &bill.def_macro {
            Some(name) => {
                self.push(&["<BillAdd defMacro=\""]);
                self.attribute_value("defMacro", name)?;
                self.push(&["\">"]);
            }
            None => self.push(&["<BillAdd>"]),
        }
        reference!(self, "VendorRef", &bill.vendor, limits::ENTITY_NAME);
        if let Some(address) = &bill.vendor_address {
            self.address(address)?;
        }
        self.since("APAccountRef", 2, bill.ap_account.is_some())?;
        optional_reference!(self, "APAccountRef", &bill.ap_account, limits::LIST_FULL_NAME);
        if !bill.txn_date.is_txn_date() {
            return conflict("TxnDate", "QuickBooks takes dates from 1901 on");
        }
        plain!(self, "TxnDate", &bill.txn_date.to_bytes());
        if let Some(date) = bill.due_date.map(QbDate::to_bytes) {
            plain!(self, "DueDate", &date);
        }
        optional_text!(self, "RefNumber", &bill.ref_number, limits::BILL_REF_NUMBER);
        optional_reference!(self, "TermsRef", &bill.terms, limits::LIST_NAME);
        optional_text!(self, "Memo", &bill.memo, limits::MEMO);
        self.since("ExchangeRate", 8, bill.exchange_rate.is_some())?;
        if let Some(rate) = &bill.exchange_rate {
            if !is_decimal(rate) {
                return conflict("ExchangeRate", "is not a plain positive decimal");
            }
            plain!(self, "ExchangeRate", rate.as_bytes());
        }
        self.since("ExternalGUID", 9, bill.external_guid.is_some())?;
        if let Some(guid) = &bill.external_guid {
            plain!(self, "ExternalGUID", guid.as_str().as_bytes());
        }
        self.links(bill)?;
        for (index, line) in bill.expense_lines.iter().enumerate() {
            self.line = Some(("ExpenseLineAdd", index + 1));
            self.expense_line(line)?;
        }
        for (index, item) in bill.item_lines.iter().enumerate() {
            match item {
                BillItemAdd::Line(line) => {
                    self.line = Some(("ItemLineAdd", index + 1));
                    self.item_line(line)?;
                }
                BillItemAdd::Group(group) => {
                    self.line = Some(("ItemGroupLineAdd", index + 1));
                    self.group_line(group)?;
                }
            }
        }
        self.line = None;
        self.push(&["</BillAdd>"]);
        Ok(())
    }

    fn links(&mut self, bill: &BillAdd<'_>) -> Written {
        self.since("LinkToTxnID", 4, !bill.link_to_txns.is_empty())?;
        for (index, id) in bill.link_to_txns.iter().enumerate() {
            if bill.link_to_txns.iter().take(index).any(|earlier| earlier == id) {
                return conflict("LinkToTxnID", "the same transaction stands twice (status 3177)");
            }
            text!(self, "LinkToTxnID", id.as_str(), 36);
        }
        let mut lines = bill.item_lines.iter().filter_map(|item| match item {
            BillItemAdd::Line(line) => line.link_to_txn.as_ref(),
            BillItemAdd::Group(_) => None,
        });
        if !bill.link_to_txns.is_empty() && lines.any(|link| bill.link_to_txns.contains(&link.txn_id)) {
            return conflict("LinkToTxnID", "a line links to the same transaction as the bill (status 3000)");
        }
        Ok(())
    }

    fn address(&mut self, address: &Address<'_>) -> Written {
        self.since("VendorAddress", 13, true)?;
        self.push(&["<VendorAddress>"]);
        optional_text!(self, "Addr1", &address.addr1, limits::ADDRESS_LINE);
        optional_text!(self, "Addr2", &address.addr2, limits::ADDRESS_LINE);
        optional_text!(self, "Addr3", &address.addr3, limits::ADDRESS_LINE);
        optional_text!(self, "Addr4", &address.addr4, limits::ADDRESS_LINE);
        optional_text!(self, "Addr5", &address.addr5, limits::ADDRESS_LINE);
        optional_text!(self, "City", &address.city, limits::CITY);
        optional_text!(self, "State", &address.state, limits::STATE);
        optional_text!(self, "PostalCode", &address.postal_code, limits::POSTAL_CODE);
        optional_text!(self, "Country", &address.country, limits::CITY);
        optional_text!(self, "Note", &address.note, limits::ADDRESS_LINE);
        self.push(&["</VendorAddress>"]);
        Ok(())
    }

    fn expense_line(&mut self, line: &ExpenseLineAdd<'_>) -> Written {
        self.push(&["<ExpenseLineAdd>"]);
        optional_reference!(self, "AccountRef", &line.account, limits::LIST_FULL_NAME);
        optional_number!(self, "Amount", line.amount);
        optional_text!(self, "Memo", &line.memo, limits::MEMO);
        optional_reference!(self, "CustomerRef", &line.customer, limits::CUSTOMER_FULL_NAME);
        optional_reference!(self, "ClassRef", &line.class, limits::LIST_FULL_NAME);
        self.billable(line.billable_status.as_ref())?;
        self.since("SalesRepRef", 13, line.sales_rep.is_some())?;
        optional_reference!(self, "SalesRepRef", &line.sales_rep, limits::SALES_REP);
        self.data_ext(&line.data_ext)?;
        self.push(&["</ExpenseLineAdd>"]);
        Ok(())
    }

    fn item_line(&mut self, line: &ItemLineAdd<'_>) -> Written {
        self.push(&["<ItemLineAdd>"]);
        optional_reference!(self, "ItemRef", &line.item, usize::MAX);
        if let Some(inventory) = &line.inventory {
            self.inventory(inventory)?;
        }
        optional_text!(self, "Desc", &line.description, limits::MEMO);
        optional_number!(self, "Quantity", line.quantity);
        self.since("UnitOfMeasure", 7, line.unit_of_measure.is_some())?;
        optional_text!(self, "UnitOfMeasure", &line.unit_of_measure, limits::UNIT_OF_MEASURE);
        optional_number!(self, "Cost", line.cost);
        optional_number!(self, "Amount", line.amount);
        optional_reference!(self, "CustomerRef", &line.customer, limits::CUSTOMER_FULL_NAME);
        optional_reference!(self, "ClassRef", &line.class, limits::LIST_FULL_NAME);
        self.billable(line.billable_status.as_ref())?;
        self.since("OverrideItemAccountRef", 2, line.override_item_account.is_some())?;
        optional_reference!(self, "OverrideItemAccountRef", &line.override_item_account, limits::LIST_FULL_NAME);
        self.since("LinkToTxn", 4, line.link_to_txn.is_some())?;
        if let Some(link) = &line.link_to_txn {
            self.push(&["<LinkToTxn>"]);
            text!(self, "TxnID", link.txn_id.as_str(), 36);
            text!(self, "TxnLineID", link.txn_line_id.as_str(), 36);
            self.push(&["</LinkToTxn>"]);
        }
        self.since("SalesRepRef", 13, line.sales_rep.is_some())?;
        optional_reference!(self, "SalesRepRef", &line.sales_rep, limits::SALES_REP);
        self.data_ext(&line.data_ext)?;
        self.push(&["</ItemLineAdd>"]);
        Ok(())
    }

    fn inventory(&mut self, inventory: &Inventory<'_>) -> Written {
        self.since("InventorySiteRef", 10, inventory.site.is_some())?;
        optional_reference!(self, "InventorySiteRef", &inventory.site, limits::LIST_NAME);
        self.since("InventorySiteLocationRef", 12, inventory.site_location.is_some())?;
        optional_reference!(self, "InventorySiteLocationRef", &inventory.site_location, limits::LIST_NAME);
        if inventory.serial_number.is_some() && inventory.lot_number.is_some() {
            return conflict("SerialNumber", "a line has a serial number or a lot number, not both");
        }
        self.since("SerialNumber", 11, inventory.serial_number.is_some())?;
        optional_text!(self, "SerialNumber", &inventory.serial_number, limits::MEMO);
        self.since("LotNumber", 11, inventory.lot_number.is_some())?;
        optional_text!(self, "LotNumber", &inventory.lot_number, limits::LOT_NUMBER);
        self.since("ExpirationDateForSerialLotNumber", 16, inventory.expiration_date.is_some())?;
        optional_text!(self, "ExpirationDateForSerialLotNumber", &inventory.expiration_date, limits::EXPIRATION_DATE);
        Ok(())
    }

    fn group_line(&mut self, group: &ItemGroupLineAdd<'_>) -> Written {
        self.push(&["<ItemGroupLineAdd>"]);
        reference!(self, "ItemGroupRef", &group.item_group, limits::LIST_NAME);
        optional_number!(self, "Quantity", group.quantity);
        self.since("UnitOfMeasure", 7, group.unit_of_measure.is_some())?;
        optional_text!(self, "UnitOfMeasure", &group.unit_of_measure, limits::UNIT_OF_MEASURE);
        self.since("InventorySiteRef", 10, group.inventory_site.is_some())?;
        optional_reference!(self, "InventorySiteRef", &group.inventory_site, limits::LIST_NAME);
        self.since("InventorySiteLocationRef", 12, group.inventory_site_location.is_some())?;
        optional_reference!(self, "InventorySiteLocationRef", &group.inventory_site_location, limits::LIST_NAME);
        self.data_ext(&group.data_ext)?;
        self.push(&["</ItemGroupLineAdd>"]);
        Ok(())
    }

    fn billable(&mut self, status: Option<&BillableStatus<'_>>) -> Written {
        let Some(status) = status else { return Ok(()) };
        if matches!(status, BillableStatus::Other(_)) {
            return conflict("BillableStatus", "is not a word of the schema");
        }
        self.since("BillableStatus", 2, true)?;
        plain!(self, "BillableStatus", status.as_str().as_bytes());
        Ok(())
    }

    fn data_ext(&mut self, fields: &[DataExt<'_>]) -> Written {
        self.since("DataExt", 13, !fields.is_empty())?;
        for field in fields {
            let Some(owner) = &field.owner_id else {
                return Err(Refusal { element: "OwnerID", problem: EmitProblem::Missing });
            };
            self.push(&["<DataExt>"]);
            plain!(self, "OwnerID", owner.as_str().as_bytes());
            text!(self, "DataExtName", &field.name, limits::DATA_EXT_NAME);
            text!(self, "DataExtValue", &field.value, usize::MAX);
            self.push(&["</DataExt>"]);
        }
        Ok(())
    }
}

fn plain_text(body: &mut Body, name: &'static str, text: &str) -> Written {
    body.push(&["<", name, ">"]);
    body.content(name, text)?;
    body.push(&["</", name, ">"]);
    Ok(())
}

fn unsendable(element: &'static str, Unsendable(character): Unsendable) -> Refusal {
    Refusal { element, problem: EmitProblem::Character { character } }
}

/// Digits with at most one point between them.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}
