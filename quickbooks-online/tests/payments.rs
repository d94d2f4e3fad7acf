//! What was really paid, read from the company: worked example A10 of payments, receipts, deposits and direct costs.

mod support;

use std::time::Duration;

use quickbooks_online::{Actuals, Entity, PaymentsBook, VendorPayment};
use support::company::{Company, done};
use support::documents::{create, expense, item, sale, sold, usd};
use support::{Script, client, ok};
use sync_core::actuals::PaymentMethod;
use sync_core::clock::Clock;
use sync_core::connector::Sink;
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{DocumentKind, TargetKind};
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::Operation;

fn person(company: &Company, entity: &str, body: &str) -> String {
    company.clock.advance(Duration::from_secs(600));
    let now = company.clock.now();
    let body = Json::parse(body.as_bytes()).unwrap();
    company.double().person_creates(now, entity, body).unwrap()
}

/// A check of a vendor: amount, number, and for each line its type, id and amount.
fn check(company: &Company, total: &str, number: &str, lines: &[(&str, &str, &str)]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|(kind, id, amount)| {
            format!(r#"{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{id}","TxnType":"{kind}"}}]}}"#)
        })
        .collect();
    let body = format!(
        r#"{{"VendorRef":{{"value":"71"}},"PayType":"Check","DocNumber":"{number}","TxnDate":"2026-03-20","TotalAmt":{total},
            "CheckPayment":{{"BankAccountRef":{{"value":"35"}}}},"Line":[{}]}}"#,
        lines.join(",")
    );
    person(company, "BillPayment", &body)
}

/// Three bills and a vendor credit, by their ids.
async fn bills(company: &Company) -> Vec<String> {
    let one = |number: &str, amount: &str| expense("71", number, "2026-03-01", vec![item("a", "212", amount)]);
    let writes = [
        create(DocumentKind::PayApp, "1", AccountingDocument::Bill(one("B-1", "22500"))),
        create(DocumentKind::PayApp, "2", AccountingDocument::Bill(one("B-2", "36000"))),
        create(DocumentKind::PayApp, "3", AccountingDocument::Bill(one("B-3", "31500"))),
        create(DocumentKind::PayApp, "4", AccountingDocument::VendorCredit(one("C-1", "2700"))),
    ];
    company.sink.apply(&writes).await.iter().map(|outcome| done(outcome).target.id.to_string()).collect()
}

fn by_number<'a>(actuals: &'a Actuals, number: &str) -> &'a VendorPayment {
    actuals.vendor_payments.iter().find(|payment| payment.number.as_deref() == Some(number)).unwrap()
}

fn parts(payment: &VendorPayment) -> Vec<(String, String, bool)> {
    payment.applied.iter().map(|part| (part.to.id.to_string(), part.amount.to_string(), part.is_credit)).collect()
}

#[tokio::test]
async fn which_check_paid_how_much_of_which_bill() {
    // given A10: checks over one and two bills, a credit applied without cash
    let company = Company::demo();
    let ids = bills(&company).await;
    let [b1, b2, b3, credit] = ids.as_slice() else { panic!("{ids:?}") };
    check(&company, "10000", "1001", &[("Bill", b1, "10000")]);
    let second = check(&company, "48500", "1002", &[("Bill", b1, "12500"), ("Bill", b2, "36000")]);
    check(&company, "0", "", &[("Bill", b3, "2700"), ("VendorCredit", credit, "2700")]);
    check(&company, "28800", "1003", &[("Bill", b3, "28800")]);
    // when the payments are read
    let book = PaymentsBook::new(company.client.clone());
    let before = company.requests();
    let read = book.load().await.unwrap();
    // then one request told which check paid how much of which bill
    assert_eq!(company.requests() - before, 1);
    assert!(read.is_whole && read.changed.unreadable.is_empty());
    assert_eq!(read.changed.vendor_payments.len(), 4);
    let check_2 = by_number(&read.changed, "1002");
    assert_eq!((check_2.total, check_2.unapplied), (usd("48500"), usd("0")));
    assert_eq!(check_2.method, Some(PaymentMethod::Check));
    assert_eq!(check_2.account.as_ref().unwrap().as_str(), "35");
    let expected = [(b1.clone(), "12500.00", false), (b2.clone(), "36000.00", false)];
    assert_eq!(parts(check_2), expected.map(|(id, amount, credit)| (id, amount.to_owned(), credit)));
    // and the credit settled a part of B3 without cash
    let offset = read.changed.vendor_payments.iter().find(|payment| payment.number.is_none()).unwrap();
    assert!(!offset.voided);
    assert!(offset.applied[1].is_credit && offset.applied[1].to.kind == TargetKind::VendorCredit);
    let settled = &offset.settled().unwrap()[0];
    assert_eq!((settled.amount, settled.by_credit, settled.cash), (usd("2700"), usd("2700"), usd("0")));
    assert!(settled.is_exact);
    // when check 1002 is voided, and 1003 deleted
    let since = read.time.unwrap().to_utc();
    company.clock.advance(Duration::from_secs(3600));
    let now = company.clock.now();
    company.double().person_voids(now, "BillPayment", &second).unwrap();
    let third = by_number(&read.changed, "1003").id.to_string();
    company.double().person_deletes(now, "BillPayment", &third).unwrap();
    let changes = book.changes(since).await.unwrap();
    // then one question for changes tells both
    assert_eq!(company.double().requests().of(Operation::Cdc), 1);
    assert!(!changes.is_whole);
    let voided = by_number(&changes.changed, "1002");
    assert!(voided.voided && voided.applied.is_empty() && voided.total.is_zero());
    assert_eq!(changes.deleted.len(), 1);
    assert_eq!((changes.deleted[0].entity, changes.deleted[0].id.as_str()), (Entity::BillPayment, third.as_str()));
    // and the bills are open again by what they took back
    company.sink.begin().await.unwrap();
    let double = company.double();
    let open = |id: &str| double.entity("Bill", id).unwrap().get("Balance").unwrap().to_string();
    assert_eq!([open(b1), open(b2), open(b3)], ["12500.00", "36000.00", "28800.00"]);
}

