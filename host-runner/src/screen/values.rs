//! Values of units as a person reads them: times in the person's own zone.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use super::{cut, words};
use crate::config::Language;

/// Longer values are cut: a body of ten lines is in `--json`.
const WIDTH: usize = 60;

/// A value, where there is one.
pub(super) fn shown(value: &str, zone: Tz, language: Language) -> String {
    if value.trim().is_empty() {
        return language.of("(empty)", "(пусто)").to_owned();
    }
    period(value, zone, language).unwrap_or_else(|| cut(words::value(value, language), WIDTH))
}

/// `start/end`, two instants, is how a component tells when something takes place; days on end with `all-day` after it.
fn period(text: &str, zone: Tz, language: Language) -> Option<String> {
    let (times, all_day) = match text.strip_suffix(" all-day") {
        Some(times) => (times, true),
        None => (text, false),
    };
    let (start, end) = times.split_once('/')?;
    let instant = |text| DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&zone));
    let (start, end) = (instant(start)?, instant(end)?);
    if all_day {
        let last = (end - TimeDelta::days(1)).max(start);
        let (day, all_day) = (words::day(start, language), language.of("all day", "весь день"));
        return Some(if last.date_naive() == start.date_naive() {
            format!("{day}, {all_day}")
        } else {
            format!("{day} {} {}, {all_day}", language.of("to", "—"), words::day(last, language))
        });
    }
    let begin = format!("{} {}", words::day(start, language), start.format("%H:%M"));
    Some(if start.date_naive() == end.date_naive() {
        format!("{begin}–{}", end.format("%H:%M"))
    } else {
        format!("{begin} {} {} {}", language.of("to", "—"), words::day(end, language), end.format("%H:%M"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_zone_of_whoever_reads_them() {
        let moscow = |text| shown(text, Tz::Europe__Moscow, Language::En);
        assert_eq!(moscow("2026-11-29T10:00:00Z/2026-11-29T11:30:00Z"), "Sun 2026-11-29 13:00–14:30");
        assert_eq!(moscow("2026-11-29T20:00:00Z/2026-11-29T22:00:00Z"), "Sun 2026-11-29 23:00 to Mon 2026-11-30 01:00");
        assert_eq!(moscow("2026-11-28T21:00:00Z/2026-11-29T21:00:00Z all-day"), "Sun 2026-11-29, all day");
        assert_eq!(
            moscow("2026-11-27T21:00:00Z/2026-11-30T21:00:00Z all-day"),
            "Sat 2026-11-28 to Mon 2026-11-30, all day"
        );
    }

    #[test]
    fn what_is_no_time_is_told_as_it_is() {
        assert_eq!(shown("Room 4/12", Tz::UTC, Language::Ru), "Room 4/12");
        assert_eq!(shown(" ", Tz::UTC, Language::En), "(empty)");
    }
}
