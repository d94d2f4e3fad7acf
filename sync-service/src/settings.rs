//! Settings of a connection from the environment, all that is missing named at once.

use crate::Failure;
use crate::connect::{ConnectionSettings, ProcoreSettings, QuickBooksSettings};

/// Reads the settings of a connection from environment variables.
pub(crate) fn from_environment() -> Result<ConnectionSettings, Failure> {
    let mut missing = Vec::new();
    let mut required = |name: &'static str| match std::env::var(name) {
        Ok(value) if !value.trim().is_empty() => value.trim().to_owned(),
        _ => {
            missing.push(name);
            String::new()
        }
    };
    let optional = |name: &str, default: &str| match std::env::var(name) {
        Ok(value) if !value.trim().is_empty() => value.trim().to_owned(),
        _ => default.to_owned(),
    };
    let procore = ProcoreSettings {
        environment: optional("PROCORE_ENVIRONMENT", "sandbox"),
        company: required("PROCORE_COMPANY_ID"),
        client_id: required("PROCORE_CLIENT_ID"),
        client_secret: required("PROCORE_CLIENT_SECRET"),
        redirect_uri: optional("PROCORE_REDIRECT_URI", "http://localhost"),
        service_account: optional("PROCORE_SERVICE_ACCOUNT", "no") == "yes",
        webhook_authorization: optional("PROCORE_WEBHOOK_AUTHORIZATION", ""),
    };
    let quickbooks = QuickBooksSettings {
        environment: optional("QUICKBOOKS_ENVIRONMENT", "sandbox"),
        realm: required("QUICKBOOKS_REALM_ID"),
        client_id: required("QUICKBOOKS_CLIENT_ID"),
        client_secret: required("QUICKBOOKS_CLIENT_SECRET"),
        redirect_uri: optional("QUICKBOOKS_REDIRECT_URI", "http://localhost"),
        verifier_token: optional("QUICKBOOKS_VERIFIER_TOKEN", ""),
    };
    if !missing.is_empty() {
        return Err(format!(
            "these variables are not set: {}; the README says where they come from",
            missing.join(", ")
        )
        .into());
    }
    Ok(ConnectionSettings {
        connection: optional("SYNC_CONNECTION", "main"),
        dir: optional("SYNC_DIR", "procore-quickbooks-data").into(),
        mapping: optional("SYNC_MAPPING", "mapping").into(),
        currency: optional("SYNC_CURRENCY", "USD").parse()?,
        procore,
        quickbooks,
        desktop: None,
        scaled_clock: None,
    })
}
