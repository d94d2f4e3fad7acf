//! The reader over a real driver: SQLite's (Debian's `libsqliteodbc`), on a file with the tables of a QuickBooks driver.

use odbc_api::ConnectionOptions;
use quickbooks_desktop::odbc::{OdbcBooks, OdbcError, Tables};
use sync_core::connector::{Condition, TargetState};
use sync_core::model::accounting::{AccountingDocument, PostTo};
use sync_core::model::{Currency, TargetKind};
use sync_core::reconcile::company::BookState;

/// A company file behind a driver.
struct File {
    _dir: tempfile::TempDir,
    connection: String,
}

impl File {
    /// The tables of a script; nothing where the driver is not installed.
    fn with(script: &str) -> Option<Self> {
        let environment = odbc_api::environment().unwrap();
        if !environment.drivers().unwrap().iter().any(|driver| driver.description == "SQLite3") {
            eprintln!("skipped: the ODBC driver SQLite3 is not installed (Debian: apt-get install libsqliteodbc)");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let connection =
            format!("Driver=SQLite3;Database={};PWD=canary-7f3a;", dir.path().join("company.db").display());
        let file = Self { _dir: dir, connection };
        file.run(script);
        Some(file)
    }

    fn run(&self, script: &str) {
        let environment = odbc_api::environment().unwrap();
        let connection =
            environment.connect_with_connection_string(&self.connection, ConnectionOptions::default()).unwrap();
        for statement in script.split(";\n").filter(|statement| !statement.trim().is_empty()) {
            connection.execute(statement, (), None).unwrap();
        }
    }

    async fn read(&self, tables: Tables) -> Result<BookState, OdbcError> {
        let usd: Currency = "USD".parse().unwrap();
        OdbcBooks::new(self.connection.clone(), tables, usd).state().await
    }
}

const QODBC: &str = include_str!("qodbc.sql");
const CDATA: &str = include_str!("cdata.sql");

fn find<'a>(books: &'a BookState, kind: TargetKind, id: &str) -> &'a TargetState {
    let mut all = books.transactions.iter().chain(&books.parties);
    all.find(|state| state.target.kind == kind && state.target.id.as_str() == id).expect("the record was read")
}

fn amounts(state: &TargetState) -> Vec<String> {
    match &state.document {
        AccountingDocument::Bill(document)
        | AccountingDocument::PurchaseOrder(document)
        | AccountingDocument::VendorCredit(document) => {
            document.lines.iter().map(|line| line.amount.amount().to_string()).collect()
        }
        AccountingDocument::Invoice(document) => {
            document.lines.iter().map(|line| line.amount.amount().to_string()).collect()
        }
        other => panic!("not a document with lines: {other:?}"),
    }
}

fn check(books: &BookState) {
    // Lists.
    assert_eq!(books.lists.closing_date.unwrap().to_string(), "2026-09-30");
    assert_eq!(books.lists.accounts.iter().filter(|account| account.number.as_deref() == Some("2100")).count(), 1);
    assert_eq!(books.balances[&"A2".into()].amount().to_string(), "1000.00");
    assert_eq!(books.expense_accounts[&"I1".into()], "A3".into());
    assert_eq!(books.income_accounts[&"I1".into()], "A4".into());
    assert_eq!(books.expense_accounts[&"I2".into()], "A2".into(), "an item of one account has it on both sides");

    // Parties, in all characters, inactive ones included.
    let AccountingDocument::Vendor(vendor) = &find(books, TargetKind::Vendor, "80000012-1").document else { panic!() };
    assert_eq!(vendor.name, "Zürich Beton & Söhne");
    assert_eq!(find(books, TargetKind::Vendor, "80000013-1").condition, Condition::Inactive);
    let AccountingDocument::Customer(job) = &find(books, TargetKind::Customer, "80000011-1").document else { panic!() };
    assert_eq!(job.parent.as_ref().unwrap().as_str(), "80000010-1");

    // Documents, with their lines, numbers as they are, and the link to the purchase order.
    let order = find(books, TargetKind::PurchaseOrder, "10-1");
    assert_eq!(
        (amounts(order), order.total.unwrap().amount().to_string()),
        (vec!["45000.00".to_owned()], "45000.00".to_owned())
    );
    let state = find(books, TargetKind::Bill, "20-1");
    assert_eq!(amounts(state), ["9000.00", "-900.00"]);
    assert_eq!(state.balance.unwrap().amount().to_string(), "4100.00");
    let AccountingDocument::Bill(bill) = &state.document else { panic!() };
    let link = bill.lines[0].link.as_ref().expect("the bill names its purchase order");
    assert_eq!((link.purchase_order.as_str(), link.line.as_str()), ("10-1", "11-1"));
    assert!(bill.lines[1].link.is_none(), "retainage is not of the order");
    let AccountingDocument::Bill(permit) = &find(books, TargetKind::Bill, "21-1").document else { panic!() };
    assert_eq!(permit.number.as_deref(), Some("0042"), "leading zeros are part of a number");
    assert_eq!(permit.lines[0].coding.post_to, PostTo::Account("A3".into()));
    assert_eq!(find(books, TargetKind::Bill, "22-1").condition, Condition::Voided);
    assert_eq!(amounts(find(books, TargetKind::VendorCredit, "30-1")), ["75.50"]);
    assert_eq!(amounts(find(books, TargetKind::Invoice, "50-1")), ["10000.00"]);

    // What was paid, and what else posted.
    let payment = &books.payments[0];
    assert_eq!((payment.number.as_deref(), payment.parts.len()), (Some("1042"), 1));
    assert_eq!(payment.parts[0].1.amount().to_string(), "4000.00");
    let sides: Vec<String> = books.entries[0].lines.iter().map(|line| line.amount.amount().to_string()).collect();
    assert_eq!(sides, ["100.00", "-100.00"]);

    // One value is wrong: that record is named, the others are read.
    assert_eq!(books.unreadable.len(), 1, "{:?}", books.unreadable);
    assert!(
        books.unreadable[0].contains("23-1") && books.unreadable[0].contains("AmountDue"),
        "{:?}",
        books.unreadable
    );
}

