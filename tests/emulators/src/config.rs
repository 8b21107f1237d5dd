//! A configuration for the host that fits a world.

use std::fmt::Write as _;

use crate::exchange::world::SERVICE;
use crate::graph::world::TENANT_ID;
use crate::world::Person;

/// Where the emulators serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Creatio's site.
    pub creatio: String,
    /// Microsoft Graph and its sign-in.
    pub graph: String,
    /// Exchange Web Services, in full, where they are served.
    pub exchange: Option<String>,
}

/// Where the host finds the secrets of a world, as TOML, such as `{ env = "DEMO_SECRET" }`: a configuration holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets<'a> {
    /// That of the client.
    pub client: &'a str,
    /// Exchange's service account's.
    pub exchange: &'a str,
}

/// The configuration as TOML: one tenant, an account for each person, each with a mailbox in Microsoft 365.
#[must_use]
pub fn config_toml(people: &[Person], client: &str, secrets: Secrets<'_>, addresses: &Addresses) -> String {
    let secret = secrets.client;
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
    if let Some(url) = &addresses.exchange {
        let _ = writeln!(text, "\n[exchange]\nurl = {}\nsign-in = \"basic\"\nuser = {}", quoted(url), quoted(SERVICE));
        let _ = writeln!(text, "password = {}", secrets.exchange);
    }
    let _ = writeln!(text, "\n[network]\n# Plain http is refused unless it is named.");
    let origin = |url: &String| url.split_inclusive('/').take(3).collect::<String>().trim_end_matches('/').to_owned();
    let allowed = [Some(&addresses.creatio), Some(&addresses.graph), addresses.exchange.as_ref()];
    let allowed: Vec<String> = allowed.into_iter().flatten().map(|url| quoted(&origin(url))).collect();
    let _ = writeln!(text, "allow = [{}]", allowed.join(", "));
    let _ = writeln!(text, "\n[defaults]\nimport-meetings = \"all\"\nexport = \"all\"");
    if addresses.exchange.is_some() {
        let _ = writeln!(
            text,
            "mailbox = \"microsoft\" # \"exchange\" or \"auto\" for an account that is served by Exchange"
        );
    }
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
