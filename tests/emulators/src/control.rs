//! The control port: what was asked, what was sent, what is held; and faults, the clock and other people's edits.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value as Json, json};

use crate::fault::Fault;
use crate::harness::Site;
use crate::wire::{Request, Response};

/// Seconds that the clock may be moved at once: about three hundred years.
const FARTHEST: f64 = 1e10;

/// Answers one request on the control port. README.md has an example of each.
pub fn answer(site: &mut Site, request: &Request) -> Response {
    let result = match (request.method.as_str(), request.path()) {
        ("GET", "/requests") => Ok(json!(site.log.entries())),
        ("DELETE", "/requests") => {
            site.log.clear();
            Ok(json!({}))
        }
        ("GET", "/outbox") => Ok(site.services().flat_map(crate::wire::Service::outbox).collect()),
        ("GET", "/state") => Ok(state(site, request.query())),
        ("GET", "/faults") => Ok(site.faults.list()),
        ("POST", "/faults") => body(request).and_then(|body| add_faults(site, body)),
        ("DELETE", "/faults") => {
            site.faults.clear();
            Ok(json!({}))
        }
        ("GET", "/clock") => Ok(clock(site)),
        ("POST", "/clock") => body(request).and_then(|body| move_clock(site, &body)),
        ("POST", "/edit") => body(request).and_then(|body| edit(site, &body)),
        ("POST", "/keep-bodies") => body(request).map(|body| {
            site.log.keep_bodies = body == json!(true);
            json!({})
        }),
        (method, path) => {
            let known = ["/requests", "/outbox", "/state", "/faults", "/clock", "/edit", "/keep-bodies"];
            let status = if known.contains(&path) { 405 } else { 404 };
            return Response::json(status, &json!({ "error": format!("there is no {method} {path}") }));
        }
    };
    match result {
        Ok(body) => Response::json(200, &body),
        Err(error) => Response::json(400, &json!({ "error": error })),
    }
}

fn body(request: &Request) -> Result<Json, String> {
    serde_json::from_slice(&request.body).map_err(|error| format!("the body is not JSON: {error}"))
}

fn state(site: &Site, query: &str) -> Json {
    let wanted = query.strip_prefix("service=");
    let states: Map<String, Json> = site
        .services()
        .filter(|service| wanted.is_none_or(|wanted| wanted == service.name()))
        .map(|service| (service.name().to_owned(), service.state()))
        .collect();
    Json::Object(states)
}

fn add_faults(site: &mut Site, body: Json) -> Result<Json, String> {
    let faults = if let Json::Array(faults) = body { faults } else { vec![body] };
    // All are read before one is armed: half a script is worse than none.
    let faults: Vec<Fault> = faults
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("a fault is not as it should be: {error}"))?;
    let numbers: Vec<u64> = faults.into_iter().map(|fault| site.faults.add(fault)).collect();
    Ok(json!({ "numbers": numbers }))
}

fn clock(site: &Site) -> Json {
    json!({ "now": site.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true) })
}

fn move_clock(site: &mut Site, body: &Json) -> Result<Json, String> {
    if let Some(seconds) = body.get("advance").and_then(Json::as_f64).filter(|seconds| seconds.abs() < FARTHEST) {
        #[allow(clippy::cast_possible_truncation, reason = "within the bound above")]
        site.clock.advance(TimeDelta::milliseconds((seconds * 1000.0) as i64));
    } else if let Some(time) = body.get("set").and_then(Json::as_str) {
        let time = DateTime::parse_from_rfc3339(time).map_err(|error| format!("'{time}': {error}"))?;
        site.clock.set(time.with_timezone(&Utc));
    } else {
        return Err("give 'advance' in seconds or 'set' as an RFC 3339 time".into());
    }
    Ok(clock(site))
}

fn edit(site: &mut Site, body: &Json) -> Result<Json, String> {
    let name = body.get("service").and_then(Json::as_str).ok_or("'service' must name a service")?;
    let now = site.clock.now();
    let service = site.service(name).ok_or_else(|| format!("there is no service '{name}'"))?;
    service.edit(body, now)
}
