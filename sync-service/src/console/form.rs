//! Bodies and addresses of requests.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use futures_util::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::call::Problem;

/// No table of a mapping comes near it.
pub(crate) const LARGEST: usize = 4 << 20;
/// So much is read and thrown away, so that a browser hears why instead of a broken connection.
const DISCARDED: usize = 256 << 20;

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as one part of an address.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The fields of a form, and its files.
pub(crate) type Fields = (Vec<(String, String)>, Vec<(String, Bytes)>);

/// Reads the body of a form, sent either way, or of a call of the API: a JSON object of texts.
///
/// # Errors
/// [`Problem::TooLarge`] with what to do, or [`Problem::Bad`] if it is no form.
pub(crate) async fn read(request: Request) -> Result<Fields, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.to_owned();
    let bytes = whole(request.into_body()).await?;
    if kind.starts_with("multipart/form-data") {
        return parts(&kind, bytes).await;
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::Bad("the form is not UTF-8".to_owned()))?;
    if kind.starts_with("application/json") {
        return Ok((members(text)?, Vec::new()));
    }
    Ok((pairs(text), Vec::new()))
}

/// The members of a JSON object: texts, and lists of texts, which come as several fields of one name.
fn members(text: &str) -> Result<Vec<(String, String)>, Problem> {
    use serde_json::Value;
    let bad = || Problem::Bad("the body must be a JSON object of texts and lists of texts".to_owned());
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let Value::Object(object) = serde_json::from_str(text).map_err(|_| bad())? else { return Err(bad()) };
    let mut fields = Vec::with_capacity(object.len());
    for (name, value) in object {
        match value {
            Value::String(text) => fields.push((name, text)),
            Value::Array(list) => {
                for one in list {
                    let Value::String(text) = one else { return Err(bad()) };
                    fields.push((name.clone(), text));
                }
            }
            Value::Null => {}
            _ => return Err(bad()),
        }
    }
    Ok(fields)
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut total) = (Vec::new(), 0_usize);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::Bad("the request broke off; send it again".to_owned()))?;
        total = total.saturating_add(piece.len());
        if total <= LARGEST {
            kept.extend_from_slice(&piece);
        } else {
            kept = Vec::new();
        }
        if total > DISCARDED {
            break;
        }
    }
    if total > LARGEST {
        return Err(Problem::TooLarge(format!(
            "What was sent is larger than {} MB, and nothing of it was kept. A table of the mapping has at most some \
             thousand rows: send the CSV file alone, not a workbook or a folder.",
            LARGEST >> 20
        )));
    }
    Ok(kept.into())
}

async fn parts(kind: &str, bytes: Bytes) -> Result<Fields, Problem> {
    let bad = |_| Problem::Bad("the form cannot be read; load the page again".to_owned());
    let request = Request::builder()
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(bytes))
        .map_err(|_| Problem::Bad("the form cannot be read".to_owned()))?;
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::Bad("the form cannot be read; load the page again".to_owned()))?;
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = form.next_field().await.map_err(bad)? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            files.push((name, part.bytes().await.map_err(bad)?));
        } else {
            fields.push((name, part.text().await.map_err(bad)?));
        }
    }
    Ok((fields, files))
}
