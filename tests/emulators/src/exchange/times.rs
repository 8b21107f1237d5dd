//! Times as they are written: with an offset, in UTC, or of a zone that is named elsewhere.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::outlook::zones;

/// A time as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// With `Z` or an offset: taken literally.
    Instant(DateTime<Utc>),
    /// Without: of the zone that the item or the request names.
    Wall(NaiveDateTime),
}

impl Sent {
    /// The instant, where a time without an offset is of this zone.
    pub(super) fn instant(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Instant(at) => at,
            Self::Wall(wall) => zones::instant(zone, wall),
        }
    }
}

/// Reads a time.
pub(super) fn parse(text: &str) -> Option<Sent> {
    let sent = match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Sent::Instant(at.to_utc()),
        Err(_) => Sent::Wall(NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?),
    };
    let year = match sent {
        Sent::Instant(at) => at.year(),
        Sent::Wall(wall) => wall.year(),
    };
    // What the store can keep, with room for arithmetic.
    (1601..=4500).contains(&year).then_some(sent)
}

/// Reads a date; a zone behind it says nothing.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?;
    let zone = rest.is_empty() || rest == "Z" || rest.len() == 6 && rest.starts_with(['+', '-']);
    (zone && (1601..=4500).contains(&date.year())).then_some(date)
}

/// Writes an instant, with the offset of the zone that a request is made in.
pub(super) fn text(at: DateTime<Utc>, zone: Tz) -> String {
    if zone == Tz::UTC {
        return at.to_rfc3339_opts(SecondsFormat::Secs, true);
    }
    zone.from_utc_datetime(&at.naive_utc()).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The midnight with which a day begins in a zone.
pub(super) fn midnight(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    zones::instant(zone, date.and_time(NaiveTime::MIN))
}

/// A duration as the schema writes one.
pub(super) fn duration(length: chrono::TimeDelta) -> String {
    let sign = if length < chrono::TimeDelta::zero() { "-" } else { "" };
    let seconds = length.num_seconds().unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let mut text = format!("{sign}P");
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    if hours + minutes > 0 || days == 0 {
        text.push('T');
        if hours > 0 || minutes == 0 {
            text.push_str(&format!("{hours}H"));
        }
        if minutes > 0 {
            text.push_str(&format!("{minutes}M"));
        }
    }
    text
}

/// Whole days in a zone that hold everything between two instants: from a midnight to a midnight, one day at least.
pub(super) fn whole_days(start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = start.with_timezone(&zone).date_naive();
    let wall = end.with_timezone(&zone).naive_local();
    let next = |date: NaiveDate| date.checked_add_days(Days::new(1)).unwrap_or(date);
    let last = if wall.time() == NaiveTime::MIN { wall.date() } else { next(wall.date()) };
    (midnight(first, zone), midnight(last.max(next(first)), zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use chrono_tz::Europe::{Berlin, Moscow};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_without_an_offset_is_of_the_zone() {
        let time = |text: &str| parse(text).unwrap().instant(Moscow);
        assert_eq!(time("2026-11-22T10:00:00"), at("2026-11-22T07:00:00Z"));
        assert_eq!(time("2026-11-22T10:00:00.000Z"), at("2026-11-22T10:00:00Z"));
        assert_eq!(time("2026-11-22T10:00:00+01:00"), at("2026-11-22T09:00:00Z"));
        assert_eq!(text(at("2026-11-22T07:00:00Z"), Moscow), "2026-11-22T10:00:00+03:00");
        assert_eq!((parse("2026-11-22"), parse("9999-01-01T00:00:00Z")), (None, None));
    }

    #[test]
    fn dates_may_drag_a_zone_behind_them() {
        let day = NaiveDate::from_ymd_opt(2026, 10, 1);
        for text in ["2026-10-01", "2026-10-01Z", "2026-10-01+03:00"] {
            assert_eq!(date(text), day, "{text}");
        }
        assert_eq!((date("2026-10-01T00:00:00"), date("01.10.2026")), (None, None));
    }

    #[test]
    fn whole_days_hold_what_was_sent() {
        let day = |text: &str| midnight(text.parse().unwrap(), Berlin);
        let whole = |start: &str, end: &str| whole_days(at(start), at(end), Berlin);
        // Two days of Moscow are three in Berlin.
        let moscow = whole("2026-11-21T21:00:00Z", "2026-11-23T21:00:00Z");
        assert_eq!(moscow, (day("2026-11-21"), day("2026-11-24")));
        assert_eq!(whole("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"), (day("2026-11-22"), day("2026-11-23")));
        // Over the change of clocks.
        assert_eq!(whole("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), (day("2026-10-25"), day("2026-10-26")));
    }

    #[test]
    fn durations_are_written_as_the_schema_wants() {
        let text = |minutes: i64| duration(TimeDelta::minutes(minutes));
        assert_eq!([text(30), text(60), text(1530), text(-180)], ["PT30M", "PT1H", "P1DT1H30M", "-PT3H"]);
        assert_eq!([text(0), text(1440)], ["PT0H", "P1D"]);
    }
}
