//! What must hold of anything that a decoder made of an answer, and what the engine does with it next.

use guest::activity::{Kind, Seen, Unit, Value};
use guest::creatio::{self, Creatio};
use guest::exchange::Exchange;
use guest::graph::Graph;
use guest::side::{Side, Write};
use guest::{digest::Digest, graph, identity};
use uuid::Uuid;

/// Both sides of an account, as they are made for a run; the mailbox on either service.
pub struct Sides {
    /// Creatio.
    pub creatio: Creatio,
    /// The mailbox, on Graph.
    pub graph: Graph,
    /// The mailbox, on Exchange.
    pub exchange: Exchange,
    /// The account's zone.
    pub zone: chrono_tz::Tz,
}

/// Whatever was decoded can be digested, shown, conformed to either side and written to it.
pub fn use_it(sides: &Sides, seen: &Seen) {
    assert!(!seen.id.is_empty(), "an item without an id");
    for (unit, value) in &seen.values {
        let _ = (value.digest(), value.display());
        for side in [&sides.creatio as &dyn Side, &sides.graph as &dyn Side, &sides.exchange as &dyn Side] {
            let once = side.conform(*unit, value, Some(seen));
            let twice = side.conform(*unit, &once, Some(seen));
            assert_eq!(once, twice, "{} conforms to {} only in two steps", unit.code(), side.id().code());
        }
    }
    if let Some(when) = seen.when() {
        assert!(when.start <= when.end, "it ends before it starts");
    }
    let _ = identity::fingerprint(seen);
    for kind in [Kind::Appointment, Kind::Task] {
        let viewed = creatio::task::viewed(seen, kind, sides.zone);
        let _ = creatio::mapping::body(&viewed.values, Some(seen), "Location", sides.zone);
        let _ = creatio::mapping::body(&viewed.values, None, "", sides.zone);
    }
    let _ = graph::mapping::properties(&seen.values, sides.zone);
    let _ = graph::todo::mapping::properties(&seen.values);
    let row = serde_json::to_vec(seen).expect("it is stored");
    let back: Seen = serde_json::from_slice(&row).expect("what was stored is read");
    // What only the run that read it needs is not stored.
    let kept = Seen { grouped: back.grouped, odd_zone: back.odd_zone.clone(), print: None, ..seen.clone() };
    assert_eq!(back, kept, "it comes back from storage as another");
    let _ = Digest::of(seen);
}

/// Writes of all kinds that it takes part in.
#[must_use]
pub fn writes(seen: Option<&Seen>) -> Vec<Write> {
    let id = Uuid::from_u128(1);
    let values = match seen {
        Some(seen) => seen.values.clone(),
        None => [(Unit::Title, Value::Text("Planning".into()))].into(),
    };
    let kind = seen.map_or(Kind::Appointment, |seen| seen.kind);
    let folder = if kind == Kind::Task { graph::todo::folder_id("list") } else { "folder".into() };
    let create = Write::Create { activity: id, folder, kind, values: values.clone(), marker: None, transaction: id };
    let mut all = vec![create, Write::Delete { id: id.to_string(), version: String::new(), tell: false }];
    all.extend(seen.map(|seen| Write::Update { current: Box::new(seen.clone()), values }));
    all
}

/// Both sides of an account, everything in both directions.
#[must_use]
pub fn sides(shared: bool) -> Sides {
    let (settings, _) = super::account::plain(shared);
    let site = creatio::Site::assumed(Uuid::from_u128(7));
    let floor = "2026-11-15T00:00:00Z".parse().unwrap();
    Sides {
        creatio: Creatio::new(&settings, creatio::Setup { site, floor, skew: 0 }),
        graph: Graph::new(&settings).with_tasks(),
        exchange: Exchange::new(&super::account::on_exchange(shared)).with_tasks(),
        zone: settings.zone,
    }
}
