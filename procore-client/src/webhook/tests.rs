//! Given deliveries, when they arrive, then they name documents, or say why they do not.

use sync_core::ErrorKind;
use sync_core::http::Secret;

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, StatusCode};
use sync_core::connector::{Change, Inbox};
use sync_core::journal::Intake;

use super::{BODY_CAP, Delivery, Receiver, Webhook, WebhookError};

const COMPANY: &str = "598134325700011";
const HEADER: &[u8] = b"Bearer CANARY-hook";

fn webhook() -> Webhook {
    Webhook::new(Secret::new("Bearer CANARY-hook"), COMPANY).unwrap()
}

fn receive(body: &str) -> Result<Delivery, WebhookError> {
    webhook().receive(Some(HEADER), body.as_bytes())
}

fn v2(resource: &str, more: &str) -> String {
    format!(
        r#"{{"id":7120033445566778899,"ulid":"01JKF0A1B2","timestamp":"2026-03-04T17:05:09.120344Z",
        "metadata":{{"source_user_id":5,"source_project_id":null,"source_company_id":{COMPANY},"source_application_id":"a1b2"}},
        "user_id":5,"company_id":{COMPANY},"project_id":598134326100022,"api_version":"v2.0","event_type":"update",
        "resource_name":"{resource}","resource_id":598134326200033{more}}}"#
    )
}

fn keys(delivery: &Delivery) -> Vec<String> {
    delivery.changes.iter().map(|change| change.document.to_string()).collect()
}

#[test]
fn version_2_names_its_document() {
    for (resource, key) in [
        ("Work Order Contracts", "commitment/598134326100022.598134326200033"),
        ("purchase order contracts", "commitment/598134326100022.598134326200033"),
        ("Company Vendors", "vendor/598134326200033"),
        ("Projects", "project/598134326200033"),
        ("Payment Applications", "owner_invoice/598134326100022.598134326200033"),
        ("Requisitions", "pay_app/598134326100022.598134326200033"),
    ] {
        let delivery = receive(&v2(resource, "")).unwrap();
        assert_eq!(keys(&delivery), [key], "{resource}");
        assert_eq!(delivery.changes[0].event.as_deref(), Some("01JKF0A1B2"));
        assert_eq!((delivery.ignored, delivery.application.as_deref()), (None, Some("a1b2")));
    }
}

#[test]
fn a_prime_contract_is_a_document_and_names_the_owner_of_its_project() {
    let delivery = receive(&v2("Prime Contracts", "")).unwrap();
    assert_eq!(keys(&delivery), ["project/598134326100022", "prime_contract/598134326100022.598134326200033"]);
}

#[test]
fn parts_of_prime_contracts_and_of_either_side_name_what_they_belong_to() {
    let prime = r#","related_resources":[{"id":44,"name":"Work Order Contracts"},{"id":45,"name":"Prime Contracts"}]"#;
    for (resource, named) in [
        ("Prime Contract Line Items", &["prime_contract/598134326100022.45"][..]),
        ("Work Order Contract Line Items", &["commitment/598134326100022.44"]),
        ("Change Order Packages", &["commitment/598134326100022.44", "prime_contract/598134326100022.45"]),
    ] {
        assert_eq!(keys(&receive(&v2(resource, prime)).unwrap()), named, "{resource}");
    }
    let ignored = receive(&v2("Prime Contract Line Items", "")).unwrap().ignored.unwrap();
    assert_eq!((ignored.reason, ignored.poll), ("the event does not name the prime contract", true));
}

#[test]
fn version_3_names_the_contract_of_a_line() {
    let related = r#","related_resources":[{"id":1,"name":"Change Events"},{"id":44,"name":"Work Order Contracts"}]"#;
    let delivery = receive(&v2("Work Order Contract Line Items", related)).unwrap();
    assert_eq!(keys(&delivery), ["commitment/598134326100022.44"]);
    // without it, reading the changes finds what the event cannot say
    for related in ["", r#","related_resources":[]"#] {
        let ignored = receive(&v2("Change Order Packages", related)).unwrap().ignored.unwrap();
        assert_eq!((ignored.reason, ignored.poll), ("the event does not name the commitment", true));
    }
}

#[test]
fn version_4_has_text_ids_and_other_names() {
    let body = format!(
        r#"{{"id":"01JKF0A1B2C3","timestamp":"2026-03-04T17:05:10.004411Z","reason":"deleted","company_id":"{COMPANY}",
        "project_id":"22","user_id":"5","resource_type":"Purchase Order Contracts","resource_id":"9223372036854775807"}}"#
    );
    let delivery = receive(&body).unwrap();
    assert_eq!(keys(&delivery), ["commitment/22.9223372036854775807"]);
    assert_eq!(delivery.event, "01JKF0A1B2C3");
    assert_eq!(delivery.application, None);
}

