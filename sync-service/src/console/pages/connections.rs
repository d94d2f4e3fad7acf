//! What the connection stands on: both companies, the consents, webhooks, the Web Connector; connecting in the browser.

use maud::{Markup, html};

use crate::auth::{self, Side};
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::page::{csrf, notice};
use crate::console::sign;
use crate::console::store::digest;
use crate::tokens::{self, Life, State};
use crate::{qwc as file, webhooks};

/// How long a person has to consent.
const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

fn slug(side: Side) -> &'static str {
    match side {
        Side::Procore => "procore",
        Side::Quickbooks => "quickbooks",
    }
}

fn side_of(call: &Call) -> Result<Side, Problem> {
    [Side::Procore, Side::Quickbooks]
        .into_iter()
        .find(|side| slug(*side) == call.param("side"))
        .ok_or_else(|| Problem::NotThere("There are two sides: procore and quickbooks.".to_owned()))
}

/// Where the consent page sends the browser back to, if that is to end here.
fn callback(call: &Call, side: Side) -> String {
    format!("{}/connected/{}", call.site.public, slug(side))
}

pub(crate) async fn show(call: Call) -> Answered {
    let (site, settings) = (&call.site, &call.site.settings);
    let lives = tokens::lives(settings).await?;
    let life = |side: Side| lives.iter().find(|life| life.side == side.name());
    let hooks = |unset: bool, path: &str| {
        if unset {
            "nothing is set to check them by: deliveries are refused".to_owned()
        } else {
            format!("taken at {}{path}", site.public)
        }
    };
    let body = html! {
        (notice("good", call.asked("done")))
        h2 { "Procore" }
        dl.facts {
            dt { "Company" } dd { (settings.procore.company) }
            dt { "Environment" } dd { (settings.procore.environment) }
            dt { "Access" } dd { (access(life(Side::Procore))) }
            dt { "Webhooks" } dd { (hooks(settings.procore.webhook_authorization.is_empty(), "/webhooks/procore")) }
        }
        @if call.is_admin() {
            @if !settings.procore.service_account { (connect(&call, Side::Procore)) }
            @if site.is_secure {
                form method="post" action=(site.path("/connections/webhooks")) {
                    (csrf(&call.csrf)) button { "Make or repair the webhook subscriptions in Procore" }
                }
            } @else { p.muted { "Procore delivers webhooks over https only: public_url in connection.toml must begin with https://. Until then changes are found by asking." } }
        }
        h2 { "QuickBooks" }
        @if let Some(desktop) = &settings.desktop {
            dl.facts {
                dt { "Product" } dd { "QuickBooks Desktop, over the Web Connector" }
                dt { "User of the Web Connector" } dd { (desktop.user) }
            }
            @if call.is_admin() {
                p { a.button href=(site.path("/connections/sync.qwc")) { "Download the file for the Web Connector (.qwc)" } }
                p.muted { "Open it on the machine with QuickBooks, in the Web Connector, with the company file open and the Admin user signed in; then type the password of secrets.env." }
            }
        } @else {
            dl.facts {
                dt { "Company (realm)" } dd { (settings.quickbooks.realm) }
                dt { "Environment" } dd { (settings.quickbooks.environment) }
                dt { "Access" } dd { (access(life(Side::Quickbooks))) }
                dt { "Webhooks" } dd { (hooks(settings.quickbooks.verifier_token.is_empty(), "/webhooks/quickbooks")) }
            }
            @if call.is_admin() { (connect(&call, Side::Quickbooks)) }
        }
    };
    Ok(Answer::page("Connections", body))
}

fn access(life: Option<&Life>) -> Markup {
    html! { @if let Some(life) = life { @match life.state {
        State::Good => { strong.good { "Connected" } ": " (life.text) },
        State::Soon => { strong { "Ends soon" } ": " (life.text) },
        State::Ended => { strong.bad { "Not connected" } ": " (life.text) },
    } } }
}

