//! `GetServerTimeZones`: the zones that the server knows, with the rules of this year.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Offset as _, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::{OffsetComponents as _, Tz};

use super::Exchange;
use super::envelope::Call;
use super::problem::Done;
use super::times;
use super::xml::{Node, m, t};
use crate::outlook::zones::{WINDOWS, Zone};

impl Exchange {
    /// The one response message.
    pub(super) fn server_time_zones(&mut self, call: &Call<'_>) -> Done<Vec<Node>> {
        let full = matches!(call.operation.attribute("ReturnFullTimeZoneData"), None | Some("true" | "1"));
        let asked = call.operation.child("Ids").map(|ids| ids.children.as_slice()).unwrap_or_default();
        let wanted = |name: &&&str| asked.is_empty() || asked.iter().any(|id| id.value().eq_ignore_ascii_case(name));
        let found = WINDOWS.iter().filter(wanted).filter_map(|name| Zone::find(name));
        let year = call.frame.now.year();
        let definitions = found.map(|zone| definition(&zone, year, full));
        Ok(vec![m("TimeZoneDefinitions").with_all(definitions)])
    }
}

/// A change of a zone's clocks.
struct Turn {
    at: DateTime<Utc>,
    /// On the clock that goes wrong by it.
    before: TimeDelta,
    summer: bool,
}

fn offset(tz: Tz, at: DateTime<Utc>) -> (TimeDelta, bool) {
    let offset = tz.offset_from_utc_datetime(&at.naive_utc());
    let total = TimeDelta::seconds(i64::from(offset.fix().local_minus_utc()));
    (total, offset.dst_offset() != TimeDelta::zero())
}

/// The changes of a year, to the minute.
fn turns(tz: Tz, year: i32) -> Vec<Turn> {
    let mut turns = Vec::new();
    let Some(mut day) = NaiveDate::from_ymd_opt(year, 1, 1) else { return turns };
    while day.year() == year {
        let Some(next) = day.checked_add_days(Days::new(1)) else { break };
        let (mut low, mut high) = (times::midnight(day, Tz::UTC), times::midnight(next, Tz::UTC));
        let before = offset(tz, low).0;
        if offset(tz, high).0 != before {
            while high - low > TimeDelta::minutes(1) {
                let middle = low + (high - low) / 2;
                let middle = middle.with_second(0).unwrap_or(middle);
                if middle <= low {
                    break;
                }
                if offset(tz, middle).0 == before { low = middle } else { high = middle }
            }
            turns.push(Turn { at: high, before, summer: offset(tz, high).1 });
        }
        day = next;
    }
    turns
}

fn definition(zone: &Zone, year: i32, full: bool) -> Node {
    let node = t("TimeZoneDefinition").attr("Id", &zone.name).attr("Name", format!("({})", zone.name));
    if !full {
        return node;
    }
    let id = |kind: &str| format!("trule:Microsoft/Registry/{}/1-{kind}", zone.name);
    let turns = turns(zone.tz, year);
    let summers = turns.iter().any(|turn| turn.summer) && turns.iter().any(|turn| !turn.summer);
    let start = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let now = offset(zone.tz, times::midnight(start, Tz::UTC));
    let after = |summer: bool| turns.iter().find(|turn| turn.summer == summer).map(|turn| offset(zone.tz, turn.at).0);
    let period = |kind: &str, offset: TimeDelta| {
        t("Period").attr("Bias", times::duration(-offset)).attr("Name", kind).attr("Id", id(kind))
    };
    let standard = after(false).unwrap_or(now.0);
    let mut periods = t("Periods").with(period("Standard", standard));
    let to = |kind: &str, text: String| t("To").attr("Kind", kind).text(text);
    let mut group = t("TransitionsGroup").attr("Id", "0");
    if let Some(summer) = after(true).filter(|_| summers) {
        periods = periods.with(period("Daylight", summer));
        for turn in &turns {
            let wall = (turn.at + turn.before).naive_utc();
            let date = wall.date();
            let week = date.day0() / 7 + 1;
            let last = date.checked_add_days(Days::new(7)).is_none_or(|later| later.month() != date.month());
            let occurrence = if last { "-1".to_owned() } else { week.to_string() };
            group = group.with(
                t("RecurringDayTransition")
                    .with(to("Period", id(if turn.summer { "Daylight" } else { "Standard" })))
                    .with(t("TimeOffset").text(times::duration(wall - date.and_time(chrono::NaiveTime::MIN))))
                    .with(t("Month").text(date.month().to_string()))
                    .with(t("DayOfWeek").text(day_name(date)))
                    .with(t("Occurrence").text(occurrence)),
            );
        }
    } else {
        group = group.with(t("Transition").with(to("Period", id("Standard"))));
    }
    node.with(periods)
        .with(t("TransitionsGroups").with(group))
        .with(t("Transitions").with(t("Transition").with(to("Group", "0".to_owned()))))
}

fn day_name(date: NaiveDate) -> &'static str {
    match date.weekday() {
        chrono::Weekday::Mon => "Monday",
        chrono::Weekday::Tue => "Tuesday",
        chrono::Weekday::Wed => "Wednesday",
        chrono::Weekday::Thu => "Thursday",
        chrono::Weekday::Fri => "Friday",
        chrono::Weekday::Sat => "Saturday",
        chrono::Weekday::Sun => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_year_are_those_of_its_changes() {
        let text = definition(&Zone::find("W. Europe Standard Time").unwrap(), 2026, true).document();
        for part in [
            "Bias=\"-PT1H\" Name=\"Standard\"",
            "Bias=\"-PT2H\" Name=\"Daylight\"",
            "<t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence>",
            "<t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = definition(&Zone::find("Eastern Standard Time").unwrap(), 2026, true).document();
        assert!(
            text.contains("<t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>2</t:Occurrence>"),
            "{text}"
        );
        let text = definition(&Zone::find("Russian Standard Time").unwrap(), 2026, true).document();
        assert!(text.contains("Bias=\"-PT3H\"") && !text.contains("Daylight"), "{text}");
    }
}
