//! A configuration for the host that fits a world.

use std::fmt::Write as _;

use crate::world::World;

/// Where the emulators serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Creatio's site.
    pub creatio: String,
    /// Microsoft Graph and its sign-in.
    pub graph: String,
    /// The control port.
    pub control: String,
}

/// The configuration as TOML: one tenant, an account for each person of the world.
#[must_use]
pub fn config_toml(world: &World, addresses: &Addresses) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "[tenant.demo.creatio]");
    let _ = writeln!(text, "url = {}", quoted(&addresses.creatio));
    let _ = writeln!(text, "identity = {}", quoted(&addresses.creatio));
    let _ = writeln!(text, "client-id = {}", quoted(&world.client.id));
    let _ = writeln!(text, "client-secret = {}", quoted(&world.client.secret));
    let _ = writeln!(text, "\n[tenant.demo.graph]");
    let _ = writeln!(text, "url = {}", quoted(&addresses.graph));
    let _ = writeln!(text, "login = {}", quoted(&addresses.graph));
    let _ = writeln!(text, "client-id = {}", quoted(&world.client.id));
    let _ = writeln!(text, "client-secret = {}", quoted(&world.client.secret));
    for person in &world.people {
        let _ = writeln!(text, "\n[[tenant.demo.account]]");
        let _ = writeln!(text, "id = {}", quoted(&person.login));
        let _ = writeln!(text, "mailbox = {}", quoted(&person.mail));
        let _ = writeln!(text, "time-zone = {}", quoted(&person.zone));
    }
    text
}

/// A basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
