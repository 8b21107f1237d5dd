//! One appointment end to end.

use chrono::TimeDelta;
use emulators::creatio::NewActivity;
use guest::report::Outcome;
use scenarios::world::{EUGENE, start};
use scenarios::{Ran, World};
use serde_json::json;

fn show(ran: &Ran) {
    println!("{:?}", ran.report);
    for entry in &ran.entries {
        println!(
            "  {:?} {:?} {:?} {} {:?} {}",
            entry.outcome, entry.action, entry.target, entry.title, entry.reason, entry.detail
        );
    }
    for request in &ran.requests {
        println!("    {}", request.chars().take(200).collect::<String>());
    }
    println!("    {} commits", ran.commits);
}

fn meeting(world: &World, subject: &str, hours: i64) -> String {
    let (from, until) = (start() + TimeDelta::hours(hours), start() + TimeDelta::hours(hours + 1));
    let point = |at: chrono::DateTime<chrono::Utc>| json!({"dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"});
    let now = world.now();
    world.mail.with(|mail| {
        mail
            .add_event(EUGENE, None, &json!({"subject": subject, "start": point(from), "end": point(until), "body": {"contentType": "text", "content": "Notes"}}), now)
            .unwrap()
    })
}

#[scenarios::scenario]
fn a_meeting_and_an_activity_reach_the_other_side_and_then_it_is_quiet() {
    let mut world = World::empty();
    meeting(&world, "Планёрка", 30);
    let now = world.now();
    let activity =
        NewActivity::meeting("Call with \"ACME\" 🚀", start() + TimeDelta::hours(50)).owned_by(world.eugene.contact);
    world.creatio.with(|creatio| creatio.add_activity(&activity, now).unwrap());
    let first = world.sync();
    show(&first);
    assert_eq!(first.number(Outcome::Written), 2);
    world.pass(1);
    let second = world.sync();
    show(&second);
    assert_eq!(second.entries.len(), 0);
    world.pass(20);
    let third = world.sync();
    show(&third);
    assert_eq!(third.entries.len(), 0);
    assert!(third.requests.len() <= 9, "{}", third.requests.len());
    assert!(third.commits <= 1);
    println!("{:#}", scenarios::normal::view(&world));
}
