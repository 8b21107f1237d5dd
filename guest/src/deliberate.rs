//! Deliberate faults: rules that the engine can be told to break, to see that somebody notices.
//!
//! An invariant that was never seen to fail may not be checked at all. So each rule below can be broken at run time, one
//! at a time and in one thread, and the simulation has to find it. The switch exists only with the feature
//! `deliberate-faults`, which nothing but the simulation asks for; without it [`Deliberate::on`] is `false` when the
//! engine is compiled, and nothing of a fault is left in it.

#[cfg(all(feature = "deliberate-faults", target_family = "wasm"))]
compile_error!("the component has no deliberate faults: build guest for wasm without the feature `deliberate-faults`");

macro_rules! faults {
    ($($case:ident, $code:literal, breaks $invariant:literal: $about:literal;)+) => {
        /// A rule that can be broken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Deliberate { $(#[doc = $about] $case),+ }

        #[cfg(feature = "deliberate-faults")]
        impl Deliberate {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),+];

            /// Its name.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$case => $code),+ }
            }

            /// What the engine does instead of keeping the rule.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$case => $about),+ }
            }

            /// The number of the invariant that it breaks, as ARCHITECTURE.md counts them.
            #[must_use]
            pub const fn breaks(self) -> u8 {
                match self { $(Self::$case => $invariant),+ }
            }
        }

        /// Stays in whatever is built with the feature, so that a look at the bytes tells.
        #[cfg(feature = "deliberate-faults")]
        #[used]
        static NAMES: &[u8] = concat!($($code, " "),+).as_bytes();
    };
}

faults! {
    CompareClocks, "compare-clocks", breaks 1: "A unit counts as changed if its item was modified after the last record.";
    NoCondition, "no-condition", breaks 1: "An update of an event does not name the version that was merged.";
    SwallowReread, "swallow-reread", breaks 1: "What a write reads back is in step, also in units that it did not write.";
    OverwriteUntold, "overwrite-untold", breaks 1: "A value that came between read and write is overwritten without a word.";
    LoserUntold, "loser-untold", breaks 1: "The value that loses a conflict is not told.";
    DropOwed, "drop-owed", breaks 1: "What failed, or waits for another direction, is not owed.";
    BaseFromSent, "base-from-sent", breaks 1: "The bases are what was sent, whatever came of the write.";
    DeletionBeatsEdit, "deletion-beats-edit", breaks 1: "A deletion takes an edit with it that was made meanwhile.";
    IgnoreMarker, "ignore-marker", breaks 2: "An item without a link is new, whatever its marker says.";
    ForgetNonce, "forget-nonce", breaks 2: "The nonce of an attempt to create is not written ahead.";
    NewTransaction, "new-transaction", breaks 2: "Each attempt to create has a transaction of its own, and those before it are forgotten.";
    WriteInStep, "write-in-step", breaks 3: "A pair that is looked at is written, also where nothing changed.";
    EchoIsEdit, "echo-is-edit", breaks 1: "A write does not move the base of the side it went to.";
    IgnoreInvitations, "ignore-invitations", breaks 4: "Writes that mail attendees are not held.";
    AbsenceIsDeletion, "absence-is-deletion", breaks 5: "An item that its calendar does not show any more is gone.";
    StreamOrder, "stream-order", breaks 5: "A removal counts in the order of the stream, before all calendars were read.";
    DoubtIsDeletion, "doubt-is-deletion", breaks 5: "An item that cannot be looked for is gone.";
    BelieveSilence, "believe-silence", breaks 5: "An activity that Creatio does not show once is gone, although it shows none.";
    GuardCountsNothing, "guard-counts-nothing", breaks 6: "The guard lets any number of removals through.";
    FailureEndsRun, "failure-ends-run", breaks 7: "An item that fails ends the run, and those after it are not looked at.";
    FolderEndsRun, "folder-ends-run", breaks 7: "A folder that cannot be read ends the run.";
    WriteAllUnits, "write-all-units", breaks 8: "If a unit of an item changed, those after it are written as well.";
    SkipWriteAhead, "skip-write-ahead", breaks 9: "Nothing is written ahead.";
    SkipSettle, "skip-settle", breaks 9: "What an interrupted run wrote ahead is not settled.";
    SettleUnseen, "settle-unseen", breaks 9: "What an interrupted run wrote ahead counts as written.";
    CursorFirst, "cursor-first", breaks 9: "The cursor of a feed is committed before what the page showed.";
    IgnoreRunKey, "ignore-run-key", breaks 10: "Commits are not guarded by the run key.";
}

#[cfg(feature = "deliberate-faults")]
std::thread_local! {
    static ON: std::cell::Cell<Option<Deliberate>> = const { std::cell::Cell::new(None) };
}

impl Deliberate {
    /// This rule is to be broken.
    #[cfg(not(feature = "deliberate-faults"))]
    #[inline]
    #[must_use]
    #[allow(clippy::unused_self, reason = "the same call with and without the feature")]
    pub const fn on(self) -> bool {
        false
    }

    /// This rule is to be broken, in this thread and for now.
    #[cfg(feature = "deliberate-faults")]
    #[must_use]
    pub fn on(self) -> bool {
        ON.get() == Some(self)
    }
}

/// Does some work in this thread with one rule broken, or none; whatever it was before is restored, also by a panic.
#[cfg(feature = "deliberate-faults")]
pub fn with<T>(fault: Option<Deliberate>, work: impl FnOnce() -> T) -> T {
    struct Before(Option<Deliberate>);
    impl Drop for Before {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _before = Before(ON.replace(fault));
    work()
}

#[cfg(all(test, feature = "deliberate-faults"))]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_on_only_where_it_was_asked_for() {
        let seen = with(Some(Deliberate::SkipSettle), || {
            let other = std::thread::spawn(|| Deliberate::SkipSettle.on()).join().expect("it ends");
            (Deliberate::SkipSettle.on(), Deliberate::DropOwed.on(), other)
        });
        assert_eq!(seen, (true, false, false));
        assert!(!Deliberate::SkipSettle.on());
    }
}
