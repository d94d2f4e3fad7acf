//! Working an expression out.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Expr, Function, Operator, Record, Value, Wrong};
use crate::mapping::template::shorten;

/// Longer texts are refused: no field of a document comes near it, and a formula must not grow without bound.
const MAX_TEXT: usize = 10_000;

impl Expr {
    /// The value for a record.
    #[inline]
    pub(in crate::mapping) fn eval<'a, R: Record>(&'a self, record: &'a R) -> Result<Value<'a>, Wrong> {
        Ok(match self {
            Self::Field(slot) => record.get(*slot),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(yes) => Value::Bool(*yes),
            Self::Nothing => Value::Nothing,
            Self::Lookup { table, key, column } => {
                let key = key.eval(record)?;
                let key = text(&key);
                record
                    .lookup(*table, &key, *column)
                    .ok_or_else(|| Wrong(format!("{} has no row for `{key}`", record.table_name(*table))))?
            }
            Self::Not(inner) => Value::Bool(!inner.holds(record)?),
            Self::Negative(inner) => Value::Number(-inner.number(record)?),
            Self::Both(left, right) => Value::Bool(left.holds(record)? && right.holds(record)?),
            Self::Either(left, right) => Value::Bool(left.holds(record)? || right.holds(record)?),
            Self::In(needle, list) => {
                let needle = needle.eval(record)?;
                let mut found = false;
                for item in list {
                    found = found || compare(&needle, &item.eval(record)?) == Some(Ordering::Equal);
                }
                Value::Bool(found)
            }
            Self::Choice(condition, yes, no) => {
                let chosen = if condition.holds(record)? { yes } else { no };
                chosen.eval(record)?
            }
            Self::Binary(operator, left, right) => binary(*operator, left, right, record)?,
            Self::Call(function, arguments) => call(*function, arguments, record)?,
        })
    }

    /// Does a condition hold? A missing value does not.
    pub(in crate::mapping) fn holds<R: Record>(&self, record: &R) -> Result<bool, Wrong> {
        match self.eval(record)? {
            Value::Bool(yes) => Ok(yes),
            Value::Nothing => Ok(false),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            other => Err(Wrong(format!("`{}` is neither yes nor no", text(&other)))),
        }
    }

    /// The value as a number; a missing one counts as nothing.
    pub(in crate::mapping) fn number<R: Record>(&self, record: &R) -> Result<Decimal, Wrong> {
        match self.eval(record)? {
            Value::Number(number) => Ok(number),
            Value::Nothing => Ok(Decimal::ZERO),
            other => as_number(&other).ok_or_else(|| Wrong(format!("`{}` is not a number", text(&other)))),
        }
    }
}

fn binary<'a, R: Record>(operator: Operator, left: &Expr, right: &Expr, record: &R) -> Result<Value<'a>, Wrong> {
    let calculated = match operator {
        Operator::Plus => left.number(record)?.checked_add(right.number(record)?),
        Operator::Minus => left.number(record)?.checked_sub(right.number(record)?),
        Operator::Times => left.number(record)?.checked_mul(right.number(record)?),
        Operator::Over => {
            let divisor = right.number(record)?;
            if divisor.is_zero() {
                return Err(Wrong("division by nothing".to_owned()));
            }
            left.number(record)?.checked_div(divisor)
        }
        comparison => {
            let (left, right) = (left.eval(record)?, right.eval(record)?);
            let order = compare(&left, &right);
            return Ok(Value::Bool(match comparison {
                Operator::Equal => order == Some(Ordering::Equal),
                Operator::NotEqual => order != Some(Ordering::Equal),
                Operator::Less => order == Some(Ordering::Less),
                Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                Operator::Greater => order == Some(Ordering::Greater),
                _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            }));
        }
    };
    calculated.map(Value::Number).ok_or_else(|| Wrong("the number is too large".to_owned()))
}

