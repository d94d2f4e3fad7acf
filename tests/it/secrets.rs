//! Secrets stay secret: in errors, in what is printed for debugging, and in the journal on disk.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sync_core::Error;
use sync_core::http::TokenStore;
use sync_core::journal::SqliteJournal;
use sync_sandboxes::faults::{Faults, Rates};
use sync_sandboxes::procore::ProcoreConfig;
use sync_sandboxes::quickbooks::QuickBooksConfig;

use crate::kit::site::load;
use crate::kit::{Site, lock, site};

const PROCORE_SECRET: &str = "canary-procore-secret-6f1d2a90b7";
const QUICKBOOKS_SECRET: &str = "canary-quickbooks-secret-c83e51f4d2";

/// Everything that the flow says about itself.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn debug(&mut self, what: &dyn Debug) {
        self.0.push(format!("{what:?}"));
        self.0.push(format!("{what:#?}"));
    }

    fn error(&mut self, error: &Error) {
        self.0.push(error.to_string());
        self.debug(error);
        let mut cause: Option<&dyn StdError> = error.source();
        while let Some(error) = cause {
            self.0.push(error.to_string());
            self.0.push(format!("{error:?} {error:#?}"));
            cause = error.source();
        }
    }
}

async fn tokens(site: &Site) -> Vec<String> {
    let mut secrets = Vec::new();
    for connection in ["procore", "quickbooks"] {
        let set = site.tokens.load(connection).await.unwrap().unwrap();
        secrets.push(set.access.expose().to_owned());
        secrets.extend(set.refresh.map(|refresh| refresh.expose().to_owned()));
    }
    secrets
}

/// What the files of a directory hold, as far as it is text.
fn files(dir: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        (path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned())
    };
    files.map(read).collect()
}

#[tokio::test]
async fn no_secret_is_in_an_error_a_debug_print_or_the_journal() {
    // Given apps with known secrets, a journal on disk, and vendors that echo what they were sent when they fail
    let dir = tempfile::tempdir().unwrap();
    let procore = ProcoreConfig { client_secret: PROCORE_SECRET.to_owned(), ..ProcoreConfig::default() };
    let quickbooks = QuickBooksConfig { client_secret: QUICKBOOKS_SECRET.to_owned(), ..QuickBooksConfig::default() };
    let mut site = Site::with_configs(&site::book("demo"), procore, quickbooks).await;
    site.journal = Arc::new(SqliteJournal::open(dir.path().join("journal.sqlite")).unwrap());
    let mut secrets = vec![PROCORE_SECRET.to_owned(), QUICKBOOKS_SECRET.to_owned()];
    let mut said = Said::default();
    let rates = Rates { lost_answer: 30, status_500: 30, truncated: 10, wrong_type: 30, ..Rates::default() };
    for round in 0..12 {
        secrets.extend(tokens(&site).await);
        // Somebody on the way who shows what was sent, in all the places where such things turn up.
        let echo = |secret: &str, token: &str| {
            let sent = format!("grant_type=refresh_token&refresh_token={token}&client_secret={secret}");
            let members = format!(r#""error":"invalid_grant","error_description":"{sent}","access_token":"{token}""#);
            format!(r#"{{{members},"message":"rejected Authorization: Bearer {token}"}}"#)
        };
        let [.., procore, procore_refresh, quickbooks, quickbooks_refresh] = secrets.as_slice() else {
            panic!("two tokens on each side")
        };
        let weather = [&site.procore_weather, &site.quickbooks_weather];
        let bodies = [echo(PROCORE_SECRET, procore), echo(QUICKBOOKS_SECRET, quickbooks)];
        let token_bodies = [echo(PROCORE_SECRET, procore_refresh), echo(QUICKBOOKS_SECRET, quickbooks_refresh)];
        match round {
            0..4 => {
                let status = if round < 2 { 403 } else { 400 };
                let side = usize::try_from(round % 2).unwrap();
                lock(weather[side]).answer_next(["/rest/", "/batch"][side], status, &bodies[side]);
            }
            4..8 => {
                // The access tokens end, so that the token endpoints are asked.
                site.clock.advance(Duration::from_secs(7_200));
                let status = if round < 6 { 500 } else { 200 };
                let side = usize::try_from(round % 2).unwrap();
                lock(weather[side]).answer_next("/oauth", status, &token_bodies[side]);
            }
            _ => {
                lock(weather[0]).api = Faults::seeded(round, rates);
                lock(weather[1]).api = Faults::seeded(round + 100, rates);
            }
        }
        // When the program runs, fails, and is printed
        let (engine, source, sink) = (site.engine(), site.source(), site.sink());
        match load(&engine).await {
            Ok(report) => said.debug(&report),
            Err(error) => said.error(&error),
        }
        for what in
            [&engine as &dyn Debug, &source, source.procore(), &sink, sink.client(), &site.mapping, &site.journal]
        {
            said.debug(what);
        }
        said.debug(&site.tokens);
        said.debug(&site.dead_letters().await);
        said.debug(&site.journal.audit(&site.connection(), 0, 10_000).await.unwrap());
        secrets.extend(tokens(&site).await);
    }
    secrets.sort();
    secrets.dedup();
    // Then none of the secrets is in any of it, nor in any file of the journal
    assert!(secrets.len() > 8, "tokens were refreshed");
    assert!(said.0.len() > 100);
    let files = files(dir.path());
    assert!(!files.is_empty());
    for secret in &secrets {
        for text in &said.0 {
            assert!(!text.contains(secret.as_str()), "a secret in: {text}");
        }
        for (path, content) in &files {
            assert!(!content.contains(secret.as_str()), "a secret in {path}");
        }
    }
}

/// A token in the middle of a sentence, where no word before it says what it is.
async fn repeated_in_a_sentence(place: usize, path: &'static str) {
    for member in ["errors", "message", "Fault"] {
        // Given a vendor who repeats the access token that it was sent, and refuses the call
        let site = Site::open(&site::book("demo")).await;
        let token = tokens(&site).await.swap_remove(place * 2);
        let body = match member {
            "Fault" => format!(r#"{{"Fault":{{"Error":[{{"Message":"the key {token} is not known","code":"1"}}]}}}}"#),
            member => format!(r#"{{"{member}":"the key {token} is not known here"}}"#),
        };
        lock([&site.procore_weather, &site.quickbooks_weather][place]).answer_next(path, 403, &body);
        // When the program tells of it
        let mut said = Said::default();
        said.error(&load(&site.engine()).await.unwrap_err());
        // Then it leaves the token out
        for text in said.0 {
            assert!(!text.contains(&token), "a secret in: {text}");
        }
    }
}

#[tokio::test]
async fn a_token_that_procore_repeats_in_a_sentence_is_left_out() {
    repeated_in_a_sentence(0, "/rest/").await;
}

#[tokio::test]
async fn a_token_that_quickbooks_repeats_in_a_sentence_is_left_out() {
    repeated_in_a_sentence(1, "/batch").await;
}
