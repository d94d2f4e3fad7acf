use std::fs;
use std::process::Command;

use chrono::TimeDelta;

use super::*;
use crate::model::DocumentKind;

const LEASE: Duration = Duration::from_secs(60);
/// Set for the process that is to crash: the file that it works on.
const CRASH: &str = "SYNC_CORE_TEST_CRASH_FILE";

fn connection() -> ConnectionId {
    "main".into()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(1_769_860_800 + seconds)
}

fn changes(count: u32) -> Vec<Change> {
    (0..count).map(|n| Change::found(DocumentKey::new(DocumentKind::Vendor, n.to_string()))).collect()
}

fn done(job: &Job) -> Settlement {
    Settlement {
        document: job.document.clone(),
        token: Some(job.token),
        end: JobEnd::Done,
        closes: None,
        link: LinkChange::Keep,
        audit: "done".to_owned(),
    }
}

/// Takes three changes in, works one job and leases another: three calls and a fourth.
async fn work(journal: &SqliteJournal) {
    journal.intake(&connection(), &changes(3), at(0)).await.unwrap();
    let jobs = journal.claim(&connection(), at(1), LEASE, 1).await.unwrap();
    journal.settle(&connection(), &jobs.iter().map(done).collect::<Vec<_>>(), at(2)).await.unwrap();
    journal.claim(&connection(), at(3), LEASE, 1).await.unwrap();
}

