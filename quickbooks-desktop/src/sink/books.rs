//! The books as they are, read whole, for tie-outs and reconciliation.

use std::sync::Arc;

use sync_core::Error;
use sync_core::clock::Clock;
use sync_core::connector::{Capabilities, Sink, TargetState};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Currency, Money, TargetKind, TargetRef};
use sync_core::reconcile::company::{BookPayment, BookPosting, BookPostingLine, BookState};

use super::mirror::Mirror;
use super::{DesktopSink, SinkOptions, lists, payments, read};
use crate::qbxml::Element;
use crate::qbxml::objects::{Query, QueryKind};
use crate::web_connector::Desk;

/// Reads the books of one company file, at the next visits of its Web Connector. It writes nothing.
#[derive(Debug)]
pub struct Books {
    sink: DesktopSink,
}

impl Books {
    /// A reader over the desk of a company file.
    pub fn new(desk: Arc<Desk>, clock: Arc<dyn Clock>, options: SinkOptions) -> Self {
        Self { sink: DesktopSink::new(desk, clock, options) }
    }

    /// The limits of QuickBooks Desktop, by which documents are compared.
    pub fn capabilities(&self) -> &Capabilities {
        self.sink.capabilities()
    }

    /// Everything that a reconciliation looks at, as it is now. A record that cannot be read is named in
    /// [`BookState::unreadable`].
    ///
    /// # Errors
    /// If the company file cannot be read whole.
    pub async fn state(&self) -> Result<BookState, Error> {
        let _visits = self.sink.desk.run();
        self.sink.begin().await?;
        let page = self.sink.options.page;
        let payments =
            [QueryKind::BillPaymentCheck, QueryKind::BillPaymentCreditCard].map(|kind| Query::all(kind, page));
        let records = self.sink.read_all(&payments, &[]).await?;
        Ok(assemble(&self.sink.mirror(), &records, self.sink.options.currency))
    }
}

/// The books, from what is known of the company file and the payments of bills in it.
pub(crate) fn assemble(mirror: &Mirror, payments: &[Element<'_>], currency: Currency) -> BookState {
    let mut books = BookState { lists: lists::of(mirror, currency), ..BookState::empty(currency) };
    for (id, account) in &mirror.accounts {
        let Some(balance) = account.balance else { continue };
        match read::money(balance, currency) {
            Ok(balance) => drop(books.balances.insert(id.as_str().into(), balance)),
            Err(problem) => books.unreadable.push(format!("the balance of account {id}: {problem}")),
        }
    }
    for id in mirror.items.keys() {
        if let Some(account) = mirror.purchase_account(id) {
            books.expense_accounts.insert(id.as_str().into(), account.into());
        }
        if let Some(account) = mirror.sales_account(id) {
            books.income_accounts.insert(id.as_str().into(), account.into());
        }
    }
    for held in mirror.held.values() {
        match held.state.target.kind {
            TargetKind::Customer | TargetKind::Vendor => books.parties.push(held.state.clone()),
            TargetKind::JournalEntry => books.entries.extend(posting(mirror, &held.state)),
            _ => books.transactions.push(held.state.clone()),
        }
    }
    for record in payments {
        match payment(record, currency) {
            Ok(payment) => books.payments.push(payment),
            Err(problem) => books.unreadable.push(problem),
        }
    }
    books
}

fn posting(mirror: &Mirror, state: &TargetState) -> Option<BookPosting> {
    let AccountingDocument::JournalEntry(entry) = &state.document else { return None };
    let party = |id: &str| {
        let kinds = [TargetKind::Customer, TargetKind::Vendor];
        let targets = kinds.map(|kind| TargetRef { kind, id: id.into() });
        targets.into_iter().find(|target| mirror.held.contains_key(target))
    };
    let lines = entry.lines().iter().map(|line| BookPostingLine {
        account: line.account.clone(),
        amount: line.amount,
        party: line.customer.as_ref().and_then(|id| party(id.as_str())),
    });
    Some(BookPosting {
        label: entry.number().map_or_else(|| state.target.to_string(), str::to_owned),
        date: Some(entry.date()),
        target: Some(state.target.clone()),
        marker: state.marker.clone(),
        lines: lines.collect(),
    })
}

fn payment(record: &Element<'_>, currency: Currency) -> Result<BookPayment, String> {
    let made = payments::made(record, currency)
        .map_err(|problem| format!("{} {}: {problem}", record.name, record.child_text("TxnID").unwrap_or_default()))?;
    let of_bills = made.applied.into_iter().filter(|part| part.to.kind == TargetKind::Bill);
    Ok(BookPayment {
        id: made.target.id,
        number: made.number,
        date: made.date,
        voided: made.voided,
        parts: of_bills.map(|part| (part.to, part.amount)).collect(),
        // A check that pays bills is for bills to the last cent: what is left over cannot be entered.
        unapplied: Money::zero(currency),
    })
}
