//! Uploads: one file or several in a `multipart/form-data` body, each with the document that it belongs to.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/attachable>

use chrono::{DateTime, Utc};

use super::QuickBooks;
use super::clock;
use super::entities::Type;
use super::fault::Fault;
use super::query::{Condition, Operator, Statement};
use crate::json::{Json, object};

const LONGEST_NAME: usize = 1000;
const LONGEST_NOTE: usize = 2000;
const KNOWN: &[&str] = &["AttachableRef", "FileName", "ContentType", "Note", "Category", "Tag"];

/// One part of a body.
struct Part<'a> {
    name: String,
    file_name: Option<String>,
    content_type: String,
    content: &'a [u8],
}

/// A stored file.
#[derive(Clone, Debug)]
pub(super) struct Attachment {
    pub(super) json: Json,
    pub(super) content: Vec<u8>,
}

impl QuickBooks {
    /// The bytes of a file that was uploaded, by the id of its attachable.
    pub fn attachment(&self, id: &str) -> Option<&[u8]> {
        let found = self.attachments.iter().find(|kept| kept.json.get("Id").and_then(Json::as_id) == Some(id))?;
        Some(&found.content)
    }

    /// The attachables, oldest first.
    pub fn attachments(&self) -> impl Iterator<Item = &Json> {
        self.attachments.iter().map(|kept| &kept.json)
    }

    /// `POST /upload`. The answer has a result for each file: the attachable, or a fault.
    pub(super) fn upload(&mut self, now: DateTime<Utc>, content_type: &str, body: &[u8]) -> Result<Json, Fault> {
        let malformed = |why: &str| Fault::new("2010", "Request has invalid or unsupported property", why);
        let boundary = boundary(content_type).ok_or_else(|| {
            Fault::new("1050", "Invalid Content Type", "multipart/form-data with a boundary is needed")
        })?;
        let parts = parts(body, &boundary).ok_or_else(|| malformed("The body is no multipart/form-data."))?;
        let files: Vec<&Part<'_>> = parts.iter().filter(|part| part.name.starts_with("file_content")).collect();
        if files.is_empty() {
            return Err(Fault::missing("file_content_0"));
        }
        let mut answers = Vec::with_capacity(files.len());
        for file in files {
            let number = file.name.trim_start_matches("file_content");
            let metadata = parts.iter().find(|part| part.name == format!("file_metadata{number}"));
            answers.push(match self.keep(now, file, metadata) {
                Ok(json) => object([("Attachable", json)]),
                Err(fault) => object([("Fault", fault.body())]),
            });
        }
        Ok(object([("AttachableResponse", answers.into()), ("time", clock::millis(now).into())]))
    }

