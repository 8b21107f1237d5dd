//! `recurrence` of a request, read and checked, and as it is shown.

use chrono::{NaiveDate, Weekday};
use serde_json::{Map, Value, json};

use super::decode::{Read, integer, list, map, one_of};
use super::errors::ApiError;
use super::recurrence::{End, Frequency, MOST, Recurrence};
use super::zones::Zone;

/// The days as the service spells them.
const DAYS: [(&str, Weekday); 7] = [
    ("sunday", Weekday::Sun),
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
];
/// The indexes as the service spells them.
const INDEXES: [&str; 5] = ["first", "second", "third", "fourth", "last"];
/// The patterns as the service spells them.
const FREQUENCIES: [(&str, Frequency); 6] = [
    ("daily", Frequency::Daily),
    ("weekly", Frequency::Weekly),
    ("absoluteMonthly", Frequency::AbsoluteMonthly),
    ("relativeMonthly", Frequency::RelativeMonthly),
    ("absoluteYearly", Frequency::AbsoluteYearly),
    ("relativeYearly", Frequency::RelativeYearly),
];

fn day_name(day: Weekday) -> &'static str {
    DAYS.iter().find(|(_, weekday)| *weekday == day).map_or("sunday", |(name, _)| name)
}

const RANGES: &[&str] = &["endDate", "noEnd", "numbered"];

/// Pattern and range; `None` for `null`.
pub(super) fn recurrence(value: &Value) -> Read<Option<Recurrence>> {
    if value.is_null() {
        return Ok(None);
    }
    let whole = map("recurrence", value, "patternedRecurrence", &["pattern", "range"])?;
    let bad = |what: &str| ApiError::property(format!("The recurrence is not valid: {what}."));
    let pattern = whole.get("pattern").filter(|value| !value.is_null()).ok_or_else(|| bad("pattern is missing"))?;
    let known = ["type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index"];
    let pattern = map("pattern", pattern, "recurrencePattern", &known)?;
    let range = whole.get("range").filter(|value| !value.is_null()).ok_or_else(|| bad("range is missing"))?;
    let known = ["type", "startDate", "endDate", "recurrenceTimeZone", "numberOfOccurrences"];
    let range = map("range", range, "recurrenceRange", &known)?;

    let name = pattern.get("type").and_then(Value::as_str).unwrap_or("daily");
    let frequency = FREQUENCIES
        .iter()
        .find(|(member, _)| member.eq_ignore_ascii_case(name))
        .map(|(_, kind)| *kind)
        .ok_or_else(|| bad("type is unknown"))?;
    let number = |map: &Map<String, Value>, name: &str, most: u32| match map.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(value) => {
            let number = integer(value).and_then(|number| u32::try_from(number).ok());
            number.filter(|number| *number <= most).ok_or_else(|| bad(name))
        }
    };
    let interval = number(pattern, "interval", 999)?;
    let day_of_month = number(pattern, "dayOfMonth", 31)?;
    let month = number(pattern, "month", 12)?;
    let day = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        let found = DAYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, day)| *day).ok_or_else(|| bad("a day is unknown"))
    };
    let mut days = Vec::new();
    for value in pattern.get("daysOfWeek").map_or(Ok(&[][..]), |value| list("daysOfWeek", value))? {
        days.push(day(value)?);
    }
    let first_day = match pattern.get("firstDayOfWeek") {
        None | Some(Value::Null) => chrono::Weekday::Sun,
        Some(value) => day(value)?,
    };
    let index = match pattern.get("index") {
        None | Some(Value::Null) => 1,
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            let at = INDEXES
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text))
                .ok_or_else(|| bad("index is unknown"))?;
            u8::try_from(at + 1).unwrap_or(1)
        }
    };
    if interval == 0 {
        return Err(bad("interval must be at least 1"));
    }
    let by_days = matches!(frequency, Frequency::Weekly | Frequency::RelativeMonthly | Frequency::RelativeYearly);
    if by_days && days.is_empty() {
        return Err(bad("daysOfWeek is missing"));
    }
    if matches!(frequency, Frequency::AbsoluteMonthly | Frequency::AbsoluteYearly) && day_of_month == 0 {
        return Err(bad("dayOfMonth is missing"));
    }
    if matches!(frequency, Frequency::AbsoluteYearly | Frequency::RelativeYearly) && month == 0 {
        return Err(bad("month is missing"));
    }

    let date = |name: &str| -> Read<Option<NaiveDate>> {
        match range.get(name).and_then(Value::as_str) {
            None => Ok(None),
            Some(text) => Ok(Some(text.parse().map_err(|_| bad(name))?)),
        }
    };
    let start = date("startDate")?.ok_or_else(|| bad("startDate is missing"))?;
    let kind = range.get("type").map_or(Ok("endDate"), |value| one_of("type", value, RANGES))?;
    let end = match kind {
        "noEnd" => End::Never,
        "numbered" => {
            let count = number(range, "numberOfOccurrences", MOST)?;
            if count == 0 {
                return Err(bad("numberOfOccurrences is missing"));
            }
            End::After(count)
        }
        _ => {
            let end = date("endDate")?.ok_or_else(|| bad("endDate is missing"))?;
            if end < start {
                return Err(bad("endDate lies before startDate"));
            }
            if NaiveDate::from_ymd_opt(4500, 9, 1).is_some_and(|limit| end > limit) {
                return Err(ApiError::new(
                    400,
                    "ErrorRecurrenceEndDateTooBig",
                    "The end date of the recurrence is too big.",
                ));
            }
            End::On(end)
        }
    };
    let zone = match range.get("recurrenceTimeZone").and_then(Value::as_str) {
        Some(zone) if !zone.is_empty() => Some(Zone::required(zone)?.name),
        _ => None,
    };
    // What a pattern does not use is not kept, so that what is read back and sent again is the same.
    let absolute = matches!(frequency, Frequency::AbsoluteMonthly | Frequency::AbsoluteYearly);
    let yearly = matches!(frequency, Frequency::AbsoluteYearly | Frequency::RelativeYearly);
    let relative = by_days && frequency != Frequency::Weekly;
    Ok(Some(Recurrence {
        frequency,
        interval,
        days: if by_days { days } else { Vec::new() },
        first_day,
        index: if relative { index } else { 1 },
        day_of_month: if absolute { day_of_month } else { 0 },
        month: if yearly { month } else { 0 },
        start,
        end,
        zone,
    }))
}