/// Numbers by value, where either is one; else texts as they are. A missing value equals only a missing one.
fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Nothing, Value::Nothing) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::Number(_), Value::Text(_)) | (Value::Text(_), Value::Number(_)) => {
            Some(as_number(left)?.cmp(&as_number(right)?))
        }
        // A table that says yes as `true` means it.
        (Value::Bool(yes), Value::Text(text)) | (Value::Text(text), Value::Bool(yes)) => {
            (text == if *yes { "true" } else { "false" }).then_some(Ordering::Equal)
        }
        _ => None,
    }
}

fn as_number(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => Decimal::from_str_exact(text.trim()).ok(),
        Value::Nothing | Value::Bool(_) => None,
    }
}

fn text<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        other => {
            let mut out = String::new();
            other.push_to(&mut out);
            Cow::Owned(out)
        }
    }
}

fn call<'a, R: Record>(function: Function, arguments: &'a [Expr], record: &'a R) -> Result<Value<'a>, Wrong> {
    let value = |at: usize| match arguments.get(at) {
        Some(expr) => expr.eval(record),
        None => Ok(Value::Nothing),
    };
    let number = |at: usize| arguments.get(at).map_or(Ok(Decimal::ZERO), |expr| expr.number(record));
    let count = |at: usize| -> Result<usize, Wrong> {
        let number = number(at)?;
        usize::try_from(number).map_err(|_| Wrong(format!("{number} is no count of characters")))
    };
    // Each argument is worked out once, so that the time is that of reading the expression.
    let first = || value(0);
    Ok(match function {
        Function::Has => Value::Bool(first()? != Value::Nothing),
        Function::Round => {
            let places = u32::try_from(number(1)?).map_err(|_| Wrong("no count of decimals".to_owned()))?;
            Value::Number(number(0)?.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero))
        }
        Function::Abs => Value::Number(number(0)?.abs()),
        Function::Min => Value::Number(number(0)?.min(number(1)?)),
        Function::Max => Value::Number(number(0)?.max(number(1)?)),
        Function::Concat => {
            let mut out = String::new();
            for argument in arguments {
                argument.eval(record)?.push_to(&mut out);
            }
            within(out.len())?;
            Value::owned(out)
        }
        Function::Upper => Value::owned(text(&first()?).to_uppercase()),
        Function::Lower => Value::owned(text(&first()?).to_lowercase()),
        Function::Trim => Value::owned(text(&first()?).trim().to_owned()),
        Function::Replace => {
            let (first, from, to) = (first()?, value(1)?, value(2)?);
            let (text, from, to) = (text(&first), text(&from), text(&to));
            within(text.matches(&*from).count().saturating_mul(to.len()).saturating_add(text.len()))?;
            Value::owned(text.replace(&*from, &to))
        }
        Function::Cut => cut(first()?, count(1)?),
        Function::Shorten => Value::owned(shorten(&text(&first()?), count(1)?)),
        Function::Pad => {
            let (text, width) = (text(&first()?).into_owned(), count(1)?);
            if width > 100 {
                return Err(Wrong(format!("{width} characters are too many")));
            }
            let missing = width.saturating_sub(text.chars().count());
            Value::owned(format!("{}{text}", "0".repeat(missing)))
        }
        Function::StartsWith => Value::Bool(text(&first()?).starts_with(&*text(&value(1)?))),
        Function::EndsWith => Value::Bool(text(&first()?).ends_with(&*text(&value(1)?))),
        Function::Contains => Value::Bool(text(&first()?).contains(&*text(&value(1)?))),
    })
}

fn within(length: usize) -> Result<(), Wrong> {
    if length <= MAX_TEXT { Ok(()) } else { Err(Wrong(format!("the text is longer than {MAX_TEXT} characters"))) }
}

fn cut(value: Value<'_>, max: usize) -> Value<'_> {
    let end = |text: &str| text.char_indices().nth(max).map_or(text.len(), |(at, _)| at);
    match value {
        Value::Text(Cow::Borrowed(text)) => Value::text(text.get(..end(text)).unwrap_or_default()),
        other => {
            let mut text = text(&other).into_owned();
            text.truncate(end(&text));
            Value::owned(text)
        }
    }
}
