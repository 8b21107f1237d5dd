//! Tasks: status, days, series.

use super::super::xml::Node;
use super::*;

fn task(inside: &str) -> String {
    format!("<t:Task><t:Subject>t</t:Subject>{inside}</t:Task>")
}

fn status(text: &str) -> String {
    set("task:Status", "Task", &format!("<t:Status>{text}</t:Status>"))
}

fn seen(node: &Node) -> (&str, &str, bool) {
    (node.text_of("Status").unwrap(), node.text_of("PercentComplete").unwrap(), node.child("CompleteDate").is_some())
}

#[test]
fn status_and_per_cent_hang_together() {
    let mut desk = Desk::new();
    let id = desk.create(&task(""));
    let mut after = |updates: &str| {
        let message = desk.one(&update(&id.element(), updates, "AlwaysOverwrite"));
        let node = desk.get(&id_of(&message));
        let (status, percent, complete) = seen(&node);
        (status.to_owned(), percent.to_owned(), complete)
    };
    let percent =
        |number: &str| set("task:PercentComplete", "Task", &format!("<t:PercentComplete>{number}</t:PercentComplete>"));
    let is = |status: &str, percent: &str, complete: bool| (status.to_owned(), percent.to_owned(), complete);
    assert_eq!(after(&status("Completed")), is("Completed", "100", true));
    assert_eq!(after(&status("NotStarted")), is("NotStarted", "0", false));
    assert_eq!(after(&percent("30")), is("InProgress", "30", false));
    assert_eq!(after(&percent("100")), is("Completed", "100", true));
    assert_eq!(after(&percent("0")), is("NotStarted", "0", false));
    assert_eq!(after(&status("WaitingOnOthers")), is("WaitingOnOthers", "0", false));
    let done = set("task:CompleteDate", "Task", "<t:CompleteDate>2026-11-20T00:00:00Z</t:CompleteDate>");
    assert_eq!(after(&done), is("Completed", "100", true));
    let codes =
        |desk: &mut Desk, updates: &str| desk.codes(&update(&id.element(), updates, "AlwaysOverwrite")).remove(0);
    let future = set("task:CompleteDate", "Task", "<t:CompleteDate>2026-12-20T00:00:00Z</t:CompleteDate>");
    assert_eq!(codes(&mut desk, &future), "ErrorInvalidCompleteDate");
    assert_eq!(codes(&mut desk, &percent("101")), "ErrorInvalidPercentCompleteValue");
    let read_only = set("task:IsComplete", "Task", "<t:IsComplete>true</t:IsComplete>");
    assert_eq!(codes(&mut desk, &read_only), "ErrorInvalidPropertySet");
}

#[test]
fn days_lose_their_time_in_the_zone_of_the_request() {
    let mut desk = Desk::new().in_moscow();
    let id = desk.create(&task(
        "<t:DueDate>2026-11-25T15:30:00</t:DueDate><t:StartDate>2026-11-24T00:00:00+03:00</t:StartDate>",
    ));
    let days = |desk: &mut Desk| {
        let node = desk.get(&id);
        (node.text_of("StartDate").unwrap().to_owned(), node.text_of("DueDate").unwrap().to_owned())
    };
    let is = |start: &str, due: &str| (start.to_owned(), due.to_owned());
    assert_eq!(days(&mut desk), is("2026-11-24T00:00:00+03:00", "2026-11-25T00:00:00+03:00"));
    desk.header = VERSION.into();
    assert_eq!(days(&mut desk), is("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"));
    desk.exchange.knobs.task_days_in_mailbox_zone = true;
    assert_eq!(days(&mut desk), is("2026-11-23T21:00:00Z", "2026-11-24T21:00:00Z"));
    let found = desk.exchange.find(EUGENE, "t").unwrap();
    assert_eq!(found.due_date, "2026-11-25".parse().ok());
    let earlier = set("task:DueDate", "Task", "<t:DueDate>2026-11-22T00:00:00+03:00</t:DueDate>");
    assert_eq!(desk.update(&id, &earlier), "NoError");
    let found = desk.exchange.find(EUGENE, "t").unwrap();
    assert_eq!((found.start_date, found.due_date), ("2026-11-22".parse().ok(), "2026-11-22".parse().ok()));
}

