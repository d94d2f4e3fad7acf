//! What a change of the mapping would do, and saving it.

use std::sync::Arc;

use axum::http::StatusCode;
use maud::{Markup, html};
use sync_core::mapping::{Mapping, MappingFiles, PostedAmount, history};
use sync_core::plan::Plan;

use super::mapping::{Draft, compiled, current, known, page};
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::look::words;
use crate::console::page::{csrf, notice};
use crate::console::preview;
use crate::console::table::{Grid, columns};
use crate::mapping::diff::{Differences, differences};
use crate::reconcile::print::dollars;
use crate::site::Site as Reader;

pub(crate) const STALE: &str = "Somebody changed the mapping since the page was shown, and nothing was saved. Open it again and make your change on top.";

/// The file as it was typed, or sent.
fn draft(call: &Call, file: &'static str, files: &MappingFiles) -> Result<Draft, Problem> {
    if let Some((_, bytes)) = call.files.iter().find(|(name, _)| name == "upload") {
        if std::str::from_utf8(bytes).is_err() {
            let text =
                format!("{file} is not UTF-8: save it from Excel as `CSV UTF-8`. A workbook (.xlsx) is not taken.");
            return Err(Problem::Bad(text));
        }
        if columns(file).is_none() {
            return Ok(Draft::Text(String::from_utf8_lossy(bytes).into_owned()));
        }
        return Ok(Draft::Table(Grid::read(file, bytes).returned()));
    }
    if columns(file).is_none() {
        return Ok(Draft::Text(call.field("text").replace("\r\n", "\n")));
    }
    let mut grid = Grid::read(file, files.get(file).unwrap_or_default());
    let cells: Vec<(usize, usize, &str)> = call
        .form
        .iter()
        .filter_map(|(name, value)| {
            let (row, column) = name.strip_prefix("cell ")?.split_once(' ')?;
            Some((row.parse().ok()?, column.parse().ok()?, value.as_str()))
        })
        .collect();
    let number =
        |name| call.field(name).parse().map_err(|_| Problem::Bad("The form is not whole; load the page again.".into()));
    grid.take(number("first")?, number("last")?, &cells);
    Ok(Draft::Table(grid))
}

/// A file was typed or sent: its faults, or its effect. Nothing is saved.
pub(crate) async fn show(call: Call) -> Answered {
    let file = known(call.param("file"))?;
    let mut files = current(&call)?;
    if call.field("base") != files.version() {
        return Err(Problem::Moved(STALE.to_owned()));
    }
    let base = files.version();
    let draft = draft(&call, file, &files)?;
    let bytes = match &draft {
        Draft::Table(grid) => grid.bytes(),
        Draft::Text(text) => text.clone().into_bytes(),
    };
    files.set(file, bytes);
    match compiled(files) {
        Ok(mapping) => effect(&call, &mapping, &base, file).await,
        Err(faults) => match page(&call, file, &draft, &base, &faults) {
            Answer::Page { title, body, again, .. } => {
                Ok(Answer::Page { title, body, status: StatusCode::UNPROCESSABLE_ENTITY, again })
            }
            other => Ok(other),
        },
    }
}

/// An earlier version: the effect of putting it back.
pub(crate) async fn restore(call: Call) -> Answered {
    let site = &call.site;
    let version = call.field("version");
    let kept = history::files(site.journal.as_ref(), &site.settings.id(), version).await?;
    let files = kept.ok_or_else(|| Problem::NotThere(format!("The version {version} was never in use here.")))?;
    let base = current(&call)?.version();
    let mapping = compiled(files).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        Problem::Bad(format!("The version {version} has faults by today's rules, the first: {first}"))
    })?;
    effect(&call, &mapping, &base, &format!("version {version}")).await
}

async fn effect(call: &Call, new: &Arc<Mapping>, base: &str, what: &str) -> Answered {
    let site = &call.site;
    let old = site.mapping.current();
    if new.version() == base {
        let body = html! { p.notice { "Nothing was changed." } p { a.button href=(site.path("/mapping")) { "Back to the mapping" } } };
        return Ok(Answer::page("Effect", body));
    }
    let reader = Reader::over(site.settings.clone())?;
    let found = differences(&reader, &old, new).await?;
    let plan = preview::of_mapping(site, new.clone()).await?;
    let before = super::exceptions::letters(site).await?;
    let freed = before.iter().filter(|letter| !plan.dead.iter().any(|dead| dead.document == letter.document)).count();
    let body = html! {
        p { "This is what " strong { (what) } " would do. " strong { "Nothing is saved yet." } }
        form method="post" action=(site.path("/mapping/save")) {
            (csrf(&call.csrf))
            input type="hidden" name="base" value=(base);
            input type="hidden" name="what" value=(what);
            input type="hidden" name="files" value=(new.files().to_archive());
            button.main { "Save it" } " " a.button href=(site.path("/mapping")) { "Leave it" }
        }
        (waiting(&plan, freed, before.len()))
        (changed(&found))
    };
    Ok(Answer::page("Effect", body))
}