#[tokio::test]
async fn one_check_with_a_credit_over_several_bills() {
    // given a check over two bills that uses a credit, and one with cash on account by card
    let company = Company::demo();
    let ids = bills(&company).await;
    let lines = [("Bill", ids[0].as_str(), "1000"), ("VendorCredit", &ids[3], "1200"), ("Bill", &ids[1], "500.55")];
    check(&company, "300.55", "77", &lines);
    let card = format!(
        r#"{{"VendorRef":{{"value":"71"}},"PayType":"CreditCard","TotalAmt":100,
            "CreditCardPayment":{{"CCAccountRef":{{"value":"41"}}}},
            "Line":[{{"Amount":60,"LinkedTxn":[{{"TxnId":"{}","TxnType":"Bill"}}]}}]}}"#,
        ids[2]
    );
    person(&company, "BillPayment", &card);
    // when they are read
    let read = PaymentsBook::new(company.client.clone()).load().await.unwrap().changed;
    // then the sums are exact, and the split of the credit is marked as a convention
    let settled = by_number(&read, "77").settled().unwrap();
    let told: Vec<_> = settled.iter().map(|s| (s.amount, s.by_credit, s.cash, s.is_exact)).collect();
    assert_eq!(told, [(usd("1000"), usd("1000"), usd("0"), false), (usd("500.55"), usd("200"), usd("300.55"), false)]);
    let card = read.vendor_payments.iter().find(|payment| payment.method == Some(PaymentMethod::CreditCard)).unwrap();
    assert_eq!((card.unapplied, card.account.as_ref().unwrap().as_str()), (usd("40"), "41"));
}

