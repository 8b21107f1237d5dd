//! `$filter`: text to tokens to an expression whose paths are resolved against the schema.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::failure::Failure;
use super::knobs::Knobs;
use super::path::{Path, path};
use super::schema::{Column, Entity};
use super::token::{Token, tokens};
use super::value::{Kind, Value, parse_day, parse_time};

/// Parentheses and `not` inside each other at most.
const DEPTH: usize = 60;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Functions of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// `None` compares with null.
    Compare(Path, Operator, Option<Value>),
    Text(Function, Path, String),
    Flag(Path),
    /// Some child row, reached by its lookup, passes.
    Child(&'static Entity, &'static Column, Option<Box<Filter>>),
}

pub(super) fn parse(text: &str, entity: &'static Entity, knobs: &Knobs) -> Result<Filter, Failure> {
    let tokens = tokens(text).ok_or_else(|| syntax(text))?;
    let mut parser = Parser { tokens, at: 0, nodes: 0, depth: 0, entity, variable: None, knobs, text };
    let filter = parser.either()?;
    if parser.peek().is_some() {
        return Err(syntax(text));
    }
    Ok(filter)
}

fn syntax(text: &str) -> Failure {
    Failure::Query(400, format!("The query specified in the URI is not valid. Syntax error in '{text}'."))
}

/// A literal, before it is known what it is compared with.
enum Literal {
    Null,
    Text(String),
    Bool(bool),
    Int(i64),
    Guid(Uuid),
    Time(DateTime<Utc>),
}

