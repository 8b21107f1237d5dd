//! The programs under test: built, started, killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes that is not stuck.
const STUCK: Duration = Duration::from_secs(300);

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    host_runner: PathBuf,
    emulators: PathBuf,
}

impl Programs {
    /// Builds them as this program was built, where cargo runs it, and finds them beside it.
    #[must_use]
    pub fn find() -> Self {
        let mut folder = std::env::current_exe().unwrap();
        folder.pop();
        if folder.ends_with("deps") {
            folder.pop();
        }
        if let Some(cargo) = std::env::var_os("CARGO") {
            let mut build = Command::new(cargo);
            // Without `-p`: that would choose other features and build everything once more.
            build.args(["build", "--quiet", "--bin", "host-runner", "--bin", "emulators"]);
            if folder.ends_with("release") {
                build.arg("--release");
            }
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            assert!(build.current_dir(root).status().unwrap().success(), "host-runner and emulators cannot be built");
        }
        let program = |name: &str| {
            let path = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
            assert!(path.exists(), "there is no {}; run cargo build --bin {name}", path.display());
            path
        };
        Self { host_runner: program("host-runner"), emulators: program("emulators") }
    }

    /// Starts the emulators on free ports with a world; gives them and what they say of themselves.
    #[must_use]
    pub fn emulators(&self, world: &str, start: &str) -> (Served, Value) {
        let mut command = Command::new(&self.emulators);
        command.args(["--world", world, "--start", start]);
        for service in ["--creatio", "--graph", "--exchange", "--control"] {
            command.args([service, "127.0.0.1:0"]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        (Served { child, _out: out }, serde_json::from_str(&line).expect("the emulators say where they are"))
    }

    /// The command line, to be started in one's own way.
    #[must_use]
    pub fn command_line(&self) -> Command {
        let mut command = Command::new(&self.host_runner);
        command.env("HOST_RUNNER_COMPILED", self.host_runner.with_file_name("compiled"));
        command
    }

    /// Starts `host-runner` with these arguments.
    #[must_use]
    pub fn host_runner(&self, config: &Path, secret: &str, arguments: &[&str]) -> Running {
        let mut command = self.command_line();
        command
            .args(["--lang", "en", "--config"])
            .arg(config)
            .args(arguments)
            .env("KILL_SECRET", secret)
            .env_remove("HOST_RUNNER_LOG");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (told, phases) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                if told.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = out.read_to_string(&mut text);
            text
        });
        Running { child, phases, said: Vec::new(), reader }
    }
}

/// Emulators that serve until they are dropped.
pub struct Served {
    child: Child,
    // Closed early, their standard output would break.
    _out: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `host-runner` at work.
pub struct Running {
    child: Child,
    phases: Receiver<(Instant, String)>,
    said: Vec<String>,
    reader: std::thread::JoinHandle<String>,
}

/// How one ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code; none if it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Lines of standard error.
    pub said: Vec<String>,
    /// How long it worked.
    pub took: Duration,
}

impl Running {
    /// Kills it so long after it began to work, unless it ends before. Loading the component and waiting for the run before
    /// it are no work: it says when it is done with them.
    #[must_use]
    pub fn kill_after(mut self, moment: Duration) -> Ended {
        let mut began = None;
        loop {
            let left = began.map_or(STUCK, |began: Instant| moment.saturating_sub(began.elapsed()));
            match self.phases.recv_timeout(left) {
                Ok((at, line)) => {
                    if !line.contains("waiting for another run") {
                        began.get_or_insert(at);
                    }
                    self.said.push(line);
                }
                Err(RecvTimeoutError::Timeout) => break,
                // It has closed its standard error, so it is about to end by itself.
                Err(RecvTimeoutError::Disconnected) => {
                    let ends = Instant::now();
                    while ends.elapsed() < STUCK && self.child.try_wait().unwrap().is_none() {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    break;
                }
            }
        }
        let _ = self.child.kill();
        self.ended(began)
    }

    /// Waits for its end.
    #[must_use]
    pub fn to_the_end(self) -> Ended {
        let ended = self.kill_after(STUCK);
        assert!(ended.code.is_some(), "host-runner did not end within {STUCK:?}: {ended:?}");
        ended
    }

    fn ended(mut self, began: Option<Instant>) -> Ended {
        let code = self.child.wait().unwrap().code();
        let took = began.map_or(Duration::ZERO, |began| began.elapsed());
        self.said.extend(self.phases.iter().map(|(_, line)| line));
        Ended { code, out: self.reader.join().unwrap(), said: self.said, took }
    }
}
