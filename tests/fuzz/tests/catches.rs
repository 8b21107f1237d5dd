//! The hunt itself: what it must find, it finds, and makes small.

use fuzz::allocation::Counting;
use fuzz::hunt::{hunt, replay};
use fuzz::judge::Wrong;
use fuzz::mutate::Shape;
use fuzz::target::{Limit, Target};
use serde_json::Value;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LIMIT: Limit = Limit {
    time: Duration::from_millis(1),
    time_each: Duration::from_secs(1),
    memory: 1 << 20,
    memory_each: 200,
    most: 1 << 30,
};

const fn planted(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, about: "planted", shape: Shape::Json, seeds: |_| vec![SEED.to_vec()], run, limit: LIMIT }
}

const SEED: &[u8] =
    br#"{"value": [{"id": "a", "count": 3, "more": {"x": [1, 2, 3]}}, {"id": "b", "count": 4}], "next": "link"}"#;

/// Somewhere in the second row a number stands as text.
fn hit(input: &[u8]) -> bool {
    let tree: Value = serde_json::from_slice(input).unwrap_or_default();
    tree.pointer("/value/1/count").is_some_and(Value::is_string)
}

static PANICS: Target = planted("planted-panic", |input| assert!(!hit(input), "a number as text"));
static HANGS: Target = planted("planted-hang", |input| {
    let begun = Instant::now();
    while hit(input) && begun.elapsed() < Duration::from_millis(60) {}
});
static GROWS: Target = planted("planted-growth", |input| {
    if hit(input) {
        std::hint::black_box(vec![1_u8; 2 << 20]);
    }
});

fn found(target: &'static Target) -> Wrong {
    let caught = hunt(target, 1, Duration::from_secs(3));
    let (wrong, input) = caught.found.into_iter().next().unwrap_or_else(|| panic!("{} was not found", target.name));
    assert!(hit(&input), "{}", String::from_utf8_lossy(&input));
    assert!(input.len() < SEED.len() / 2, "{} is not small", String::from_utf8_lossy(&input));
    assert_eq!(replay(target, vec![("again".into(), input)]).len(), 1, "it does not fail again");
    wrong
}

#[test]
fn a_panic_is_found_and_told_with_its_place() {
    let wrong = found(&PANICS);
    assert!(
        matches!(&wrong, Wrong::Panic(text) if text.contains("a number as text") && text.contains("catches.rs")),
        "{wrong}"
    );
}

#[test]
fn a_slow_input_is_found() {
    assert!(matches!(found(&HANGS), Wrong::Slow(_)));
}

#[test]
fn an_input_that_makes_memory_grow_is_found() {
    assert!(matches!(found(&GROWS), Wrong::Large(bytes) if bytes >= 2 << 20));
}
