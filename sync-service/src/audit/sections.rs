//! The written report of an audit, section by section.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sync_core::dead_letter::Cause;
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKind, Money, TargetKind};
use sync_core::reconcile::company::{Road, counts};
use sync_core::retainage;

use super::{Found, draft};
use crate::reconcile::report::findings;
use crate::report::{Cell, Report, Table};

pub(super) fn report(found: &Found) -> Report {
    let mut tables = vec![
        company(found),
        both_sides(found),
        intentions(found),
        obstacles(found),
        coverage(found),
        retainage_found(found),
        chart_of_accounts(found),
        findings(&found.report),
        tie_outs(found),
        by_hand(),
    ];
    if found.is_desktop {
        tables.push(move_to_online());
    }
    tables.push(weeks(found));
    Report {
        title: format!("Audit before the first sync: {}", found.name),
        lead: vec![
            format!("Read on {}. Nothing was written on either side.", found.today),
            format!(
                "{} documents would be written, {} would wait for a person; {} differences stand today.",
                found.plan.writes.len(),
                found.plan.dead.len(),
                found.report.findings.len()
            ),
        ],
        charts: Vec::new(),
        tables,
    }
}

fn table(name: &str, title: &str, header: &[&'static str], rows: Vec<Vec<Cell>>) -> Table {
    Table { name: name.to_owned(), title: title.to_owned(), header: header.to_vec(), rows }
}

fn company(found: &Found) -> Table {
    let lists = &found.sides.books.lists;
    let closing = lists.closing_date.map_or("none: every period is open".to_owned(), |date| date.to_string());
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let payable = lists.default_payable.as_ref().and_then(|id| lists.accounts.iter().find(|a| a.id == *id));
    let rows = [
        ("edition", found.edition.clone()),
        ("currency", found.sides.books.currency.to_string()),
        ("several currencies", yes(found.multi_currency)),
        ("class on each line", yes(found.class_tracking)),
        ("books are closed until", closing),
        ("accounts payable", payable.map_or("none is preferred".to_owned(), |account| account.name.clone())),
    ];
    let rows = rows.into_iter().map(|(what, value)| vec![Cell::text(what), Cell::text(value)]).collect();
    table("Company", "Edition and preferences", &["setting", "value"], rows)
}

fn both_sides(found: &Found) -> Table {
    let mut procore: BTreeMap<DocumentKind, (usize, usize)> = BTreeMap::new();
    for document in draft::documents(found) {
        let entry = procore.entry(document.key().kind).or_default();
        entry.0 += 1;
        entry.1 += usize::from(counts(document));
    }
    let mut rows: Vec<Vec<Cell>> = procore
        .into_iter()
        .map(|(kind, (all, count))| {
            let name = kind.as_str().replace('_', " ");
            vec![Cell::text("Procore"), Cell::text(name), Cell::Count(all), Cell::Count(count)]
        })
        .collect();
    let books = &found.sides.books;
    for kind in TargetKind::ALL {
        let states = books.transactions.iter().chain(&books.parties).filter(|state| state.target.kind == *kind);
        let (mut all, mut marked) = (0, 0);
        for state in states {
            all += 1;
            marked += usize::from(state.marker.is_some());
        }
        if all > 0 {
            let name = kind.as_str().replace('_', " ");
            rows.push(vec![Cell::text("QuickBooks"), Cell::text(name), Cell::Count(all), Cell::Count(marked)]);
        }
    }
    let header = ["side", "kind", "there", "Procore: belongs in the books; QuickBooks: made by this sync"];
    table("Both sides", "What exists on both sides", &header, rows)
}

fn intentions(found: &Found) -> Table {
    let mut rows = Vec::new();
    for ((verb, kind), (count, amount)) in found.plan.totals(found.sides.books.currency).unwrap_or_default() {
        rows.push(vec![Cell::text(verb), Cell::text(kind.replace('_', " ")), Cell::Count(count), Cell::Money(amount)]);
    }
    let mut likely: BTreeMap<TargetKind, usize> = BTreeMap::new();
    for pair in found.report.pairs.iter().filter(|pair| matches!(pair.road, Road::Score(..)) && !pair.repeated) {
        *likely.entry(pair.target.kind).or_default() += 1;
    }
    for (kind, count) in likely {
        let kind = kind.as_str().replace('_', " ");
        let nothing = Money::zero(found.sides.books.currency);
        rows.push(vec![Cell::text("recognise"), Cell::text(kind), Cell::Count(count), Cell::Money(nothing)]);
    }
    table(
        "Would do",
        "What a sync would create and change, and what is there already and looks like the same",
        &["what", "kind", "count", "amount"],
        rows,
    )
}

fn obstacles(found: &Found) -> Table {
    let mut causes: BTreeMap<Cause, (usize, Option<Money>, String)> = BTreeMap::new();
    for letter in &found.plan.dead {
        let entry = causes.entry(letter.cause).or_insert((0, None, letter.label.clone()));
        entry.0 += 1;
        entry.1 = match (entry.1, letter.amount) {
            (Some(sum), Some(amount)) => sum.plus(amount).ok(),
            (sum, amount) => sum.or(amount),
        };
    }
    let rows = causes.into_iter().map(|(cause, (count, amount, example))| {
        let amount = amount.map_or(Cell::text(""), Cell::Money);
        let cause_and_advice = [Cell::text(cause.as_str()), Cell::Count(count), amount];
        cause_and_advice.into_iter().chain([Cell::text(example), Cell::text(cause.advice())]).collect()
    });
    let header = ["cause", "documents", "amount", "for example", "what to do"];
    table("Collide", "What would collide or wait for a person", &header, rows.collect())
}

fn coverage(found: &Found) -> Table {
    let lost: Vec<&str> = found
        .plan
        .dead
        .iter()
        .filter(|letter| letter.cause == Cause::MissingCoding)
        .map(|letter| letter.text.as_str())
        .collect();
    let rows = draft::codes(found).into_iter().map(|code| {
        let name = format!(" {} ", code.cost_code);
        let joined = format!(" {}.{} ", code.cost_code, code.cost_type);
        let missing =
            lost.iter().any(|text| text.contains(&name) || text.contains(&joined) || text.contains(&code.cost_code));
        let known = if missing { "has no row in coding.csv" } else { "mapped" };
        vec![
            Cell::text(code.cost_code),
            Cell::text(code.cost_type),
            Cell::Count(code.lines),
            Cell::Money(code.amount),
            Cell::text(known),
        ]
    });
    let header = ["cost code", "type", "lines", "committed", "mapping"];
    table("Mapping", "Mapping coverage, by what is committed", &header, rows.collect())
}

/// What the pay apps withhold, in hundredths of a percent of what they bill.
fn retainage_found(found: &Found) -> Table {
    let mut rates: BTreeMap<Decimal, (usize, Money)> = BTreeMap::new();
    let mut released = 0;
    for document in draft::documents(found) {
        let Document::PayApp(app) = document else { continue };
        let Ok(posting) = retainage::posting(app) else { continue };
        released += usize::from(!posting.total.released.is_zero());
        let (gross, withheld) = (posting.total.gross.amount(), posting.total.withheld);
        let rate = withheld.amount().checked_mul(Decimal::ONE_HUNDRED).and_then(|part| part.checked_div(gross));
        let Some(rate) = rate.map(|rate| rate.round_dp(2).normalize()) else { continue };
        let entry = rates.entry(rate).or_insert((0, Money::zero(withheld.currency())));
        entry.0 += 1;
        entry.1 = entry.1.plus(withheld).unwrap_or(entry.1);
    }
    let rows = rates.into_iter().rev().map(|(rate, (count, withheld))| {
        vec![Cell::text(format!("{rate} %")), Cell::Count(count), Cell::Money(withheld)]
    });
    let title = format!("Retainage found in the pay apps ({released} of them release some)");
    table("Retainage", &title, &["withheld of what is billed", "pay apps", "withheld"], rows.collect())
}

fn chart_of_accounts(found: &Found) -> Table {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let accounts = &found.sides.books.lists.accounts;
    for account in accounts {
        let entry = kinds.entry(&account.kind).or_default();
        entry.0 += 1;
        entry.1 += usize::from(!account.active);
    }
    let mut rows: Vec<Vec<Cell>> = kinds
        .into_iter()
        .map(|(kind, (all, inactive))| vec![Cell::text(kind), Cell::Count(all), Cell::Count(inactive), Cell::text("")])
        .collect();
    let retained = accounts.iter().filter(|account| {
        let name = account.name.to_lowercase();
        name.contains("retainage") || name.contains("retention") || name.contains("retenc")
    });
    let retained: Vec<String> = retained.map(|account| format!("{} ({})", account.name, account.kind)).collect();
    let note = if retained.is_empty() { "none: create Retainage Payable and Retainage Receivable" } else { "" };
    rows.push(vec![
        Cell::text("retainage accounts"),
        Cell::Count(retained.len()),
        Cell::Count(0),
        Cell::text(if note.is_empty() { retained.join(", ") } else { note.to_owned() }),
    ]);
    table("Accounts", "Shape of the chart of accounts", &["type", "accounts", "inactive", ""], rows)
}

fn tie_outs(found: &Found) -> Table {
    let rows = found.report.tie_outs.iter().map(|total| {
        let measure = total.measure.map(|measure| measure.as_str()).unwrap_or_default();
        vec![
            Cell::text(format!("{} {} {measure}", total.id, total.title())),
            Cell::Money(total.left),
            Cell::Money(total.right),
            Cell::Money(total.difference),
        ]
    });
    table(
        "Tie-outs",
        "Tie-outs as they stand today",
        &["tie-out", "Procore", "QuickBooks", "difference"],
        rows.collect(),
    )
}

fn by_hand() -> Table {
    let rows = [
        "The chart of accounts, items, classes and terms: a missing one is named, never made.",
        "Year-end entries, sales tax and 1099 adjustments.",
        "Budgets, commitments and change orders in Procore: nothing here can write them.",
        "Reopening a closed period, or deciding where its documents go.",
        "Deletions and voids on either side: a person decides what becomes of the other.",
        "The WIP entry of the month: it is proposed, and a person posts it.",
    ];
    let rows = rows.into_iter().map(|text| vec![Cell::text(text)]).collect();
    table("By hand", "What stays manual", &["what"], rows)
}

fn move_to_online() -> Table {
    let rows = [
        ("loses", "Custom fields of transactions, sales orders, item assemblies and memorised reports do not move."),
        ("loses", "Links from bills to purchase orders are not kept by the migration; open ones must be linked again."),
        (
            "changes",
            "Jobs become sub-customers or projects; classes have at most two levels in Essentials, five in Plus.",
        ),
        (
            "changes",
            "Transaction ids and versions are new: markers keep the pairs, and the links are rebuilt from them.",
        ),
        (
            "needs",
            "Plus or Advanced, for purchase orders, classes and projects; custom transaction numbers switched on.",
        ),
        ("needs", "Service items for retainage payable and receivable that post to their accounts."),
    ];
    let rows = rows.into_iter().map(|(what, text)| vec![Cell::text(what), Cell::text(text)]).collect();
    table("Move to Online", "What a move from Desktop to Online would change, lose and need", &["", "what"], rows)
}

fn weeks(found: &Found) -> Table {
    let dead = |cause: Cause| found.plan.dead.iter().filter(|letter| letter.cause == cause).count();
    let missing = dead(Cause::MissingCoding) + dead(Cause::MissingAccount);
    let unclear =
        dead(Cause::AmbiguousMatch) + dead(Cause::NameTaken) + dead(Cause::DuplicateNumber) + dead(Cause::SameInvoice);
    let steps = [
        format!("Read this report together. Complete the mapping: {missing} documents lack a code or an account."),
        format!("Settle names and numbers: {unclear} documents meet something that may be the same."),
        format!(
            "Correct the {} differences that stand today, from the largest amount down.",
            found.report.findings.len()
        ),
        format!(
            "`plan` once more, sign it, `apply`: {} documents. Reconcile every night from here on.",
            found.plan.writes.len()
        ),
        "Close the first month with the tie-outs at 0.00; only then switch the webhooks on.".to_owned(),
    ];
    let rows = steps.into_iter().enumerate().map(|(week, text)| {
        let days = u64::try_from(week).unwrap_or_default() * 7;
        let from = found.today.checked_add_days(chrono::Days::new(days)).unwrap_or(found.today);
        vec![Cell::text(format!("week {}", week + 1)), Cell::text(from.to_string()), Cell::text(text)]
    });
    table("Plan of work", "Plan of work", &["week", "from", "what"], rows.collect())
}
