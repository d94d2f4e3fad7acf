//! Where things stand: the projects on both sides, what waits, the last reconciliation, health.

use maud::{Markup, html};
use serde_json::Value;
use sync_core::dead_letter::Cause;
use sync_core::journal::{Counts, Journal};
use sync_core::model::Timestamp;
use sync_core::rulings::Clerk;

use crate::console::call::{Answer, Answered, Call};
use crate::console::page::{age, csrf, grouped, notice};
use crate::reconcile::kept;
use crate::serve::{self, Round};
use crate::tokens::{self, Life, State};

const MEASURES: [(&str, &str); 4] =
    [("committed", "Committed"), ("billed", "Billed"), ("paid", "Paid"), ("held", "Retainage held")];

pub(crate) async fn home(call: Call) -> Answered {
    Ok(Answer::Go(call.site.path("/")))
}

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let (id, now) = (site.settings.id(), site.clock.now());
    let counts = site.journal.counts(&id).await?;
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &id, now };
    let letters = clerk.letters().await?;
    let approvals = letters.iter().filter(|letter| letter.cause == Cause::AwaitingApproval).count();
    let run = kept::run(&site.settings, None);
    let lives = tokens::lives(&site.settings).await?;
    let round = serve::last_round(site.journal.as_ref(), &id).await?;
    let body = html! {
        @for life in lives.iter().filter(|life| life.state != State::Good) {
            (notice(if life.state == State::Soon { "warn" } else { "bad" }, &format!("{}: {}.", life.side, life.text)))
        }
        section.tiles aria-label="What waits" {
            (tile(&site.path("/exceptions"), letters.len() - approvals, "exceptions", "wait for a decision"))
            (tile(&site.path("/approvals"), approvals, "approvals", "are held by policy"))
            (tile(&site.path("/activity"), usize::try_from(counts.ready + counts.waiting).unwrap_or(usize::MAX), "documents", "are being worked or wait for others"))
            (last(&call, run.as_ref().map(|run| &run.report), now))
        }
        @match &run {
            None => p.notice { "No reconciliation has run yet; the projects are shown after the first one." },
            Some(run) => (projects(&run.report)),
        }
        (health(&call, counts, &lives, round.as_ref(), now))
    };
    Ok(Answer::page("Overview", body))
}

fn tile(to: &str, count: usize, what: &str, more: &str) -> Markup {
    html! { a.tile href=(to) { strong { (count) " " (what) } span { (more) } } }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", age(at, now)).replace("just now ago", "just now")
}

fn last(call: &Call, report: Option<&Value>, now: Timestamp) -> Markup {
    let to = call.site.path("/reconciliation");
    let Some(report) = report else {
        return html! { a.tile href=(to) { strong { "No reconciliation" } span { "has run yet" } } };
    };
    let at: Option<Timestamp> = report["at"].as_str().and_then(|at| at.parse().ok());
    let found = report["findings"].as_array().map_or(0, Vec::len);
    let what = match (report["complete"].as_bool(), found) {
        (Some(true), 0) => "Both sides are the same".to_owned(),
        (Some(true), 1) => "1 difference".to_owned(),
        (Some(true), found) => format!("{found} differences"),
        _ => "Not complete".to_owned(),
    };
    let when = at.map(|at| ago(at, now)).unwrap_or_default();
    html! { a.tile href=(to) { strong { (what) } span { "last reconciliation, " (when) } } }
}

/// One row a project: both sides of each measure, and what is between them.
fn projects(report: &Value) -> Markup {
    let rows = report["projects"].as_array().cloned().unwrap_or_default();
    html! {
        h2 { "Projects" }
        p.muted { "As of the last reconciliation. Procore stands above QuickBooks; a difference is Procore minus QuickBooks." }
        div.wide tabindex="0" role="region" aria-label="Projects" {
            table {
                thead { tr {
                    th scope="col" { "Project" } th scope="col" { "" }
                    @for (_, title) in MEASURES { th.n scope="col" { (title) } }
                } }
                @for row in &rows {
                    @let differs = MEASURES.iter().any(|(name, _)| row[*name]["difference"].as_str() != Some("0.00"));
                    tbody.project {
                        tr {
                            th scope="rowgroup" rowspan=(if differs { 3 } else { 2 }) { (row["project"].as_str().unwrap_or_default()) }
                            td { "Procore" }
                            @for (name, _) in MEASURES { td.n { (grouped(row[name]["left"].as_str().unwrap_or_default())) } }
                        }
                        tr { td { "QuickBooks" }
                            @for (name, _) in MEASURES { td.n { (grouped(row[name]["right"].as_str().unwrap_or_default())) } }
                        }
                        @if differs {
                            tr.differs { td { "difference" }
                                @for (name, _) in MEASURES { td.n { (grouped(row[name]["difference"].as_str().unwrap_or_default())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn health(call: &Call, counts: Counts, lives: &[Life], round: Option<&Round>, now: Timestamp) -> Markup {
    let site = &call.site;
    html! {
        h2 { "Health" }
        dl.facts {
            @for life in lives { dt { "Access to " (life.side) } dd { (life.text) } }
            @if let Some(round) = round {
                dt { "Last round of work" }
                dd { (ago(round.at, now)) @if let Some(error) = &round.error { ": " strong { (error) } } @else { ", without trouble" } }
                @for budget in &round.requests { dt { "Requests to " (budget.side) } dd { (budget.text()) } }
            }
            dt { "Mapping" } dd { "version " (site.mapping.current().version()) " is in use" }
            dt { "Changes taken in" } dd { (counts.changes) ", of which " (counts.done) " are worked to an end" }
            dt { "Transactions linked" } dd { (counts.links) }
            dt { "Writes without an answer" }
            dd { @if counts.open_intents == 0 { "none" } @else { (counts.open_intents) ": each is looked for in QuickBooks before anything is sent again" } }
        }
        @if !call.may_change() { (notice("", "You see everything and change nothing: your role is project manager.")) }
        @else {
            form method="post" action=(site.path("/reconciliation/run")) {
                (csrf(&call.csrf)) button { "Reconcile now" }
            }
        }
    }
}
