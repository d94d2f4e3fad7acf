//! How alike two numbers, names or documents are.

use std::collections::HashMap;

use super::{Reason, Record, Rules};

/// Words that say what kind of company it is, or nothing.
const LEGAL_FORMS: [&str; 16] = [
    "inc",
    "incorporated",
    "llc",
    "lp",
    "llp",
    "lllp",
    "pllc",
    "ltd",
    "limited",
    "co",
    "company",
    "corp",
    "corporation",
    "the",
    "and",
    "of",
];
/// Names less alike than this, in percent, are not alike.
const ALIKE: u8 = 80;
/// The score of two names of which one begins with the other.
const BEGINS_WITH: u8 = 70;

const SAME_NUMBER: u8 = 45;
const LIKE_NUMBER: u8 = 40;
const SLIP_IN_NUMBER: u8 = 20;
const SAME_AMOUNT: u8 = 30;
const SAME_PARTY: u8 = 15;
const SAME_DATE: u8 = 10;
const NEAR_DATE: u8 = 6;

/// A number as it is compared for being the same.
pub fn exact_number(number: &str) -> String {
    number.trim().to_lowercase()
}

/// A number as people mean it: `Inv. #0042` and `inv-42` agree in all that counts.
pub fn loose_number(number: &str) -> String {
    let mut loose = String::with_capacity(number.len());
    let mut in_digits = false;
    for c in number.chars().filter(|c| c.is_alphanumeric()) {
        // Zeros that lead a run of digits say nothing.
        if c == '0' && !in_digits {
            continue;
        }
        in_digits = c.is_numeric();
        loose.extend(c.to_uppercase());
    }
    loose
}

/// Does one character more, less or other make them equal?
pub fn is_one_edit(one: &str, two: &str) -> bool {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let (short, long) = if one.len() <= two.len() { (&one, &two) } else { (&two, &one) };
    let head = short.iter().zip(long.iter()).take_while(|(a, b)| a == b).count();
    let tail = short.iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => head + tail + 1 >= long.len(),
        1 => head + tail >= short.len(),
        _ => false,
    }
}

/// The key under which names that a list holds to be one are found: neither case nor outer spaces count.
pub fn same_name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The words of a name that count, in lower case: no legal form, no punctuation.
pub(super) fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase().replace(['.', '\'', '\u{2019}'], "");
    let all: Vec<String> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
    let kept: Vec<String> = all.iter().filter(|word| !LEGAL_FORMS.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

/// How alike two names are, in percent; none where a person would not take one for the other. 90 where only punctuation
/// and legal form differ.
pub fn name_likeness(one: &str, two: &str) -> Option<u8> {
    if same_name_key(one) == same_name_key(two) {
        return Some(100);
    }
    let (one, two) = (words(one), words(two));
    if one.concat() == two.concat() {
        return Some(90);
    }
    let (short, long) = if one.len() <= two.len() { (&one, &two) } else { (&two, &one) };
    if short.len() >= 2 && long.starts_with(short) {
        return Some(BEGINS_WITH);
    }
    let percent = dice(&one.concat(), &two.concat());
    (percent >= ALIKE).then(|| percent.min(89))
}

/// Pairs of neighbouring letters that both have, in percent of those that there are.
fn dice(one: &str, two: &str) -> u8 {
    let pairs = |text: &str| -> Vec<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (one, two) = (pairs(one), pairs(two));
    if one.is_empty() || two.is_empty() {
        return 0;
    }
    let mut free: HashMap<(char, char), usize> = HashMap::new();
    for pair in &one {
        *free.entry(*pair).or_default() += 1;
    }
    let mut common = 0;
    for pair in &two {
        if let Some(count) = free.get_mut(pair).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    u8::try_from(200 * common / (one.len() + two.len())).unwrap_or(100)
}

/// The score of two records and its reasons; none if they cannot be the same.
pub(super) fn score(left: &Record<'_>, right: &Record<'_>, rules: &Rules) -> Option<(u8, Vec<Reason>)> {
    let mut reasons = Vec::new();
    if let (Some(one), Some(two)) = (left.party, right.party) {
        if one != two {
            return None;
        }
        reasons.push(Reason::SameParty);
    }
    if let (Some(one), Some(two)) = (left.name, right.name) {
        let percent = name_likeness(one, two)?;
        reasons.insert(0, if percent == 100 { Reason::SameName } else { Reason::LikeName(percent) });
        return Some((percent, reasons));
    }
    let mut score = if reasons.is_empty() { 0 } else { SAME_PARTY };
    score += number_score(left, right, &mut reasons);
    if let (Some(one), Some(two)) = (left.amount, right.amount) {
        if one == two {
            score += SAME_AMOUNT;
            reasons.push(Reason::SameAmount(one));
        } else {
            reasons.push(Reason::OtherAmount(one, two));
        }
    }
    if let (Some(one), Some(two)) = (left.date, right.date) {
        let days = (one - two).num_days().abs();
        if days == 0 {
            score += SAME_DATE;
            reasons.push(Reason::SameDate(one));
        } else {
            score += if days <= rules.near_days { NEAR_DATE } else { 0 };
            reasons.push(Reason::DaysApart(days));
        }
    }
    Some((score, reasons))
}

fn number_score(left: &Record<'_>, right: &Record<'_>, reasons: &mut Vec<Reason>) -> u8 {
    let known = |number: Option<&str>| number.map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned);
    let (Some(one), Some(two)) = (known(left.number), known(right.number)) else { return 0 };
    if exact_number(&one) == exact_number(&two) {
        reasons.push(Reason::SameNumber(one));
        return SAME_NUMBER;
    }
    let (loose_one, loose_two) = (loose_number(&one), loose_number(&two));
    if loose_one == loose_two && !loose_one.is_empty() {
        reasons.push(Reason::LikeNumber(one, two));
        return LIKE_NUMBER;
    }
    if loose_one.chars().count().min(loose_two.chars().count()) >= 3 && is_one_edit(&loose_one, &loose_two) {
        reasons.push(Reason::LikeNumber(one, two));
        return SLIP_IN_NUMBER;
    }
    reasons.push(Reason::OtherNumber(one, two));
    0
}
