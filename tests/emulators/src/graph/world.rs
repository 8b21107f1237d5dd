//! Content: the demo's two people, the same without events, and as many events as one likes.

use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use serde_json::{Value, json};

use super::Graph;

/// The application that may sign in.
pub const CLIENT_ID: &str = "6f4d2c1a-7b3e-4a5d-9c88-1e2f3a4b5c6d";
/// Its secret: a demo's, made up.
pub const CLIENT_SECRET: &str = "demo-secret~graph";
/// The tenant whose token endpoint the demo names; any is served.
pub const TENANT_ID: &str = "0b0e7c52-3a0f-4f0e-8c53-6d0c8b7a9e11";
/// The first person of the demo, in Moscow.
pub const EUGENE: &str = "e.mirny@mycompany.com";
/// The second one, in London.
pub const ANNA: &str = "a.smith@mycompany.com";
/// Zone of the first person.
pub const MOSCOW: &str = "Russian Standard Time";
/// Zone of the second one.
pub const LONDON: &str = "GMT Standard Time";

/// The people and their calendars, without an event.
pub fn populate_empty(graph: &mut Graph) {
    graph.add_mailbox_with(EUGENE, "Евгений Мирный", MOSCOW, "Календарь");
    graph.add_mailbox_with(ANNA, "Anna Smith", LONDON, "Calendar");
    let calendars = [
        (EUGENE, "Проекты", true, None),
        (EUGENE, "Праздники — Россия", false, Some("holidays@outlook.com")),
        (EUGENE, "Дни рождения", false, Some("birthdays@outlook.com")),
        (EUGENE, "Anna Smith", false, Some(ANNA)),
        (ANNA, "Private", true, None),
        (ANNA, "United Kingdom holidays", false, Some("holidays@outlook.com")),
    ];
    for (mailbox, name, can_edit, owner) in calendars {
        // A second call finds them there, which is as good.
        let _ = graph.add_calendar(mailbox, name, can_edit, owner);
    }
}

/// A world is made of constants: what is refused in it shows in the test that counts it.
fn add(graph: &mut Graph, mailbox: &str, calendar: Option<&str>, event: &Value, now: DateTime<Utc>) -> Option<String> {
    graph.add_event(mailbox, calendar, event, now).ok()
}

fn at(date: NaiveDate, minutes: i64, zone: &str) -> Value {
    let wall = date.and_time(NaiveTime::MIN) + Duration::minutes(minutes);
    json!({ "dateTime": wall.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone })
}

fn timed(subject: &str, date: NaiveDate, minutes: i64, length: i64, zone: &str) -> Value {
    json!({ "subject": subject, "start": at(date, minutes, zone), "end": at(date, minutes + length, zone) })
}

fn all_day(subject: &str, date: NaiveDate, days: i64, zone: &str) -> Value {
    json!({
        "subject": subject, "isAllDay": true, "showAs": "free", "isReminderOn": false,
        "start": at(date, 0, zone), "end": at(date, days * 1440, zone),
    })
}

fn with(mut event: Value, more: Value) -> Value {
    if let (Some(map), Value::Object(more)) = (event.as_object_mut(), more) {
        map.extend(more);
    }
    event
}

fn people(list: &[(&str, &str, &str)]) -> Value {
    list.iter()
        .map(|(name, address, kind)| json!({ "emailAddress": { "name": name, "address": address }, "type": kind }))
        .collect()
}

fn days(date: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 { date.checked_sub_days(distance) } else { date.checked_add_days(distance) };
    moved.unwrap_or(date)
}

/// The first such weekday on or after a date.
fn next_weekday(date: NaiveDate, day: Weekday) -> NaiveDate {
    days(date, i64::from(day.days_since(date.weekday())))
}

