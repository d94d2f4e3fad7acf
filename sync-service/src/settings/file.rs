//! `connection.toml`: everything about a connection but its secrets.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use chrono::NaiveTime;
use serde::Deserialize;
use sync_core::mapping::Fault;
use toml::Spanned;

use crate::Failure;

/// The name of the file.
pub(crate) const CONNECTION: &str = "connection.toml";

/// The faults of the file; nothing of it is used.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Faulty {
    pub(crate) faults: Vec<Fault>,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// The file as its values are used.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) connection: Option<String>,
    pub(super) data: Option<String>,
    pub(super) mapping: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) procore: Procore,
    pub(super) quickbooks: QuickBooks,
    pub(super) desktop: Option<Desktop>,
    pub(super) tokens: Tokens,
    pub(super) serve: Serve,
    pub(super) sign_in: SignIn,
    pub(super) notice: Notice,
}

#[derive(Debug, Default)]
pub(super) struct Procore {
    pub(super) environment: Option<String>,
    pub(super) company: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) redirect_uri: Option<String>,
    pub(super) service_account: Option<bool>,
}

#[derive(Debug, Default)]
pub(super) struct QuickBooks {
    pub(super) environment: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) redirect_uri: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Desktop {
    pub(super) user: Option<String>,
    pub(super) owner_id: Option<String>,
    pub(super) file_id: Option<String>,
    pub(super) path: Option<String>,
    pub(super) odbc: Option<String>,
    pub(super) odbc_tables: Option<String>,
}

/// How the tokens are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sealed {
    #[default]
    No,
    Key,
    Keyring,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tokens {
    pub(super) sealed: Option<Sealed>,
    pub(super) key_file: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Serve {
    pub(super) address: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) poll_minutes: Option<u64>,
    pub(super) reconcile_at: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct SignIn {
    pub(super) issuer: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) claim: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Notice {
    pub(super) url: Option<String>,
    pub(super) at: Option<String>,
}

/// The file as it is written, with the places of what is checked further.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    connection: Option<String>,
    data: Option<String>,
    mapping: Option<String>,
    currency: Text,
    procore: WrittenProcore,
    quickbooks: WrittenQuickBooks,
    desktop: Option<Desktop>,
    tokens: Tokens,
    serve: WrittenServe,
    sign_in: WrittenSignIn,
    notice: WrittenNotice,
}

type Text = Option<Spanned<String>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenProcore {
    environment: Text,
    company: Text,
    client_id: Option<String>,
    redirect_uri: Text,
    service_account: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenQuickBooks {
    environment: Text,
    realm: Text,
    client_id: Option<String>,
    redirect_uri: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenServe {
    address: Text,
    public_url: Text,
    poll_minutes: Option<Spanned<u64>>,
    reconcile_at: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenSignIn {
    issuer: Text,
    client_id: Option<String>,
    claim: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenNotice {
    url: Text,
    at: Text,
}

impl File {
    /// Reads `connection.toml` of a directory.
    pub(super) fn read(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(CONNECTION);
        let text = std::fs::read_to_string(&path).map_err(|e| {
            format!("{}: cannot be read ({e}); `procore-quickbooks init DIR` writes a configuration", path.display())
        })?;
        Ok(Self::parse(&text)?)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Faulty> {
        let mut checks = Checks { text, faults: Vec::new() };
        let written: Written = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                checks.unread(&error);
                return Err(Faulty { faults: checks.faults });
            }
        };
        let Written { procore, quickbooks, serve, sign_in, notice, .. } = written;
        let minutes = serve.poll_minutes.map(|minutes| {
            if *minutes.get_ref() == 0 {
                checks.add(minutes.span().start, "0 minutes between two polls".to_owned(), "give 1 or more");
            }
            minutes.into_inner()
        });
        let file = Self {
            connection: written.connection,
            data: written.data,
            mapping: written.mapping,
            currency: checks.each(written.currency, "a currency such as USD", |text| {
                text.parse::<sync_core::model::Currency>().is_ok()
            }),
            procore: Procore {
                environment: checks.each(
                    procore.environment,
                    "sandbox, monthly, production or the URL of a sandbox",
                    |text| matches!(text, "sandbox" | "monthly" | "production") || is_url(text),
                ),
                company: checks.each(procore.company, "the company's number", is_number),
                client_id: procore.client_id,
                redirect_uri: checks
                    .each(procore.redirect_uri, REDIRECT, |text| is_url(text) || text.starts_with("urn:")),
                service_account: procore.service_account,
            },
            quickbooks: QuickBooks {
                environment: checks.each(
                    quickbooks.environment,
                    "sandbox, production or the URL of a sandbox",
                    |text| matches!(text, "sandbox" | "production") || is_url(text),
                ),
                realm: checks.each(quickbooks.realm, "the company id, a number", is_number),
                client_id: quickbooks.client_id,
                redirect_uri: checks.each(quickbooks.redirect_uri, REDIRECT, is_url),
            },
            desktop: written.desktop,
            tokens: written.tokens,
            serve: Serve {
                address: checks.each(serve.address, "an address such as 127.0.0.1:8585", |text| {
                    text.parse::<SocketAddr>().is_ok()
                }),
                public_url: checks.each(serve.public_url, "an address such as https://sync.example.com", is_url),
                poll_minutes: minutes,
                reconcile_at: checks.each(serve.reconcile_at, "a time of day such as 02:00, or never", |text| {
                    text == "never" || hour(text).is_some()
                }),
            },
            sign_in: SignIn {
                issuer: checks.each(sign_in.issuer, "an https address such as https://login.example.com", |text| {
                    is_url(text) && crate::console::oidc::is_private(text)
                }),
                client_id: sign_in.client_id,
                claim: sign_in.claim,
            },
            notice: Notice {
                url: checks.each(notice.url, "an address such as https://hooks.example.com/sync", is_url),
                at: checks.each(notice.at, "a time of day such as 06:30", |text| hour(text).is_some()),
            },
        };
        if checks.faults.is_empty() { Ok(file) } else { Err(Faulty { faults: checks.faults }) }
    }
}

const REDIRECT: &str = "the address that is registered with the app, e.g. http://localhost:8586/callback";

/// A time of day, `HH:MM`.
pub(super) fn hour(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty()) && matches!(uri.scheme_str(), Some("http" | "https"))
    })
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Collects faults with their places.
struct Checks<'a> {
    text: &'a str,
    faults: Vec<Fault>,
}

impl Checks<'_> {
    /// A value that must be right unless it is left empty.
    fn each(&mut self, value: Text, wanted: &str, is_right: impl Fn(&str) -> bool) -> Option<String> {
        let value = value?;
        let text = value.get_ref().trim();
        if text.is_empty() {
            return None;
        }
        if !is_right(text) {
            self.add(value.span().start, format!("`{text}` is not right here"), &format!("give {wanted}"));
        }
        Some(value.into_inner())
    }

    fn add(&mut self, at: usize, problem: String, fix: &str) {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        self.faults.push(Fault { file: CONNECTION.to_owned(), line, column, problem, fix: fix.to_owned() });
    }

    fn unread(&mut self, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        let is_secret = ["secret", "password", "verifier", "authorization", "token`"].iter().any(|word| {
            message.starts_with("unknown field")
                && message.split('`').nth(1).is_some_and(|field| format!("{field}`").contains(word))
        });
        let fix = if is_secret {
            "secrets are not kept in this file: set the variable that the README names, and remove the line"
        } else {
            "correct it; what is written without a comment sign must be known"
        };
        self.add(at, message, fix);
    }
}
