//! The books whole, in the words of reconciliation.

use serde_json::value::RawValue;
use sync_core::connector::TargetState;
use sync_core::model::{AccountId, Currency, Money, MoneyError, TargetKind, TargetRef};
use sync_core::reconcile::company::{BookPayment, BookPosting, BookPostingLine, BookState};

use super::{BookAccount, BookEntry, Books, KeptTransactions};
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::{Held, Mirror};
use crate::payments::{BankDeposit, CustomerPayment, DirectPurchase, UnknownPart, VendorPayment};
use crate::raw::{Record, id_of};
use crate::sink::lists;
use crate::wire::Item;

const LISTS: &[Entity] = &[
    Entity::Preferences,
    Entity::CompanyInfo,
    Entity::Account,
    Entity::Item,
    Entity::Class,
    Entity::Term,
    Entity::Department,
    Entity::Customer,
    Entity::Vendor,
];
const TRANSACTIONS: &[Entity] =
    &[Entity::PurchaseOrder, Entity::Bill, Entity::VendorCredit, Entity::Estimate, Entity::Invoice, Entity::CreditMemo];
const OTHERS: &[Entity] =
    &[Entity::BillPayment, Entity::Payment, Entity::JournalEntry, Entity::Purchase, Entity::Deposit];

impl Books {
    /// How many requests [`state`](Self::state) takes at least; lists of more than a page take one more for each page.
    pub const REQUESTS: u64 = 1;

    /// The books whole, as reconciliation wants them. A transaction with a value that cannot be read is named, and does
    /// not keep the others from being read.
    ///
    /// # Errors
    /// [`Error`] if a list cannot be read whole: half a list would look like deletions.
    pub async fn state(&self) -> Result<BookState, Error> {
        Ok(self.state_since(None).await?.0)
    }

    /// The same, of which only what changed since an earlier reading is asked for, if there is one; and this reading, to
    /// be kept for the next.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub async fn state_since(&self, earlier: Option<KeptTransactions>) -> Result<(BookState, KeptTransactions), Error> {
        let (mut raws, kept) = self.read(LISTS, &[TRANSACTIONS, OTHERS].concat(), earlier).await?;
        let mut mirror = Mirror::default();
        for entity in LISTS {
            for raw in raws.get(entity).into_iter().flatten() {
                mirror.put(*entity, Held::read(*entity, raw.clone())?);
            }
        }
        let currency = mirror.home_currency();
        let mut books = BookState { lists: lists::of(&mirror)?, ..BookState::empty(currency) };
        for raw in raws.remove(&Entity::Account).unwrap_or_default() {
            let account = BookAccount::of(&Record::read(raw)?, currency)?;
            if let Some(balance) = account.balance.filter(|balance| balance.currency() == currency) {
                books.balances.insert(account.id, balance);
            }
        }
        for raw in raws.remove(&Entity::Item).unwrap_or_default() {
            let item: Record<Item> = Record::read(raw)?;
            let Some(id) = &item.id else { continue };
            let account = |account: &crate::wire::Reference| AccountId::from(account.value.as_str());
            let expense = item.expense_account_ref.as_ref().or(item.income_account_ref.as_ref());
            if let Some(account) = expense.map(account) {
                books.expense_accounts.insert(id.as_str().into(), account);
            }
            if let Some(account) = item.income_account_ref.as_ref().map(account) {
                books.income_accounts.insert(id.as_str().into(), account);
            }
        }
        for entity in [Entity::Customer, Entity::Vendor] {
            for raw in raws.remove(&entity).unwrap_or_default() {
                books.parties.push(convert::state(entity, &raw, currency)?);
            }
        }
        for entity in TRANSACTIONS {
            for raw in kept.of(*entity) {
                match convert::state(*entity, raw, currency) {
                    Ok(state) => books.transactions.push(state),
                    Err(error) => books.unreadable.push(named(*entity, raw, &error)),
                }
            }
        }
        for entity in OTHERS {
            for raw in kept.of(*entity) {
                if let Err(error) = other(&mut books, *entity, raw, currency) {
                    books.unreadable.push(named(*entity, raw, &error));
                }
            }
        }
        let order = |a: &TargetState, b: &TargetState| {
            let key =
                |state: &TargetState| (state.target.kind, state.target.id.as_str().len(), state.target.id.clone());
            key(a).cmp(&key(b))
        };
        books.transactions.sort_by(order);
        books.parties.sort_by(order);
        Ok((books, kept))
    }
}