#[test]
fn a_done_task_of_a_series_leaves_a_copy_and_the_series_goes_on() {
    let mut desk = Desk::new();
    let weekly = "<t:DueDate>2026-11-23T00:00:00Z</t:DueDate><t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval>\
        <t:DaysOfWeek>Monday</t:DaysOfWeek></t:WeeklyRecurrence><t:NumberedRecurrence><t:StartDate>2026-11-23</t:StartDate>\
        <t:NumberOfOccurrences>2</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>";
    let id = desk.create(&task(weekly));
    let (_, state, _) = desk.sync(TASKS, "", 512);
    let message = desk.one(&update(&id.element(), &status("Completed"), "NeverOverwrite"));
    let (changes, state, _) = desk.sync(TASKS, &state, 512);
    let mut kinds: Vec<&str> = changes.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Create", "Update"]);
    let ahead = desk.get(&id);
    assert_eq!((ahead.text_of("Status"), ahead.text_of("DueDate")), (Some("NotStarted"), Some("2026-11-30T00:00:00Z")));
    let copy = changes.iter().find(|(kind, _)| kind == "Create").unwrap();
    let copy = desk.get(&Id { id: copy.1.clone(), key: String::new() });
    assert_eq!((copy.text_of("Status"), copy.text_of("IsRecurring")), (Some("Completed"), Some("false")));
    // The last one of a series is done like any other.
    assert_eq!(id_of(&message).id, id.id);
    let fresh = Id { key: desk.exchange.items(EUGENE)[0].change_key.clone(), id: id.id.clone() };
    assert_eq!(desk.update(&fresh, &status("Completed")), "NoError");
    assert_eq!(desk.sync(TASKS, &state, 512).0, [("Update".to_owned(), id.id)]);
}

#[test]
fn a_regenerating_task_counts_from_when_it_was_done() {
    let mut desk = Desk::new();
    let rule = "<t:DueDate>2026-11-01T00:00:00Z</t:DueDate><t:Recurrence><t:DailyRegeneration><t:Interval>10</t:Interval></t:DailyRegeneration>\
        <t:NoEndRecurrence><t:StartDate>2026-11-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
    let id = desk.create(&task(rule));
    assert_eq!(desk.update(&id, &status("Completed")), "NoError");
    assert_eq!(desk.get(&id).text_of("DueDate"), Some("2026-12-02T00:00:00Z"));
}

#[test]
fn one_task_of_a_series_is_skipped_and_of_no_series_not() {
    let mut desk = Desk::new();
    let rule = "<t:DueDate>2026-11-23T00:00:00Z</t:DueDate><t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>\
        <t:NoEndRecurrence><t:StartDate>2026-11-23</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
    let (series, single) = (desk.create(&task(rule)), desk.create(&task("")));
    let skip = |id: &Id| delete(&id.element(), "HardDelete").replace("AllOccurrences", "SpecifiedOccurrenceOnly");
    assert_eq!(desk.codes(&skip(&series)), ["NoError"]);
    assert_eq!(desk.get(&series).text_of("DueDate"), Some("2026-11-24T00:00:00Z"));
    assert_eq!(desk.codes(&skip(&single)), ["ErrorCannotDeleteTaskOccurrence"]);
    assert_eq!(desk.codes(&delete(&series.element(), "HardDelete")), ["NoError"]);
}

#[test]
fn a_task_belongs_to_its_owner_until_it_is_given_away() {
    let mut desk = Desk::new();
    let id = desk.create(&task(
        "<t:ReminderDueBy>2026-11-25T09:00:00Z</t:ReminderDueBy><t:ReminderIsSet>true</t:ReminderIsSet>",
    ));
    let node = desk.get(&id);
    assert_eq!((node.text_of("DelegationState"), node.text_of("Owner")), (Some("NoMatch"), Some("Евгений Мирный")));
    assert_eq!(
        (node.text_of("ReminderDueBy"), node.text_of("ReminderIsSet")),
        (Some("2026-11-25T09:00:00Z"), Some("true"))
    );
    let now = desk.now;
    desk.exchange.assign(EUGENE, &id.id, "Accepted", "Anna Smith", Some("Евгений Мирный"), now).unwrap();
    let node = desk.get(&id);
    assert_eq!(
        (node.text_of("DelegationState"), node.text_of("Delegator")),
        (Some("Accepted"), Some("Евгений Мирный"))
    );
}
