//! Taking secrets out of text before anybody sees it.
//!
//! Two nets, one behind the other: [`redact`] finds secrets by their surroundings (a key, a scheme, the form of a JWT)
//! in text whose origin is unknown; [`redact_exact`] takes out values that are known.
use std::fmt::{self, Debug, Display};

use ::http::HeaderMap;

use super::secret::Secret;

const MARK: &str = "[redacted]";

/// Keys whose values are secret, lower case without separators: `access_token`, `accessToken`, `Access-Token` alike.
const SECRET_KEYS: [&str; 25] = [
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "token",
    "bearertoken",
    "authtoken",
    "clientsecret",
    "secret",
    "secretkey",
    "signingkey",
    "privatekey",
    "code",
    "authorizationcode",
    "codeverifier",
    "clientassertion",
    "assertion",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "xapikey",
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
];

/// Words that follow `bearer` or `basic` in prose; everything else there is taken for a credential.
const PROSE: [&str; 9] =
    ["token", "tokens", "auth", "authentication", "authorization", "credentials", "realm", "scheme", "error"];

/// Headers whose values help and cannot be secret; all others print as redacted.
const SAFE_HEADERS: [&str; 19] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "intuit_tid",
    "per-page",
    "procore-company-id",
    "retry-after",
    "server",
    "total",
    "transfer-encoding",
    "user-agent",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-request-id",
];

/// Removes credentials from `text`: after `Bearer` and `Basic`, behind secret keys in JSON (also escaped), forms, queries,
/// headers and XML, in URLs before `@`, and whatever has the form of a JWT.
///
/// Numbers and words in capitals behind `code` stay: they are the vendors' error codes.
#[must_use]
pub fn redact(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some(word) = word_at(bytes, at) else {
            // The two digits of a percent escape do not belong to the word that follows.
            let escape = bytes.get(at) == Some(&b'%') && run(bytes, at + 1, |byte| byte.is_ascii_hexdigit()) >= at + 3;
            at += if escape { 3 } else { 1 };
            continue;
        };
        let end = at + word.len();
        let hit = secret_after(bytes, at, end, word);
        match hit {
            Some((from, to)) if to > from => {
                push(&mut out, text, copied, from);
                out.push_str(MARK);
                copied = to;
                at = to;
            }
            _ => at = end,
        }
    }
    push(&mut out, text, copied, text.len());
    out
}

/// Replaces each occurrence of each secret in `text`, then [`redact`]s the rest.
#[must_use]
pub fn redact_exact(text: &str, secrets: &[&Secret]) -> String {
    let mut text = std::borrow::Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret.expose()) {
            text = text.replace(secret.expose(), MARK).into();
        }
    }
    redact(&text)
}

/// The start of a body for an error text: redacted, on one line, at most 500 characters.
#[must_use]
pub fn summarize(body: &[u8], secrets: &[&Secret]) -> String {
    const SHOWN: usize = 500;
    // Read further than is shown, so that a secret that is cut at the end still has its surroundings; a body of many
    // megabytes is not scanned.
    const READ: usize = 8 * SHOWN;
    let cut = body.len() > READ;
    let text = String::from_utf8_lossy(body.get(..READ).unwrap_or(body));
    let text = redact_exact(&text, secrets);
    let mut summary = String::new();
    let mut shown = 0;
    for (index, word) in text.split_whitespace().enumerate() {
        for character in (index > 0).then_some(' ').into_iter().chain(word.chars()) {
            if shown == SHOWN - 1 {
                summary.push('…');
                return summary;
            }
            summary.push(character);
            shown += 1;
        }
    }
    if cut {
        summary.push('…');
    }
    if summary.is_empty() { "empty body".to_owned() } else { summary }
}

fn push(out: &mut String, text: &str, from: usize, to: usize) {
    // Both ends lie at ASCII bytes or at the ends of the text, so this is always a whole slice.
    out.push_str(text.get(from..to).unwrap_or(MARK));
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The word that starts at `at`, if one does.
fn word_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let length = rest.iter().take_while(|byte| is_word(**byte)).count();
    rest.get(..length).filter(|word| !word.is_empty())
}

