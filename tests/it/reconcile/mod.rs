//! Both companies compared: everything that is wrong is found, and nothing else.

mod plants;

use std::sync::Arc;

use sync_core::mapping::{Mapping, MappingFiles};
use sync_core::model::Money;
use sync_core::reconcile::FindingKind;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;

use crate::kit::compare::{by_hand, compare, loaded, said};
use crate::kit::{Site, site};
use plants::books::Kind;
use plants::{Plant, Planted};

const BOOKS: [&str; 2] = ["demo", "harbor"];

#[tokio::test]
async fn after_a_load_there_is_nothing_to_find() {
    for name in BOOKS {
        // Given a book that was loaded, and saved
        let book = loaded(site::book(name)).await;
        // When both sides are compared, knowing nothing but the marks in the books
        let report = compare(&Site::open(&book).await, &[]).await;
        // Then everything is the same
        assert_eq!((said(&report), report.problems.clone()), (Vec::new(), Vec::new()), "{name}");
        assert!(report.is_clean(), "{name}: {:#?}", report.tie_outs);
    }
}

#[tokio::test]
async fn entered_by_hand_everything_is_recognised_by_what_it_says() {
    for name in BOOKS {
        // Given the same transactions without a mark, under numbers of their own
        let mut book = loaded(site::book(name)).await;
        by_hand(&mut book);
        // When both sides are compared
        let report = compare(&Site::open(&book).await, &[]).await;
        // Then each document is found to be what it is
        assert_eq!(said(&report), Vec::new(), "{name}: {:#?}", report.findings);
    }
}

#[tokio::test]
async fn documents_of_one_number_in_different_contracts_are_not_taken_for_one_another() {
    // Given a synced company with two owner invoices of one number, and their links
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let links = site.journal.links(&site.connection()).await.unwrap();
    let marker = |json: &Json| {
        let note = json.get("PrivateNote").and_then(Json::as_str).unwrap_or_default().to_owned();
        note.split_once("owner_invoice/").map(|(_, key)| key.split(':').next().unwrap_or_default().to_owned())
    };
    let number = |key: &str| {
        let (_, id) = key.split_once('.').unwrap();
        site.procore()
            .record("payment_applications", id)
            .unwrap()
            .get("number")
            .and_then(Json::as_id)
            .map(str::to_owned)
    };
    let mut invoices: Vec<(String, String)> = site
        .quickbooks()
        .all("Invoice")
        .filter_map(|json| Some((marker(json)?, json.get("Id").and_then(Json::as_id)?.to_owned())))
        .collect();
    invoices.sort();
    let twin = |key: &str| invoices.iter().any(|(other, _)| other < &key.to_owned() && number(other) == number(key));
    let (key, id) = invoices.iter().find(|(key, _)| twin(key)).unwrap().clone();
    // When the later one is not in the books, and the journal has never heard of it
    site.quickbooks().person_deletes(site.now(), "Invoice", &id).unwrap();
    let document = format!("owner_invoice/{key}");
    let links: Vec<_> = links.into_iter().filter(|link| link.document.to_string() != document).collect();
    let report = compare(&site, &links).await;
    // Then it is missing: it is not its twin, which was posted, that was deleted
    let found: Vec<(FindingKind, Option<String>)> =
        report.findings.iter().map(|f| (f.kind, f.document.as_ref().map(ToString::to_string))).collect();
    assert_eq!(found, [(FindingKind::MissingInQuickbooks, Some(document))], "{:#?}", report.findings);
}

/// The book's mapping with retainage kept in Procore only.
fn procore_only(book: &Book) -> Arc<Mapping> {
    let mut files = MappingFiles::read(&book.mapping).unwrap();
    files.set("sync.toml", "[policy]\nretainage = \"procore-only\"\n");
    Arc::new(Mapping::compile(files).unwrap())
}

#[tokio::test]
async fn where_retainage_is_kept_in_procore_only_it_is_no_difference() {
    for name in BOOKS {
        // Given a company that posts nothing of retainage
        let book = site::book(name);
        let mut site = Site::open(&book).await;
        site.mapping = procore_only(&book);
        site.load().await;
        // When both sides are compared
        let report = compare(&site, &[]).await;
        // Then bills are what is due, nothing is held in QuickBooks, and that is as it should be
        assert_eq!((said(&report), report.problems.clone()), (Vec::new(), Vec::new()), "{name}");
        assert!(report.is_clean(), "{name}: {:#?}", report.tie_outs);
        let total = |id: &str| {
            let found = report.tie_outs.iter().filter(|total| total.id == id);
            found.map(|total| (total.left.to_string(), total.right.to_string())).collect::<Vec<_>>()
        };
        let nothing = ("0.00".to_owned(), "0.00".to_owned());
        assert_eq!((total("T3"), total("T6")), (vec![nothing.clone()], vec![nothing]), "{name}");
        assert!(total("T2").iter().any(|(left, _)| left != "0.00"), "{name}");
    }
}

