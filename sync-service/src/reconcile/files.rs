//! Two files of JSON lines, compared by key.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sha2::{Digest, Sha256};
use sync_core::reconcile::diff::ndjson::{BadLines, Members, NdjsonFile, NdjsonSide, member_names};
use sync_core::reconcile::diff::{DiffError, FindingLines, Summary};

use crate::Failure;

/// What to compare.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) left: PathBuf,
    pub(crate) right: PathBuf,
    pub(crate) key: Vec<String>,
    /// Empty: all members that occur on both sides.
    pub(crate) compare: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) json: bool,
    pub(crate) out: Option<PathBuf>,
    pub(crate) verify: bool,
    /// MiB.
    pub(crate) memory: u64,
}

/// All the same: 0; differences: 1; a file or a line could not be read: 2.
pub(crate) fn run(args: &Args) -> ExitCode {
    let result = compare(args);
    if let Err(error) = &result {
        eprintln!("error: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            eprintln!("  because: {cause}");
            source = cause.source();
        }
    }
    ExitCode::from(status(&result))
}

fn status(result: &Result<Report, Failure>) -> u8 {
    match result {
        Ok(report) if report.bad.iter().any(|bad| bad.count > 0) => 2,
        Ok(report) if report.summary.is_clean() => 0,
        Ok(_) => 1,
        Err(_) => 2,
    }
}

#[derive(Debug)]
struct Report {
    summary: Summary,
    bad: [BadLines; 2],
}

fn compare(args: &Args) -> Result<Report, Failure> {
    let left_file = NdjsonFile::open(&args.left)?;
    let right_file = NdjsonFile::open(&args.right)?;
    let passes = if args.compare.is_empty() { 2 } else { 1 };
    let bar = progress_bar((left_file.size() + right_file.size()) * passes);
    let told = |bytes| bar.inc(bytes);

    let compared = if args.compare.is_empty() {
        common_members(&args.key, &left_file, &right_file, &told)?
    } else {
        args.compare.clone()
    };
    if let Some(name) = args.text.iter().find(|name| !compared.contains(name)) {
        return Err(format!("--text {name}: not among the compared members ({})", compared.join(", ")).into());
    }
    let members = Members::new(&args.key, &compared, &args.text);
    let left = NdjsonSide::new(&left_file, &members).progress(&told);
    let right = NdjsonSide::new(&right_file, &members).progress(&told);
    let memory = args.memory << 20;
    let mut lines = FindingLines::new(members.compared(), usize::try_from(memory / 4)?, std::env::temp_dir());
    let diff = members.diff().memory(memory).verify(args.verify);
    let summary = diff.run(&left, &right, |finding| lines.push(&finding))?;
    left_file.check_unchanged()?;
    right_file.check_unchanged()?;
    bar.finish_and_clear();
    let right_unseen = right.unseen();
    if let Some(name) = left.unseen().iter().find(|name| right_unseen.contains(name))
        && summary.left + summary.right > 0
    {
        return Err(format!("--compare {name}: no record of either file has it; is the name right?").into());
    }

    let hash = write_lines(args, lines)?;
    let report = Report { summary, bad: [left.bad_lines(), right.bad_lines()] };
    if args.json {
        println!("{}", to_json(args, &report, members.compared(), &hash));
    }
    for (path, bad) in [&args.left, &args.right].into_iter().zip(&report.bad) {
        tell_bad_lines(path, bad);
    }
    if !args.json {
        tell_counts(&report);
    }
    Ok(report)
}

