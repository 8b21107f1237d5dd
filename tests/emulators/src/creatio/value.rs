//! Values of columns, and how they look on the wire: Creatio never shows a null.

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// What an empty date looks like in an answer.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Edm.Guid`: a key or a lookup.
    Guid,
    /// `Edm.String`.
    Text,
    /// `Edm.Boolean`.
    Bool,
    /// `Edm.Int32`.
    Int,
    /// `Edm.DateTimeOffset`.
    Time,
    /// `Edm.DateTimeOffset` that keeps the day alone.
    Date,
    /// `Edm.Stream`: held as text, shown as media links.
    Binary,
}

/// The content of one cell; an empty cell is an absent one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A key or a lookup.
    Guid(Uuid),
    /// A text.
    Text(String),
    /// A flag.
    Bool(bool),
    /// A number.
    Int(i64),
    /// An instant.
    Time(DateTime<Utc>),
}

/// How fine an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fraction {
    /// What the database kept: microseconds, without trailing zeros.
    Kept,
    /// What the answer to a POST echoes: always seven digits.
    Echo,
}

impl Kind {
    /// The name in `$metadata` and in messages about types.
    pub(super) fn edm(self) -> &'static str {
        match self {
            Self::Guid => "Edm.Guid",
            Self::Text => "Edm.String",
            Self::Bool => "Edm.Boolean",
            Self::Int => "Edm.Int32",
            Self::Time | Self::Date => "Edm.DateTimeOffset",
            Self::Binary => "Edm.Stream",
        }
    }

    /// What a comparison sees in an empty cell; `None` is SQL's null, which equals nothing.
    pub(super) fn empty(self) -> Option<Value> {
        match self {
            Self::Text | Self::Binary => Some(Value::Text(String::new())),
            Self::Bool => Some(Value::Bool(false)),
            Self::Int => Some(Value::Int(0)),
            Self::Guid | Self::Time | Self::Date => None,
        }
    }

    /// A value out of a request body; `Ok(None)` empties the cell.
    pub(super) fn parse(self, json: &Json) -> Result<Option<Value>, &'static str> {
        if json.is_null() {
            return Ok(None);
        }
        let value = match self {
            Self::Guid => {
                let id = json.as_str().and_then(|text| Uuid::parse_str(text).ok()).ok_or("Edm.Guid")?;
                (!id.is_nil()).then_some(Value::Guid(id))
            }
            Self::Text | Self::Binary => {
                let text = json.as_str().ok_or("Edm.String")?;
                (!text.is_empty()).then(|| Value::Text(text.to_owned()))
            }
            Self::Bool => Some(Value::Bool(json.as_bool().ok_or("Edm.Boolean")?)),
            Self::Int => {
                // IEEE754Compatible=true lets numbers come as text.
                let number = json.as_i64().or_else(|| json.as_str().and_then(|text| text.parse().ok()));
                Some(Value::Int(number.ok_or("Edm.Int32")?))
            }
            Self::Time | Self::Date => {
                let time = json.as_str().and_then(parse_time).ok_or("Edm.DateTimeOffset")?;
                let time = if self == Self::Date { midnight(time) } else { time };
                (time != nothing()).then_some(Value::Time(time))
            }
        };
        Ok(value)
    }

    /// The JSON of a cell, `None` being an empty one.
    pub(super) fn json(self, value: Option<&Value>, fraction: Fraction) -> Json {
        json!(Cell { kind: self, value, fraction })
    }
}

/// A cell as it stands in an answer; one without a value is empty.
pub(super) struct Cell<'a> {
    pub(super) kind: Kind,
    pub(super) value: Option<&'a Value>,
    pub(super) fraction: Fraction,
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Some(Value::Guid(id)) => id.serialize(serializer),
            Some(Value::Text(text)) => text.serialize(serializer),
            Some(Value::Bool(flag)) => flag.serialize(serializer),
            Some(Value::Int(number)) => number.serialize(serializer),
            Some(Value::Time(time)) => format_time(*time, self.fraction).serialize(serializer),
            None => match self.kind {
                Kind::Guid => Uuid::nil().serialize(serializer),
                Kind::Text | Kind::Binary => "".serialize(serializer),
                Kind::Bool => false.serialize(serializer),
                Kind::Int => 0.serialize(serializer),
                Kind::Time | Kind::Date => NO_TIME.serialize(serializer),
            },
        }
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Guid(id)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

/// An ISO instant, with an offset: OData v4 has no local times.
pub(super) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// A bare day, which OData promotes to its midnight.
pub(super) fn parse_day(text: &str) -> Option<DateTime<Utc>> {
    text.parse::<NaiveDate>().ok().map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// The precision that the database keeps.
pub(super) fn kept(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}

fn midnight(time: DateTime<Utc>) -> DateTime<Utc> {
    time.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
}

fn nothing() -> DateTime<Utc> {
    parse_time(NO_TIME).unwrap_or_default()
}

fn format_time(time: DateTime<Utc>, fraction: Fraction) -> String {
    let mut text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let ticks = time.timestamp_subsec_nanos() / 100;
    if fraction == Fraction::Kept && ticks == 0 {
        return text;
    }
    text.pop();
    let digits = format!("{ticks:07}");
    let digits = if fraction == Fraction::Kept { digits.trim_end_matches('0') } else { &digits };
    format!("{text}.{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_instants_lose_their_trailing_zeros_and_echoes_keep_seven_digits() {
        let time = parse_time("2026-11-22T10:00:28.92Z").unwrap();
        assert_eq!(format_time(time, Fraction::Kept), "2026-11-22T10:00:28.92Z");
        assert_eq!(format_time(time, Fraction::Echo), "2026-11-22T10:00:28.9200000Z");
    }

    #[test]
    fn empty_cells_never_show_as_null() {
        assert_eq!(Kind::Guid.json(None, Fraction::Kept), json!("00000000-0000-0000-0000-000000000000"));
        assert_eq!(Kind::Time.json(None, Fraction::Kept), json!("0001-01-01T00:00:00Z"));
        assert_eq!(Kind::Text.json(None, Fraction::Kept), json!(""));
    }

    #[test]
    fn the_empty_spellings_empty_a_cell() {
        for (kind, json) in [
            (Kind::Guid, json!("00000000-0000-0000-0000-000000000000")),
            (Kind::Time, json!("0001-01-01T00:00:00Z")),
            (Kind::Text, json!("")),
            (Kind::Time, Json::Null),
        ] {
            assert_eq!(kind.parse(&json), Ok(None), "{json}");
        }
    }
}
