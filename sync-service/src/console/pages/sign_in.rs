//! Signing in and out, and what pages look like.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::oidc::{Oidc, Proof};
use crate::console::page::{SCRIPT, STYLE, notice};
use crate::console::sign::{self, SignIn};
use crate::console::store::{User, digest};

pub(crate) async fn style(_: Call) -> Answered {
    Ok(Answer::Asset("text/css; charset=utf-8", STYLE))
}

pub(crate) async fn script(_: Call) -> Answered {
    Ok(Answer::Asset("text/javascript; charset=utf-8", SCRIPT))
}

pub(crate) async fn show(call: Call) -> Answered {
    Ok(Answer::page("Sign in", form(&call, "", call.asked("to"), "")))
}

fn form(call: &Call, name: &str, to: &str, problem: &str) -> Markup {
    html! {
        (notice("bad", problem))
        @if let Some(provider) = &call.site.settings.sign_in {
            p { a.button.main href=(format!("/sign-in/provider?to={}", segment(to))) { "Sign in with " (host(&provider.issuer)) } }
            p.muted { "Or with name and password:" }
        }
        form.narrow method="post" action="/sign-in" {
            input type="hidden" name="to" value=(to);
            label for="name" { "Name" }
            input #name name="name" value=(name) autocomplete="username" required autofocus;
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required;
            button.main { "Sign in" }
        }
        p.muted { "An administrator adds users on the page Users; the first one with " code { "procore-quickbooks users add NAME --role admin" } "." }
    }
}

/// Only pages of this console: anything else would lead people away after they gave their password.
fn inside(to: &str) -> &str {
    let is_page = to.starts_with("/c/") && !to.contains(['\\', '\n', '\r']) && !to.contains("//");
    if is_page { to } else { "/" }
}

pub(crate) async fn enter(call: Call) -> Answered {
    let (name, password) = (call.field("name").to_owned(), call.field("password").to_owned());
    match check(&call, name.clone(), password).await? {
        SignIn::Welcome { secret, .. } => {
            Ok(Answer::Session(Some(secret), Box::new(Answer::Go(inside(call.field("to")).to_owned()))))
        }
        SignIn::Wrong => Ok(Answer::Page {
            title: "Sign in".to_owned(),
            body: form(&call, &name, call.field("to"), "Name or password is wrong."),
            status: StatusCode::UNAUTHORIZED,
            again: None,
        }),
        SignIn::Later => Err(Problem::Later(LATER.to_owned())),
    }
}

pub(crate) const LATER: &str = "Too many sign-ins have failed. Wait a quarter of an hour and try again.";

/// Hashing is slow on purpose, and done beside the threads that serve requests.
pub(crate) async fn check(call: &Call, name: String, password: String) -> Result<SignIn, Problem> {
    let (store, wall) = (call.site.store.clone(), call.site.wall.clone());
    let found = tokio::task::spawn_blocking(move || sign::sign_in(&store, &name, &password, wall.as_ref())).await?;
    Ok(found?)
}

/// The link alone signs nobody in: programs that look at links in advance would use it up.
pub(crate) async fn show_once(call: Call) -> Answered {
    let body = html! {
        p { "This link signs you in once." }
        form method="post" action="/sign-in/once" {
            input type="hidden" name="secret" value=(call.param("secret"));
            button.main autofocus { "Go on to the console" }
        }
    };
    Ok(Answer::page("Sign in", body))
}

pub(crate) async fn enter_once(call: Call) -> Answered {
    let site = &call.site;
    let Some(user) = site.store.use_once(&digest(call.field("secret")), site.wall.now())? else {
        return Err(Problem::Bad(
            "The link was used before, or is too old. Sign in with name and password.".to_owned(),
        ));
    };
    let Some((User { name, disabled: false, .. }, _)) = site.store.user(&user)? else {
        return Err(Problem::Bad("The user of this link may no longer sign in.".to_owned()));
    };
    let secret = sign::begin(&site.store, &name, site.wall.as_ref())?;
    Ok(Answer::Session(Some(secret), Box::new(Answer::Go("/".to_owned()))))
}

/// How long a person has to sign in at the provider.
const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// Marks the states of sign-ins among those of consents.
const SIGN_IN: &str = "sign-in ";

fn host(issuer: &str) -> String {
    issuer.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| issuer.to_owned())
}

fn provider(call: &Call) -> Result<Oidc<'_>, Problem> {
    let settings = call.site.settings.sign_in.as_ref();
    let settings = settings.ok_or_else(|| Problem::NotThere("No provider of sign-ins is set up.".to_owned()))?;
    let callback = format!("{}/sign-in/provider/back", call.site.public);
    Ok(Oidc { settings, transport: call.site.settings.transport()?, callback })
}

/// Leads to the provider. The cookie holds a secret of this browser, which is no session.
pub(crate) async fn lead(call: Call) -> Answered {
    let oidc = provider(&call)?;
    let found = match oidc.discover().await {
        Ok(found) => found,
        Err(error) => return Ok(not_signed_in(&call, &error.to_string())),
    };
    let (secret, state, now) = (sign::secret()?, sign::secret()?, call.site.wall.now());
    let address = oidc.address(&found, &state, &Proof::of(&secret, &state));
    let to = format!("{SIGN_IN}{}", inside(call.asked("to")));
    call.site.store.begin_consent(&digest(&state), &digest(&secret), &to, (now, now + PATIENCE))?;
    Ok(Answer::Session(Some(secret), Box::new(Answer::Go(address))))
}

/// The provider has sent the browser back.
pub(crate) async fn back(call: Call) -> Answered {
    let (site, state) = (&call.site, call.asked("state"));
    let oidc = provider(&call)?;
    let secret = call.session.clone().unwrap_or_default();
    let begun = site.store.use_consent(&digest(state), &digest(&secret), site.wall.now())?;
    let Some(to) = begun.as_deref().and_then(|begun| begun.strip_prefix(SIGN_IN)) else {
        let text =
            "This answer belongs to no sign-in that began in this browser within the last ten minutes. Sign in again.";
        return Ok(not_signed_in(&call, text));
    };
    if call.asked("code").is_empty() {
        let why = [call.asked("error_description"), call.asked("error")].into_iter().find(|text| !text.is_empty());
        return Ok(not_signed_in(
            &call,
            &format!("The provider did not sign you in: {}.", why.unwrap_or("no code came")),
        ));
    }
    let name = match oidc.user(call.asked("code"), &Proof::of(&secret, state), site.wall.now()).await {
        Ok(name) => name,
        Err(error) => {
            tracing::warn!(%error, "a sign-in by the provider failed");
            return Ok(not_signed_in(&call, &error.to_string()));
        }
    };
    match site.store.user(&name)? {
        Some((User { name, disabled: false, .. }, _)) => {
            let secret = sign::begin(&site.store, &name, site.wall.as_ref())?;
            Ok(Answer::Session(Some(secret), Box::new(Answer::Go(to.to_owned()))))
        }
        _ => {
            let text = format!("{name} may not sign in here: an administrator adds that name on the page Users.");
            Ok(not_signed_in(&call, &text))
        }
    }
}

fn not_signed_in(call: &Call, text: &str) -> Answer {
    let (title, body) = ("Sign in".to_owned(), form(call, "", "", text));
    Answer::Page { title, body, status: StatusCode::UNAUTHORIZED, again: None }
}

pub(crate) async fn leave(call: Call) -> Answered {
    if let Some(secret) = &call.session {
        call.site.store.end_session(&digest(secret))?;
    }
    Ok(Answer::Session(None, Box::new(Answer::Go("/sign-in".to_owned()))))
}
