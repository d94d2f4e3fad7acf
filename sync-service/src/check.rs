//! `check`: are the mapping files right, and do their names stand for something?

use std::path::Path;
use std::process::ExitCode;

use sync_core::connector::{Capabilities, Directory, Sink};
use sync_core::mapping::{Faults, Mapping, Names};

use crate::Failure;
use crate::settings;
use crate::site::{Site, Where, existing};

pub(crate) async fn run(dir: Option<&Path>, live: bool, at: &Where, json: bool) -> Result<ExitCode, Failure> {
    let dir = match (dir, settings::directory()) {
        (Some(dir), _) | (None, Some(dir)) => existing(dir)?,
        (None, None) => return Err("name a mapping directory, or a configuration directory with --config".into()),
    };
    let (mapping_dir, unset, mut faults) = match dir.join(settings::CONNECTION).exists() {
        true => match settings::check(dir, &|name| std::env::var(name).ok()) {
            Ok((settings, unset)) => (settings.connection.mapping, Some(unset), Vec::new()),
            Err(faults) => (dir.join("mapping"), None, faults),
        },
        false => (dir.to_owned(), None, Vec::new()),
    };
    let checked = match Mapping::load(&mapping_dir) {
        Ok(mapping) => verify(&mapping, live, at).await?.map(|()| mapping),
        Err(faults) => Err(faults),
    };
    match checked {
        Ok(mapping) if faults.is_empty() => {
            if json {
                println!("{}", serde_json::json!({ "version": mapping.version(), "faults": [], "unset": unset }));
            } else {
                let rows = mapping.coding_rows().count();
                println!("The mapping is right: version {}, {rows} coding rows.", mapping.version());
                match unset.as_deref() {
                    None => {}
                    Some([]) => println!("The configuration is right and complete."),
                    Some(unset) => println!("The configuration is right. Still to be set: {}.", unset.join(", ")),
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        right_or_not => {
            if !json && !faults.is_empty() {
                println!("the configuration has {} to be corrected:", faults.len());
                faults.drain(..).for_each(|fault| println!("  {fault}"));
            }
            faults.extend(right_or_not.err().into_iter().flat_map(|more| more.0));
            if !faults.is_empty() {
                print(&Faults(faults), json);
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Against the lists of the company where they can be asked for; always against what the connector takes.
async fn verify(mapping: &Mapping, live: bool, at: &Where) -> Result<Result<(), Faults>, Failure> {
    if !live && at.book.is_none() {
        let directory = Directory::Open;
        let capabilities =
            Capabilities { name: "QuickBooks Online", fields: quickbooks_online::FIELDS, ..Capabilities::default() };
        return Ok(mapping.verify(&Names::new(&directory), &capabilities));
    }
    let site = Site::open(at)?;
    let directory = site.directory().await?;
    Ok(mapping.verify(&Names::new(&directory), site.connection.sink.capabilities()))
}

pub(crate) fn print(faults: &Faults, json: bool) {
    if !json {
        return println!("{faults}");
    }
    let list: Vec<_> = faults
        .0
        .iter()
        .map(|f| {
            serde_json::json!({
                "file": f.file, "line": f.line, "column": f.column, "problem": f.problem, "fix": f.fix
            })
        })
        .collect();
    println!("{}", serde_json::json!({ "version": null, "faults": list }));
}
