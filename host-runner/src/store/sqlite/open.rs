//! Opening a storage file: ours, of this version, of this tenant, or an error that says what to do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

/// Marks a SQLite file as ours (`file` and SQLite's own tools show it).
const APPLICATION: i32 = 0x5363_6853;
/// What makes each version of the format from the one before, the first from an empty file.
const STEPS: [(i32, &str); 2] = [(1, include_str!("../schema/1.sql")), (2, include_str!("../schema/2.sql"))];
const VERSION: i32 = 2;
/// Longer than any transaction of ours.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a storage file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program's file.
    #[error("{0} is not a storage file of schedule-sync; name another file in [tenant] storage")]
    Foreign(PathBuf),
    /// Written by a newer version of this program.
    #[error(
        "{path} was written by a newer version of this program (format {found}, this one knows {VERSION}); update it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
    },
    /// The file of another tenant.
    #[error(
        "{path} belongs to the tenant {found}; give each tenant a file of its own in [tenant] storage, or restore [tenant] id"
    )]
    OtherTenant {
        /// The file.
        path: PathBuf,
        /// Its tenant.
        found: String,
    },
    /// It cannot be opened.
    #[error("{path} cannot be opened: {text}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system says.
        text: String,
    },
}

pub(super) fn open(path: &Path, tenant: &str) -> Result<Connection, OpenError> {
    let unusable = |fault: &dyn std::fmt::Display| OpenError::Unusable { path: path.into(), text: fault.to_string() };
    create_private(path).map_err(|fault| unusable(&fault))?;
    let translate = |fault: rusqlite::Error| match fault.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign(path.into()),
        _ => unusable(&fault),
    };
    let mut connection = Connection::open(path).map_err(translate)?;
    connection.busy_timeout(PATIENCE).map_err(translate)?;
    let application: i32 = pragma(&connection, "application_id").map_err(translate)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(translate)?;
    if application != APPLICATION && (application != 0 || tables > 0) {
        return Err(OpenError::Foreign(path.into()));
    }
    let found: i32 = pragma(&connection, "user_version").map_err(translate)?;
    if found > VERSION {
        return Err(OpenError::Newer { path: path.into(), found });
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(translate)?;
    // An applied commit is durable: what was written to a server must be remembered after a power cut.
    connection.pragma_update(None, "synchronous", "FULL").map_err(translate)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(translate)?;
    // Looked at again under the lock: another process may have made the tables meanwhile.
    let found: i32 = pragma(&transaction, "user_version").map_err(translate)?;
    for (version, step) in STEPS.into_iter().filter(|(version, _)| *version > found) {
        transaction.execute_batch(step).map_err(translate)?;
        transaction.pragma_update(None, "user_version", version).map_err(translate)?;
    }
    if found == 0 {
        transaction.execute("INSERT INTO meta VALUES ('tenant', ?1)", [tenant]).map_err(translate)?;
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(translate)?;
    }
    let owner: Option<String> = transaction
        .query_row("SELECT value FROM meta WHERE name = 'tenant'", [], |row| row.get(0))
        .optional()
        .map_err(translate)?;
    transaction.commit().map_err(translate)?;
    match owner {
        Some(owner) if owner == tenant => Ok(connection),
        Some(found) => Err(OpenError::OtherTenant { path: path.into(), found }),
        None => Err(OpenError::Foreign(path.into())),
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// The file holds people's calendars: only its owner may read it.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
