//! Order, retries, throttling and limits.

use super::*;

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let world = World::new(|_, seen| {
        let wait = if seen.path.ends_with("/slow") { 5 } else { 1 };
        Does::Takes(Duration::from_secs(wait), Box::new(Does::Answer(200, vec![], seen.path.clone())))
    });
    let answers = world.send(vec![read("slow"), read("fast")]);
    assert!(answers[0].as_ref().unwrap().body.ends_with(b"/slow"));
    assert!(answers[1].as_ref().unwrap().body.ends_with(b"/fast"));
    assert_eq!(world.times(), [0, 0]);
}

#[test]
fn since_when_writes_are_under_way_is_told_and_reads_are_not() {
    let world = World::new(|_, seen| {
        let wait = if seen.path.ends_with("/slow") { 5 } else { 1 };
        Does::Takes(Duration::from_secs(wait), Box::new(ok()))
    });
    let told: Arc<Mutex<Vec<Option<u64>>>> = Arc::default();
    let kept = Arc::clone(&told);
    let writes = Underway::new(move |since| kept.lock().unwrap().push(since));
    let window = RunWindow { writes: Some(writes), ..RunWindow::default() };
    let start = world.egress.clock().wall();
    let later = Request { after: 2000, ..write("later") };
    world.send_within(vec![read("read"), write("slow"), later], window);
    // The later one ended first, and the slow one was still under way.
    assert_eq!(*told.lock().unwrap(), [Some(start), Some(start + 2000), None]);
}

#[test]
fn a_mailbox_gets_four_requests_side_by_side() {
    let world = World::new(|_, _| Does::Takes(Duration::from_secs(1), Box::new(ok())));
    let answers = world.send((0..10).map(|_| read("events")).collect());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.fake.open.lock().unwrap().1, 4);
    assert_eq!(world.times(), [0, 0, 0, 0, 1000, 1000, 1000, 1000, 2000, 2000]);
}

#[test]
fn a_batch_of_four_has_the_mailbox_for_itself() {
    let world = World::new(|_, _| Does::Takes(Duration::from_secs(1), Box::new(ok())));
    let batch = |n| Request { slots: 4, ..read(&format!("events/{n}")) };
    world.send(vec![batch(1), batch(2), read("events")]);
    assert_eq!(world.times(), [0, 1000, 2000]);
}

#[test]
fn a_write_is_not_sent_again_after_a_lost_connection() {
    let world = World::new(|_, _| Does::Fails(Failure::Lost("reset".to_owned())));
    assert!(matches!(world.one(write("events")), Err(Error::UnknownOutcome(_))));
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_read_is_sent_again_after_a_lost_connection() {
    let world = World::new(|n, _| if n < 3 { Does::Fails(Failure::Lost("reset".to_owned())) } else { ok() });
    assert!(world.one(read("events")).is_ok());
    assert_eq!(world.times(), [0, 1000, 3000]);
}

#[test]
fn a_write_that_never_left_is_sent_again() {
    let world = World::new(|n, _| if n < 2 { Does::Fails(Failure::NotSent(UnreachableCause::Connect)) } else { ok() });
    assert!(world.one(write("events")).is_ok());
    let world = World::new(|_, _| Does::Fails(Failure::NotSent(UnreachableCause::Tls)));
    assert_eq!(world.one(write("events")), Err(Error::Unreachable(UnreachableCause::Tls)));
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_place_that_nobody_answers_at_is_given_up_soon() {
    let world = World::new(|_, _| Does::Fails(Failure::NotSent(UnreachableCause::Connect)));
    assert_eq!(world.one(read("x")), Err(Error::Unreachable(UnreachableCause::Connect)));
    assert_eq!(world.times(), [0, 1000, 3000]);
}

#[test]
fn a_write_is_sent_again_after_429_and_not_after_503() {
    let world = World::new(|n, _| if n == 1 { status(429, &[("retry-after", "2.5")]) } else { ok() });
    assert!(world.one(write("events")).is_ok());
    assert_eq!(world.times(), [0, 2500]);
    let world = World::new(|_, _| status(503, &[]));
    assert_eq!(world.one(write("events")).unwrap().status, 503);
    assert_eq!(world.times(), [0]);
}

#[test]
fn a_read_is_sent_again_after_503_and_the_last_answer_is_handed_over() {
    let world = World::new(|_, _| status(503, &[]));
    assert_eq!(world.one(read("events")).unwrap().status, 503);
    assert_eq!(world.times(), [0, 1000, 3000, 7000, 15_000, 31_000]);
}

#[test]
fn a_throttled_mailbox_gets_no_other_requests() {
    let world = World::new(|n, _| if n == 1 { status(429, &[("retry-after", "10")]) } else { ok() });
    let policy = world.egress.policy(MAIL, RunWindow::default());
    let later = async {
        world.clock.sleep(Duration::from_secs(3)).await;
        policy.send(vec![read("two")]).await
    };
    let (first, second) = world.clock.run(join(policy.send(vec![read("one")]), later)).unwrap();
    assert!(first[0].is_ok() && second[0].is_ok());
    assert_eq!(world.times(), [0, 10_000, 10_000]);
}

#[test]
fn a_throttled_part_of_the_mailbox_stops_the_others() {
    let world = World::new(|_, _| ok());
    let again = Request { after: 7000, ..read("one") };
    world.send(vec![again, read("two")]);
    assert_eq!(world.times(), [7000, 7000]);
}

#[test]
fn one_throttled_mailbox_does_not_stop_another() {
    let world =
        World::new(|_, seen| if seen.path.contains("e.mirny") { status(429, &[("retry-after", "10")]) } else { ok() });
    let window = || RunWindow { longest_wait: Some(Duration::from_secs(1)), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![read("x")], window())[0], Err(Error::Throttled(Some(10_000))));
    let other = world.egress.policy("o@mycompany.com", window());
    let url = "https://graph.microsoft.com/v1.0/users/o@mycompany.com/events";
    let answer = world.clock.run(other.send(vec![Request::get(url, Credential::Mailbox)])).unwrap().remove(0);
    assert!(answer.is_ok());
    assert_eq!(world.times(), [0, 0]);
}

#[test]
fn a_wait_that_does_not_fit_the_run_is_told_and_not_sat_out() {
    let world = World::new(|_, _| status(429, &[("retry-after", "60")]));
    let window = RunWindow { deadline: Some(Duration::from_secs(30)), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![write("x")], window)[0], Err(Error::Throttled(Some(60_000))));
    assert_eq!(world.clock.elapsed(), Duration::ZERO);
}

