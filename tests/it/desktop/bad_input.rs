//! What a service must survive: nothing lost, nothing twice, a clear error.

use std::fmt::Write as _;

use quickbooks_desktop::qbxml::objects::{Query, QueryKind, Request};
use sync_core::connector::{Outcome, RefusalReason, Sink};
use sync_core::model::accounting::AccountingDocument;
use sync_sandboxes::desktop::WebConnector;

use super::kit::{PASSWORD, Site, vendor};

/// A session by hand: the ticket, and the first message set (after the question which file it is).
fn begin(connector: &WebConnector) -> (String, String) {
    let login = connector.call("authenticate", &[("strUserName", "northgate"), ("strPassword", PASSWORD)]).unwrap();
    let ticket = login.children[0].text.clone();
    let file = connector.call("sendRequestXML", &[("ticket", &ticket)]).unwrap().text;
    let answer = connector.file.lock().unwrap().process("2026-03-10T20:00:00Z".parse().unwrap(), &file).unwrap();
    assert!(receive(connector, &ticket, &answer).parse::<u8>().is_ok_and(|percent| percent < 100));
    for _ in 0..500 {
        // Until there is work, the answer is empty and the last error says to wait.
        let set = connector.call("sendRequestXML", &[("ticket", &ticket)]).unwrap().text;
        if !set.is_empty() {
            return (ticket, set);
        }
        assert_eq!(connector.call("getLastError", &[("ticket", &ticket)]).unwrap().text, "NoOp");
    }
    panic!("no work came")
}

