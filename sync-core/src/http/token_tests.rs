//! Rotation, races, crashes, and the file store.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use super::doubles::{FrailStore, Rotating, clock, ended, noon, tokens};
use super::*;
use crate::clock::ManualClock;

const REALM: &str = "realm-9130";

fn manager(store: &Arc<impl TokenStore + 'static>, vendor: &Arc<Rotating>, clock: &Arc<ManualClock>) -> TokenManager {
    TokenManager::new(REALM, store.clone(), vendor.clone(), clock.clone())
}

fn frail(set: TokenSet, failures: u32) -> Arc<FrailStore> {
    Arc::new(FrailStore { inner: MemoryTokenStore::holding(REALM, set), failures: AtomicU32::new(failures) })
}

#[tokio::test]
async fn a_valid_token_is_handed_out_as_it_is() {
    let clock = clock();
    let (store, vendor) =
        (Arc::new(MemoryTokenStore::holding(REALM, tokens("a1", "r1"))), Arc::new(Rotating::new(&clock)));
    let manager = manager(&store, &vendor, &clock);
    assert_eq!(manager.bearer().await.unwrap().expose(), "a1");
    assert_eq!(vendor.calls(), 0);
    // and renewed when less than a minute is left
    clock.set(noon() + TimeDelta::seconds(3541));
    assert_eq!(manager.bearer().await.unwrap().expose(), "a2");
    let stored = store.load(REALM).await.unwrap().unwrap();
    assert_eq!((stored.refresh.unwrap().expose(), stored.version), ("r2", 2));
}

