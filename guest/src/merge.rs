//! The decision for one unit of one pair, as a table. Pure: no clock takes part in telling who changed what, only the
//! digests of what each side held when the pair was last in step.

use crate::activity::SideId;
use crate::reason::Reason;

/// What is known of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The mailbox holds something else than its base.
    pub mailbox_changed: bool,
    /// Creatio holds something else than its base.
    pub creatio_changed: bool,
    /// It is seen otherwise since the account's zone was changed, and was not edited.
    pub creatio_unedited: bool,
    /// Each side already holds what the other one's value would become there.
    pub equal: bool,
    /// There is no base: the pair, or the unit, is new.
    pub unknown: bool,
    /// The mailbox holds nothing here.
    pub mailbox_empty: bool,
    /// Creatio holds nothing here.
    pub creatio_empty: bool,
}

/// What the settings and the item allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Who wins a conflict.
    pub winner: SideId,
    /// Some run may write to the mailbox.
    pub writes_mailbox: bool,
    /// Some run may write to Creatio.
    pub writes_creatio: bool,
    /// The unit belongs to the meeting's organizer, who is somebody else.
    pub foreign: bool,
    /// The base was taken under other policies: what the mailbox shows now may differ without an edit.
    pub policy_changed: bool,
}

/// What to do with one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: in step, or the settings do not want it.
    Nothing,
    /// Nothing to write: what both hold becomes their base.
    Rebase,
    /// As `Rebase`, although they differ: a pair that was linked as it is.
    RebaseDifferent,
    /// The value of this side goes to the other one.
    Take(SideId, Reason),
    /// As `Take`, and the other side's own change is lost; it is kept for the user.
    Conflict(SideId, Reason),
}

/// Decides.
#[must_use]
pub fn decide(facts: Facts, rules: Rules) -> Decision {
    use Decision::{Conflict, Nothing, Rebase, RebaseDifferent, Take};
    use SideId::{Creatio, Mailbox};
    let wanted = if facts.unknown {
        match (facts.equal, facts.mailbox_empty, facts.creatio_empty) {
            (true, ..) => Rebase,
            (false, false, true) => Take(Mailbox, Reason::FilledEmpty),
            (false, true, false) => Take(Creatio, Reason::FilledEmpty),
            (false, ..) => RebaseDifferent,
        }
    } else {
        //     mailbox              creatio                equal
        match (facts.mailbox_changed, facts.creatio_changed, facts.equal) {
            (false, false, _) => Nothing,
            (_, _, true) => Rebase,
            (_, true, false) if rules.policy_changed && facts.creatio_unedited => {
                let source = if rules.writes_creatio { Mailbox } else { Creatio };
                Take(source, Reason::PolicyChanged)
            }
            (true, false, false) if rules.policy_changed => Take(Mailbox, Reason::PolicyChanged),
            (true, false, false) => Take(Mailbox, Reason::ChangedInMailbox),
            (false, true, false) => Take(Creatio, Reason::ChangedInCreatio),
            (true, true, false) if rules.policy_changed => Conflict(Mailbox, Reason::PolicyChanged),
            (true, true, false) => match rules.winner {
                Mailbox => Conflict(Mailbox, Reason::ConflictMailboxWins),
                Creatio => Conflict(Creatio, Reason::ConflictCreatioWins),
            },
        }
    };
    allowed(wanted, facts, rules)
}

