//! What a transaction does to accounts, and to what is owed by customers and to vendors.

use rust_decimal::{Decimal, RoundingStrategy};

use super::entities::Type;
use super::lines::{self, amount};
use super::names::classification;
use super::refs::id_in;
use super::shape::money;
use super::store::Company;
use crate::json::Json;

/// One leg of a posting, in home currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) account: String,
    /// Positive: debit. Negative: credit.
    pub(super) debit: Decimal,
    /// Whose balance moves with it, if the account is a payable or a receivable.
    pub(super) name: Option<(Type, String)>,
}

struct Legs<'a> {
    company: &'a Company,
    rate: Decimal,
    legs: Vec<Posting>,
    sum: Decimal,
}

impl Legs<'_> {
    fn push(&mut self, account: Option<&str>, debit: Decimal) {
        if debit.is_zero() {
            return;
        }
        let home = debit
            .checked_mul(self.rate)
            .unwrap_or(debit)
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        self.sum += home;
        // An item without an account: the leg is nowhere, but the other side still stands.
        if let Some(account) = account {
            self.legs.push(Posting { account: account.to_owned(), debit: home, name: None });
        }
    }

    /// The leg that makes the rest balance, so that rounding of a foreign amount never unbalances the ledger.
    fn close(mut self, account: Option<String>, name: Option<(Type, String)>) -> Vec<Posting> {
        let debit = -self.sum;
        if let (Some(account), false) = (account, debit.is_zero()) {
            self.legs.push(Posting { account, debit, name });
        }
        self.legs
    }

    fn item_account(&self, detail: &Json, member: &str) -> Option<String> {
        if let Some(own) = id_in(detail, "ItemAccountRef") {
            return Some(own.to_owned());
        }
        let item = self.company.get(Type::Item, id_in(detail, "ItemRef")?)?;
        let stocked = item.get("Type").and_then(Json::as_str) == Some("Inventory") && member == "ExpenseAccountRef";
        let account = if stocked { id_in(item, "AssetAccountRef") } else { id_in(item, member) };
        account.map(str::to_owned)
    }

    // Purchases: positive lines debit the account of the line.
    fn purchase_lines(&mut self, json: &Json, sign: Decimal) {
        for line in lines::of(json) {
            let debit = amount(line, "Amount") * sign;
            match lines::kind_of(line) {
                lines::ITEM_EXPENSE => {
                    let account = line.get(lines::ITEM_EXPENSE).and_then(|d| self.item_account(d, "ExpenseAccountRef"));
                    self.push(account.as_deref(), debit);
                }
                lines::ACCOUNT_EXPENSE => {
                    let account = line.get(lines::ACCOUNT_EXPENSE).and_then(|d| id_in(d, "AccountRef"));
                    self.push(account, debit);
                }
                _ => {}
            }
        }
        self.push(self.tax_account().as_deref(), tax(json) * sign);
    }

    // Sales: positive lines credit the income account of the item.
    fn sales_lines(&mut self, lines: &[Json], sign: Decimal) {
        for line in lines {
            let credit = -amount(line, "Amount") * sign;
            match lines::kind_of(line) {
                lines::SALES_ITEM => {
                    let account = line.get(lines::SALES_ITEM).and_then(|d| self.item_account(d, "IncomeAccountRef"));
                    self.push(account.as_deref(), credit);
                }
                lines::DISCOUNT => {
                    let named = line.get(lines::DISCOUNT).and_then(|d| id_in(d, "DiscountAccountRef"));
                    let account = named
                        .map(str::to_owned)
                        .or_else(|| self.company.default_account(None, "AccountSubType", "DiscountsRefundsGiven"));
                    self.push(account.as_deref(), -credit);
                }
                lines::GROUP => {
                    let members = line.at(&[lines::GROUP, "Line"]).and_then(Json::as_array).unwrap_or(&[]);
                    self.sales_lines(members, sign);
                }
                _ => {}
            }
        }
    }

    fn tax_account(&self) -> Option<String> {
        self.company.default_account(None, "AccountSubType", "SalesTaxPayable")
    }
}

fn tax(json: &Json) -> Decimal {
    json.at(&["TxnTaxDetail", "TotalTax"]).and_then(Json::as_decimal).unwrap_or_default()
}

