//! Reads a `BillQueryRs` file and prints a digest of its bills; with a second argument also turns them into a set of
//! `BillAddRq` and writes it there.
//!
//! ```text
//! cargo run --release -p quickbooks-desktop --example qbxml_digest -- ANSWER.xml [REQUESTS.xml]
//! ```
//!
//! The digest is the SHA-256 over one line a bill: TxnID, EditSequence, vendor ListID and FullName, TxnDate, AmountDue in
//! cents, IsPaid, number of expense and of item lines, sum of the lines in cents, and the job and the text of the last
//! line, parted by tabs.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Write};

use quickbooks_desktop::qbxml::text::NonAscii;
use quickbooks_desktop::qbxml::{
    BillAdd, BillItem, BillItemAdd, BillRet, BillStream, Envelope, ExpenseLineAdd, ItemLineAdd, ObjectRef, OnError,
    QbXmlVersion, RequestWriter,
};
use sha2::{Digest, Sha256};

/// Bytes that are collected before they are hashed and written.
const BATCH: usize = 256 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let input = arguments.next().ok_or("usage: qbxml_digest ANSWER.xml [REQUESTS.xml]")?;
    let mut bills = BillStream::new(BufReader::with_capacity(BATCH, File::open(input)?));
    let mut requests = arguments.next().map(Requests::create).transpose()?;

    let (mut digest, mut lines) = (Sha256::new(), Vec::with_capacity(2 * BATCH));
    loop {
        let read = bills.read_with(|bill| -> Result<(), Box<dyn Error>> {
            digest_line(&mut lines, &bill)?;
            requests.as_mut().map_or(Ok(()), |requests| requests.add(&bill))
        });
        match read {
            Some(handled) => handled??,
            None => break,
        }
        if lines.len() >= BATCH {
            digest.update(&lines);
            lines.clear();
        }
    }
    digest.update(&lines);

    if let Some(requests) = requests {
        println!("emit_sha {}", requests.finish()?);
    }
    println!("sha {}", short(digest));
    Ok(())
}

fn short(digest: Sha256) -> String {
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn digest_line(out: &mut Vec<u8>, bill: &BillRet<'_>) -> std::io::Result<()> {
    let (customer, text) = match bill.item_lines.last() {
        Some(item) => item.lines().last().map(|line| (line.customer.as_ref(), line.description.as_deref())),
        None => bill.expense_lines.last().map(|line| (line.customer.as_ref(), line.memo.as_deref())),
    }
    .unwrap_or_default();
    writeln!(
        out,
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        bill.txn_id,
        bill.edit_sequence,
        bill.vendor.list_id.as_ref().map_or("", |id| id.as_str()),
        bill.vendor.name(),
        bill.txn_date,
        bill.amount_due.cents(),
        u8::from(bill.is_paid == Some(true)),
        bill.expense_lines.len(),
        bill.items().count(),
        bill.line_cents(),
        customer.map_or("", ObjectRef::name),
        text.unwrap_or_default(),
    )
}

/// The set that is being written, its file and its digest.
struct Requests {
    set: RequestWriter,
    batch: Vec<u8>,
    file: File,
    digest: Sha256,
}

impl Requests {
    fn create(path: std::ffi::OsString) -> std::io::Result<Self> {
        let mut envelope = Envelope::new(QbXmlVersion::V16_0, OnError::Continue);
        envelope.non_ascii = NonAscii::Utf8;
        let (set, batch) = (RequestWriter::new(&envelope), Vec::with_capacity(2 * BATCH));
        Ok(Self { set, batch, file: File::create(path)?, digest: Sha256::new() })
    }

    fn add(&mut self, bill: &BillRet<'_>) -> Result<(), Box<dyn Error>> {
        let request_id = (self.set.requests() + 1).to_string();
        self.set.bill_add(&request_id, &copy_of(bill))?;
        self.set.drain_into(&mut self.batch)?;
        if self.batch.len() >= BATCH {
            self.write_batch()?;
        }
        Ok(())
    }

    fn write_batch(&mut self) -> std::io::Result<()> {
        self.digest.update(&self.batch);
        self.file.write_all(&self.batch)?;
        self.batch.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<String> {
        self.write_batch()?;
        let tail = self.set.finish();
        self.digest.update(&tail);
        self.file.write_all(&tail)?;
        Ok(short(self.digest))
    }
}

/// The same bill, to be created in another company file: the vendor by ID, everything else by name.
fn copy_of<'a>(bill: &'a BillRet<'_>) -> BillAdd<'a> {
    let named = |reference: &'a Option<ObjectRef<'_>>| reference.as_ref().map(|found| ObjectRef::by_name(found.name()));
    let vendor = match &bill.vendor.list_id {
        Some(id) => ObjectRef::by_id(id.borrowed()),
        None => ObjectRef::by_name(bill.vendor.name()),
    };
    let mut copy = BillAdd::new(vendor, bill.txn_date);
    copy.ap_account = named(&bill.ap_account);
    copy.due_date = bill.due_date;
    copy.ref_number = bill.ref_number.as_deref().map(Into::into);
    copy.terms = named(&bill.terms);
    copy.memo = bill.memo.as_deref().map(Into::into);
    copy.expense_lines.reserve_exact(bill.expense_lines.len());
    copy.expense_lines.extend(bill.expense_lines.iter().map(|line| ExpenseLineAdd {
        account: named(&line.account),
        amount: line.amount,
        memo: line.memo.as_deref().map(Into::into),
        customer: named(&line.customer),
        class: named(&line.class),
        billable_status: line.billable_status.clone(),
        ..ExpenseLineAdd::default()
    }));
    let items = bill.item_lines.iter().flat_map(BillItem::lines);
    copy.item_lines.extend(items.map(|line| {
        BillItemAdd::Line(ItemLineAdd {
            item: named(&line.item),
            description: line.description.as_deref().map(Into::into),
            quantity: line.quantity,
            unit_of_measure: line.unit_of_measure.as_deref().map(Into::into),
            cost: line.cost,
            amount: line.amount,
            customer: named(&line.customer),
            class: named(&line.class),
            billable_status: line.billable_status.clone(),
            ..ItemLineAdd::default()
        })
    }));
    copy
}