#[tokio::test]
async fn many_callers_cause_one_refresh() {
    let clock = clock();
    let (store, vendor) =
        (Arc::new(MemoryTokenStore::holding(REALM, ended("a1", "r1"))), Arc::new(Rotating::new(&clock)));
    let manager = Arc::new(manager(&store, &vendor, &clock));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let manager = manager.clone();
            tokio::spawn(async move { manager.bearer().await.unwrap().expose().to_owned() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "a2");
    }
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn two_processes_with_a_locking_store_refresh_once() {
    let clock = clock();
    let vendor = Arc::new(Rotating { takes: Duration::from_millis(20), ..Rotating::new(&clock) });
    let store = Arc::new(MemoryTokenStore::holding(REALM, ended("a1", "r1")));
    let (one, two) = (manager(&store, &vendor, &clock), manager(&store, &vendor, &clock));
    let (first, second) = tokio::join!(one.bearer(), two.bearer());
    assert_eq!((first.unwrap().expose(), second.unwrap().expose()), ("a2", "a2"));
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn two_processes_without_a_lock_survive_the_race() {
    // given a store that cannot lock, and a vendor that kills a refresh token at its first use
    let clock = clock();
    let vendor = Arc::new(Rotating::new(&clock));
    let store = frail(ended("a1", "r1"), 0);
    let (one, two) = (manager(&store, &vendor, &clock), manager(&store, &vendor, &clock));
    // when both refresh at once
    let (first, second) = tokio::join!(one.bearer(), two.bearer());
    // then the loser found what the winner stored, and nobody was disconnected
    assert_eq!((first.unwrap().expose(), second.unwrap().expose()), ("a2", "a2"));
    assert_eq!(store.load(REALM).await.unwrap().unwrap().version, 2);
}

/// A store into which another process puts `r2` after the first look.
#[derive(Debug)]
struct StoredLate(MemoryTokenStore, AtomicU32);

#[async_trait::async_trait]
impl TokenStore for StoredLate {
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        if self.1.fetch_add(1, Ordering::SeqCst) == 2 {
            self.0.store(connection, 1, ended("a2", "r2")).await?;
        }
        self.0.load(connection).await
    }

    async fn store(&self, connection: &str, expected: u64, tokens: TokenSet) -> Result<Stored, TokenStoreError> {
        self.0.store(connection, expected, tokens).await
    }
}

#[tokio::test]
async fn a_newer_record_that_has_ended_too_is_refreshed() {
    // given that another process has used r1 up, and stores r2 a moment later, with an access token that has ended
    let clock = clock();
    let vendor = Arc::new(Rotating::new(&clock));
    vendor.refresh(Some(&Secret::from("r1"))).await.unwrap();
    let store = Arc::new(StoredLate(MemoryTokenStore::holding(REALM, ended("a1", "r1")), AtomicU32::new(0)));
    // when this process refreshes with r1
    let token = manager(&store, &vendor, &clock).bearer().await.unwrap();
    // then it goes on with r2
    assert_eq!(token.expose(), "a3");
    assert_eq!(store.load(REALM).await.unwrap().unwrap().version, 3);
}

#[tokio::test]
async fn a_token_that_could_not_be_stored_is_not_used_and_not_lost() {
    // given a disk that is full when the new tokens arrive
    let clock = clock();
    let vendor = Arc::new(Rotating::new(&clock));
    let store = frail(ended("a1", "r1"), 2);
    let manager = manager(&store, &vendor, &clock);
    for _ in 0..2 {
        // then no token is handed out
        let error = manager.bearer().await.unwrap_err();
        assert!(error.to_string().contains("no space left"), "{error}");
        assert_eq!(error.class(), ErrorClass::Transient);
        assert_eq!(store.load(REALM).await.unwrap().unwrap().version, 1);
    }
    // when there is room again, the tokens received before are stored and used; r1 is not sent a second time
    assert_eq!(manager.bearer().await.unwrap().expose(), "a2");
    assert_eq!(store.load(REALM).await.unwrap().unwrap().refresh.unwrap().expose(), "r2");
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_lose_the_tokens() {
    // given a refresh whose answer takes a while
    let clock = clock();
    let vendor = Arc::new(Rotating { takes: Duration::from_millis(50), ..Rotating::new(&clock) });
    let store = frail(ended("a1", "r1"), 0);
    let manager = manager(&store, &vendor, &clock);
    // when the caller gives up after r1 is spent and before r2 is here
    let gave_up = tokio::time::timeout(Duration::from_millis(5), manager.bearer()).await;
    assert!(gave_up.is_err());
    // then the next caller gets the tokens of that same refresh
    assert_eq!(manager.bearer().await.unwrap().expose(), "a2");
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_reported_and_the_vendor_left_alone() {
    let clock = clock();
    let vendor = Arc::new(Rotating::new(&clock));
    let store = frail(ended("a1", "revoked"), 0);
    let manager = manager(&store, &vendor, &clock);
    for _ in 0..3 {
        let error = manager.bearer().await.unwrap_err();
        assert!(matches!(error, HttpError::NeedsReconnect { .. }), "{error}");
        assert_eq!(error.class(), ErrorClass::NeedsPerson);
        assert!(error.to_string().contains(REALM) && error.to_string().contains("connect it again"), "{error}");
    }
    assert_eq!(vendor.calls(), 1, "asked once, not at each call");
    assert_eq!(store.load(REALM).await.unwrap().unwrap().refresh.unwrap().expose(), "revoked", "record kept");
    // an outage can look like a refusal: it is asked again after a while
    clock.advance(Duration::from_secs(601));
    manager.bearer().await.unwrap_err();
    assert_eq!(vendor.calls(), 2);
    // when a person connects again
    manager.install(tokens("b1", "r1")).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    // then work goes on, at once and after the next refresh
    assert_eq!(manager.bearer().await.unwrap().expose(), "a2");
    assert_eq!(manager.status().await.unwrap().unwrap().access_expires_at, clock_plus_hour(&clock));
}

fn clock_plus_hour(clock: &ManualClock) -> chrono::DateTime<chrono::Utc> {
    crate::clock::Clock::now(clock) + TimeDelta::hours(1)
}

#[tokio::test]
async fn a_connection_without_tokens_needs_connecting() {
    let clock = clock();
    let manager = manager(&Arc::new(MemoryTokenStore::new()), &Arc::new(Rotating::new(&clock)), &clock);
    let error = manager.bearer().await.unwrap_err();
    assert!(matches!(error, HttpError::NeedsReconnect { .. }), "{error}");
    assert_eq!(manager.status().await.unwrap(), None);
}

#[tokio::test]
async fn an_outage_of_the_endpoint_is_passing_and_keeps_the_record() {
    let clock = clock();
    let (store, vendor) =
        (Arc::new(MemoryTokenStore::holding(REALM, ended("a1", "r1"))), Arc::new(Rotating::new(&clock)));
    let manager = manager(&store, &vendor, &clock);
    let status =
        |status, retry_after| HttpError::Status { status, request_id: None, retry_after, summary: String::new() };
    let wait = Some(Duration::from_secs(9));
    for (failure, class) in [
        (status(503, None), ErrorClass::Transient),
        (status(429, wait), ErrorClass::Throttled { retry_after: wait }),
        (TransportError::uncertain("reset").into(), ErrorClass::Transient),
        (TransportError::not_sent("refused").into(), ErrorClass::Transient),
        (
            HttpError::GrantRefused { code: "temporarily_unavailable".into(), description: String::new() },
            ErrorClass::Transient,
        ),
    ] {
        vendor.fail_next(failure);
        assert_eq!(manager.bearer().await.unwrap_err().class(), class);
        assert_eq!(store.load(REALM).await.unwrap().unwrap().version, 1);
    }
    assert_eq!(manager.bearer().await.unwrap().expose(), "a2");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all_who_used_it() {
    let clock = clock();
    let (store, vendor) =
        (Arc::new(MemoryTokenStore::holding(REALM, tokens("a1", "r1"))), Arc::new(Rotating::new(&clock)));
    let manager = manager(&store, &vendor, &clock);
    let used = manager.bearer().await.unwrap();
    let (one, two) = tokio::join!(manager.refused(&used), manager.refused(&used));
    assert_eq!((one.unwrap().expose(), two.unwrap().expose()), ("a2", "a2"));
    assert_eq!(manager.refused(&used).await.unwrap().expose(), "a2");
    assert_eq!(vendor.calls(), 1);
    // another process replaced a2 meanwhile: its token is used, the vendor not asked
    store.store(REALM, 2, tokens("a3-other", "r9")).await.unwrap();
    assert_eq!(manager.refused(&Secret::from("a2")).await.unwrap().expose(), "a3-other");
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn client_credentials_need_nothing_stored() {
    let clock = clock();
    let vendor = Arc::new(Rotating { rotates: false, ..Rotating::new(&clock) });
    let store = Arc::new(MemoryTokenStore::new());
    assert_eq!(manager(&store, &vendor, &clock).bearer().await.unwrap().expose(), "a2");
}

#[tokio::test]
async fn an_answer_without_refresh_token_leaves_the_old_one() {
    let clock = clock();
    let vendor = Arc::new(Rotating { rotates: false, ..Rotating::new(&clock) });
    let hard = Some(noon() + TimeDelta::days(1800));
    let store = Arc::new(MemoryTokenStore::holding(REALM, TokenSet { hard_expires_at: hard, ..ended("a1", "r1") }));
    manager(&store, &vendor, &clock).bearer().await.unwrap();
    let stored = store.load(REALM).await.unwrap().unwrap();
    assert_eq!((stored.refresh.unwrap().expose(), stored.hard_expires_at), ("r1", hard));
}

#[tokio::test]
async fn wrong_client_credentials_are_named() {
    let clock = clock();
    let (store, vendor) = (frail(ended("a1", "r1"), 0), Arc::new(Rotating::new(&clock)));
    vendor.fail_next(HttpError::GrantRefused { code: "invalid_client".into(), description: "unknown client".into() });
    let error = manager(&store, &vendor, &clock).bearer().await.unwrap_err().to_string();
    assert!(error.contains("client id and secret") && error.contains("unknown client"), "{error}");
}

mod files {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn only_file(directory: &tempfile::TempDir) -> PathBuf {
        let mut files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    #[tokio::test]
    async fn round_trip_private_and_whole() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(directory.path().join("made")).unwrap();
        drop(store);
        let store = FileTokenStore::new(directory.path()).unwrap();
        assert_eq!(store.load(REALM).await.unwrap(), None);
        let set = TokenSet { hard_expires_at: Some(noon()), ..tokens("a1", "r1") };
        // a temporary file that a crash left behind, readable by all
        fs::write(directory.path().join("tokens-realm-9130.tmp"), "half").unwrap();
        assert_eq!(store.store(REALM, 0, set.clone()).await.unwrap(), Stored::Stored);
        assert_eq!(store.load(REALM).await.unwrap(), Some(TokenSet { version: 1, ..set }));
        assert_eq!(fs::metadata(only_file(&directory)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn compares_before_it_swaps() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(directory.path()).unwrap();
        store.store(REALM, 0, tokens("a1", "r1")).await.unwrap();
        let newer = store.store(REALM, 0, tokens("x", "y")).await.unwrap();
        assert!(matches!(newer, Stored::Newer(set) if set.access.expose() == "a1" && set.version == 1));
        // of many who swap the same version, one wins
        let mut tasks = Vec::new();
        for index in 0..8 {
            let store = FileTokenStore::new(directory.path()).unwrap();
            tasks.push(tokio::spawn(
                async move { store.store(REALM, 1, tokens(&format!("b{index}"), "r")).await.unwrap() },
            ));
        }
        let mut won = 0;
        for task in tasks {
            won += u32::from(task.await.unwrap() == Stored::Stored);
        }
        assert_eq!(won, 1);
        assert_eq!(store.load(REALM).await.unwrap().unwrap().version, 2);
    }

    #[tokio::test]
    async fn two_processes_refresh_once() {
        let directory = tempfile::tempdir().unwrap();
        let store = || Arc::new(FileTokenStore::new(directory.path()).unwrap());
        store().store(REALM, 0, ended("a1", "r1")).await.unwrap();
        let clock = clock();
        let vendor = Arc::new(Rotating { takes: Duration::from_millis(30), ..Rotating::new(&clock) });
        let (one, two) = (manager(&store(), &vendor, &clock), manager(&store(), &vendor, &clock));
        let (first, second) = tokio::join!(one.bearer(), two.bearer());
        assert_eq!((first.unwrap().expose(), second.unwrap().expose()), ("a2", "a2"));
        assert_eq!(vendor.calls(), 1);
    }

    #[tokio::test]
    async fn refuses_what_others_can_read_or_what_is_no_record() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(directory.path()).unwrap();
        store.store(REALM, 0, tokens("a1", "r1")).await.unwrap();
        let path = only_file(&directory);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = store.load(REALM).await.unwrap_err();
        assert!(error.to_string().contains("0600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "{}", "{\"access_token\": \"mArk3r\"", "{\"version\": \"mArk3r\"}", "[1]", "\u{0}"] {
            fs::write(&path, text).unwrap();
            let error = store.load(REALM).await.unwrap_err();
            assert!(!error.is_transient() && !format!("{error} {error:?}").contains("mArk3r"), "{error}");
            // and such a file is not overwritten either
            store.store(REALM, 0, tokens("a", "r")).await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn names_of_connections_do_not_meet_and_do_not_escape() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("inside");
        let store = FileTokenStore::new(&inside).unwrap();
        let long = "x".repeat(500);
        let longer = "x".repeat(501);
        let names = ["a", "A", "../a", "a/b", "a~2fb", "", ".", "C:\\a", "größe", "nul\0", &long, &longer];
        for name in names {
            store.store(name, 0, tokens(&format!("t-{}", name.len()), "r")).await.unwrap();
        }
        for name in names {
            let set = store.load(name).await.unwrap().unwrap();
            assert_eq!((set.version, set.access.expose()), (1, format!("t-{}", name.len()).as_str()));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing outside the directory");
        let stored =
            fs::read_dir(inside).unwrap().filter(|e| e.as_ref().unwrap().path().extension().unwrap() == "json");
        assert_eq!(stored.count(), names.len());
    }
}
