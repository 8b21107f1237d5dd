//! A desk to try the command line at: the emulators as a program, a configuration for them, and the real `host-runner`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::OnceLock;

use kill::programs::{Programs, Served};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The first account's mailbox.
pub const EUGENE: &str = "e.mirny@mycompany.com";
/// The second one's.
pub const ANNA: &str = "a.smith@mycompany.com";
/// Where the configuration finds the secret of both sign-ins.
const SECRET: &str = "COMMAND_SECRET";
/// Where it finds the password for Exchange.
const PASSWORD: &str = "COMMAND_PASSWORD";

/// What a command printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Printed {
    /// All of it, for a snapshot.
    #[must_use]
    pub fn whole(&self) -> String {
        let Self { code, out, err } = self;
        let err = if err.is_empty() { String::new() } else { format!("--- standard error\n{err}") };
        format!("{out}{err}--- exit code {code}\n")
    }

    /// As one line, for words that a line break may part.
    #[must_use]
    pub fn flat(&self) -> String {
        format!("{} {}", self.out, self.err).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Both services, a place for the host, and the commands to try.
pub struct Desk {
    programs: Programs,
    _served: Served,
    control: String,
    creatio: String,
    graph: String,
    exchange: String,
    folder: TempDir,
    /// The value of the secret.
    pub secret: String,
    /// The value of the password for Exchange.
    pub password: String,
}

impl Desk {
    /// A world of the emulators, and a configuration with one account.
    #[must_use]
    pub fn new(world: &str) -> Self {
        // Looking for them asks cargo, which takes its time.
        static PROGRAMS: OnceLock<Programs> = OnceLock::new();
        let programs = PROGRAMS.get_or_init(Programs::find).clone();
        let now = "2026-11-23T08:00:00Z";
        let (served, told) = programs.emulators(world, now);
        let text = |at: &str| told.pointer(at).and_then(Value::as_str).unwrap().to_owned();
        let desk = Self {
            programs,
            _served: served,
            control: text("/control").trim_start_matches("http://").to_owned(),
            creatio: text("/creatio"),
            graph: text("/graph"),
            exchange: text("/exchange"),
            folder: TempDir::with_prefix("command-").unwrap(),
            secret: text("/client/secret"),
            password: text("/exchangeService/password"),
        };
        let (creatio, graph, client) = (&desk.creatio, &desk.graph, text("/client/id"));
        let exchange = desk.exchange_origin();
        let toml = format!(
            r#"
[tenant]
id = "mycompany"

[creatio]
url = "{creatio}"
identity-url = "{creatio}"
client-id = "{client}"
client-secret = {{ env = "{SECRET}" }}

[microsoft]
graph-url = "{graph}"
login-url = "{graph}"
directory = "mycompany.onmicrosoft.com"
client-id = "{client}"
client-secret = {{ env = "{SECRET}" }}

[network]
allow = ["{creatio}", "{graph}", "{exchange}"]

[limits]
request-seconds = 5

[[account]]
mail = "{EUGENE}"
user = "e.mirny"
time-zone = "Europe/Moscow"
import-tasks = "all"
"#
        );
        std::fs::write(desk.config(), toml).unwrap();
        desk
    }

    /// The same with the mailboxes on an Exchange Server, reached by a service account.
    #[must_use]
    pub fn on_exchange(world: &str) -> Self {
        let desk = Self::new(world);
        let text = std::fs::read_to_string(desk.config()).unwrap();
        let (before, rest) = text.split_once("[microsoft]").unwrap();
        let (_, after) = rest.split_once("[network]").unwrap();
        let section = format!(
            "[exchange]\nurl = \"{}\"\nuser = \"sync.service@mycompany.com\"\npassword = {{ env = \"{PASSWORD}\" }}\n\n",
            desk.exchange
        );
        std::fs::write(desk.config(), format!("{before}{section}[network]{after}")).unwrap();
        desk
    }

    fn exchange_origin(&self) -> &str {
        self.exchange.trim_end_matches("/EWS/Exchange.asmx")
    }

    /// Where Exchange is.
    #[must_use]
    pub fn exchange_address(&self) -> &str {
        &self.exchange
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("schedule-sync.toml")
    }

    /// A file beside the configuration.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the configuration.
    pub fn configure(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        std::fs::write(self.config(), text.replacen(from, to, 1)).unwrap();
    }

    /// Adds to the configuration.
    pub fn add(&self, more: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), format!("{text}\n{more}\n")).unwrap();
    }

    /// Adds the second account.
    pub fn add_anna(&self) {
        self.add(&format!("[[account]]\nmail = \"{ANNA}\"\nuser = \"a.smith\"\ntime-zone = \"Europe/London\""));
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.control).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: control\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head} {body}");
        serde_json::from_str(body).unwrap()
    }

    /// Lets somebody edit something in Creatio; gives what the emulator answers.
    pub fn creatio(&self, mut edit: Value) -> Value {
        edit["service"] = "creatio".into();
        self.ask("POST", "/edit", &edit.to_string())
    }

    /// Sets switches of Creatio.
    pub fn creatio_knobs(&self, knobs: &Value) {
        self.creatio(json!({"action": "knobs", "values": knobs}));
    }

    /// Lets somebody edit something in the mailboxes.
    pub fn graph(&self, mut edit: Value) -> Value {
        edit["service"] = "graph".into();
        self.ask("POST", "/edit", &edit.to_string())
    }

    /// Lets somebody edit something in the mailboxes on Exchange.
    pub fn exchange(&self, mut edit: Value) -> Value {
        edit["service"] = "exchange".into();
        self.ask("POST", "/edit", &edit.to_string())
    }

    /// Sets switches of Graph.
    pub fn graph_knobs(&self, knobs: &Value) {
        self.graph(json!({"action": "knobs", "knobs": knobs}));
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: &Value) {
        self.ask("POST", "/faults", &fault.to_string());
    }

    /// Nothing goes wrong any more.
    pub fn no_faults(&self) {
        self.ask("DELETE", "/faults", "");
    }

    /// What a service holds.
    #[must_use]
    pub fn state(&self, service: &str) -> Value {
        self.ask("GET", &format!("/state?service={service}"), "")[service].clone()
    }

    /// Rows of a set of Creatio.
    #[must_use]
    pub fn rows(&self, set: &str) -> Vec<Value> {
        self.state("creatio")["sets"][set].as_array().cloned().unwrap_or_default()
    }

    /// Operations that the services were asked for since the log was forgotten, each as method, address and status;
    /// sign-ins apart.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, String, u64)> {
        let log = self.ask("GET", "/requests", "");
        let one = |entry: &Value, address: &str| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (text("method"), text(address), entry["status"].as_u64().unwrap_or_default())
        };
        let entries = log.as_array().unwrap().iter().filter(|entry| entry["login"] == false);
        entries
            .flat_map(|entry| match entry["parts"].as_array() {
                Some(parts) if !parts.is_empty() => parts.iter().map(|part| one(part, "url")).collect::<Vec<_>>(),
                _ => vec![one(entry, "path")],
            })
            .collect()
    }

    /// Operations that were no reads.
    #[must_use]
    pub fn writes(&self) -> Vec<(String, String, u64)> {
        self.asked().into_iter().filter(|(method, ..)| method != "GET").collect()
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        self.ask("DELETE", "/requests", "");
    }

    /// Runs a command in English, 80 characters wide.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Printed {
        self.run_as(arguments, &[("LC_ALL", "en_GB.UTF-8"), ("COLUMNS", "80")])
    }

    /// Runs a command in an environment.
    #[must_use]
    pub fn run_as(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Printed {
        let mut command = self.programs.command_line();
        command.arg("--config").arg(self.config()).args(arguments);
        command.env(SECRET, &self.secret).env(PASSWORD, &self.password).env_remove("HOST_RUNNER_LOG");
        command.envs(environment.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| self.plain(std::str::from_utf8(bytes).unwrap());
        Printed { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Without what differs from desk to desk.
    fn plain(&self, text: &str) -> String {
        let folder = self.folder.path().to_str().unwrap();
        // What is shown of a run is its moment.
        let text = text
            .replace(folder, "FOLDER")
            .replace(&self.creatio, "http://creatio")
            .replace(&self.graph, "http://graph")
            .replace(self.exchange_origin(), "http://exchange");
        let bare = |address: &str| address.trim_start_matches("http://").to_owned();
        let exchange = bare(self.exchange_origin());
        text.replace(&bare(&self.creatio), "creatio")
            .replace(&bare(&self.graph), "graph")
            .replace(&exchange, "exchange")
    }
}
