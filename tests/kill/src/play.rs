//! The experiment: one world in peace, the same world with kills, and what both came to.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::dice::Dice;
use crate::programs::{Ended, Programs, Served};
use crate::services::{Services, View};

/// A request is given up after this many seconds, which is also what the successor of a killed run waits for at most.
const REQUEST_SECONDS: u32 = 3;
/// Runs after the last kill, until one writes nothing.
const RUNS_TO_REST: usize = 5;

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Meetings of the world: a third each in the mailbox, in Creatio, on both sides.
    pub items: u32,
    /// How often a run is killed.
    pub kills: usize,
    /// What the moments are drawn by.
    pub seed: u64,
    /// The moments themselves, in milliseconds: to repeat what failed.
    pub moments: Option<Vec<u64>>,
}

/// One run that was to be killed.
#[derive(Debug, Clone)]
pub struct Blow {
    /// When it was to be killed, from when it began to work.
    pub moment: Duration,
    /// How it ended: none as its exit code if it was killed.
    pub code: Option<i32>,
    /// Writes that the services had seen by then, of all runs.
    pub writes: usize,
    /// What the run said last.
    pub phase: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How long the undisturbed sync took.
    pub calm: Duration,
    /// How long a sync takes that has nothing to do.
    pub idle: Duration,
    /// How many writes it made.
    pub calm_writes: usize,
    /// The runs that were to be killed.
    pub blows: Vec<Blow>,
    /// Writes of the runs after the last kill; the last one wrote nothing.
    pub rest: Vec<usize>,
    /// What is not as it should be; empty if all is well.
    pub wrong: Vec<String>,
}

/// Both services and a place for the host.
pub struct Stage {
    programs: Programs,
    _served: Served,
    /// What the emulators hold.
    pub services: Services,
    folder: TempDir,
    config: PathBuf,
    secret: String,
    mail: String,
}

impl Stage {
    /// A world of so many meetings that begins at a moment.
    #[must_use]
    pub fn set(programs: &Programs, items: u32, start: &str) -> Self {
        let (served, told) = programs.emulators(&format!("mixed:{items}"), start);
        let text = |path: &str| told.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let (creatio, graph, client) = (text("/creatio"), text("/graph"), text("/client/id"));
        let (mail, login) = (text("/users/0/mail"), text("/users/0/login"));
        let folder = TempDir::with_prefix("schedule-sync-kill-").unwrap();
        let config = folder.path().join("schedule-sync.toml");
        let toml = format!(
            r#"
[tenant]
id = "kill"
storage = "kill.db"

[creatio]
url = "{creatio}"
identity-url = "{creatio}"
sign-in = "oauth"
client-id = "{client}"
client-secret = {{ env = "KILL_SECRET" }}

[microsoft]
graph-url = "{graph}"
login-url = "{graph}"
directory = "mycompany.onmicrosoft.com"
client-id = "{client}"
client-secret = {{ env = "KILL_SECRET" }}

[network]
allow = ["{creatio}", "{graph}"]

[limits]
request-seconds = {REQUEST_SECONDS}

[[account]]
mail = "{mail}"
user = "{login}"
time-zone = "Europe/Moscow"
policies = {{ creation-limit = "100000" }}
"#
        );
        std::fs::write(&config, toml).unwrap();
        let (services, secret) = (Services::at(&told), text("/client/secret"));
        Self { programs: programs.clone(), _served: served, services, folder, config, secret, mail }
    }

    /// Runs the program to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.programs.host_runner(&self.config, &self.secret, arguments).to_the_end()
    }

    /// A file beside the configuration.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Removes the storage file, as if its disk had broken.
    pub fn lose_storage(&self) {
        for name in ["kill.db", "kill.db-wal", "kill.db-shm"] {
            let _ = std::fs::remove_file(self.beside(name));
        }
        assert!(!self.beside("kill.db").exists());
    }

    fn sync(&self, kill: Option<Duration>) -> Ended {
        let arguments = ["sync", "--wait", "--account", &self.mail];
        let running = self.programs.host_runner(&self.config, &self.secret, &arguments);
        match kill {
            Some(moment) => running.kill_after(moment),
            None => running.to_the_end(),
        }
    }

    /// Runs until one writes nothing; gives what each wrote, how long the last one took, and what went wrong.
    fn come_to_rest(&self) -> (Vec<usize>, Duration, Vec<String>) {
        let (mut rest, mut wrong, mut took) = (Vec::new(), Vec::new(), Duration::ZERO);
        while rest.len() < RUNS_TO_REST {
            self.services.forget();
            let ended = self.sync(None);
            if ended.code != Some(0) {
                wrong.push(format!(
                    "a run after the last kill ended with {:?}:\n{}{}",
                    ended.code,
                    ended.out,
                    ended.said.join("\n")
                ));
                break;
            }
            took = ended.took;
            rest.push(self.services.writes());
            if rest.last() == Some(&0) {
                return (rest, took, wrong);
            }
        }
        wrong.push(format!("the runs after the last kill do not come to rest; they wrote {rest:?}"));
        (rest, took, wrong)
    }

    /// What stands in the storage file that should not.
    fn storage(&self) -> Vec<String> {
        let file = rusqlite::Connection::open(self.folder.path().join("kill.db")).unwrap();
        let mut wrong = Vec::new();
        let integrity: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        if integrity != "ok" {
            wrong.push(format!("the storage file is damaged: {integrity}"));
        }
        let ahead: i64 = file
            .query_row("SELECT count(*) FROM entry WHERE key LIKE 'account/%/wal/%'", [], |row| row.get(0))
            .unwrap();
        if ahead > 0 {
            wrong.push(format!("{ahead} operations are still written ahead"));
        }
        wrong
    }

    fn standing(&self) -> Value {
        let running =
            self.programs.host_runner(&self.config, &self.secret, &["status", "--json", "--account", &self.mail]);
        let told: Value = serde_json::from_str(&running.to_the_end().out).unwrap();
        told[0]["standing"].clone()
    }
}

