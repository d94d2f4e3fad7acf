//! `init`: a commented configuration directory that passes `check`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sync_core::clock::{Random, SeededRandom};

use crate::Failure;

/// Where to write.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks init /etc/procore-quickbooks
  procore-quickbooks --config /etc/procore-quickbooks check

Exit status: 0 written, 1 a file could not be written. A file that is there is never overwritten.")]
pub(crate) struct Args {
    /// The configuration directory; made if it is not there.
    dir: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Every file, with what it holds, and whether only its owner may read it.
const FILES: [(&str, &str, bool); 9] = [
    ("connection.toml", include_str!("templates/connection.toml"), false),
    ("secrets.env", include_str!("templates/secrets.env"), true),
    ("mapping/sync.toml", include_str!("templates/sync.toml"), false),
    ("mapping/rules.toml", include_str!("templates/rules.toml"), false),
    ("mapping/projects.csv", "project_number,customer,job\n", false),
    (
        "mapping/coding.csv",
        "project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account\n",
        false,
    ),
    ("mapping/accounts.csv", "role,account\n", false),
    ("mapping/vendors.csv", "procore_vendor,quickbooks_vendor\n", false),
    ("mapping/terms.csv", "procore_terms,quickbooks_terms\n", false),
];

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (written, kept) = write(&args.dir, &SeededRandom::from_entropy())?;
    if args.json {
        println!("{}", serde_json::json!({ "written": written, "kept": kept }));
        return Ok(ExitCode::SUCCESS);
    }
    written.iter().for_each(|path| println!("{}: written", path.display()));
    kept.iter().for_each(|path| println!("{}: was there, left as it is", path.display()));
    println!("Fill in connection.toml and secrets.env, then: procore-quickbooks --config {} check", args.dir.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes what is not there; says what was written and what was there.
pub(super) fn write(dir: &Path, random: &dyn Random) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    std::fs::create_dir_all(dir.join("mapping")).map_err(|e| cannot(dir, &e))?;
    for (name, text, is_private) in FILES {
        let path = dir.join(name);
        let text = text.replace("{OWNER}", &guid(random)).replace("{FILE}", &guid(random));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_private { 0o600 } else { 0o644 });
        match options.open(&path).and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => written.push(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => kept.push(path),
            Err(error) => return Err(cannot(&path, &error).into()),
        }
    }
    Ok((written, kept))
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{}: cannot be written ({error})", path.display())
}

/// A random GUID in braces, version 4 (RFC 9562).
fn guid(random: &dyn Random) -> String {
    let (high, low) = (random.next_u64(), random.next_u64());
    format!(
        "{{{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}}}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        0x8000 | (low >> 48) & 0x3FFF,
        low & 0xFFFF_FFFF_FFFF,
    )
}
