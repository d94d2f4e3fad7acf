//! The proposals as a CSV file that a controller fills in.

use std::path::Path;

use sync_core::engine::{Answer, Match, Survey, Surveyed};
use sync_core::model::{DocumentKey, TargetRef};

use crate::Failure;

const COLUMNS: [&str; 13] = [
    "document",
    "label",
    "amount",
    "date",
    "quickbooks",
    "quickbooks_number",
    "quickbooks_amount",
    "quickbooks_date",
    "score",
    "certainty",
    "why",
    "what_differs",
    "answer",
];

/// Writes the pairs that are the same, answered, and those that a person must decide about; gives back how many.
pub(super) fn write(path: &Path, survey: &Survey) -> Result<usize, Failure> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(COLUMNS)?;
    let mut rows = 0;
    for (one, matches) in survey.open() {
        for found in matches {
            writer.write_record(row(one, found, ""))?;
            rows += 1;
        }
    }
    for (one, found) in survey.same() {
        writer.write_record(row(one, found, "keep"))?;
        rows += 1;
    }
    writer.flush()?;
    Ok(rows)
}

fn row(one: &Surveyed, found: &Match, answer: &str) -> [String; 13] {
    let text = |value: Option<String>| value.unwrap_or_default();
    let why: Vec<String> = found.reasons.iter().map(ToString::to_string).collect();
    [
        one.document.to_string(),
        one.label.clone(),
        text(one.amount.map(|amount| amount.to_string())),
        text(one.date.map(|date| date.to_string())),
        target_text(&found.target),
        text(found.number.clone()),
        text(found.amount.map(|amount| amount.to_string())),
        text(found.date.map(|date| date.to_string())),
        found.score.to_string(),
        format!("{:?}", found.certainty).to_lowercase(),
        why.join("; "),
        found.differences.join("; "),
        answer.to_owned(),
    ]
}

/// Reads the answers; rows without one are left open. All faults are told at once.
pub(super) fn read(path: &Path) -> Result<Vec<(DocumentKey, TargetRef, Answer)>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let headers = reader.headers()?.clone();
    let place = |name: &str| {
        headers
            .iter()
            .position(|column| column.trim() == name)
            .ok_or_else(|| format!("{}: there is no column `{name}`; `adopt --out` writes the file", path.display()))
    };
    let (document, target, answer) = (place("document")?, place("quickbooks")?, place("answer")?);
    let (mut answers, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |place: usize| record.get(place).unwrap_or_default().trim();
        let answer = match cell(answer).to_lowercase().as_str() {
            "" => continue,
            "keep" | "link" | "yes" => Answer::Keep,
            "update" => Answer::Update,
            "no" => Answer::No,
            other => {
                faults.push(format!("line {line}: the answer `{other}` is none of keep, update and no"));
                continue;
            }
        };
        match (cell(document).parse(), parse_target(cell(target))) {
            (Ok(document), Some(target)) => answers.push((document, target, answer)),
            (Err(error), _) => faults.push(format!("line {line}: document: {error}")),
            (_, None) => faults.push(format!("line {line}: `{}` names no transaction, e.g. bill/17", cell(target))),
        }
    }
    if faults.is_empty() { Ok(answers) } else { Err(format!("{}: {}", path.display(), faults.join("; ")).into()) }
}

/// A transaction as commands and files write it: `bill/17`.
pub(crate) fn target_text(target: &TargetRef) -> String {
    format!("{}/{}", target.kind, target.id)
}

/// Reads [`target_text`].
pub(crate) fn parse_target(text: &str) -> Option<TargetRef> {
    let (kind, id) = text.split_once(['/', ' '])?;
    (!id.trim().is_empty()).then_some(())?;
    Some(TargetRef { kind: kind.trim().parse().ok()?, id: id.trim().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Result<Vec<(DocumentKey, TargetRef, Answer)>, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("links.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn a_file_that_excel_saved_is_read() {
        let text = "\u{feff}document,label,quickbooks,answer\r\nvendor/71,\"Summit, Inc\",vendor/9,Keep\r\n\
                    pay_app/22.1,PA 1,bill/12,\r\npay_app/22.2,PA 2,bill 13,no\r\n";
        let answers = answers(text).unwrap();
        let told: Vec<String> = answers.iter().map(|(d, t, a)| format!("{d} {} {a:?}", target_text(t))).collect();
        assert_eq!(told, ["vendor/71 vendor/9 Keep", "pay_app/22.2 bill/13 No"]);
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "document,quickbooks,answer\nvendor/1,vendor/9,maybe\nnothing,vendor/9,keep\nvendor/1,9,keep\n";
        let error = answers(text).unwrap_err().to_string();
        for part in ["line 2", "maybe", "line 3", "nothing", "line 4"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(answers("a,b\n1,2\n").unwrap_err().to_string().contains("`document`"));
    }
}