/// All members of both sides but the key, by name.
fn common_members(
    key: &[String],
    left: &NdjsonFile,
    right: &NdjsonFile,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Vec<String>, DiffError> {
    let left: BTreeSet<String> = member_names(left, Some(told))?;
    let right = member_names(right, Some(told))?;
    Ok(left.intersection(&right).filter(|name| !key.contains(name)).cloned().collect())
}

/// Writes the differences to where they belong and returns the SHA-256 of their text.
fn write_lines(args: &Args, lines: FindingLines) -> Result<String, Failure> {
    let out: Box<dyn Write> = match &args.out {
        Some(path) => {
            let file = File::create(path)
                .map_err(|e| format!("{}: cannot be written ({e}); name another --out", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None if args.json => Box::new(io::sink()),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let mut out = Hashed { out, hash: Sha256::new() };
    lines.write_to(&mut out)?;
    Ok(out.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Hashed<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn to_json(args: &Args, report: &Report, compared: &[String], hash: &str) -> serde_json::Value {
    let Summary { left, right, equal, left_only, right_only, differs, ambiguous, spilled } = report.summary;
    let [bad_left, bad_right] = &report.bad;
    let side = |path: &Path, records: u64, bad: &BadLines| {
        let lines: Vec<_> =
            bad.first.iter().map(|bad| json!({ "line": bad.line, "problem": bad.problem.to_string() })).collect();
        json!({ "file": path, "records": records, "bad_lines": bad.count, "bad": lines })
    };
    json!({
        "complete": bad_left.count + bad_right.count == 0,
        "left": side(&args.left, left, bad_left),
        "right": side(&args.right, right, bad_right),
        "key": args.key,
        "compared": compared,
        "classes": {
            "equal": equal, "left_only": left_only, "right_only": right_only,
            "differs": differs, "ambiguous": ambiguous,
        },
        "spilled_bytes": spilled,
        "sha256": hash,
    })
}

/// Names the first bad lines; more would bury the rest.
fn tell_bad_lines(path: &Path, bad: &BadLines) {
    const SHOWN: usize = 20;
    for line in bad.first.iter().take(SHOWN) {
        eprintln!("{}:{}: {}", path.display(), line.line, line.problem);
    }
    if bad.count > SHOWN as u64 {
        eprintln!("{}: {} bad lines in all; --json names up to 1000", path.display(), bad.count);
    }
}

fn tell_counts(report: &Report) {
    let Summary { left, right, equal, left_only, right_only, differs, ambiguous, .. } = report.summary;
    eprintln!(
        "{left} records left, {right} right: {equal} equal, {differs} differ, {left_only} only left, {right_only} only \
         right, {ambiguous} ambiguous"
    );
    let bad: u64 = report.bad.iter().map(|bad| bad.count).sum();
    if bad > 0 {
        eprintln!(
            "NOT COMPLETE: {bad} lines could not be read. Their keys are unknown, so what stands on the other side may \
             be listed as missing."
        );
    }
}

fn progress_bar(bytes: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("comparing {bar:40} {bytes} of {total_bytes}, {eta} left");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: &str = "{\"id\":1,\"amount\":\"10.50\",\"currency\":\"USD\",\"note\":\"left\"}\n\
                        {\"id\":2,\"amount\":\"1.10\",\"currency\":\"USD\"}\n";

    /// Runs on two texts; gives the status and the lines.
    fn reconcile(left: &str, right: &str, more: impl FnOnce(&mut Args)) -> (u8, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("left"), left).unwrap();
        std::fs::write(path("right"), right).unwrap();
        let mut args = Args {
            left: path("left"),
            right: path("right"),
            key: vec!["id".to_owned()],
            compare: Vec::new(),
            text: Vec::new(),
            json: true,
            out: Some(path("out")),
            verify: false,
            memory: 1,
        };
        more(&mut args);
        let status = status(&compare(&args));
        (status, std::fs::read_to_string(path("out")).unwrap_or_default())
    }

    #[test]
    fn given_the_same_amounts_in_other_spellings_then_all_is_the_same() {
        let right =
            "{\"currency\":\"USD\",\"amount\":1.1,\"id\":\"2\"}\n{\"id\":1,\"currency\":\"USD\",\"amount\":10.5e0}";
        assert_eq!(reconcile(LEFT, right, |_| {}), (0, String::new()));
        assert_eq!(reconcile(LEFT, right, |args| args.verify = true), (0, String::new()));
        let (status, text) = reconcile(LEFT, right, |args| args.text.push("amount".to_owned()));
        assert_eq!((status, text.as_str()), (1, "differs\t1\tamount\ndiffers\t2\tamount\n"));
    }

    #[test]
    fn given_another_currency_then_it_is_a_difference_unless_it_is_not_compared() {
        let right = LEFT.replace("1.10\",\"currency\":\"USD", "1.10\",\"currency\":\"CAD");
        assert_eq!(reconcile(LEFT, &right, |_| {}), (1, "differs\t2\tcurrency\n".to_owned()));
        let only_amount = |args: &mut Args| args.compare.push("amount".to_owned());
        assert_eq!(reconcile(LEFT, &right, only_amount), (0, String::new()));
    }

    #[test]
    fn given_a_bad_line_or_no_file_then_the_status_is_two_and_the_rest_is_done() {
        let right = format!("{}{{\"id\":3,\"amo", LEFT.replace("10.50", "10.51"));
        assert_eq!(reconcile(LEFT, &right, |_| {}), (2, "differs\t1\tamount\n".to_owned()));
        assert_eq!(reconcile(LEFT, LEFT, |args| args.left.push("nowhere")).0, 2);
        assert_eq!(reconcile(LEFT, LEFT, |args| args.text.push("nothing".to_owned())).0, 2);
        assert_eq!(reconcile(LEFT, LEFT, |args| args.compare.push("amuont".to_owned())).0, 2);
        assert_eq!(reconcile("", "", |args| args.compare.push("amount".to_owned())).0, 0);
    }
}