fn receive(connector: &WebConnector, ticket: &str, response: &str) -> String {
    connector.call("receiveResponseXML", &[("ticket", ticket), ("response", response)]).unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn given_answers_that_are_broken_foreign_or_not_asked_for_then_none_is_taken_and_the_work_is_done_once() {
    let site = Site::open().await;
    let sink = site.sink();
    let (read, _) = site.with_visits(site.connector(), sink.begin()).await;
    read.unwrap();
    let bill = site.bill("A-1");
    let desk = site.desk.clone();
    let write = tokio::spawn({
        let bill = bill.clone();
        let _run = desk.run();
        async move {
            let outcomes = sink.apply(std::slice::from_ref(&bill)).await;
            (sink, outcomes)
        }
    });
    let run = site.desk.run();
    let connector = site.connector();
    let clock = site.clock.clone();
    let (codes, errors) = tokio::task::spawn_blocking(move || {
        let (ticket, set) = begin(&connector);
        assert!(set.contains("BillAddRq"), "{set}");
        let foreign = "<?xml version=\"1.0\" ?><QBXML><QBXMLMsgsRs newMessageSetID=\"000000000000000000000000\"><BillAddRs \
                       requestID=\"x.0\" statusCode=\"0\" statusSeverity=\"Info\" statusMessage=\"Status OK\"/></QBXMLMsgsRs></QBXML>";
        let error = |ticket: &str| connector.call("getLastError", &[("ticket", ticket)]).unwrap().text;
        let mut codes = vec![receive(&connector, "somebody else's ticket", foreign)];
        codes.push(receive(&connector, &ticket, foreign));
        let mut errors = vec![error(&ticket)];
        codes.push(receive(&connector, &ticket, foreign));
        errors.push(error(&ticket));
        connector.call("closeConnection", &[("ticket", &ticket)]).unwrap();
        // The next visit asks what became of it, and gets something that is no XML
        clock.advance(std::time::Duration::from_secs(1800));
        let (ticket, ask) = begin(&connector);
        assert!(ask.contains("oldMessageSetID") && !ask.contains("BillAddRq"), "{ask}");
        codes.push(receive(&connector, &ticket, "<QBXML><QBXMLMsgsRs><broken"));
        connector.call("closeConnection", &[("ticket", &ticket)]).unwrap();
        (codes, errors)
    })
    .await
    .unwrap();
    assert_eq!(codes[..3], ["-101", "-103", "-102"]);
    assert!(
        errors[0].contains("belongs to another request") && errors[1].contains("nothing was asked for"),
        "{errors:?}"
    );
    let (sink, outcomes) = write.await.unwrap();
    // Then the outcome is unknown, and looking finds that there is none
    assert!(matches!(outcomes[0], Outcome::Uncertain(_)), "{outcomes:?}");
    drop(run);
    let since = "2026-03-10T20:00:00Z".parse().unwrap();
    let work = async {
        let found = sink.find_written(std::slice::from_ref(&bill), since).await.unwrap();
        assert!(found[0].is_none());
        sink.apply(std::slice::from_ref(&bill)).await
    };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    assert!(matches!(outcomes[0], Outcome::Done(_)), "{outcomes:?}");
    assert_eq!(site.count("Bill", "A-1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_element_that_quickbooks_does_not_know_then_the_write_is_refused_and_the_next_one_goes() {
    let site = Site::open().await;
    let sink = site.sink();
    let (read, _) = site.with_visits(site.connector(), sink.begin()).await;
    read.unwrap();
    let mut connector = site.connector();
    connector.fail_at = Some((2, 0x8004_0400));
    let writes = [site.bill("A-1")];
    let (outcomes, _) = site.with_visits(connector, sink.apply(&writes)).await;
    assert!(
        matches!(&outcomes[0], Outcome::Refused(r) if matches!(r.reason, RefusalReason::Person(_)) && r.text.contains("0x80040400")),
        "{outcomes:?}"
    );
    let writes = [site.bill("A-2")];
    let (outcomes, _) = site.with_visits(site.connector(), sink.apply(&writes)).await;
    assert!(matches!(outcomes[0], Outcome::Done(_)), "{outcomes:?}");
    assert_eq!((site.count("Bill", "A-1"), site.count("Bill", "A-2")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_name_of_other_letters_then_it_is_written_in_those_that_quickbooks_keeps_and_told() {
    let site = Site::open().await;
    let sink = site.sink();
    let mut write = vendor("Łódź Stal\u{7}");
    let sync_core::connector::Operation::Create(document) = &mut write.operation else { unreachable!() };
    let notes = sink.fit(document);
    assert_eq!(document.number(), Some("Lódz Stal"));
    assert!(notes[0].contains("Łódź Stal") && notes[0].contains("2 characters written differently"), "{notes:?}");
    let wanted: AccountingDocument = document.clone();
    let work = async {
        sink.begin().await.unwrap();
        sink.apply(&[write]).await
    };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    let Outcome::Done(state) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(state.document.number(), wanted.number(), "what is stored is what was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_answer_of_fifty_megabytes_then_it_is_read() {
    let site = Site::open().await;
    let desk = site.desk.clone();
    let asked = tokio::spawn(async move {
        let request = Request::Query(Query::new(QueryKind::Bill, quickbooks_desktop::qbxml::objects::Select::All));
        let delivered = desk.ask(&[request], None).await.unwrap();
        quickbooks_desktop::qbxml::Bills::from_text(&delivered.xml).map(|bill| bill.unwrap().line_cents()).sum::<i64>()
    });
    let _run = site.desk.run();
    let connector = site.connector();
    let percent = tokio::task::spawn_blocking(move || {
        let (ticket, set) = begin(&connector);
        let id = set.split("requestID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut answer = format!(
            "<?xml version=\"1.0\" ?><QBXML><QBXMLMsgsRs><BillQueryRs requestID=\"{id}\" statusCode=\"0\" statusSeverity=\"Info\" statusMessage=\"Status OK\">"
        );
        let mut number = 0;
        while answer.len() < 50 << 20 {
            number += 1;
            let _ = write!(
                answer,
                "<BillRet><TxnID>{number}-1</TxnID><TimeCreated>2026-01-01T00:00:00-08:00</TimeCreated><TimeModified>2026-01-01T00:00:00-08:00\
                 </TimeModified><EditSequence>1</EditSequence><VendorRef><ListID>8-1</ListID></VendorRef><TxnDate>2026-01-01</TxnDate>\
                 <AmountDue>1.00</AmountDue><Memo>{}</Memo><ExpenseLineRet><TxnLineID>1</TxnLineID><Amount>1.00</Amount></ExpenseLineRet></BillRet>",
                "m".repeat(4000)
            );
        }
        answer.push_str("</BillQueryRs></QBXMLMsgsRs></QBXML>");
        (receive(&connector, &ticket, &answer), number)
    })
    .await
    .unwrap();
    assert!(percent.0.parse::<u8>().is_ok_and(|percent| percent < 100), "{}", percent.0);
    assert_eq!(asked.await.unwrap(), percent.1 * 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_bombs_and_bodies_without_end_then_they_are_refused_with_a_fault() {
    let site = Site::open().await;
    let url = site.url.clone();
    let (bomb, large) = tokio::task::spawn_blocking(move || {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><x>&b;</x>";
        (post(&url, bomb, bomb.len()), post(&url, "<x/>", 200 << 20))
    })
    .await
    .unwrap();
    assert!(bomb.contains("500") && bomb.contains("DOCTYPE") && !bomb.contains("haha"), "{bomb}");
    assert!(large.contains("413"), "{large}");
}

fn post(url: &str, body: &str, length: usize) -> String {
    use std::io::{Read as _, Write as _};
    let authority = url.trim_start_matches("http://").trim_end_matches("/qbwc");
    let mut stream = std::net::TcpStream::connect(authority).unwrap();
    write!(stream, "POST /qbwc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}
