//! From the text of an expression to its compiled form. Names are resolved here, once.

use super::lex::{Token, words};
use super::{Expr, Function, Operator};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mapping) enum Field {
    /// A field of the record.
    Slot(usize),
    /// A table that is looked up by key.
    Table(usize),
}

/// The names that an expression may use.
pub(in crate::mapping) trait Scope {
    /// What a path such as `contract.number` stands for, or what is wrong with it.
    fn resolve(&mut self, path: &str) -> Result<Field, String>;

    /// Is this a table? Then `[…]` after it is a key.
    fn is_table(&self, _name: &str) -> bool {
        false
    }

    /// A column of a table, or what is wrong with it.
    fn column(&self, _table: usize, name: &str) -> Result<usize, String> {
        Err(format!("there is no column `{name}`"))
    }
}

/// What is wrong with an expression, and where (in characters, from 0).
pub(super) type ParseError = (usize, String);

/// Nesting beyond this is refused.
const MAX_DEPTH: u32 = 40;

/// More words are refused: a chain such as `a + a + a` nests as deep as it is long.
const MAX_WORDS: usize = 400;

pub(super) fn parse(text: &str, scope: &mut dyn Scope) -> Result<Expr, ParseError> {
    let words = words(text)?;
    if let Some((place, _)) = words.get(MAX_WORDS) {
        return Err((*place, format!("the expression is longer than {MAX_WORDS} words; split the rule")));
    }
    let end = text.chars().count();
    let mut parser = Parser { words, at: 0, end, depth: 0, scope };
    let expr = parser.choice()?;
    match parser.words.get(parser.at) {
        None => Ok(expr),
        Some((place, _)) => Err((*place, "the expression should end here".to_owned())),
    }
}

struct Parser<'s> {
    words: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: u32,
    scope: &'s mut dyn Scope,
}

