//! Recurrence as it is written, of appointments and of tasks.

use chrono::{NaiveDate, Weekday};

use super::item::TaskRule;
use super::problem::{Done, Problem};
use super::times;
use super::xml::{Node, t};
use crate::outlook::recurrence::{End, Frequency, MOST, Recurrence};

const DAYS: [(&str, Weekday); 7] = [
    ("Sunday", Weekday::Sun),
    ("Monday", Weekday::Mon),
    ("Tuesday", Weekday::Tue),
    ("Wednesday", Weekday::Wed),
    ("Thursday", Weekday::Thu),
    ("Friday", Weekday::Fri),
    ("Saturday", Weekday::Sat),
];
const INDEXES: [&str; 5] = ["First", "Second", "Third", "Fourth", "Last"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const PATTERNS: [(&str, Frequency); 6] = [
    ("DailyRecurrence", Frequency::Daily),
    ("WeeklyRecurrence", Frequency::Weekly),
    ("AbsoluteMonthlyRecurrence", Frequency::AbsoluteMonthly),
    ("RelativeMonthlyRecurrence", Frequency::RelativeMonthly),
    ("AbsoluteYearlyRecurrence", Frequency::AbsoluteYearly),
    ("RelativeYearlyRecurrence", Frequency::RelativeYearly),
];
/// Patterns that count from when a task was done.
const REGENERATIONS: [&str; 4] =
    ["DailyRegeneration", "WeeklyRegeneration", "MonthlyRegeneration", "YearlyRegeneration"];

fn invalid(why: &str) -> Problem {
    Problem::new("ErrorCalendarInvalidRecurrence", format!("The specified recurrence is invalid: {why}"))
}

/// Reads the recurrence of an appointment.
pub(super) fn read(node: &Node) -> Done<Recurrence> {
    match read_task(node)? {
        TaskRule::Pattern(rule) => Ok(rule),
        TaskRule::Regeneration { .. } => Err(invalid("an appointment cannot regenerate.")),
    }
}

/// Reads the recurrence of a task.
pub(super) fn read_task(node: &Node) -> Done<TaskRule> {
    let [pattern, range] = node.children.as_slice() else { return Err(invalid("it is not pattern and range.")) };
    let (start, end) = range_of(range)?;
    if let Some(unit) = REGENERATIONS.iter().find(|name| **name == pattern.name) {
        let interval = number(pattern, "Interval", 999)?;
        return Ok(TaskRule::Regeneration { unit, interval, start, end });
    }
    let frequency = PATTERNS.iter().find(|(name, _)| *name == pattern.name).map(|(_, frequency)| *frequency);
    let frequency = frequency.ok_or_else(|| invalid("its pattern is unknown."))?;
    let yearly = matches!(frequency, Frequency::AbsoluteYearly | Frequency::RelativeYearly);
    let absolute = matches!(frequency, Frequency::AbsoluteMonthly | Frequency::AbsoluteYearly);
    let most = if matches!(frequency, Frequency::Daily) { 999 } else { 99 };
    let month = match pattern.text_of("Month") {
        Some(name) => MONTHS.iter().position(|month| *month == name).and_then(|at| u32::try_from(at + 1).ok()),
        None => Some(0),
    };
    let index = match pattern.text_of("DayOfWeekIndex") {
        Some(name) => INDEXES.iter().position(|index| *index == name).and_then(|at| u8::try_from(at + 1).ok()),
        None => Some(1),
    };
    let named = days(pattern.text_of("DaysOfWeek").unwrap_or_default());
    let first = pattern.text_of("FirstDayOfWeek").and_then(|name| DAYS.iter().find(|(day, _)| *day == name));
    Ok(TaskRule::Pattern(Recurrence {
        frequency,
        interval: if yearly { 1 } else { number(pattern, "Interval", most)? },
        days: named,
        first_day: first.map_or(Weekday::Sun, |(_, day)| *day),
        index: index.ok_or_else(|| invalid("its index is unknown."))?,
        day_of_month: if absolute { number(pattern, "DayOfMonth", 31)? } else { 0 },
        month: month.ok_or_else(|| invalid("its month is unknown."))?,
        start,
        end,
        zone: None,
    }))
}

fn number(node: &Node, name: &str, most: u32) -> Done<u32> {
    let number = node.text_of(name).and_then(|text| text.trim().parse().ok());
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| invalid(&format!("{name} is out of range.")))
}

