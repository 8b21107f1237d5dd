//! Times: whole days, zones, clock changes. A date is what the account's owner reads, and it never moves by itself.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use guest::run::Direction;
use guest::settings::Account;
use scenarios::{Ran, World, show};
use serde_json::{Value, json};

/// Zones from UTC-11 to UTC+14, each with a day on which its clocks change, where they do: some at midnight itself, which
/// then does not exist or exists twice.
const ZONES: [(&str, &str); 15] = [
    ("Pacific/Pago_Pago", "2027-03-14"),
    ("America/Los_Angeles", "2027-03-14"),
    ("America/New_York", "2027-11-07"),
    ("America/Havana", "2027-11-07"),
    ("America/Santiago", "2027-09-05"),
    ("America/Sao_Paulo", "2027-03-14"),
    ("Atlantic/Azores", "2027-10-31"),
    ("Europe/London", "2027-03-28"),
    ("Europe/Berlin", "2027-10-31"),
    ("Africa/Cairo", "2027-04-30"),
    ("Europe/Moscow", "2027-03-28"),
    ("Asia/Kathmandu", "2027-03-28"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Pacific/Chatham", "2027-09-26"),
    ("Pacific/Kiritimati", "2027-03-28"),
];

fn sync_in(world: &mut World, zone: &str) -> Ran {
    let account = Account { time_zone: zone.into(), ..world.account() };
    let ran = world.run(account, Direction::Reconcile, |_| {});
    if ran.report.is_err() {
        show(&ran);
    }
    ran.report();
    ran
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The first instant of a day.
fn dawn(zone: &str, day: NaiveDate) -> DateTime<Utc> {
    let zone: Tz = zone.parse().unwrap();
    let midnight = day.and_hms_opt(0, 0, 0).unwrap();
    // Where midnight is skipped, the day begins when the clocks have changed.
    let begins =
        (0..4).find_map(|half| zone.from_local_datetime(&(midnight + TimeDelta::minutes(30 * half))).earliest());
    begins.unwrap().with_timezone(&Utc)
}

fn days(from: NaiveDate, until: NaiveDate, zone: &str) -> Value {
    let point = |day: NaiveDate| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": zone});
    json!({"start": point(from), "end": point(until), "isAllDay": true})
}

/// The dates of an all-day event, end exclusive.
fn dates(world: &World, subject: &str) -> (String, String) {
    let event = world.event(subject);
    assert_eq!(event["isAllDay"], true, "{subject}");
    let day = |name: &str| event[name]["dateTime"].as_str().unwrap()[..10].to_owned();
    (day("start"), day("end"))
}

#[scenarios::scenario]
fn whole_days_keep_their_dates_in_every_zone_through_three_round_trips() {
    for (zone, change) in ZONES {
        let day = |days: i64| date(change) + TimeDelta::days(days);
        let mut world = World::empty();
        // The day of the change alone, and a span around it.
        world.meeting_with("Day", 0, days(day(0), day(1), zone));
        world.meeting_with("Span", 0, days(day(-1), day(2), zone));
        sync_in(&mut world, zone);
        for (title, from, until) in [("Day", 0, 1), ("Span", -1, 2)] {
            let activity = world.found(title);
            assert_eq!(
                (activity.start, activity.end),
                (dawn(zone, day(from)), dawn(zone, day(until))),
                "{zone} {title}"
            );
        }
        for trip in 0..3 {
            world.pass(20);
            // Creatio moves the day on and back; the mailbox only renames.
            let moved = i64::from(trip % 2 == 0);
            let (from, until) = (dawn(zone, day(moved)), dawn(zone, day(moved + 1)));
            world.edit_activity("Day", json!({"StartDate": from, "DueDate": until}));
            world.edit_event("Span", json!({"location": {"displayName": format!("Room {trip}")}}));
            sync_in(&mut world, zone);
            let expected = (day(moved).to_string(), day(moved + 1).to_string());
            assert_eq!(dates(&world, "Day"), expected, "{zone}, trip {trip}");
            assert_eq!(dates(&world, "Span"), (day(-1).to_string(), day(2).to_string()), "{zone}, trip {trip}");
            assert_eq!(world.found("Span").place, format!("Room {trip}"));
        }
        world.pass(20);
        sync_in(&mut world, zone).idle();
    }
}

#[scenarios::scenario]
fn whole_days_made_in_creatio_become_all_day_and_end_with_the_day_after_the_last() {
    for (zone, change) in ZONES {
        let mut world = World::empty();
        let (from, until) = (date(change), date(change) + TimeDelta::days(2));
        world.activity_with("Trip", 0, |trip| (trip.start, trip.due) = (dawn(zone, from), dawn(zone, until)));
        sync_in(&mut world, zone);
        assert_eq!(dates(&world, "Trip"), (from.to_string(), until.to_string()), "{zone}");
        world.pass(20);
        sync_in(&mut world, zone).idle();
    }
}

#[scenarios::scenario]
fn a_day_cut_short_in_creatio_is_no_whole_day_any_more() {
    let (mut world, zone) = (World::empty(), "Europe/Moscow");
    world.meeting_with("Day", 0, days(date("2026-12-01"), date("2026-12-02"), zone));
    sync_in(&mut world, zone);
    world.pass(20);
    world.edit_activity("Day", json!({"DueDate": dawn(zone, date("2026-12-01")) + TimeDelta::hours(12)}));
    sync_in(&mut world, zone);
    let event = world.event("Day");
    assert_eq!(event["isAllDay"], false);
    assert_eq!(event["start"]["dateTime"], "2026-11-30T21:00:00.0000000");
    assert_eq!(event["end"]["dateTime"], "2026-12-01T09:00:00.0000000");
    world.pass(20);
    sync_in(&mut world, zone).idle();
}

#[scenarios::scenario]
fn a_timed_meeting_is_the_same_instant_whatever_zone_each_side_speaks() {
    for (zone, _) in ZONES {
        let mut world = World::empty();
        let point =
            |hour: u32| json!({"dateTime": format!("2026-12-01T{hour:02}:15:00"), "timeZone": "Tokyo Standard Time"});
        world.meeting_with("Call", 0, json!({"start": point(9), "end": point(11)}));
        sync_in(&mut world, zone);
        let call = world.found("Call");
        assert_eq!(call.start.to_rfc3339(), "2026-12-01T00:15:00+00:00", "{zone}");
        assert_eq!(call.end - call.start, TimeDelta::hours(2), "{zone}");
        world.pass(20);
        let later = call.start + TimeDelta::minutes(45);
        world.edit_activity("Call", json!({"StartDate": later, "DueDate": later + TimeDelta::minutes(30)}));
        sync_in(&mut world, zone);
        let event = world.mail.with(|mail| mail.find_event(scenarios::world::EUGENE, "Call")).unwrap();
        assert_eq!((event.start, event.end, event.all_day), (later, later + TimeDelta::minutes(30), false), "{zone}");
        world.pass(20);
        sync_in(&mut world, zone).idle();
    }
}

#[scenarios::scenario]
fn a_timed_event_of_24_hours_stays_a_timed_one() {
    let (mut world, zone) = (World::empty(), "Europe/Moscow");
    let midnight = |day: &str| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "Russian Standard Time"});
    world.meeting_with("Watch", 0, json!({"start": midnight("2026-12-01"), "end": midnight("2026-12-02")}));
    sync_in(&mut world, zone);
    world.pass(20);
    // The next day, from midnight to midnight again.
    let (from, until) = (dawn(zone, date("2026-12-02")), dawn(zone, date("2026-12-03")));
    world.edit_activity("Watch", json!({"StartDate": from, "DueDate": until}));
    sync_in(&mut world, zone);
    let event = world.mail.with(|mail| mail.find_event(scenarios::world::EUGENE, "Watch")).unwrap();
    assert_eq!((event.start, event.end, event.all_day), (from, until, false));
    world.pass(20);
    sync_in(&mut world, zone).idle();
}

