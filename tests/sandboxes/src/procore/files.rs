//! Files in records: shown with an address that holds for a short time, and served there by another server than the API.
//!
//! How long an address holds, and whether it leads on to another, is not documented: here it holds five minutes and leads
//! on once. Like any store of signed addresses, this one refuses a request that brings a token of its own.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderValue, Method, Response, StatusCode, header};

use super::Procore;
use super::call::Call;
use super::errors::Refusal;
use super::people::NoSuchRecord;
use super::store::id_json;
use crate::faults::SplitMix;
use crate::json::{Json, object};

const LIFE: TimeDelta = TimeDelta::minutes(5);

impl Procore {
    /// A person adds a file to a record. Answers the id of the file.
    ///
    /// # Errors
    /// [`NoSuchRecord`].
    pub fn person_attaches(
        &mut self,
        now: DateTime<Utc>,
        resource: &str,
        id: &str,
        filename: &str,
        content: &[u8],
    ) -> Result<String, NoSuchRecord> {
        let file = self.store.new_id();
        let shown = object([("id", id_json(&file)), ("url", Json::Null), ("filename", filename.into())]);
        self.person_edits(now, resource, id, |record| {
            let mut all = record.get("attachments").and_then(Json::as_array).unwrap_or_default().to_vec();
            all.push(shown);
            record.set("attachments", Json::Array(all));
        })?;
        self.files.insert(file.clone(), Bytes::copy_from_slice(content));
        Ok(file)
    }

    /// A record as it is shown, its files with addresses of now.
    pub(super) fn with_addresses<'a>(&self, call: &Call<'_>, resource: &str, wire: Cow<'a, Json>) -> Cow<'a, Json> {
        let files = wire.get("attachments").and_then(Json::as_array).unwrap_or_default();
        if resource != "requisitions" || files.is_empty() {
            return wire;
        }
        let mut files = files.to_vec();
        for file in &mut files {
            let id = file.get("id").and_then(Json::as_id).unwrap_or_default().to_owned();
            let expires = (call.now + LIFE).timestamp();
            let signature = self.signature(&id, expires);
            file.set("url", format!("http://{}/files/{id}?companyId=1&expires={expires}&sig={signature}", call.host()));
        }
        let mut shown = wire.into_owned();
        shown.set("attachments", Json::Array(files));
        Cow::Owned(shown)
    }

    fn signature(&self, id: &str, expires: i64) -> String {
        let text = format!("{id} {expires}");
        let seed = text.bytes().fold(self.config.seed, |seed, byte| SplitMix::seeded(seed ^ u64::from(byte)).draw());
        format!("{:016x}", SplitMix::seeded(seed).draw())
    }

    /// `GET /files/{id}`, which leads on to `/files/{id}/content`.
    pub(super) fn file(&self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        let (id, is_content) = match call.segments.as_slice() {
            ["files", id] => (*id, false),
            ["files", id, "content"] => (*id, true),
            _ => return Err(Refusal::not_found()),
        };
        if *call.method != Method::GET {
            return Err(Refusal::not_found());
        }
        if call.headers.contains_key(header::AUTHORIZATION) {
            return Err(Refusal::bad_request("Only one auth mechanism allowed"));
        }
        let expires: i64 = call.query.get("expires").and_then(|at| at.parse().ok()).unwrap_or_default();
        let is_signed = call.query.get("sig") == Some(&self.signature(id, expires));
        if !is_signed || call.now.timestamp() > expires {
            return Err(Refusal::forbidden("The address is not valid any more"));
        }
        let content = self.files.get(id).ok_or_else(Refusal::not_found)?;
        let mut response = Response::new(Bytes::new());
        if is_content {
            *response.body_mut() = content.clone();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        } else {
            let (host, signature) = (call.host(), self.signature(id, expires));
            let next = format!("http://{host}/files/{id}/content?expires={expires}&sig={signature}");
            *response.status_mut() = StatusCode::FOUND;
            if let Ok(next) = HeaderValue::from_str(&next) {
                response.headers_mut().insert(header::LOCATION, next);
            }
        }
        Ok(response)
    }
}
