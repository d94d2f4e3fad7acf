//! Both companies compared: everything that is wrong is found, and nothing else.

mod plants;

use std::sync::Arc;

use sync_core::mapping::{Mapping, MappingFiles};
use sync_sandboxes::book::Book;

use crate::kit::compare::{by_hand, compare, loaded, said};
use crate::kit::{Site, site};
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

/// Plants some differences, compares, and wants exactly them.
async fn finds_exactly(book: &Book, marks: &Book, plants: &[Plant], seed: u64) {
    let marked = std::ptr::eq(book, marks);
    let site = Site::open(book).await;
    let mut planted = Planted::new(&site, marks, marked, seed);
    for plant in plants {
        planted.plant(*plant);
    }
    let mut expected = planted.expected;
    expected.sort();
    let report = compare(&site, &[]).await;
    let found = said(&report);
    let missed: Vec<_> = expected.iter().filter(|one| !found.contains(one)).collect();
    let invented: Vec<_> = found.iter().filter(|one| !expected.contains(one)).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "seed {seed}, {plants:?}: missed {missed:?}, invented {invented:?}"
    );
    assert_eq!(found, expected, "seed {seed}: one of them twice");
    assert!(report.is_complete(), "{:?}", report.problems);
}

#[tokio::test]
async fn each_planted_difference_is_found_and_nothing_else() {
    let book = loaded(site::book("demo")).await;
    for (place, plant) in Plant::ALL.into_iter().enumerate() {
        finds_exactly(&book, &book, &[plant], place as u64).await;
    }
}

#[tokio::test]
async fn in_books_kept_by_hand_too() {
    let marks = loaded(site::book("harbor")).await;
    let mut book = loaded(site::book("harbor")).await;
    by_hand(&mut book);
    for (place, plant) in Plant::ALL.into_iter().enumerate() {
        finds_exactly(&book, &marks, &[plant], 100 + place as u64).await;
    }
}

#[tokio::test]
async fn many_at_once_are_all_found() {
    for name in BOOKS {
        let book = loaded(site::book(name)).await;
        for seed in 0..3 {
            let mut plants: Vec<Plant> = Plant::ALL.to_vec();
            plants.rotate_left(usize::try_from(seed * 5).unwrap());
            finds_exactly(&book, &book, &plants, 1000 + 7 * seed).await;
        }
    }
}