/// The legs of a transaction. Their debits sum to zero.
pub(super) fn postings(company: &Company, kind: Type, json: &Json) -> Vec<Posting> {
    let rate = json.get("ExchangeRate").and_then(Json::as_decimal).unwrap_or(Decimal::ONE);
    let mut legs = Legs { company, rate, legs: Vec::new(), sum: Decimal::ZERO };
    let vendor = || id_in(json, "VendorRef").map(|id| (Type::Vendor, id.to_owned()));
    let customer = || id_in(json, "CustomerRef").map(|id| (Type::Customer, id.to_owned()));
    let payables = || id_in(json, "APAccountRef").map(str::to_owned).or_else(|| company.payables());
    let receivables = || id_in(json, "ARAccountRef").map(str::to_owned).or_else(|| company.receivables());
    let minus = Decimal::NEGATIVE_ONE;
    match kind {
        Type::Bill => {
            legs.purchase_lines(json, Decimal::ONE);
            legs.close(payables(), vendor())
        }
        Type::VendorCredit => {
            legs.purchase_lines(json, minus);
            legs.close(payables(), vendor())
        }
        Type::Purchase => {
            let refund = json.get("Credit").and_then(Json::as_bool) == Some(true);
            legs.purchase_lines(json, if refund { minus } else { Decimal::ONE });
            legs.close(id_in(json, "AccountRef").map(str::to_owned), None)
        }
        Type::BillPayment => {
            let check = json.get("CheckPayment").and_then(|detail| id_in(detail, "BankAccountRef"));
            let card = json.get("CreditCardPayment").and_then(|detail| id_in(detail, "CCAccountRef"));
            let by_card = json.get("PayType").and_then(Json::as_str) == Some("CreditCard");
            legs.push(if by_card { card } else { check }, -amount(json, "TotalAmt"));
            legs.close(payables(), vendor())
        }
        Type::Invoice | Type::CreditMemo => {
            let sign = if kind == Type::Invoice { Decimal::ONE } else { minus };
            legs.sales_lines(lines::of(json), sign);
            legs.push(legs.tax_account().as_deref(), -tax(json) * sign);
            legs.close(receivables(), customer())
        }
        Type::Payment => {
            let to = id_in(json, "DepositToAccountRef").map(str::to_owned).or_else(|| company.undeposited_funds());
            legs.push(to.as_deref(), amount(json, "TotalAmt"));
            legs.close(receivables(), customer())
        }
        Type::Deposit => {
            let undeposited = company.undeposited_funds();
            for line in lines::of(json) {
                let account = match line.get(lines::DEPOSIT) {
                    Some(detail) => id_in(detail, "AccountRef"),
                    None => undeposited.as_deref(),
                };
                legs.push(account, -amount(line, "Amount"));
            }
            let back = json.get("CashBack");
            legs.push(
                back.and_then(|back| id_in(back, "AccountRef")),
                back.map(|back| amount(back, "Amount")).unwrap_or_default(),
            );
            legs.close(id_in(json, "DepositToAccountRef").map(str::to_owned), None)
        }
        Type::JournalEntry => {
            for line in lines::of(json) {
                let Some(detail) = line.get(lines::JOURNAL) else { continue };
                let credit = detail.get("PostingType").and_then(Json::as_str) == Some("Credit");
                let debit = amount(line, "Amount") * if credit { minus } else { Decimal::ONE };
                let before = legs.legs.len();
                legs.push(id_in(detail, "AccountRef"), debit);
                let kind = match detail.at(&["Entity", "Type"]).and_then(Json::as_str) {
                    Some("Vendor") => Some(Type::Vendor),
                    Some("Customer" | "Job") => Some(Type::Customer),
                    _ => None,
                };
                let id = detail.get("Entity").and_then(|entity| id_in(entity, "EntityRef"));
                if let (Some(leg), Some(kind), Some(id)) = (legs.legs.get_mut(before), kind, id) {
                    leg.name = Some((kind, id.to_owned()));
                }
            }
            legs.legs
        }
        _ => Vec::new(),
    }
}

/// Moves the balances. `undo` takes a posting back.
pub(super) fn post(company: &mut Company, postings: &[Posting], undo: bool) {
    for posting in postings {
        let debit = if undo { -posting.debit } else { posting.debit };
        let Some(account_type) = company.account_type(&posting.account).map(str::to_owned) else { continue };
        let natural = match classification(&account_type) {
            "Asset" | "Expense" => debit,
            _ => -debit,
        };
        add(company, Type::Account, &posting.account, "CurrentBalance", natural);
        up(company, Type::Account, &posting.account, "CurrentBalanceWithSubAccounts", natural);
        match (&posting.name, account_type.as_str()) {
            (Some((Type::Vendor, id)), "Accounts Payable") => add(company, Type::Vendor, id, "Balance", -debit),
            (Some((Type::Customer, id)), "Accounts Receivable") => {
                add(company, Type::Customer, id, "Balance", debit);
                up(company, Type::Customer, id, "BalanceWithJobs", debit);
            }
            _ => {}
        }
    }
}

/// Adds to a balance.
pub(super) fn add(company: &mut Company, kind: Type, id: &str, key: &str, delta: Decimal) {
    if let Some(json) = company.edit(kind, id) {
        let sum = amount(json, key) + delta;
        json.set(key, money(sum));
    }
}

// The entity and all above it.
fn up(company: &mut Company, kind: Type, id: &str, key: &str, delta: Decimal) {
    let mut at = Some(id.to_owned());
    // A book may hold parents in a circle; no company nests deeper than five.
    for _ in 0..5 {
        let Some(id) = at else { return };
        add(company, kind, &id, key, delta);
        at = company.get(kind, &id).and_then(|json| id_in(json, "ParentRef")).map(str::to_owned);
    }
}
