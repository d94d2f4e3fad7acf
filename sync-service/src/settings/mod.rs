//! What a connection and the service need to know: from a configuration directory, from environment variables, or from
//! both, in which case the variable wins. Secrets come from variables, or from files that variables name.

mod file;
pub(crate) mod init;
mod reader;
mod secrets_env;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::NaiveTime;
use quickbooks_desktop::web_connector::Password;
use sync_core::clock::{Random, SeededRandom};
use sync_core::mapping::Fault;

pub(crate) use self::file::{CONNECTION, Faulty};
use self::file::{Desktop, File, Procore, QuickBooks, SignIn};
use self::reader::Reader;
use crate::Failure;
use crate::connect::{ConnectionSettings, ProcoreSettings, QuickBooksSettings, Sealing};
use crate::console::oidc::{OidcSettings, is_private};
use crate::desktop::{DesktopSettings, OdbcSettings};

/// Everything that the program is told.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connection: ConnectionSettings,
    pub(crate) serve: ServeSettings,
    /// The configuration directory, where there is one.
    pub(crate) dir: Option<PathBuf>,
}

/// How the service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    /// Where it listens. TLS stands in front of it.
    pub(crate) address: SocketAddr,
    /// How people and vendors reach it, e.g. `https://sync.example.com`; empty where nobody does from outside.
    pub(crate) public_url: String,
    /// Minutes between two questions to both sides for what changed.
    pub(crate) poll_minutes: u64,
    /// When both sides are compared each night, in UTC; none: never by itself.
    pub(crate) reconcile_at: Option<NaiveTime>,
    /// Where a notice of what waits goes once a day; empty: nowhere.
    pub(crate) notice_url: String,
    /// When, in UTC.
    pub(crate) notice_at: NaiveTime,
}

impl ServeSettings {
    /// How it is reached: from outside, or else on this machine.
    pub(crate) fn reached_at(&self) -> String {
        match self.public_url.as_str() {
            "" => format!("http://localhost:{}", self.address.port()),
            url => url.to_owned(),
        }
    }
}

/// The directory that `--config` names, for the whole process.
static DIRECTORY: OnceLock<Option<PathBuf>> = OnceLock::new();

/// The files of a configuration directory besides the mapping's.
pub(crate) const FILES: [&str; 2] = [CONNECTION, secrets_env::SECRETS];

/// Says where the configuration is; the first word counts.
pub(crate) fn use_directory(dir: Option<PathBuf>) {
    let _ = DIRECTORY.set(dir);
}

/// The configuration directory of this process, if one was named.
pub(crate) fn directory() -> Option<&'static Path> {
    DIRECTORY.get().and_then(|dir| dir.as_deref())
}

/// The connection as it is configured now.
pub(crate) fn current() -> Result<ConnectionSettings, Failure> {
    Ok(all()?.connection)
}

/// A secret of the environment, or of `secrets.env`.
pub(crate) fn secret(name: &str) -> Result<Option<String>, Failure> {
    let secrets = directory().map(secrets_env::read).transpose()?.unwrap_or_default();
    Reader::new(&|name| std::env::var(name).ok().or_else(|| secrets.get(name).cloned())).secret(name)
}

/// Everything as it is configured now.
pub(crate) fn all() -> Result<Settings, Failure> {
    load(directory(), &|name| std::env::var(name).ok())
}

