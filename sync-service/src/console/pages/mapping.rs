//! The mapping: its tables edited in place or sent as a file, faults at the cell, the effect before it is saved, history.

use std::sync::Arc;

use maud::{Markup, html};
use sync_core::mapping::{FILES, Fault, Mapping, MappingFiles, history};

use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::LARGEST;
use crate::console::page::{csrf, notice};
use crate::console::table::{Grid, columns};

/// More rows than that are edited page by page.
const PER_PAGE: usize = 200;
/// Empty rows at the end, for what is new.
const EMPTY: usize = 3;

pub(crate) fn about(file: &str) -> &'static str {
    match file {
        "projects.csv" => "the customer and job of each project",
        "coding.csv" => "class, item and account of each code",
        "vendors.csv" => "vendors whose names differ",
        "direct_costs.csv" => "budget code of what was bought without a commitment",
        "terms.csv" => "payment terms",
        "accounts.csv" => "which account plays which role",
        "sync.toml" => "policies: closed periods, retainage, approval",
        "rules.toml" => "numbers, memos, owners of fields, formulas",
        _ => "",
    }
}

/// One of the eight; nothing else is ever read or written.
pub(crate) fn known(name: &str) -> Result<&'static str, Problem> {
    let found = FILES.into_iter().find(|file| *file == name);
    found.ok_or_else(|| Problem::NotThere(format!("No mapping has a file {name}.")))
}

/// The files as they lie in the directory now.
pub(crate) fn current(call: &Call) -> Result<MappingFiles, Problem> {
    Ok(MappingFiles::read(&call.site.settings.mapping)?)
}

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let files = current(&call)?;
    let versions = history::versions(site.journal.as_ref(), &site.settings.id()).await?;
    let in_use = site.mapping.current().version().to_owned();
    let body = html! {
        (notice("good", call.asked("done")))
        @if files.version() != in_use { (notice("warn", "The files were changed outside the console and are not in use yet, or have a fault.")) }
        table {
            thead { tr { th scope="col" { "File" } th scope="col" { "What it says" } th scope="col" { "Rows" } th scope="col" { "" } } }
            tbody { @for file in FILES { tr {
                th scope="row" { a href=(site.path(&format!("/mapping/{file}"))) { (file) } }
                td { (about(file)) }
                td { @match files.get(file) { None => "not there: defaults", Some(bytes) => @if columns(file).is_some() { (Grid::read(file, bytes).rows.len()) } @else { "text" } } }
                td { @if files.get(file).is_some() { a href=(site.path(&format!("/mapping/{file}/file"))) { "download" } } }
            } } }
        }
        h2 { "History" }
        p.muted { "Each version that was in use, the latest first. To undo, put an earlier one back: you see its effect first." }
        table {
            thead { tr { th scope="col" { "Version" } th scope="col" { "In use since" } th scope="col" { "" } } }
            tbody { @for version in versions.iter().rev() { tr {
                td { code { (version.version) } @if version.version == in_use { " in use" } }
                td { (version.since.format("%Y-%m-%d %H:%M UTC")) }
                td { @if call.may_change() && version.version != in_use {
                    form method="post" action=(site.path("/mapping/restore")) {
                        (csrf(&call.csrf)) input type="hidden" name="version" value=(version.version); button { "See the effect of putting it back" }
                    }
                } }
            } } }
        }
    };
    Ok(Answer::page("Mapping", body))
}

pub(crate) async fn edit(call: Call) -> Answered {
    let file = known(call.param("file"))?;
    let files = current(&call)?;
    let bytes = files.get(file).unwrap_or_default();
    if columns(file).is_none() {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return Ok(page(&call, file, &Draft::Text(text), &files.version(), &[]));
    }
    let mut grid = Grid::read(file, bytes);
    let add = call.asked("add");
    if !add.is_empty() {
        grid.add(add);
    }
    Ok(page(&call, file, &Draft::Table(grid), &files.version(), &[]))
}

/// What is being edited.
pub(crate) enum Draft {
    Table(Grid),
    Text(String),
}

