//! What the company file takes, and what it refuses.

use chrono::{DateTime, Utc};

use super::{CompanyFile, Hresult, Node};
use crate::book::Book;

fn now() -> DateTime<Utc> {
    "2026-03-10T20:00:00Z".parse().unwrap()
}

fn file() -> CompanyFile {
    CompanyFile::from_book(&Book::demo().unwrap())
}

fn id(file: &CompanyFile, kind: &str, name: &str) -> String {
    file.all(kind).iter().find(|node| node.at(&["Name"]) == name).unwrap().children[0].text.clone()
}

fn send(file: &mut CompanyFile, attributes: &str, requests: &str) -> Result<Node, Hresult> {
    let text = format!(
        "<?xml version=\"1.0\"?><?qbxml version=\"13.0\"?><QBXML><QBXMLMsgsRq onError=\"continueOnError\"{attributes}>{requests}</QBXMLMsgsRq></QBXML>"
    );
    Ok(Node::read(&file.process(now(), &text)?).unwrap().children[0].clone())
}

/// The status of a single request, and its first record.
fn one(file: &mut CompanyFile, request: &str) -> (u32, Node) {
    let answer = send(file, "", request).unwrap();
    let response = &answer.children[0];
    (response.attribute("statusCode").unwrap().parse().unwrap(), response.children.first().cloned().unwrap_or_default())
}

fn order(file: &mut CompanyFile) -> Node {
    let (vendor, item) =
        (id(file, "Vendor", "Superior Concrete & Masonry Inc"), id(file, "ItemService", "05-120 Steel Erection"));
    let (status, order) = one(
        file,
        &format!(
            "<PurchaseOrderAddRq><PurchaseOrderAdd><VendorRef><ListID>{vendor}</ListID></VendorRef><TxnDate>2026-03-01</TxnDate>\
         <RefNumber>SC-1</RefNumber><PurchaseOrderLineAdd><ItemRef><ListID>{item}</ListID></ItemRef><Quantity>1000</Quantity>\
         <Rate>1</Rate></PurchaseOrderLineAdd></PurchaseOrderAdd></PurchaseOrderAddRq>"
        ),
    );
    assert_eq!(status, 0);
    order
}

fn bill(order: &Node, amount: &str) -> String {
    let (vendor, txn) = (order.at(&["VendorRef", "ListID"]), order.at(&["TxnID"]));
    let line = order.at(&["PurchaseOrderLineRet", "TxnLineID"]);
    format!(
        "<BillAddRq><BillAdd><VendorRef><ListID>{vendor}</ListID></VendorRef><TxnDate>2026-03-05</TxnDate><ItemLineAdd>\
         <Quantity>{amount}</Quantity><Amount>{amount}.00</Amount><LinkToTxn><TxnID>{txn}</TxnID><TxnLineID>{line}</TxnLineID></LinkToTxn>\
         </ItemLineAdd></BillAdd></BillAddRq>"
    )
}

#[test]
fn given_one_element_out_of_order_when_sent_then_the_whole_set_is_refused_and_nothing_is_worked() {
    let mut file = file();
    let before = file.all("Vendor").len();
    let good = "<VendorAddRq><VendorAdd><Name>Good</Name></VendorAdd></VendorAddRq>";
    for bad in [
        "<VendorAddRq><VendorAdd><Phone>1</Phone><Name>Bad</Name></VendorAdd></VendorAddRq>",
        "<VendorAddRq><VendorAdd><Name>Bad</Name><Telefax>1</Telefax></VendorAdd></VendorAddRq>",
        "<VendorAddRq><VendorAdd><IsActive>true</IsActive></VendorAdd></VendorAddRq>",
        "<VendorAddRq><VendorAdd><Name>Bad</Name><IsActive>yes</IsActive></VendorAdd></VendorAddRq>",
        "<ClassQueryRq iterator=\"Start\"><MaxReturned>1</MaxReturned></ClassQueryRq>",
        "<VendorQueryRq><FullName>x</FullName><ActiveStatus>All</ActiveStatus></VendorQueryRq>",
    ] {
        assert_eq!(send(&mut file, "", &format!("{good}{bad}")).unwrap_err(), Hresult(0x8004_0400), "{bad}");
    }
    assert_eq!(file.all("Vendor").len(), before);
}

