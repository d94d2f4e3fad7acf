//! `login`: a person's consent, exchanged for tokens that `sync` uses.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;

use sync_core::clock::{Random, SeededRandom};
use sync_core::http::{Secret, TokenManager};

use quickbooks_online::SCOPE_ACCOUNTING;

use crate::Failure;
use crate::connect::{PROCORE_TOKENS, QUICKBOOKS_TOKENS};
use crate::settings;

/// The side to connect to.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Side {
    /// Procore
    Procore,
    /// QuickBooks Online
    Quickbooks,
}

pub(crate) async fn run(side: Side) -> Result<ExitCode, Failure> {
    let settings = settings::from_environment()?;
    let state = format!("{:016x}", SeededRandom::from_entropy().next_u64());
    let transport = settings.transport()?;
    let store = Arc::new(settings.token_store()?);
    if settings.procore.service_account && matches!(side, Side::Procore) {
        println!("A service account needs no consent: `sync` gets its tokens by itself.");
        return Ok(ExitCode::SUCCESS);
    }
    let url = match side {
        Side::Procore => procore_client::auth::authorize_url(
            &settings.procore_environment(),
            &settings.procore.client_id,
            &settings.procore.redirect_uri,
            &state,
        ),
        Side::Quickbooks => settings.quickbooks_login(transport.clone())?.authorize_url(&[SCOPE_ACCOUNTING], &state),
    };
    println!("Open this address, allow the access, and paste the address of the page that follows:\n\n{url}\n");
    print!("> ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    let query = answer.trim().split_once('?').map_or("", |(_, query)| query);
    let (name, tokens, endpoint): (_, _, Arc<dyn sync_core::http::TokenEndpoint>) = match side {
        Side::Procore => {
            let login = settings.procore_login(transport)?;
            let code = Secret::new(code_of(query, &state)?);
            let tokens = login.exchange_code(&code, &settings.procore.redirect_uri).await?;
            (PROCORE_TOKENS, tokens, Arc::new(login))
        }
        Side::Quickbooks => {
            let login = settings.quickbooks_login(transport)?;
            let consent = login.consent(query, &state)?;
            if consent.realm != settings.quickbooks.realm {
                return Err(format!(
                    "the consent is for the company {}, but QUICKBOOKS_REALM_ID is {}",
                    consent.realm, settings.quickbooks.realm
                )
                .into());
            }
            let tokens = login.exchange(&consent).await?;
            (QUICKBOOKS_TOKENS, tokens, Arc::new(login))
        }
    };
    TokenManager::new(name, store, endpoint, settings.clock()).install(tokens).await?;
    println!("Connected. The tokens are in {}.", settings.dir.join("tokens").display());
    Ok(ExitCode::SUCCESS)
}

/// The code in the query of the page after consent; the state must be ours.
fn code_of(query: &str, state: &str) -> Result<String, Failure> {
    let value = |name: &str| {
        query.split(['&', '#']).find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, v)| v)
    };
    if value("state") != Some(state) {
        return Err("the address belongs to another login; start again and use the newest page".into());
    }
    match value("code") {
        Some(code) if !code.is_empty() => Ok(code.to_owned()),
        _ => Err("the address holds no code: access was not allowed; start again".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_taken_only_from_our_own_login() {
        assert_eq!(code_of("code=abc&state=77&realmId=9", "77").unwrap(), "abc");
        assert!(code_of("code=abc&state=78", "77").is_err());
        assert!(code_of("error=access_denied&state=77", "77").is_err());
        assert!(code_of("", "77").is_err());
    }
}