/// The range of the secret that `word` (at `start..end`) announces or is.
fn secret_after(bytes: &[u8], start: usize, end: usize, word: &[u8]) -> Option<(usize, usize)> {
    if word.starts_with(b"eyJ") {
        let to = run(bytes, start, |byte| is_word(byte) || byte == b'.');
        let dots = bytes.get(start..to)?.iter().filter(|byte| **byte == b'.').count();
        return (dots >= 2).then_some((start, to));
    }
    if word.eq_ignore_ascii_case(b"bearer") || word.eq_ignore_ascii_case(b"basic") {
        return credential(bytes, end);
    }
    if word.eq_ignore_ascii_case(b"http") || word.eq_ignore_ascii_case(b"https") {
        return user_info(bytes, end);
    }
    let name = key_name(word)?;
    let value = value_after(bytes, start, end, name)?;
    let kept = name == "code" && bytes.get(value.0..value.1).is_some_and(is_error_code);
    (!kept).then_some(value)
}

/// The run of credential characters after `Bearer ` or `Basic `.
fn credential(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut from = run(bytes, end, |byte| byte == b' ' || byte == b'\t');
    if from == end {
        from =
            [&b"%20"[..], b"+"].iter().find(|space| starts_with(bytes, end, space)).map(|space| end + space.len())?;
    }
    let to = run(bytes, from, |byte| is_word(byte) || b".~+/=%".contains(&byte));
    let value = bytes.get(from..to)?;
    let prose = PROSE.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
        || PROSE.iter().any(|word| value.strip_suffix(b".").is_some_and(|v| v.eq_ignore_ascii_case(word.as_bytes())))
        || value.starts_with(b"realm=")
        || value.starts_with(b"error=");
    (!prose).then_some((from, to))
}

/// `user:password` in `https://user:password@host`.
fn user_info(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    if !starts_with(bytes, end, b"://") {
        return None;
    }
    let from = end + 3;
    let to = run(bytes, from, |byte| !byte.is_ascii_whitespace() && !b"/?#\"'<>@".contains(&byte));
    (bytes.get(to) == Some(&b'@')).then_some((from, to))
}

/// The entry of [`SECRET_KEYS`] that `word` spells, or that it ends with after a separator (`QBO_CLIENT_SECRET`).
/// `SyncToken` is neither, and no secret.
fn key_name(word: &[u8]) -> Option<&'static str> {
    let letters = || word.iter().filter(|byte| !matches!(byte, b'_' | b'-')).map(u8::to_ascii_lowercase);
    let length = letters().count();
    let tail = word.iter().rposition(|byte| matches!(byte, b'_' | b'-')).and_then(|at| word.get(at + 1..));
    let tail = tail.unwrap_or_default();
    SECRET_KEYS.into_iter().find(|key| {
        letters().eq(key.bytes())
            || (*key != "code" && tail.eq_ignore_ascii_case(key.as_bytes()))
            || (key.len() >= 6 && length > key.len() && letters().skip(length - key.len()).eq(key.bytes()))
    })
}