#[test]
fn given_names_and_lengths_that_quickbooks_refuses_then_each_has_its_status() {
    let mut file = file();
    let vendor = |name: &str| format!("<VendorAddRq><VendorAdd><Name>{name}</Name></VendorAdd></VendorAddRq>");
    assert_eq!(one(&mut file, &vendor(&"x".repeat(42))).0, 3070);
    assert_eq!(one(&mut file, &vendor("lakeview health partners")).0, 3100, "a customer has the name");
    assert_eq!(one(&mut file, &vendor("a:b")).0, 3090);
    assert_eq!(one(&mut file, &vendor("Old Mill &#269;")).1.at(&["Name"]), "Old Mill ?");
}

#[test]
fn given_a_message_set_id_when_the_set_comes_again_then_it_is_answered_and_not_worked() {
    let mut file = file();
    let add = "<VendorAddRq requestID=\"1\"><VendorAdd><Name>Twice</Name></VendorAdd></VendorAddRq>";
    let set = " newMessageSetID=\"0123456789abcdef01234567\"";
    let first = send(&mut file, set, add).unwrap();
    let again = send(&mut file, set, add).unwrap();
    assert_eq!(first.children, again.children);
    assert_eq!(again.attribute("messageSetStatusCode"), Some("0"));
    let other = send(&mut file, set, &add.replace("Twice", "Thrice")).unwrap();
    assert_eq!((other.attribute("messageSetStatusCode"), other.children.len()), (Some("9001"), 0));
    let ask = format!("{set} oldMessageSetID=\"0123456789abcdef01234567\"");
    assert_eq!(send(&mut file, &ask, "").unwrap().children, first.children);
    file.lose_kept_outcomes();
    assert_eq!(send(&mut file, &ask, "").unwrap().attribute("messageSetStatusCode"), Some("9002"));
    assert_eq!(send(&mut file, " oldMessageSetID=\"x\"", "").unwrap().attribute("messageSetStatusCode"), Some("600"));
    let long = format!(" newMessageSetID=\"{}\"", "x".repeat(25));
    assert_eq!(send(&mut file, &long, add).unwrap().attribute("messageSetStatusCode"), Some("9004"));
    assert_eq!(file.all("Vendor").iter().filter(|v| v.at(&["Name"]) == "Twice").count(), 1);
}

#[test]
fn given_a_bill_that_bills_an_order_then_the_order_shows_it_and_balances_move() {
    let mut file = file();
    let order = order(&mut file);
    let (status, made) = one(&mut file, &bill(&order, "400"));
    assert_eq!((status, made.at(&["AmountDue"])), (0, "400.00"));
    assert_eq!(made.at(&["LinkedTxn", "TxnID"]), order.at(&["TxnID"]));
    let order = file.all("PurchaseOrder").remove(0);
    assert_eq!(order.at(&["PurchaseOrderLineRet", "ReceivedQuantity"]), "400");
    let payable = file.all("Account").into_iter().find(|a| a.at(&["Name"]) == "Accounts Payable (A/P)").unwrap();
    assert_eq!(payable.at(&["Balance"]), "400.00");
    // And the order cannot be deleted while a bill stands on it
    let delete =
        format!("<TxnDelRq><TxnDelType>PurchaseOrder</TxnDelType><TxnID>{}</TxnID></TxnDelRq>", order.at(&["TxnID"]));
    assert_eq!(one(&mut file, &delete).0, 3160);
    let void = format!("<TxnVoidRq><TxnVoidType>Bill</TxnVoidType><TxnID>{}</TxnID></TxnVoidRq>", made.at(&["TxnID"]));
    assert_eq!(one(&mut file, &void).0, 0);
    assert_eq!(file.all("Bill")[0].at(&["AmountDue"]), "0.00");
}

#[test]
fn given_a_link_when_it_is_added_by_a_change_or_names_an_item_then_it_is_refused() {
    let mut file = file();
    let order = order(&mut file);
    let made = one(&mut file, &bill(&order, "400")).1;
    let with_link = format!(
        "<BillModRq><BillMod><TxnID>{}</TxnID><EditSequence>{}</EditSequence><ItemLineMod><TxnLineID>-1</TxnLineID><LinkToTxn/></ItemLineMod></BillMod></BillModRq>",
        made.at(&["TxnID"]),
        made.at(&["EditSequence"])
    );
    assert_eq!(send(&mut file, "", &with_link).unwrap_err(), Hresult(0x8004_0400));
    let item = bill(&order, "1")
        .replace("<ItemLineAdd>", "<ItemLineAdd><ItemRef><FullName>05-120 Steel Erection</FullName></ItemRef>");
    assert_eq!(one(&mut file, &item).0, 3180);
}

