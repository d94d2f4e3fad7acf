//! One pass over a record's text that keeps where the members lie which some rule names.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::mapping::expr::Value;
use crate::reconcile::diff::ndjson::LineProblem;
use crate::reconcile::diff::ndjson::scan::{Cursor, Kind, unescape};

/// A member's value as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raw<'a> {
    kind: Kind,
    text: &'a str,
}

impl<'a> Raw<'a> {
    pub(super) fn value(&self) -> Value<'a> {
        match self.kind {
            Kind::Absent | Kind::Null => Value::Nothing,
            Kind::True => Value::Bool(true),
            Kind::False => Value::Bool(false),
            Kind::Text => Value::text(self.text),
            Kind::Escaped => unescape(self.text).map_or(Value::Nothing, Value::owned),
            Kind::Number => match Decimal::from_str_exact(self.text).or_else(|_| Decimal::from_scientific(self.text)) {
                Ok(number) => Value::Number(number),
                Err(_) => Value::Text(Cow::Borrowed(self.text)),
            },
            Kind::Nested => Value::Text(Cow::Borrowed(self.text)),
        }
    }
}

/// The wanted members of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(Vec<Member>);

#[derive(Clone, Debug)]
struct Member {
    name: Box<str>,
    /// Its value goes here.
    slot: Option<usize>,
    /// It is an object of which members are wanted.
    inner: Members,
    /// It is a list, each element of which is a row.
    rows: Option<usize>,
}

impl Members {
    /// Wants the value at a path. True if it is new.
    pub(super) fn want(&mut self, path: &str, slot: usize) {
        if let Some(member) = self.member(path) {
            member.slot = Some(slot);
        }
    }

    /// Wants the elements of the list at a path.
    pub(super) fn want_rows(&mut self, path: &str, rows: usize) {
        if let Some(member) = self.member(path) {
            member.rows = Some(rows);
        }
    }

    fn member(&mut self, path: &str) -> Option<&mut Member> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let at = self.0.iter().position(|member| &*member.name == first).unwrap_or_else(|| {
            self.0.push(Member { name: first.into(), slot: None, inner: Self::default(), rows: None });
            self.0.len() - 1
        });
        let member = self.0.get_mut(at)?;
        match rest {
            Some(rest) => member.inner.member(rest),
            None => Some(member),
        }
    }
}

/// Rows of one list: their values one row after the other.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) width: usize,
    pub(super) count: usize,
    pub(super) values: Vec<Raw<'a>>,
}

/// What a record's text says of the wanted members.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    pub(super) header: Vec<Raw<'a>>,
    pub(super) rows: Vec<Rows<'a>>,
}

/// What is wanted of the elements of each list.
pub(super) type RowMembers = (Members, usize);

impl<'a> Scanned<'a> {
    pub(super) fn read(text: &'a str, header: (&Members, usize), rows: &[RowMembers]) -> Result<Self, LineProblem> {
        let mut scanned = Self {
            header: vec![Raw::default(); header.1],
            rows: rows.iter().map(|(_, width)| Rows { width: *width, count: 0, values: Vec::new() }).collect(),
        };
        let mut at = Cursor::new(text);
        at.space();
        match at.peek() {
            Some(b'{') => drop(at.next()),
            Some(_) => return Err(LineProblem::NotAnObject),
            None => return Err(LineProblem::CutOff),
        }
        object(&mut at, header.0, &mut scanned.header, Some((&mut scanned.rows, rows)), 0)?;
        at.space();
        match at.peek() {
            None => Ok(scanned),
            Some(_) => Err(at.wrong("something follows the object")),
        }
    }
}

/// Nesting that is followed; what is only passed over has its own limit.
const MAX_DEPTH: u32 = 32;

type Lists<'r, 'a> = Option<(&'r mut Vec<Rows<'a>>, &'r [RowMembers])>;

/// Reads an object whose brace is behind.
fn object<'a>(
    at: &mut Cursor<'a>,
    wanted: &Members,
    slots: &mut [Raw<'a>],
    mut lists: Lists<'_, 'a>,
    depth: u32,
) -> Result<(), LineProblem> {
    at.space();
    if at.peek() == Some(b'}') {
        at.next();
        return Ok(());
    }
    // Members mostly come in the order in which they were wanted first.
    let mut guess = 0;
    loop {
        let (name, _) = at.name()?;
        at.space();
        let found = find(wanted, &name, &mut guess);
        match (found, at.peek()) {
            (Some(member), Some(b'{')) if !member.inner.0.is_empty() && depth < MAX_DEPTH => {
                at.next();
                let lists = lists.as_mut().map(|(rows, members)| (&mut **rows, *members));
                object(at, &member.inner, slots, lists, depth + 1)?;
            }
            (Some(Member { rows: Some(list), .. }), Some(b'[')) => {
                at.next();
                let of_list =
                    lists.as_mut().and_then(|(rows, members)| Some((rows.get_mut(*list)?, members.get(*list)?)));
                let Some((rows, members)) = of_list else { return Err(at.wrong("a list within a list")) };
                elements(at, rows, &members.0)?;
            }
            (found, _) => {
                let span = at.value(depth)?;
                if let Some(slot) = found.and_then(|member| member.slot).and_then(|slot| slots.get_mut(slot)) {
                    if slot.kind != Kind::Absent {
                        return Err(LineProblem::Twice { name: name.into_owned() });
                    }
                    *slot = Raw { kind: span.kind, text: span.of(at.line()) };
                }
            }
        }
        at.space();
        match at.next() {
            Some(b',') => at.space(),
            Some(b'}') => return Ok(()),
            Some(_) => return Err(at.wrong("a comma or } is missing")),
            None => return Err(LineProblem::CutOff),
        }
    }
}

fn find<'m>(wanted: &'m Members, name: &str, guess: &mut usize) -> Option<&'m Member> {
    if let Some(member) = wanted.0.get(*guess)
        && &*member.name == name
    {
        *guess += 1;
        return Some(member);
    }
    let at = wanted.0.iter().position(|member| &*member.name == name)?;
    *guess = at + 1;
    wanted.0.get(at)
}

/// Reads the elements of a list whose bracket is behind. What is no object has no members.
fn elements<'a>(at: &mut Cursor<'a>, rows: &mut Rows<'a>, wanted: &Members) -> Result<(), LineProblem> {
    at.space();
    if at.peek() == Some(b']') {
        at.next();
        return Ok(());
    }
    loop {
        at.space();
        let start = rows.values.len();
        rows.values.resize(start + rows.width, Raw::default());
        rows.count += 1;
        if at.peek() == Some(b'{') {
            at.next();
            object(at, wanted, rows.values.get_mut(start..).unwrap_or_default(), None, 1)?;
        } else {
            at.value(1)?;
        }
        at.space();
        match at.next() {
            Some(b',') => {}
            Some(b']') => return Ok(()),
            Some(_) => return Err(at.wrong("a comma or ] is missing")),
            None => return Err(LineProblem::CutOff),
        }
    }
}
