//! What Creatio's OData answers to reads.

use super::support::{World, body};
use emulators::wire::Service as _;
use serde_json::json;

#[test]
fn filters_reach_lookups_by_their_navigation_path_alone() {
    let mut world = World::new();
    world.activity("One");
    let anna = world.anna.contact;
    assert_eq!(world.titles(&format!("$filter=Owner/Id%20eq%20{anna}")), ["One"]);
    assert_eq!(world.titles(&format!("$filter=Owner/Id+eq+{anna}")), ["One"]);
    assert_eq!(world.titles("$filter=Owner/Name eq 'anna' and Type/Code eq 'Task'"), ["One"]);
    let refused = world.get(&format!("Activity?$filter=OwnerId eq {anna}"));
    assert_eq!(refused.status, 500);
    assert_eq!(
        body(&refused)["error"]["innererror"]["internalexception"]["message"],
        "Column by path OwnerId not found in schema Activity"
    );
    assert_eq!(body(&refused)["error"]["code"], "");
}

#[test]
fn quoted_dates_are_a_400_that_names_the_types() {
    let mut world = World::new();
    let response = world.get("Activity?$filter=ModifiedOn gt '2024-01-16T11:00:00Z'");
    assert_eq!(response.status, 400);
    let message = body(&response)["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("incompatible types")
            && message.contains("Edm.DateTimeOffset")
            && message.contains("Edm.String")
    );
}

#[test]
fn filters_follow_the_precedence_of_odata() {
    let mut world = World::new();
    for title in ["alpha", "beta", "gamma", "it's"] {
        world.activity(title);
    }
    let order = "&$orderby=Title desc";
    assert_eq!(
        world.titles(&format!("$filter=Title eq 'alpha' or Title eq 'beta' and false eq ShowInScheduler{order}")),
        ["beta", "alpha"]
    );
    assert_eq!(world.titles("$filter=(Title eq 'alpha' or Title eq 'beta') and ShowInScheduler"), Vec::<String>::new());
    assert_eq!(world.titles("$filter=not contains(Title,'a')"), ["it's"]);
    assert_eq!(world.titles("$filter=startswith(Title,'it''')"), ["it's"]);
    assert_eq!(world.titles(&format!("$filter=Location eq null and endswith(Title,'MA'){order}")), ["gamma"]);
    assert_eq!(world.titles("$filter=RemindToOwnerDate lt 2030-01-01T00:00:00Z"), Vec::<String>::new());
}

#[test]
fn nulls_never_appear() {
    let mut world = World::new();
    let id = world.activity("One");
    let row = body(&world.get(&format!("Activity({id})")));
    assert_eq!(row["ResultId"], "00000000-0000-0000-0000-000000000000");
    assert_eq!(row["RemindToOwnerDate"], "0001-01-01T00:00:00Z");
    assert_eq!(row["Location"], "");
    assert!(row.as_object().unwrap().values().all(|value| !value.is_null()));
    assert_eq!(row["@odata.context"], "http://crm.example/0/odata/$metadata#Activity/$entity");
}

#[test]
fn select_orderby_top_skip_and_count_work_together() {
    let mut world = World::new();
    for number in 0..5 {
        world.activity(&format!("A{number}"));
    }
    let response = world.get("Activity?$select=Title&$orderby=ModifiedOn%20desc,Id&$top=2&$skip=1&$count=true");
    let answer = body(&response);
    assert_eq!(answer["@odata.count"], 5);
    assert_eq!(answer["value"], json!([{"Title": "A3"}, {"Title": "A2"}]));
    assert_eq!(body(&world.get("Activity?$count=true&$top=0"))["value"], json!([]));
    assert_eq!(world.get("Activity/$count?$filter=Title ne 'A0'").body, b"4");
}

#[test]
fn pages_are_followed_by_their_next_link_and_the_cap_cuts_in_silence() {
    let mut world = World::new().with(|knobs| knobs.page_size = Some(2));
    for number in 0..5 {
        world.activity(&format!("A{number}"));
    }
    let mut target = "Activity?$select=Title&$orderby=Title&$filter=contains(Title,'A')&$top=5".to_owned();
    let mut titles = Vec::new();
    loop {
        let page = body(&world.get(&target));
        titles.extend(page["value"].as_array().unwrap().iter().map(|row| row["Title"].as_str().unwrap().to_owned()));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        target = next.strip_prefix("http://crm.example/0/odata/").unwrap().to_owned();
    }
    assert_eq!(titles, ["A0", "A1", "A2", "A3", "A4"]);
    let mut capped = world.with(|knobs| {
        knobs.page_size = None;
        knobs.row_cap = 3;
    });
    assert_eq!(capped.titles("$orderby=Title").len(), 3);
}

#[test]
fn single_neighbours_expand_with_their_own_select_and_collections_only_by_switch() {
    let mut world = World::new();
    let id = world.activity("One");
    let answer = body(&world.get(&format!("Activity({id})?$select=Title&$expand=Owner($select=Name),Result")));
    assert_eq!(answer["Owner"], json!({"Name": "Anna"}));
    let collection = "Activity?$expand=ActivityParticipantCollectionByActivity($select=ParticipantId)";
    assert_eq!(world.get(collection).status, 500);
    let any =
        format!("$filter=ActivityParticipantCollectionByActivity/any(p:p/Participant/Id eq {})", world.anna.contact);
    assert_eq!(world.get(&format!("Activity?{any}")).status, 500);
    let mut world = world.with(|knobs| {
        knobs.any = true;
        knobs.expand_collections = true;
    });
    assert_eq!(world.titles(&any), ["One"]);
    let rows = body(&world.get(collection))["value"].clone();
    assert_eq!(rows[0]["ActivityParticipantCollectionByActivity"][0]["ParticipantId"], json!(world.anna.contact));
}

