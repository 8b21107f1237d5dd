//! A file for each account that the process which has its lease keeps locked: the system frees the lock when the process
//! ends, however it ends, so whoever gets the lock knows that the holder is gone and need not wait for its lease to run out.
//!
//! The file also says since when the holder had a write under way. What a killed process had sent may still be on its way,
//! so a successor lets that write become as old as one that a living run gives up, its request timeout, and no older:
//! after that the next run of a living process would begin as well. A process that was killed between two writes is
//! succeeded at once. The note outlives the process and not a power cut: it is written once or twice for each request, and
//! a machine that has to start again takes longer than a request.
//!
//! Where files cannot be locked (some network drives) nothing is known, and leases run out by the clock.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What names of files may hold besides letters and digits on every system.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'@');

/// The files of one storage, and those that this process keeps locked.
#[derive(Debug)]
pub(super) struct Holds {
    folder: PathBuf,
    kept: Mutex<BTreeMap<String, Hold>>,
}

#[derive(Debug)]
struct Hold {
    file: File,
    lease: u64,
}

/// What became of asking for an account's lock.
#[derive(Debug)]
pub(super) enum Grab {
    /// Nobody had it.
    Free(File),
    /// This process has it, for a lease that it had before.
    Ours,
    /// Another process has it, and lives.
    Living,
    /// There are no locks here.
    Unknown,
}

/// What a holder said of its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// None was under way.
    Nothing,
    /// The latest of those under way began at this moment, in milliseconds since 1970.
    Since(u64),
    /// It is not told.
    Untold,
}

impl Holds {
    /// Those beside this storage file.
    pub(super) fn beside(storage: &Path) -> Self {
        let mut folder = storage.as_os_str().to_owned();
        folder.push("-leases");
        Self { folder: folder.into(), kept: Mutex::default() }
    }

    /// Tries to lock an account's file.
    pub(super) fn grab(&self, account: &str) -> Grab {
        if self.kept().contains_key(account) {
            return Grab::Ours;
        }
        let Ok(file) = self.open(account) else { return Grab::Unknown };
        match file.try_lock() {
            Ok(()) => Grab::Free(file),
            Err(TryLockError::WouldBlock) => Grab::Living,
            Err(TryLockError::Error(_)) => Grab::Unknown,
        }
    }

    /// Keeps the lock for a lease; false where there is none to keep.
    pub(super) fn keep(&self, account: &str, grab: Grab, lease: u64) -> bool {
        let mut kept = self.kept();
        let file = match grab {
            Grab::Free(file) => file,
            Grab::Ours => match kept.remove(account) {
                Some(hold) => hold.file,
                None => return false,
            },
            Grab::Living | Grab::Unknown => return false,
        };
        // Without the note a successor would take another lease's word for ours.
        let noted = note(&file, lease, None).is_ok();
        if noted {
            kept.insert(account.to_owned(), Hold { file, lease });
        }
        noted
    }

    /// Notes since when writes of this lease are under way.
    pub(super) fn writing(&self, account: &str, lease: u64, since: Option<u64>) -> std::io::Result<()> {
        match self.kept().get(account) {
            Some(hold) if hold.lease == lease => note(&hold.file, lease, since),
            _ => Ok(()),
        }
    }

    /// Gives the lock of this lease back.
    pub(super) fn give_back(&self, account: &str, lease: u64) {
        let mut kept = self.kept();
        if kept.get(account).is_some_and(|hold| hold.lease == lease) {
            kept.remove(account);
        }
    }

    fn open(&self, account: &str) -> std::io::Result<File> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            // Their names are addresses.
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        builder.create(&self.folder)?;
        options.open(self.folder.join(utf8_percent_encode(account, KEPT).to_string()))
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line of always the same length, so that a new one covers the old one whole.
fn note(mut file: &File, lease: u64, since: Option<u64>) -> std::io::Result<()> {
    let since = since.map_or_else(|| "-".to_owned(), |since| since.to_string());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{lease:>20} {since:>20}\n").as_bytes())
}

/// What the holder of this lease said last.
pub(super) fn told(mut file: &File, lease: u64) -> Writing {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(1000).read_to_string(&mut text));
    let mut words = text.split_whitespace();
    if read.is_err() || words.next() != Some(lease.to_string().as_str()) {
        return Writing::Untold;
    }
    match words.next() {
        Some("-") => Writing::Nothing,
        Some(since) => since.parse().map_or(Writing::Untold, Writing::Since),
        None => Writing::Untold,
    }
}