/// The page on which a file is edited, with its faults.
pub(crate) fn page(call: &Call, file: &'static str, draft: &Draft, base: &str, faults: &[Fault]) -> Answer {
    let site = &call.site;
    let here: Vec<&Fault> = faults.iter().filter(|fault| fault.file == file).collect();
    let elsewhere = faults.iter().filter(|fault| fault.file != file);
    let body = html! {
        p { (super::exceptions::capital(about(file))) ". " a href=(site.path("/mapping")) { "All files" } }
        @if !faults.is_empty() {
            div.notice.bad role="alert" {
                p { strong { (faults.len()) (if faults.len() == 1 { " fault" } else { " faults" }) } "; nothing was saved." }
                ul { @for fault in here.iter().copied().chain(elsewhere) { li { (fault) } } }
            }
        }
        form method="post" action=(site.path(&format!("/mapping/{file}"))) data-guard {
            (csrf(&call.csrf))
            input type="hidden" name="base" value=(base);
            @match draft {
                Draft::Text(text) => { label for="text" { (file) } textarea #text name="text" rows="28" spellcheck="false" { (text) } }
                Draft::Table(grid) => (table(call, file, grid, &here)),
            }
            @if call.may_change() { p { button.main { "See the effect" } span.muted { " Nothing is saved yet." } } }
        }
        @if call.may_change() {
            h2 { "Send a file instead" }
            form method="post" action=(site.path(&format!("/mapping/{file}"))) enctype="multipart/form-data" {
                (csrf(&call.csrf))
                input type="hidden" name="base" value=(base);
                label for="upload" { (file) ", saved from Excel as CSV UTF-8; it takes the place of the whole table" }
                input #upload type="file" name="upload" required data-largest=(LARGEST);
                " " button { "See the effect of this file" }
            }
        }
    };
    Answer::page(file, body)
}

fn table(call: &Call, file: &str, grid: &Grid, faults: &[&Fault]) -> Markup {
    let names = columns(file).unwrap_or_default();
    let pages = grid.rows.len().div_ceil(PER_PAGE).max(1);
    let asked: usize = call.asked("page").parse().unwrap_or(1);
    // With faults, and with a row that is new, everything is shown: nothing may hide on another page.
    let all = !faults.is_empty() || !call.asked("add").is_empty() || pages == 1;
    let number = asked.clamp(1, pages);
    let shown =
        if all { 0..grid.rows.len() } else { (number - 1) * PER_PAGE..(number * PER_PAGE).min(grid.rows.len()) };
    let (first, last, empty) = (shown.start, shown.end, shown.end == grid.rows.len());
    html! {
        input type="hidden" name="first" value=(first);
        input type="hidden" name="last" value=(last);
        @if !all && pages > 1 {
            p { "Rows " (first + 1) " to " (last) " of " (grid.rows.len()) ". " @for page in 1..=pages {
                @if page == number { strong { (page) } } @else { a href=(format!("?page={page}")) { (page) } } " "
            } }
        }
        p.muted { "An empty row is left out. An empty cell in a key column matches anything." }
        div.wide { table.grid {
            thead { tr { th scope="col" { "Line" } @for name in names { th scope="col" { (name.replace('_', " ")) } } } }
            tbody {
                @for (at, row) in grid.rows.iter().enumerate().take(last).skip(first) { (line(names, at, row, faults)) }
                @if empty && call.may_change() {
                    @for more in 0..EMPTY { (line(names, grid.rows.len() + more, &[], faults)) }
                }
            }
        } }
    }
}

fn line(names: &[&str], at: usize, row: &[String], faults: &[&Fault]) -> Markup {
    // Line 1 is the header.
    let number = at + 2;
    let of_line: Vec<&&Fault> = faults.iter().filter(|fault| fault.line == number).collect();
    let whole = of_line.iter().filter(|fault| fault.column == 0 || fault.column > names.len());
    html! {
        tr {
            th scope="row" { (number) @for fault in whole { span.why { (fault.problem) "; " (fault.fix) } } }
            @for (column, name) in names.iter().enumerate() {
                @let wrong: Vec<_> = of_line.iter().filter(|fault| fault.column == column + 1).collect();
                @let value = row.get(column).map(String::as_str).unwrap_or_default();
                td.fault[!wrong.is_empty()] {
                    input.long[matches!(*name, "class" | "item" | "account" | "customer" | "job" | "role") || names.len() < 5] name=(format!("cell {at} {column}")) value=(value) aria-label=(format!("{}, line {number}", name.replace('_', " "))) aria-invalid=[(!wrong.is_empty()).then_some("true")];
                    @for fault in wrong { span.why { (fault.problem) "; " (fault.fix) } }
                }
            }
        }
    }
}

pub(crate) async fn download(call: Call) -> Answered {
    let file = known(call.param("file"))?;
    let files = current(&call)?;
    let Some(bytes) = files.get(file) else {
        return Err(Problem::NotThere(format!("There is no {file}; the defaults are in use.")));
    };
    if columns(file).is_none() {
        return Ok(Answer::File { name: file.to_owned(), kind: "text/plain; charset=utf-8", bytes: bytes.to_vec() });
    }
    let bytes = Grid::read(file, bytes).harmless();
    Ok(Answer::File { name: file.to_owned(), kind: "text/csv; charset=utf-8", bytes })
}

/// The files with one of them changed, compiled; or the page with its faults.
pub(crate) fn compiled(files: MappingFiles) -> Result<Arc<Mapping>, Vec<Fault>> {
    Mapping::compile(files).map(Arc::new).map_err(|faults| faults.0)
}
