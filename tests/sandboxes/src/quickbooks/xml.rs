//! What a caller gets who does not ask for JSON.

use crate::json::Json;

/// The answer as XML. Enough to see what it says; no client of the double is meant to read it.
pub(super) fn answer(json: &Json) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    let time = json.get("time").and_then(Json::as_id).unwrap_or_default();
    out.push_str("<IntuitResponse time=\"");
    escape(time, &mut out);
    out.push_str("\" xmlns=\"http://schema.intuit.com/finance/v3\">");
    for (key, value) in json.as_object().into_iter().flatten().filter(|(key, _)| *key != "time") {
        if key == "Fault" { fault(value, &mut out) } else { element(key, value, &mut out) }
    }
    out.push_str("</IntuitResponse>");
    out
}

fn fault(fault: &Json, out: &mut String) {
    out.push_str("<Fault type=\"");
    escape(fault.get("type").and_then(Json::as_str).unwrap_or_default(), out);
    out.push_str("\">");
    for error in fault.get("Error").and_then(Json::as_array).unwrap_or(&[]) {
        let text = |key: &str| error.get(key).and_then(Json::as_str).unwrap_or_default();
        out.push_str("<Error code=\"");
        escape(text("code"), out);
        out.push_str("\" element=\"");
        escape(text("element"), out);
        out.push_str("\">");
        element("Message", &text("Message").into(), out);
        element("Detail", &text("Detail").into(), out);
        out.push_str("</Error>");
    }
    out.push_str("</Fault>");
}

fn element(name: &str, value: &Json, out: &mut String) {
    if let Json::Array(items) = value {
        items.iter().for_each(|item| element(name, item, out));
        return;
    }
    out.push('<');
    out.push_str(name);
    out.push('>');
    match value {
        Json::Object(members) => members.iter().for_each(|(key, member)| element(key, member, out)),
        Json::String(text) | Json::Number(text) => escape(text, out),
        Json::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Json::Null | Json::Array(_) => {}
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
