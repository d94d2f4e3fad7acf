//! `mapping history` and `mapping restore`.

use std::process::ExitCode;

use sync_core::journal::Journal;
use sync_core::mapping::{Mapping, history};

use crate::Failure;
use crate::settings;
use crate::site::table;

pub(super) async fn list(json: bool) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    let journal = settings.journal()?;
    let versions = history::versions(&journal, &settings.id()).await?;
    let links = journal.links(&settings.id()).await?;
    let made = |version: &str| links.iter().filter(|link| link.mapping == version).count();
    if json {
        let list: Vec<_> = versions
            .iter()
            .map(|v| serde_json::json!({ "version": v.version, "since": v.since, "transactions": made(&v.version) }))
            .collect();
        println!("{}", serde_json::json!({ "versions": list }));
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(&["version", "in use since", "transactions made by it"]);
    for v in &versions {
        let since = v.since.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        table.add_row([v.version.clone(), since, made(&v.version).to_string()]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(version: &str, json: bool) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    let journal = settings.journal()?;
    let mut versions: Vec<String> =
        history::versions(&journal, &settings.id()).await?.into_iter().map(|v| v.version).collect();
    versions.sort();
    versions.dedup();
    let found: Vec<&String> = versions.iter().filter(|known| known.starts_with(version)).collect();
    let [found] = found.as_slice() else {
        let what = if found.is_empty() { "was never in use" } else { "fits several versions" };
        return Err(format!("`{version}` {what}; `mapping history` lists them").into());
    };
    let files = history::files(&journal, &settings.id(), found).await?;
    let files = files.ok_or_else(|| format!("the journal no longer has the files of {found}"))?;
    // What an older program took may be a fault today: then nothing is written.
    Mapping::compile(files.clone())?;
    files.write_to(&settings.mapping)?;
    if json {
        println!("{}", serde_json::json!({ "restored": found, "mapping": settings.mapping }));
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} holds version {found} again; the next sync uses it.", settings.mapping.display());
    Ok(ExitCode::SUCCESS)
}
