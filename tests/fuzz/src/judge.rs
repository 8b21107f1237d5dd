//! One input within its limits: whether it panics, takes too long, or holds too much. What cannot be caught, a stack that
//! runs out or an endless loop, ends the program; the input is on disk by then.

use crate::allocation;
use crate::target::Target;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Where files are kept that are written for every input: in memory, where the system has such a folder.
#[must_use]
pub fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It panics; what it says, and where.
    Panic(String),
    /// It takes so long.
    Slow(Duration),
    /// It holds so many bytes.
    Large(usize),
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Panic(text) => write!(f, "it panics: {text}"),
            Self::Slow(time) => write!(f, "it takes {} ms", time.as_millis()),
            Self::Large(bytes) => write!(f, "it holds {} KiB", bytes >> 10),
        }
    }
}

impl Wrong {
    /// The same fault: what a smaller input must still show.
    #[must_use]
    pub fn like(&self, other: &Self) -> bool {
        let place = |text: &str| text.split(" at ").last().map(str::to_owned);
        match (self, other) {
            (Self::Panic(one), Self::Panic(two)) => place(one) == place(two),
            (Self::Slow(_), Self::Slow(_)) | (Self::Large(_), Self::Large(_)) => true,
            _ => false,
        }
    }
}

/// A program that is not optimised, on a machine that others use as well.
const PATIENCE: u32 = if cfg!(debug_assertions) { 40 } else { 2 };
/// So many times the limit is an endless loop.
const ENDLESS: u32 = 10;

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            let caught = std::thread::current().name().is_some_and(|name| name.starts_with("target "));
            if caught {
                let place = told.location().map(|place| format!("{}:{}", place.file(), place.line()));
                let said = told.payload_as_str().unwrap_or("?");
                PANIC.with_borrow_mut(|text| *text = format!("{said} at {}", place.unwrap_or_default()));
            } else {
                before(told);
            }
        }));
    });
}

/// The input at work, for whoever finds the program dead.
#[derive(Debug, Clone, Default)]
struct AtWork(Arc<Mutex<Option<(Instant, Duration)>>>);

/// Runs inputs of one target.
pub struct Judge {
    target: &'static Target,
    at_work: AtWork,
    file: PathBuf,
}

impl Judge {
    /// Of a target. The input at work is kept in a file, in case the program dies.
    #[must_use]
    pub fn new(target: &'static Target) -> Self {
        listen();
        let file = scratch().join(format!("schedule-sync-fuzz-{}-{}", target.name, std::process::id()));
        let at_work = AtWork::default();
        watch(target, at_work.clone(), file.clone());
        Self { target, at_work, file }
    }

    /// What is wrong with an input, if anything.
    #[must_use]
    pub fn judge(&self, input: &[u8]) -> Option<Wrong> {
        let limit = self.target.limit.time_for(input.len()) * PATIENCE;
        match self.once(input, limit) {
            // Others use the machine as well: only what is slow each time is slow.
            (Some(Wrong::Slow(first)), _) if first < limit * 3 => {
                let best = (0..2).map(|_| self.once(input, limit).1).fold(first, Duration::min);
                (best > limit).then_some(Wrong::Slow(best))
            }
            (wrong, _) => wrong,
        }
    }

    fn once(&self, input: &[u8], limit: Duration) -> (Option<Wrong>, Duration) {
        std::fs::write(&self.file, input).unwrap();
        let begun = Instant::now();
        self.set(Some((begun, limit * ENDLESS)));
        let (result, held) = allocation::peak_of(|| panic::catch_unwind(AssertUnwindSafe(|| (self.target.run)(input))));
        let took = begun.elapsed();
        self.set(None);
        let wrong = if result.is_err() {
            Some(Wrong::Panic(PANIC.take()))
        } else if held > self.target.limit.memory_for(input.len()) {
            Some(Wrong::Large(held))
        } else {
            (took > limit).then_some(Wrong::Slow(took))
        };
        (wrong, took)
    }

    fn set(&self, work: Option<(Instant, Duration)>) {
        *self.at_work.0.lock().unwrap_or_else(PoisonError::into_inner) = work;
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Ends the program where an input does not end.
fn watch(target: &'static Target, at_work: AtWork, file: PathBuf) {
    let weak = Arc::downgrade(&at_work.0);
    drop(at_work);
    std::thread::spawn(move || {
        while let Some(work) = weak.upgrade() {
            let late = work
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some_and(|(begun, limit)| begun.elapsed() > limit);
            if late {
                eprintln!("{}: an input does not end; it is in {}", target.name, file.display());
                std::process::abort();
            }
            drop(work);
            std::thread::sleep(Duration::from_millis(250));
        }
    });
}

/// Stack of the thread that inputs run on: what a WebAssembly module has, and in a program that is not optimised some
/// more.
const STACK: usize = if cfg!(debug_assertions) { 8 << 20 } else { 1 << 20 };

/// Does something on a thread for a target's inputs.
pub fn on_thread<T: Send>(target: &'static Target, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let name = format!("target {}", target.name);
        std::thread::Builder::new().name(name).stack_size(STACK).spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}
