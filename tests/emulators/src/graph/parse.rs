//! `$filter` as text: the part of OData that the calendar understands.

use super::decode::ext_id;
use super::errors::ApiError;
use super::filter::{Filter, Literal, Op};
use super::zones::parse_instant;

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Name(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn bad(text: &str) -> ApiError {
    ApiError::new(
        400,
        "ErrorInvalidUrlQueryFilter",
        format!("The query filter contains one or more invalid nodes: {text}."),
    )
}

impl Filter {
    /// Reads a filter.
    pub(super) fn parse(source: &str) -> Result<Self, ApiError> {
        let mut parser = Parser { words: words(source)?.into_iter().peekable(), depth: 0 };
        let filter = parser.or()?;
        if parser.words.next().is_some() { Err(bad("something follows the condition")) } else { Ok(filter) }
    }
}

fn words(source: &str) -> Result<Vec<Word>, ApiError> {
    let mut words = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '(' => words.push(Word::Open),
            ')' => words.push(Word::Close),
            ',' => words.push(Word::Comma),
            ':' => words.push(Word::Colon),
            '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            text.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => text.push(other),
                        None => return Err(bad("unterminated string literal")),
                    }
                }
                words.push(Word::Text(text));
            }
            blank if blank.is_whitespace() => {}
            other => {
                let mut name = String::from(other);
                // Colons belong to a literal time, not to a lambda, when digits stand before them.
                while let Some(more) = chars.peek().copied() {
                    let time = more == ':' && name.starts_with(|first: char| first.is_ascii_digit());
                    if !time && (more.is_whitespace() || matches!(more, '(' | ')' | ',' | '\'' | ':')) {
                        break;
                    }
                    name.push(more);
                    chars.next();
                }
                words.push(Word::Name(name));
            }
        }
    }
    Ok(words)
}

struct Parser {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    /// Nesting of parentheses, which a stack has to bear.
    depth: u32,
}

impl Parser {
    fn name(&mut self) -> Option<String> {
        match self.words.next()? {
            Word::Name(name) => Some(name),
            _ => None,
        }
    }

    fn is(&mut self, keyword: &str) -> bool {
        let found = matches!(self.words.peek(), Some(Word::Name(name)) if name == keyword);
        if found {
            self.words.next();
        }
        found
    }

    fn expect(&mut self, word: &Word) -> Result<(), ApiError> {
        if self.words.next().as_ref() == Some(word) { Ok(()) } else { Err(bad("a parenthesis or comma is missing")) }
    }