fn waiting(plan: &Plan, freed: usize, before: usize) -> Markup {
    html! {
        h2 { "What waits for a person" }
        p { strong { (freed) } " of " (before) " exceptions would be settled." }
        @if !plan.writes.is_empty() {
            table {
                thead { tr { th scope="col" { "Would be" } th scope="col" { "What" } th scope="col" { "Number" } th.n scope="col" { "Total" } } }
                tbody { @for write in &plan.writes { tr {
                    td { (match write.verb.as_str() { "create" => "posted", "update" => "changed", other => other }) }
                    td { (words(write.target.kind.as_str())) } td { (write.number.as_deref().unwrap_or_default()) }
                    td.n { (write.amount.map(dollars).unwrap_or_default()) }
                } } }
            }
        }
    }
}

fn changed(found: &Differences) -> Markup {
    let amounts = |amounts: &[PostedAmount]| {
        html! {
            @for amount in amounts.iter().filter(|amount| amount.before != amount.after) {
                tr { td {} td { (amount.post_to) } td { (amount.class) } td.n { (dollars(amount.before)) } td.n { (dollars(amount.after)) } }
            }
        }
    };
    html! {
        h2 { "Open documents that would post otherwise" }
        p { strong { (found.impact.changed.len()) } " would post otherwise, " (found.impact.unchanged) " as before."
            @if found.left_out > 0 { " " (found.left_out) " more differ, but are paid or in a closed period." } }
        @if !found.impact.changed.is_empty() {
            div.wide tabindex="0" role="region" aria-label="Documents" { table {
                thead { tr { th scope="col" { "Document" } th scope="col" { "Item or account" } th scope="col" { "Class" } th.n scope="col" { "Before" } th.n scope="col" { "After" } } }
                @for one in &found.impact.changed { tbody {
                    tr { th scope="rowgroup" { (one.label) } td colspan="4" { @if one.before != one.after { del { (one.before) } " → " (one.after) } } }
                    @for (field, before, after) in &one.header { tr { td {} td { (field) } td {} td { (before) } td { (after) } } }
                    (amounts(&one.amounts))
                } }
                tbody { tr { th scope="rowgroup" { "All of them" } td colspan="4" {} } (amounts(&found.impact.totals)) }
            } }
        }
        @for problem in &found.problems { (notice("warn", &format!("Not read: {problem}"))) }
    }
}

/// Saves what was looked at: whole files, each replaced at once.
pub(crate) async fn save(call: Call) -> Answered {
    let site = &call.site;
    let _turn = site.changing.lock().await;
    let files = MappingFiles::from_archive(call.field("files"));
    let files = files.ok_or_else(|| Problem::Bad("The form is not whole, and nothing was saved.".to_owned()))?;
    let before = current(&call)?.version();
    if before == files.version() {
        return Err(Problem::Moved("This was saved already; nothing was done a second time.".to_owned()));
    }
    if call.field("base") != before {
        return Err(Problem::Moved(STALE.to_owned()));
    }
    let mapping = compiled(files).map_err(|faults| {
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Problem::Bad(format!("The mapping has faults, and nothing was saved: {}", text.join("; ")))
    })?;
    mapping.files().write_to(&site.settings.mapping)?;
    site.mapping.reload()?;
    let (in_use, id) = (site.mapping.current(), site.settings.id());
    history::record(site.journal.as_ref(), &id, &in_use, site.clock.now()).await?;
    site.engine.use_mapping(in_use.clone());
    let what = call.field("what");
    call.note("mapping", &format!("changed {what}"), &before, in_use.version())?;
    site.work.notify_one();
    let text = format!("Saved as version {}. What waited for it is tried again now.", in_use.version());
    Ok(Answer::Go(site.path(&format!("/mapping?done={}", segment(&text)))))
}
