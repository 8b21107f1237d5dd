//! Texts: lines, paragraphs, markup, dates, zones, identities, markers, addresses.

use super::{Limit, Target};
use crate::mutate::{Shape, lexicon};
use chrono::{DateTime, Utc};
use guest::creatio::task;
use guest::identity::{self, Marker};
use guest::{http, store, text, time};

/// Texts of all kinds.
pub const TARGET: Target = Target {
    name: "texts",
    about: "lines, markup, dates, zones, meeting identities, markers",
    shape: Shape::Text,
    seeds: |recorded| {
        let mut all: Vec<Vec<u8>> = lexicon::TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
        all.push(
            b"<html><head><title>x</title></head><body><p>Agenda&nbsp;&amp; notes</p><ul><li>a</li></ul></body></html>"
                .to_vec(),
        );
        all.push(b"11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/0123456789ab".to_vec());
        all.extend(recorded.graph.iter().chain(&recorded.creatio).take(20).cloned());
        all
    },
    run,
    limit: Limit::DECODER,
};

fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let line = text::line(&text);
    assert_eq!(text::line(&line), line, "a line is not its own line");
    let paragraphs = text::paragraphs(&text);
    assert_eq!(text::paragraphs(&paragraphs), paragraphs, "paragraphs are not their own");
    let _ = (text::from_notes(&text), text::html_to_text(&text));
    assert!(text::cut(&text, 10).chars().count() <= 10);
    let _ = http::refused(500, input);
    assert!(http::encode(&text).is_ascii() && store::escape(&text).is_ascii());
    if let Some(marker) = Marker::decode(&text) {
        assert_eq!(Marker::decode(&marker.encode()), Some(marker), "a marker is not read back");
    }
    if let Some(identity) = identity::meeting(&text) {
        assert_eq!(identity::meeting(&identity), Some(identity), "an identity has another one");
    }
    let _ = identity::mailbox(&text, &text);
    dates(&text);
    // As a table of names and values.
    let policies: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if let Err(faults) = guest::policy::Policies::parse(&policies) {
        assert!(!faults.is_empty(), "refused without a reason");
    }
}

/// Whatever is read as a date can be reckoned with in every zone.
fn dates(text: &str) {
    let zones = [
        chrono_tz::Tz::UTC,
        chrono_tz::Tz::Europe__Moscow,
        chrono_tz::Tz::Pacific__Apia,
        chrono_tz::Tz::America__Sao_Paulo,
    ];
    let named = time::zone(text);
    for zone in zones.into_iter().chain(named) {
        let _ = time::windows_name(zone);
        for at in [time::parse_instant(text), time::parse_http_date(text)].into_iter().flatten() {
            reckon(zone, at);
        }
        if let Some(local) = time::parse_local(text) {
            reckon(zone, time::instant(zone, local));
            reckon(zone, time::midnight(zone, local.date()));
        }
    }
}

fn reckon(zone: chrono_tz::Tz, at: DateTime<Utc>) {
    assert_eq!(time::parse_instant(&time::iso(at)), Some(at), "{at} is not read back");
    let _ = time::midnight(zone, time::date_in(zone, at));
    let _ = time::unambiguous_local(zone, at);
    let _ = time::whole_days(zone, at, at);
    let _ = time::minutes_between(at, DateTime::UNIX_EPOCH);
    let days = task::days(zone, at, at);
    let _ = task::span(zone, days, None);
    let _ = task::span(zone, days, Some((DateTime::UNIX_EPOCH, at)));
}
