//! `$filter`: the part of OData that the calendar understands, parsed into a tree and evaluated on shown events.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::decode::ext_id;
use super::errors::ApiError;
use super::zones::{Zone, parse_instant, parse_wall};

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Instant(DateTime<Utc>),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Contains,
    StartsWith,
    EndsWith,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(String, Op, Literal),
    /// `Any` over extended properties: the id, and what is asked of its value.
    Extended(String, Option<Box<Filter>>),
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Name(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

/// What a filter looks into.
pub(super) trait Subject {
    /// A member by its path; `Null` where there is none.
    fn member(&self, path: &str) -> Value;
    /// An extended property.
    fn extended(&self, id: &str) -> Option<&str>;
}

fn bad(text: &str) -> ApiError {
    ApiError::new(
        400,
        "ErrorInvalidUrlQueryFilter",
        format!("The query filter contains one or more invalid nodes: {text}."),
    )
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
        let op = match name {
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
        if path != "singleValueExtendedProperties" || !function.eq_ignore_ascii_case("any") {
            return Err(bad(&format!("function '{name}'")));
        }
        let variable = self.name().ok_or_else(|| bad("a range variable is missing"))?;
        self.expect(&Word::Colon)?;
        let inner = self.or()?;
        self.expect(&Word::Close)?;
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
        other @ Filter::Extended(..) => (None, Some(other)),
    }
}

impl Filter {
    /// Reads a filter.
    pub(super) fn parse(source: &str) -> Result<Self, ApiError> {
        let mut parser = Parser { words: words(source)?.into_iter().peekable(), depth: 0 };
        let filter = parser.or()?;
        if parser.words.next().is_some() { Err(bad("something follows the condition")) } else { Ok(filter) }
    }

    /// Whether a subject meets it.
    pub(super) fn matches(&self, subject: &impl Subject) -> bool {
        match self {
            Self::And(left, right) => left.matches(subject) && right.matches(subject),
            Self::Or(left, right) => left.matches(subject) || right.matches(subject),
            Self::Not(inner) => !inner.matches(subject),
            Self::Compare(path, op, literal) => compare(path, &subject.member(path), *op, literal),
            Self::Extended(id, condition) => match (subject.extended(id), condition) {
                (found, None) => found.is_some(),
                (found, Some(condition)) => value_matches(condition, found),
            },
        }
    }

    /// Paths that it names, to be checked against the model.
    pub(super) fn paths(&self) -> Vec<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => [left.paths(), right.paths()].concat(),
            Self::Not(inner) => inner.paths(),
            Self::Compare(path, ..) => vec![path],
            Self::Extended(..) => Vec::new(),
        }
    }
}

/// Values of extended properties compare without case; one that is not there equals nothing but `null`.
fn value_matches(condition: &Filter, value: Option<&str>) -> bool {
    match condition {
        Filter::And(left, right) => value_matches(left, value) && value_matches(right, value),
        Filter::Or(left, right) => value_matches(left, value) || value_matches(right, value),
        Filter::Not(inner) => !value_matches(inner, value),
        Filter::Compare(_, Op::Eq, Literal::Null) => value.is_none(),
        Filter::Compare(_, Op::Ne, Literal::Null) => value.is_some(),
        Filter::Compare(_, op, Literal::Text(text)) => {
            value.is_some_and(|value| text_op(&value.to_lowercase(), *op, &text.to_lowercase()))
        }
        Filter::Compare(_, op, Literal::Number(number)) => {
            value.and_then(|value| value.parse::<f64>().ok()).is_some_and(|value| order(value.partial_cmp(number), *op))
        }
        _ => false,
    }
}

fn order(found: Option<std::cmp::Ordering>, op: Op) -> bool {
    found.is_some_and(|found| match op {
        Op::Eq => found.is_eq(),
        Op::Ne => found.is_ne(),
        Op::Gt => found.is_gt(),
        Op::Ge => found.is_ge(),
        Op::Lt => found.is_lt(),
        Op::Le => found.is_le(),
        Op::Contains | Op::StartsWith | Op::EndsWith => false,
    })
}

fn text_op(value: &str, op: Op, text: &str) -> bool {
    match op {
        Op::Contains => value.contains(text),
        Op::StartsWith => value.starts_with(text),
        Op::EndsWith => value.ends_with(text),
        _ => order(Some(value.cmp(text)), op),
    }
}

fn compare(path: &str, value: &Value, op: Op, literal: &Literal) -> bool {
    let stamp = |text: &str| -> Option<NaiveDateTime> { parse_wall(text, &Zone::utc()) };
    match (value, literal) {
        (Value::Null, Literal::Null) => op == Op::Eq,
        (_, Literal::Null) => op == Op::Ne,
        (Value::Bool(value), Literal::Bool(wanted)) => order(Some(value.cmp(wanted)), op),
        (Value::Number(value), Literal::Number(wanted)) => {
            order(value.as_f64().and_then(|value| value.partial_cmp(wanted)), op)
        }
        (Value::String(value), Literal::Instant(wanted)) => {
            order(stamp(value).map(|value| value.cmp(&wanted.naive_utc())), op)
        }
        (Value::String(value), Literal::Text(wanted)) if path.ends_with("dateTime") || path.ends_with("DateTime") => {
            order(stamp(value).zip(stamp(wanted)).map(|(value, wanted)| value.cmp(&wanted)), op)
        }
        // The store compares text without case; identities it compares as they are.
        (Value::String(value), Literal::Text(wanted)) if path == "id" || path == "seriesMasterId" => {
            text_op(value, op, wanted)
        }
        (Value::String(value), Literal::Text(wanted)) => text_op(&value.to_lowercase(), op, &wanted.to_lowercase()),
        _ => op == Op::Ne,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct One;

    impl Subject for One {
        fn member(&self, path: &str) -> Value {
            match path {
                "subject" => json!("Lunch, Anna's"),
                "start/dateTime" => json!("2026-11-22T10:00:00.0000000"),
                "isAllDay" => json!(false),
                _ => Value::Null,
            }
        }
        fn extended(&self, id: &str) -> Option<&str> {
            id.ends_with("Name CrmId").then_some("abc·E.Mirny")
        }
    }

    fn holds(filter: &str) -> bool {
        Filter::parse(filter).unwrap().matches(&One)
    }

    #[test]
    fn operators_bind_as_odata_says() {
        assert!(holds("isAllDay eq true and subject eq 'x' or start/dateTime ge '2026-11-22T10:00'"));
        assert!(!holds("isAllDay eq true and (subject eq 'x' or start/dateTime ge '2026-11-22T10:00')"));
        assert!(holds("not (isAllDay eq true) and startswith(subject,'LUNCH') and contains(subject, 'Anna''s')"));
    }

    #[test]
    fn an_extended_property_is_found_by_name_and_value() {
        let id = "String {66F5A359-4659-4830-9070-00047EC6AC6E} Name CrmId";
        let any = |rest: &str| holds(&format!("singleValueExtendedProperties/Any(ep: ep/id eq '{id}' and {rest})"));
        assert!(any("ep/value eq 'ABC·e.mirny'") && any("ep/value ne null") && any("startswith(ep/value,'abc')"));
        assert!(!any("ep/value eq null") && !any("ep/value eq 'abc'"));
        let other = id.replace("CrmId", "crmid");
        assert!(!holds(&format!("singleValueExtendedProperties/any(p:p/id eq '{other}' and p/value ne null)")));
    }

    #[test]
    fn nonsense_is_refused() {
        for filter in ["subject", "subject eq", "(subject eq 'x'", "subject like 'x'", "subject eq 'x", "foo(subject)"]
        {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
