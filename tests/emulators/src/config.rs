//! A configuration for the host that fits a world.

use std::fmt::Write as _;

use crate::graph::world::TENANT_ID;
use crate::world::Person;

/// Where the emulators serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Creatio's site.
    pub creatio: String,
    /// Microsoft Graph and its sign-in.
    pub graph: String,
}

/// The configuration as TOML: one tenant, an account for each person. A configuration holds no secret: `secret` says, as
/// TOML, where that of the client is, such as `{ env = "DEMO_SECRET" }`.
#[must_use]
pub fn config_toml(people: &[Person], client: &str, secret: &str, addresses: &Addresses) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "[tenant]\nid = \"demo\"");
    let _ = writeln!(text, "\n[creatio]\nurl = {}\nsign-in = \"oauth\"", quoted(&addresses.creatio));
    let _ = writeln!(text, "identity-url = {}", quoted(&addresses.creatio));
    let _ = writeln!(text, "client-id = {}\nclient-secret = {secret}", quoted(client));
    let _ = writeln!(text, "\n[microsoft]\ngraph-url = {}", quoted(&addresses.graph));
    let _ = writeln!(text, "login-url = {}", quoted(&addresses.graph));
    let _ = writeln!(text, "directory = {}", quoted(TENANT_ID));
    let _ = writeln!(text, "client-id = {}\nclient-secret = {secret}", quoted(client));
    let _ = writeln!(text, "\n[network]\n# Plain http is refused unless it is named.");
    let _ = writeln!(text, "allow = [{}, {}]", quoted(&addresses.creatio), quoted(&addresses.graph));
    let _ = writeln!(text, "\n[defaults]\nimport-meetings = \"all\"\nexport = \"all\"");
    for person in people {
        let _ = writeln!(text, "\n[[account]]\nmail = {}", quoted(&person.mail));
        let _ = writeln!(text, "user = {}", quoted(&person.login));
        let _ = writeln!(text, "time-zone = {}", quoted(&person.zone));
        let _ = writeln!(text, "language = {}", quoted(person.language()));
    }
    text
}

/// A basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
