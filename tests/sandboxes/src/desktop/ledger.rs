//! Totals, open amounts, what is billed of a purchase order, and the balances of accounts: computed, never stored.

use rust_decimal::{Decimal, RoundingStrategy};

use super::file::{CompanyFile, Line, Record};
use super::xml::Node;

pub(super) fn money(value: Decimal) -> String {
    let mut value = cents(value);
    value.rescale(2);
    value.to_string()
}

fn cents(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn decimal(line: &Line, name: &str) -> Option<Decimal> {
    line.fields.get(name).and_then(|node| node.text.parse().ok())
}

/// The amount of a line: as given, or quantity times price.
pub(super) fn amount(line: &Line) -> Decimal {
    let price = decimal(line, "Rate").or_else(|| decimal(line, "Cost"));
    let product = price.map(|price| decimal(line, "Quantity").unwrap_or(Decimal::ONE) * price);
    cents(decimal(line, "Amount").or(product).unwrap_or_default())
}

fn quantity(line: &Line) -> Decimal {
    decimal(line, "Quantity").unwrap_or(Decimal::ONE)
}

impl CompanyFile {
    pub(super) fn total(&self, record: &Record) -> Decimal {
        if record.is_void {
            return Decimal::ZERO;
        }
        record.lines.iter().map(amount).sum()
    }

    /// What is still to be settled.
    pub(super) fn open(&self, record: &Record) -> Decimal {
        self.total(record) - self.settled(&record.id)
    }

    pub(super) fn settled(&self, id: &str) -> Decimal {
        let payments = self.records.values().filter(|record| !record.is_void);
        payments.flat_map(|record| &record.applied).filter(|(to, _)| to == id).map(|(_, part)| *part).sum()
    }

    /// What the lines of bills have taken of a purchase order line.
    pub(super) fn billed(&self, order: &str, line: &str) -> Decimal {
        let bills = self.records.values().filter(|record| record.kind == "Bill" && !record.is_void);
        let lines = bills.flat_map(|bill| &bill.lines);
        let of = lines.filter(|own| own.link.as_ref().is_some_and(|(o, l)| o == order && l == line));
        of.map(|own| decimal(own, "Quantity").unwrap_or_else(|| amount(own))).sum()
    }

    pub(super) fn unbilled(&self, order: &str, line: &Line) -> Decimal {
        (quantity(line) - self.billed(order, &line.id)).max(Decimal::ZERO)
    }

    pub(super) fn computed_on_line(&self, record: &Record, line: &Line, name: &str) -> Option<Node> {
        match name {
            "TxnLineID" => Some(Node::leaf(name, line.id.clone())),
            "Amount" => Some(Node::leaf(name, if record.is_void { "0.00".to_owned() } else { money(amount(line)) })),
            "ReceivedQuantity" => Some(Node::leaf(name, self.billed(&record.id, &line.id).normalize().to_string())),
            "UnbilledQuantity" => Some(Node::leaf(name, self.unbilled(&record.id, line).normalize().to_string())),
            "IsBilled" => {
                let all = !self.billed(&record.id, &line.id).is_zero() && self.unbilled(&record.id, line).is_zero();
                Some(Node::leaf(name, if all { "true" } else { "false" }))
            }
            "IsManuallyClosed" if !line.fields.contains_key(name) => Some(Node::leaf(name, "false")),
            _ => None,
        }
    }

    /// The account behind an item, when it is bought or sold.
    fn item_account(&self, item: &str, is_sale: bool) -> Option<String> {
        let item = self.records.get(item)?;
        let id = match item.fields.get("SalesAndPurchase") {
            Some(both) => both.at(&[if is_sale { "IncomeAccountRef" } else { "ExpenseAccountRef" }, "ListID"]),
            None => item.fields.get("SalesOrPurchase").map_or("", |one| one.at(&["AccountRef", "ListID"])),
        };
        (!id.is_empty()).then(|| id.to_owned())
    }

    /// Accounts and what each is debited with.
    fn postings(&self, record: &Record) -> Vec<(String, Decimal)> {
        let mut postings = Vec::new();
        if record.is_void {
            return postings;
        }
        let sign = match record.kind.as_str() {
            "Bill" | "CreditMemo" => Decimal::ONE,
            "VendorCredit" | "Invoice" => Decimal::NEGATIVE_ONE,
            "JournalEntry" => {
                for line in &record.lines {
                    let account = line.fields.get("AccountRef").map_or("", |node| node.at(&["ListID"])).to_owned();
                    let side = if line.base == "JournalDebitLine" { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
                    postings.push((account, side * amount(line)));
                }
                return postings;
            }
            "BillPaymentCheck" => {
                let paid: Decimal = record.applied.iter().map(|(_, part)| *part).sum();
                postings.push((self.control(record, "APAccountRef", "AccountsPayable"), paid));
                postings.push((record.reference("BankAccountRef").to_owned(), -paid));
                return postings;
            }
            _ => return postings,
        };
        let is_sale = matches!(record.kind.as_str(), "Invoice" | "CreditMemo");
        for line in &record.lines {
            let account = match line.fields.get("AccountRef") {
                Some(account) => Some(account.at(&["ListID"]).to_owned()),
                None => line.fields.get("ItemRef").and_then(|item| self.item_account(item.at(&["ListID"]), is_sale)),
            };
            postings.extend(account.map(|account| (account, sign * amount(line))));
        }
        let control = if is_sale {
            self.control(record, "ARAccountRef", "AccountsReceivable")
        } else {
            self.control(record, "APAccountRef", "AccountsPayable")
        };
        postings.push((control, -sign * self.total(record)));
        postings
    }

    /// The account named, or the only one of its type.
    pub(super) fn control(&self, record: &Record, field: &str, kind: &str) -> String {
        let named = record.reference(field);
        if !named.is_empty() {
            return named.to_owned();
        }
        let fits = self.of_kind("Account").find(|account| account.text("AccountType") == kind);
        fits.map(|account| account.id.clone()).unwrap_or_default()
    }

    /// The balance of an account on its natural side.
    pub(super) fn balance(&self, id: &str) -> Decimal {
        let Some(account) = self.records.get(id) else { return Decimal::ZERO };
        let debits: Decimal = self
            .records
            .values()
            .flat_map(|record| self.postings(record))
            .filter(|(to, _)| to == id)
            .map(|(_, d)| d)
            .sum();
        let kind = account.text("AccountType");
        let is_credit = kind.contains("Liability")
            || matches!(kind, "AccountsPayable" | "CreditCard" | "Equity" | "Income" | "OtherIncome");
        account.opening + if is_credit { -debits } else { debits }
    }

    /// What is owed to a vendor, or by a customer.
    pub(super) fn owed(&self, party: &str) -> Decimal {
        let mut owed = Decimal::ZERO;
        for record in self.records.values() {
            let sign = match record.kind.as_str() {
                "Bill" | "Invoice" => Decimal::ONE,
                "VendorCredit" | "CreditMemo" => Decimal::NEGATIVE_ONE,
                _ => continue,
            };
            if record.reference("VendorRef") == party || record.reference("CustomerRef") == party {
                owed += sign * self.open(record);
            }
        }
        owed
    }
}
