//! Both companies' books, read from the doubles themselves: by nobody who takes part in the sync.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::Procore;
use sync_sandboxes::quickbooks::QuickBooks;

/// A pay app, or a bill or vendor credit: negative where it gives money back.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Billed {
    pub(crate) gross: Decimal,
    pub(crate) withheld: Decimal,
    pub(crate) released: Decimal,
    pub(crate) net: Decimal,
}

impl Billed {
    fn add(&mut self, other: &Self) {
        self.gross += other.gross;
        self.withheld += other.withheld;
        self.released += other.released;
        self.net += other.net;
    }
}

pub(crate) fn sum<'a>(all: impl IntoIterator<Item = &'a Billed>) -> Billed {
    let mut total = Billed::default();
    for one in all {
        total.add(one);
    }
    total
}

pub(crate) fn decimal(json: &Json, path: &[&str]) -> Decimal {
    json.at(path).and_then(Json::as_decimal).unwrap_or_default()
}

pub(crate) fn text<'a>(json: &'a Json, path: &[&str]) -> &'a str {
    json.at(path).and_then(Json::as_id).unwrap_or_default()
}

pub(crate) fn items<'a>(json: &'a Json, member: &str) -> &'a [Json] {
    json.get(member).and_then(Json::as_array).unwrap_or(&[])
}

const CONTRACTS: [&str; 2] = ["work_order_contracts", "purchase_order_contracts"];

/// Revised sums of all contracts that are committed, by id: as Procore states them.
pub(crate) fn committed(procore: &Procore) -> BTreeMap<String, Decimal> {
    let contracts = CONTRACTS.iter().flat_map(|resource| procore.all(resource));
    contracts
        .filter(|contract| {
            let status = text(contract, &["status"]).to_lowercase();
            ["approved", "complete", "closed"].contains(&status.as_str())
        })
        .map(|contract| (text(contract, &["id"]).to_owned(), decimal(contract, &["revised_contract"])))
        .collect()
}

/// Ids of contracts by their numbers.
pub(crate) fn contract_ids(procore: &Procore) -> HashMap<String, String> {
    let contracts = CONTRACTS.iter().flat_map(|resource| procore.all(resource));
    contracts.map(|c| (text(c, &["number"]).to_owned(), text(c, &["id"]).to_owned())).collect()
}

/// What the approved pay apps bill, by id. Gross is the difference of two states of the contract; released is as the lines
/// say; due is as the header says; withheld is what is left.
pub(crate) fn pay_apps(procore: &Procore) -> BTreeMap<String, Billed> {
    let mut by_contract: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for app in procore.all("requisitions") {
        by_contract.entry(text(app, &["commitment_id"])).or_default().push(app);
    }
    let mut billed = BTreeMap::new();
    for apps in by_contract.values_mut() {
        apps.sort_by_key(|app| decimal(app, &["number"]));
        let mut before = Decimal::ZERO;
        for app in apps {
            let completed = decimal(app, &["summary", "total_completed_and_stored_to_date"]);
            let gross = completed - before;
            let status = text(app, &["status"]).to_lowercase();
            if !["approved", "approved_as_noted"].contains(&status.as_str()) {
                continue;
            }
            before = completed;
            let released = items(app, "items").iter().map(|row| {
                decimal(row, &["work_completed_retainage_released_this_period"])
                    + decimal(row, &["materials_stored_retainage_released_this_period"])
            });
            let released: Decimal = released.sum();
            let net = decimal(app, &["summary", "current_payment_due"]);
            let withheld = gross + released - net;
            if [gross, released, withheld].iter().any(|amount| !amount.is_zero()) {
                billed.insert(text(app, &["id"]).to_owned(), Billed { gross, withheld, released, net });
            }
        }
    }
    billed
}

/// The id of the Procore record that a transaction stands for, by its mark; empty where a person made it.
pub(crate) fn procore_id(record: &Json) -> &str {
    marked(record).rsplit_once(':').map_or("", |(key, _)| key.rsplit(['.', '/']).next().unwrap_or_default())
}

/// The mark of a record: `sync:main:pay_app/22.660002:0`.
pub(crate) fn marked(record: &Json) -> &str {
    let notes = ["PrivateNote", "Notes"].into_iter().filter_map(|member| record.get(member)?.as_str());
    let words = notes.flat_map(|note| note.split(|c: char| c.is_whitespace() || c == '[' || c == ']'));
    words.into_iter().find(|word| word.starts_with("sync:")).unwrap_or_default()
}

/// Purchase order totals, by the id of the contract.
pub(crate) fn purchase_orders(quickbooks: &QuickBooks) -> BTreeMap<String, Decimal> {
    let orders = quickbooks.all("PurchaseOrder");
    orders.map(|order| (procore_id(order).to_owned(), decimal(order, &["TotalAmt"]))).collect()
}

/// The account that holds retainage.
pub(crate) fn retainage_account(quickbooks: &QuickBooks) -> &Json {
    let names = ["Retainage Payable", "Retenciones por pagar"];
    quickbooks.all("Account").find(|account| names.contains(&text(account, &["Name"]))).unwrap()
}

