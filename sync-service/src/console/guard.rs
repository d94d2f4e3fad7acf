//! The only way in: session, role, connection, forgery, size, headers.

use std::sync::Arc;

use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};

use super::call::{Answer, COOKIE, Call, Problem, plain};
use super::routes::{Least, Route, Verb};
use super::store::User;
use super::{Site, form, page, sign};

/// The header that carries what a form carries in a field.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
pub(crate) const CSRF_FIELD: &str = "csrf";

const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Puts the routes together.
pub(crate) fn router(site: &Arc<Site>, routes: &[Route]) -> axum::Router {
    let mut router = axum::Router::new();
    for route in routes {
        let (site, route) = (site.clone(), *route);
        let filter = if route.verb == Verb::Post { MethodFilter::POST } else { MethodFilter::GET };
        let handler = move |params: RawPathParams, request: Request| {
            let site = site.clone();
            let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            async move { serve(site, route, params, request).await }
        };
        router = router.route(route.path, on(filter, handler));
    }
    router
}

async fn serve(site: Arc<Site>, route: Route, params: Vec<(String, String)>, request: Request) -> Response {
    let is_api = route.is_api();
    let mut response = match pass(site.clone(), route, params, request).await {
        Ok(call) => {
            let frame = page::Frame::of(&call);
            let is_secure = site.is_secure;
            match (route.handler)(call).await {
                Ok(answer) => plain(answer, is_secure, |answer| frame.response(answer)),
                Err(problem) => told(problem, is_api, frame),
            }
        }
        Err(Refusal::SignIn(to)) if is_api => {
            let _ = to;
            let text = serde_json::json!({ "error": "there is no session; sign in by POST /api/v1/session" });
            plain(Answer::Json(StatusCode::UNAUTHORIZED, text), site.is_secure, |_| {
                StatusCode::UNAUTHORIZED.into_response()
            })
        }
        Err(Refusal::SignIn(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(Refusal::Told(problem, user)) => told(problem, is_api, page::Frame::bare(&site, user)),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if site.is_secure {
        let value = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

fn told(problem: Problem, is_api: bool, frame: page::Frame) -> Response {
    if let Problem::Failed(error) = &problem {
        tracing::error!(%error, "a page of the console failed");
    }
    if is_api {
        let body = serde_json::json!({ "error": problem.to_string() });
        let answer = Answer::Json(problem.status(), body);
        return plain(answer, false, |_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    }
    frame.response(page::problem(&problem))
}

enum Refusal {
    /// There is no session: where to get one.
    SignIn(String),
    Told(Problem, Option<User>),
}

async fn pass(site: Arc<Site>, route: Route, params: Vec<(String, String)>, request: Request) -> Result<Call, Refusal> {
    let told = |problem: Problem| Refusal::Told(problem, None);
    let session = session(&request);
    let user = match &session {
        Some(secret) => sign::who(&site.store, secret, site.wall.as_ref()).map_err(|error| told(error.into()))?,
        None => None,
    };
    let path = request.uri().path().to_owned();
    if let Least::Role(least) = route.least {
        let Some(user) = &user else {
            let to =
                if request.method() == Method::GET { format!("?to={}", form::segment(&path)) } else { String::new() };
            return Err(Refusal::SignIn(format!("/sign-in{to}")));
        };
        let connection = params.iter().find(|(name, _)| name == "connection").map(|(_, value)| value);
        if connection.is_some_and(|connection| *connection != site.settings.connection) {
            let text = "This service keeps no connection of that name.".to_owned();
            return Err(Refusal::Told(Problem::NotThere(text), Some(user.clone())));
        }
        if user.role < least {
            let text = format!("This needs the role {}; you are {}.", least.title(), user.role.title());
            return Err(Refusal::Told(Problem::Forbidden(text), Some(user.clone())));
        }
    }
    let csrf = session.as_deref().map(sign::csrf).unwrap_or_default();
    let raw_query = request.uri().query().unwrap_or_default().to_owned();
    let query = form::pairs(&raw_query);
    let refused = |problem| Refusal::Told(problem, user.clone());
    let (fields, files) = if request.method() == Method::POST {
        if !is_from_here(&request) {
            return Err(refused(Problem::Forbidden(
                "The request came from another site, and nothing was done.".into(),
            )));
        }
        let sent = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (fields, files) = form::read(request).await.map_err(refused)?;
        if user.is_some() && matches!(route.least, Least::Role(_)) {
            let field = fields.iter().find(|(name, _)| name == CSRF_FIELD).map(|(_, value)| value.clone());
            if !sent.or(field).is_some_and(|token| same(&token, &csrf)) {
                let text = "The page is from an earlier session, and nothing was done. Load it again.";
                return Err(refused(Problem::Forbidden(text.into())));
            }
        }
        (fields, files)
    } else {
        Default::default()
    };
    Ok(Call { site, user, csrf, path, params, query, raw_query, form: fields, files, session })
}

/// A comparison whose time tells nothing.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

fn session(request: &Request) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, value)| *name == COOKIE && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// Browsers say where a form was; what says nothing is no browser, and has no cookie of one.
fn is_from_here(request: &Request) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, of)| of == host),
        _ => true,
    }
}