fn days(text: &str) -> Vec<Weekday> {
    let mut days: Vec<Weekday> = Vec::new();
    for word in text.split_whitespace() {
        let wanted = |day: &Weekday| match word {
            "Day" => true,
            "Weekday" => !matches!(day, Weekday::Sat | Weekday::Sun),
            "WeekendDay" => matches!(day, Weekday::Sat | Weekday::Sun),
            _ => DAYS.iter().any(|(name, known)| *name == word && known == day),
        };
        days.extend(DAYS.iter().map(|(_, day)| *day).filter(wanted));
    }
    days
}

fn range_of(range: &Node) -> Done<(NaiveDate, End)> {
    let date = |name: &str| range.text_of(name).and_then(|text| times::date(text.trim()));
    let start = date("StartDate").ok_or_else(|| invalid("it has no start."))?;
    let end = match &*range.name {
        "NoEndRecurrence" => End::Never,
        "EndDateRecurrence" => {
            let end = date("EndDate").ok_or_else(|| invalid("it has no end."))?;
            if end < start {
                let text = "End date must be after start date.";
                return Err(Problem::new("ErrorCalendarEndDateIsEarlierThanStartDate", text));
            }
            if NaiveDate::from_ymd_opt(4500, 9, 1).is_some_and(|limit| end > limit) {
                let text = "The end date of the recurrence is too big.";
                return Err(Problem::new("ErrorRecurrenceEndDateTooBig", text));
            }
            End::On(end)
        }
        _ => End::After(number(range, "NumberOfOccurrences", MOST)?),
    };
    Ok((start, end))
}

/// As it is shown.
pub(super) fn show(rule: &Recurrence) -> Node {
    let name = PATTERNS.iter().find(|(_, frequency)| *frequency == rule.frequency).map_or("", |(name, _)| name);
    let interval = || t("Interval").text(rule.interval.to_string());
    let day_of_month = || t("DayOfMonth").text(rule.day_of_month.to_string());
    let month = || {
        let at = usize::try_from(rule.month.max(1)).unwrap_or(1) - 1;
        t("Month").text(MONTHS.get(at).copied().unwrap_or_default())
    };
    let index = || {
        let at = usize::from(rule.index.clamp(1, 5)) - 1;
        t("DayOfWeekIndex").text(INDEXES.get(at).copied().unwrap_or_default())
    };
    let words: Vec<&str> = DAYS.iter().filter(|(_, day)| rule.days.contains(day)).map(|(name, _)| *name).collect();
    let single = match words.as_slice() {
        [one] => (*one).to_owned(),
        ["Sunday", "Saturday"] => "WeekendDay".to_owned(),
        ["Monday", .., "Friday"] if words.len() == 5 => "Weekday".to_owned(),
        _ => "Day".to_owned(),
    };
    let day = || t("DaysOfWeek").text(&single);
    let pattern = t(name);
    let pattern = match rule.frequency {
        Frequency::Daily => pattern.with(interval()),
        Frequency::Weekly => {
            let first = DAYS.iter().find(|(_, day)| *day == rule.first_day).map_or("Sunday", |(name, _)| name);
            let days = t("DaysOfWeek").text(words.join(" "));
            pattern.with(interval()).with(days).with(t("FirstDayOfWeek").text(first))
        }
        Frequency::AbsoluteMonthly => pattern.with(interval()).with(day_of_month()),
        Frequency::RelativeMonthly => pattern.with(interval()).with(day()).with(index()),
        Frequency::AbsoluteYearly => pattern.with(day_of_month()).with(month()),
        Frequency::RelativeYearly => pattern.with(day()).with(index()).with(month()),
    };
    t("Recurrence").with(pattern).with(show_range(rule.start, rule.end))
}

