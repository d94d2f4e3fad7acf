//! One page that needs nothing else: no script, no font, no picture from elsewhere. It prints well.

use std::fmt::Write as _;

use super::{Report, chart};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;color:#1b1b1b;max-width:1000px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin-bottom:.3rem}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}\
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.3rem .5rem;border-bottom:1px solid #ccc;\
text-align:left;vertical-align:top}th{border-bottom:2px solid #333}td.n,th.n{text-align:right;white-space:nowrap;\
font-variant-numeric:tabular-nums}tr.off td{background:#fdf3e7}svg{width:100%;font-size:11px}svg .group{font-weight:600}\
.s0{fill:#2f5d8a}.s1{fill:#d98a2b}figure{margin:1rem 0;break-inside:avoid}figcaption{font-weight:600}\
@media print{body{max-width:none;margin:0;font-size:11px}thead{display:table-header-group}tr{break-inside:avoid}\
h2{break-after:avoid}@page{margin:14mm}}";

pub(crate) fn page(report: &Report) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style></head><body><h1>{0}</h1>\n",
        escape(&report.title)
    );
    for line in &report.lead {
        let _ = writeln!(out, "<p>{}</p>", escape(line));
    }
    for drawing in &report.charts {
        out.push_str(&chart::svg(drawing));
    }
    for table in &report.tables {
        let _ = writeln!(out, "<h2>{}</h2>", escape(&table.title));
        if table.rows.is_empty() {
            out.push_str("<p>None.</p>\n");
            continue;
        }
        out.push_str("<table><thead><tr>");
        for (place, name) in table.header.iter().enumerate() {
            let number = table.rows.iter().any(|row| row.get(place).is_some_and(super::Cell::is_number));
            let _ = write!(out, "<th{}>{}</th>", class(number), escape(name));
        }
        out.push_str("</tr></thead><tbody>\n");
        for row in &table.rows {
            out.push_str("<tr>");
            for cell in row {
                let _ = write!(out, "<td{}>{}</td>", class(cell.is_number()), escape(&cell.shown()));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn class(number: bool) -> &'static str {
    if number { " class=\"n\"" } else { "" }
}

/// Foreign text stays text.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Neither HTML nor XML 1.0 has these.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
