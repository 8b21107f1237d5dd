//! Recurrence: the six patterns, expanded as dates in the series' own zone.

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};

/// Series without an end, and those that end later, are not expanded beyond this year.
const LAST_YEAR: i32 = 4500;
/// Exchange keeps at most this many occurrences of a numbered series.
pub(crate) const MOST: u32 = 999;

/// The kinds of pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    AbsoluteMonthly,
    RelativeMonthly,
    AbsoluteYearly,
    RelativeYearly,
}

/// Where a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Never,
    On(NaiveDate),
    After(u32),
}

/// Pattern and range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recurrence {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u32,
    pub(crate) days: Vec<Weekday>,
    pub(crate) first_day: Weekday,
    /// 1 to 4, and 5 for the last.
    pub(crate) index: u8,
    pub(crate) day_of_month: u32,
    pub(crate) month: u32,
    pub(crate) start: NaiveDate,
    pub(crate) end: End,
    /// As it was given.
    pub(crate) zone: Option<String>,
}

impl Recurrence {
    /// Dates of the pattern from `from` to `to`, both included, and never before the start of the range.
    pub(crate) fn dates(&self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let to = match self.last() {
            Some(last) => to.min(last),
            None => to,
        };
        let from = from.max(self.start);
        let mut dates = Vec::new();
        if from > to {
            return dates;
        }
        let mut step = self.step_of(from);
        while let Some((first, found)) = self.period(step) {
            if first > to || first.year() > LAST_YEAR {
                break;
            }
            dates.extend(found.into_iter().filter(|date| *date >= from && *date <= to));
            step += 1;
        }
        dates
    }

    /// The first date on or after `from`.
    pub(crate) fn next(&self, from: NaiveDate) -> Option<NaiveDate> {
        let from = from.max(self.start);
        let last = self.last();
        let mut step = self.step_of(from);
        loop {
            let (first, found) = self.period(step)?;
            if first.year() > LAST_YEAR || last.is_some_and(|last| first > last) {
                return None;
            }
            if let Some(date) = found.into_iter().find(|date| *date >= from) {
                return last.is_none_or(|last| date <= last).then_some(date);
            }
            step += 1;
        }
    }

    /// The last date before `date`.
    pub(crate) fn previous(&self, date: NaiveDate) -> Option<NaiveDate> {
        // A pattern's periods are at most this far apart, so the occurrence before must lie inside.
        let reach = match self.frequency {
            Frequency::Daily => 1,
            Frequency::Weekly => 14,
            Frequency::AbsoluteMonthly | Frequency::RelativeMonthly => 62,
            Frequency::AbsoluteYearly | Frequency::RelativeYearly => 732,
        };
        let from = date.checked_sub_days(Days::new(u64::from(self.interval.max(1)) * reach))?;
        self.dates(from, date.pred_opt()?).pop()
    }

    /// Whether the pattern has this date.
    pub(crate) fn has(&self, date: NaiveDate) -> bool {
        self.dates(date, date).first() == Some(&date)
    }

    /// The last date that may occur; `None` where there is no end.
    pub(crate) fn last(&self) -> Option<NaiveDate> {
        match self.end {
            End::Never => None,
            End::On(date) => Some(date),
            End::After(count) => {
                let mut seen = 0_u32;
                let mut step = self.step_of(self.start);
                let mut latest = self.start;
                loop {
                    let Some((first, found)) = self.period(step) else { return Some(latest) };
                    if first.year() > LAST_YEAR {
                        return Some(latest);
                    }
                    for date in found.into_iter().filter(|date| *date >= self.start) {
                        seen += 1;
                        latest = date;
                        if seen >= count {
                            return Some(latest);
                        }
                    }
                    step += 1;
                }
            }
        }
    }

    /// The number of the period in which a date lies, counted from the start of the range in steps of the interval.
    fn step_of(&self, date: NaiveDate) -> u32 {
        let interval = self.interval.max(1);
        let months = |date: NaiveDate| date.year() * 12 + i32::try_from(date.month0()).unwrap_or_default();
        let distance = match self.frequency {
            Frequency::Daily => (date - self.start).num_days(),
            Frequency::Weekly => (date - self.week_start()).num_days() / 7,
            Frequency::AbsoluteMonthly | Frequency::RelativeMonthly => i64::from(months(date) - months(self.start)),
            Frequency::AbsoluteYearly | Frequency::RelativeYearly => i64::from(date.year() - self.start.year()),
        };
        u32::try_from(distance).unwrap_or(0) / interval
    }

    fn week_start(&self) -> NaiveDate {
        let back = self.start.weekday().days_since(self.first_day);
        self.start.checked_sub_days(Days::new(u64::from(back))).unwrap_or(self.start)
    }