/// What of a decision the settings and the organizer allow.
fn allowed(wanted: Decision, facts: Facts, rules: Rules) -> Decision {
    use Decision::{Conflict, Nothing, RebaseDifferent, Take};
    use SideId::{Creatio, Mailbox};
    match wanted {
        // A pair that was just linked is not rewritten against its organizer.
        Take(Creatio, Reason::FilledEmpty) if rules.foreign || !rules.writes_mailbox => RebaseDifferent,
        Take(Mailbox, Reason::FilledEmpty) if !rules.writes_creatio => RebaseDifferent,
        Take(Creatio, _) | Conflict(Creatio, _) if rules.foreign => {
            if rules.writes_creatio {
                Conflict(Mailbox, Reason::OrganizerWins)
            } else {
                Nothing
            }
        }
        Take(Creatio, _) if !rules.writes_mailbox => Nothing,
        Take(Mailbox, _) if !rules.writes_creatio => Nothing,
        // A side that is never written cannot lose.
        Conflict(Creatio, _) if !rules.writes_mailbox => {
            if rules.writes_creatio {
                Conflict(Mailbox, Reason::ConflictMailboxWins)
            } else {
                Nothing
            }
        }
        Conflict(Mailbox, _) if !rules.writes_creatio => {
            if rules.writes_mailbox && !rules.foreign && facts.creatio_changed {
                Conflict(Creatio, Reason::ConflictCreatioWins)
            } else {
                Nothing
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Conflict, Nothing, Rebase, RebaseDifferent, Take};
    use SideId::{Creatio, Mailbox};

    const RULES: Rules =
        Rules { winner: Mailbox, writes_mailbox: true, writes_creatio: true, foreign: false, policy_changed: false };

    fn facts(mailbox_changed: bool, creatio_changed: bool, equal: bool) -> Facts {
        Facts {
            mailbox_changed,
            creatio_changed,
            creatio_unedited: false,
            equal,
            unknown: false,
            mailbox_empty: false,
            creatio_empty: false,
        }
    }

    #[test]
    fn the_table_of_a_pair_with_bases() {
        assert_eq!(decide(facts(false, false, false), RULES), Nothing);
        assert_eq!(decide(facts(true, false, false), RULES), Take(Mailbox, Reason::ChangedInMailbox));
        assert_eq!(decide(facts(false, true, false), RULES), Take(Creatio, Reason::ChangedInCreatio));
        assert_eq!(decide(facts(true, true, true), RULES), Rebase);
        assert_eq!(decide(facts(true, false, true), RULES), Rebase);
        assert_eq!(decide(facts(true, true, false), RULES), Conflict(Mailbox, Reason::ConflictMailboxWins));
        let creatio = Rules { winner: Creatio, ..RULES };
        assert_eq!(decide(facts(true, true, false), creatio), Conflict(Creatio, Reason::ConflictCreatioWins));
    }

    #[test]
    fn a_new_pair_overwrites_nothing() {
        let new = |mailbox_empty, creatio_empty, equal| Facts {
            unknown: true,
            mailbox_empty,
            creatio_empty,
            ..facts(true, true, equal)
        };
        assert_eq!(decide(new(false, false, true), RULES), Rebase);
        assert_eq!(decide(new(false, false, false), RULES), RebaseDifferent);
        assert_eq!(decide(new(false, true, false), RULES), Take(Mailbox, Reason::FilledEmpty));
        assert_eq!(decide(new(true, false, false), RULES), Take(Creatio, Reason::FilledEmpty));
        assert_eq!(decide(new(true, false, false), Rules { foreign: true, ..RULES }), RebaseDifferent);
    }

    #[test]
    fn the_organizer_of_a_meeting_wins() {
        let foreign = Rules { foreign: true, winner: Creatio, ..RULES };
        assert_eq!(decide(facts(false, true, false), foreign), Conflict(Mailbox, Reason::OrganizerWins));
        assert_eq!(decide(facts(true, true, false), foreign), Conflict(Mailbox, Reason::OrganizerWins));
        assert_eq!(decide(facts(true, false, false), foreign), Take(Mailbox, Reason::ChangedInMailbox));
    }

    #[test]
    fn a_side_that_is_never_written_cannot_lose() {
        let import_only = Rules { writes_mailbox: false, winner: Creatio, ..RULES };
        assert_eq!(decide(facts(true, true, false), import_only), Conflict(Mailbox, Reason::ConflictMailboxWins));
        assert_eq!(decide(facts(false, true, false), import_only), Nothing);
        let export_only = Rules { writes_creatio: false, ..RULES };
        assert_eq!(decide(facts(true, true, false), export_only), Conflict(Creatio, Reason::ConflictCreatioWins));
        assert_eq!(decide(facts(true, false, false), export_only), Nothing);
    }

    #[test]
    fn a_changed_policy_is_neither_edit_nor_conflict_of_the_users() {
        let changed = Rules { policy_changed: true, winner: Creatio, ..RULES };
        assert_eq!(decide(facts(true, false, false), changed), Take(Mailbox, Reason::PolicyChanged));
        assert_eq!(decide(facts(true, true, false), changed), Conflict(Mailbox, Reason::PolicyChanged));
        let unedited = Facts { creatio_unedited: true, ..facts(false, true, false) };
        assert_eq!(decide(unedited, changed), Take(Mailbox, Reason::PolicyChanged));
        let export_only = Rules { writes_creatio: false, ..changed };
        assert_eq!(decide(unedited, export_only), Take(Creatio, Reason::PolicyChanged));
    }

    #[test]
    fn no_decision_writes_to_a_side_that_is_never_written() {
        for bits in 0..(1_u32 << 12) {
            let bit = |at: u32| bits & (1 << at) != 0;
            let facts = Facts {
                mailbox_changed: bit(0),
                creatio_changed: bit(1),
                creatio_unedited: bit(11),
                equal: bit(2),
                unknown: bit(3),
                mailbox_empty: bit(4),
                creatio_empty: bit(5),
            };
            let rules = Rules {
                winner: if bit(6) { Mailbox } else { Creatio },
                writes_mailbox: bit(7),
                writes_creatio: bit(8),
                foreign: bit(9),
                policy_changed: bit(10),
            };
            match decide(facts, rules) {
                Take(Mailbox, _) | Conflict(Mailbox, _) => assert!(rules.writes_creatio, "{facts:?} {rules:?}"),
                Take(Creatio, _) | Conflict(Creatio, _) => {
                    assert!(rules.writes_mailbox && !rules.foreign, "{facts:?} {rules:?}");
                }
                Nothing | Rebase | RebaseDifferent => {}
            }
        }
    }
}