#[tokio::test]
async fn what_customers_paid_and_where_it_went() {
    // given an invoice, a credit memo, a payment over both with cash left, and its deposit
    let company = Company::demo();
    let one = |number: &str, amount: &str| sale("61", number, "2026-03-01", vec![sold("a", "212", amount, None)]);
    let writes = [
        create(DocumentKind::OwnerInvoice, "1", AccountingDocument::Invoice(one("I-1", "127000"))),
        create(DocumentKind::OwnerInvoice, "2", AccountingDocument::CreditMemo(one("C-1", "7000"))),
    ];
    let ids: Vec<String> =
        company.sink.apply(&writes).await.iter().map(|outcome| done(outcome).target.id.to_string()).collect();
    let payment = format!(
        r#"{{"CustomerRef":{{"value":"61"}},"TotalAmt":100500,"PaymentRefNum":"ACH 88213","TxnDate":"2026-04-28","Line":[
            {{"Amount":107000,"LinkedTxn":[{{"TxnId":"{}","TxnType":"Invoice"}}]}},
            {{"Amount":7000,"LinkedTxn":[{{"TxnId":"{}","TxnType":"CreditMemo"}}]}}]}}"#,
        ids[0], ids[1]
    );
    let payment = person(&company, "Payment", &payment);
    let deposit = format!(
        r#"{{"DepositToAccountRef":{{"value":"35"}},"TxnDate":"2026-04-29","Line":[
            {{"Amount":100500,"LinkedTxn":[{{"TxnId":"{payment}","TxnType":"Payment","TxnLineId":"0"}}]}},
            {{"Amount":12.34,"DetailType":"DepositLineDetail","DepositLineDetail":{{"AccountRef":{{"value":"62"}},
              "Entity":{{"value":"73","type":"Vendor"}}}}}}]}}"#
    );
    let deposit = person(&company, "Deposit", &deposit);
    // when they are read
    let read = PaymentsBook::new(company.client.clone()).load().await.unwrap().changed;
    // then the payment tells what it settled, by cash and by credit, and what is left
    let paid = &read.customer_payments[0];
    assert_eq!((paid.number.as_deref(), paid.total, paid.unapplied), (Some("ACH 88213"), usd("100500"), usd("500")));
    let settled = &paid.settled().unwrap()[0];
    assert_eq!(
        (settled.to.id.as_str(), settled.cash, settled.by_credit),
        (ids[0].as_str(), usd("100000"), usd("7000"))
    );
    // and the deposit when it reached the bank
    assert_eq!(paid.deposit.as_ref().unwrap().as_str(), deposit);
    let bank = read.deposit_of(&paid.id).unwrap();
    assert_eq!((bank.id.as_str(), bank.account.as_str(), bank.total), (deposit.as_str(), "35", usd("100512.34")));
    assert_eq!(bank.date.to_string(), "2026-04-29");
    assert_eq!(bank.lines[1].party.as_ref().unwrap().0, "Vendor");
    assert_eq!(bank.lines[1].account.as_ref().unwrap().as_str(), "62");
}