#[test]
fn given_a_change_when_one_line_is_listed_then_the_others_go_and_a_stale_version_is_refused() {
    let mut file = file();
    let (vendor, account) = (id(&file, "Vendor", "Superior Concrete & Masonry Inc"), id(&file, "Account", "Insurance"));
    let line = |amount: &str| {
        format!(
            "<ExpenseLineAdd><AccountRef><ListID>{account}</ListID></AccountRef><Amount>{amount}</Amount></ExpenseLineAdd>"
        )
    };
    let add = format!(
        "<BillAddRq><BillAdd><VendorRef><ListID>{vendor}</ListID></VendorRef><TxnDate>2026-03-05</TxnDate>{}{}</BillAdd></BillAddRq>",
        line("10.00"),
        line("5.00")
    );
    let made = one(&mut file, &add).1;
    let change = format!(
        "<BillModRq><BillMod><TxnID>{}</TxnID><EditSequence>{}</EditSequence><ExpenseLineMod><TxnLineID>{}</TxnLineID></ExpenseLineMod></BillMod></BillModRq>",
        made.at(&["TxnID"]),
        made.at(&["EditSequence"]),
        made.at(&["ExpenseLineRet", "TxnLineID"])
    );
    assert_eq!(one(&mut file, &change).1.at(&["AmountDue"]), "10.00");
    assert_eq!(one(&mut file, &change).0, 3200);
    let closed = add.replace("2026-03-05", "2025-12-31");
    assert_eq!(one(&mut file, &closed).0, 3171);
    let negative = add.replace("10.00", "-10.00");
    assert_eq!(one(&mut file, &negative).0, 3210);
}

#[test]
fn given_somebody_at_the_record_when_it_is_changed_then_it_is_in_use_and_later_it_is_not() {
    let mut file = file();
    let vendor = id(&file, "Vendor", "Superior Concrete & Masonry Inc");
    let edit =
        file.all("Vendor").into_iter().find(|v| v.at(&["ListID"]) == vendor).unwrap().at(&["EditSequence"]).to_owned();
    let change = format!(
        "<VendorModRq><VendorMod><ListID>{vendor}</ListID><EditSequence>{edit}</EditSequence><Phone>1</Phone></VendorMod></VendorModRq>"
    );
    file.hold(&vendor);
    assert_eq!(one(&mut file, &change).0, 3175);
    file.release(&vendor);
    file.be_busy(1);
    assert_eq!(one(&mut file, &change).0, 3176);
    assert_eq!(one(&mut file, &change).0, 0);
}

#[test]
fn given_an_iterator_when_the_session_ends_then_it_is_dead() {
    let mut file = file();
    let first =
        send(&mut file, "", "<ItemQueryRq iterator=\"Start\"><MaxReturned>15</MaxReturned></ItemQueryRq>").unwrap();
    let response = &first.children[0];
    assert_eq!((response.children.len(), response.attribute("iteratorRemainingCount")), (15, Some("6")));
    let next = format!(
        "<ItemQueryRq iterator=\"Continue\" iteratorID=\"{}\"><MaxReturned>15</MaxReturned></ItemQueryRq>",
        response.attribute("iteratorID").unwrap()
    );
    let mut other = file.clone();
    assert_eq!(send(&mut file, "", &next).unwrap().children[0].children.len(), 6);
    other.end_session();
    assert_ne!(one(&mut other, &next).0, 0);
}

#[test]
fn given_a_deletion_when_asked_for_within_ninety_days_then_it_is_told() {
    let mut file = file();
    let order = order(&mut file);
    let delete =
        format!("<TxnDelRq><TxnDelType>PurchaseOrder</TxnDelType><TxnID>{}</TxnID></TxnDelRq>", order.at(&["TxnID"]));
    assert_eq!(one(&mut file, &delete).0, 0);
    let ask = "<TxnDeletedQueryRq><TxnDelType>PurchaseOrder</TxnDelType></TxnDeletedQueryRq>";
    assert_eq!(one(&mut file, ask).1.at(&["TxnID"]), order.at(&["TxnID"]));
    let query = format!("<PurchaseOrderQueryRq><TxnID>{}</TxnID></PurchaseOrderQueryRq>", order.at(&["TxnID"]));
    assert_eq!(one(&mut file, &query).0, 500);
}
