//! Given deliveries, signed and not, when they arrive, then only what Intuit signed is read.

use std::sync::Mutex;

use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use sync_core::connector::{Change, Inbox};
use sync_core::journal::Intake;

use super::*;

const BODY: &[u8] = br#"[{"specversion":"1.0","id":"0b6f6f0e","source":"intuit.x","type":"qbo.bill.updated.v1","time":"2026-09-01T17:03:11.482913005Z","intuitentityid":"187","intuitaccountid":"9130350000000000","data":{"alternative_ids":[{"id":1}]}},
    {"specversion":"1.0","id":"0b6f6f0f","type":"qbo.changeorder.thawed.v1","intuitentityid":188,"intuitaccountid":"4620816365000000"},
    {"specversion":"1.0","id":"broken","type":"qbo.bill.updated.v1"}]"#;

fn signature(token: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn verifier() -> Verifier {
    Verifier::new("canary-verifier".into())
}

#[test]
fn the_signature_is_that_of_rfc_4231() {
    // given test case 2 of RFC 4231
    let verifier = Verifier::new("Jefe".into());
    let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let bytes: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    // then it is accepted
    assert!(verifier.is_genuine(&STANDARD.encode(bytes), b"what do ya want for nothing?"));
}

#[test]
fn only_what_is_signed_with_our_token_is_read() {
    let good = signature("canary-verifier", BODY);
    assert!(verifier().open(Some(&good), BODY).is_ok());
    let mut tampered = BODY.to_vec();
    tampered[40] ^= 1;
    for (signature, body) in [
        (None, BODY),
        (Some(""), BODY),
        (Some("not base64!"), BODY),
        (Some(signature("other token", BODY).as_str()), BODY),
        (Some(&good[..good.len() - 4]), BODY),
        (Some(good.as_str()), tampered.as_slice()),
        (Some(good.as_str()), &BODY[..BODY.len() - 1]),
        // Not even looked at, so that nobody learns how it would be read.
        (Some("AAAA"), b"{".as_slice()),
    ] {
        assert_eq!(verifier().open(signature, body), Err(WebhookError::Signature));
    }
    let empty = Verifier::new("".into());
    assert_eq!(empty.open(Some(&signature("", BODY)), BODY), Err(WebhookError::Signature));
}

#[test]
fn cloud_events_of_several_companies_with_unknown_words() {
    let delivery = read(BODY).unwrap();
    let [bill, other] = delivery.events.as_slice() else { panic!("{delivery:?}") };
    assert_eq!((bill.realm.as_str(), bill.entity, bill.id.as_str()), ("9130350000000000", Some(Entity::Bill), "187"));
    assert_eq!(bill.operation, EventKind::Updated);
    assert_eq!(bill.event_id.as_deref(), Some("0b6f6f0e"));
    assert_eq!(bill.time.unwrap().timestamp_subsec_nanos(), 482_913_005);
    assert_eq!((other.realm.as_str(), other.entity, other.name.as_str()), ("4620816365000000", None, "changeorder"));
    assert_eq!((other.id.as_str(), &other.operation), ("188", &EventKind::Other("thawed".into())));
    assert_eq!(delivery.unreadable.len(), 1, "one bad event spoils no other");
}

#[test]
fn the_older_form_of_several_companies() {
    let body = br#"{"eventNotifications":[
        {"realmId":"1","dataChangeEvent":{"entities":[
            {"name":"Vendor","id":"5","operation":"Merge","lastUpdated":"2026-03-01T10:00:00.000Z","deletedId":"6"},
            {"name":"Bill","id":"7","operation":"Delete","lastUpdated":"nonsense"},
            {"name":"Bill"}]}},
        {"realmId":2,"dataChangeEvent":{"entities":[{"name":"Bill","id":"8","operation":"Void"}]}},
        {"dataChangeEvent":{}}]}"#;
    let delivery = read(body).unwrap();
    let seen: Vec<_> = delivery.events.iter().map(|e| (e.realm.as_str(), e.id.as_str(), e.operation.clone())).collect();
    assert_eq!(seen, [("1", "5", EventKind::Merged), ("1", "7", EventKind::Deleted), ("2", "8", EventKind::Voided)]);
    assert_eq!(delivery.events[0].merged_id.as_deref(), Some("6"));
    assert!(delivery.events[1].time.is_none());
    assert_eq!(delivery.unreadable.len(), 2);
    assert!(matches!(read(b"{}"), Err(WebhookError::Unreadable(_))));
    assert!(matches!(read(b"7"), Err(WebhookError::Unreadable(_))));
}