/// Plays it.
#[must_use]
pub fn play(plan: &Plan) -> Outcome {
    let programs = Programs::find();
    let start = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).to_rfc3339();
    let calm = in_peace(&programs, plan, &start);
    let stage = Stage::set(&programs, plan.items, &start);
    let blows = beaten(&stage, plan, &calm);
    let (rest, _, mut wrong) = stage.come_to_rest();
    let view = stage.services.view();
    wrong.extend(calm.view.difference(&view).into_iter().take(20));
    wrong.extend(view.doubles().into_iter().map(|double| format!("doubled: {double}")).take(20));
    let mails = stage.services.mails();
    if !mails.is_empty() {
        wrong.push(format!("{} mails were sent, the first is {}", mails.len(), mails[0]));
    }
    wrong.extend(stage.storage());
    let standing = stage.standing();
    if standing != calm.standing {
        wrong.push(format!("what stands is not what stands undisturbed: {standing}"));
    }
    if blows.iter().filter(|blow| blow.code.is_none()).count() < plan.kills {
        wrong.push(format!("only some of {} runs lived long enough to be killed", plan.kills));
    }
    Outcome { calm: calm.took, idle: calm.idle, calm_writes: calm.writes, blows, rest, wrong }
}

struct Calm {
    took: Duration,
    idle: Duration,
    writes: usize,
    view: View,
    standing: Value,
}

fn in_peace(programs: &Programs, plan: &Plan, start: &str) -> Calm {
    let stage = Stage::set(programs, plan.items, start);
    let first = stage.sync(None);
    assert_eq!(first.code, Some(0), "undisturbed: {}{}", first.out, first.said.join("\n"));
    let writes = stage.services.writes();
    assert!(writes >= plan.items as usize / 2, "undisturbed, only {writes} writes: {}", first.out);
    let (rest, idle, wrong) = stage.come_to_rest();
    assert!(wrong.is_empty() && rest == [0], "undisturbed: {rest:?} {wrong:?}");
    let (view, standing) = (stage.services.view(), stage.standing());
    assert!(view.doubles().is_empty() && stage.services.mails().is_empty(), "undisturbed: {:?}", view.doubles());
    Calm { took: first.took, idle, writes, view, standing }
}

/// Starts and kills, so that the kills are spread over all the work there is.
fn beaten(stage: &Stage, plan: &Plan, calm: &Calm) -> Vec<Blow> {
    let mut dice = Dice::of(plan.seed);
    let mut blows: Vec<Blow> = Vec::new();
    let mut killed = 0;
    while killed < plan.kills && blows.len() < plan.kills * 3 {
        let moment = match &plan.moments {
            Some(moments) => match moments.get(blows.len()) {
                Some(moment) => Duration::from_millis(*moment),
                None => break,
            },
            None => {
                let done = blows.last().map_or(0.0, |blow| blow.writes as f64 / calm.writes as f64).min(1.0);
                let work = calm.took.saturating_sub(calm.idle).mul_f64(1.0 - done);
                // A run without work takes this long, and on average each takes its share of what is left.
                let share = calm.idle.mul_f64(0.5) + work.div_f64((plan.kills - killed + 1) as f64);
                share.mul_f64(2.0 * dice.share())
            }
        };
        let ended = stage.sync(Some(moment));
        killed += usize::from(ended.code.is_none());
        let phase = ended.said.last().map_or_else(
            || "starting".to_owned(),
            |line| line.split_once(": ").map_or(line.as_str(), |(_, phase)| phase).to_owned(),
        );
        blows.push(Blow { moment, code: ended.code, writes: stage.services.writes(), phase });
    }
    blows
}

impl Outcome {
    /// What happened, as a table, and how to repeat it.
    #[must_use]
    pub fn told(&self, plan: &Plan) -> String {
        let mut text = format!(
            "{} items, seed {}: undisturbed {:.1} s and {} writes, without work {:.1} s\n\n  run  killed after  writes so far  while\n",
            plan.items,
            plan.seed,
            self.calm.as_secs_f64(),
            self.calm_writes,
            self.idle.as_secs_f64(),
        );
        for (at, blow) in self.blows.iter().enumerate() {
            let end = blow.code.map_or_else(String::new, |code| format!(" (ended before, with {code})"));
            let _ = writeln!(
                text,
                "  {:>3}  {:>9} ms  {:>13}  {}{end}",
                at + 1,
                blow.moment.as_millis(),
                blow.writes,
                blow.phase
            );
        }
        let _ = writeln!(text, "\nruns after that wrote {:?}", self.rest);
        if self.wrong.is_empty() {
            text.push_str("the same end as undisturbed, nothing doubled, nobody mailed, storage in order\n");
            return text;
        }
        for wrong in &self.wrong {
            let _ = writeln!(text, "WRONG: {wrong}");
        }
        let moments: Vec<String> = self.blows.iter().map(|blow| blow.moment.as_millis().to_string()).collect();
        let _ = writeln!(
            text,
            "repeat: cargo run --release --bin kill -- --items {} --kills {} --seed {} --moments {}",
            plan.items,
            plan.kills,
            plan.seed,
            moments.join(",")
        );
        text
    }
}
