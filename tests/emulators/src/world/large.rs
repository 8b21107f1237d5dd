//! Many activities of one person, to measure with.

use chrono::TimeDelta;

use super::World;
use crate::creatio::ids::derived;
use crate::creatio::{NewActivity, Refused};

/// Rows of one day.
const A_DAY: u32 = 20;

pub(super) fn fill(world: &mut World, number: u32) -> Result<(), Refused> {
    let Some(owner) = world.people.first().map(|person| person.contact) else { return Ok(()) };
    let midnight = world.start.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let created = world.start - TimeDelta::days(20);
    for at in 0..number {
        let begin = midnight
            + TimeDelta::days(1 + i64::from(at / A_DAY))
            + TimeDelta::minutes(360 + i64::from(at % A_DAY) * 30);
        let mut activity = if at % 4 == 3 {
            NewActivity::task(format!("Task {at}"), begin, begin + TimeDelta::days(1))
        } else {
            NewActivity::meeting(format!("Meeting {at}"), begin)
        };
        activity.id = Some(derived(&format!("large {at}")));
        world.creatio.add_activity(&activity.owned_by(owner), created + TimeDelta::milliseconds(i64::from(at)))?;
    }
    Ok(())
}
