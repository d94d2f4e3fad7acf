//! Lists: which rows, in which order, on which page.
//!
//! Source: <https://developers.procore.com/documentation/pagination>. `Link`, `Total` and `Per-Page` are the only facts
//! about paging; the last page has no `next`.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::call::Call;
use super::config::PageSizes;
use super::errors::{Refusal, text_response};
use super::filters::{Filter, Filters};
use super::store::Row;
use super::{Procore, views};
use crate::json::Json;

/// Which page sizes a list has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pages {
    V1,
    V2,
    Projects,
    Invoices,
}

/// What a list documents.
#[derive(Debug)]
pub(super) struct List {
    pub(super) resource: &'static str,
    pub(super) filters: &'static [Filter],
    /// The first is the default.
    pub(super) views: &'static [&'static str],
    pub(super) sorts: &'static [&'static str],
    pub(super) pages: Pages,
}

/// Whose rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    Company,
    Project(&'a str),
    /// Rows of one contract in one project.
    Contract(&'a str, &'a str),
}

/// One page of something.
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn read(call: &Call<'_>, pages: Pages, sizes: &PageSizes) -> Result<Self, Refusal> {
        let (default, most) = match pages {
            Pages::V1 => (sizes.v1, sizes.v1_max),
            Pages::V2 => (sizes.v2, sizes.v2_max),
            Pages::Projects => (sizes.projects, sizes.projects_max),
            Pages::Invoices => (sizes.invoices, sizes.v1_max),
        };
        let number = |name: &str| match call.query.get(name) {
            None | Some("") => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(n) if n > 0 => Ok(Some(n)),
                _ => Err(Refusal::bad_request(format!("{name} must be a positive integer"))),
            },
        };
        Ok(Self { number: number("page")?.unwrap_or(1), size: number("per_page")?.unwrap_or(default).min(most).max(1) })
    }

    pub(super) fn cut<'r, T>(&self, rows: &'r [T]) -> &'r [T] {
        let from = (self.number - 1).saturating_mul(self.size).min(rows.len());
        let to = from.saturating_add(self.size).min(rows.len());
        rows.get(from..to).unwrap_or_default()
    }

    /// Puts `Total`, `Per-Page` and `Link` on the answer.
    pub(super) fn label(&self, call: &Call<'_>, total: usize, response: &mut Response<Bytes>) {
        let last = total.div_ceil(self.size).max(1);
        let mut links = Vec::with_capacity(4);
        let mut link = |page: usize, rel: &str| links.push(format!("<{}>; rel=\"{rel}\"", self.address(call, page)));
        if self.number > 1 {
            link(1, "first");
            link(self.number - 1, "prev");
        }
        if self.number < last {
            link(self.number + 1, "next");
            link(last, "last");
        }
        let headers = response.headers_mut();
        headers.insert("total", HeaderValue::from(total));
        headers.insert("per-page", HeaderValue::from(self.size));
        if !links.is_empty()
            && let Ok(value) = HeaderValue::from_str(&links.join(", "))
        {
            headers.insert(header::LINK, value);
        }
    }

    fn address(&self, call: &Call<'_>, page: usize) -> String {
        const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let mut address = format!("http://{}{}?", call.host(), call.path);
        for (name, value) in call.query.iter().filter(|(name, _)| !matches!(*name, "page" | "per_page")) {
            address.push_str(&format!("{}={}&", utf8_percent_encode(name, PLAIN), utf8_percent_encode(value, PLAIN)));
        }
        address.push_str(&format!("page={page}&per_page={}", self.size));
        address
    }
}

/// The `view` of a call, checked.
pub(super) fn view<'a>(call: &'a Call<'_>, known: &[&'static str]) -> Result<&'a str, Refusal> {
    let default = known.first().copied().unwrap_or("default");
    let asked = call.query.get("view").or_else(|| call.query.get("serializer_view"));
    match asked.filter(|view| !view.is_empty()) {
        None => Ok(default),
        Some(view) if known.contains(&view) => Ok(view),
        Some(_) => Err(Refusal::bad_request("view does not have a valid value")),
    }
}