#[test]
fn the_token_prints_nowhere() {
    assert!(!format!("{:?} {}", verifier(), WebhookError::Signature).contains("canary"));
}

#[test]
fn an_event_tells_the_engine_which_transactions_to_look_at() {
    let body = br#"{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[
        {"name":"Vendor","id":"5","operation":"Merge","lastUpdated":"2026-03-01T10:00:00.000Z","deletedId":"6"},
        {"name":"Bill","id":"7","operation":"Void","lastUpdated":"2026-03-01T10:00:00.000Z"},
        {"name":"Deposit","id":"8","operation":"Create"},
        {"name":"Account","id":"9","operation":"Update"},
        {"name":"ChangeOrder","id":"10","operation":"Thaw"}]}}]}"#;
    let delivery = read(body).unwrap();
    let notices: Vec<Notice> = delivery.events.iter().flat_map(Event::notices).collect();
    let seen: Vec<_> = notices.iter().map(|notice| format!("{} {}", notice.word, notice.id)).collect();
    assert_eq!(seen, ["vendor 5", "vendor 6", "bill 7", "deposit 8"]);
    // The older form has no ids of events: a second delivery is known by what it says.
    let again: Vec<Notice> = read(body).unwrap().events.iter().flat_map(Event::notices).collect();
    assert_eq!(notices, again);
    let later = String::from_utf8(body.to_vec()).unwrap().replace("T10:", "T11:");
    let later: Vec<Notice> = read(later.as_bytes()).unwrap().events.iter().flat_map(Event::notices).collect();
    assert_ne!(notices[2].event, later[2].event);
    // The newer form has.
    assert_eq!(read(BODY).unwrap().events[0].notices()[0].event.as_deref(), Some("0b6f6f0e"));
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
            return Err(sync_core::Error::new(sync_core::ErrorKind::Journal, "the disk is full"));
        }
        self.stored.lock().unwrap().extend_from_slice(changes);
        Ok(Intake::default())
    }

    fn poll_soon(&self) {
        *self.polls.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn a_delivery_is_stored_for_its_company_before_it_is_answered() {
    let (one, two) = (Arc::new(Shelf::default()), Arc::new(Shelf { full: true, ..Shelf::default() }));
    let receiver = Receiver::new(verifier()).with_company("9130350000000000", one.clone()).with_company("2", two);
    let post = async |body: &[u8], signature: &str| {
        let value = http::HeaderValue::from_str(signature).unwrap();
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE_HEADER), value)]);
        receiver.receive(&headers, body).await.0
    };
    let signed = |body: &[u8]| signature("canary-verifier", body);
    let seen = || (one.stored.lock().unwrap().len(), *one.polls.lock().unwrap());
    assert_eq!(post(BODY, &signature("other token", BODY)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(seen(), (0, 0));
    // One event of our company, one of a company that nobody asked for, one that cannot be read
    assert_eq!(post(BODY, &signed(BODY)).await, StatusCode::OK);
    assert_eq!(seen(), (1, 1));
    // What is signed and has no known form would hold back all that follows
    assert_eq!(post(b"{}", &signed(b"{}")).await, StatusCode::OK);
    assert_eq!(seen(), (1, 2));
    let full = String::from_utf8(BODY.to_vec()).unwrap().replace("9130350000000000", "2");
    assert_eq!(post(full.as_bytes(), &signed(full.as_bytes())).await, StatusCode::SERVICE_UNAVAILABLE);
    let large = vec![b' '; BODY_CAP + 1];
    assert_eq!(post(&large, &signed(&large)).await, StatusCode::PAYLOAD_TOO_LARGE);
}
