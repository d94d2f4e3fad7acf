//! Text fields hold HTML, which QuickBooks would print as it is.

use std::borrow::Cow;

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 12] = ["br", "p", "div", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "hr"];

/// The text without tags, entities decoded, spaces and line ends folded into one space.
///
/// A `<` that begins no tag stays: `pipe < 2 in.` is not HTML.
pub fn plain_text(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&', '\n', '\r', '\t', '\u{a0}']) && !text.contains("  ") {
        return Cow::Borrowed(text.trim());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        push(&mut out, before);
        let special = if from.starts_with('<') { tag(from) } else { entity(from) };
        match special {
            Some((length, replacement)) => {
                push(&mut out, replacement.encode_utf8(&mut [0; 4]).trim_matches('\0'));
                rest = from.get(length..).unwrap_or_default();
            }
            None => {
                out.push_str(from.get(..1).unwrap_or_default());
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    push(&mut out, rest);
    out.truncate(out.trim_end().len());
    Cow::Owned(out)
}

/// Adds text with its white space folded.
fn push(out: &mut String, text: &str) {
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
}

/// The length of the tag at the start, and what stands for it: a space for blocks, nothing for others.
fn tag(text: &str) -> Option<(usize, char)> {
    let length = text.find('>')? + 1;
    let inner = text.get(1..length - 1)?;
    if let Some(comment) = text.strip_prefix("<!--") {
        return Some((comment.find("-->").map_or(text.len(), |end| end + 7), ' '));
    }
    let name = inner.strip_prefix('/').unwrap_or(inner);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || inner.contains('<') {
        return None;
    }
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let block = BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name));
    Some((length, if block { ' ' } else { '\0' }))
}

/// The length of the entity at the start, and its character.
fn entity(text: &str) -> Option<(usize, char)> {
    let end = text.find(';').filter(|end| *end <= 10)?;
    let name = text.get(1..end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        "bull" => '•',
        "deg" => '°',
        "frac12" => '½',
        "frac14" => '¼',
        "frac34" => '¾',
        "times" => '×',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace())?
        }
    };
    Some((end + 1, c))
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn tags_go_and_entities_become_what_they_mean() {
        for (html, text) in [
            ("<p>Furnish and install</p>", "Furnish and install"),
            ("<div>Steel<br/>and <b>deck</b>ing</div>\n<p>Level&nbsp;2</p>", "Steel and decking Level 2"),
            ("Smith &amp; Sons &#8211; 3/4&quot; &#x27;bar&#x27;", "Smith & Sons – 3/4\" 'bar'"),
            ("pipe < 2 in. & fittings; R&D", "pipe < 2 in. & fittings; R&D"),
            ("a <!-- hidden > --> b", "a b"),
            ("5 < 6 <b>bold", "5 < 6 bold"),
            ("&lt;script&gt;", "<script>"),
            ("  plain  ", "plain"),
            ("", ""),
            ("<", "<"),
            ("&", "&"),
            ("&#0;&#xD800;&unknown;", "&#0;&#xD800;&unknown;"),
            ("Größe <i>µ</i>", "Größe µ"),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }
}
