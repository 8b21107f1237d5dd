//! Some weeks of two people's work: what a sync must carry, and what it must leave alone.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::{Map, json};
use uuid::Uuid;

use super::World;
use crate::creatio::ids::{
    activity_category, activity_priority, activity_result, activity_status, activity_type, derived, folder_type,
};
use crate::creatio::{NewActivity, Refused};

/// Meetings: title, hour, minute, length in minutes, place.
const MEETINGS: &[(&str, u32, u32, i64, &str)] = &[
    ("Планёрка отдела продаж", 9, 30, 30, "Переговорная «Байкал»"),
    ("Weekly sales review", 11, 0, 60, "Room 4.12"),
    ("Встреча с ООО \"Ромашка\"", 14, 0, 90, "ул. Ленина, 5"),
    ("1:1 Anna / Евгений", 16, 0, 30, "Microsoft Teams"),
    ("Демо для \u{201c}Northwind\u{201d} 🚀", 15, 30, 45, "Online"),
    ("Подготовка тендера №44", 10, 15, 105, ""),
    ("Contract review: O'Brien & Sons", 12, 30, 45, "Room 2.03"),
    ("Обед с партнёром 🍽️", 13, 0, 60, "Кафе «Пушкинъ»"),
    ("Onboarding: new CRM users", 9, 0, 120, "Training room"),
    ("Ретроспектива проекта «Восход»", 17, 0, 60, "Переговорная «Эльбрус»"),
];

/// Meetings that the first person wrote down on both sides: title, days from now, hour, minute, length, place. The mailbox
/// agrees with the first, lacks the place of the second, and has another place for the third.
const TWICE: &[(&str, i64, u32, u32, i64, &str)] = &[
    ("Демо для «Ромашки»", 3, 10, 30, 60, ""),
    ("Планирование релиза", 7, 10, 0, 120, "Переговорная «Эльбрус»"),
    ("Обзор рисков проекта", 4, 13, 0, 60, "Переговорная «Байкал»"),
];

/// Tasks: title, and whether it is urgent.
const TASKS: &[(&str, bool)] = &[
    ("Отправить коммерческое предложение", true),
    ("Prepare quarterly report", false),
    ("Позвонить в бухгалтерию по счёту 1043", false),
    ("Update price list \"2027\"", true),
    ("Проверить договор с ЗАО «Вектор»", false),
    ("Collect feedback from Contoso 📝", false),
    ("Заказать пропуск для гостей", false),
    ("Clean up duplicate contacts", false),
];

