//! How likely a transaction stands for a document, when neither a link nor a marker says so: by number, party, job,
//! amount, date, and by what its texts and its purchase order say. Scores come with their reasons.

use crate::model::{Date, Money};

/// What is known of a Procore document that a transaction may stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Numbers that it may have in the books, the likeliest first.
    pub(super) numbers: Vec<String>,
    /// The number of its contract, which texts mention.
    pub(super) contract: String,
    /// Its number within the contract, for applications.
    pub(super) application: Option<i64>,
    /// Vendor, or customer, by id in the books.
    pub(super) parties: Vec<String>,
    /// Is the job itself what identifies it? So for the owner's contract.
    pub(super) by_job: bool,
    /// Job of the project, by id in the books.
    pub(super) job: Option<String>,
    /// Total.
    pub(super) net: Option<Money>,
    /// Total before retainage.
    pub(super) gross: Option<Money>,
    /// Date.
    pub(super) date: Option<Date>,
    /// The purchase order of its commitment.
    pub(super) order: Option<String>,
}

/// What is known of a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) number: String,
    pub(super) party: String,
    pub(super) jobs: Vec<String>,
    pub(super) net: Option<Money>,
    pub(super) gross: Option<Money>,
    pub(super) date: Option<Date>,
    /// Memo and line texts.
    pub(super) text: String,
    pub(super) orders: Vec<String>,
    /// Voided: its amounts say nothing any more.
    pub(super) voided: bool,
}

/// A score, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) points: i32,
    pub(super) reasons: Vec<&'static str>,
    pub(super) same_number: bool,
    pub(super) same_amount: bool,
    pub(super) days: Option<i64>,
    voided: bool,
}

/// Below this, a pair is no pair.
const ENOUGH: i32 = 45;
/// The same, without amounts to go by.
const ENOUGH_OF_A_VOID: i32 = 40;

/// Amounts are near when they differ by less than this part: one in twenty.
const NEAR: rust_decimal::Decimal = rust_decimal::Decimal::from_parts(20, 0, 0, false, 0);

impl Score {
    fn add(&mut self, points: i32, reason: &'static str) {
        self.points += points;
        self.reasons.push(reason);
    }

    /// Is it likely enough to be taken for the same document?
    pub(super) fn is_enough(&self) -> bool {
        self.points >= if self.voided { ENOUGH_OF_A_VOID } else { ENOUGH }
    }

    /// Is it so like a document which stands in the books already that it is the same once more?
    pub(super) fn is_repetition(&self) -> bool {
        let near = self.days.is_none_or(|days| days.abs() <= 15);
        self.is_enough() && (self.same_number || (self.same_amount && near))
    }
}

pub(super) fn score(wanted: &Wanted, seen: &Seen) -> Score {
    let mut score = Score { voided: seen.voided, ..Score::default() };
    let number = loose(&seen.number);
    if !number.is_empty() && wanted.numbers.iter().any(|own| loose(own) == number) {
        score.same_number = true;
        score.add(50, "number");
    }
    let contract = loose(&wanted.contract);
    let mentions = |text: &str| !contract.is_empty() && words(text).any(|word| loose(word) == contract);
    let mut mentioned = mentions(&seen.text);
    if !score.same_number && !contract.is_empty() && number.len() > contract.len() && number.starts_with(&contract) {
        mentioned = true;
    }
    if mentioned && !score.same_number {
        score.add(15, "contract named");
        if let Some(application) = wanted.application {
            let names = |text: &str| names_application(text, &wanted.contract, application);
            match (names(&seen.text), names(&seen.number)) {
                (Some(true), _) | (_, Some(true)) => score.add(20, "application named"),
                (Some(false), _) | (_, Some(false)) => score.add(-15, "another application named"),
                _ => {}
            }
        }
    }
    if wanted.order.as_ref().is_some_and(|order| seen.orders.contains(order)) {
        score.add(25, "its purchase order");
    } else if wanted.order.is_some() && !seen.orders.is_empty() {
        score.add(-30, "another purchase order");
    }
    if let Some(job) = &wanted.job {
        if seen.jobs.contains(job) {
            score.add(if wanted.by_job { 45 } else { 10 }, "job");
        } else if !seen.jobs.is_empty() {
            score.add(-20, "another job");
        }
    }
    if !seen.voided {
        amounts(wanted, seen, &mut score);
    }
    if let (Some(own), Some(there)) = (wanted.date, seen.date) {
        let days = (there - own).num_days();
        score.days = Some(days);
        match days.abs() {
            0 => score.add(10, "date"),
            1..=10 => score.add(5, "near date"),
            11..=45 => {}
            _ => score.add(-5, "far date"),
        }
    }
    if wanted.parties.contains(&seen.party) {
        score.add(20, "party");
    } else if !wanted.parties.is_empty() {
        // The same money at the same job on the same day: somebody took the wrong vendor from the list.
        let same_job = wanted.job.as_ref().is_some_and(|job| seen.jobs.contains(job));
        let slip = score.same_amount && same_job && score.days == Some(0);
        score.add(if slip { -15 } else { -40 }, "another party");
    }
    score
}

