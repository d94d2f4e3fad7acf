//! Measures single parts of the crates on generated files, so that they can be compared with other tools in one run.
//!
//! `bench reconcile DIR OUT` compares `DIR/left.ndjson` with `DIR/right.ndjson`, writes the sorted findings to OUT and
//! prints their checksum; `bench reconcile-mem DIR PASSES` loads both first and times the diff alone.
//! `bench map DIR OUT [RULES]` maps each line of `DIR/requisitions.ndjson` by a rule file (`requisition.toml` beside this
//! program, if none is named) and the tables of `DIR/tables.json`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use sync_core::mapping::json::{JsonMapping, Tables};
use sync_core::reconcile::diff::ndjson::{Members, NdjsonFile, NdjsonSide};
use sync_core::reconcile::diff::{Diff, FindingLines, KeyBuf, Number, Record, Summary, Value};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const FIELDS: [&str; 8] = ["project", "vendor", "cost_code", "date", "status", "amount", "retainage", "paid"];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["reconcile", dir, out] => reconcile(Path::new(dir), Path::new(out)),
        ["reconcile-mem", dir, passes] => reconcile_in_memory(Path::new(dir), passes.parse()?),
        ["map", dir, out] => map(Path::new(dir), Path::new(out), include_str!("requisition.toml")),
        ["map", dir, out, rules] => map(Path::new(dir), Path::new(out), &std::fs::read_to_string(rules)?),
        _ => Err("usage: bench map DIR OUT [RULES] | bench reconcile DIR OUT | bench reconcile-mem DIR PASSES".into()),
    }
}

fn map(dir: &Path, out: &Path, rules: &str) -> Result<(), Failure> {
    let tables = Tables::from_json(&std::fs::read_to_string(dir.join("tables.json"))?)?;
    let mapping = JsonMapping::compile(rules, tables)?;
    let mut text = Tee { out: BufWriter::with_capacity(1 << 20, File::create(out)?), hash: Sha256::new() };
    let mut lines = BufReader::with_capacity(1 << 20, File::open(dir.join("requisitions.ndjson"))?);
    let (mut line, mut mapped, mut number) = (String::new(), Vec::new(), 0_u64);
    let started = Instant::now();
    while lines.read_line(&mut line)? > 0 {
        number += 1;
        mapping.apply(line.trim_end(), &mut mapped).map_err(|error| format!("line {number}: {error}"))?;
        mapped.push(b'\n');
        if mapped.len() > 1 << 20 {
            text.write_all(&mapped)?;
            mapped.clear();
        }
        line.clear();
    }
    text.write_all(&mapped)?;
    text.flush()?;
    println!("records {number} mapped_ms {}", started.elapsed().as_millis());
    println!("sha {}", hex(text.hash.finalize()));
    Ok(())
}

fn names() -> Vec<String> {
    FIELDS.map(str::to_owned).to_vec()
}

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn reconcile(dir: &Path, out: &Path) -> Result<(), Failure> {
    let members = Members::new(&["key".to_owned()], &names(), &[]);
    let left_file = NdjsonFile::open(dir.join("left.ndjson"))?;
    let right_file = NdjsonFile::open(dir.join("right.ndjson"))?;
    let left = NdjsonSide::new(&left_file, &members);
    let right = NdjsonSide::new(&right_file, &members);
    let mut lines = FindingLines::new(members.compared(), 64 << 20, std::env::temp_dir());
    let started = Instant::now();
    let summary = members.diff().run(&left, &right, |finding| lines.push(&finding))?;
    let compared = started.elapsed();
    let mut text = Tee { out: BufWriter::new(File::create(out)?), hash: Sha256::new() };
    lines.write_to(&mut text)?;
    for (side, name) in [(&left, "left"), (&right, "right")] {
        let bad = side.bad_lines();
        if let Some(first) = bad.first.first() {
            return Err(format!("{name}: {} bad lines, first {}: {}", bad.count, first.line, first.problem).into());
        }
    }
    println!("compared_ms {} total_ms {}", compared.as_millis(), started.elapsed().as_millis());
    report(&summary);
    println!("sha {}", hex(text.hash.finalize()));
    Ok(())
}

fn report(summary: &Summary) {
    println!(
        "left {} right {} equal {} left_only {} right_only {} differs {} ambiguous {} spilled {}",
        summary.left,
        summary.right,
        summary.equal,
        summary.left_only,
        summary.right_only,
        summary.differs,
        summary.ambiguous,
        summary.spilled
    );
}

/// Writes and takes the checksum of what it writes.
struct Tee<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// A line as an integrator might keep it.
struct CostLine {
    key: String,
    project: u64,
    vendor: u64,
    /// Cost code, date, status.
    texts: [String; 3],
    /// Amount, retainage, paid.
    amounts: [Decimal; 3],
}

impl Record for CostLine {
    fn key(&self, out: &mut KeyBuf) {
        out.text(&self.key);
    }

    fn field(&self, index: usize) -> Value<'_> {
        match index {
            0 => Value::Number(Number::from(self.project)),
            1 => Value::Number(Number::from(self.vendor)),
            2..=4 => Value::Text(self.texts[index - 2].as_str().into()),
            _ => Value::Number(Number::from(self.amounts[index - 5])),
        }
    }
}

fn load(path: &Path) -> Result<Vec<CostLine>, Failure> {
    let mut lines = Vec::new();
    for line in BufReader::with_capacity(1 << 20, File::open(path)?).lines() {
        lines.push(parse(&line?)?);
    }
    Ok(lines)
}

fn parse(line: &str) -> Result<CostLine, Failure> {
    let raw: std::collections::HashMap<&str, &serde_json::value::RawValue> = serde_json::from_str(line)?;
    let member = |name: &str| raw.get(name).map(|value| value.get()).ok_or(format!("no {name}"));
    let text = |name: &str| member(name).map(|value| value.trim_matches('"').to_owned());
    // As text, never through a float.
    let amount = |name: &str| -> Result<Decimal, Failure> { Ok(text(name)?.parse()?) };
    Ok(CostLine {
        key: text("key")?,
        project: member("project")?.parse()?,
        vendor: member("vendor")?.parse()?,
        texts: [text("cost_code")?, text("date")?, text("status")?],
        amounts: [amount("amount")?, amount("retainage")?, amount("paid")?],
    })
}

fn reconcile_in_memory(dir: &Path, passes: usize) -> Result<(), Failure> {
    let left = load(&dir.join("left.ndjson"))?;
    let right = load(&dir.join("right.ndjson"))?;
    let diff = Diff::new(FIELDS.len());
    let mut times = Vec::new();
    for pass in 0..passes.max(1) {
        let started = Instant::now();
        let mut lines = FindingLines::new(&names(), 256 << 20, std::env::temp_dir());
        let summary = diff.run(&left, &right, |finding| lines.push(&finding))?;
        let mut text = Vec::new();
        lines.write_to(&mut text)?;
        times.push(started.elapsed());
        if pass == 0 {
            report(&summary);
            println!("sha {}", hex(Sha256::digest(&text)));
        }
    }
    times.sort();
    println!("diff_median_s {:.4}", times[times.len() / 2].as_secs_f64());
    Ok(())
}
