//! Sessions: who may, when, and with which company file.

use quickbooks_desktop::web_connector::{Answer, Call};
use sync_core::connector::Sink;
use sync_sandboxes::desktop::Visit;

use super::kit::{FILE, OWNER, PASSWORD, Site};

#[tokio::test(flavor = "multi_thread")]
async fn given_no_work_when_the_web_connector_comes_then_it_is_told_none_at_login() {
    let site = Site::open().await;
    let mut connector = site.connector();
    let visit = tokio::task::spawn_blocking(move || connector.visit()).await.unwrap();
    assert_eq!(visit, Visit::None);
    assert_eq!(site.file().message_sets(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_wrong_passwords_when_tried_too_often_then_the_right_one_does_not_help_until_the_window_is_over() {
    let site = Site::open().await;
    let _work = site.desk.run();
    let login = |password: &str| {
        let mut connector = site.connector();
        connector.password = password.to_owned();
        move || connector.call("authenticate", &[("strUserName", "northgate"), ("strPassword", &connector.password)])
    };
    for _ in 0..5 {
        let answer = tokio::task::spawn_blocking(login("wrong")).await.unwrap().unwrap();
        assert_eq!(answer.children[1].text, "nvu");
    }
    let answer = tokio::task::spawn_blocking(login(PASSWORD)).await.unwrap().unwrap();
    assert_eq!((answer.children[0].text.as_str(), answer.children[1].text.as_str()), ("", "nvu"));
    site.clock.advance(std::time::Duration::from_secs(16 * 60));
    let answer = tokio::task::spawn_blocking(login(PASSWORD)).await.unwrap().unwrap();
    assert_eq!(answer.children[1].text, "");
    assert!(answer.children[0].text.len() >= 32, "the ticket cannot be guessed");
    // And while that session lives, a second login finds it busy
    let answer = tokio::task::spawn_blocking(login(PASSWORD)).await.unwrap().unwrap();
    assert_eq!(answer.children[1].text, "busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_another_company_file_is_open_then_nothing_is_sent_and_the_person_is_told_which_one() {
    let site = Site::open().await;
    site.file().add_qwc(OWNER, "{00000000-8C1D-4B7A-A0C9-5D2E7F8A6B22}");
    let sink = site.sink();
    let mut connector = site.connector();
    let visit = tokio::task::spawn_blocking(move || connector.visit());
    let run = site.desk.run();
    let visit = tokio::select! {
        _ = sink.begin() => panic!("nothing may be read from another company"),
        visit = visit => visit.unwrap(),
    };
    drop(run);
    let Visit::Failed(text) = visit else { panic!("{visit:?}") };
    assert!(text.contains("Northgate Builders Inc") && text.contains("another connection"), "{text}");
    // Only the question which file it is was asked
    assert_eq!(site.file().message_sets(), 1);
    // And with the right file the work that waited goes through
    site.file().add_qwc(OWNER, FILE);
    let (read, _) = site.with_visits(site.connector(), sink.begin()).await;
    read.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn given_quickbooks_cannot_be_reached_then_the_work_stays_and_the_person_reads_why() {
    let site = Site::open().await;
    let sink = site.sink();
    let mut connector = site.connector();
    connector.fail_at = Some((2, 0x8004_0414));
    let (read, visits) = site.with_visits(connector, sink.begin()).await;
    read.unwrap();
    assert!(
        visits.iter().any(|v| matches!(v, Visit::Failed(text) if text.contains("window of QuickBooks"))),
        "{visits:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_methods_that_need_no_session_then_each_answers() {
    let site = Site::open().await;
    let connector = site.connector();
    let (version, old, new, gone) = tokio::task::spawn_blocking(move || {
        let call = |method: &str, parameters: &[(&str, &str)]| connector.call(method, parameters).unwrap().text;
        (
            call("serverVersion", &[]),
            call("clientVersion", &[("strVersion", "1.5.0.0")]),
            call("clientVersion", &[("strVersion", "2.3.0.207")]),
            call("getLastError", &[("ticket", "nobody's")]),
        )
    })
    .await
    .unwrap();
    assert!(version.starts_with("procore-quickbooks"));
    assert!(old.starts_with("E:") && new.is_empty() && gone.contains("Update again"));
    assert_eq!(Answer::Number(7).write(Call::ServerVersion.method()).matches("serverVersionResult").count(), 2);
}
