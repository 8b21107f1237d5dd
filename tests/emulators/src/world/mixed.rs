//! Meetings of one person of which a sync has to import some, to export some, and to pair the others.

use chrono::TimeDelta;
use serde_json::json;

use super::World;
use crate::creatio::ids::derived;
use crate::creatio::{NewActivity, Refused};

/// Meetings of one day.
const A_DAY: u32 = 40;

pub(super) fn fill(world: &mut World, number: u32) -> Result<(), Refused> {
    let Some((owner, mail)) = world.people.first().map(|person| (person.contact, person.mail.clone())) else {
        return Ok(());
    };
    let midnight = world.start.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let created = world.start - TimeDelta::days(20);
    for at in 0..number {
        let begin = midnight
            + TimeDelta::days(2 + i64::from(at / A_DAY))
            + TimeDelta::minutes(360 + i64::from(at % A_DAY) * 15);
        let (title, place) = (format!("Совещание № {at}"), format!("Room {}", at % 17));
        if at % 3 != 1 {
            let point = |at: chrono::DateTime<_>| json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" });
            // Every second of those that are on both sides has a place only there.
            let event = json!({
                "subject": title, "start": point(begin), "end": point(begin + TimeDelta::hours(1)),
                "location": { "displayName": place }, "body": { "contentType": "text", "content": format!("Notes of {at}") },
            });
            // A constant: a world that lacks it shows in the test that counts.
            let _ = world.graph.add_event(&mail, None, &event, created);
        }
        if at % 3 != 0 {
            let mut activity = NewActivity::meeting(title, begin).owned_by(owner);
            activity.id = Some(derived(&format!("mixed {at}")));
            if at % 2 == 1 {
                activity.place = place;
            }
            world.creatio.add_activity(&activity, created + TimeDelta::milliseconds(i64::from(at)))?;
        }
    }
    Ok(())
}