#[scenarios::scenario]
fn an_hour_that_occurs_twice_is_not_mistaken_for_its_twin() {
    // In Berlin 02:30 on this night is 00:30 and 01:30 in UTC.
    let (mut world, zone) = (World::empty(), "Europe/Berlin");
    let night: DateTime<Utc> = "2027-10-31T00:30:00Z".parse().unwrap();
    let hour = TimeDelta::hours(1);
    world.activity_with("Night", 0, |night_shift| (night_shift.start, night_shift.due) = (night, night + hour));
    sync_in(&mut world, zone);
    let instants = |world: &World| {
        let event = world.mail.with(|mail| mail.find_event(scenarios::world::EUGENE, "Night")).unwrap();
        (event.start, event.end)
    };
    assert_eq!(instants(&world), (night, night + hour));
    world.pass(20);
    world.edit_activity("Night", json!({"StartDate": night + hour, "DueDate": night + hour * 2}));
    sync_in(&mut world, zone);
    assert_eq!(instants(&world), (night + hour, night + hour * 2));
    world.pass(20);
    world.edit_event("Night", scenarios::life::hour(night));
    sync_in(&mut world, zone);
    let activity = world.found("Night");
    assert_eq!((activity.start, activity.end), (night, night + hour));
    world.pass(20);
    sync_in(&mut world, zone).idle();
}

#[scenarios::scenario]
fn a_meeting_that_ends_when_the_import_begins_is_not_taken_and_one_that_ends_later_is() {
    let mut world = World::empty();
    // The import begins on the 20th at midnight in Moscow.
    let account = Account { import_from: Some("2026-11-20".into()), ..world.account() };
    let until = |text: &str| json!({"start": {"dateTime": "2026-11-19T08:00:00", "timeZone": "UTC"}, "end": {"dateTime": text, "timeZone": "UTC"}});
    world.meeting_with("Before", 0, until("2026-11-19T20:59:00"));
    world.meeting_with("Into", 0, until("2026-11-19T21:01:00"));
    world.run(account, Direction::Import, |_| {}).report();
    assert_eq!(world.titles(), ["Into"]);
}

#[scenarios::scenario]
fn what_is_changed_after_creatios_clock_was_set_back_is_seen() {
    let mut world = World::empty();
    world.activity("A0", 300);
    world.creatio_knobs(json!({"skew_ms": 26 * 3_600_000}));
    for _ in 0..2 {
        world.pass(20);
        world.synced();
    }
    world.creatio_knobs(json!({"skew_ms": 0}));
    world.pass(20);
    world.activity("New", 302);
    world.edit_activity("A0", json!({"Title": "A0, renamed"}));
    world.pass(20);
    world.synced();
    assert_eq!(world.subjects(), ["A0, renamed", "New"]);
    world.rests();
}

#[scenarios::scenario]
fn what_was_made_on_both_sides_while_creatios_clock_was_set_back_is_one_thing() {
    let mut world = World::empty();
    world.creatio_knobs(json!({"skew_ms": 26 * 3_600_000}));
    world.synced();
    world.creatio_knobs(json!({"skew_ms": 0}));
    world.pass(20);
    world.activity("Same", 300);
    world.meeting("Same", 300);
    world.synced();
    assert_eq!((world.titles(), world.subjects()), (vec!["Same".to_owned()], vec!["Same".to_owned()]));
    world.rests();
}
