//! What the connection stands on: both companies, their tokens, webhooks, users.

use maud::html;
use sync_core::http::TokenStore;

use crate::connect::{PROCORE_TOKENS, QUICKBOOKS_TOKENS};
use crate::console::call::{Answer, Answered, Call};

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let (settings, now) = (&site.settings, site.clock.now());
    let store = settings.token_store()?;
    let mut lives = Vec::new();
    for name in [PROCORE_TOKENS, QUICKBOOKS_TOKENS] {
        lives.push(match store.load(name).await? {
            Some(tokens) if tokens.access_expires_at > now => {
                let minutes = (tokens.access_expires_at - now).num_minutes();
                format!("connected; the access token lives {minutes} minutes more and is renewed by itself")
            }
            Some(_) => "connected; the access token is renewed with the next call".to_owned(),
            None => format!("not connected: run `procore-quickbooks login {name}`"),
        });
    }
    let users = site.store.users()?;
    let is_desktop = settings.desktop.is_some();
    let body = html! {
        h2 { "Procore" }
        dl.facts {
            dt { "Company" } dd { (settings.procore.company) }
            dt { "Environment" } dd { (settings.procore.environment) }
            dt { "Access" } dd { (lives.first().map(String::as_str).unwrap_or_default()) }
            dt { "Webhooks" } dd { @if settings.procore.webhook_authorization.is_empty() { "no authorization is set: deliveries are refused" } @else { "taken at /webhooks/procore" } }
        }
        h2 { "QuickBooks" }
        dl.facts {
            @if is_desktop { dt { "Product" } dd { "QuickBooks Desktop, over the Web Connector" } }
            @else {
                dt { "Company (realm)" } dd { (settings.quickbooks.realm) }
                dt { "Environment" } dd { (settings.quickbooks.environment) }
                dt { "Access" } dd { (lives.get(1).map(String::as_str).unwrap_or_default()) }
                dt { "Webhooks" } dd { @if settings.quickbooks.verifier_token.is_empty() { "no verifier token is set: deliveries are refused" } @else { "taken at /webhooks/quickbooks" } }
            }
        }
        h2 { "Who may sign in" }
        table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } } }
            tbody { @for user in &users { tr { td { (user.name) } td { (user.role.title()) } } } }
        }
        p.muted { "Users are added and removed with " code { "procore-quickbooks users" } "." }
    };
    Ok(Answer::page("Connections", body))
}
