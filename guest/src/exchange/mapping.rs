//! Items as the engine sees them, and values as properties.
//!
//! Times come as instants. The days of tasks and of whole-day appointments are midnights, as a rule those of the zone that
//! the request named; a client of another zone leaves its own, which are read as the day that was meant.

use super::{Exchange, folder_id, item_id};
use crate::activity::{Days, Kind, Priority, Seen, Series, Stake, State, Status, Unit, Value, Values, When};
use crate::digest::Digest;
use crate::ews::item::{Item, Occurs, Person};
use crate::ews::property::{LEVELS, Property, STATUSES};
use crate::identity;
use crate::outlook;
use crate::policy::Private;
use crate::reason::Reason;
use crate::side::Mark;
use crate::{text, time};
use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime};
use chrono_tz::Tz;

/// Longest time before the start at which Exchange reminds: five years.
const EARLIEST_REMINDER: i64 = 2_629_800;

/// An item as the engine sees it, after the account's policy for private items.
#[must_use]
pub fn seen(side: &Exchange, item: &Item) -> Seen {
    let when = when(side.zone, item);
    let attendees = attendees(item);
    // Without attendees there is no organizer to ask: the event is the user's own.
    let ours = attendees.is_empty() || item.ours;
    let masked = item.private && side.private == Private::Mask;
    let print = if masked { print(side, item, when.as_ref()) } else { None };
    let series = match item.occurs {
        Occurs::Once => None,
        Occurs::Master => Some(Series::Master),
        Occurs::Occurrence => Some(Series::Occurrence),
    };
    let appointment = item.kind == Kind::Appointment;
    let left_alone = if series.is_some() {
        Some(Reason::SeriesNotHandled)
    } else if item.delegated {
        Some(Reason::TaskDelegated)
    } else if item.private && side.private == Private::Skip {
        Some(Reason::PrivateSkipped)
    } else if appointment && when.is_none() {
        Some(Reason::NoDates)
    } else {
        None
    };
    Seen {
        id: item_id(item.kind, &item.id),
        version: item.version.clone(),
        modified: item.modified.map(|at| at.to_utc()),
        kind: item.kind,
        folder: item.folder.as_deref().map(|folder| folder_id(item.kind, folder)),
        identity: if appointment { identity::meeting(&item.uid) } else { None },
        marker: item.marker.clone(),
        values: values(side, item, when, masked),
        state: if item.cancelled { State::Cancelled } else { State::Open },
        left_alone,
        ours,
        attendees,
        masked,
        print,
        online: item.online,
        series,
        recurring: !appointment && item.recurring,
        owned: true,
        stake: Stake::Part,
        span: None,
        exportable: true,
        grouped: true,
        created: item.created.filter(|_| !appointment).map(|at| time::whole_seconds(at.to_utc())),
        odd_zone: None,
        partial: false,
    }
}

fn values(side: &Exchange, item: &Item, when: Option<When>, masked: bool) -> Values {
    let mut values = Values::new();
    let title = if masked { side.language.private().to_owned() } else { text::line(&item.subject) };
    values.insert(Unit::Title, Value::Text(title));
    let body = match &item.body {
        _ if masked => Some(String::new()),
        Some((content, true)) => Some(text::paragraphs(&text::html_to_text(content))),
        Some((content, false)) => Some(text::paragraphs(content)),
        None => None,
    };
    if let Some(body) = body.filter(|body| body.len() <= crate::creatio::mapping::NOTES) {
        values.insert(Unit::Body, Value::Text(body));
    }
    values.insert(Unit::Priority, Value::Priority(item.priority));
    match item.kind {
        Kind::Appointment => {
            let place = if masked { String::new() } else { text::line(&item.location) };
            values.insert(Unit::Place, Value::Text(place));
            if let Some(when) = when {
                values.insert(Unit::When, Value::When(when));
            }
            let reminder = item.remind.then(|| item.remind_before.max(0));
            values.insert(Unit::Reminder, Value::Reminder(reminder));
        }
        Kind::Task => {
            values.insert(Unit::When, Value::Days(days(side.zone, item)));
            let at = item.remind_at.filter(|_| item.remind).map(|at| at.to_utc());
            values.insert(Unit::Reminder, Value::RemindAt(at));
            values.insert(Unit::State, Value::Status(item.status.unwrap_or(Status::NotStarted)));
        }
    }
    values
}

/// The fingerprint of an item whose title a policy replaces.
fn print(side: &Exchange, item: &Item, when: Option<&When>) -> Option<Digest> {
    let title = text::line(&item.subject);
    match item.kind {
        Kind::Appointment => when.map(|when| identity::fingerprint_of(&title, when)),
        Kind::Task => days(side.zone, item).due.map(|due| identity::fingerprint_of_task(&title, due)),
    }
}

fn when(zone: Tz, item: &Item) -> Option<When> {
    let (start, end) = item.start.zip(item.end)?;
    let when = if item.all_day {
        // Midnight belongs to the account, in whatever zone the appointment was made.
        let midnight = |at| time::midnight(zone, nearest_day(zone, at));
        When { start: midnight(start), end: midnight(end), all_day: true }
    } else {
        When { start: start.to_utc(), end: end.to_utc(), all_day: false }
    };
    (when.start <= when.end).then_some(when)
}

fn days(zone: Tz, item: &Item) -> Days {
    let day = |at: Option<DateTime<FixedOffset>>| at.map(|at| nearest_day(zone, at));
    let (start, due) = (day(item.start_date), day(item.due_date));
    let made = match (start, due) {
        (None, None) => item.created.map(|at| time::date_in(zone, at.to_utc())),
        _ => None,
    };
    Days { start, due, made }
}

