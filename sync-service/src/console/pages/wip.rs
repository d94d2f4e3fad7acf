//! Work in progress: the schedule from estimates at completion, the proposed entries, and their approval.

use maud::{Markup, html};
use procore_client::budget::EstimateColumn;
use sha2::{Digest, Sha256};
use sync_core::model::{Date, Money};
use sync_core::wip::{EntryBasis, Estimates};

use crate::console::Site;
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::{LARGEST, segment};
use crate::console::page::{csrf, notice};
use crate::console::store::hex;
use crate::reconcile::print::dollars;
use crate::site::Site as Reader;
use crate::wip::{Asked, BUDGET_COLUMN, Wip, settle};

/// What the controller sent last, beside the journal.
const FILE: &str = "wip-estimates.csv";

/// The schedule of the estimates that were sent; for other jobs, of Procore's budget.
async fn gather(site: &Site, reader: &Reader) -> Result<Wip, Problem> {
    let file = site.settings.dir.join(FILE);
    let estimates = file.exists().then_some(file.as_path());
    let column = EstimateColumn::new(None, BUDGET_COLUMN.to_owned());
    Ok(Wip::gather(reader, &Asked { estimates, column, basis: EntryBasis::Difference }).await?)
}

/// The day that was asked for, else the last day of the month before.
fn day(site: &Site, text: &str) -> Result<Date, Problem> {
    if text.is_empty() {
        use chrono::Datelike;
        let today = site.wall.now().date_naive();
        return Ok(today.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(today));
    }
    text.parse().map_err(|_| Problem::Bad(format!("`{text}` is no day; write it as 2026-09-30.")))
}

/// What an approval counts for: these entries on this day.
fn seen(wip: &Wip, date: Date) -> String {
    let mut hasher = Sha256::new();
    hasher.update(date.to_string());
    for entry in &wip.entries {
        hasher.update(format!("|{} {:?}", entry.job, entry.kind));
        for line in &entry.lines {
            hasher.update(format!(";{} {} {}", line.account.name(), line.debit, line.credit));
        }
    }
    hex(&hasher.finalize())
}

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let date = day(site, call.asked("date"))?;
    let wip = gather(site, &Reader::over(site.settings.clone())?).await?;
    let body = html! {
        (notice("good", call.asked("done")))
        form.row method="get" { div { label for="date" { "Last day of the month" } input #date type="date" name="date" value=(date); } button { "Show" } }
        (schedule(&wip))
        (entries(&call, &wip, date))
        @for problem in &wip.problems { (notice("warn", &format!("Not counted: {problem}"))) }
        @if call.may_change() {
            h2 { "Estimates at completion" }
            form method="post" action=(site.path("/wip")) enctype="multipart/form-data" {
                (csrf(&call.csrf))
                p.muted { "Jobs that the file does not name take theirs from Procore's budget." }
                label for="upload" { "CSV with job, estimate_at_completion and, if wanted, cost_to_date, uninstalled" }
                input #upload type="file" name="upload" required data-largest=(LARGEST);
                " " button { "Send the estimates" }
            }
        }
    };
    Ok(Answer::page("Work in progress", body))
}

fn schedule(wip: &Wip) -> Markup {
    html! {
        h2 { "Schedule" }
        div.wide tabindex="0" role="region" aria-label="Schedule" { table {
            thead { tr { th scope="col" { "Job" } @for name in ["Contract", "Estimated cost", "Cost to date", "%", "Earned", "Billed", "Overbilled", "Underbilled", "Profit", "Loss"] { th.n scope="col" { (name) } } } }
            tbody { @for row in &wip.schedule.rows { tr {
                th scope="row" { (row.job) }
                td.n { (dollars(row.contract)) } td.n { (dollars(row.estimated_cost)) } td.n { (dollars(row.cost_to_date)) }
                td.n { (row.percent_complete.percent(2)) } td.n { (dollars(row.earned)) } td.n { (dollars(row.billed_to_date)) }
                td.n { (dollars(row.overbilled)) } td.n { (dollars(row.underbilled)) } td.n { (dollars(row.gross_profit)) } td.n { (dollars(row.loss_provision)) }
            } } }
        } }
        @if !wip.ties.is_empty() { ul { @for tie in &wip.ties { li { "T12 " (tie.text) } } } }
    }
}

fn entries(call: &Call, wip: &Wip, date: Date) -> Markup {
    let blank = |amount: Money| if amount.is_zero() { String::new() } else { dollars(amount) };
    html! {
        h2 { "Proposed entries, dated " (date) }
        @if wip.entries.is_empty() { p.notice.good { "No entries are needed." } } @else {
            table {
                thead { tr { th scope="col" { "Job" } th scope="col" { "Account" } th.n scope="col" { "Debit" } th.n scope="col" { "Credit" } } }
                @for entry in &wip.entries { tbody { @for line in &entry.lines { tr {
                    td { (entry.job) } td { (line.account.name()) } td.n { (blank(line.debit)) } td.n { (blank(line.credit)) }
                } } } }
            }
            @if call.may_change() {
                @if wip.can_post() {
                    form method="post" action=(call.site.path("/wip/approve")) {
                        (csrf(&call.csrf))
                        input type="hidden" name="seen" value=(seen(wip, date));
                        input type="hidden" name="date" value=(date);
                        p { button.main { "Approve: post these entries" } span.muted { " One that stands in the books already is not posted again." } }
                    }
                } @else { (notice("warn", "These entries cannot be posted while something of the schedule is missing.")) }
            }
        }
    }
}

pub(crate) async fn send(call: Call) -> Answered {
    let site = &call.site;
    let found = call.files.iter().find(|(name, _)| name == "upload");
    let (_, bytes) = found.ok_or_else(|| Problem::Bad("No file was chosen.".to_owned()))?;
    Estimates::read(FILE, bytes, site.settings.currency)
        .map_err(|faults| Problem::Bad(format!("Nothing was kept: {faults}")))?;
    let _turn = site.changing.lock().await;
    let fresh = site.settings.dir.join("wip-estimates.csv.new");
    std::fs::write(&fresh, bytes)?;
    std::fs::rename(&fresh, site.settings.dir.join(FILE))?;
    call.note("wip", "sent estimates at completion", "", "")?;
    Ok(Answer::Go(site.path("/wip?done=The%20estimates%20were%20taken%20over.")))
}

pub(crate) async fn approve(call: Call) -> Answered {
    let site = &call.site;
    let date = day(site, call.field("date"))?;
    let _turn = site.changing.lock().await;
    let reader = Reader::over(site.settings.clone())?;
    settle(&reader).await?;
    let mut wip = gather(site, &reader).await?;
    if seen(&wip, date) != call.field("seen") {
        let text = "The entries have changed since the page was shown, or were posted already; nothing was done. Look at them again.";
        return Err(Problem::Moved(text.to_owned()));
    }
    let posted = wip.approve(&reader, date).await?;
    let text = posted.told.join("; ");
    call.note("wip", &format!("approved the entries of {date}"), "", &text)?;
    if !posted.all {
        return Err(Problem::Bad(format!("Not everything was posted: {text}")));
    }
    Ok(Answer::Go(site.path(&format!("/wip?date={date}&done={}", segment(&text)))))
}