/// The way to a consent in this browser; or why there is none, and what to do.
fn connect(call: &Call, side: Side) -> Markup {
    let (site, name, callback) = (&call.site, side.name(), callback(call, side));
    html! {
        @if side.redirect(&site.settings) == callback {
            form method="post" action=(site.path(&format!("/connections/connect/{}", slug(side)))) {
                (csrf(&call.csrf)) button.main { "Connect to " (name) }
            }
        } @else {
            p.muted {
                "To connect to " (name) " on this page, register " code { (callback) } " as a redirect address of the app, and set it as "
                code { "redirect_uri" } " in connection.toml. Or run " code { "procore-quickbooks auth " (slug(side)) } " on the server."
            }
        }
    }
}

/// Begins a consent. The way there is a link, for the policy of the pages lets no form lead to another site.
pub(crate) async fn begin(call: Call) -> Answered {
    let (site, side) = (&call.site, side_of(&call)?);
    if side.redirect(&site.settings) != callback(&call, side) {
        let text = format!("The redirect address in connection.toml is not {}.", callback(&call, side));
        return Err(Problem::Bad(text));
    }
    let (state, session) = (sign::secret()?, call.session.as_deref().map(digest).unwrap_or_default());
    let now = site.wall.now();
    site.store.begin_consent(&digest(&state), &session, slug(side), (now, now + PATIENCE))?;
    let to = auth::address(&site.settings, side, &state)?;
    let name = side.name();
    let body = html! {
        p { "You are led to " (name) ". Sign in there as somebody who may see everything that is synced, and allow the access. You come back here by yourself." }
        p { a.button href=(to) { "Go on to " (name) } }
        p.muted { "Within ten minutes, and in this browser." }
    };
    Ok(Answer::page(format!("Connect to {name}"), body))
}

/// The consent page has sent the browser back.
pub(crate) async fn connected(call: Call) -> Answered {
    let (site, side) = (&call.site, side_of(&call)?);
    let (state, session) = (call.asked("state"), call.session.as_deref().map(digest).unwrap_or_default());
    let begun = site.store.use_consent(&digest(state), &session, site.wall.now())?;
    if begun.as_deref() != Some(slug(side)) {
        let text = "This answer belongs to nothing that you began in this browser within the last ten minutes. Nothing was \
                    done; begin again on the page Connections.";
        return Err(Problem::Forbidden(text.to_owned()));
    }
    let _turn = site.changing.lock().await;
    if let Err(error) = auth::install(&site.settings, side, &call.raw_query, state).await {
        return Err(Problem::Bad(format!("Not connected to {}: {error}", side.name())));
    }
    call.note(&format!("connection to {}", side.name()), "connected", "", "the consent was given in the browser")?;
    site.work.notify_one();
    done(&call, &format!("Connected to {}.", side.name()))
}

pub(crate) async fn subscribe(call: Call) -> Answered {
    let site = &call.site;
    let _turn = site.changing.lock().await;
    let url = format!("{}/webhooks/procore", site.public);
    let report = webhooks::ensure(&site.settings, &url, webhooks::NAMESPACE, false)
        .await
        .map_err(|error| Problem::Bad(error.to_string()))?;
    let (made, repaired, right) = (report.created.len(), report.repaired.len(), report.unchanged.len());
    let text = format!("Subscriptions in Procore: {made} made, {repaired} repaired, {right} as they should be.");
    call.note("webhooks", "made and repaired the subscriptions", "", &text)?;
    if !report.failed.is_empty() {
        let failed: Vec<String> = report.failed.iter().map(|one| format!("{}: {}", one.scope, one.text)).collect();
        return Err(Problem::Bad(format!("{text} Failed: {}", failed.join("; "))));
    }
    done(&call, &text)
}

/// The file for the Web Connector.
pub(crate) async fn qwc(call: Call) -> Answered {
    let site = &call.site;
    let text =
        file::text(&site.settings, &site.public, file::EVERY).map_err(|error| Problem::NotThere(error.to_string()))?;
    Ok(Answer::File { name: "sync.qwc".to_owned(), kind: "application/xml", bytes: text.into_bytes() })
}

fn done(call: &Call, text: &str) -> Answered {
    Ok(Answer::Go(call.site.path(&format!("/connections?done={}", segment(text)))))
}
