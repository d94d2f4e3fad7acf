//! What happened, the latest first, with search; and why a document posts as it does.

use maud::html;
use sync_core::journal::{AuditRow, Journal};

use super::exception::key_of;
use super::exceptions::address;
use crate::console::Site;
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::look::plainly;
use crate::explain;

const SHOWN: usize = 100;
const WINDOW: u64 = 2_000;

pub(crate) async fn show(call: Call) -> Answered {
    let (site, asked) = (&call.site, call.asked("q").trim().to_owned());
    let rows = latest(site, &asked).await?;
    let deeds = site.store.deeds(&site.settings.connection, None, 1000)?;
    let wanted = asked.to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&wanted);
    let deeds: Vec<_> = deeds
        .into_iter()
        .filter(|deed| [&deed.about, &deed.what, &deed.user, &deed.before, &deed.after].iter().any(|text| fits(text)))
        .take(SHOWN)
        .collect();
    let body = html! {
        form.row method="get" role="search" {
            div { label for="q" { "Search documents, people and words" } input #q name="q" type="search" value=(asked) size="40"; }
            button { "Search" }
        }
        h2 { "People" }
        @if deeds.is_empty() { p.muted { "Nothing." } } @else {
            div.wide tabindex="0" role="region" aria-label="People" { table {
                thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "About" } th scope="col" { "What" } th scope="col" { "Before" } th scope="col" { "After" } } }
                tbody { @for deed in &deeds { tr {
                    td { (deed.at.format("%Y-%m-%d %H:%M")) } td { (deed.user) } td { (deed.about) } td { (deed.what) } td { (deed.before) } td { (deed.after) }
                } } }
            } }
        }
        h2 { "The sync" }
        p.muted { "The latest " (rows.len()) " entries, UTC. Each is chained to the one before it by its hash, so that none can be changed or taken out unnoticed." }
        div.wide tabindex="0" role="region" aria-label="The sync" { table {
            thead { tr { th scope="col" { "No" } th scope="col" { "When" } th scope="col" { "Document" } th scope="col" { "What was done, and why" } th scope="col" { "" } } }
            tbody { @for row in &rows { tr {
                td.n { (row.number) } td.t { (row.at.format("%Y-%m-%d %H:%M")) }
                td { a href=(address(site, &row.document)) { (row.document) } } td { (plainly(&row.text)) }
                td { a href=(site.path(&format!("/explain/{}/{}", row.document.kind, segment(&row.document.id)))) { "explain" } }
            } } }
        } }
    };
    Ok(Answer::page("Activity", body))
}

/// The latest entries that fit, the latest first.
pub(crate) async fn latest(site: &Site, asked: &str) -> Result<Vec<AuditRow>, Problem> {
    let (id, wanted) = (site.settings.id(), asked.to_lowercase());
    let mut end = last_number(site).await?;
    let mut found: Vec<AuditRow> = Vec::new();
    while end > 0 && found.len() < SHOWN {
        let begin = end.saturating_sub(WINDOW);
        let count = usize::try_from(end - begin).unwrap_or(usize::MAX);
        let rows = site.journal.audit(&id, begin, count).await?;
        let fits = |row: &AuditRow| {
            wanted.is_empty()
                || row.text.to_lowercase().contains(&wanted)
                || row.document.to_string().to_lowercase().contains(&wanted)
        };
        found.extend(rows.into_iter().rev().filter(fits));
        end = begin;
    }
    found.truncate(SHOWN);
    Ok(found)
}

/// The number of the last entry. They count up from 1 without a gap, so halving finds it.
async fn last_number(site: &Site) -> Result<u64, Problem> {
    let id = site.settings.id();
    let (mut below, mut above) = (0_u64, 1_u64);
    while !site.journal.audit(&id, above - 1, 1).await?.is_empty() {
        (below, above) = (above, above.saturating_mul(2));
    }
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if site.journal.audit(&id, middle - 1, 1).await?.is_empty() {
            above = middle;
        } else {
            below = middle;
        }
    }
    Ok(below)
}

pub(crate) async fn why(call: Call) -> Answered {
    let (site, key) = (&call.site, key_of(&call)?);
    let reader = crate::site::Site::over(site.settings.clone())?;
    let found = match explain::explain(&reader, &key.to_string()).await {
        Ok(found) => found,
        Err(error) => {
            let body = html! { p.notice { (error) } };
            return Ok(Answer::page(format!("Why: {key}"), body));
        }
    };
    let explanation = &found.explanation;
    let header = explanation.header.iter().map(|origin| ("", origin));
    let lines = explanation.lines.iter().flat_map(|line| line.values.iter().map(|o| (line.line.as_str(), o)));
    let rows: Vec<_> = header.chain(lines).collect();
    let body = html! {
        p { @match &found.transaction { Some(target) => { "Posted as " (target) }, None => "Not posted yet" } ", by mapping " code { (explanation.mapping) } "." }
        div.wide tabindex="0" role="region" aria-label="Where each value comes from" { table {
            thead { tr { th scope="col" { "Line" } th scope="col" { "Field" } th scope="col" { "Value" } th scope="col" { "From" } th scope="col" { "By" } } }
            tbody { @for (line, origin) in &rows { tr { td { (line) } td { (origin.field) } td { (origin.value) } td { (origin.from) } td { (origin.by) } } } }
        } }
    };
    Ok(Answer::page(format!("Why {} posts as it does", explanation.label), body))
}