#[test]
fn an_event_id_of_19_digits_survives_where_there_is_no_ulid() {
    let body = v2("Projects", "").replace(r#""ulid":"01JKF0A1B2","#, "");
    assert_eq!(receive(&body).unwrap().event, "7120033445566778899");
}

#[test]
fn what_is_not_synced_is_ignored_with_a_reason() {
    for (resource, reason, poll) in [
        ("Daily Logs", "documents of this resource are not synced", false),
        ("Budget Changes", "budgets and potential costs are not synced", false),
        ("Draw Requests", "it concerns pay apps, but does not name one by its id", true),
    ] {
        let delivery = receive(&v2(resource, "")).unwrap();
        assert!(delivery.changes.is_empty());
        let ignored = delivery.ignored.unwrap();
        assert_eq!((ignored.resource.as_str(), ignored.reason, ignored.poll), (resource, reason, poll));
    }
    let other = v2("Projects", "").replace(COMPANY, "5");
    assert_eq!(receive(&other).unwrap().ignored.unwrap().reason, "the event is of another company");
    let nowhere = v2("Work Order Contracts", "").replace(r#""project_id":598134326100022"#, r#""project_id":null"#);
    assert_eq!(receive(&nowhere).unwrap().ignored.unwrap().reason, "the event does not name the project");
}

#[test]
fn what_is_not_authentic_is_refused_before_it_is_read() {
    let wrong: [Option<&[u8]>; 6] = [
        None,
        Some(b""),
        Some(b"Bearer CANARY-hoo"),
        Some(b"Bearer CANARY-hook "),
        Some(b"bearer CANARY-hook"),
        Some(b"\xff"),
    ];
    for header in wrong {
        let error = webhook().receive(header, b"not even JSON").unwrap_err();
        assert_eq!(error, WebhookError::NotAuthentic);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
    assert!(!format!("{:?}", webhook()).contains("CANARY"));
    let core = sync_core::Error::from(WebhookError::NotAuthentic);
    assert_eq!(core.kind(), ErrorKind::NotAuthorised);
    let empty = Webhook::new(Secret::new(""), COMPANY).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::Configuration);
}

#[test]
fn what_is_no_event_says_why() {
    for body in [
        "",
        "[]",
        "{",
        r#"{"id":1}"#,
        r#"{"id":1,"resource_name":"Projects"}"#,
        r#"{"resource_name":"Projects","resource_id":1}"#,
    ] {
        assert!(matches!(receive(body), Err(WebhookError::Malformed(_))), "{body}");
    }
    assert!(matches!(webhook().receive(Some(HEADER), b"\xff"), Err(WebhookError::Malformed(_))));
}

#[test]
fn the_event_of_an_own_write_is_known_by_the_application() {
    let own = webhook().with_application("a1b2");
    let delivery = own.receive(Some(HEADER), v2("Company Vendors", "").as_bytes()).unwrap();
    assert_eq!((delivery.changes.len(), delivery.ignored.unwrap().poll), (0, false));
    // that of another one, or of nobody, is a change
    for other in
        [v2("Company Vendors", "").replace("a1b2", "c3d4"), v2("Company Vendors", "").replace("\"a1b2\"", "null")]
    {
        assert_eq!(own.receive(Some(HEADER), other.as_bytes()).unwrap().changes.len(), 1);
    }
}

/// What was stored, and how often changes were asked to be read; a full disk stores nothing.
#[derive(Debug, Default)]
struct Shelf {
    stored: Mutex<Vec<Change>>,
    polls: Mutex<usize>,
    full: bool,
}

#[async_trait::async_trait]
impl Inbox for Shelf {
    async fn take_in(&self, changes: &[Change]) -> Result<Intake, sync_core::Error> {
        if self.full {
            return Err(sync_core::Error::new(ErrorKind::Journal, "the disk is full"));
        }
        self.stored.lock().unwrap().extend_from_slice(changes);
        Ok(Intake::default())
    }

    fn poll_soon(&self) {
        *self.polls.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn a_delivery_is_stored_before_it_is_answered_and_refused_only_where_it_must_be() {
    let inbox = Arc::new(Shelf::default());
    let receiver = Receiver::new(webhook(), inbox.clone());
    let genuine = HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_bytes(HEADER).unwrap())]);
    let event = v2("Company Vendors", "");
    for (headers, body, status, stored, polls) in [
        (&HeaderMap::new(), event.clone(), StatusCode::UNAUTHORIZED, 0, 0),
        (&genuine, event.clone(), StatusCode::OK, 1, 0),
        // Unknown words and broken bodies would hold back the queue for twelve hours.
        (&genuine, v2("Weather Reports", ""), StatusCode::OK, 1, 0),
        (&genuine, "{".to_owned(), StatusCode::OK, 1, 1),
        (&genuine, v2("Billing Periods", ""), StatusCode::OK, 1, 2),
        (&genuine, " ".repeat(BODY_CAP + 1), StatusCode::PAYLOAD_TOO_LARGE, 1, 2),
    ] {
        let (answer, _) = receiver.receive(headers, body.as_bytes()).await;
        let (there, asked) = (inbox.stored.lock().unwrap().len(), *inbox.polls.lock().unwrap());
        assert_eq!((answer, there, asked), (status, stored, polls), "{:.200}", body);
    }
    // A disk that is full is said to Procore, without telling why.
    let full = Receiver::new(webhook(), Arc::new(Shelf { full: true, ..Shelf::default() }));
    let (answer, text) = full.receive(&genuine, event.as_bytes()).await;
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!text.contains("disk"), "{text}");
}