fn amounts(wanted: &Wanted, seen: &Seen, score: &mut Score) {
    let both = |a: Option<Money>, b: Option<Money>| a.zip(b).filter(|(a, _)| !a.is_zero());
    let net = both(wanted.net, seen.net).map(|(a, b)| a == b);
    let gross = both(wanted.gross, seen.gross).map(|(a, b)| a == b);
    score.same_amount = net == Some(true) || gross == Some(true);
    if net == Some(true) {
        score.add(25, "amount");
    }
    if gross == Some(true) {
        score.add(15, "gross amount");
    }
    if !score.same_amount && net.or(gross).is_some() {
        let near = |a: Option<Money>, b: Option<Money>| {
            let difference = a.zip(b).and_then(|(a, b)| Some((a.absolute(), a.minus(b).ok()?.absolute())));
            difference.is_some_and(|(own, off)| off.amount() * NEAR <= own.amount())
        };
        match near(wanted.net, seen.net) || near(wanted.gross, seen.gross) {
            true => score.add(10, "near amount"),
            false => score.add(-10, "another amount"),
        }
    }
}

/// A number as people mean it: case, signs and zeros that lead a run of digits say nothing, but where a run ends does.
pub(super) fn loose(number: &str) -> String {
    let mut loose = String::with_capacity(number.len());
    let (mut in_digits, mut apart) = (false, false);
    for c in number.chars() {
        if !c.is_alphanumeric() {
            apart = in_digits;
            in_digits = false;
            continue;
        }
        if c == '0' && !in_digits {
            continue;
        }
        if apart && c.is_numeric() {
            loose.push('-');
        }
        (in_digits, apart) = (c.is_numeric(), false);
        loose.extend(c.to_uppercase());
    }
    loose
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '/' | '#' | '[' | ']'))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
}

/// Does a text that names the contract name this application of it, another one, or none?
fn names_application(text: &str, contract: &str, application: i64) -> Option<bool> {
    let lower = text.to_lowercase();
    let mut found = None;
    // The number stands behind the contract's, as in `SC-001/2`, or behind a word for an application.
    let marks = [contract.to_lowercase(), "pay app".into(), "app".into(), "application".into(), "requisition".into()];
    for mark in marks.iter().filter(|mark| !mark.is_empty()) {
        for (at, _) in lower.match_indices(mark.as_str()) {
            let rest = lower.get(at + mark.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches([' ', '#', '/', '-', '.', '_', ':']);
            let rest = rest.strip_prefix("no").map_or(rest, |rest| rest.trim_start_matches(['.', ' ']));
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(number) = digits.parse::<i64>() {
                if number == application {
                    return Some(true);
                }
                found = Some(false);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Currency;

    fn usd(text: &str) -> Option<Money> {
        Money::new(text.parse().unwrap(), Currency::USD).ok()
    }

    fn pay_app() -> Wanted {
        Wanted {
            numbers: vec!["SC-001-2".into()],
            contract: "SC-001".into(),
            application: Some(2),
            parties: vec!["7".into()],
            net: usd("36000"),
            gross: usd("40000"),
            ..Wanted::default()
        }
    }

    fn bill(number: &str, party: &str, net: &str, gross: &str) -> Seen {
        Seen { number: number.into(), party: party.into(), net: usd(net), gross: usd(gross), ..Seen::default() }
    }

    #[test]
    fn a_bill_that_lost_its_retainage_is_still_the_bill_of_its_pay_app() {
        let mut seen = bill("B-2", "7", "40000", "40000");
        seen.text = "Pay app 2 of SC-001".into();
        assert!(score(&pay_app(), &seen).is_enough());
        seen.text = "Pay app 3 of SC-001".into();
        assert!(!score(&pay_app(), &seen).is_enough(), "it names another application");
    }

    #[test]
    fn a_bill_of_the_same_vendor_alone_is_no_match() {
        assert!(!score(&pay_app(), &bill("55", "7", "812.40", "812.40")).is_enough());
        assert!(!score(&pay_app(), &bill("55", "8", "36000", "40000")).is_enough(), "another vendor");
        assert!(score(&pay_app(), &bill("sc 001-02", "7", "1", "1")).is_enough(), "the number says it");
    }

    #[test]
    fn the_wrong_vendor_picked_from_the_list_is_a_slip_and_not_another_bill() {
        let day = crate::model::Date::from_ymd_opt(2026, 6, 30);
        let wanted = Wanted { job: Some("31".into()), date: day, ..pay_app() };
        let seen = Seen { jobs: vec!["31".into()], date: day, ..bill("4471", "8", "36000", "40000") };
        assert!(score(&wanted, &seen).is_enough());
        assert!(!score(&wanted, &Seen { jobs: vec!["32".into()], ..seen.clone() }).is_enough(), "another job");
        assert!(!score(&wanted, &Seen { date: day.and_then(|day| day.succ_opt()), ..seen }).is_enough(), "another day");
    }

    #[test]
    fn numbers_agree_in_what_counts() {
        assert_eq!(loose("Inv. #0042"), loose("inv-42"));
        assert_ne!(loose("SC-10"), loose("SC-1"));
        assert_ne!(loose("SC-1-2"), loose("SC-12"));
    }
}
