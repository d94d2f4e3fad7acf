//! Following the pages of a list.
use std::collections::HashSet;

use reqwest::Url;

use super::error::HttpError;

/// The targets of a `Link` header (RFC 8288), by relation. Relations other than these are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Links {
    /// The first page.
    pub first: Option<String>,
    /// The page before this one.
    pub prev: Option<String>,
    /// The page after this one; none on the last page.
    pub next: Option<String>,
    /// The last page.
    pub last: Option<String>,
}

/// Reads a `Link` header. What is malformed is skipped; of several links with one relation the first counts.
#[must_use]
pub fn parse_link_header(value: &str) -> Links {
    let mut links = Links::default();
    let mut rest = value;
    while let Some(open) = rest.find('<') {
        let Some((target, after_target)) = rest.get(open + 1..).and_then(|text| text.split_once('>')) else { break };
        let end = end_of_parameters(after_target);
        let (parameters, following) = after_target.split_at(end);
        for relation in relations(parameters) {
            let place = match relation.to_ascii_lowercase().as_str() {
                "first" => &mut links.first,
                "prev" | "previous" => &mut links.prev,
                "next" => &mut links.next,
                "last" => &mut links.last,
                _ => continue,
            };
            place.get_or_insert_with(|| target.trim().to_owned());
        }
        rest = following;
    }
    links
}

/// The position of the comma that ends this link's parameters; commas in quotes do not.
fn end_of_parameters(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return position,
            _ => {}
        }
    }
    text.len()
}

/// The relations in `; rel="next last"; title=…`.
fn relations(parameters: &str) -> impl Iterator<Item = &str> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
        .flat_map(|(_, value)| value.trim().trim_matches('"').split_ascii_whitespace())
}

/// Walks the pages of one list: never twice the same page, never to another host.
#[derive(Debug)]
pub struct PageGuard {
    base: Url,
    current: Url,
    seen: HashSet<String>,
}

impl PageGuard {
    /// A walk that begins with `first` (a path with query) on the host of `base_url`.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when the two do not make a URL.
    pub fn new(base_url: &str, first: &str) -> Result<Self, HttpError> {
        let invalid = |problem: &str| HttpError::InvalidRequest { problem: problem.to_owned() };
        let base = Url::parse(base_url).map_err(|_| invalid("the base URL of the API is not a URL"))?;
        let current = base.join(first).map_err(|_| invalid("the path of a list is not a path"))?;
        if !same_host(&base, &current) {
            return Err(invalid("the path of a list names another host"));
        }
        let seen = HashSet::from([key(&current)]);
        Ok(Self { base, current, seen })
    }

    /// Takes the target of a `next` link and returns the path with query to request from the same base URL.
    ///
    /// # Errors
    /// [`HttpError::PageLeavesHost`] when the link names another host (the access token would go there),
    /// [`HttpError::PageLoop`] when that page was read before, [`HttpError::Decode`] when it is not a URL.
    pub fn follow(&mut self, next: &str) -> Result<String, HttpError> {
        let path = || self.base_path();
        let target = self.current.join(next).map_err(|error| HttpError::Decode {
            what: format!("the next page of {}", path()),
            at: "the Link header".to_owned(),
            problem: error.to_string(),
        })?;
        // A path of two slashes would name a host of its own wherever it is joined again.
        if !same_host(&self.base, &target) || target.path().starts_with("//") {
            let host = target.host_str().unwrap_or("none").to_owned();
            return Err(HttpError::PageLeavesHost { path: path(), host });
        }
        let page = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        let key = key(&target);
        if self.seen.contains(&key) {
            return Err(HttpError::PageLoop { path: path(), page });
        }
        self.seen.insert(key.clone());
        self.current = target;
        Ok(key)
    }

    /// How many pages were begun, the first included.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.seen.len()
    }

    fn base_path(&self) -> String {
        self.current.path().to_owned()
    }
}