impl Procore {
    /// Answers a list call.
    pub(super) fn list(&self, call: &Call<'_>, list: &List, scope: Scope<'_>) -> Result<Response<Bytes>, Refusal> {
        self.list_where(call, list, scope, |_| true)
    }

    /// Answers a list call of which only some rows are ever part.
    pub(super) fn list_where(
        &self,
        call: &Call<'_>,
        list: &List,
        scope: Scope<'_>,
        part: impl Fn(&Row) -> bool,
    ) -> Result<Response<Bytes>, Refusal> {
        let table = self.store.table(list.resource);
        let filters = Filters::read(call, list.filters, table, list.resource == "projects")?;
        let page = Page::read(call, list.pages, &self.config.pages)?;
        let view = view(call, list.views)?;
        let mut rows: Vec<(&str, &Row)> = Vec::new();
        let keep = |(id, row): (&'_ str, &'_ Row)| {
            part(row) && self.store.visible(list.resource, id, row) && filters.pass(row, &self.store)
        };
        match scope {
            Scope::Company => rows.extend(table.rows().filter(|pair| keep(*pair))),
            Scope::Project(project) => rows.extend(table.of_project(project).filter(|pair| keep(*pair))),
            Scope::Contract(project, contract) => rows.extend(
                table.of_parent(contract).filter(|pair| pair.1.project.as_deref() == Some(project) && keep(*pair)),
            ),
        }
        sort(call, list.sorts, &mut rows)?;
        if list.resource == "projects" && view == "ids" {
            let ids: Vec<Json> = rows.iter().map(|(id, _)| super::store::id_json(id)).collect();
            return Ok(text_response(StatusCode::OK, Json::Array(ids).to_string()));
        }
        let mut body = String::from("[");
        for (at, (_, row)) in page.cut(&rows).iter().enumerate() {
            if at > 0 {
                body.push(',');
            }
            let listed = views::listed(self, list.resource, row, view);
            let wire = match self.with_addresses(call, list.resource, listed) {
                Cow::Borrowed(json) => json.to_string(),
                Cow::Owned(json) => json.to_string(),
            };
            body.push_str(&wire);
        }
        body.push(']');
        let mut response = text_response(StatusCode::OK, body);
        page.label(call, rows.len(), &mut response);
        Ok(response)
    }

    /// Answers a list of lines, which live inside another record.
    pub(super) fn line_list(
        &self,
        call: &Call<'_>,
        filters: &'static [Filter],
        lines: Vec<Json>,
        pages: Pages,
    ) -> Result<Response<Bytes>, Refusal> {
        let filters = Filters::read(call, filters, self.store.table(""), false)?;
        let page = Page::read(call, pages, &self.config.pages)?;
        let lines: Vec<Json> = lines.into_iter().filter(|line| filters.pass_line(line)).collect();
        let shown = Json::Array(page.cut(&lines).to_vec());
        let body = match pages {
            Pages::V2 => format!("{{\"data\":{shown}}}"),
            _ => shown.to_string(),
        };
        let mut response = text_response(StatusCode::OK, body);
        page.label(call, lines.len(), &mut response);
        Ok(response)
    }
}

fn sort(call: &Call<'_>, known: &[&str], rows: &mut [(&str, &Row)]) -> Result<(), Refusal> {
    let Some(wanted) = call.query.get("sort").filter(|sort| !sort.is_empty()) else { return Ok(()) };
    // From the last key to the first: the sort is stable.
    for key in wanted.split(',').rev() {
        let (member, descending) = key.strip_prefix('-').map_or((key, false), |member| (member, true));
        if !known.contains(&member) {
            return Err(Refusal::bad_request("sort does not have a valid value"));
        }
        rows.sort_by(|(_, a), (_, b)| {
            let order = compare(a.body.get(member), b.body.get(member));
            if descending { order.reverse() } else { order }
        });
    }
    Ok(())
}

fn compare(a: Option<&Json>, b: Option<&Json>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(Json::Number(_)), Some(Json::Number(_))) => {
            a.and_then(Json::as_decimal).cmp(&b.and_then(Json::as_decimal))
        }
        _ => a.and_then(Json::as_str).cmp(&b.and_then(Json::as_str)),
    }
}
