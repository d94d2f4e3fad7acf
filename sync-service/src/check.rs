//! `check`: are the mapping files right, and do their names stand for something?

use std::path::Path;
use std::process::ExitCode;

use sync_core::connector::{Capabilities, Directory, Sink};
use sync_core::mapping::{Faults, Mapping, Names};

use crate::Failure;
use crate::site::{Site, Where, existing};

pub(crate) async fn run(dir: &Path, live: bool, at: &Where, json: bool) -> Result<ExitCode, Failure> {
    existing(dir)?;
    let checked = match Mapping::load(dir) {
        Ok(mapping) => verify(&mapping, live, at).await?.map(|()| mapping),
        Err(faults) => Err(faults),
    };
    match checked {
        Ok(mapping) => {
            if json {
                println!("{}", serde_json::json!({ "version": mapping.version(), "faults": [] }));
            } else {
                let rows = mapping.coding_rows().count();
                println!("The mapping is right: version {}, {rows} coding rows.", mapping.version());
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            print(&faults, json);
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