#[tokio::test]
async fn direct_costs_are_lines_of_a_job_without_a_commitment() {
    // given a card charge with a line for a job and one without, a refund, and a purchase from an order
    let line = |amount: &str, customer: &str, link: &str| {
        let customer =
            if customer.is_empty() { String::new() } else { format!(r#","CustomerRef":{{"value":"{customer}"}}"#) };
        format!(
            r#"{{"Id":"1","Amount":{amount},"DetailType":"AccountBasedExpenseLineDetail"{link},
                "AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"143"}}{customer}}}}}"#
        )
    };
    let purchase = |id: &str, more: &str, lines: &[String]| {
        format!(
            r#"{{"Id":"{id}","SyncToken":"0","PaymentType":"CreditCard","AccountRef":{{"value":"42"}},"TxnDate":"2026-03-05",
                "EntityRef":{{"value":"77","type":"Vendor","name":"x"}},"TotalAmt":{more},"Line":[{}]}}"#,
            lines.join(",")
        )
    };
    let order = r#","LinkedTxn":[{"TxnId":"612","TxnType":"PurchaseOrder","TxnLineId":"1"}]"#;
    let purchases = [
        purchase("1", "318.42", &[line("300", "118", ""), line("18.42", "", "")]),
        purchase(r"2", r#"20,"Credit":true"#, &[line("20", "118", "")]),
        purchase("3", "70", &[line("40", "118", order), line("30", "118", "")]),
        purchase("4", "1.005", &[line("1.005", "118", "")]),
        purchase("5", "9", &[]),
    ];
    let answer = |bid: usize, entity: &str, objects: &str| {
        format!(r#"{{"bId":"{bid}","QueryResponse":{{"{entity}":[{objects}]}}}}"#)
    };
    let items: Vec<String> = ["Preferences", "CompanyInfo", "BillPayment", "Payment", "Deposit"]
        .iter()
        .enumerate()
        .map(|(bid, entity)| answer(bid, entity, ""))
        .chain([answer(5, "Purchase", &purchases.join(","))])
        .collect();
    let script =
        Script::new([ok(format!(r#"{{"BatchItemResponse":[{}],"time":"2026-03-10T12:00:00Z"}}"#, items.join(",")))]);
    // when they are read
    let read = PaymentsBook::new(client(&script)).load().await.unwrap().changed;
    // then the lines for the job count, the refund the other way round, those of the order do not
    let costs: Vec<(String, String)> = read
        .purchases
        .iter()
        .flat_map(|purchase| purchase.direct_costs().map(|line| (purchase.id.to_string(), line.amount.to_string())))
        .collect();
    let expected = [("1", "300.00"), ("2", "-20.00"), ("3", "30.00")];
    assert_eq!(costs, expected.map(|(id, amount)| (id.to_owned(), amount.to_owned())));
    assert_eq!(read.purchases[0].vendor.as_ref().unwrap().as_str(), "77");
    // and one with a third decimal is told apart, and takes nobody with it
    assert_eq!(read.purchases.len(), 4);
    assert_eq!(read.unreadable.len(), 1);
    assert_eq!(read.unreadable[0].id.as_str(), "4");
    assert!(read.unreadable[0].text.contains("1.005"), "{}", read.unreadable[0].text);
}

#[tokio::test]
async fn changes_that_lie_too_far_back_are_read_whole() {
    // given a company
    let company = Company::demo();
    let book = PaymentsBook::new(company.client.clone());
    // when changes of more than a month are asked for
    let since = company.clock.now() - chrono::TimeDelta::days(40);
    let changes = book.changes(since).await.unwrap();
    // then all of it is read, and said to be all
    assert!(changes.is_whole && changes.time.is_some());
    // and recent ones need the currency once, then one request
    let book = PaymentsBook::new(company.client.clone());
    let before = company.requests();
    book.changes(company.clock.now()).await.unwrap();
    assert_eq!(company.requests() - before, 2);
    book.changes(company.clock.now()).await.unwrap();
    assert_eq!(company.requests() - before, 3);
}

#[tokio::test]
async fn the_books_hold_both_sides_and_who_paid_what() {
    // given A7: an estimate, an application of 140,000.00 with 13,000.00 withheld, a credit memo; and bills, one paid twice
    let company = Company::demo();
    let lines = vec![sold("a", "212", "140000", None), sold("b", "221", "-13000", None), sold("c", "221", "500", None)];
    let credit = vec![sold("a", "212", "90", None), sold("b", "221", "-9", None)];
    let writes = [
        create(
            DocumentKind::PrimeContract,
            "1",
            AccountingDocument::Estimate(sale("61", "PC-1", "2026-01-20", vec![sold("a", "212", "1030000", None)])),
        ),
        create(DocumentKind::OwnerInvoice, "4", AccountingDocument::Invoice(sale("61", "PA-4", "2026-03-31", lines))),
        create(
            DocumentKind::OwnerInvoice,
            "5",
            AccountingDocument::CreditMemo(sale("61", "PA-5", "2026-03-31", credit)),
        ),
    ];
    for outcome in &company.sink.apply(&writes).await {
        done(outcome);
    }
    let ids = bills(&company).await;
    check(&company, "10000", "1001", &[("Bill", &ids[0], "10000")]);
    let void = check(&company, "500", "1002", &[("Bill", &ids[0], "500")]);
    check(&company, "12500", "1003", &[("Bill", &ids[0], "12000")]);
    let now = company.clock.now();
    company.double().person_voids(now, "BillPayment", &void).unwrap();
    // when the books are read
    let before = company.requests();
    let books = quickbooks_online::Books::new(company.client.clone()).load().await.unwrap();
    // then one request tells contract, billings and retainage by the accounts behind the items
    assert_eq!(company.requests() - before, 1);
    let only = |kind| books.sales_of_kind(kind).next().unwrap();
    assert_eq!(only(TargetKind::Estimate).total, usd("1030000"));
    let invoice = only(TargetKind::Invoice);
    assert_eq!(invoice.lines[0].account.as_ref().unwrap().as_str(), "79");
    let held = invoice.retained(&["150".into()]).unwrap();
    assert_eq!((held.gross, held.withheld, held.released), (usd("140000"), usd("13000"), usd("500")));
    assert_eq!((invoice.total, invoice.balance), (usd("127500"), Some(usd("127500"))));
    let held = only(TargetKind::CreditMemo).retained(&["150".into()]).unwrap();
    assert_eq!((held.gross, held.withheld, held.released), (usd("-90"), usd("0"), usd("9")));
    assert_eq!(books.account(&"150".into()).unwrap().balance, Some(usd("12491")));
    // and which checks paid a bill; the voided one paid nothing
    let bill = books.of_kind(TargetKind::Bill).find(|bill| bill.target.id.as_str() == ids[0]).unwrap();
    let paid: Vec<_> = books.paid_by(&bill.target).map(|(p, amount)| (p.number.clone().unwrap(), amount)).collect();
    assert_eq!(paid, [("1001".to_owned(), usd("10000")), ("1003".to_owned(), usd("12000"))]);
    assert_eq!(bill.paid().unwrap(), Some(usd("22000")));
    assert!(books.posted_twice(&"main".into()).is_empty());
}
