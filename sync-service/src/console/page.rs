//! What stands around every page.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::Site;
use super::call::{Answer, Call, Problem};
use super::guard::CSRF_FIELD;
use super::store::{Role, User};

pub(crate) const STYLE: &[u8] = include_bytes!("assets/console.css");
pub(crate) const SCRIPT: &[u8] = include_bytes!("assets/console.js");

const MENU: [(&str, &str); 10] = [
    ("/", "Overview"),
    ("/exceptions", "Exceptions"),
    ("/approvals", "Approvals"),
    ("/mapping", "Mapping"),
    ("/reconciliation", "Reconciliation"),
    ("/retainage", "Retainage"),
    ("/wip", "WIP"),
    ("/activity", "Activity"),
    ("/connections", "Connections"),
    (USERS, "Users"),
];

/// Only an administrator finds it in the menu.
const USERS: &str = "/users";

/// Who is signed in, where.
#[derive(Debug)]
pub(crate) struct Frame {
    base: String,
    connection: String,
    path: String,
    user: Option<User>,
    csrf: String,
}

impl Frame {
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            base: call.site.path(""),
            connection: call.site.settings.connection.clone(),
            path: call.path.clone(),
            user: call.user.clone(),
            csrf: call.csrf.clone(),
        }
    }

    /// For refusals.
    pub(crate) fn bare(site: &Site, user: Option<User>) -> Self {
        let (base, connection) = (site.path(""), site.settings.connection.clone());
        Self { base, connection, path: String::new(), user, csrf: String::new() }
    }

    pub(crate) fn response(&self, answer: Answer) -> Response {
        let Answer::Page { title, body, status, again } = answer else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let text = self.around(&title, &body, again).into_string();
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
    }

    fn around(&self, title: &str, body: &Markup, again: Option<u8>) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(seconds) = again { meta http-equiv="refresh" content=(seconds); }
                    title { (title) " · Procore and QuickBooks" }
                    link rel="stylesheet" href="/console.css";
                    script src="/console.js" defer {}
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.top {
                        p.brand { a href=(format!("{}/", self.base)) { "Procore ⇄ QuickBooks" } span.muted { (self.connection) } }
                        @if let Some(user) = &self.user {
                            nav aria-label="Pages" {
                                ul {
                                    @for (page, name) in MENU.into_iter().filter(|(page, _)| *page != USERS || user.role >= Role::Admin) {
                                        li { a href=(format!("{}{page}", self.base)) aria-current=[self.current(page)] { (name) } }
                                    }
                                }
                            }
                            form.who method="post" action="/sign-out" {
                                (csrf(&self.csrf))
                                span { (user.name) " · " (user.role.title()) }
                                @if !self.csrf.is_empty() { button.quiet { "Sign out" } }
                            }
                        }
                    }
                    main #main tabindex="-1" {
                        h1 { (title) }
                        (body)
                    }
                }
            }
        }
    }

    fn current(&self, page: &str) -> Option<&'static str> {
        let own = self.path.strip_prefix(&self.base).unwrap_or("-");
        let is_here = if page == "/" { own == "/" } else { own == page || own.starts_with(&format!("{page}/")) };
        is_here.then_some("page")
    }
}

/// What every form carries.
pub(crate) fn csrf(token: &str) -> Markup {
    html! { input type="hidden" name=(CSRF_FIELD) value=(token); }
}

/// A problem, in words.
pub(crate) fn problem(problem: &Problem) -> Answer {
    let body = html! {
        p.notice.bad role="alert" { (problem) }
        p { a href="/" { "Back to the overview" } }
    };
    Answer::Page { title: problem.title().to_owned(), body, status: problem.status(), again: None }
}

/// Something that a person should know before anything else on the page.
pub(crate) fn notice(kind: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { p class=(format!("notice {kind}")) role="status" { (text) } } }
}

/// An amount as text, with thousands separators.
pub(crate) fn grouped(amount: &str) -> String {
    amount
        .parse()
        .ok()
        .and_then(|amount| sync_core::model::Money::new(amount, sync_core::model::Currency::USD).ok())
        .map_or_else(|| amount.to_owned(), crate::reconcile::print::dollars)
}

/// How long ago, in the largest unit that fits.
pub(crate) fn age(since: sync_core::model::Timestamp, now: sync_core::model::Timestamp) -> String {
    let past = now - since;
    let (count, unit) = match past.num_minutes() {
        ..1 => return "just now".to_owned(),
        minutes @ 1..60 => (minutes, "minute"),
        minutes @ 60..1440 => (minutes / 60, "hour"),
        minutes => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