pub(super) fn fill(world: &mut World) -> Result<(), Refused> {
    let start = world.start;
    let today = start.date_naive();
    let created = start - TimeDelta::days(20);
    let site = &mut world.creatio;
    let guests = [
        site.add_contact("Олег Ветров", &["o.vetrov@romashka.example", "vetrov@mail.example"], created),
        site.add_contact("Kate O'Brien", &["kate@obrien.example"], created),
        site.add_contact("John Miller", &["j.miller@northwind.example"], created),
        site.add_contact("Мария Без-Почты", &[], created),
    ];
    // Attendees of the meetings in the mailboxes: one by the main address, one by another, and one that nobody knows.
    site.add_contact("Иван Петров", &["i.petrov@mycompany.com"], created);
    site.add_contact("Olga Client", &["olga.client@mail.example", "olga@northwind.example"], created);
    let zones: [Tz; 2] = [Tz::Europe__Moscow, Tz::Europe__London];
    let people: Vec<Uuid> = world.people.iter().map(|person| person.contact).collect();
    let mut count = 0_u32;
    let mut add = |mut activity: NewActivity, at: DateTime<Utc>| {
        count += 1;
        activity.id = Some(derived(&format!("demo {count}")));
        world.creatio.add_activity(&activity, at)
    };

    for (at, (owner, zone)) in people.iter().zip(zones).enumerate() {
        let other = people.iter().copied().find(|person| person != owner);
        let mut turn = at;
        for day in -10_i64..=18 {
            let date = today + Duration::days(day);
            if matches!(chrono::Datelike::weekday(&date), chrono::Weekday::Sat | chrono::Weekday::Sun) {
                continue;
            }
            let created = created + TimeDelta::minutes(day + 60);
            // One or two meetings a working day.
            for _ in 0..=(turn % 2) {
                let Some((title, hour, minute, length, place)) = MEETINGS.get(turn % MEETINGS.len()) else { break };
                turn += 1;
                let begin = instant(zone, date, *hour, *minute);
                let mut meeting = NewActivity::meeting(*title, begin).owned_by(*owner);
                meeting.due = begin + TimeDelta::minutes(*length);
                meeting.place = (*place).to_owned();
                meeting.reminder = (turn % 3 == 0).then(|| begin - TimeDelta::minutes(15));
                meeting.participants = match turn % 4 {
                    0 => other.into_iter().collect(),
                    1 => guests.get(turn % guests.len()).copied().into_iter().collect(),
                    _ => Vec::new(),
                };
                if turn % 5 == 0 {
                    meeting.notes =
                        "<p>Повестка: <b>итоги недели</b></p><ul><li>Pipeline</li><li>Риски</li></ul>".to_owned();
                }
                if meeting.due < start {
                    finish(&mut meeting, turn % 6 != 0);
                }
                add(meeting, created)?;
            }
            // A task every other day, due two days later.
            if turn % 2 == 0 {
                let Some((title, urgent)) = TASKS.get(turn / 2 % TASKS.len()) else { continue };
                let begin = instant(zone, date, 10, 0);
                let mut task = NewActivity::task(*title, begin, begin + TimeDelta::days(2)).owned_by(*owner);
                task.priority = urgent.then_some(activity_priority::HIGH);
                task.reminder = urgent.then(|| begin + TimeDelta::days(1));
                if task.due < start && turn % 3 != 0 {
                    finish(&mut task, true);
                } else if turn % 3 == 1 {
                    task.status = Some(activity_status::IN_PROGRESS);
                }
                add(task, created)?;
            }
            // Correspondence lies among the activities and is nobody's appointment.
            if day % 3 == 0 {
                let mut letter = NewActivity::email("Re: Счёт на оплату", instant(zone, date, 8, 20)).owned_by(*owner);
                letter.more = text(&[("Sender", "billing@romashka.example"), ("Body", "<p>Добрый день!</p>")]);
                letter.status = Some(activity_status::COMPLETED);
                add(letter, created)?;
            }
        }
        for (title, day, days) in
            [("Отпуск 🏖️", 12, 5), ("Conference \"CRM Days\"", 3, 2), ("День рождения Анны", 1, 1)]
        {
            let begin = instant(zone, today + Duration::days(day), 0, 0);
            let mut whole = NewActivity::meeting(title, begin).owned_by(*owner);
            whole.due = instant(zone, today + Duration::days(day + days), 0, 0);
            whole.category = activity_category::TO_DO;
            add(whole, created)?;
        }
        for number in 1..=8 {
            let begin = instant(zone, today + Duration::days(number), 18, 0);
            let title = format!("Задача без напоминания {number}");
            add(NewActivity::task(title, begin, begin + TimeDelta::hours(4)).owned_by(*owner), created)?;
        }
        let mut call =
            NewActivity::task("Звонок: John Miller", start + TimeDelta::hours(26), start + TimeDelta::hours(27));
        call.kind = activity_type::CALL;
        call.category = activity_category::CALL;
        add(call.owned_by(*owner), created)?;
        // As long as a title may be anywhere, and longer than a mailbox takes.
        let long = "Очень длинное название встречи, которое не помещается в тему письма. ".repeat(5);
        add(NewActivity::meeting(long.trim(), start + TimeDelta::days(4)).owned_by(*owner), created)?;
    }
    if let (Some(owner), [zone, _]) = (people.first(), zones) {
        let today = start.with_timezone(&zone).date_naive();
        for (title, day, hour, minute, length, place) in TWICE {
            let begin = instant(zone, today + Duration::days(*day), *hour, *minute);
            let mut meeting = NewActivity::meeting(*title, begin).owned_by(*owner);
            meeting.due = begin + TimeDelta::minutes(*length);
            meeting.place = (*place).to_owned();
            add(meeting, created)?;
        }
    }
    // Other people's rows, which neither of the two sees.
    for number in 1..=5 {
        let mut foreign = NewActivity::meeting(format!("Board meeting {number}"), start + TimeDelta::days(number));
        foreign.participants = vec![];
        add(foreign, created)?;
    }
    let folder = json!({ "Id": derived("demo folder"), "Name": "Важное", "FolderTypeId": folder_type::GENERAL });
    world.creatio.add_row("ActivityFolder", folder.as_object().unwrap_or(&Map::new()), created)?;
    for number in [1, 4, 7, 10, 13] {
        let member = json!({
            "Id": derived(&format!("demo member {number}")),
            "ActivityId": derived(&format!("demo {number}")),
            "FolderId": derived("demo folder"),
        });
        world.creatio.add_row("ActivityInFolder", member.as_object().unwrap_or(&Map::new()), created)?;
    }
    Ok(())
}

fn finish(activity: &mut NewActivity, completed: bool) {
    let (status, result) = if completed {
        (activity_status::COMPLETED, activity_result::COMPLETED)
    } else {
        (activity_status::CANCELED, activity_result::CANCELED)
    };
    activity.status = Some(status);
    activity.more.insert("ResultId".into(), json!(result));
}

fn text(cells: &[(&str, &str)]) -> Map<String, serde_json::Value> {
    cells.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// An hour on a clock on the wall; an hour that the clocks skip is taken as if they did not.
fn instant(zone: Tz, date: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let wall = date.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN));
    zone.from_local_datetime(&wall).earliest().map_or_else(|| wall.and_utc(), |time| time.to_utc())
}