/// Where the value of the key at `start..end` lies.
fn value_after(bytes: &[u8], start: usize, end: usize, name: &str) -> Option<(usize, usize)> {
    let blank = |byte: u8| byte.is_ascii_whitespace();
    if is_element(bytes, start) {
        // XML: the text of the element, whatever its attributes.
        let close = run(bytes, end, |byte| byte != b'>');
        let from = close + 1;
        return (from < bytes.len()).then(|| (from, run(bytes, from, |byte| byte != b'<')));
    }
    // The key's own closing quote, however it is escaped.
    let mut at = run(bytes, end, |byte| byte == b'\\');
    at += [&b"\""[..], b"'", b"%22"].iter().find(|quote| starts_with(bytes, at, quote)).map_or(0, |quote| quote.len());
    at = run(bytes, at, blank);
    let encoded = [&b"%3D"[..], b"%3d", b"%3A", b"%3a"].iter().any(|sign| starts_with(bytes, at, sign));
    match bytes.get(at) {
        Some(b':' | b'=') => at += 1,
        Some(b'%') if encoded => at += 3,
        _ => return None,
    }
    at = run(bytes, at, |byte| blank(byte) || byte == b'>');
    if encoded {
        at += if starts_with(bytes, at, b"%22") { 3 } else { 0 };
        let plain = run(bytes, at, |byte| !blank(byte) && !b"&\"'<>".contains(&byte));
        let stops = |to: &usize| [&b"%26"[..], b"%22"].iter().any(|stop| starts_with(bytes, *to, stop));
        return Some((at, (at..plain).find(stops).unwrap_or(plain)));
    }
    let escapes = run(bytes, at, |byte| byte == b'\\') - at;
    match bytes.get(at + escapes) {
        Some(quote @ (b'"' | b'\'')) => {
            let from = at + escapes + 1;
            Some((from, closing_quote(bytes, from, *quote, escapes)))
        }
        Some(b'{' | b'[') => Some((at, closing_bracket(bytes, at))),
        _ if matches!(name, "authorization" | "proxyauthorization" | "cookie" | "setcookie") => {
            Some((at, run(bytes, at, |byte| !b"\r\n\"".contains(&byte))))
        }
        _ => Some((at, run(bytes, at, |byte| !blank(byte) && !b"&,;\"'<>(){}[]\\".contains(&byte)))),
    }
}

/// Whether the word at `start` is the name of an XML element, with or without a prefix.
fn is_element(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    let before = before.strip_suffix(b":").map_or(before, |rest| {
        let prefix = rest.iter().rev().take_while(|byte| is_word(**byte)).count();
        rest.get(..rest.len() - prefix).unwrap_or_default()
    });
    before.ends_with(b"<")
}

/// The position of the quote that ends a value which began with `escapes` backslashes before its quote; the end of the
/// text if it was cut off.
fn closing_quote(bytes: &[u8], from: usize, quote: u8, escapes: usize) -> usize {
    let mut backslashes = 0;
    for (offset, byte) in bytes.iter().skip(from).enumerate() {
        match *byte {
            b'\\' => backslashes += 1,
            byte if byte == quote && backslashes <= escapes => return from + offset - backslashes,
            _ => backslashes = 0,
        }
    }
    bytes.len()
}

/// The position behind the bracket that closes the one at `from`. Brackets in texts are counted
/// like others; unbalanced ones move the cut, so whatever follows is still searched by itself.
fn closing_bracket(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in bytes.iter().skip(from).enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return from + offset + 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Vendors' error codes: `5010`, `003200`, `BAD_REQUEST`, `invalid_grant`. Authorization codes are longer and mixed.
fn is_error_code(value: &[u8]) -> bool {
    let all = |belongs: fn(&u8) -> bool| value.iter().all(|byte| *byte == b'_' || belongs(byte));
    (value.len() <= 8 && value.iter().all(u8::is_ascii_digit))
        || (value.len() <= 40 && (all(u8::is_ascii_uppercase) || all(u8::is_ascii_lowercase)))
}

fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    from + bytes.iter().skip(from).take_while(|byte| belongs(**byte)).count()
}

fn starts_with(bytes: &[u8], at: usize, prefix: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(prefix))
}

/// Prints something with [`redact`] applied to its own `Display` or `Debug`.
pub struct Redacted<T>(pub T);

impl<T: Display> Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0.to_string()))
    }
}

impl<T: Debug> Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&format!("{:?}", self.0)))
    }
}

/// Prints headers: names always, values only of headers that cannot carry a secret.
pub struct SafeHeaders<'a>(pub &'a HeaderMap);

impl Debug for SafeHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&::http::HeaderName, &::http::HeaderValue)| {
            let text = value.to_str().ok().filter(|_| SAFE_HEADERS.contains(&name.as_str()) && !value.is_sensitive());
            (name.as_str().to_owned(), text.map_or_else(|| MARK.to_owned(), redact))
        };
        f.debug_map().entries(self.0.iter().map(shown)).finish()
    }
}
