//! `backup` and `restore` of the journal.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sync_core::journal::{Journal, SqliteJournal};

use crate::connect::ConnectionSettings;
use crate::{Failure, settings};

/// Where the copy goes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks backup /backup/journal-$(date +%F).sqlite

The service may run meanwhile. The copy holds jobs, links, dead letters, versions of the mapping and the audit; it holds
no token and no secret. Keep the configuration directory beside it.

Exit status: 0 the copy is whole and was read back, 1 it is not.")]
pub(crate) struct BackupArgs {
    /// The new file; one that is there is not overwritten.
    file: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Where the copy is.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  systemctl stop procore-quickbooks
  procore-quickbooks restore /backup/journal-2026-03-01.sqlite
  procore-quickbooks sync

What was posted after the copy was made is found again by its marks: nothing is posted twice. The journal that is
replaced is kept beside the new one.

Exit status: 0 restored, 1 nothing was changed.")]
pub(crate) struct RestoreArgs {
    /// A file that `backup` wrote.
    file: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Keeps `restore` out while the service runs.
pub(crate) fn in_use(settings: &ConnectionSettings) -> Result<File, Failure> {
    let file = lock_file(settings)?;
    file.try_lock_shared().map_err(|_| "the journal is being restored; start again when that is done")?;
    Ok(file)
}

fn lock_file(settings: &ConnectionSettings) -> Result<File, Failure> {
    std::fs::create_dir_all(&settings.dir)?;
    let path = settings.dir.join("service.lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    Ok(opened.map_err(|e| format!("{}: {e}", path.display()))?)
}

pub(crate) async fn backup(args: &BackupArgs) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    let source = settings.dir.join("journal.sqlite");
    if !source.exists() {
        return Err(format!("{}: there is no journal to copy", source.display()).into());
    }
    if args.file.exists() {
        return Err(format!("{}: is there already; a backup overwrites nothing", args.file.display()).into());
    }
    // Under its own name only when it is whole.
    let partial = beside(&args.file, "partial");
    let _ = std::fs::remove_file(&partial);
    settings.journal()?.copy_to(&partial)?;
    SqliteJournal::open(&partial)?.check()?;
    let links = SqliteJournal::open(&partial)?.counts(&settings.id()).await?.links;
    remove_log(&partial);
    File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, &args.file)?;
    let bytes = std::fs::metadata(&args.file)?.len();
    if args.json {
        println!("{}", serde_json::json!({ "file": args.file, "bytes": bytes, "links": links }));
    } else {
        println!("{}: {bytes} bytes, {links} links; read back, whole.", args.file.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    if !args.file.is_file() {
        return Err(format!("{}: no such file", args.file.display()).into());
    }
    let lock = lock_file(&settings)?;
    lock.try_lock().map_err(|_| "the service is running on this journal; stop it first")?;
    let journal = settings.dir.join("journal.sqlite");
    // Proven on a copy, so that neither the backup nor the journal is touched by a file that is none.
    let fresh = beside(&journal, "restoring");
    let _ = std::fs::remove_file(&fresh);
    std::fs::copy(&args.file, &fresh)?;
    let proven = prove(&fresh, &settings).await;
    remove_log(&fresh);
    let links = match proven {
        Ok(links) => links,
        Err(error) => {
            let _ = std::fs::remove_file(&fresh);
            return Err(error);
        }
    };
    let kept = match journal.exists() {
        false => None,
        true => {
            let stamp = settings.clock().now().format("before-%Y%m%dT%H%M%S");
            let kept = beside(&journal, &stamp.to_string());
            // A copy rather than a move: what still lies in its log goes with it.
            settings.journal()?.copy_to(&kept)?;
            remove_log(&journal);
            Some(kept)
        }
    };
    std::fs::rename(&fresh, &journal)?;
    if args.json {
        println!("{}", serde_json::json!({ "restored": args.file, "kept": kept, "links": links }));
    } else {
        println!("Restored: {links} links.");
        if let Some(kept) = kept {
            println!("The journal before is kept as {}.", kept.display());
        }
        println!("Run `sync`, or start `serve`: what was posted since is found by its marks.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn prove(path: &Path, settings: &ConnectionSettings) -> Result<u64, Failure> {
    let journal = SqliteJournal::open(path)?;
    journal.check()?;
    Ok(journal.counts(&settings.id()).await?.links)
}

fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(word);
    path.with_file_name(name)
}

/// SQLite's log and its index, which belong to the file that they were made for.
fn remove_log(path: &Path) {
    for end in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}
