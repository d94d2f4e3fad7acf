//! Webhook intake: verified before parsed, stored before answered.

use std::sync::Arc;

use axum::Router;
use procore_client::webhook::{self as procore, Webhook};
use quickbooks_online::webhook::{self as quickbooks, Verifier};
use sync_core::connector::Inbox;
use sync_core::http::Secret;

use crate::Failure;
use crate::connect::ConnectionSettings;

/// `POST /webhooks/procore` and `POST /webhooks/quickbooks`, each only where its secret is set: without one, anybody could
/// send events.
pub(crate) fn router(settings: &ConnectionSettings, inbox: &Arc<dyn Inbox>) -> Result<Router, Failure> {
    let mut router = Router::new();
    if !settings.procore.webhook_authorization.is_empty() {
        let authorization = Secret::new(settings.procore.webhook_authorization.clone());
        let webhook = Webhook::new(authorization, settings.procore.company.clone())?
            .with_application(settings.procore.client_id.clone());
        let receiver = procore::Receiver::new(webhook, inbox.clone());
        router = router.route("/webhooks/procore", procore::handler(receiver));
    }
    if !settings.quickbooks.verifier_token.is_empty() {
        let verifier = Verifier::new(Secret::new(settings.quickbooks.verifier_token.clone()));
        let realm = settings.quickbooks.realm.clone();
        let receiver = quickbooks::Receiver::new(verifier).with_company(realm, inbox.clone());
        router = router.route("/webhooks/quickbooks", quickbooks::handler(receiver));
    }
    Ok(router)
}