/// Single appointments: title, days from now, minutes of the day, length.
const SINGLE: &[(&str, i64, i64, i64)] = &[
    ("Планёрка отдела", -6, 570, 30),
    ("Звонок с заказчиком «Вектор»", -6, 660, 45),
    ("Lunch with Tom", -5, 780, 60),
    ("Проверка договоров", -5, 900, 90),
    ("Quarterly numbers: first look", -4, 600, 60),
    ("Собеседование: аналитик", -4, 840, 60),
    ("Стоматолог 🦷", -3, 1080, 45),
    ("Code review", -3, 690, 30),
    ("Подготовка презентации", -2, 600, 120),
    ("Call the landlord", -2, 1020, 15),
    ("Ретроспектива спринта", -1, 930, 60),
    ("Gym 💪", -1, 1140, 75),
    ("Утренний кофе ☕ с командой", 0, 555, 30),
    ("Demo for Northwind", 0, 660, 45),
    ("Согласование бюджета", 0, 840, 60),
    ("Focus time", 0, 960, 90),
    ("Разбор инцидента", 1, 600, 45),
    ("1:1 with Anna", 1, 720, 30),
    ("Визит в банк", 1, 930, 40),
    ("Interview: backend engineer", 2, 660, 60),
    ("Обед с партнёрами 🍜", 2, 780, 75),
    ("Roadmap workshop", 2, 900, 150),
    ("Демо для «Ромашки»", 3, 630, 60),
    ("Dentist follow-up", 3, 1050, 30),
    ("Тренировка по плаванию 🏊", 3, 1170, 60),
    ("Contract review: Fabrikam", 4, 600, 90),
    ("Обзор рисков проекта", 4, 780, 60),
    ("Парикмахерская", 5, 720, 45),
    ("School concert 🎻", 5, 1080, 90),
    ("Планирование релиза", 7, 600, 120),
    ("Supplier call", 7, 840, 30),
    ("Аттестация: подготовка вопросов", 8, 660, 60),
    ("Wine tasting 🍷", 8, 1140, 120),
    ("Инвентаризация оборудования", 9, 600, 180),
    ("Phone screen: designer", 9, 900, 30),
    ("Вебинар «Новое в CRM»", 10, 660, 60),
    ("Board pre-read", 10, 840, 60),
    ("Осмотр офиса на Тверской", 11, 780, 60),
    ("Late night deployment 🚀", 11, 1410, 120),
    ("Итоги месяца", 14, 900, 60),
    ("Partner breakfast", 15, 510, 60),
    ("Обучение новых сотрудников", 16, 600, 240),
    ("Kick-off: Contoso", 18, 660, 60),
    ("Встреча с юристами", 21, 720, 60),
    ("Budget freeze", 25, 1020, 30),
    ("Диспансеризация", 28, 540, 120),
];

/// The demo: two people with a busy month.
pub fn populate_demo(graph: &mut Graph, now: DateTime<Utc>) {
    populate_empty(graph);
    let today = (now + Duration::hours(3)).date_naive();
    // What is in the calendars has been there for a while.
    let before = now - Duration::days(20);
    for (at, (subject, distance, minutes, length)) in SINGLE.iter().enumerate() {
        let event = timed(subject, days(today, *distance), *minutes, *length, MOSCOW);
        let more = match at % 8 {
            1 => {
                json!({ "body": { "contentType": "html", "content": "<p>Повестка:</p><ul><li>Статус</li><li>Вопросы &amp; ответы</li></ul>" } })
            }
            2 => json!({ "location": { "displayName": "Café Pushkin" }, "categories": ["Green category"] }),
            3 => json!({ "location": { "displayName": "Переговорная «Байкал»" }, "reminderMinutesBeforeStart": 30 }),
            4 => {
                json!({ "importance": "high", "body": { "contentType": "text", "content": "Bring the numbers.\nAnd the charger." } })
            }
            6 => json!({ "isReminderOn": false }),
            _ => json!({}),
        };
        let calendar = (at % 9 == 5).then_some("Проекты");
        add(graph, EUGENE, calendar, &with(event, more), before);
    }
    special(graph, today, before);
    series(graph, today, before);
    meetings(graph, today, before);
    others(graph, today, before);
}

/// All-day and private ones, and those of odd shape.
fn special(graph: &mut Graph, today: NaiveDate, now: DateTime<Utc>) {
    let private = json!({ "sensitivity": "private", "body": { "contentType": "text", "content": "Только для меня" } });
    let events = [
        (None, all_day("Командировка в Казань ✈️", days(today, 5), 3, MOSCOW)),
        (None, all_day("Отпуск", days(today, 30), 14, MOSCOW)),
        (None, with(all_day("Day off", days(today, -8), 1, MOSCOW), json!({ "showAs": "oof" }))),
        (None, with(timed("Приём у врача", days(today, 2), 510, 45, MOSCOW), private.clone())),
        (None, with(timed("Salary talk", days(today, 6), 960, 30, MOSCOW), private)),
        (Some("Проекты"), timed("Milestone: alpha", days(today, 12), 720, 0, MOSCOW)),
        (Some("Проекты"), timed("Ночная миграция данных 🌙", days(today, 13), 1320, 480, MOSCOW)),
        (
            Some("Праздники — Россия"),
            all_day("Новый год", NaiveDate::from_ymd_opt(today.year() + 1, 1, 1).unwrap_or(today), 8, "UTC"),
        ),
        (
            Some("Праздники — Россия"),
            all_day(
                "День защитника Отечества",
                NaiveDate::from_ymd_opt(today.year() + 1, 2, 23).unwrap_or(today),
                1,
                "UTC",
            ),
        ),
        (Some("Дни рождения"), all_day("Anna Smith's birthday 🎂", days(today, 17), 1, "UTC")),
        (Some("Anna Smith"), timed("Anna: out of office", days(today, 4), 600, 120, LONDON)),
    ];
    for (calendar, event) in events {
        add(graph, EUGENE, calendar, &event, now);
    }
}

fn weekly(start: NaiveDate, day: &str, interval: u32) -> Value {
    json!({
        "pattern": { "type": "weekly", "interval": interval, "daysOfWeek": [day], "firstDayOfWeek": "monday" },
        "range": { "type": "noEnd", "startDate": start.to_string(), "recurrenceTimeZone": MOSCOW },
    })
}