    /// First day of a period and the pattern's dates in it, in order.
    fn period(&self, step: u32) -> Option<(NaiveDate, Vec<NaiveDate>)> {
        let skip = step.checked_mul(self.interval.max(1))?;
        match self.frequency {
            Frequency::Daily => {
                let date = self.start.checked_add_days(Days::new(u64::from(skip)))?;
                Some((date, vec![date]))
            }
            Frequency::Weekly => {
                let week = self.week_start().checked_add_days(Days::new(u64::from(skip) * 7))?;
                let days = (0..7).filter_map(|day| week.checked_add_days(Days::new(day)));
                Some((week, days.filter(|date| self.days.contains(&date.weekday())).collect()))
            }
            Frequency::AbsoluteMonthly => {
                let month = self.start.with_day(1)?.checked_add_months(Months::new(skip))?;
                Some((month, in_month(month, self.day_of_month).into_iter().collect()))
            }
            Frequency::RelativeMonthly => {
                let month = self.start.with_day(1)?.checked_add_months(Months::new(skip))?;
                Some((month, self.indexed(month).into_iter().collect()))
            }
            Frequency::AbsoluteYearly | Frequency::RelativeYearly => {
                let year = self.start.year().checked_add(i32::try_from(skip).ok()?)?;
                let month = NaiveDate::from_ymd_opt(year, self.month.clamp(1, 12), 1)?;
                let date = match self.frequency {
                    Frequency::AbsoluteYearly => in_month(month, self.day_of_month),
                    _ => self.indexed(month),
                };
                Some((NaiveDate::from_ymd_opt(year, 1, 1)?, date.into_iter().collect()))
            }
        }
    }

    /// The n-th of a month's days that match, whichever weekday they are.
    fn indexed(&self, month: NaiveDate) -> Option<NaiveDate> {
        let days: Vec<NaiveDate> = month
            .iter_days()
            .take_while(|date| date.month() == month.month())
            .filter(|date| self.days.contains(&date.weekday()))
            .collect();
        match self.index {
            5 => days.last().copied(),
            index => days.get(usize::from(index.max(1)) - 1).copied(),
        }
    }
}

/// A day of a month; the 31st is the last day of a shorter one.
fn in_month(month: NaiveDate, day: u32) -> Option<NaiveDate> {
    (28..=31).rev().find_map(|last| month.with_day(day.clamp(1, last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(frequency: Frequency, start: &str) -> Recurrence {
        Recurrence {
            frequency,
            interval: 1,
            days: vec![Weekday::Mon, Weekday::Wed],
            first_day: Weekday::Mon,
            index: 5,
            day_of_month: 31,
            month: 2,
            start: date(start),
            end: End::Never,
            zone: None,
        }
    }

    fn shown(rule: &Recurrence, from: &str, to: &str) -> Vec<String> {
        rule.dates(date(from), date(to)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_second_week_counts_weeks_from_the_first_day_of_the_week() {
        let rule = Recurrence { interval: 2, ..rule(Frequency::Weekly, "2026-11-04") };
        assert_eq!(shown(&rule, "2026-11-01", "2026-11-20"), ["2026-11-04", "2026-11-16", "2026-11-18"]);
        assert_eq!(rule.previous(date("2026-11-16")), Some(date("2026-11-04")));
        assert_eq!(rule.next(date("2026-11-05")), Some(date("2026-11-16")));
    }

    #[test]
    fn the_31st_is_the_last_day_of_a_short_month() {
        let rule = rule(Frequency::AbsoluteMonthly, "2026-01-31");
        assert_eq!(shown(&rule, "2026-02-01", "2026-04-30"), ["2026-02-28", "2026-03-31", "2026-04-30"]);
    }

    #[test]
    fn the_last_of_several_days_is_the_latest_that_matches() {
        let rule = rule(Frequency::RelativeMonthly, "2026-11-01");
        assert_eq!(shown(&rule, "2026-11-01", "2026-12-31"), ["2026-11-30", "2026-12-30"]);
    }

    #[test]
    fn yearly_patterns_stay_in_their_month() {
        let absolute = rule(Frequency::AbsoluteYearly, "2024-01-01");
        assert_eq!(shown(&absolute, "2024-01-01", "2025-12-31"), ["2024-02-29", "2025-02-28"]);
        let relative = rule(Frequency::RelativeYearly, "2026-01-01");
        assert_eq!(shown(&relative, "2026-01-01", "2026-12-31"), ["2026-02-25"]);
    }

    #[test]
    fn a_numbered_series_ends_with_its_last_occurrence() {
        let rule = Recurrence { end: End::After(3), ..rule(Frequency::Daily, "2026-11-01") };
        assert_eq!(rule.last(), Some(date("2026-11-03")));
        assert_eq!(shown(&rule, "2026-11-03", "2026-12-01"), ["2026-11-03"]);
        assert!(rule.has(date("2026-11-02")) && !rule.has(date("2026-11-04")));
    }
}