/// As it is shown of a task.
pub(super) fn show_task(rule: &TaskRule) -> Node {
    match rule {
        TaskRule::Pattern(rule) => show(rule),
        TaskRule::Regeneration { unit, interval, start, end } => {
            let pattern = t(*unit).with(t("Interval").text(interval.to_string()));
            t("Recurrence").with(pattern).with(show_range(*start, *end))
        }
    }
}

fn show_range(start: NaiveDate, end: End) -> Node {
    let start = t("StartDate").text(start.to_string());
    match end {
        End::Never => t("NoEndRecurrence").with(start),
        End::On(end) => t("EndDateRecurrence").with(start).with(t("EndDate").text(end.to_string())),
        End::After(count) => t("NumberedRecurrence").with(start).with(t("NumberOfOccurrences").text(count.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::{self, TYPES};
    use super::*;

    fn rule(inside: &str) -> Done<TaskRule> {
        read_task(&xml::parse(&format!("<Recurrence xmlns=\"{TYPES}\">{inside}</Recurrence>")).unwrap())
    }

    const FOREVER: &str = "<NoEndRecurrence><StartDate>2026-11-02</StartDate></NoEndRecurrence>";

    #[test]
    fn every_pattern_comes_back_as_it_was_written() {
        for pattern in [
            "<DailyRecurrence><Interval>3</Interval></DailyRecurrence>",
            "<WeeklyRecurrence><Interval>2</Interval><DaysOfWeek>Monday Friday</DaysOfWeek><FirstDayOfWeek>Monday</FirstDayOfWeek></WeeklyRecurrence>",
            "<AbsoluteMonthlyRecurrence><Interval>1</Interval><DayOfMonth>31</DayOfMonth></AbsoluteMonthlyRecurrence>",
            "<RelativeMonthlyRecurrence><Interval>1</Interval><DaysOfWeek>Weekday</DaysOfWeek><DayOfWeekIndex>Last</DayOfWeekIndex></RelativeMonthlyRecurrence>",
            "<AbsoluteYearlyRecurrence><DayOfMonth>29</DayOfMonth><Month>February</Month></AbsoluteYearlyRecurrence>",
            "<RelativeYearlyRecurrence><DaysOfWeek>Sunday</DaysOfWeek><DayOfWeekIndex>First</DayOfWeekIndex><Month>May</Month></RelativeYearlyRecurrence>",
            "<WeeklyRegeneration><Interval>2</Interval></WeeklyRegeneration>",
        ] {
            for range in [
                FOREVER,
                "<EndDateRecurrence><StartDate>2026-11-02</StartDate><EndDate>2027-01-01</EndDate></EndDateRecurrence>",
                "<NumberedRecurrence><StartDate>2026-11-02</StartDate><NumberOfOccurrences>5</NumberOfOccurrences></NumberedRecurrence>",
            ] {
                let shown = show_task(&rule(&format!("{pattern}{range}")).unwrap()).document();
                let bare = shown.replace("t:", "");
                assert!(bare.contains(&format!("{pattern}{range}")), "{bare}");
            }
        }
    }

    #[test]
    fn what_the_calendar_cannot_hold_is_refused() {
        let daily = |interval: u32| format!("<DailyRecurrence><Interval>{interval}</Interval></DailyRecurrence>");
        for (wrong, code) in [
            (format!("{}{FOREVER}", daily(0)), "ErrorCalendarInvalidRecurrence"),
            (format!("{}{FOREVER}", daily(1000)), "ErrorCalendarInvalidRecurrence"),
            (
                format!(
                    "{}<EndDateRecurrence><StartDate>2026-11-02</StartDate><EndDate>2026-11-01</EndDate></EndDateRecurrence>",
                    daily(1)
                ),
                "ErrorCalendarEndDateIsEarlierThanStartDate",
            ),
            (
                format!(
                    "{}<EndDateRecurrence><StartDate>2026-11-02</StartDate><EndDate>4500-09-02</EndDate></EndDateRecurrence>",
                    daily(1)
                ),
                "ErrorRecurrenceEndDateTooBig",
            ),
        ] {
            assert_eq!(rule(&wrong).unwrap_err().code, code, "{wrong}");
        }
    }
}