impl Literal {
    fn edm(&self) -> &'static str {
        match self {
            Self::Null => "<null>",
            Self::Text(_) => "Edm.String",
            Self::Bool(_) => "Edm.Boolean",
            Self::Int(_) => "Edm.Int32",
            Self::Guid(_) => "Edm.Guid",
            Self::Time(_) => "Edm.DateTimeOffset",
        }
    }

    fn of(token: &Token<'_>) -> Option<Self> {
        match token {
            Token::Text(text) => Some(Self::Text(text.clone())),
            Token::Word(word) => match *word {
                "null" => Some(Self::Null),
                "true" => Some(Self::Bool(true)),
                "false" => Some(Self::Bool(false)),
                _ => (word.len() == 36)
                    .then(|| Uuid::parse_str(word).ok())
                    .flatten()
                    .map(Self::Guid)
                    .or_else(|| Self::of_digits(word)),
            },
            _ => None,
        }
    }

    /// A number or an instant: most words are names, which begin with neither a digit nor a sign.
    fn of_digits(word: &str) -> Option<Self> {
        if !word.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return None;
        }
        let number = word.parse().ok().map(Self::Int);
        number.or_else(|| parse_time(word).or_else(|| parse_day(word)).map(Self::Time))
    }

    fn fit(self, kind: Kind, operator: &str) -> Result<Option<Value>, Failure> {
        match (self, kind) {
            (Self::Null, _) => Ok(None),
            (Self::Text(text), Kind::Text) => Ok(Some(Value::Text(text))),
            (Self::Bool(flag), Kind::Bool) => Ok(Some(Value::Bool(flag))),
            (Self::Int(number), Kind::Int) => Ok(Some(Value::Int(number))),
            (Self::Guid(id), Kind::Guid) => Ok(Some(Value::Guid(id))),
            (Self::Time(time), Kind::Time | Kind::Date) => Ok(Some(Value::Time(time))),
            (other, kind) => Err(Failure::Query(
                400,
                format!(
                    "The query specified in the URI is not valid. A binary operator with incompatible types was detected. Found operand types '{}' and '{}' for operator kind '{operator}'.",
                    kind.edm(),
                    other.edm()
                ),
            )),
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    nodes: usize,
    depth: usize,
    entity: &'static Entity,
    /// The name that `any` gave to the child row.
    variable: Option<&'a str>,
    knobs: &'a Knobs,
    text: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token<'a>, Failure> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| syntax(self.text))?;
        self.at += 1;
        Ok(token)
    }

    fn skip(&mut self, token: &Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.at += 1;
        }
        found
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(found)) if *found == word);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, token: &Token<'_>) -> Result<(), Failure> {
        if self.skip(token) { Ok(()) } else { Err(syntax(self.text)) }
    }

    fn deeper(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Failure::Query(400, "The node count limit has been exceeded: nested too deeply.".into()));
        }
        Ok(())
    }

    /// Counts nodes of the tree that Microsoft's OData library makes of the text.
    fn grow(&mut self, nodes: usize) -> Result<(), Failure> {
        self.nodes += nodes;
        if self.nodes > self.knobs.filter_limit {
            return Err(Failure::Query(
                400,
                format!(
                    "The query specified in the URI is not valid. The node count limit of '{}' has been exceeded. To increase the limit, set the 'MaxNodeCount' property on EnableQueryAttribute or ODataValidationSettings.",
                    self.knobs.filter_limit
                ),
            ));
        }
        Ok(())
    }

    fn either(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.both()?];
        while self.keyword("or") {
            self.grow(1)?;
            parts.push(self.both()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn both(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.single()?];
        while self.keyword("and") {
            self.grow(1)?;
            parts.push(self.single()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn single(&mut self) -> Result<Filter, Failure> {
        if self.keyword("not") {
            self.grow(1)?;
            self.deeper()?;
            let inner = self.single()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.skip(&Token::Open) {
            self.deeper()?;
            let inner = self.either()?;
            self.expect(&Token::Close)?;
            self.depth -= 1;
            return Ok(inner);
        }
        let token = self.next()?;
        if let Some(literal) = Literal::of(&token) {
            return self.reversed(literal);
        }
        let Token::Word(word) = token else { return Err(syntax(self.text)) };
        if self.skip(&Token::Open) {
            return self.call(word);
        }
        let path = self.path(word)?;
        let Some((operator, name)) = self.peek().and_then(operator) else {
            return if path.column.kind == Kind::Bool { Ok(Filter::Flag(path)) } else { Err(syntax(self.text)) };
        };
        self.at += 1;
        self.grow(2)?;
        let token = self.next()?;
        let literal = Literal::of(&token).ok_or_else(|| syntax(self.text))?;
        let value = literal.fit(path.column.kind, name)?;
        Ok(Filter::Compare(path, operator, value))
    }

    /// `2026-01-01T00:00:00Z lt ModifiedOn`.
    fn reversed(&mut self, literal: Literal) -> Result<Filter, Failure> {
        let (operator, name) = operator(&self.next()?).ok_or_else(|| syntax(self.text))?;
        let Token::Word(word) = self.next()? else { return Err(syntax(self.text)) };
        self.grow(2)?;
        let path = self.path(word)?;
        let operator = match operator {
            Operator::Equal | Operator::NotEqual => operator,
            Operator::Greater => Operator::Less,
            Operator::GreaterOrEqual => Operator::LessOrEqual,
            Operator::Less => Operator::Greater,
            Operator::LessOrEqual => Operator::GreaterOrEqual,
        };
        let value = literal.fit(path.column.kind, name)?;
        Ok(Filter::Compare(path, operator, value))
    }

    fn call(&mut self, name: &str) -> Result<Filter, Failure> {
        let function = match name {
            "contains" => Function::Contains,
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            _ => return self.any(name),
        };
        let Token::Word(word) = self.next()? else { return Err(syntax(self.text)) };
        self.grow(2)?;
        let path = self.path(word)?;
        if path.column.kind != Kind::Text {
            return Err(Failure::Query(
                400,
                format!(
                    "The query specified in the URI is not valid. No function signature for the function with name '{name}' matches the specified arguments."
                ),
            ));
        }
        self.expect(&Token::Comma)?;
        let Token::Text(text) = self.next()? else { return Err(syntax(self.text)) };
        self.expect(&Token::Close)?;
        Ok(Filter::Text(function, path, text))
    }

    fn any(&mut self, name: &str) -> Result<Filter, Failure> {
        let Some(collection) = name.strip_suffix("/any") else {
            return Err(Failure::Query(
                400,
                format!(
                    "The query specified in the URI is not valid. An unknown function with name '{name}' was found."
                ),
            ));
        };
        let missing =
            || Failure::Internal(500, format!("Column by path {collection} not found in schema {}", self.entity.name));
        if !self.knobs.any {
            return Err(missing());
        }
        let (child, column) = self.entity.collection(collection).ok_or_else(missing)?;
        self.grow(3)?;
        if self.skip(&Token::Close) {
            return Ok(Filter::Child(child, column, None));
        }
        let Token::Word(variable) = self.next()? else { return Err(syntax(self.text)) };
        self.expect(&Token::Colon)?;
        self.deeper()?;
        let outer = (self.entity, self.variable.replace(variable));
        self.entity = child;
        let inner = self.either();
        (self.entity, self.variable) = outer;
        self.depth -= 1;
        let inner = inner?;
        self.expect(&Token::Close)?;
        Ok(Filter::Child(child, column, Some(Box::new(inner))))
    }

    /// The row, the column, and each lookup on the way.
    fn path(&mut self, word: &str) -> Result<Path, Failure> {
        let word = match self.variable {
            Some(variable) => {
                word.strip_prefix(variable).and_then(|rest| rest.strip_prefix('/')).ok_or_else(|| syntax(self.text))?
            }
            None => word,
        };
        self.grow(2 + word.matches('/').count())?;
        path(word, self.entity, self.knobs)
    }
}

fn operator(token: &Token<'_>) -> Option<(Operator, &'static str)> {
    let Token::Word(word) = token else { return None };
    Some(match *word {
        "eq" => (Operator::Equal, "Equal"),
        "ne" => (Operator::NotEqual, "NotEqual"),
        "gt" => (Operator::Greater, "GreaterThan"),
        "ge" => (Operator::GreaterOrEqual, "GreaterThanOrEqual"),
        "lt" => (Operator::Less, "LessThan"),
        "le" => (Operator::LessOrEqual, "LessThanOrEqual"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::entity;
    use super::*;

    fn status(text: &str) -> u16 {
        parse(text, entity("Activity").unwrap(), &Knobs::default()).map_or_else(|failure| failure.status(), |_| 200)
    }

    #[test]
    fn the_documented_forms_are_understood() {
        for text in [
            "Id eq fbe0acdc-cfc0-df11-b00f-001d60e938c6",
            "Owner/Id eq fbe0acdc-cfc0-df11-b00f-001d60e938c6 and ModifiedOn gt 2024-01-16T11:00:00Z",
            "not (Type/Code eq 'Email') or contains(Title,'O''Brien')",
            "Owner/Account/Name eq 'Acme' and ShowInScheduler",
            "Location eq null",
            "2024-01-16T11:00:00.123+03:00 lt ModifiedOn",
        ] {
            assert_eq!(status(text), 200, "{text}");
        }
    }

    #[test]
    fn a_lookup_column_in_a_filter_breaks_the_server() {
        assert_eq!(status("OwnerId eq fbe0acdc-cfc0-df11-b00f-001d60e938c6"), 500);
    }

    #[test]
    fn quoted_dates_and_ids_are_refused() {
        assert_eq!(status("ModifiedOn gt '2024-01-16T11:00:00Z'"), 400);
        assert_eq!(status("Id eq 'fbe0acdc-cfc0-df11-b00f-001d60e938c6'"), 400);
    }

    #[test]
    fn nodes_are_counted_as_microsofts_library_counts_them() {
        // An operator, a row, a column and a value, with `or` between: 5 n - 1 of 100 nodes.
        let clause = "Id eq fbe0acdc-cfc0-df11-b00f-001d60e938c6";
        assert_eq!(status(&vec![clause; 20].join(" or ")), 200);
        assert_eq!(status(&vec![clause; 21].join(" or ")), 400);
        // A lookup on the way is one more: 6 n - 1.
        let clause = "Owner/Id eq fbe0acdc-cfc0-df11-b00f-001d60e938c6";
        assert_eq!(status(&vec![clause; 16].join(" or ")), 200);
        assert_eq!(status(&vec![clause; 17].join(" or ")), 400);
        let clause = "contains(Title,'a')";
        assert_eq!(status(&vec![clause; 20].join(" and ")), 200);
        assert_eq!(status(&vec![clause; 21].join(" and ")), 400);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "Title", "Title eq", "Title eq 'a' or", "(Title eq 'a'", "Title eq 'a", "Nowhere eq 1", "x(Title)"]
        {
            assert_eq!(status(text), 400, "{text}");
        }
        assert_eq!(status(&"(".repeat(100_000)), 400);
    }
}