    fn keep(&mut self, now: DateTime<Utc>, file: &Part<'_>, metadata: Option<&Part<'_>>) -> Result<Json, Fault> {
        let mut json = match metadata {
            Some(part) if part.content_type != "application/json" => {
                return Err(Fault::new("1050", "Invalid Content Type", "the metadata must be application/json"));
            }
            Some(part) => {
                Json::parse(part.content).map_err(|error| Fault::property("file_metadata", &error.to_string()))?
            }
            None => object([]),
        };
        let members = json.as_object().ok_or_else(|| Fault::property("file_metadata", "an object is expected"))?;
        if let Some(unknown) = members.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(Fault::property(unknown, "Unrecognized field"));
        }
        let named = json.get("FileName").and_then(Json::as_str).map(str::to_owned).or_else(|| file.file_name.clone());
        let named = named.filter(|name| !name.is_empty()).ok_or_else(|| Fault::missing("FileName"))?;
        fits("FileName", &named, LONGEST_NAME)?;
        fits("Note", json.get("Note").and_then(Json::as_str).unwrap_or_default(), LONGEST_NOTE)?;
        if file.content.is_empty() {
            return Err(Fault::business("The file is empty."));
        }
        for reference in json.get("AttachableRef").and_then(Json::as_array).unwrap_or(&[]) {
            let text = |key: &str| reference.at(&["EntityRef", key]).and_then(Json::as_id).unwrap_or_default();
            let kind = Type::by_name(text("type")).ok_or_else(|| Fault::property("type", "no such entity"))?;
            self.current(kind, text("value"))?;
        }
        let id = format!("{}", 5_000_000_000_000_000_000_u64 + self.attachments.len() as u64 + 1);
        let at = clock::seconds(now);
        json.set("FileName", named.as_str());
        json.set("ContentType", file.content_type.as_str());
        json.set("Size", file.content.len());
        json.set("FileAccessUri", format!("/v3/company/{}/download/{id}", self.company.realm));
        json.set("TempDownloadUri", format!("https://files.example.invalid/{id}?expires=900"));
        json.set("domain", "QBO");
        json.set("sparse", false);
        json.set("Id", id.as_str());
        json.set("SyncToken", "0");
        json.set("MetaData", object([("CreateTime", at.as_str().into()), ("LastUpdatedTime", at.as_str().into())]));
        self.attachments.push(Attachment { json: json.clone(), content: file.content.to_vec() });
        Ok(json)
    }

    /// A query of `Attachable`: by id and by what it is attached to, the only two that are documented.
    pub(super) fn query_attachables(&self, statement: &Statement) -> Result<(Json, usize), Fault> {
        let mut found: Vec<Json> = Vec::new();
        for kept in &self.attachments {
            let mut all = true;
            for condition in &statement.conditions {
                all &= holds(&kept.json, condition)?;
            }
            if all {
                found.push(kept.json.clone());
            }
        }
        if statement.count {
            return Ok((object([("totalCount", found.len().into())]), 0));
        }
        let skip = usize::try_from(statement.start.unwrap_or(1)).unwrap_or(1).saturating_sub(1);
        let most = usize::try_from(statement.most.unwrap_or(100)).unwrap_or(100);
        let shown: Vec<Json> = found.into_iter().skip(skip).take(most).collect();
        if shown.is_empty() {
            return Ok((object([]), 0));
        }
        let count = shown.len();
        let response =
            object([("Attachable", shown.into()), ("startPosition", (skip + 1).into()), ("maxResults", count.into())]);
        Ok((response, count))
    }
}

fn holds(json: &Json, condition: &Condition) -> Result<bool, Fault> {
    let value = condition.values.first().map(String::as_str).unwrap_or_default();
    let invalid = || {
        let detail = format!("QueryValidationError: Property {} not found for Entity Attachable", condition.property);
        Fault::new("4001", "Invalid query", detail)
    };
    if condition.operator != Operator::Equal {
        return Err(invalid());
    }
    let references = json.get("AttachableRef").and_then(Json::as_array).unwrap_or(&[]);
    let any = |key: &str| {
        let of = |reference: &Json| reference.at(&["EntityRef", key]).and_then(Json::as_id).map(str::to_lowercase);
        references.iter().any(|reference| of(reference).as_deref() == Some(&*value.to_lowercase()))
    };
    match condition.property.to_ascii_lowercase().as_str() {
        "id" => Ok(json.get("Id").and_then(Json::as_id) == Some(value)),
        "attachableref.entityref.type" => Ok(any("type")),
        "attachableref.entityref.value" => Ok(any("value")),
        _ => Err(invalid()),
    }
}

fn fits(name: &str, text: &str, max: usize) -> Result<(), Fault> {
    let supplied = text.chars().count();
    if supplied > max { Err(Fault::length(name, max, supplied)) } else { Ok(()) }
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|one| one.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// The parts of a body (RFC 2046): each behind `--boundary`, the last before `--boundary--`.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let first = format!("--{boundary}\r\n").into_bytes();
    let between = format!("\r\n--{boundary}").into_bytes();
    let mut rest = body.strip_prefix(first.as_slice())?;
    let mut parts = Vec::new();
    loop {
        let end = find(rest, &between)?;
        parts.push(part(rest.get(..end)?)?);
        let after = rest.get(end + between.len()..)?;
        if after.starts_with(b"--") {
            return Some(parts);
        }
        rest = after.strip_prefix(b"\r\n")?;
    }
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let mut part =
        Part { name: String::new(), file_name: None, content_type: String::new(), content: bytes.get(end + 4..)? };
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("Content-Disposition") {
            let quoted = |key: &str| {
                let after = value.split_once(&format!("; {key}=\""))?.1;
                Some(after.split_once('"')?.0.to_owned())
            };
            part.name = quoted("name")?;
            part.file_name = quoted("filename");
        } else if name.eq_ignore_ascii_case("Content-Type") {
            part.content_type = value.split(';').next()?.trim().to_ascii_lowercase();
        }
    }
    (!part.name.is_empty()).then_some(part)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
