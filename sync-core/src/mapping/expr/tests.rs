use super::*;
use crate::mapping::expr::parse::parse;

const FIELDS: [(&str, &str); 6] = [
    ("status", "under_review"),
    ("amount", "1234.50"),
    ("rate", "0.075"),
    ("empty", ""),
    ("contract.number", "SC-00042"),
    ("custom.Cost Center", "North"),
];

struct Fields;

impl Scope for Fields {
    fn resolve(&mut self, path: &str) -> Result<Field, String> {
        let slot = FIELDS.iter().position(|(name, _)| *name == path);
        slot.map(Field::Slot).ok_or_else(|| format!("there is no field `{path}`"))
    }
}

impl Record for Fields {
    fn get(&self, slot: usize) -> Value<'_> {
        Value::text(FIELDS[slot].1)
    }
}

fn value(text: &str) -> String {
    let mut out = String::new();
    match parse(text, &mut Fields) {
        Ok(expr) => match expr.eval(&Fields) {
            Ok(value) => value.push_to(&mut out),
            Err(wrong) => out = wrong.to_string(),
        },
        Err((at, problem)) => out = format!("{at}: {problem}"),
    }
    out
}

#[test]
fn numbers_are_exact_and_rounded_half_away_from_zero() {
    assert_eq!(value("round(amount * rate, 2)"), "92.59");
    assert_eq!(value("0.1 + 0.2 == 0.3"), "true");
    assert_eq!(value("round(-0.125, 2)"), "-0.13");
    assert_eq!(value("2 + 3 * 4 - 1"), "13");
    assert_eq!(value("empty + 1"), "1");
    assert_eq!(value("1 / 0"), "division by nothing");
    assert_eq!(value("status + 1"), "`under_review` is not a number");
}

#[test]
fn conditions_choose() {
    assert_eq!(value("status in ['approved', 'under_review'] ? 'yes' : 'no'"), "yes");
    assert_eq!(value("has(empty) || amount >= 1234.5 && !(status == 'draft')"), "true");
    assert_eq!(value("contract.number.startsWith('SC-') && 'x'.contains('y')"), "false");
    assert_eq!(value("amount == 1234.50 && amount != '1234.5'"), "true");
}

#[test]
fn texts_are_cut_padded_and_shortened() {
    assert_eq!(value("cut(contract.number, 4)"), "SC-0");
    assert_eq!(value("pad(7, 3)"), "007");
    assert_eq!(value("shorten('SC-2026-014-003-LONG-001', 21)").chars().count(), 21);
    assert_eq!(value("concat(upper(custom['Cost Center']), '/', 5)"), "NORTH/5");
    assert_eq!(value("replace(trim(' a-b '), '-', '')"), "ab");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    assert_eq!(value("amount +"), "8: the expression ends too early");
    assert_eq!(value("vendor == 'x'"), "0: there is no field `vendor`");
    assert_eq!(value("rund(amount, 2)"), "0: there is no function `rund`; did you mean round?");
    assert_eq!(value("cut(amount)"), "0: cut takes 2, not 1");
    assert_eq!(value("status = 'x'"), "7: `=` means nothing here");
    assert_eq!(value("'open"), "0: a quote is opened and not closed");
    assert_eq!(value(&format!("{}1{}", "(".repeat(100), ")".repeat(100))), "40: the expression is nested too deeply");
}

#[test]
fn a_template_holds_expressions() {
    let template = Template::compile("{status == 'under_review' ? 'HOLD {' : ''} {amount}  of", &mut Fields).unwrap();
    assert_eq!(template.fill(&Fields).unwrap(), "HOLD { 1234.50 of");
    assert_eq!(Template::compile("a {amount", &mut Fields).unwrap_err().0, 2);
    assert_eq!(Template::compile("ab {nothing}", &mut Fields).unwrap_err().0, 4);
    assert_eq!(Template::compile("plain", &mut Fields).unwrap().constant(), Some("plain"));
}

#[test]
fn every_expression_ends_soon() {
    // Nested calls work out each argument once, or forty of them would take years.
    let nested =
        |call: &str, rest: &str| format!("{}amount{}", format!("{call}(").repeat(39), format!("{rest})").repeat(39));
    assert_eq!(value(&nested("abs", "")), "1234.50");
    assert_eq!(value(&nested("round", ", 2")), "1234.50");
    assert_eq!(value(&nested("min", ", 5000")), "1234.50");
    assert_eq!(value(&nested("upper", "")), "1234.50");
    // A text does not double forty times.
    let long = "the text is longer than 10000 characters";
    assert_eq!(value(&nested("replace", ", '4', '44'")), long);
    assert_eq!(value(&format!("{}'x'{}", "concat(".repeat(39), ", amount, amount)".repeat(39))).len(), 1 + 78 * 7);
    // A chain is as deep as it is long.
    assert!(value(&format!("1{}", " + 1".repeat(100_000))).contains("longer than 400 words"));
    assert_eq!(value(&format!("1{}", " + 1".repeat(199))), "200");
    assert_eq!(value(&format!("amount{}", ".trim()".repeat(90))), "1234.50");
}
