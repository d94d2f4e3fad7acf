//! Files for documents: a PDF uploaded and attached, once.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/attachable>

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sync_core::connector::Marker;
use sync_core::http::ApiRequest;
use sync_core::model::TargetRef;

use crate::client::{Answer, MAX_REQUEST_ID, Problem, QuickBooks, config};
use crate::convert::note_with;
use crate::entity::Entity;
use crate::error::Error;
use crate::fault::Fault;
use crate::query::Query;
use crate::raw::{Object, Record};
use crate::sanitise::{MAX_ATTACHMENT_NOTE, MAX_FILE_NAME, line};
use crate::wire::{Attachable, AttachableRef, PartyReference};

/// The type of the files that are taken.
const PDF: &str = "application/pdf";
/// How every PDF begins.
const PDF_START: &[u8] = b"%PDF-";
const EXTENSION: &str = ".pdf";
/// What one file may have by default. A whole request may have 100 MB.
const MAX_BYTES: usize = 20 * 1024 * 1024;

/// A PDF that may be uploaded: its name, size and beginning were checked.
#[derive(Clone)]
pub struct PdfFile {
    name: String,
    content: Bytes,
}

impl std::fmt::Debug for PdfFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PdfFile").field("name", &self.name).field("bytes", &self.content.len()).finish()
    }
}

impl PdfFile {
    /// A file of at most 20 MB.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is no PDF, is empty or too large, or its name is none.
    pub fn new(name: &str, content: impl Into<Bytes>) -> Result<Self, Error> {
        Self::with_limit(name, content, MAX_BYTES)
    }

    /// A file of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limit(name: &str, content: impl Into<Bytes>, max_bytes: usize) -> Result<Self, Error> {
        let content = content.into();
        // What would leave the quotes of a header, or a folder, has no place in a name.
        let plain = line(name, usize::MAX).replace(['"', '\\', '/', '\r', '\n'], "_");
        let invalid = |problem: String| Err(Error::Invalid(format!("the file `{plain}` {problem}")));
        let stem = plain
            .len()
            .checked_sub(EXTENSION.len())
            .filter(|stem| *stem > 0 && plain.get(*stem..).is_some_and(|end| end.eq_ignore_ascii_case(EXTENSION)));
        if stem.is_none() {
            return invalid("has no name that ends in .pdf".to_owned());
        }
        if plain.chars().count() > MAX_FILE_NAME {
            return invalid(format!("has a name of more than {MAX_FILE_NAME} characters"));
        }
        if content.len() > max_bytes {
            return invalid(format!("has {} bytes; at most {max_bytes} are taken", content.len()));
        }
        if !content.starts_with(PDF_START) {
            return invalid("is no PDF, whatever its name says".to_owned());
        }
        Ok(Self { name: plain, content })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.content.len()
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(rename = "AttachableRef")]
    references: [AttachableRef; 1],
    #[serde(rename = "FileName")]
    file_name: &'a str,
    #[serde(rename = "ContentType")]
    content_type: &'static str,
    #[serde(rename = "Note")]
    note: String,
}

