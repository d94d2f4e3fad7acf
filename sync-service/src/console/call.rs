//! What a page is asked, and what it answers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use serde_json::Value;

use super::Site;
use super::store::{Deed, StoreError, User};
use crate::Failure;

/// A request that has passed the guard.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) site: Arc<Site>,
    /// Nobody on the pages of the sign-in.
    pub(crate) user: Option<User>,
    /// What the forms of this session carry.
    pub(crate) csrf: String,
    pub(crate) path: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// The query as it came.
    pub(crate) raw_query: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) files: Vec<(String, Bytes)>,
    /// The session's secret, to end it.
    pub(crate) session: Option<String>,
}

fn find<'a>(list: &'a [(String, String)], name: &str) -> &'a str {
    list.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

impl Call {
    /// A part of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        find(&self.params, name)
    }

    /// A value of the query; empty where there is none.
    pub(crate) fn asked(&self, name: &str) -> &str {
        find(&self.query, name)
    }

    /// A value of the form; empty where there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        find(&self.form, name)
    }

    /// Every value of that name in the form.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        self.form.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// May the person do what a controller does?
    pub(crate) fn may_change(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role >= super::Role::Controller)
    }

    /// May the person connect companies and make users?
    pub(crate) fn is_admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role >= super::Role::Admin)
    }

    pub(crate) fn who(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.name.as_str())
    }

    /// Notes what the person did.
    pub(crate) fn note(&self, about: &str, what: &str, before: &str, after: &str) -> Result<(), StoreError> {
        let [about, what, before, after] = [about, what, before, after].map(str::to_owned);
        let deed = Deed { at: self.site.wall.now(), user: self.who().to_owned(), about, what, before, after };
        self.site.store.note(&self.site.settings.connection, &deed)
    }
}

/// The answer to a call.
#[derive(Debug)]
pub(crate) enum Answer {
    Page {
        title: String,
        body: Markup,
        status: StatusCode,
        /// Load it again after so many seconds: something is being worked.
        again: Option<u8>,
    },
    Go(String),
    Json(StatusCode, Value),
    File {
        name: String,
        kind: &'static str,
        bytes: Vec<u8>,
    },
    Asset(&'static str, &'static [u8]),
    /// Sets the session's cookie, or removes it, and goes on.
    Session(Option<String>, Box<Answer>),
}

impl Answer {
    pub(crate) fn page(title: impl Into<String>, body: Markup) -> Self {
        Self::Page { title: title.into(), body, status: StatusCode::OK, again: None }
    }

    pub(crate) fn json(value: Value) -> Self {
        Self::Json(StatusCode::OK, value)
    }
}

/// Why a call is not answered with what was asked for; every text is for the person. No `Error`, so that any error can
/// become one.
#[derive(Debug)]
pub(crate) enum Problem {
    NotThere(String),
    /// What was sent makes no sense.
    Bad(String),
    /// Things have moved since the page was shown.
    Moved(String),
    TooLarge(String),
    Forbidden(String),
    Later(String),
    Failed(Failure),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotThere(text)
            | Self::Bad(text)
            | Self::Moved(text)
            | Self::TooLarge(text)
            | Self::Forbidden(text)
            | Self::Later(text) => f.write_str(text),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: Into<Failure>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotThere(_) => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Moved(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Later(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) => StatusCode::BAD_GATEWAY,
        }
    }

    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::NotThere(_) => "There is no such page",
            Self::Bad(_) => "This cannot be done",
            Self::Moved(_) => "Nothing was done: things have moved",
            Self::TooLarge(_) => "Too large",
            Self::Forbidden(_) => "Not allowed",
            Self::Later(_) => "Too many attempts",
            Self::Failed(_) => "This could not be read",
        }
    }
}

pub(crate) type Answered = Result<Answer, Problem>;

/// The cookie of a session; without a secret, the end of one.
pub(crate) fn cookie(secret: Option<&str>, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    let (value, end) = secret.map_or(("", "; Max-Age=0"), |secret| (secret, ""));
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}")
}

pub(crate) const COOKIE: &str = "procore_quickbooks_session";

/// An answer that needs no page around it.
pub(crate) fn plain(answer: Answer, is_secure: bool, page: impl FnOnce(Answer) -> Response) -> Response {
    match answer {
        Answer::Page { .. } => page(answer),
        Answer::Go(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Answer::Json(status, value) => {
            (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
        }
        Answer::File { name, kind, bytes } => {
            let disposition = format!("attachment; filename=\"{name}\"");
            ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
                .into_response()
        }
        Answer::Asset(kind, bytes) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], bytes).into_response()
        }
        Answer::Session(secret, then) => {
            let mut response = plain(*then, is_secure, page);
            if let Ok(value) = HeaderValue::from_str(&cookie(secret.as_deref(), is_secure)) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
            response
        }
    }
}