impl Recurrence {
    /// As the service shows it: unused members hold sentinels.
    pub(super) fn to_json(&self, zone: &str) -> Value {
        let name = FREQUENCIES.iter().find(|(_, kind)| *kind == self.frequency).map_or("daily", |(name, _)| name);
        let absolute = matches!(self.frequency, Frequency::AbsoluteMonthly | Frequency::AbsoluteYearly);
        let relative = matches!(self.frequency, Frequency::RelativeMonthly | Frequency::RelativeYearly);
        let yearly = matches!(self.frequency, Frequency::AbsoluteYearly | Frequency::RelativeYearly);
        let by_days = relative || self.frequency == Frequency::Weekly;
        let days: Vec<&str> = if by_days { self.days.iter().map(|day| day_name(*day)).collect() } else { Vec::new() };
        let index = if relative { INDEXES.get(usize::from(self.index.clamp(1, 5)) - 1).copied() } else { None };
        let (kind, end, count) = match self.end {
            End::Never => ("noEnd", "0001-01-01".to_owned(), 0),
            End::On(date) => ("endDate", date.to_string(), 0),
            End::After(count) => ("numbered", "0001-01-01".to_owned(), count),
        };
        json!({
            "pattern": {
                "type": name,
                "interval": self.interval,
                "month": if yearly { self.month } else { 0 },
                "dayOfMonth": if absolute { self.day_of_month } else { 0 },
                "daysOfWeek": days,
                "firstDayOfWeek": day_name(self.first_day),
                "index": index.unwrap_or("first"),
            },
            "range": {
                "type": kind,
                "startDate": self.start.to_string(),
                "endDate": end,
                "recurrenceTimeZone": zone,
                "numberOfOccurrences": count,
            }
        })
    }
}
