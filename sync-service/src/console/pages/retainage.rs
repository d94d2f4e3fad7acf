//! Retainage by contract, vendor, project or line, held against the accounts.

use maud::{Markup, html};
use sync_core::retainage::Grouping;

use crate::console::call::{Answer, Answered, Call};
use crate::console::page::notice;
use crate::reconcile::print::dollars;
use crate::retainage::{Part, csv, held, label, title};
use crate::site::Site as Reader;

const GROUPINGS: [(&str, &str, Grouping); 4] = [
    ("contract", "by contract", Grouping::Contract),
    ("vendor", "by vendor", Grouping::Party),
    ("project", "by project", Grouping::Project),
    ("line", "by line", Grouping::Line),
];

fn grouping(call: &Call) -> (&'static str, Grouping) {
    let found = GROUPINGS.iter().find(|(name, _, _)| *name == call.asked("by"));
    found.map_or(("contract", Grouping::Contract), |(name, _, grouping)| (*name, *grouping))
}

pub(crate) async fn show(call: Call) -> Answered {
    let (by, grouping) = grouping(&call);
    let found = held(&Reader::over(call.site.settings.clone())?, grouping).await?;
    let body = html! {
        p { @for (name, text, _) in GROUPINGS { @if name == by { strong { (text) } } @else { a href=(format!("?by={name}")) { (text) } } " · " }
            a href=(format!("{}?by={by}", call.site.path("/retainage/retainage.csv"))) { "download as CSV" } }
        @if found.untracked { (notice("", "Retainage is kept in Procore only: nothing of it is posted, and the accounts are not expected to tie.")) }
        @for part in &found.parts { (section(part)) }
        @for problem in &found.problems { (notice("warn", &format!("Not counted: {problem}"))) }
    };
    Ok(Answer::page("Retainage", body))
}

fn section(part: &Part) -> Markup {
    html! {
        h2 { (title(part.side)) }
        @match &part.tie {
            Err(problem) => (notice("warn", &format!("Not held against the account: {problem}"))),
            Ok(tie) => {
                p class=(if tie.is_clean() { "notice good" } else { "notice warn" }) {
                    (tie.tie_out) ": " (dollars(tie.ledger)) " in Procore, " (dollars(tie.account)) " in the account, difference " strong { (dollars(tie.difference)) } "."
                }
                @if !tie.documents.is_empty() || !tie.untracked.is_empty() {
                    ul {
                        @for document in &tie.documents { li { (document.label) ": " (dollars(document.ledger)) " in Procore, " (dollars(document.account)) " in the account" } }
                        @for entry in &tie.untracked { li { "not from a pay app or owner invoice: " (entry.label) " " (dollars(entry.amount)) } }
                    }
                }
            }
        }
        @if !part.rows.is_empty() {
            div.wide tabindex="0" role="region" aria-label=(title(part.side)) { table {
                thead { tr { th scope="col" { "" } th.n scope="col" { "Billed" } th.n scope="col" { "Withheld" } th.n scope="col" { "Released" } th.n scope="col" { "Held" } th.n scope="col" { "Documents" } } }
                tbody { @for row in &part.rows { tr {
                    th scope="row" { (label(row)) }
                    td.n { (dollars(row.balance.gross)) } td.n { (dollars(row.balance.withheld)) } td.n { (dollars(row.balance.released)) } td.n { (dollars(row.balance.held)) } td.n { (row.documents) }
                } } }
            } }
        }
    }
}

pub(crate) async fn file(call: Call) -> Answered {
    let found = held(&Reader::over(call.site.settings.clone())?, grouping(&call).1).await?;
    let bytes = csv(&found.parts).into_bytes();
    Ok(Answer::File { name: "retainage.csv".to_owned(), kind: "text/csv; charset=utf-8", bytes })
}
