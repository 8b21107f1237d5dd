//! Content: the demo's two people, with or without some weeks of their work.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::Exchange;
use crate::graph::world::{ANNA, EUGENE, LONDON, MOSCOW};

/// The account that may act as any user.
pub const SERVICE: &str = "sync.service@mycompany.com";
/// Its password: a demo's, made up.
pub const SERVICE_PASSWORD: &str = "Service-2026";

/// The people and their folders, without an item.
pub fn populate_empty(exchange: &mut Exchange, people: &[(&str, &str, &str, &str, &str)]) {
    for (mail, name, zone, login, password) in people {
        exchange.add_mailbox(mail, name, zone);
        for name in [*mail, *login, &format!("MYCOMPANY\\{login}")] {
            // The mailbox was added a moment ago.
            let _ = exchange.add_user(name, password, mail);
        }
    }
    exchange.add_service_account(SERVICE, SERVICE_PASSWORD);
    exchange.add_service_account("MYCOMPANY\\sync.service", SERVICE_PASSWORD);
    let folders = [
        (EUGENE, Some("calendar"), "Проекты", "IPF.Appointment", true),
        (EUGENE, Some("calendar"), "Праздники — Россия", "IPF.Appointment", false),
        (EUGENE, Some("tasks"), "Дом", "IPF.Task", true),
        (ANNA, Some("calendar"), "Private", "IPF.Appointment", true),
    ];
    for (mailbox, parent, name, class, writable) in folders {
        // A second call finds them there, which is as good.
        let _ = exchange.add_folder(mailbox, parent, name, class, writable);
    }
}

/// The two people of a world.
#[must_use]
pub fn people() -> [(&'static str, &'static str, &'static str, &'static str, &'static str); 2] {
    [(EUGENE, "Евгений Мирный", MOSCOW, "e.mirny", "Mirny-2026"), (ANNA, "Anna Smith", LONDON, "a.smith", "Smith-2026")]
}

fn appointment(subject: &str, day: NaiveDate, minutes: i64, length: i64, more: &str) -> String {
    let at =
        |minutes: i64| (day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S");
    format!(
        "<CalendarItem><Subject>{subject}</Subject><Start>{}</Start><End>{}</End>{more}<StartTimeZone Id=\"{MOSCOW}\"/>\
         <EndTimeZone Id=\"{MOSCOW}\"/></CalendarItem>",
        at(minutes),
        at(minutes + length)
    )
}

/// Single appointments: title, days from now, minutes of the day, length, and what follows the times.
const SINGLE: &[(&str, i64, i64, i64, &str)] = &[
    ("Планёрка отдела", -5, 570, 30, ""),
    ("Lunch with Tom", -4, 780, 60, "<Location>Café Pushkin</Location>"),
    ("Собеседование: аналитик", -2, 840, 60, ""),
    ("Code review", 0, 690, 30, ""),
    ("Согласование бюджета", 1, 840, 60, "<Location>Переговорная «Байкал»</Location>"),
    ("Demo for Northwind", 2, 660, 45, ""),
    ("Визит в банк", 3, 930, 40, ""),
    (
        "Командировка в Казань ✈️",
        5,
        0,
        4320,
        "<IsAllDayEvent>true</IsAllDayEvent><LegacyFreeBusyStatus>OOF</LegacyFreeBusyStatus>",
    ),
    ("Ночная миграция данных 🌙", 9, 1320, 480, ""),
    ("Board pre-read", 12, 840, 60, ""),
];
/// Tasks: title, days from now, status.
const TASKS: &[(&str, i64, &str)] = &[
    ("Подготовить договор", 2, "InProgress"),
    ("Send the offer to Fabrikam", 1, "NotStarted"),
    ("Заказать пропуск", -3, "Completed"),
    ("Renew passport", 30, "Deferred"),
];

/// The demo: the first person has a busy month.
pub fn populate_demo(exchange: &mut Exchange, now: DateTime<Utc>) {
    populate_empty(exchange, &people());
    let today = (now + Duration::hours(3)).date_naive();
    // What is in the folders has been there for a while.
    let before = now - Duration::days(20);
    for (at, (subject, days, minutes, length, more)) in SINGLE.iter().enumerate() {
        let item = appointment(subject, today + Duration::days(*days), *minutes, *length, more);
        let folder = (at % 4 == 3).then_some("Проекты");
        // A world is made of constants: what is refused in it shows in the test that counts it.
        let _ = exchange.add_item(EUGENE, folder, &item, before);
    }
    let monday = today - Duration::days(28 + i64::from(chrono::Datelike::weekday(&today).num_days_from_monday()));
    let weekly = format!(
        "<Recurrence><WeeklyRecurrence><Interval>1</Interval><DaysOfWeek>Monday</DaysOfWeek></WeeklyRecurrence>\
         <NoEndRecurrence><StartDate>{monday}</StartDate></NoEndRecurrence></Recurrence>"
    );
    let _ = exchange.add_item(EUGENE, None, &appointment("Еженедельный статус", monday, 600, 30, &weekly), before);
    let guests = format!(
        "<RequiredAttendees><Attendee><Mailbox><EmailAddress>{ANNA}</EmailAddress></Mailbox></Attendee></RequiredAttendees>"
    );
    let item = appointment("Sync with Anna", today + Duration::days(3), 720, 30, &guests);
    let _ = exchange.add_item(EUGENE, None, &item, before);
    for (subject, days, status) in TASKS {
        let due = today + Duration::days(*days);
        let item = format!(
            "<Task><Subject>{subject}</Subject><DueDate>{due}T00:00:00</DueDate><StartDate>{due}T00:00:00</StartDate>\
             <Status>{status}</Status></Task>"
        );
        let _ = exchange.add_item(EUGENE, None, &item, before);
    }
    exchange.outbox.clear();
}
