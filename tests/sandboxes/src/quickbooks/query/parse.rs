//! Statement text to [`Statement`].

use crate::quickbooks::fault::Fault;

/// `SELECT * | COUNT(*) FROM entity [WHERE …] [ORDERBY …] [STARTPOSITION n] [MAXRESULTS n]`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) count: bool,
    pub(crate) entity: String,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) order: Vec<Order>,
    pub(crate) start: Option<u64>,
    pub(crate) most: Option<u64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) property: String,
    pub(crate) operator: Operator,
    /// One value, or the list of `IN`.
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    In,
    Like,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) property: String,
    pub(crate) descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A keyword, property, number or other bare value.
    Word(String),
    /// In quotes, unescaped.
    Text(String),
    Symbol(&'static str),
}

fn error(why: impl std::fmt::Display) -> Fault {
    Fault::new("4000", "Error parsing query", format!("QueryParserError: {why}"))
}

fn tokens(statement: &str) -> Result<Vec<Token>, Fault> {
    let mut out = Vec::new();
    let mut chars = statement.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let symbol = match c {
            c if c.is_whitespace() => continue,
            '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        None => return Err(error(format_args!("the text that starts at {at} does not end"))),
                        Some((_, '\'')) => break,
                        Some((_, '\\')) => match chars.next() {
                            Some((_, escaped)) => text.push(escaped),
                            None => return Err(error("the statement ends in a backslash")),
                        },
                        Some((_, c)) => text.push(c),
                    }
                }
                out.push(Token::Text(text));
                continue;
            }
            '<' | '>' => {
                let equal = chars.next_if(|(_, next)| *next == '=').is_some();
                match (c, equal) {
                    ('<', true) => "<=",
                    ('<', false) => "<",
                    (_, true) => ">=",
                    (_, false) => ">",
                }
            }
            '=' => "=",
            '(' => "(",
            ')' => ")",
            ',' => ",",
            '*' => "*",
            c if is_word(c) => {
                let mut word = String::from(c);
                while let Some((_, next)) = chars.next_if(|(_, next)| is_word(*next)) {
                    word.push(next);
                }
                out.push(Token::Word(word));
                continue;
            }
            other => return Err(error(format_args!("Encountered \"{other}\" at column {}", at + 1))),
        };
        out.push(Token::Symbol(symbol));
    }
    Ok(out)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+' | ':')
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn keyword(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))).is_some()
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Symbol(symbol) if *symbol == wanted)).is_some()
    }

    fn expect(&mut self, found: bool, wanted: &str) -> Result<(), Fault> {
        if found { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    fn unexpected(&mut self, wanted: &str) -> Fault {
        match self.tokens.peek() {
            Some(Token::Word(word)) => error(format_args!("Encountered \"{word}\". Was expecting {wanted}")),
            Some(Token::Text(text)) => error(format_args!("Encountered '{text}'. Was expecting {wanted}")),
            Some(Token::Symbol(symbol)) => error(format_args!("Encountered \"{symbol}\". Was expecting {wanted}")),
            None => error(format_args!("Encountered the end. Was expecting {wanted}")),
        }
    }

    fn word(&mut self, wanted: &str) -> Result<String, Fault> {
        match self.tokens.next_if(|token| matches!(token, Token::Word(_))) {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn value(&mut self) -> Result<String, Fault> {
        match self.tokens.next_if(|token| !matches!(token, Token::Symbol(_))) {
            Some(Token::Word(value) | Token::Text(value)) => Ok(value),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn number(&mut self, what: &str) -> Result<u64, Fault> {
        let word = self.value()?;
        word.parse().map_err(|_| error(format_args!("{what} needs a number, not \"{word}\"")))
    }

    fn condition(&mut self) -> Result<Condition, Fault> {
        let property = self.word("a property")?;
        let operators = [
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (symbol, operator) in operators {
            if self.symbol(symbol) {
                return Ok(Condition { property, operator, values: vec![self.value()?] });
            }
        }
        if self.keyword("like") {
            return Ok(Condition { property, operator: Operator::Like, values: vec![self.value()?] });
        }
        let list = self.keyword("in");
        self.expect(list, "one of = < > <= >= IN LIKE")?;
        let open = self.symbol("(");
        self.expect(open, "(")?;
        let mut values = vec![self.value()?];
        while self.symbol(",") {
            values.push(self.value()?);
        }
        let close = self.symbol(")");
        self.expect(close, ")")?;
        Ok(Condition { property, operator: Operator::In, values })
    }

    fn order(&mut self) -> Result<Vec<Order>, Fault> {
        let mut order = Vec::new();
        loop {
            let property = self.word("a property")?;
            let descending = self.keyword("desc");
            if !descending {
                self.keyword("asc");
            }
            order.push(Order { property, descending });
            if !self.symbol(",") {
                return Ok(order);
            }
        }
    }
}

/// Parses a statement.
///
/// # Errors
/// 4000 for everything that is not the grammar: `OR`, projections, `!=`, what follows the end.
pub(crate) fn parse(statement: &str) -> Result<Statement, Fault> {
    let mut reader = Reader { tokens: tokens(statement)?.into_iter().peekable() };
    let select = reader.keyword("select");
    reader.expect(select, "\"select\"")?;
    let count = reader.keyword("count");
    if count {
        let open = reader.symbol("(");
        reader.expect(open, "(")?;
    }
    let star = reader.symbol("*");
    reader.expect(star, "*")?;
    if count {
        let close = reader.symbol(")");
        reader.expect(close, ")")?;
    }
    let from = reader.keyword("from");
    reader.expect(from, "\"from\"")?;
    let entity = reader.word("an entity")?;
    let mut statement = Statement { count, entity, conditions: Vec::new(), order: Vec::new(), start: None, most: None };
    if reader.keyword("where") {
        statement.conditions.push(reader.condition()?);
        while reader.keyword("and") {
            statement.conditions.push(reader.condition()?);
        }
    }
    if reader.keyword("orderby") {
        statement.order = reader.order()?;
    } else if reader.keyword("order") {
        let by = reader.keyword("by");
        reader.expect(by, "\"by\"")?;
        statement.order = reader.order()?;
    }
    if reader.keyword("startposition") {
        statement.start = Some(reader.number("STARTPOSITION")?);
    }
    if reader.keyword("maxresults") {
        statement.most = Some(reader.number("MAXRESULTS")?);
    }
    if reader.tokens.peek().is_some() {
        return Err(reader.unexpected("the end"));
    }
    Ok(statement)
}
