//! Every route, and what the guard refuses.

mod connect;
mod oidc;
mod people;

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use sync_core::engine::Silent;
use sync_core::mapping::LiveMapping;
use sync_sandboxes::book::Book;
use tower::Service;

use super::routes::{Least, Verb, all};
use super::store::{Role, digest};
use super::{Site, call, form, router, sign};
use crate::connect::ConnectionSettings;
use crate::demo::stage::Stage;

const PASSWORD: &str = "correct horse battery";

struct Given {
    site: Arc<Site>,
    stage: Stage,
    _dir: tempfile::TempDir,
}

/// A console on the demo book, before anything was synced, with a user of each role.
fn given() -> Given {
    given_with(|_| {})
}

/// The same with other settings.
fn given_with(change: impl FnOnce(&mut ConnectionSettings)) -> Given {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::with_book(Book::demo().unwrap(), Some(dir.path()), true).unwrap();
    let mut settings = stage.settings();
    let journal = Arc::new(settings.journal().unwrap());
    let mapping = Arc::new(LiveMapping::open(&settings.mapping).unwrap());
    let engine = settings.connect().unwrap().engine(&settings, journal.clone(), mapping.current(), Arc::new(Silent));
    change(&mut settings);
    let site = Site::new(settings, Arc::new(engine), journal, mapping, Arc::default(), "https://localhost").unwrap();
    for role in [Role::ProjectManager, Role::Controller, Role::Admin] {
        sign::add(&site.store, role.as_str(), role, PASSWORD, site.wall.as_ref()).unwrap();
    }
    Given { site: Arc::new(site), stage, _dir: dir }
}

impl Given {
    fn session(&self, role: Role) -> String {
        sign::begin(&self.site.store, role.as_str(), self.site.wall.as_ref()).unwrap()
    }

    /// The page as somebody sees it.
    async fn see(&self, session: &str, path: &str) -> String {
        text(self.ask(request(Verb::Get, path, Some(session), None)).await).await
    }

    /// What becomes of a form of that session: the status, and the page or the address that follows.
    async fn send(&self, session: &str, path: &str, form: &str) -> (StatusCode, String) {
        let form = format!("csrf={}&{form}", sign::csrf(session));
        let response = self.ask(request(Verb::Post, path, Some(session), Some(&form))).await;
        let status = response.status();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (
            status,
            match to {
                Some(to) => to,
                None => text(response).await,
            },
        )
    }

    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        router(self.site.clone()).call(request).await.unwrap()
    }
}

fn request(verb: Verb, path: &str, session: Option<&str>, form: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(if verb == Verb::Get { "GET" } else { "POST" }).uri(path);
    if let Some(session) = session {
        request = request.header(header::COOKIE, format!("{}={session}", call::COOKIE));
    }
    let form = form.unwrap_or_default().to_owned();
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(form)).unwrap()
}

