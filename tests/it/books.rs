//! Whole books, from an empty journal to tie-outs of 0.00.

use std::sync::Arc;

use sync_core::journal::{MemoryJournal, SqliteJournal};
use sync_sandboxes::book::Book;

use crate::kit::tie_out::ties_out;
use crate::kit::{Site, site};

/// Loads everything twice: the first time everything is written, the second time nothing.
async fn loads_once(site: &Site) {
    // When everything is taken in and worked
    site.load().await;
    // Then it ties out to the cent, and nobody has to decide anything
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(site.waiting().await, []);
    ties_out(site);
    // And when everything is taken in once more, by a program that has just started
    let written = site.write_requests();
    assert!(written > 0);
    let report = site.load().await;
    // Then nothing is written
    assert_eq!(site.write_requests(), written);
    assert_eq!((report.created, report.updated, report.voided, report.batches), (0, 0, 0, 0));
    ties_out(site);
}

#[tokio::test]
async fn the_demo_book_ties_out_and_a_second_load_writes_nothing() {
    // Given the book that the sandboxes carry with them, and an empty journal
    loads_once(&Site::open(&Book::demo().unwrap()).await).await;
}

#[tokio::test]
async fn the_harbor_book_ties_out_and_a_second_load_writes_nothing() {
    // Given another style of the trade: accents, numbers as texts, statuses in any case
    loads_once(&Site::open(&site::book("harbor")).await).await;
}

#[tokio::test]
async fn with_a_journal_on_disk_the_demo_book_ties_out_after_a_restart_too() {
    // Given a journal in a file
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("journal.sqlite");
    let mut site = Site::open(&site::book("demo")).await;
    site.journal = Arc::new(SqliteJournal::open(&file).unwrap());
    loads_once(&site).await;
    // When the program starts again and opens it afresh
    let written = site.write_requests();
    site.journal = Arc::new(MemoryJournal::default());
    site.journal = Arc::new(SqliteJournal::open(&file).unwrap());
    site.load().await;
    // Then it is as it was
    assert_eq!(site.write_requests(), written);
    ties_out(&site);
}

#[tokio::test]
async fn a_lost_journal_is_rebuilt_from_the_marks_in_the_books() {
    // Given the demo book, loaded
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    let written = site.write_requests();
    // When the journal is lost, and everything is taken in again
    site.journal = Arc::new(MemoryJournal::default());
    let report = site.load().await;
    // Then every document is linked to what stands for it, and nothing is written twice
    assert_eq!(site.dead_letters().await, []);
    assert_eq!((report.created, site.write_requests()), (0, written));
    ties_out(&site);
}

#[tokio::test]
async fn over_real_http_the_demo_book_ties_out() {
    // Given both companies behind ports of this machine
    let site = Site::open(&site::book("demo")).await.behind_ports();
    loads_once(&site).await;
}
