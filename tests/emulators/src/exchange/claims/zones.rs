//! Times with and without an offset, zones, whole days.

use super::*;

fn start_of(desk: &mut Desk, id: &Id) -> (String, String) {
    let item = desk.get(id);
    (item.text_of("Start").unwrap().to_owned(), item.text_of("End").unwrap().to_owned())
}

fn zoned(start: &str, end: &str, zone: &str) -> String {
    format!(
        "<t:CalendarItem><t:Start>{start}</t:Start><t:End>{end}</t:End><t:StartTimeZone Id=\"{zone}\"/><t:EndTimeZone Id=\"{zone}\"/>\
         </t:CalendarItem>"
    )
}

#[test]
fn a_time_without_an_offset_is_of_the_items_zone_then_the_requests_then_utc() {
    let mut desk = Desk::new();
    let id = desk.create(&zoned("2026-07-01T10:00:00", "2026-07-01T11:00:00", "W. Europe Standard Time"));
    assert_eq!(start_of(&mut desk, &id).0, "2026-07-01T08:00:00Z");
    let id = desk.create(&meeting("a", "2026-07-01T10:00:00", "2026-07-01T11:00:00"));
    assert_eq!(start_of(&mut desk, &id).0, "2026-07-01T10:00:00Z");
    let mut desk = desk.in_moscow();
    assert_eq!(start_of(&mut desk, &id).0, "2026-07-01T13:00:00+03:00");
    let id = desk.create(&meeting("a", "2026-07-01T10:00:00", "2026-07-01T11:00:00+02:00"));
    assert_eq!(
        start_of(&mut desk, &id),
        ("2026-07-01T10:00:00+03:00".to_owned(), "2026-07-01T12:00:00+03:00".to_owned())
    );
}

#[test]
fn a_new_zone_alone_keeps_the_clock_on_the_wall() {
    let mut desk = Desk::new();
    let id = desk.create(&zoned("2026-07-01T10:00:00", "2026-07-01T11:00:00", "W. Europe Standard Time"));
    let zone = |name: &str| {
        set(&format!("calendar:{name}"), "CalendarItem", &format!("<t:{name} Id=\"Russian Standard Time\"/>"))
    };
    assert_eq!(desk.update(&id, &format!("{}{}", zone("StartTimeZone"), zone("EndTimeZone"))), "NoError");
    assert_eq!(start_of(&mut desk, &id).0, "2026-07-01T07:00:00Z");
}

#[test]
fn whole_days_are_rounded_in_the_zone_of_their_creation() {
    let mut desk = Desk::new();
    let whole = |zone: &str| {
        zoned("2026-07-01T10:00:00", "2026-07-02T11:00:00", zone)
            .replace("</t:End>", "</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>")
    };
    let id = desk.create(&whole("Russian Standard Time"));
    assert_eq!(start_of(&mut desk, &id), ("2026-06-30T21:00:00Z".to_owned(), "2026-07-02T21:00:00Z".to_owned()));
}

#[test]
fn odd_names_of_zones_are_known_or_refused_by_name() {
    let mut desk = Desk::new();
    for good in ["tzone://Microsoft/Utc", "Europe/Berlin"] {
        let id = desk.create(&zoned("2026-07-01T10:00:00", "2026-07-01T11:00:00", good));
        let item = desk.get(&id);
        assert_eq!(item.child("StartTimeZone").unwrap().attribute("Id"), Some(good));
    }
    assert_eq!(
        desk.codes(&create(&zoned("2026-07-01T10:00:00", "2026-07-01T11:00:00", "CEST Time"), "")),
        ["ErrorTimeZone"]
    );
    let own = "<t:CalendarItem><t:Start>2026-07-01T10:00:00</t:Start><t:StartTimeZone Id=\"Customized Time Zone\"><t:Periods>\
        <t:Period Bias=\"-PT5H\" Name=\"Standard\" Id=\"s\"/></t:Periods></t:StartTimeZone></t:CalendarItem>";
    let id = desk.create(own);
    assert_eq!(start_of(&mut desk, &id).0, "2026-07-01T05:00:00Z");
}