/// The day that was meant: that of a midnight as it is written, else the midnight of the account's zone that lies nearest.
fn nearest_day(zone: Tz, at: DateTime<FixedOffset>) -> NaiveDate {
    let local = at.naive_local();
    if local.time() == NaiveTime::MIN {
        return local.date();
    }
    time::date_in(zone, time::later(at.to_utc(), Duration::hours(12)))
}

fn attendees(item: &Item) -> Vec<String> {
    // The organizer often stands in the list of his own meeting; nobody mails him.
    let others = item.attendees.iter().filter(|person| !person.address.eq_ignore_ascii_case(&item.organizer.address));
    let named = |Person { name, address }: &Person| match (name.as_str(), address.as_str()) {
        ("", address) => address.to_owned(),
        (name, "") => name.to_owned(),
        (name, address) => format!("{name} <{address}>"),
    };
    others.map(named).collect()
}

/// Where an item carries its marker.
#[must_use]
pub fn mark(seen: &Seen) -> Option<Mark> {
    let (item, version, title) = (seen.id.clone(), seen.version.clone(), seen.title().to_owned());
    seen.marker.clone().map(|marker| Mark { item, part: None, marker, title, version })
}

/// What Exchange would hold, given this value.
#[must_use]
pub fn conform(unit: Unit, value: &Value, current: Option<&Seen>, zone: Tz) -> Value {
    match (unit, value) {
        (Unit::Reminder, Value::Reminder(Some(minutes))) => {
            Value::Reminder(Some((*minutes).clamp(0, EARLIEST_REMINDER)))
        }
        _ => outlook::conform(unit, value, current, zone),
    }
}

/// The properties that these values are written to.
#[must_use]
pub fn properties(side: &Exchange, values: &Values) -> Vec<Property> {
    values.iter().flat_map(|(unit, value)| of_unit(side, *unit, value)).collect()
}

fn of_unit(side: &Exchange, unit: Unit, value: &Value) -> Vec<Property> {
    match (unit, value) {
        (Unit::Title, Value::Text(title)) => vec![Property::Subject(title.clone())],
        (Unit::Place, Value::Text(place)) => vec![Property::Location(place.clone())],
        (Unit::Body, Value::Text(body)) => vec![Property::Body(body.clone())],
        (Unit::When, Value::When(when)) => {
            let days = time::whole_days(side.zone, when.start, when.end).filter(|_| when.all_day);
            let (start, end) = days.map_or((when.start, when.end), |(from, until)| {
                (time::midnight(side.days, from), time::midnight(side.days, until))
            });
            vec![
                // Alone, either would shift what the other says.
                Property::StartZone(side.zone_name.clone()),
                Property::EndZone(side.zone_name.clone()),
                Property::Start(start),
                Property::End(end),
                Property::AllDay(when.all_day),
            ]
        }
        // The first day before the last: the server moves the one that would lie beyond the other.
        (Unit::When, Value::Days(days)) => vec![Property::StartDate(days.start), Property::DueDate(days.due)],
        (Unit::Reminder, Value::Reminder(None) | Value::RemindAt(None)) => vec![Property::Remind(false)],
        (Unit::Reminder, Value::Reminder(Some(minutes))) => {
            vec![Property::Remind(true), Property::RemindBefore(*minutes)]
        }
        (Unit::Reminder, Value::RemindAt(at)) => vec![Property::RemindAt(*at), Property::Remind(true)],
        (Unit::Priority, Value::Priority(priority)) => level(*priority),
        (Unit::State, Value::Status(status)) => progress(*status),
        _ => Vec::new(),
    }
}

fn level(priority: Priority) -> Vec<Property> {
    LEVELS.iter().filter(|(_, _, one)| *one == priority).map(|(_, level, _)| Property::Importance(*level)).collect()
}

fn progress(status: Status) -> Vec<Property> {
    let status = if status == Status::Cancelled { Status::Completed } else { status };
    STATUSES.iter().filter(|(_, _, one)| *one == status).map(|(_, progress, _)| Property::Status(*progress)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America::New_York, Europe::Moscow, Pacific::Kiritimati};

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).expect(text)
    }

    #[test]
    fn a_day_is_the_same_whichever_midnight_the_server_gives() {
        for (zone, text) in [
            (Moscow, "2026-11-23T00:00:00+03:00"),
            (Moscow, "2026-11-22T21:00:00Z"),
            (New_York, "2026-11-23T05:00:00Z"),
            (Kiritimati, "2026-11-22T10:00:00Z"),
            (New_York, "2026-11-23T00:00:00Z"),
            // Made in London, where the day begins three hours later.
            (Moscow, "2026-11-23T03:00:00+03:00"),
        ] {
            assert_eq!(nearest_day(zone, at(text)).to_string(), "2026-11-23", "{zone} {text}");
        }
    }

    #[test]
    fn a_given_up_task_is_done_and_reminders_have_bounds() {
        assert_eq!(progress(Status::Cancelled), progress(Status::Completed));
        assert_eq!(progress(Status::Waiting).len(), 1);
        let conform = |minutes| conform(Unit::Reminder, &Value::Reminder(Some(minutes)), None, Moscow);
        assert_eq!(conform(i64::MAX), Value::Reminder(Some(EARLIEST_REMINDER)));
        assert_eq!(conform(15), Value::Reminder(Some(15)));
    }
}