#[tokio::test]
async fn a_process_that_dies_between_two_calls_loses_nothing() {
    if let Some(path) = std::env::var_os(CRASH) {
        work(&SqliteJournal::open(path).unwrap()).await;
        std::process::abort();
    }
    // Given a process that worked on a file and was killed
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let test = "journal::sqlite::tests::a_process_that_dies_between_two_calls_loses_nothing";
    let child = Command::new(std::env::current_exe().unwrap()).args(["--exact", test]).env(CRASH, &path).output();
    assert!(!child.unwrap().status.success(), "the process was to die");
    // When the file is opened again
    let journal = SqliteJournal::open(&path).unwrap();
    // Then every call is there, and the lease of the dead process comes to its end
    journal.check().unwrap();
    let counts = journal.counts(&connection()).await.unwrap();
    assert_eq!((counts.changes, counts.done, counts.pending, counts.ready), (3, 1, 2, 2));
    assert_eq!(journal.audit(&connection(), 0, 9).await.unwrap().len(), 1);
    assert_eq!(journal.claim(&connection(), at(4), LEASE, 9).await.unwrap().len(), 1, "the one that was not leased");
    let taken_over = journal.claim(&connection(), at(63), LEASE, 9).await.unwrap();
    assert_eq!(taken_over.iter().map(|job| job.attempts).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_torn_log_loses_whole_calls_from_the_end_and_never_a_part_of_one() {
    // Given the file and its log as they are on the disk while the program runs
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    work(&journal).await;
    let (file, log) = (fs::read(&path).unwrap(), fs::read(directory.path().join("journal.db-wal")).unwrap());
    assert!(!log.is_empty());
    // When the log is cut anywhere, or a byte of it is turned
    let mut seen = std::collections::BTreeSet::new();
    for cut in (0..=log.len()).step_by(log.len() / 97 + 1).chain([log.len()]) {
        let mut torn = log.get(..cut).unwrap().to_vec();
        if let Some(byte) = torn.get_mut(cut / 2 + cut / 4) {
            *byte ^= u8::from(cut % 3 == 0);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        fs::write(&path, &file).unwrap();
        fs::write(directory.path().join("journal.db-wal"), torn).unwrap();
        // Then what is left is the state after one of the calls
        let journal = SqliteJournal::open(&path).unwrap();
        journal.check().unwrap();
        let counts = journal.counts(&connection()).await.unwrap();
        let audit = journal.audit(&connection(), 0, 9).await.unwrap().len();
        let state = (counts.changes, counts.done, counts.pending, audit);
        assert!([(0, 0, 0, 0), (3, 0, 3, 0), (3, 1, 2, 1)].contains(&state), "cut at {cut}: {state:?}");
        seen.insert(state);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_says_what_to_do() {
    // Given a journal with some rows, closed
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.intake(&connection(), &changes(2000), at(0)).await.unwrap();
    drop(journal);
    let whole = fs::read(&path).unwrap();
    // When its header is gone
    fs::write(&path, [b"not a database at all, but a long text. ".as_slice(); 50].concat()).unwrap();
    let error = SqliteJournal::open(&path).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { what: "file header", .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("journal.db: ") && text.contains("restore it from a copy"), "{text}");
    // When half of it is gone, or its pages are overwritten
    let half = whole.get(..whole.len() / 2).unwrap().to_vec();
    let mut spoilt = whole.clone();
    spoilt.iter_mut().skip(4096).for_each(|byte| *byte = 0x5a);
    for (what, bytes) in [("half", half), ("spoilt", spoilt)] {
        fs::write(&path, bytes).unwrap();
        let error = match SqliteJournal::open(&path) {
            Err(error) => error,
            Ok(journal) => journal.check().unwrap_err(),
        };
        assert!(matches!(error, JournalError::Corrupt { .. }), "{what}: {error:?}");
        assert!(error.to_string().contains("restore it from a copy"), "{what}: {error}");
    }
    // Then every call on it, too, fails without a panic
    if let Ok(journal) = SqliteJournal::open(&path) {
        assert!(journal.counts(&connection()).await.is_err());
        assert!(journal.intake(&connection(), &changes(2), at(1)).await.is_err());
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named() {
    // Given a link whose base a person has spoilt
    let journal = SqliteJournal::open_in_memory().unwrap();
    journal.set_cursor(&connection(), "poll", "x").await.unwrap();
    let sql = "INSERT INTO links VALUES ('main', 'vendor/1', 'vendor', '9', '0', 'm', 0, '{oops'), \
               ('main', 'vendr/2', 'vendor', '9', '0', 'm', 0, '{}')";
    journal.lock().execute_batch(sql).unwrap();
    // Then the error says what it is
    let document = |id: &str| DocumentKey::new(DocumentKind::Vendor, id);
    let error = journal.link(&connection(), &document("1")).await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { what: "base", .. }), "{error:?}");
    let error = journal.links(&connection()).await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error:?}");
    assert_eq!(journal.link(&connection(), &document("2")).await.unwrap(), None);
}

#[test]
fn another_programs_file_and_a_newer_version_are_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |name: &str, sql: &str, text: &str| {
        let path = directory.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before, "{name} was changed");
    };
    refused("other.db", "CREATE TABLE songs (title TEXT)", "belongs to another program");
    refused("versioned.db", "PRAGMA user_version = 1", "belongs to another program");
    refused("newer.db", "PRAGMA application_id = 0x53794a6e; PRAGMA user_version = 99", "use the newer program");
}

#[test]
fn an_empty_file_becomes_a_journal_and_a_missing_directory_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty.db");
    fs::write(&path, "").unwrap();
    SqliteJournal::open(&path).unwrap().check().unwrap();
    let error = SqliteJournal::open(directory.path().join("no/such/journal.db")).unwrap_err();
    assert!(matches!(error, JournalError::Store { doing: "opened", .. }), "{error:?}");
}

#[test]
fn the_file_is_safe_against_loss_of_power() {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(directory.path().join("journal.db")).unwrap();
    let pragma = |name: &str| -> String {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        format!("{:?}", journal.lock().query_row(&format!("PRAGMA {name}"), [], read).unwrap())
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

#[tokio::test]
async fn the_audit_cannot_be_changed_with_sql() {
    let journal = SqliteJournal::open_in_memory().unwrap();
    work(&journal).await;
    for sql in ["UPDATE audit SET text = 'nothing'", "DELETE FROM audit"] {
        let error = journal.lock().execute(sql, []).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn people_can_read_the_tables() {
    // Given a job that waits and a dead letter
    let journal = SqliteJournal::open_in_memory().unwrap();
    journal.intake(&connection(), &changes(2), at(0)).await.unwrap();
    let jobs = journal.claim(&connection(), at(0), LEASE, 2).await.unwrap();
    let letter = DeadLetter {
        document: jobs[1].document.clone(),
        label: "Acme Drywall".to_owned(),
        cause: crate::dead_letter::Cause::NameTaken,
        text: "the name is an employee's".to_owned(),
        amount: None,
        target: None,
        candidates: Vec::new(),
        since: at(1),
    };
    let on = DocumentKey::new(DocumentKind::Project, "22");
    let wait = Settlement { end: JobEnd::Wait { on, label: "Beta Steel".to_owned() }, ..done(&jobs[0]) };
    let dead = Settlement { end: JobEnd::Dead(Box::new(letter)), ..done(&jobs[1]) };
    journal.settle(&connection(), &[wait, dead], at(1)).await.unwrap();
    // Then the views show them in words
    let shown = |sql: &str| -> String { journal.lock().query_row(sql, [], |row| row.get(0)).unwrap() };
    let sql = "SELECT state || ' ' || waits_on || ' ' || label FROM show_jobs WHERE document = 'vendor/0'";
    assert_eq!(shown(sql), "waiting project/22 Beta Steel");
    let sql = "SELECT label || ', ' || cause || ', ' || since FROM show_dead_letters";
    assert_eq!(shown(sql), "Acme Drywall, name taken, 2026-01-31T12:00:01Z");
    assert_eq!(shown("SELECT at || ' ' || text FROM show_audit LIMIT 1"), "2026-01-31 12:00:01 done");
}

#[test]
fn openers_at_the_same_time_wait_for_one_another() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    // Given eight programs that open a new file at once and each take a change in
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (path, start) = (&path, &start);
            scope.spawn(move || {
                start.wait();
                let journal = SqliteJournal::open(path).unwrap();
                let change = Change::found(DocumentKey::new(DocumentKind::Vendor, worker.to_string()));
                futures_block(journal.intake(&connection(), &[change], at(0))).unwrap();
            });
        }
    });
    // Then none is refused, and when they share the work, none is taken twice
    let start = std::sync::Barrier::new(4);
    let mut taken: Vec<Job> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    let journal = SqliteJournal::open(path).unwrap();
                    start.wait();
                    let claim = || futures_block(journal.claim(&connection(), at(1), LEASE, 3)).unwrap();
                    [claim(), claim(), claim()].concat()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    taken.sort_by(|a, b| a.document.cmp(&b.document));
    taken.dedup_by(|a, b| a.document == b.document || a.token == b.token);
    assert_eq!(taken.len(), 8);
}

fn futures_block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