    fn or(&mut self) -> Result<Filter, ApiError> {
        let mut left = self.and()?;
        while self.is("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, ApiError> {
        let mut left = self.unary()?;
        while self.is("and") {
            left = Filter::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Filter, ApiError> {
        self.depth += 1;
        if self.depth > 64 {
            return Err(bad("too deep"));
        }
        let found = if self.is("not") {
            Filter::Not(Box::new(self.unary()?))
        } else if self.words.peek() == Some(&Word::Open) {
            self.words.next();
            let inner = self.or()?;
            self.expect(&Word::Close)?;
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(found)
    }

    fn primary(&mut self) -> Result<Filter, ApiError> {
        let name = self.name().ok_or_else(|| bad("a property is missing"))?;
        if self.words.peek() == Some(&Word::Open) {
            self.words.next();
            return self.call(&name);
        }
        let op = match self.name().as_deref() {
            Some("eq") => Op::Eq,
            Some("ne") => Op::Ne,
            Some("gt") => Op::Gt,
            Some("ge") => Op::Ge,
            Some("lt") => Op::Lt,
            Some("le") => Op::Le,
            other => return Err(bad(&format!("operator '{}'", other.unwrap_or_default()))),
        };
        let literal = self.literal()?;
        Ok(Filter::Compare(name, op, literal))
    }

    fn call(&mut self, name: &str) -> Result<Filter, ApiError> {
        let op = match name.to_ascii_lowercase().as_str() {
            "contains" => Op::Contains,
            "startswith" => Op::StartsWith,
            "endswith" => Op::EndsWith,
            _ => return self.any(name),
        };
        let path = self.name().ok_or_else(|| bad("a property is missing"))?;
        self.expect(&Word::Comma)?;
        let literal = self.literal()?;
        self.expect(&Word::Close)?;
        // `contains(…) eq true` is the long form that some libraries write.
        if self.is("eq") {
            let wanted = self.literal()?;
            if wanted == Literal::Bool(false) {
                return Ok(Filter::Not(Box::new(Filter::Compare(path, op, literal))));
            }
        }
        Ok(Filter::Compare(path, op, literal))
    }

    fn any(&mut self, name: &str) -> Result<Filter, ApiError> {
        let (path, function) = name.rsplit_once('/').ok_or_else(|| bad(&format!("function '{name}'")))?;
        let extended = path.eq_ignore_ascii_case("singleValueExtendedProperties");
        if !(extended || path == "categories") || !function.eq_ignore_ascii_case("any") {
            return Err(bad(&format!("function '{name}'")));
        }
        let variable = self.name().ok_or_else(|| bad("a range variable is missing"))?;
        self.expect(&Word::Colon)?;
        let inner = self.or()?;
        self.expect(&Word::Close)?;
        if !extended {
            return Ok(Filter::Any(path.to_owned(), Box::new(of_each(inner, &variable)?)));
        }
        let (id, rest) = take_id(inner, &variable);
        let id = id.ok_or_else(|| bad("an extended property needs its id"))?;
        Ok(Filter::Extended(ext_id(&id)?, rest.map(Box::new)))
    }

    fn literal(&mut self) -> Result<Literal, ApiError> {
        match self.words.next() {
            Some(Word::Text(text)) => Ok(Literal::Text(text)),
            Some(Word::Name(name)) => match name.as_str() {
                "null" => Ok(Literal::Null),
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                // An enumeration's literal: microsoft.graph.importance'high'.
                _ if name.starts_with("microsoft.graph.") => self.literal(),
                _ => match name.parse::<f64>() {
                    Ok(number) => Ok(Literal::Number(number)),
                    Err(_) => {
                        parse_instant(&name).map(Literal::Instant).ok_or_else(|| bad(&format!("literal '{name}'")))
                    }
                },
            },
            _ => Err(bad("a literal is missing")),
        }
    }
}

/// Takes the condition on the id out of a lambda, and leaves what is asked of the value.
fn take_id(filter: Filter, variable: &str) -> (Option<String>, Option<Filter>) {
    match filter {
        Filter::Compare(path, Op::Eq, Literal::Text(id)) if path == format!("{variable}/id") => (Some(id), None),
        Filter::Compare(path, op, literal) => {
            let member = path.strip_prefix(&format!("{variable}/")).unwrap_or(&path);
            (None, Some(Filter::Compare(member.trim_start_matches("cast(").to_owned(), op, literal)))
        }
        Filter::And(left, right) => {
            let ((left_id, left), (right_id, right)) = (take_id(*left, variable), take_id(*right, variable));
            let rest = match (left, right) {
                (Some(left), Some(right)) => Some(Filter::And(Box::new(left), Box::new(right))),
                (one, other) => one.or(other),
            };
            (left_id.or(right_id), rest)
        }
        Filter::Or(left, right) => {
            let ((_, left), (_, right)) = (take_id(*left, variable), take_id(*right, variable));
            let both = left.zip(right).map(|(left, right)| Filter::Or(Box::new(left), Box::new(right)));
            (None, both)
        }
        Filter::Not(inner) => {
            let (id, inner) = take_id(*inner, variable);
            (id, inner.map(|inner| Filter::Not(Box::new(inner))))
        }
        other @ (Filter::Extended(..) | Filter::Any(..)) => (None, Some(other)),
    }
}

/// What a lambda asks of each text of a list, which goes by an empty path.
fn of_each(filter: Filter, variable: &str) -> Result<Filter, ApiError> {
    let both = |left: Filter, right: Filter| {
        Ok::<_, ApiError>((Box::new(of_each(left, variable)?), Box::new(of_each(right, variable)?)))
    };
    Ok(match filter {
        Filter::And(left, right) => both(*left, *right).map(|(left, right)| Filter::And(left, right))?,
        Filter::Or(left, right) => both(*left, *right).map(|(left, right)| Filter::Or(left, right))?,
        Filter::Not(inner) => Filter::Not(Box::new(of_each(*inner, variable)?)),
        Filter::Compare(path, op, literal) if path == variable => Filter::Compare(String::new(), op, literal),
        _ => return Err(bad("a condition on something else than the range variable")),
    })
}