#[tokio::test]
async fn the_tables_of_qodbc_become_the_books() {
    let Some(file) = File::with(QODBC) else { return };
    check(&file.read(Tables::qodbc().unwrap()).await.unwrap());
}

#[tokio::test]
async fn the_tables_of_cdata_become_the_same_books() {
    let Some(file) = File::with(CDATA) else { return };
    check(&file.read(Tables::cdata().unwrap()).await.unwrap());
}

#[tokio::test]
async fn a_missing_column_is_named_with_those_that_are_there() {
    // Given a driver that calls the number of a bill by another name.
    let columns = "RefNumber TEXT, Memo TEXT, VendorRefListID TEXT, APAccountRefListID";
    let Some(file) = File::with(&QODBC.replacen(columns, &columns.replacen("RefNumber", "Number", 1), 1)) else {
        return;
    };

    // When the books are read.
    let error = file.read(Tables::qodbc().unwrap()).await.unwrap_err();

    // Then the error says which column of which table, and what there is instead.
    let OdbcError::NoColumns { table, missing, there } = &error else { panic!("{error}") };
    assert_eq!((table.as_str(), missing.as_slice()), ("Bill", ["RefNumber".to_owned()].as_slice()));
    assert!(there.contains(&"Number".to_owned()));

    // And a tables file of one's own mends it.
    let own = include_str!("../../src/odbc/qodbc.toml");
    let (before, bill) = own.split_once("element = \"BillRet\"").unwrap();
    let own = format!(
        "{before}element = \"BillRet\"{}",
        bill.replacen("RefNumber = \"RefNumber\"", "RefNumber = \"Number\"", 1)
    );
    check(&file.read(Tables::parse(&own).unwrap()).await.unwrap());
}

#[tokio::test]
async fn a_missing_table_is_named_unless_it_may_be_missing() {
    let Some(file) = File::with(
        &QODBC
            .replace("CREATE TABLE BillExpenseLine (", "CREATE TABLE Elsewhere (")
            .replace("INSERT INTO BillExpenseLine", "INSERT INTO Elsewhere"),
    ) else {
        return;
    };
    let error = file.read(Tables::qodbc().unwrap()).await.unwrap_err();
    assert!(matches!(&error, OdbcError::NoTable { table, .. } if table == "BillExpenseLine"), "{error}");

    // No estimates and no credit memos: these companies exist.
    let Some(file) = File::with(QODBC) else { return };
    assert!(
        file.read(Tables::qodbc().unwrap())
            .await
            .unwrap()
            .transactions
            .iter()
            .all(|state| state.target.kind != TargetKind::Estimate)
    );
}

#[tokio::test]
async fn a_driver_that_is_not_there_is_told_in_words_and_the_password_is_not() {
    let usd: Currency = "USD".parse().unwrap();
    let connection = "Driver={QODBC Driver for QuickBooks};DFQ=.;PWD=canary-7f3a;";
    let books = OdbcBooks::new(connection, Tables::qodbc().unwrap(), usd);
    let text = books.state().await.unwrap_err().to_string();
    assert!(text.contains("opening the connection"), "{text}");
    for shown in [text, format!("{books:?}")] {
        assert!(!shown.contains("canary-7f3a"), "{shown}");
    }
}

#[tokio::test]
async fn a_text_that_would_be_cut_is_refused() {
    let Some(file) = File::with(QODBC) else { return };
    file.run(&format!("UPDATE Bill SET Memo = '{}' WHERE TxnID = '20-1'", "x".repeat(9000)));
    let error = file.read(Tables::qodbc().unwrap()).await.unwrap_err();
    assert!(matches!(&error, OdbcError::TooLong { table, .. } if table == "Bill"), "{error}");
}
