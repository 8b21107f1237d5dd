//! What one run has on the host's side.

use std::sync::Arc;

use super::meter::Meter;
use super::observer::Observer;
use crate::clock::Clock;
use crate::http::HttpPolicy;
use crate::stop::Stop;
use crate::store::RunStorage;

/// Notes beyond this are dropped: a log is not a place to fill a disk from.
pub(super) const NOTES: u32 = 10_000;
/// Characters of one note.
pub(super) const NOTE_LENGTH: usize = 4000;
/// Journal entries that wait in memory for a commit, or for the end of a preview.
pub(super) const ENTRIES: usize = 200_000;

pub(super) struct Sandbox {
    pub(super) http: Arc<HttpPolicy>,
    pub(super) storage: Arc<RunStorage>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) meter: Meter,
    pub(super) stop: Stop,
    pub(super) notes: u32,
    /// The last error that the component noted: why it gave up, if it traps next.
    pub(super) complaint: Option<String>,
}
