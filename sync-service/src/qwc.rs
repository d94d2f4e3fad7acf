//! `qwc`: the file by which a person adds the service to the QuickBooks Web Connector.

use std::path::PathBuf;
use std::process::ExitCode;

use quickbooks_desktop::qbxml::Guid;
use quickbooks_desktop::web_connector::{Qwc, qwc};

use crate::connect::ConnectionSettings;
use crate::desktop::PATH;
use crate::{Failure, settings};

/// Minutes between two visits of the Web Connector.
pub(crate) const EVERY: u32 = 15;

/// Where to write.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks qwc --out sync.qwc

Open the file on the machine with QuickBooks, in the Web Connector, with the company file open and the Admin user signed
in; then type the password of secrets.env. The password is not in the file.

Exit status: 0 written, 1 something is not configured.")]
pub(crate) struct Args {
    /// The file; without it, standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Minutes between two visits.
    #[arg(long, default_value_t = EVERY, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = settings::all()?;
    let text = text(&settings.connection, &settings.serve.reached_at(), args.every)?;
    match (&args.out, args.json) {
        (Some(path), json) => {
            std::fs::write(path, text).map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
            if json {
                println!("{}", serde_json::json!({ "file": path }));
            } else {
                println!("{}: open it in the Web Connector.", path.display());
            }
        }
        (None, true) => println!("{}", serde_json::json!({ "qwc": text })),
        (None, false) => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of the file. `url` is how the service is reached.
pub(crate) fn text(settings: &ConnectionSettings, url: &str, every_minutes: u32) -> Result<String, Failure> {
    let Some(desktop) = &settings.desktop else {
        return Err(
            "this connection is for QuickBooks Online; [desktop] in connection.toml makes it one for Desktop".into()
        );
    };
    Ok(qwc(&Qwc {
        app_name: format!("Procore sync {}", settings.connection),
        description: "Commitments and pay apps of Procore become bills".to_owned(),
        app_url: format!("{url}{PATH}"),
        support_url: format!("{url}/healthz"),
        user: desktop.user.clone(),
        owner_id: Guid::new(desktop.owner_id.clone())?,
        file_id: Guid::new(desktop.file_id.clone())?,
        every_minutes,
    })?)
}