#[test]
fn single_columns_are_read_with_and_without_wrapping() {
    let mut world = World::new();
    let id = world.activity("One");
    assert_eq!(body(&world.get(&format!("Activity({id})/Title")))["value"], "One");
    assert_eq!(world.get(&format!("Activity({id})/Title/$value")).body, b"One");
    assert_eq!(body(&world.get(&format!("Activity/{id}/Owner")))["Name"], "Anna");
    assert_eq!(world.get("Activity(11111111-1111-1111-1111-111111111111)").status, 404);
}

#[test]
fn an_unknown_set_is_a_routing_miss() {
    let mut world = World::new();
    let response = world.get("Nothing");
    assert_eq!(response.status, 404);
    assert!(body(&response)["MessageDetail"].is_string());
}

#[test]
fn the_service_describes_itself() {
    let mut world = World::new();
    let sets = body(&world.get(""))["value"].as_array().unwrap().len();
    assert!(sets > 20);
    let metadata = String::from_utf8(world.get("$metadata").body).unwrap();
    assert!(metadata.contains(r#"Name="ActivityParticipantCollectionByActivity""#));
    assert!(metadata.contains(r#"<Property Name="Title" Type="Edm.String" Nullable="false"/>"#));
}

#[test]
fn a_user_sees_own_rows_those_shared_and_those_taken_part_in() {
    let mut world = World::new();
    let id = world.activity("Anna's");
    world.token = world.sign_in("other");
    assert_eq!(world.titles(""), Vec::<String>::new());
    assert_eq!(world.get(&format!("Activity({id})")).status, 404);
    let egor = world.egor.contact;
    world.token = world.sign_in("app");
    assert_eq!(world.post("ActivityParticipant", &json!({"ActivityId": id, "ParticipantId": egor})).status, 201);
    world.token = world.sign_in("other");
    assert_eq!(world.titles(""), ["Anna's"]);
    assert_eq!(body(&world.get("ActivityParticipant"))["value"].as_array().unwrap().len(), 2);
}

#[test]
fn the_date_header_is_the_servers_clock() {
    let mut world = World::new().with(|knobs| knobs.skew_ms = 120_000);
    assert_eq!(world.get("ActivityType").header("date"), Some("Sun, 22 Nov 2026 10:02:01 GMT"));
}

#[test]
fn pages_by_stamp_and_id_meet_every_row_once_in_either_order_of_ids() {
    for sql_server in [false, true] {
        let mut world = World::new().with(|knobs| knobs.sql_server_ids = sql_server);
        for number in 0..20 {
            world.activity(&format!("A{number}"));
        }
        let now = world.now;
        for id in world.site.rows("Activity").map(|(id, _)| id).collect::<Vec<_>>() {
            let values = json!({"ModifiedOn": "2026-11-22T11:00:00.5Z"});
            let edit = json!({"action": "update", "set": "Activity", "id": id, "values": values, "silent": true});
            world.site.edit(&edit, now).unwrap();
        }
        let (mut last, mut titles) = (String::from("00000000-0000-0000-0000-000000000000"), Vec::new());
        loop {
            let filter = format!(
                "ModifiedOn gt 2026-11-22T11:00:00.5Z or (ModifiedOn eq 2026-11-22T11:00:00.5Z and Id gt {last})"
            );
            let page =
                body(&world.get(&format!("Activity?$filter={filter}&$orderby=ModifiedOn,Id&$top=3&$select=Id,Title")));
            let rows = page["value"].as_array().unwrap();
            let Some(end) = rows.last() else { break };
            last = end["Id"].as_str().unwrap().to_owned();
            titles.extend(rows.iter().map(|row| row["Title"].as_str().unwrap().to_owned()));
        }
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), 20);
    }
}

#[test]
fn old_builds_show_wall_time_as_utc_by_switch() {
    let mut world = World::new().with(|knobs| knobs.wall_time_zone = "Europe/Moscow".into());
    let id = world.activity("2026-11-23T09:00:00Z");
    let row = body(&world.get(&format!("Activity({id})?$select=Title,StartDate")));
    assert_eq!((&row["StartDate"], &row["Title"]), (&json!("2026-11-23T12:00:00Z"), &json!("2026-11-23T09:00:00Z")));
}

#[test]
fn a_site_may_lack_a_column() {
    let mut world = World::new().with(|knobs| knobs.absent_columns = vec!["Activity.Location".into()]);
    let id = world.activity("One");
    assert_eq!(world.get("Activity?$select=Location").status, 400);
    assert_eq!(world.get("Activity?$filter=Location eq null").status, 400);
    assert_eq!(world.patch(&format!("Activity({id})"), &json!({"Location": "x"})).status, 400);
    assert!(body(&world.get(&format!("Activity({id})"))).get("Location").is_none());
    assert!(!String::from_utf8(world.get("$metadata").body).unwrap().contains(r#""Location""#));
}