fn named(entity: Entity, raw: &RawValue, error: &Error) -> String {
    format!("{entity} {} in QuickBooks: {error}", id_of(raw))
}

/// Payments of bills and from customers, journal entries, and purchases and deposits, which post to accounts directly.
fn other(books: &mut BookState, entity: Entity, raw: &RawValue, home: Currency) -> Result<(), Error> {
    let unreadable = |error: &dyn std::fmt::Display| Error::unreadable(&format!("{entity} {}", id_of(raw)), error);
    let posting = match entity {
        Entity::BillPayment => {
            let payment = VendorPayment::read(raw, home)?;
            let settled = payment.settled().map_err(|error| unreadable(&error))?;
            let bills = settled.into_iter().filter(|part| part.to.kind == TargetKind::Bill);
            books.payments.push(BookPayment {
                parts: bills.map(|part| (part.to, part.cash)).collect(),
                unapplied: on_account(payment.unapplied, &payment.others).map_err(|error| unreadable(&error))?,
                id: payment.id,
                number: payment.number,
                date: payment.date,
                voided: payment.voided,
            });
            return Ok(());
        }
        Entity::Payment => {
            let payment = CustomerPayment::read(raw, home)?;
            let parts = payment.applied.iter().filter(|part| part.to.kind == TargetKind::Invoice);
            books.receipts.push(BookPayment {
                parts: parts.map(|part| (part.to.clone(), part.amount)).collect(),
                unapplied: on_account(payment.unapplied, &payment.others).map_err(|error| unreadable(&error))?,
                id: payment.id,
                number: payment.number,
                date: payment.date,
                voided: payment.voided,
            });
            return Ok(());
        }
        Entity::JournalEntry => {
            let entry = BookEntry::of(&Record::read(raw.to_owned())?, home)?;
            let label = entry.number.filter(|number| !number.is_empty());
            BookPosting {
                label: label.unwrap_or_else(|| format!("journal entry {}", entry.id)),
                date: entry.date,
                target: Some(TargetRef { kind: TargetKind::JournalEntry, id: entry.id }),
                marker: entry.marker,
                lines: entry
                    .lines
                    .into_iter()
                    .map(|line| BookPostingLine {
                        account: line.account,
                        amount: line.amount,
                        party: line.concerns.and_then(|(kind, id)| Some(TargetRef { kind: party_kind(&kind)?, id })),
                    })
                    .collect(),
            }
        }
        Entity::Purchase => {
            let purchase = DirectPurchase::read(raw, home)?;
            let lines = purchase.lines.iter().filter_map(|line| {
                let account = books.account_of(&line.post_to)?.clone();
                let customer = line.customer.as_ref();
                let party = customer.map(|id| TargetRef { kind: TargetKind::Customer, id: id.as_str().into() });
                Some(BookPostingLine { account, amount: line.amount, party })
            });
            let lines: Vec<BookPostingLine> = if purchase.voided { Vec::new() } else { lines.collect() };
            let number = purchase.number.filter(|number| !number.is_empty());
            BookPosting {
                label: number.unwrap_or_else(|| format!("purchase {}", purchase.id)),
                date: Some(purchase.date),
                target: Some(TargetRef { kind: TargetKind::Purchase, id: purchase.id }),
                marker: None,
                lines,
            }
        }
        Entity::Deposit => {
            let deposit = BankDeposit::read(raw, home)?;
            let line = |account: &Option<AccountId>, amount: Money| {
                account.clone().map(|account| BookPostingLine { account, amount: amount.negated(), party: None })
            };
            BookPosting {
                label: format!("deposit {}", deposit.id),
                date: Some(deposit.date),
                target: None,
                marker: None,
                lines: deposit.lines.iter().filter_map(|part| line(&part.account, part.amount)).collect(),
            }
        }
        _ => return Ok(()),
    };
    books.entries.push(posting);
    Ok(())
}

/// What of a payment settles neither bill nor invoice.
fn on_account(unapplied: Money, others: &[UnknownPart]) -> Result<Money, MoneyError> {
    others.iter().try_fold(unapplied, |sum, part| sum.plus(part.amount))
}

fn party_kind(word: &str) -> Option<TargetKind> {
    match word {
        "Customer" => Some(TargetKind::Customer),
        "Vendor" => Some(TargetKind::Vendor),
        _ => None,
    }
}