fn address(path: &str, connection: &str) -> String {
    path.replace("{connection}", connection)
        .replace("{kind}", "bill_of_nothing")
        .replace("{id}", "1")
        .replace("{file}", "coding.csv")
        .replace("{run}", "20260101T000000000Z")
        .replace("{secret}", "none")
        .replace("{side}", "procore")
        .replace("{name}", "nobody")
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 10 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_a_session_a_role_and_its_own_connection() {
    let given = given();
    let mut least_of = Vec::new();
    for route in all() {
        let path = address(route.path, "demo");
        let bare = given.ask(request(route.verb, &path, None, None)).await;
        let Least::Role(least) = route.least else {
            assert_ne!(bare.status(), StatusCode::FOUND, "{path}: is for anybody");
            least_of.push(route.path);
            continue;
        };
        if route.is_api() {
            assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "{path} without a session");
        } else {
            assert_eq!(bare.status(), StatusCode::FOUND, "{path} without a session");
            assert!(bare.headers()[header::LOCATION].to_str().unwrap().starts_with("/sign-in"), "{path}");
        }
        for role in [Role::ProjectManager, Role::Controller].into_iter().filter(|role| *role < least) {
            let session = given.session(role);
            let form = format!("csrf={}", sign::csrf(&session));
            let wrong = given.ask(request(route.verb, &path, Some(&session), Some(&form))).await;
            assert_eq!(wrong.status(), StatusCode::FORBIDDEN, "{path} as {role}");
        }
        let session = given.session(Role::Admin);
        if path.contains("/demo/") || path.ends_with("/demo") {
            let form = format!("csrf={}", sign::csrf(&session));
            let other = address(route.path, "somebody-else");
            let elsewhere = given.ask(request(route.verb, &other, Some(&session), Some(&form))).await;
            assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND, "{other}");
        }
        if route.verb == Verb::Post {
            let forged = given.ask(request(route.verb, &path, Some(&session), Some("csrf=guess"))).await;
            assert_eq!(forged.status(), StatusCode::FORBIDDEN, "{path} with a forged form");
        }
    }
    // What anybody may see is a short list, and nothing gets onto it unnoticed.
    let open = [
        "/console.css",
        "/console.js",
        "/sign-in",
        "/sign-in",
        "/sign-in/once/{secret}",
        "/sign-in/once",
        "/sign-in/provider",
        "/sign-in/provider/back",
    ];
    assert_eq!(least_of.iter().filter(|path| !path.starts_with("/api/")).copied().collect::<Vec<_>>(), open);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_keep_scripts_and_frames_out() {
    let given = given();
    let session = given.session(Role::ProjectManager);
    for path in ["/sign-in", "/c/demo/", "/c/other/", "/c/demo/exceptions"] {
        let response = given.ask(request(Verb::Get, path, Some(&session), None)).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(response.headers()["x-frame-options"], "DENY");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        let page = text(response).await;
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("onclick"), "{path}");
        assert!(!page.contains("<script>"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_sets_a_cookie_that_no_script_reads_and_leads_nowhere_else() {
    let given = given();
    let form = format!("name=controller&password={}&to=https%3A%2F%2Fevil.example%2F", PASSWORD.replace(' ', "+"));
    let response = given.ask(request(Verb::Post, "/sign-in", None, Some(&form))).await;
    assert_eq!(
        (response.status(), &response.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let wrong = given.ask(request(Verb::Post, "/sign-in", None, Some("name=controller&password=x"))).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let mut elsewhere = request(Verb::Post, "/sign-in", None, Some(&form));
    elsewhere.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    elsewhere.headers_mut().insert("host", "localhost".parse().unwrap());
    assert_eq!(given.ask(elsewhere).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_are_refused_in_words() {
    let given = given();
    let session = given.session(Role::Controller);
    let piece = axum::body::Bytes::from(vec![b'x'; 1 << 20]);
    let pieces = futures_util::stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let mut request = request(Verb::Post, "/c/demo/mapping/coding.csv", Some(&session), None);
    *request.body_mut() = Body::from_stream(pieces);
    let response = given.ask(request).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(response).await.contains("larger than 4 MB, and nothing of it was kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_signs_in_once_is_not_used_up_by_looking_at_the_link() {
    let given = given();
    let until = given.site.wall.now() + chrono::TimeDelta::minutes(5);
    given.site.store.add_once(&digest("secret"), "controller", until).unwrap();
    for _ in 0..2 {
        let shown = given.ask(request(Verb::Get, "/sign-in/once/secret", None, None)).await;
        assert_eq!(shown.status(), StatusCode::OK);
    }
    let first = given.ask(request(Verb::Post, "/sign-in/once", None, Some("secret=secret"))).await;
    assert!(first.headers().contains_key(header::SET_COOKIE));
    let second = given.ask(request(Verb::Post, "/sign-in/once", None, Some("secret=secret"))).await;
    assert_eq!(second.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn proposed_entries_are_posted_by_a_controller_once_and_only_as_they_were_shown() {
    // Given a company that was synced
    let given = given();
    let site = &given.site;
    crate::sync::work(&site.engine, site.journal.as_ref(), &site.settings.id()).await.unwrap();
    let posted = || given.stage.quickbooks.lock().unwrap_or_else(PoisonError::into_inner).all("JournalEntry").count();
    let (controller, manager) = (given.session(Role::Controller), given.session(Role::ProjectManager));
    let page = "/c/demo/wip?date=2026-06-30";
    // When somebody who may only see looks at work in progress, then there is nothing to press
    let seen = text(given.ask(request(Verb::Get, page, Some(&manager), None)).await).await;
    assert!(seen.contains("2026-040") && !seen.contains("Approve"), "{seen}");
    // When a controller approves what is shown
    let shown = text(given.ask(request(Verb::Get, page, Some(&controller), None)).await).await;
    let seen = shown.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let form = |seen: &str| format!("csrf={}&date=2026-06-30&seen={seen}", sign::csrf(&controller));
    let approve = |form: String| given.ask(request(Verb::Post, "/c/demo/wip/approve", Some(&controller), Some(&form)));
    let stale = approve(form("something-else")).await;
    assert_eq!((stale.status(), posted()), (StatusCode::CONFLICT, 0));
    let done = approve(form(seen)).await;
    // Then the entries are in the books
    assert!(done.status().is_redirection(), "{}", text(done).await);
    let entries = posted();
    assert!(entries >= 5, "{entries}");
    // And the same form sent again is refused in words, and posts nothing
    let again = approve(form(seen)).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert!(text(again).await.contains("nothing was done"));
    assert_eq!(posted(), entries);
    let after = text(given.ask(request(Verb::Get, page, Some(&controller), None)).await).await;
    assert!(after.contains("No entries are needed"), "{after}");
}