impl Parser<'_> {
    fn place(&self) -> usize {
        self.words.get(self.at).map_or(self.end, |(place, _)| *place)
    }

    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, ParseError> {
        Err((self.place(), what.into()))
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some((_, Token::Sign(s))) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), ParseError> {
        if self.sign(sign) { Ok(()) } else { self.wrong(format!("`{sign}` is missing")) }
    }

    fn choice(&mut self) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong("the expression is nested too deeply");
        }
        let condition = self.either()?;
        let expr = if self.sign("?") {
            let yes = self.choice()?;
            self.expect(":")?;
            let no = self.choice()?;
            Expr::Choice(Box::new(condition), Box::new(yes), Box::new(no))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn either(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.both()?;
        while self.sign("||") {
            left = Expr::Either(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.comparison()?;
        while self.sign("&&") {
            left = Expr::Both(Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expr, ParseError> {
        const SIGNS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let left = self.sum()?;
        if matches!(self.words.get(self.at), Some((_, Token::Name(name))) if name == "in") {
            self.at += 1;
            self.expect("[")?;
            return Ok(Expr::In(Box::new(left), self.list("]")?));
        }
        for (sign, operator) in SIGNS {
            if self.sign(sign) {
                return Ok(Expr::Binary(operator, Box::new(left), Box::new(self.sum()?)));
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.product()?;
        loop {
            let operator = if self.sign("+") {
                Operator::Plus
            } else if self.sign("-") {
                Operator::Minus
            } else {
                return Ok(left);
            };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.sign("*") {
                Operator::Times
            } else if self.sign("/") {
                Operator::Over
            } else {
                return Ok(left);
            };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr, ParseError> {
        let not = self.sign("!");
        let minus = !not && self.sign("-");
        if !not && !minus {
            return self.primary();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong("the expression is nested too deeply");
        }
        let inner = Box::new(self.unary()?);
        self.depth -= 1;
        Ok(if not { Expr::Not(inner) } else { Expr::Negative(inner) })
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expr>, ParseError> {
        let mut list = Vec::new();
        if self.sign(end) {
            return Ok(list);
        }
        loop {
            list.push(self.choice()?);
            if self.sign(end) {
                return Ok(list);
            }
            self.expect(",")?;
        }
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        let start = self.place();
        let Some((_, token)) = self.words.get(self.at).cloned() else {
            return self.wrong("the expression ends too early");
        };
        self.at += 1;
        let expr = match token {
            Token::Number(number) => Expr::Number(number),
            Token::Text(text) => Expr::Text(text.into()),
            Token::Sign("(") => {
                let inner = self.choice()?;
                self.expect(")")?;
                inner
            }
            Token::Sign(sign) => return Err((start, format!("`{sign}` means nothing here"))),
            Token::Name(name) => match name.as_str() {
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                "null" => Expr::Nothing,
                _ if self.sign("(") => self.call(start, &name, None)?,
                _ => return self.path(start, name),
            },
        };
        self.methods(expr)
    }

    /// `.startsWith(…)` and the like after a value.
    fn methods(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        while self.sign(".") {
            let start = self.place();
            let Some((_, Token::Name(name))) = self.words.get(self.at).cloned() else {
                return self.wrong("a name is missing after the point");
            };
            self.at += 1;
            self.expect("(")?;
            expr = self.call(start, &name, Some(expr))?;
        }
        Ok(expr)
    }

    fn path(&mut self, start: usize, first: String) -> Result<Expr, ParseError> {
        if self.scope.is_table(&first) && self.sign("[") {
            let key = self.choice()?;
            self.expect("]")?;
            let table = match self.scope.resolve(&first) {
                Ok(Field::Table(table)) => table,
                Ok(Field::Slot(_)) => return Err((start, format!("`{first}` is not a table"))),
                Err(problem) => return Err((start, problem)),
            };
            let mut column = None;
            if let (Some((_, Token::Sign("."))), Some((place, Token::Name(name))), next) =
                (self.words.get(self.at), self.words.get(self.at + 1), self.words.get(self.at + 2))
                && !matches!(next, Some((_, Token::Sign("("))))
            {
                column = Some(self.scope.column(table, name).map_err(|problem| (*place, problem))?);
                self.at += 2;
            }
            return self.methods(Expr::Lookup { table, key: Box::new(key), column });
        }
        let mut path = first;
        loop {
            match (self.words.get(self.at), self.words.get(self.at + 1), self.words.get(self.at + 2)) {
                // `a.b(` calls a method on `a`.
                (Some((_, Token::Sign("."))), Some((_, Token::Name(_))), Some((_, Token::Sign("(")))) => break,
                (Some((_, Token::Sign("."))), Some((_, Token::Name(name))), _) => {
                    path.push('.');
                    path.push_str(name);
                    self.at += 2;
                }
                // `custom['Cost center']`, for names that are more than one word.
                (Some((_, Token::Sign("["))), Some((_, Token::Text(name))), Some((_, Token::Sign("]")))) => {
                    path.push('.');
                    path.push_str(name);
                    self.at += 3;
                }
                _ => break,
            }
        }
        match self.scope.resolve(&path) {
            Ok(Field::Slot(slot)) => self.methods(Expr::Field(slot)),
            Ok(Field::Table(_)) => Err((start, format!("`{path}` is a table; write {path}[key]"))),
            Err(problem) => Err((start, problem)),
        }
    }

    fn call(&mut self, start: usize, name: &str, on: Option<Expr>) -> Result<Expr, ParseError> {
        const FUNCTIONS: [(&str, Function, std::ops::RangeInclusive<usize>); 16] = [
            ("has", Function::Has, 1..=1),
            ("round", Function::Round, 2..=2),
            ("abs", Function::Abs, 1..=1),
            ("min", Function::Min, 2..=2),
            ("max", Function::Max, 2..=2),
            ("concat", Function::Concat, 1..=20),
            ("upper", Function::Upper, 1..=1),
            ("lower", Function::Lower, 1..=1),
            ("trim", Function::Trim, 1..=1),
            ("replace", Function::Replace, 3..=3),
            ("cut", Function::Cut, 2..=2),
            ("shorten", Function::Shorten, 2..=2),
            ("pad", Function::Pad, 2..=2),
            ("startsWith", Function::StartsWith, 2..=2),
            ("endsWith", Function::EndsWith, 2..=2),
            ("contains", Function::Contains, 2..=2),
        ];
        let mut arguments: Vec<Expr> = on.into_iter().collect();
        arguments.extend(self.list(")")?);
        let Some((_, function, count)) = FUNCTIONS.into_iter().find(|(known, _, _)| *known == name) else {
            let near = crate::mapping::fault::nearest(name, FUNCTIONS.iter().map(|(known, _, _)| *known));
            let hint = crate::mapping::fault::did_you_mean(&near);
            return Err((start, format!("there is no function `{name}`{hint}")));
        };
        if !count.contains(&arguments.len()) {
            return Err((start, format!("{name} takes {}, not {}", count.start(), arguments.len())));
        }
        Ok(Expr::Call(function, arguments))
    }
}
