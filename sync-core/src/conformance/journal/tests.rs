use super::*;
use crate::journal::MemoryJournal;

#[tokio::test]
async fn the_journal_in_memory_keeps_every_promise() {
    let failures = run_all(async || MemoryJournal::new()).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_journal_that_forgets_is_found_out() {
    // Given a store that is empty each time it is opened
    let failure = survives_reopening(1, async || MemoryJournal::new()).await.unwrap_err();
    assert!(failure.problem.starts_with("after reopening"), "{failure}");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_journal_in_sqlite_keeps_every_promise() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    let failures = run_all(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        crate::journal::SqliteJournal::open(directory.path().join(format!("{number}.db"))).unwrap()
    })
    .await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_journal_in_sqlite_survives_reopening() {
    for seed in 100..104 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        survives_reopening(seed, async || crate::journal::SqliteJournal::open(&path).unwrap()).await.unwrap();
    }
}
