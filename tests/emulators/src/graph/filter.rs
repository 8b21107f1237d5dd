//! `$filter` as a tree, and whether an event meets it.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::zones::{Zone, parse_wall};

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
    /// `any` over texts, such as categories: the list, and what is asked of one of them, by an empty path.
    Any(String, Box<Filter>),
}

/// One text of a list.
struct One<'a>(&'a Value);

impl Subject for One<'_> {
    fn member(&self, path: &str) -> Value {
        if path.is_empty() { self.0.clone() } else { Value::Null }
    }

    fn extended(&self, _id: &str) -> Option<&str> {
        None
    }
}

/// What a filter looks into.
pub(super) trait Subject {
    /// A member by its path; `Null` where there is none.
    fn member(&self, path: &str) -> Value;
    /// An extended property.
    fn extended(&self, id: &str) -> Option<&str>;
}

impl Filter {
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
            Self::Any(list, condition) => {
                subject.member(list).as_array().is_some_and(|list| list.iter().any(|one| condition.matches(&One(one))))
            }
        }
    }

    /// Paths that it names, to be checked against the model.
    pub(super) fn paths(&self) -> Vec<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => [left.paths(), right.paths()].concat(),
            Self::Not(inner) => inner.paths(),
            Self::Compare(path, ..) | Self::Any(path, _) => vec![path],
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

    struct Lunch;

    impl Subject for Lunch {
        fn member(&self, path: &str) -> Value {
            match path {
                "subject" => json!("Lunch, Anna's"),
                "start/dateTime" => json!("2026-11-22T10:00:00.0000000"),
                "isAllDay" => json!(false),
                "categories" => json!(["Travel", "Blue category"]),
                _ => Value::Null,
            }
        }
        fn extended(&self, id: &str) -> Option<&str> {
            id.ends_with("Name CrmId").then_some("abc·E.Mirny")
        }
    }

    fn holds(filter: &str) -> bool {
        Filter::parse(filter).unwrap().matches(&Lunch)
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
    fn functions_are_named_in_any_case_and_categories_are_looked_through() {
        assert!(holds("startsWith(subject,'lunch') and endsWith(subject, 'Anna''s') and Contains(subject,',')"));
        for found in ["c eq 'Travel'", "c eq 'travel' and c ne 'x'", "startsWith(c,'blue')"] {
            assert!(holds(&format!("categories/any(c:{found})")), "{found}");
        }
        assert!(!holds("categories/any(c:c eq 'Trav')"));
        assert!(holds("not (categories/Any(c: c eq 'Trav'))"));
        for wrong in ["categories/any(c:d eq 'x')", "categories/all(c:c eq 'x')", "subject/any(c:c eq 'x')"] {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for filter in ["subject", "subject eq", "(subject eq 'x'", "subject like 'x'", "subject eq 'x", "foo(subject)"]
        {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