/// A weekly series with an exception and a cancelled occurrence, and a monthly one.
fn series(graph: &mut Graph, today: NaiveDate, now: DateTime<Utc>) {
    let monday = next_weekday(days(today, -28), Weekday::Mon);
    let event = with(
        timed("Еженедельный статус", monday, 600, 30, MOSCOW),
        json!({ "recurrence": weekly(monday, "monday", 1) }),
    );
    if let Some(id) = add(graph, EUGENE, None, &event, now) {
        let (moved, cancelled) = (days(monday, 35), days(monday, 42));
        let change = json!({
            "subject": "Еженедельный статус (перенос)", "start": at(days(moved, 1), 660, MOSCOW), "end": at(days(moved, 1), 690, MOSCOW),
        });
        let done =
            graph.occurrence_id(EUGENE, &id, moved).and_then(|one| graph.update_event(EUGENE, &one, &change, now));
        let done = done.and_then(|()| graph.occurrence_id(EUGENE, &id, cancelled));
        // As with every constant here, a test sees whether it worked.
        let _ = done.and_then(|one| graph.delete_event(EUGENE, &one, now));
    }
    let first = days(today, -60).with_day(1).unwrap_or(today);
    let first = next_weekday(first, Weekday::Fri);
    let monthly = json!({
        "pattern": { "type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "first" },
        "range": { "type": "numbered", "startDate": first.to_string(), "numberOfOccurrences": 12 },
    });
    let event = with(timed("Monthly report 📊", first, 960, 60, MOSCOW), json!({ "recurrence": monthly }));
    add(graph, EUGENE, Some("Проекты"), &event, now);
}

/// Meetings that he organizes, and one of them online.
fn meetings(graph: &mut Graph, today: NaiveDate, now: DateTime<Utc>) {
    let team = people(&[("Anna Smith", ANNA, "required"), ("Иван Петров", "i.petrov@mycompany.com", "optional")]);
    let client = people(&[("Olga Client", "olga@northwind.example", "required")]);
    let online = json!({
        "attendees": team, "isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness",
        "body": { "contentType": "html", "content": "<p>Обсудим <b>план</b> внедрения.</p>" },
    });
    let events = [
        with(timed("Встреча по внедрению", days(today, 1), 900, 60, MOSCOW), online),
        with(
            timed("Sync with Anna", days(today, 3), 840, 30, MOSCOW),
            json!({ "attendees": people(&[("Anna Smith", ANNA, "required")]) }),
        ),
        with(
            timed("Переговоры с Northwind", days(today, 6), 780, 90, MOSCOW),
            json!({ "attendees": client, "location": { "displayName": "Офис клиента, Невский 1" } }),
        ),
    ];
    for event in &events {
        add(graph, EUGENE, None, event, now);
    }
}

/// Meetings that others organize, and Anna's own month.
fn others(graph: &mut Graph, today: NaiveDate, now: DateTime<Utc>) {
    let eugene = people(&[("Евгений Мирный", EUGENE, "required")]);
    let guests = json!({ "attendees": eugene });
    for (subject, distance, minutes) in [("Design review 🎨", 2, 600), ("Budget Q1", 8, 660), ("Retro EMEA", -2, 840)]
    {
        let event = with(timed(subject, days(today, distance), minutes, 60, LONDON), guests.clone());
        add(graph, ANNA, None, &event, now);
    }
    if let Some(event) = graph.find_event(EUGENE, "Budget Q1") {
        // She invited him a moment ago, so there is something to accept.
        let _ = graph.respond_to_event(EUGENE, &event.id, "accepted", true, now);
    }
    let foreign = with(timed("Презентация партнёра", days(today, 9), 720, 60, MOSCOW), guests);
    let _ = graph.add_foreign_meeting(EUGENE, ("Пётр Партнёров", "p.partner@partner.example"), &foreign, now);
    for (subject, distance, minutes) in
        [("Train to Leeds", 0, 480), ("Marketing stand-up", 1, 570), ("Yoga 🧘", 2, 1080), ("Press call", 5, 660)]
    {
        add(graph, ANNA, None, &timed(subject, days(today, distance), minutes, 45, LONDON), now);
    }
}

/// The people with `n` single events of the first one, spread over a year around now.
pub fn populate_large(graph: &mut Graph, now: DateTime<Utc>, n: usize) {
    populate_empty(graph);
    let today = now.date_naive();
    let before = now - Duration::days(20);
    for number in 0..i64::try_from(n).unwrap_or(i64::MAX) {
        let date = days(today, number % 365 - 120);
        let minutes = 480 + (number / 365) * 15 % 720;
        let event = timed(&format!("Встреча № {number}"), date, minutes, 30, MOSCOW);
        let more = match number % 10 {
            0 => json!({ "body": { "contentType": "html", "content": format!("<p>Notes of event {number}</p>") } }),
            1 => json!({ "location": { "displayName": format!("Room {}", number % 17) } }),
            _ => json!({}),
        };
        let calendar = (number % 5 == 4).then_some("Проекты");
        add(graph, EUGENE, calendar, &with(event, more), before);
    }
}