impl QuickBooks {
    /// The files attached to a document.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn attachments(&self, of: &TargetRef) -> Result<Vec<Record<Attachable>>, Error> {
        let kind = Entity::of_kind(of.kind).path();
        let query = Query::new(Entity::Attachable)
            .equal("AttachableRef.EntityRef.Type", kind)
            .equal("AttachableRef.EntityRef.value", of.id.as_str());
        self.page(&query).await?.value.into_iter().map(Record::read).collect()
    }

    /// Uploads a file and attaches it to a document, unless a file of the same marker and size is attached to it
    /// already: after an unknown outcome it can be called again. Not sent along with e-mails of the document.
    ///
    /// # Errors
    /// [`Error`]; its [`verdict`](Error::verdict) says whether it may have happened.
    pub async fn attach(&self, to: &TargetRef, marker: &Marker, file: &PdfFile) -> Result<Record<Attachable>, Error> {
        let same = |found: &Record<Attachable>| {
            found.note.as_deref().and_then(Marker::find).as_ref() == Some(marker)
                && found.size == u64::try_from(file.size()).ok()
        };
        if let Some(found) = self.attachments(to).await?.into_iter().find(same) {
            return Ok(found);
        }
        Ok(self.upload(to, marker, file).await?.value)
    }

    /// Uploads a file and attaches it, without looking whether it is there. Sent again, it is the same request.
    pub(crate) async fn upload(
        &self,
        to: &TargetRef,
        marker: &Marker,
        file: &PdfFile,
    ) -> Result<Answer<Record<Attachable>>, Error> {
        let digest = Digests::of(to, marker, file);
        let entity_ref =
            PartyReference { value: to.id.to_string(), kind: Some(Entity::of_kind(to.kind).to_string()), name: None };
        let metadata = serde_json::to_vec(&Metadata {
            references: [AttachableRef { entity_ref: Some(entity_ref), include_on_send: Some(false) }],
            file_name: &file.name,
            content_type: PDF,
            note: note_with("", marker, MAX_ATTACHMENT_NOTE),
        })
        .map_err(|error| Error::Invalid(error.to_string()))?;
        let boundary = boundary(&digest.0, &[&metadata, &file.content]);
        let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .map_err(|error| Error::Invalid(error.to_string()))?;
        let request =
            ApiRequest::post(self.path("upload", &[("requestid", &digest.0)]), multipart(&boundary, &metadata, file));
        let what = || format!("the upload of `{}` to {to}", file.name);
        let answer = self.call(request.with_header(CONTENT_TYPE, kind).with_classes(config::ANY), &what).await?;
        self.read(&answer, &what, |object| {
            let raw = object.get("AttachableResponse").ok_or("it has no AttachableResponse")?;
            let results: Vec<Object<'_>> = serde_json::from_str(raw.get())?;
            let [result] = results.as_slice() else { return Err(Problem::from("it has not one result for one file")) };
            if let Some(fault) = Fault::of(result) {
                return Err(Problem::Fault(fault));
            }
            let raw: &RawValue = result.get("Attachable").ok_or("its result has no Attachable")?;
            Record::read(raw.to_owned()).map_err(|error| Problem::Text(error.to_string()))
        })
    }
}

/// The request id: the same for the same file on the same document.
struct Digests(String);

impl Digests {
    fn of(to: &TargetRef, marker: &Marker, file: &PdfFile) -> Self {
        let mut hasher = Sha256::new();
        for part in [to.to_string().as_bytes(), marker.to_string().as_bytes(), file.name.as_bytes(), &file.content] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut text = String::with_capacity(64);
        for byte in hasher.finalize() {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
        }
        text.truncate(MAX_REQUEST_ID.min(40));
        Self(text)
    }
}

/// A boundary that occurs in none of the parts.
fn boundary(seed: &str, parts: &[&[u8]]) -> String {
    let mut count = 0_u32;
    loop {
        let boundary = format!("part-{seed}-{count}");
        let occurs = |part: &&&[u8]| part.windows(boundary.len()).any(|window| window == boundary.as_bytes());
        if !parts.iter().any(|part| occurs(&part)) {
            return boundary;
        }
        count += 1;
    }
}

/// The body, in one piece of exactly its size: a transport takes no other.
fn multipart(boundary: &str, metadata: &[u8], file: &PdfFile) -> Bytes {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file_metadata_01\"; filename=\"metadata.json\"\r\n\
         Content-Type: application/json; charset=UTF-8\r\n\r\n"
    );
    let between = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file_content_01\"; filename=\"{}\"\r\n\
         Content-Type: {PDF}\r\n\r\n",
        file.name
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let size = head.len() + metadata.len() + between.len() + file.content.len() + end.len();
    let mut body = Vec::with_capacity(size);
    for part in [head.as_bytes(), metadata, between.as_bytes(), &file.content, end.as_bytes()] {
        body.extend_from_slice(part);
    }
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pdf_of_a_fair_size_is_taken() {
        assert_eq!(PdfFile::new("Pay app 4.PDF", &b"%PDF-1.7 x"[..]).unwrap().size(), 10);
        assert_eq!(PdfFile::new("a/b\"c\r\n.pdf", &b"%PDF-1.7"[..]).unwrap().name(), "a_b_c .pdf");
        for (name, content, max) in [
            ("app.exe", &b"%PDF-1.7"[..], 100),
            (".pdf", b"%PDF-1.7", 100),
            ("app.pdf", b"MZ", 100),
            ("app.pdf", b"", 100),
            ("app.pdf", b"%PDF-1.7", 7),
        ] {
            let error = PdfFile::with_limit(name, content, max).unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{name}");
        }
        assert!(PdfFile::new(&format!("{}.pdf", "x".repeat(1000)), &b"%PDF-1.7"[..]).is_err());
    }

    #[test]
    fn a_boundary_occurs_in_no_part() {
        assert_eq!(boundary("ab", &[b"x"]), "part-ab-0");
        assert_eq!(boundary("ab", &[b"x", b"--part-ab-0--"]), "part-ab-1");
    }
}
