//! `webhooks`: makes and repairs the subscriptions in Procore.

use std::process::ExitCode;

use procore_client::webhook::hooks::{Hooks, Report, Scope};
use sync_core::http::Secret;

use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::settings;

/// Names the subscriptions of this program.
pub(crate) const NAMESPACE: &str = "procore-quickbooks";

/// Where Procore delivers to.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The public address of `serve`, e.g. `https://sync.example.com/webhooks/procore`.
    url: String,
    /// Names the subscriptions of this program; those of other names are never touched.
    #[arg(long, default_value = NAMESPACE)]
    namespace: String,
    /// Send the `Authorization` header to every subscription again: after it was changed.
    #[arg(long)]
    renew: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let report = ensure(&settings::current()?, &args.url, &args.namespace, args.renew).await?;
    if args.json {
        println!("{}", json(&report));
    } else {
        for (scopes, what) in
            [(&report.created, "subscribed"), (&report.repaired, "repaired"), (&report.unchanged, "as it should be")]
        {
            scopes.iter().for_each(|scope| println!("{scope}: {what}"));
        }
        report.failed.iter().for_each(|failure| println!("{}: failed: {}", failure.scope, failure.text));
        println!(
            "QuickBooks: enter the address that ends in /webhooks/quickbooks on the app's Webhooks page at Intuit."
        );
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes and repairs them.
///
/// # Errors
/// If Procore does not deliver to the address, or cannot be asked for its projects.
pub(crate) async fn ensure(
    settings: &ConnectionSettings,
    url: &str,
    namespace: &str,
    renew: bool,
) -> Result<Report, Failure> {
    let source = settings.procore_source()?;
    let authorization = Secret::new(settings.procore.webhook_authorization.clone());
    let mut hooks = Hooks::new(source.procore().clone(), namespace.to_owned(), url.to_owned(), authorization)?;
    if renew {
        hooks = hooks.with_new_authorization();
    }
    Ok(hooks.ensure(&source.active().await?).await)
}

fn json(report: &Report) -> serde_json::Value {
    let names = |scopes: &[Scope]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|failure| serde_json::json!({ "scope": failure.scope.to_string(), "text": failure.text }))
        .collect();
    serde_json::json!({
        "created": names(&report.created), "repaired": names(&report.repaired),
        "unchanged": names(&report.unchanged), "failed": failed,
    })
}
