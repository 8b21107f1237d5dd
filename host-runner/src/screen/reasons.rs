//! Codes of reasons, in words: a sentence and, where a person can do something, what. A code that is not here is shown as
//! it is: a newer component may know more.

/// What a code means, and what to do.
#[must_use]
pub fn sentence(code: &str) -> String {
    match TABLE.iter().find(|(known, ..)| *known == code) {
        None => code.to_owned(),
        Some((_, text, "")) => (*text).to_owned(),
        Some((_, text, remedy)) => format!("{text} {remedy}"),
    }
}

#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    ("new-in-mailbox", "The mailbox has a meeting that Creatio does not have.", ""),
    ("new-in-creatio", "Creatio has an activity that the mailbox does not have.", ""),
    ("changed-in-mailbox", "The item was changed in the mailbox.", ""),
    ("changed-in-creatio", "The activity was changed in Creatio.", ""),
    ("conflict-mailbox-wins", "Both sides changed the same thing; the mailbox wins.", "The other value is in this entry; write it again if it was the right one."),
    ("conflict-creatio-wins", "Both sides changed the same thing; Creatio wins.", "The other value is in this entry; write it again if it was the right one."),
    ("organizer-wins", "The meeting is somebody else's: its organizer's version replaces the change made in Creatio.", "Ask the organizer to change the meeting."),
    ("policy-changed", "The account's policies or zone changed, and the activity is rewritten accordingly.", ""),
    ("same-pair", "The activity and the item are the same meeting: they were linked.", ""),
    ("adopted-different", "The activity and the item were linked although they differ; nothing was overwritten.", "Change the side that is wrong; the change will reach the other one."),
    ("filled-empty", "One side had nothing here: the other one's value was filled in.", ""),
    ("deleted-in-mailbox", "The item was deleted in the mailbox.", ""),
    ("cancelled-by-organizer", "The organizer cancelled the meeting.", ""),
    ("deleted-in-creatio", "The activity is gone in Creatio.", ""),
    ("unlinked-not-ours", "The activity is gone in Creatio; the item was not made by the sync and stays.", "Set deleted-in-creatio = \"delete\" if such items should go too."),
    ("ended-or-finished", "One side is gone; what has ended or is finished is not touched.", ""),
    ("kept-by-policy", "One side is gone; the policy keeps the other one.", ""),
    ("edit-beats-deletion", "It was deleted on one side and changed on the other: the change wins and it is made anew.", ""),
    ("returned", "The item is back, and the activity with it.", ""),
    ("late-double", "An earlier attempt of ours landed late and made a second item; it is removed.", ""),
    ("would-notify", "The change would send mail to the meeting's attendees.", "Approve it, or set invitations = \"send\"."),
    ("notes-from-mailbox", "Notes of a meeting with attendees or an online meeting go from the mailbox to Creatio only.", "Approve it, or set notes = \"both\"."),
    ("join-block", "The notes hold the block that joins the online meeting and are not overwritten.", "Change the notes in the mailbox."),
    ("masked-private", "The item is private: its texts are masked in Creatio, and changes of them are not written back.", ""),
    ("folder-read-only", "The calendar may not be written.", "Ask for the right to write it, or choose another calendar."),
    ("folder-not-owned", "The calendar belongs to somebody else.", ""),
    ("removal-limit", "So many removals at once look like a fault.", "Look at the list, and approve it if it is right."),
    ("empties-folder", "These removals would leave the calendar empty.", "Look at the list, and approve it if it is right."),
    ("rights-changed", "Many activities vanished together: probably the rights in Creatio changed.", "Check the rights of the Creatio user; approve the removals if they are right."),
    ("creation-limit", "The first contact would create very many items.", "Look at the preview, and approve it, or raise creation-limit."),
    ("ambiguous", "Several items look the same, and none is certainly the counterpart.", "Change or delete the duplicates."),
    ("by-invitation", "The meeting comes into this mailbox by its organizer's invitation, not by the sync.", ""),
    ("kind-changed", "\"Show in calendar\" was changed of an item that the sync did not make: it stays what it is in the mailbox.", "Set \"show in calendar\" back, or make the item anew in the mailbox."),
    ("other-direction", "It has to be written to the side that this run does not write.", "Run sync, or the other direction."),
    ("series-not-handled", "Recurring meetings are not handled yet and are left alone.", ""),
    ("tasks-unavailable", "The mailbox's task folders cannot be reached, so tasks are left alone.", "Give the application the permission Tasks.ReadWrite.All, or set import-tasks = \"none\" and the policy export-tasks = no."),
    ("recurring-task", "The task comes again: its days belong to its rule and are not written.", "Change the day in the mailbox."),
    ("folder-flagged-mail", "The list shows flagged mail, which is no task.", ""),
    ("show-in-calendar", "\"Show in calendar\" was changed in Creatio: the item becomes a task or a meeting.", ""),
    ("private-skipped", "Private items are skipped by policy.", ""),
    ("out-of-window", "It ended before the start date of the import.", ""),
    ("not-exported", "It is not among what the settings export.", ""),
    ("left-scope", "It left the calendars or activities that the settings cover: it is not followed, and nothing is deleted.", ""),
    ("no-dates", "It has no valid start and end.", "Correct the dates."),
    ("not-organizer", "The meeting is somebody else's: it is not removed from this mailbox.", "Decline it in the mailbox, or approve the removal."),
    ("duplicate-identity", "The same meeting is in the mailbox twice; one of them is synchronised.", "Delete the copy."),
    ("marked-orphan", "The sync made this item from an activity that is not there any more.", "Delete the item, or keep it: it is left alone."),
    ("changed-meanwhile", "It was changed while it was being written; it is merged anew.", ""),
    ("overwrote-unseen", "A change made moments before was overwritten.", "The value is in this entry; write it again if it was the right one."),
    ("server-normalised", "The server keeps the value in its own form; that was accepted.", ""),
    ("unknown-outcome", "The answer was lost: whether it was written is found out in the next run.", ""),
    ("refused", "The server refused it.", ""),
    ("unreadable", "The item cannot be understood.", ""),
    ("absent", "It cannot be found at the moment; removal waits for confirmation.", ""),
    ("throttled", "The server asked to wait.", ""),
    ("not-permitted", "The right is missing.", "Grant the right."),
    ("lookup-missing", "A value of a Creatio lookup that the sync needs is missing.", "Restore it."),
    ("one-way", "The settings never write to that side.", ""),
    ("feed-reset", "The server forgot how far the sync had read: everything was read anew.", ""),
    ("undone", "What a run did is taken back.", ""),
    ("changed-since", "It is not what the run wrote any more: it was changed since, and stays as it is.", "Change it by hand if it should go back."),
    ("not-restorable", "It was deleted and cannot be made again as it was.", "Make it again by hand, or take it out of Deleted Items."),
    ("decided-elsewhere", "Another account's sync decides about this meeting.", "Undo the run of that account."),
    ("linked-stays", "The run linked what was there on both sides; nothing was written, and the links stay.", ""),
    ("nothing-to-undo", "There is nothing to undo.", ""),
    ("gone-before-restore", "The pair was restored, and one side of it is not there any more: the other one stays as it is.", "Delete it by hand if it should go too."),
    ("renamed", "The mailbox has another address than before; it is the same account.", ""),
    ("settled", "What was held or had failed needs nothing any more.", ""),
    ("folder-unreadable", "A calendar could not be read; nothing in it counts as gone.", ""),
    ("unknown-operation", "An operation that was to be carried out is not intended any more.", "Look at a new preview."),
    ("mail-forbidden", "The change would send mail to the meeting's attendees, and the policy is to send none.", "Change it in the mailbox, or set invitations = \"ask\"."),
    ("folder-flagged-mail", "The list shows flagged e-mail, not tasks.", ""),
    ("group-dynamic", "The group is a search, and its members cannot be told exactly.", "Choose another group."),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The component's own list, read as text: the tool must not depend on the engine.
    const PUBLISHED: &str = include_str!("../../../guest/src/reason.rs");

    #[test]
    fn every_reason_of_the_component_has_its_words() {
        let rows = PUBLISHED.lines().filter_map(|line| {
            let (name, rest) = line.trim().split_once(" \"")?;
            let published = name.chars().all(char::is_alphanumeric) && rest.ends_with("\";");
            published.then(|| rest.split_once('"').unwrap().0)
        });
        let missing: Vec<&str> = rows.filter(|code| !TABLE.iter().any(|(known, ..)| known == code)).collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(sentence("something-new"), "something-new");
        assert!(sentence("would-notify").ends_with("Approve it, or set invitations = \"send\"."));
    }
}
