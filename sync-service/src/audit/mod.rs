//! `audit`: before the first write, read only: what is there, what a sync would do about it, what stands in its way.

mod draft;
mod sections;

use std::path::PathBuf;
use std::process::ExitCode;

use quickbooks_online::wire::{CompanyInfo, Preferences};
use quickbooks_online::{Entity, Query};
use sync_core::connector::Sink;
use sync_core::mapping::Mapping;
use sync_core::plan::Plan;
use sync_core::reconcile::company::{Companies, CompanyReport, reconcile as compare};
use sync_sandboxes::book::Edition;

use crate::Failure;
use crate::reconcile::read::{self, Payments, Sides};

/// What to look at.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// A book (a directory of exports or saved answers) instead of the live connection.
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// The report as one page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The report as Markdown. Without this and --html: on standard output.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// A first draft of the mapping files, to be read by a controller before it is used. The directory must not exist.
    #[arg(long, value_name = "DIR")]
    draft: Option<PathBuf>,
    /// The report as one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Everything that the sections are written from.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) edition: String,
    pub(crate) is_desktop: bool,
    pub(crate) multi_currency: bool,
    pub(crate) class_tracking: bool,
    pub(crate) sides: Sides,
    pub(crate) report: CompanyReport,
    pub(crate) plan: Plan,
    pub(crate) today: chrono::NaiveDate,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let (stage, settings) = crate::plan::connection(args.book.as_deref())?;
    let mapping = Mapping::load(&settings.mapping)?;
    let plan = crate::plan::make(&settings).await?;
    let connection = settings.connect()?;
    let client = connection.sink.client().clone();
    let info = client.query::<CompanyInfo>(&Query::new(Entity::CompanyInfo)).await?.value.into_iter().next();
    let preferences = client.query::<Preferences>(&Query::new(Entity::Preferences)).await?.value.into_iter().next();
    let sides = read::both(&connection, Payments::WherePaid, &|_| {}).await?;
    let report = compare(&Companies {
        connection: &settings.id(),
        documents: &sides.documents,
        payments: &sides.payments,
        books: &sides.books,
        links: &[],
        dead: &[],
        mapping: &mapping,
        capabilities: connection.sink.capabilities(),
        projects: None,
    })?;
    let accounting = preferences.as_ref().and_then(|p| p.accounting.clone());
    let found = Found {
        name: info.as_ref().and_then(|info| info.company_name.clone()).unwrap_or_default(),
        edition: info.as_ref().and_then(|info| info.edition()).unwrap_or("not told").to_owned(),
        is_desktop: stage.as_ref().is_some_and(|stage| stage.book.facts.edition == Edition::Desktop),
        multi_currency: preferences
            .as_ref()
            .and_then(|p| p.currency.as_ref())
            .and_then(|currency| currency.multi_currency_enabled)
            .unwrap_or_default(),
        class_tracking: accounting.and_then(|accounting| accounting.class_tracking_per_line).unwrap_or_default(),
        today: settings.clock().now().date_naive(),
        sides,
        report,
        plan,
    };
    if let Some(dir) = &args.draft {
        draft::write(&found, dir)?;
    }
    let report = sections::report(&found);
    if let Some(path) = &args.html {
        std::fs::write(path, crate::report::html(&report))
            .map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
    }
    if let Some(path) = &args.markdown {
        std::fs::write(path, crate::report::markdown(&report))
            .map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
    }
    if args.json {
        println!("{}", crate::report::json(&report));
    } else if args.html.is_none() && args.markdown.is_none() {
        print!("{}", crate::report::markdown(&report));
    }
    Ok(ExitCode::SUCCESS)
}