/// Plants some differences, compares, and wants exactly them: what is missed and what is invented.
async fn faults(book: &Book, marks: &Book, plants: &[Plant], seed: u64) -> Vec<String> {
    let marked = std::ptr::eq(book, marks);
    let site = Site::open(book).await;
    let mut planted = Planted::new(&site, marks, marked, seed);
    for plant in plants {
        planted.plant(*plant);
    }
    let mut missed = planted.expected;
    let report = compare(&site, &[]).await;
    let mut invented = Vec::new();
    for one in said(&report) {
        match missed.iter().position(|wanted| *wanted == one) {
            Some(place) => drop(missed.remove(place)),
            None => invented.push(one),
        }
    }
    let mut faults = Vec::new();
    if !missed.is_empty() || !invented.is_empty() {
        faults.push(format!("seed {seed}, {plants:?}: missed {missed:?}, invented {invented:?}"));
    }
    if !report.is_complete() {
        faults.push(format!("seed {seed}, {plants:?}: {:?}", report.problems));
    }
    for total in report.tie_outs.iter().filter(|total| BALANCES.contains(&total.id)) {
        let named = report.findings.iter().flat_map(|f| &f.shows_in).filter(|(id, ..)| *id == total.id);
        let named = Money::sum(report.currency, named.map(|(.., amount)| *amount)).unwrap();
        if named != total.difference {
            let words = format!("{} is off by {}, findings come to {named}", total.id, total.difference);
            faults.push(format!("seed {seed}, {plants:?}: {words}"));
        }
    }
    faults
}

/// What no document stands behind is explained by documents all the same.
const BALANCES: [&str; 4] = ["T8", "T9", "T10", "T11"];

#[tokio::test]
async fn each_planted_difference_is_found_and_nothing_else() {
    let mut faulty = Vec::new();
    let book = loaded(site::book("demo")).await;
    for (place, plant) in Plant::ALL.into_iter().enumerate() {
        faulty.extend(faults(&book, &book, &[plant], place as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn whatever_else_people_do_in_the_books_is_found_too() {
    let mut faulty = Vec::new();
    let book = loaded(site::book("harbor")).await;
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        faulty.extend(faults(&book, &book, &[Plant::InBooks(kind)], 40 + place as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn and_in_books_kept_by_hand() {
    let mut faulty = Vec::new();
    let marks = loaded(site::book("demo")).await;
    let mut book = loaded(site::book("demo")).await;
    by_hand(&mut book);
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        faulty.extend(faults(&book, &marks, &[Plant::InBooks(kind)], 70 + place as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn in_books_kept_by_hand_too() {
    let mut faulty = Vec::new();
    let marks = loaded(site::book("harbor")).await;
    let mut book = loaded(site::book("harbor")).await;
    by_hand(&mut book);
    for (place, plant) in Plant::ALL.into_iter().enumerate() {
        faulty.extend(faults(&book, &marks, &[plant], 100 + place as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn in_the_small_book_of_a_month_end_too() {
    // Given the month end of one project, booked as it should be
    let mut book = site::book("month-end");
    for entity in ["PurchaseOrder", "Bill", "BillPayment", "JournalEntry"] {
        book.quickbooks.remove(entity);
    }
    book.procore.remove("contract_payments");
    for account in book.quickbooks.get_mut("Account").unwrap() {
        account.set("CurrentBalance", Json::Number("0".to_owned()));
    }
    let book = loaded(book).await;
    let mut faulty = Vec::new();
    let owner = ["Invoice", "Estimate", "Owner", "Prime", "Receivable", "Class", "Rent"];
    let kinds = Kind::ALL.into_iter().map(Plant::InBooks).chain(Plant::ALL);
    // When something is planted on the side of cost, then it is found, and nothing else
    for (place, plant) in
        kinds.filter(|plant| !owner.iter().any(|word| format!("{plant:?}").contains(word))).enumerate()
    {
        faulty.extend(faults(&book, &book, &[plant], place as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn any_mixture_of_plants_is_taken_apart() {
    // Given the grown book, with and without marks, and six differences drawn by a seed
    let marks = loaded(site::book("harbor")).await;
    let mut hand = loaded(site::book("harbor")).await;
    by_hand(&mut hand);
    let all: Vec<Plant> = Plant::ALL.into_iter().chain(Kind::ALL.into_iter().map(Plant::InBooks)).collect();
    let mut faulty = Vec::new();
    for seed in 0..8_usize {
        let plants: Vec<Plant> = (0..6).map(|n| all[(seed * 7 + n * (5 + seed)) % all.len()]).collect();
        let plants: Vec<Plant> =
            plants.iter().enumerate().filter(|(n, p)| !plants[..*n].contains(p)).map(|(_, p)| *p).collect();
        let book = if seed % 2 == 0 { &marks } else { &hand };
        // Then exactly these are found
        faulty.extend(faults(book, &marks, &plants, 300 + seed as u64).await);
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[tokio::test]
async fn many_at_once_are_all_found() {
    let mut faulty = Vec::new();
    for name in BOOKS {
        let book = loaded(site::book(name)).await;
        for seed in 0..3 {
            let mut plants: Vec<Plant> = Plant::ALL.to_vec();
            plants.rotate_left(usize::try_from(seed * 5).unwrap());
            faulty.extend(faults(&book, &book, &plants, 1000 + 7 * seed).await);
        }
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}