/// Bills and vendor credits.
pub(crate) fn bills(quickbooks: &QuickBooks) -> impl Iterator<Item = &Json> {
    quickbooks.all("Bill").chain(quickbooks.all("VendorCredit"))
}

/// Is it a vendor credit?
pub(crate) fn is_credit(quickbooks: &QuickBooks, record: &Json) -> bool {
    quickbooks.all("VendorCredit").any(|credit| std::ptr::eq(credit, record))
}

/// What a bill or vendor credit books. On the retainage account, more withheld and less withheld are told apart from a
/// release by the text of the line.
pub(crate) fn posted(quickbooks: &QuickBooks, record: &Json) -> Billed {
    let retainage = text(retainage_account(quickbooks), &["Id"]);
    let sign = if is_credit(quickbooks, record) { -Decimal::ONE } else { Decimal::ONE };
    let mut billed = Billed { net: sign * decimal(record, &["TotalAmt"]), ..Billed::default() };
    for line in items(record, "Line") {
        let amount = sign * decimal(line, &["Amount"]);
        if text(line, &["AccountBasedExpenseLineDetail", "AccountRef", "value"]) != retainage {
            billed.gross += amount;
        } else if text(line, &["Description"]).starts_with("Retainage released") {
            billed.released += amount;
        } else {
            billed.withheld -= amount;
        }
    }
    billed
}

/// What the bills and vendor credits book, by the id of the pay app. A pay app that stands twice fails the test.
pub(crate) fn postings(quickbooks: &QuickBooks) -> BTreeMap<String, Billed> {
    let mut postings = BTreeMap::new();
    for record in bills(quickbooks).filter(|record| !marked(record).is_empty()) {
        let twice = postings.insert(procore_id(record).to_owned(), posted(quickbooks, record));
        assert!(twice.is_none(), "{} was posted twice", marked(record));
    }
    postings
}

/// What the owner side comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OwnerSide {
    /// Contract sums to date, by the id of the prime contract.
    pub(crate) contracts: BTreeMap<String, Decimal>,
    /// Payments due, by the id of the owner invoice; negative where money is given back.
    pub(crate) invoices: BTreeMap<String, Decimal>,
    /// Retainage that the owners hold.
    pub(crate) held: Decimal,
}

/// The owner side as Procore states it.
pub(crate) fn owner_side_of_procore(procore: &Procore) -> OwnerSide {
    let approved = |record: &&Json| text(record, &["status"]).eq_ignore_ascii_case("approved");
    let id = |record: &Json| text(record, &["id"]).to_owned();
    let contracts = procore.all("prime_contracts").filter(approved);
    let contracts = contracts.map(|contract| (id(contract), decimal(contract, &["revised_contract_amount"])));
    let mut invoices = BTreeMap::new();
    let mut last: HashMap<&str, (Decimal, Decimal)> = HashMap::new();
    for invoice in procore.all("payment_applications").filter(approved) {
        invoices.insert(id(invoice), decimal(invoice, &["g702", "current_payment_due"]));
        let state = (decimal(invoice, &["number"]), decimal(invoice, &["g702", "total_retainage"]));
        let newest = last.entry(text(invoice, &["contract_id"])).or_insert(state);
        *newest = state.max(*newest);
    }
    OwnerSide { contracts: contracts.collect(), invoices, held: last.values().map(|(_, held)| *held).sum() }
}

/// The owner side as QuickBooks holds it.
pub(crate) fn owner_side_of_quickbooks(quickbooks: &QuickBooks) -> OwnerSide {
    let total = |record: &Json| decimal(record, &["TotalAmt"]);
    let own = |record: &&Json| !marked(record).is_empty();
    let estimates = quickbooks.all("Estimate").map(|estimate| (procore_id(estimate).to_owned(), total(estimate)));
    let invoices = quickbooks.all("Invoice").filter(own).map(|invoice| (invoice, total(invoice)));
    let credits = quickbooks.all("CreditMemo").filter(own).map(|credit| (credit, -total(credit)));
    let names = ["Retainage Receivable", "Retenciones por cobrar"];
    let account = quickbooks.all("Account").find(|account| names.contains(&text(account, &["Name"]))).unwrap();
    OwnerSide {
        contracts: estimates.collect(),
        invoices: invoices.chain(credits).map(|(record, due)| (procore_id(record).to_owned(), due)).collect(),
        held: decimal(account, &["CurrentBalance"]),
    }
}

/// Transactions and customers beyond the first that carry the same mark.
pub(crate) fn duplicates(quickbooks: &QuickBooks) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for entity in ["Customer", "Vendor", "PurchaseOrder", "Bill", "VendorCredit", "Estimate", "Invoice", "CreditMemo"] {
        for record in quickbooks.all(entity) {
            let mark = marked(record);
            if !mark.is_empty() {
                *counts.entry(mark).or_default() += 1;
            }
        }
    }
    counts.values().map(|count| count - 1).sum()
}