#[test]
fn a_request_that_could_outlive_the_lease_is_not_sent() {
    let world = World::new(|_, _| ok());
    let term = LeaseTerm::until(Duration::from_secs(59));
    let window = RunWindow { lease: Some(term.clone()), ..RunWindow::default() };
    assert_eq!(world.send_within(vec![read("x")], window.clone())[0], Err(Error::Stopped));
    term.extend(Duration::from_secs(60));
    assert!(world.send_within(vec![read("x")], window)[0].is_ok());
    assert_eq!(world.times().len(), 1);
}

#[test]
fn asking_a_run_to_end_ends_its_waits() {
    let world = World::new(|_, _| status(429, &[("retry-after", "100")]));
    let stop = Stop::new();
    let policy = world.egress.policy(MAIL, RunWindow { stop: stop.clone(), ..RunWindow::default() });
    let asking = async {
        world.clock.sleep(Duration::from_secs(5)).await;
        stop.wind_down();
    };
    let (answers, ()) = world.clock.run(join(policy.send(vec![read("x")]), asking)).unwrap();
    assert_eq!(answers[0], Err(Error::Stopped));
    assert_eq!(world.clock.elapsed(), Duration::from_secs(5));
}

#[test]
fn a_server_that_never_answers_costs_one_timeout_and_leaves_a_write_unknown() {
    let world = World::new(|_, _| Does::Never);
    assert!(matches!(world.one(write("x")), Err(Error::UnknownOutcome(_))));
    assert_eq!(world.clock.elapsed(), Duration::from_secs(60));
}

#[test]
fn redirects_are_handed_over_and_not_followed() {
    let world = World::new(|_, _| status(302, &[("location", "https://evil.example/")]));
    assert_eq!(world.one(read("x")).unwrap().status, 302);
    assert_eq!(world.times().len(), 1);
}

#[test]
fn a_call_of_more_than_sixteen_mebibytes_is_refused_as_a_whole() {
    let world = World::new(|_, _| ok());
    let big = || Request { body: Some(vec![0; 9 << 20]), ..write("x") };
    assert!(world.send(vec![big(), big()]).iter().all(|answer| matches!(answer, Err(Error::Invalid(_)))));
    assert!(world.times().is_empty());
}

#[test]
fn a_preview_cannot_write() {
    let world = World::new(|_, _| ok());
    let window = RunWindow { reads_only: true, ..RunWindow::default() };
    let answers = world.send_within(vec![write("x"), read("x")], window);
    assert!(matches!(answers[0], Err(Error::Denied(_))));
    assert!(answers[1].is_ok());
}

#[test]
fn a_batch_part_of_another_mailbox_is_denied() {
    let world = World::new(|_, _| ok());
    let batch = |url: &str| Request {
        method: "POST".to_owned(),
        url: "https://graph.microsoft.com/v1.0/$batch".to_owned(),
        body: Some(format!(r#"{{"requests":[{{"id":"1","method":"GET","url":"{url}"}}]}}"#).into_bytes()),
        ..read("")
    };
    assert!(world.one(batch("/users/e.mirny@mycompany.com/events/1")).is_ok());
    for other in ["/users/o@mycompany.com/events", "/users/e.mirny@mycompany.com/../o@mycompany.com", "/me", "/groups"]
    {
        assert!(matches!(world.one(batch(other)), Err(Error::Denied(_))), "{other}");
    }
    // The same key in another case, which some servers take.
    let hidden = "/users/e.mirny@mycompany.com/events\",\"Url\":\"/users/o@mycompany.com/events";
    assert!(matches!(world.one(batch(hidden)), Err(Error::Invalid(_))));
}
