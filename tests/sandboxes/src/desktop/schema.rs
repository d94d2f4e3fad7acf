//! The shapes of requests: what a company file takes, in which order, how long.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::xml::Node;

/// A child of an element.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Several where any order of them is taken.
    pub(super) names: Vec<(String, Type)>,
    required: bool,
    many: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text(usize),
    Form(&'static str),
    Ref,
    Block(String),
}

/// What a request is refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// Not readable at all: the whole message set is refused (0x80040400).
    Shape(String),
    /// Readable, but this request is refused with a status.
    Status(u32, String),
}

static SCHEMA: LazyLock<BTreeMap<String, Vec<Slot>>> = LazyLock::new(|| {
    let mut schema = BTreeMap::new();
    for line in include_str!("schema.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some((name, children)) = line.split_once(" = ") else { continue };
        schema.insert(name.to_owned(), children.split_whitespace().map(slot).collect());
    }
    schema
});

fn slot(text: &str) -> Slot {
    let required = text.contains(['!', '+']);
    let many = text.contains(['*', '+', '|']);
    let names = text.split('|').map(|part| {
        let part = part.trim_end_matches(['!', '*', '+']);
        match part.split_once(':') {
            None if part.ends_with("Ref") => (part.to_owned(), Type::Ref),
            None => (part.to_owned(), Type::Block(part.to_owned())),
            Some((name, form)) => (name.to_owned(), form_of(form)),
        }
    });
    Slot { names: names.collect(), required, many }
}

fn form_of(form: &str) -> Type {
    if let Ok(max) = form.parse() {
        return Type::Text(max);
    }
    const FORMS: [&str; 9] = ["date", "time", "amt", "num", "bool", "guid", "int", "id", "any"];
    match FORMS.iter().find(|known| **known == form) {
        Some(known) => Type::Form(known),
        None => Type::Block(form.to_owned()),
    }
}

/// The order of the children of a record.
pub(super) fn order(name: &str) -> &'static [Slot] {
    SCHEMA.get(name).map_or(&[], Vec::as_slice)
}

/// Is it known?
pub(super) fn knows(name: &str) -> bool {
    SCHEMA.contains_key(name)
}

/// Checks the children of an element against a shape.
pub(super) fn check(node: &Node, shape: &str) -> Result<(), Misfit> {
    let Some(slots) = SCHEMA.get(shape) else {
        return Err(Misfit::Shape(format!("{} is not known", node.name)));
    };
    let mut at = 0;
    let mut seen = vec![0usize; slots.len()];
    for child in &node.children {
        let found = slots.iter().enumerate().skip(at).find_map(|(place, slot)| {
            slot.names.iter().find(|(name, _)| *name == child.name).map(|(_, form)| (place, slot, form))
        });
        let Some((place, slot, form)) = found else {
            return Err(Misfit::Shape(format!("{} may not stand here in {}", child.name, node.name)));
        };
        at = place;
        if let Some(count) = seen.get_mut(place) {
            *count += 1;
            if *count > 1 && !slot.many {
                return Err(Misfit::Shape(format!("{} stands twice in {}", child.name, node.name)));
            }
        }
        value(child, form)?;
    }
    for (slot, count) in slots.iter().zip(seen) {
        if slot.required && count == 0 {
            let name = slot.names.first().map_or("", |(name, _)| name);
            return Err(Misfit::Shape(format!("{name} is missing in {}", node.name)));
        }
    }
    Ok(())
}

fn value(node: &Node, form: &Type) -> Result<(), Misfit> {
    let text = node.text.as_str();
    let is_leaf = node.children.is_empty();
    match form {
        Type::Block(block) => check(node, block),
        Type::Ref => {
            let known = node.children.iter().all(|child| matches!(child.name.as_str(), "ListID" | "FullName"));
            let ordered = node.children.len() < 2 || node.children.first().is_some_and(|first| first.name == "ListID");
            if known && ordered && node.text.trim().is_empty() { Ok(()) } else { Err(bad(node)) }
        }
        Type::Text(max) if is_leaf => {
            let length = text.chars().count();
            if length > *max {
                let text =
                    format!("The string \"{}\" in the field \"{}\" is too long. Maximum is {max}.", text, node.name);
                return Err(Misfit::Status(3070, text));
            }
            Ok(())
        }
        Type::Form(form) if is_leaf => {
            let fits = match *form {
                "date" => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10,
                "time" => super::clock::moment(text).is_some(),
                "amt" => text.is_empty() || number(text, 13, &[2]),
                "num" => text.is_empty() || number(text, 10, &[1, 2, 3, 4, 5]),
                "bool" => matches!(text, "true" | "false" | "1" | "0"),
                "guid" => text == "0" || (text.len() == 38 && text.starts_with('{') && text.ends_with('}')),
                "int" => text.parse::<u32>().is_ok(),
                "id" => (1..=36).contains(&text.len()),
                _ => !text.is_empty(),
            };
            if fits { Ok(()) } else { Err(bad(node)) }
        }
        _ => Err(bad(node)),
    }
}

fn bad(node: &Node) -> Misfit {
    Misfit::Shape(format!("{} holds what it may not: {}", node.name, node.text))
}

fn number(text: &str, whole: usize, decimals: &[usize]) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (before, after) = match digits.split_once('.') {
        Some((before, after)) => (before, Some(after)),
        None => (digits, None),
    };
    let all = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    !before.is_empty()
        && before.len() <= whole
        && all(before)
        && after.is_none_or(|after| decimals.contains(&after.len()) && all(after))
}
