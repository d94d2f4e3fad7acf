//! From path and query string to what is asked for.

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;

use super::entities::Type;

/// What a path under `/v3/company/{realm}` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Query,
    Cdc,
    Batch,
    Read(Type, &'a str),
    /// The one CompanyInfo or Preferences.
    ReadSingle(Type),
    Write(Type),
    Report(&'a str),
    Upload,
    Unknown,
}

/// The decoded pairs of a query string or form. A bare `+` is a space, as the vendor reads it.
pub(super) fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Realm and route of a path of the accounting API.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Option<(&'a str, Route<'a>)> {
    let rest = path.strip_prefix("/v3/company/")?;
    let mut segments = rest.trim_end_matches('/').split('/');
    let realm = segments.next()?;
    let (first, second, third) = (segments.next(), segments.next(), segments.next());
    let (get, post) = (method == Method::GET, method == Method::POST);
    let route = match (first, second, third) {
        (Some("query"), None, None) if get || post => Route::Query,
        (Some("cdc"), None, None) if get => Route::Cdc,
        (Some("batch"), None, None) if post => Route::Batch,
        (Some("reports"), Some(name), None) if get => Route::Report(name),
        (Some("upload"), None, None) if post => Route::Upload,
        (Some("preferences"), None, None) if get => Route::ReadSingle(Type::Preferences),
        (Some("companyinfo"), Some(id), None) if get && (id == realm || id == "1") => {
            Route::ReadSingle(Type::CompanyInfo)
        }
        (Some(entity), Some(id), None) if get => match Type::by_path(entity) {
            Some(kind) => Route::Read(kind, id),
            None => Route::Unknown,
        },
        (Some(entity), None, None) if post => Type::by_path(entity).map_or(Route::Unknown, Route::Write),
        _ => Route::Unknown,
    };
    Some((realm, route))
}
