//! `auth`: a person's consent, exchanged for the tokens that everything else uses.
//!
//! The state in the address is compared when the browser comes back, so that nobody slips in another's consent (RFC 6749
//! section 10.12). Neither vendor documents PKCE (RFC 7636) for such apps, so it is not sent; the client secret, which
//! never leaves this machine, is what binds the code.

mod callback;

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use quickbooks_online::SCOPE_ACCOUNTING;
use sync_core::clock::{Random, SeededRandom};
use sync_core::http::{Secret, TokenEndpoint, TokenManager, TokenSet};

use self::callback::Callback;
use crate::connect::{ConnectionSettings, PROCORE_TOKENS, QUICKBOOKS_TOKENS};
use crate::{Failure, settings, tokens};

/// How long a person has to consent.
const PATIENCE: Duration = Duration::from_secs(600);

/// What to connect to, and how.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks auth procore
  procore-quickbooks auth quickbooks --print-url
  procore-quickbooks auth quickbooks --listen 127.0.0.1:8586

Where the redirect address is on localhost with a port, the answer is taken there by itself. Behind a proxy, --listen says
where it arrives. Otherwise paste the address of the page that you land on.

Exit status: 0 connected, 1 not.")]
pub(crate) struct Args {
    /// Which side.
    side: Side,
    /// Only print the address to visit; open no browser.
    #[arg(long)]
    print_url: bool,
    /// Take the answer of the consent page at this address, whatever the redirect address is.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// One JSON object at the end instead of text.
    #[arg(long)]
    json: bool,
}

/// The side to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    /// Procore
    Procore,
    /// QuickBooks Online
    Quickbooks,
}

impl Side {
    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Procore => "Procore",
            Self::Quickbooks => "QuickBooks",
        }
    }

    /// Where the consent page of this side sends the browser back to.
    pub(crate) fn redirect(self, settings: &ConnectionSettings) -> &str {
        match self {
            Self::Procore => &settings.procore.redirect_uri,
            Self::Quickbooks => &settings.quickbooks.redirect_uri,
        }
    }
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    if settings.procore.service_account && args.side == Side::Procore {
        println!("A service account needs no consent: its tokens are asked for as they are needed.");
        return Ok(ExitCode::SUCCESS);
    }
    if settings.desktop.is_some() && args.side == Side::Quickbooks {
        return Err("QuickBooks Desktop needs no consent: `qwc` writes the file for its Web Connector".into());
    }
    let random = SeededRandom::from_entropy();
    let state = format!("{:016x}{:016x}", random.next_u64(), random.next_u64());
    let url = address(&settings, args.side, &state)?;
    let redirect = args.side.redirect(&settings);
    let callback = match args.listen.map_or_else(|| callback::of_redirect(redirect), |address| Ok(Some(address)))? {
        Some(address) => Some(Callback::listen(address, &state).await?),
        None => None,
    };
    eprintln!("Open this address and allow the access:\n\n{url}\n");
    if !args.print_url {
        browse(&url);
    }
    match callback {
        Some(mut callback) => {
            eprintln!("The answer is taken at http://{}.", callback.address);
            let query = tokio::time::timeout(PATIENCE, callback.answer())
                .await
                .map_err(|_| "nobody has allowed the access within ten minutes; start again")??;
            let installed = install(&settings, args.side, &query, &state).await;
            callback.tell(installed.as_ref().err().map(ToString::to_string)).await;
            installed?;
        }
        None => {
            eprint!("Paste the address of the page that follows:\n> ");
            std::io::stderr().flush()?;
            let mut pasted = String::new();
            std::io::stdin().lock().read_line(&mut pasted)?;
            let query = pasted.trim().split_once('?').map_or("", |(_, query)| query);
            install(&settings, args.side, query, &state).await?;
        }
    }
    let name = args.side.name();
    let life = tokens::lives(&settings).await?.into_iter().find(|life| life.side == name);
    if args.json {
        println!("{}", serde_json::json!({ "connected": name, "token": life }));
    } else {
        println!("Connected to {name}: {}.", life.map(|life| life.text).unwrap_or_default());
    }
    Ok(ExitCode::SUCCESS)
}

/// The page on which a person consents.
pub(crate) fn address(settings: &ConnectionSettings, side: Side, state: &str) -> Result<String, Failure> {
    Ok(match side {
        Side::Procore => procore_client::auth::authorize_url(
            &settings.procore_environment(),
            &settings.procore.client_id,
            &settings.procore.redirect_uri,
            state,
        ),
        Side::Quickbooks => settings.quickbooks_login(settings.transport()?)?.authorize_url(&[SCOPE_ACCOUNTING], state),
    })
}

/// Exchanges what the consent page handed back, and keeps the tokens.
///
/// # Errors
/// If the state is another one, the consent is for another company, or the vendor refuses the code.
pub(crate) async fn install(
    settings: &ConnectionSettings,
    side: Side,
    query: &str,
    state: &str,
) -> Result<(), Failure> {
    let transport = settings.transport()?;
    let (name, tokens, endpoint): (&str, TokenSet, Arc<dyn TokenEndpoint>) = match side {
        Side::Procore => {
            let login = settings.procore_login(transport)?;
            let code = Secret::new(code_of(query, state)?);
            let tokens = login.exchange_code(&code, &settings.procore.redirect_uri).await?;
            (PROCORE_TOKENS, tokens, Arc::new(login))
        }
        Side::Quickbooks => {
            let login = settings.quickbooks_login(transport)?;
            let consent = login.consent(query, state)?;
            if consent.realm != settings.quickbooks.realm {
                return Err(format!(
                    "the consent is for the company {}, but this connection is for {}",
                    consent.realm, settings.quickbooks.realm
                )
                .into());
            }
            let tokens = login.exchange(&consent).await?;
            (QUICKBOOKS_TOKENS, tokens, Arc::new(login))
        }
    };
    Ok(TokenManager::new(name, settings.token_store()?, endpoint, settings.clock()).install(tokens).await?)
}

/// The code in the query of the page after consent; the state must be ours.
fn code_of(query: &str, state: &str) -> Result<String, Failure> {
    if !callback::is_ours(query, state) {
        return Err("the address belongs to another login; start again and use the newest page".into());
    }
    match callback::value(query, "code") {
        Some(code) if !code.is_empty() => Ok(code),
        _ => Err("the address holds no code: access was not allowed; start again".into()),
    }
}

/// Opens the person's browser where there is one; the address was printed in any case.
fn browse(url: &str) {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let quiet = std::process::Stdio::null;
    let _ =
        std::process::Command::new(program).args(first).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_taken_only_from_our_own_login() {
        assert_eq!(code_of("code=abc&state=77&realmId=9", "77").unwrap(), "abc");
        assert_eq!(code_of("code=a%2Fb%3D&state=77", "77").unwrap(), "a/b=", "as it was before it became an address");
        assert!(code_of("code=abc&state=78", "77").is_err());
        assert!(code_of("error=access_denied&state=77", "77").is_err());
        assert!(code_of("", "77").is_err());
    }
}
