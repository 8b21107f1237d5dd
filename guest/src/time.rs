//! Instants, zones, whole days.

use chrono::{
    DateTime, Days, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

/// `2026-11-01T08:00:00Z`; a fraction only where there is one.
#[must_use]
pub fn iso(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// 0001-01-03 and 9999-12-30, in seconds since 1970: what lies between has four digits for its year in every zone.
const RECKONABLE: std::ops::Range<i64> = -62_135_424_000..253_402_128_000;

/// The instant is one that both services can say and that can be reckoned with; text can say others.
#[must_use]
pub fn reckonable(at: DateTime<Utc>) -> bool {
    RECKONABLE.contains(&at.timestamp())
}

/// An instant some time later, or as late as there is.
#[must_use]
pub fn later(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// An instant so many minutes earlier, or as early as there is.
#[must_use]
pub fn minutes_before(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    let earliest = DateTime::from_timestamp(RECKONABLE.start, 0).unwrap_or_default();
    Duration::try_minutes(minutes).and_then(|span| at.checked_sub_signed(span)).map_or(earliest, |at| at.max(earliest))
}

/// The instant without its fraction: not every service keeps one.
#[must_use]
pub fn whole_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_nanosecond(0).unwrap_or(at)
}

/// Reads an instant with an offset, with 0 to 9 digits of fraction.
#[must_use]
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.with_timezone(&Utc)).filter(|at| reckonable(*at))
}

/// Reads a local time without an offset, `2026-11-01T08:00:00.0000000`.
#[must_use]
pub fn parse_local(text: &str) -> Option<NaiveDateTime> {
    text.parse().ok().filter(|local: &NaiveDateTime| reckonable(local.and_utc()))
}

/// Reads an HTTP date, `Sun, 22 Nov 2026 12:00:00 GMT`.
#[must_use]
pub fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|instant| instant.with_timezone(&Utc)).filter(|at| reckonable(*at))
}

/// Finds a zone by whatever name a server used for it: an IANA name, a Windows name, one of Exchange's own.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    let name = name.trim();
    if let Ok(zone) = name.parse::<Tz>() {
        return Some(zone);
    }
    if name.eq_ignore_ascii_case("tzone://Microsoft/Utc") || name.eq_ignore_ascii_case("UTC") {
        return Some(Tz::UTC);
    }
    name.parse::<windows_timezones::WindowsTimezone>().ok().map(Tz::from)
}

/// The Windows name of a zone: what Exchange and Graph always take.
#[must_use]
pub fn windows_name(zone: Tz) -> Option<String> {
    windows_timezones::WindowsTimezone::try_from(zone).ok().map(|zone| zone.to_string())
}

/// The instant of a local time. One that occurs twice is taken the first time; one that a clock change skipped moves
/// on by as much as the clock did.
#[must_use]
pub fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        LocalResult::None => {
            // The offset before the gap, found some hours earlier, is the one that moves the time past the gap.
            let before = local.checked_sub_signed(Duration::hours(26)).unwrap_or(local);
            let offset = match zone.from_local_datetime(&before) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.naive_local() - at.naive_utc(),
                LocalResult::None => Duration::zero(),
            };
            Utc.from_utc_datetime(&local.checked_sub_signed(offset).unwrap_or(local))
        }
    }
}

/// Midnight at which a day begins in a zone.
#[must_use]
pub fn midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// The day an instant falls on in a zone.
#[must_use]
pub fn date_in(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The days of a span that begins and ends at midnights of a zone: first day, and the day after the last.
#[must_use]
pub fn whole_days(zone: Tz, start: DateTime<Utc>, end: DateTime<Utc>) -> Option<(NaiveDate, NaiveDate)> {
    let (from, until) = (date_in(zone, start), date_in(zone, end));
    (midnight(zone, from) == start && midnight(zone, until) == end && from < until).then_some((from, until))
}

/// A local time that names its instant: none where a clock change makes it occur twice.
#[must_use]
pub fn unambiguous_local(zone: Tz, at: DateTime<Utc>) -> Option<NaiveDateTime> {
    let local = at.with_timezone(&zone).naive_local();
    matches!(zone.from_local_datetime(&local), LocalResult::Single(_)).then_some(local)
}

/// A date some days later.
#[must_use]
pub fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// A date some days earlier.
#[must_use]
pub fn minus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

/// Without seconds: reminders are in minutes.
#[must_use]
pub fn minutes_between(earlier: DateTime<Utc>, later: DateTime<Utc>) -> i64 {
    (later.with_nanosecond(0).unwrap_or(later) - earlier.with_nanosecond(0).unwrap_or(earlier)).num_minutes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).expect(text)
    }

    #[test]
    fn zones_are_found_by_every_name_that_servers_use() {
        for (name, zone_name) in [
            ("Europe/Moscow", "Europe/Moscow"),
            ("Russian Standard Time", "Europe/Moscow"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("tzone://Microsoft/Utc", "UTC"),
            ("UTC", "UTC"),
            ("Asia/Calcutta", "Asia/Calcutta"),
        ] {
            assert_eq!(zone(name).map(|zone| zone.name()), Some(zone_name), "{name}");
        }
        assert_eq!(zone("tzone://Microsoft/Custom"), None);
        assert_eq!(zone(""), None);
    }

    #[test]
    fn a_zone_is_written_by_its_windows_name() {
        assert_eq!(windows_name(Tz::Europe__Moscow).as_deref(), Some("Russian Standard Time"));
    }

    #[test]
    fn a_time_in_the_gap_moves_on_and_one_in_the_overlap_is_the_first() {
        let berlin = Tz::Europe__Berlin;
        let gap = parse_local("2026-03-29T02:30:00").expect("local");
        assert_eq!(instant(berlin, gap), at("2026-03-29T01:30:00Z"));
        let overlap = parse_local("2026-10-25T02:30:00").expect("local");
        assert_eq!(instant(berlin, overlap), at("2026-10-25T00:30:00Z"));
        assert_eq!(unambiguous_local(berlin, at("2026-10-25T01:30:00Z")), None);
    }

    #[test]
    fn whole_days_are_known_across_a_clock_change() {
        let berlin = Tz::Europe__Berlin;
        let days = whole_days(berlin, at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"));
        assert_eq!(
            days.map(|(from, until)| (from.to_string(), until.to_string())),
            Some(("2026-10-25".into(), "2026-10-26".into()))
        );
        assert_eq!(whole_days(berlin, at("2026-10-24T22:00:00Z"), at("2026-10-25T22:00:00Z")), None);
    }

    #[test]
    fn a_time_that_no_calendar_has_is_none() {
        for text in ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-03:00"] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
        for text in ["9999-12-31T23:59:59", "+262142-12-31T23:59:59", "-262143-01-01T00:00:00"] {
            assert_eq!(parse_local(text), None, "{text}");
        }
        let last = at("9999-12-29T23:59:59Z");
        assert_eq!(date_in(Tz::Pacific__Kiritimati, last).to_string(), "9999-12-30");
        assert_eq!(later(last, Duration::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(iso(minutes_before(last, i64::MAX)), "0001-01-03T00:00:00Z");
        assert_eq!(iso(minutes_before(at("2026-11-23T08:00:00Z"), 30)), "2026-11-23T07:30:00Z");
    }

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT"), Some(at("2026-11-22T12:00:00Z")));
    }
}
