//! Signing in and out, and what pages look like.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::console::call::{Answer, Answered, Call, Problem};
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
    Ok(Answer::page("Sign in", form("", call.asked("to"), "")))
}

fn form(name: &str, to: &str, problem: &str) -> Markup {
    html! {
        (notice("bad", problem))
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
            body: form(&name, call.field("to"), "Name or password is wrong."),
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

pub(crate) async fn leave(call: Call) -> Answered {
    if let Some(secret) = &call.session {
        call.site.store.end_session(&digest(secret))?;
    }
    Ok(Answer::Session(None, Box::new(Answer::Go("/sign-in".to_owned()))))
}