/// The scheme is left out on purpose: servers behind a TLS-terminating proxy often write `http` links to themselves, and
/// what is requested is the path, on the base URL's own scheme.
fn same_host(base: &Url, target: &Url) -> bool {
    matches!(target.scheme(), "http" | "https") && base.host_str() == target.host_str() && base.port() == target.port()
}

fn key(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://api.procore.com";

    #[test]
    fn reads_the_documented_header() {
        // given the header of https://developers.procore.com/documentation/pagination, in shape
        let header = "<https://api.procore.com/rest/v1.0/vendors?page=1&per_page=2>; rel=\"first\", \
                      <https://api.procore.com/rest/v1.0/vendors?page=3&per_page=2>; rel=\"next\", \
                      <https://api.procore.com/rest/v1.0/vendors?page=9&per_page=2>; rel=\"last\"";
        let links = parse_link_header(header);
        assert_eq!(links.next.as_deref(), Some("https://api.procore.com/rest/v1.0/vendors?page=3&per_page=2"));
        assert_eq!(links.last.as_deref(), Some("https://api.procore.com/rest/v1.0/vendors?page=9&per_page=2"));
        assert_eq!(links.prev, None);
    }

    #[test]
    fn reads_odd_but_legal_headers_and_survives_others() {
        assert_eq!(parse_link_header("</a,b?x=1>;title=\"one, two\";REL=NEXT").next.as_deref(), Some("/a,b?x=1"));
        let both = parse_link_header("</z>; rel=\"next last\"");
        assert_eq!((both.next.as_deref(), both.last.as_deref()), (Some("/z"), Some("/z")));
        assert_eq!(parse_link_header("</a>; rel=next, </b>; rel=next").next.as_deref(), Some("/a"));
        for broken in ["", "<", "<>", "next", "</a> rel=next", "</a>; rel", "</a>; rel=\"", "<<<>>>,,;;\"\\"] {
            assert_eq!(parse_link_header(broken).last, None, "{broken}");
        }
    }

    #[test]
    fn follows_pages_of_its_own_host() {
        let mut pages = PageGuard::new(BASE, "/rest/v1.0/vendors?page=1").unwrap();
        // absolute, path only, query only, default port, plain scheme behind a proxy
        for (link, wanted) in [
            ("https://api.procore.com/rest/v1.0/vendors?page=2", "/rest/v1.0/vendors?page=2"),
            ("/rest/v1.0/vendors?page=3", "/rest/v1.0/vendors?page=3"),
            ("?page=4", "/rest/v1.0/vendors?page=4"),
            ("https://api.procore.com:443/rest/v1.0/vendors?page=5", "/rest/v1.0/vendors?page=5"),
            ("http://api.procore.com/rest/v1.0/vendors?page=6", "/rest/v1.0/vendors?page=6"),
        ] {
            assert_eq!(pages.follow(link).unwrap(), wanted);
        }
        assert_eq!(pages.pages(), 6);
    }

    #[test]
    fn stops_at_a_loop() {
        let mut pages = PageGuard::new(BASE, "/a?page=1").unwrap();
        pages.follow("/a?page=2").unwrap();
        let error = pages.follow("/a?page=1").unwrap_err();
        assert!(matches!(error, HttpError::PageLoop { page: 2, .. }), "{error}");
    }

    #[test]
    fn does_not_leave_the_host() {
        for link in [
            "https://evil.example/a?page=2",
            "//evil.example/a?page=2",
            "https://api.procore.com@evil.example/a",
            "https://api.procore.com.evil.example/a",
            "https://api.procore.com:8443/a",
            "\\\\evil.example\\a",
            "ftp://api.procore.com/a",
        ] {
            let mut pages = PageGuard::new(BASE, "/a").unwrap();
            let error = pages.follow(link).unwrap_err();
            assert!(matches!(error, HttpError::PageLeavesHost { .. }), "{link}: {error}");
        }
    }
}