/// Reads a configuration directory, or none, under the variables that `variable` gives.
///
/// # Errors
/// [`Faulty`] with every fault of the file; otherwise all that is missing, named at once.
pub(crate) fn load(dir: Option<&Path>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Failure> {
    let (settings, missing) = read(dir, variable)?;
    if missing.is_empty() {
        return Ok(settings);
    }
    Err(format!("still to be set: {}; the README says where they come from", missing.join(", ")).into())
}

/// The faults of a configuration directory, and what is still to be set. The mapping is not looked at.
pub(crate) fn check(
    dir: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Settings, Vec<String>), Vec<Fault>> {
    match read(Some(dir), variable) {
        Ok(read) => Ok(read),
        Err(error) => Err(match error.downcast::<Faulty>() {
            Ok(faulty) => faulty.faults,
            Err(error) => vec![Fault {
                file: CONNECTION.to_owned(),
                line: 0,
                column: 0,
                problem: error.to_string(),
                fix: "correct it and check again".to_owned(),
            }],
        }),
    }
}

fn read(dir: Option<&Path>, variable: &dyn Fn(&str) -> Option<String>) -> Result<(Settings, Vec<String>), Failure> {
    let (file, secrets) = match dir {
        Some(dir) => (File::read(dir)?, secrets_env::read(dir)?),
        None => (File::default(), HashMap::new()),
    };
    let variable = |name: &str| {
        let set = variable(name).filter(|value| !value.trim().is_empty());
        set.or_else(|| secrets.get(name).cloned())
    };
    let mut reader = Reader::new(&variable);
    let inside = |path: PathBuf| dir.map_or_else(|| path.clone(), |dir| dir.join(&path));
    let path = |named: Option<String>, given: Option<String>, default: (&str, &str)| match (named, given, dir) {
        (Some(variable), _, _) => PathBuf::from(variable),
        (None, Some(given), _) => inside(given.into()),
        (None, None, Some(_)) => inside(default.0.into()),
        (None, None, None) => PathBuf::from(default.1),
    };
    let data = path(reader.variable("SYNC_DIR"), file.data, ("data", "procore-quickbooks-data"));
    let mapping = path(reader.variable("SYNC_MAPPING"), file.mapping, ("mapping", "mapping"));
    let address = reader.optional("SYNC_ADDRESS", file.serve.address, "");
    let serve = ServeSettings {
        address: match address.as_str() {
            "" => SocketAddr::from((Ipv4Addr::LOCALHOST, 8585)),
            text => text.parse().map_err(|_| format!("SYNC_ADDRESS: `{text}` is no address such as 127.0.0.1:8585"))?,
        },
        public_url: reader.optional("SYNC_PUBLIC_URL", file.serve.public_url, "").trim_end_matches('/').to_owned(),
        poll_minutes: file.serve.poll_minutes.unwrap_or(5).max(1),
        reconcile_at: match file.serve.reconcile_at.as_deref() {
            None => file::hour("02:00"),
            Some("never") => None,
            Some(text) => file::hour(text),
        },
        notice_url: reader.secret("SYNC_NOTICE_URL")?.or(file.notice.url).unwrap_or_default(),
        notice_at: file.notice.at.as_deref().and_then(file::hour).unwrap_or_default(),
    };
    let desktop = file.desktop.map(|of| desktop(&mut reader, of)).transpose()?;
    let name = reader.optional("SYNC_CONNECTION", file.connection, "main");
    let connection = ConnectionSettings {
        connection: name.clone(),
        dir: data,
        mapping,
        currency: reader.optional("SYNC_CURRENCY", file.currency, "USD").parse()?,
        procore: procore(&mut reader, file.procore)?,
        quickbooks: quickbooks(&mut reader, file.quickbooks, desktop.is_none())?,
        desktop,
        sign_in: sign_in(&mut reader, file.sign_in)?,
        sealing: match (file.tokens.sealed.unwrap_or_default(), file.tokens.key_file) {
            (file::Sealed::No, _) => Sealing::None,
            (file::Sealed::Key, Some(path)) => Sealing::KeyFile(inside(path.into())),
            (file::Sealed::Key, None) => Sealing::Environment,
            (file::Sealed::Keyring, _) => Sealing::Keyring(name),
        },
        scaled_clock: None,
    };
    Ok((Settings { connection, serve, dir: dir.map(Path::to_owned) }, reader.missing))
}

fn procore(reader: &mut Reader<'_>, of: Procore) -> Result<ProcoreSettings, Failure> {
    Ok(ProcoreSettings {
        environment: reader.optional("PROCORE_ENVIRONMENT", of.environment, "sandbox"),
        company: reader.required("PROCORE_COMPANY_ID", "procore.company", of.company),
        client_id: reader.required("PROCORE_CLIENT_ID", "procore.client_id", of.client_id),
        client_secret: reader.required_secret("PROCORE_CLIENT_SECRET")?,
        redirect_uri: reader.optional("PROCORE_REDIRECT_URI", of.redirect_uri, "http://localhost"),
        service_account: match reader.variable("PROCORE_SERVICE_ACCOUNT") {
            Some(text) => text == "yes",
            None => of.service_account.unwrap_or_default(),
        },
        webhook_authorization: reader.secret("PROCORE_WEBHOOK_AUTHORIZATION")?.unwrap_or_default(),
    })
}

fn quickbooks(reader: &mut Reader<'_>, of: QuickBooks, is_used: bool) -> Result<QuickBooksSettings, Failure> {
    let given = if is_used { 0 } else { reader.missing.len() };
    let mut settings = QuickBooksSettings {
        environment: reader.optional("QUICKBOOKS_ENVIRONMENT", of.environment, "sandbox"),
        realm: reader.required("QUICKBOOKS_REALM_ID", "quickbooks.realm", of.realm),
        client_id: reader.required("QUICKBOOKS_CLIENT_ID", "quickbooks.client_id", of.client_id),
        client_secret: reader.required_secret("QUICKBOOKS_CLIENT_SECRET")?,
        redirect_uri: reader.optional("QUICKBOOKS_REDIRECT_URI", of.redirect_uri, "http://localhost"),
        verifier_token: reader.secret("QUICKBOOKS_VERIFIER_TOKEN")?.unwrap_or_default(),
    };
    if !is_used {
        // Nobody asks QuickBooks Online where the company is in QuickBooks Desktop.
        reader.missing.truncate(given);
        settings.realm.clear();
    }
    Ok(settings)
}

/// Names of users are e-mail addresses, where nothing else is said.
const CLAIM: &str = "email";

fn sign_in(reader: &mut Reader<'_>, of: SignIn) -> Result<Option<OidcSettings>, Failure> {
    let issuer = reader.optional("OIDC_ISSUER", of.issuer, "");
    if issuer.is_empty() {
        return Ok(None);
    }
    if !is_private(&issuer) {
        return Err(format!("sign_in.issuer: {issuer} is not an https address").into());
    }
    Ok(Some(OidcSettings {
        issuer,
        client_id: reader.required("OIDC_CLIENT_ID", "sign_in.client_id", of.client_id),
        client_secret: reader.secret("OIDC_CLIENT_SECRET")?.unwrap_or_default(),
        claim: reader.optional("OIDC_CLAIM", of.claim, CLAIM),
    }))
}

fn desktop(reader: &mut Reader<'_>, of: Desktop) -> Result<DesktopSettings, Failure> {
    let password = reader.required_secret("QUICKBOOKS_DESKTOP_PASSWORD")?;
    let password = match password.parse::<Password>() {
        Ok(digest) => digest,
        // Only this process knows the digest, so it needs no slowing down.
        Err(_) => {
            let random = SeededRandom::from_entropy();
            let salt = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
            Password::with_rounds(&password, &salt.to_be_bytes(), 1000)
        }
    };
    Ok(DesktopSettings {
        user: reader.required("QUICKBOOKS_DESKTOP_USER", "desktop.user", of.user),
        password: password.to_string(),
        owner_id: reader.required("QUICKBOOKS_DESKTOP_OWNER_ID", "desktop.owner_id", of.owner_id),
        file_id: reader.required("QUICKBOOKS_DESKTOP_FILE_ID", "desktop.file_id", of.file_id),
        path: of.path.unwrap_or_default(),
        odbc: match (reader.secret("QUICKBOOKS_ODBC")?.or(of.odbc), of.odbc_tables) {
            (Some(connection), tables) => {
                Some(OdbcSettings { connection, tables: tables.unwrap_or_else(|| "qodbc".to_owned()) })
            }
            (None, _) => None,
        },
        patience_ms: 4000,
        lease_s: 3600,
    })
}
