//! `check`: are the mapping files right?

use std::path::Path;
use std::process::ExitCode;

use sync_core::mapping::Mapping;

use crate::Failure;

pub(crate) fn run(dir: &Path, json: bool) -> Result<ExitCode, Failure> {
    if !dir.is_dir() {
        return Err(format!("{}: no such directory; give the directory of the mapping files", dir.display()).into());
    }
    match Mapping::load(dir) {
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
            if json {
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
            } else {
                println!("{faults}");
            }
            Ok(ExitCode::FAILURE)
        }
    }
}
