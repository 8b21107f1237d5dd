//! The published list of reasons: why an operation is done, held, failed, or an item left alone. A code never changes
//! its meaning; new ones may be added. `docs/reasons.md` says each in a sentence, with its remedy.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($name:ident $code:literal $text:literal $remedy:literal;)+) => {
        /// Why.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        // Brackets in a sentence are a section of the configuration and no link.
        #[allow(rustdoc::broken_intra_doc_links)]
        pub enum Reason {
            $(#[doc = $text] $name,)+
        }

        impl Reason {
            /// All of them, in the order of the published list.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// One sentence for a person.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What a person can do about it; empty where nothing needs doing.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

reasons! {
    NewInMailbox "new-in-mailbox" "The mailbox has an item that Creatio does not have." "";
    NewInCreatio "new-in-creatio" "Creatio has an activity that the mailbox does not have." "";
    ChangedInMailbox "changed-in-mailbox" "The item was changed in the mailbox." "";
    ChangedInCreatio "changed-in-creatio" "The activity was changed in Creatio." "";
    ConflictMailboxWins "conflict-mailbox-wins" "Both sides changed the same thing; the mailbox wins." "The other value is in this entry; write it again if it was the right one.";
    ConflictCreatioWins "conflict-creatio-wins" "Both sides changed the same thing; Creatio wins." "The other value is in this entry; write it again if it was the right one.";
    OrganizerWins "organizer-wins" "The meeting is somebody else's: its organizer's version replaces the change made in Creatio." "Ask the organizer to change the meeting.";
    PolicyChanged "policy-changed" "The account's policies or zone changed, and the activity is rewritten accordingly." "";
    SamePair "same-pair" "The activity and the item are the same: they were linked." "";
    AdoptedDifferent "adopted-different" "The activity and the item were linked although they differ; nothing was overwritten." "Change the side that is wrong; the change will reach the other one.";
    FilledEmpty "filled-empty" "One side had nothing here: the other one's value was filled in." "";
    DeletedInMailbox "deleted-in-mailbox" "The item was deleted in the mailbox." "";
    CancelledByOrganizer "cancelled-by-organizer" "The organizer cancelled the meeting." "";
    DeletedInCreatio "deleted-in-creatio" "The activity is gone in Creatio." "";
    UnlinkedNotOurs "unlinked-not-ours" "The activity is gone in Creatio; the item was not made by the sync and stays." "Set deleted-in-creatio = \"delete\" if such items should go too.";
    HandedOver "handed-over" "The activity is somebody else's now: the item that the sync had made leaves this mailbox." "";
    NotOwner "not-owner" "The item was deleted in this mailbox, and its activity belongs to somebody else: it stays." "Cancel the activity in Creatio, or let its owner do so.";
    EndedOrFinished "ended-or-finished" "One side is gone; what has ended or is finished is not touched." "";
    KeptByPolicy "kept-by-policy" "One side is gone; the policy keeps the other one." "";
    EditBeatsDeletion "edit-beats-deletion" "It was deleted on one side and changed on the other: the change wins and it is made anew." "";
    Returned "returned" "The item is back, and the activity with it." "";
    LateDouble "late-double" "An earlier attempt of ours landed late and made a second item; it is removed." "";
    WouldNotify "would-notify" "The change would send mail to the meeting's attendees." "Approve it, or set invitations = \"send\".";
    MailForbidden "mail-forbidden" "The change would send mail to the meeting's attendees, and the policy is to send none." "Change it in the mailbox, or set invitations = \"ask\".";
    NotesFromMailbox "notes-from-mailbox" "Notes of a meeting with attendees or an online meeting go from the mailbox to Creatio only." "Approve it, or set notes = \"both\".";
    JoinBlock "join-block" "The notes hold the block that joins the online meeting and are not overwritten." "Change the notes in the mailbox.";
    MaskedPrivate "masked-private" "The item is private: its texts are masked in Creatio, and changes of them are not written back." "Change it in the mailbox, or set private = \"copy\".";
    FolderReadOnly "folder-read-only" "The calendar or task list may not be written." "Ask for the right to write it, or choose another one.";
    FolderNotOwned "folder-not-owned" "The calendar or task list belongs to somebody else." "";
    FolderFlaggedMail "folder-flagged-mail" "The list shows flagged mail, which is no task." "";
    FolderUnreadable "folder-unreadable" "A calendar or task list could not be read; nothing in it counts as gone." "";
    GroupDynamic "group-dynamic" "The group is a search, and its members cannot be told exactly." "Choose another group.";
    UnknownOperation "unknown-operation" "An operation that was to be carried out is not intended any more." "Look at a new preview.";
    RemovalLimit "removal-limit" "So many removals at once look like a fault." "Look at the list, and approve it if it is right.";
    EmptiesFolder "empties-folder" "These removals would leave the calendar or task list empty." "Look at the list, and approve it if it is right.";
    RightsChanged "rights-changed" "Many activities vanished together: probably the rights in Creatio changed." "Check the rights of the Creatio user; approve the removals if they are right.";
    CreationLimit "creation-limit" "The first contact would create very many items." "Look at the preview, and approve it, or raise creation-limit.";
    Ambiguous "ambiguous" "Several items look the same, and none is certainly the counterpart." "Change or delete the duplicates.";
    ByInvitation "by-invitation" "The meeting comes into this mailbox by its organizer's invitation, not by the sync." "Where it does not come, ask the organizer to invite the mailbox's owner.";
    KindChanged "kind-changed" "\"Show in calendar\" was changed of an item that the sync did not make: it stays what it is in the mailbox." "Set \"show in calendar\" back, or make the item anew in the mailbox.";
    ShowInCalendar "show-in-calendar" "\"Show in calendar\" was changed in Creatio: the item becomes a task or a meeting." "";
    OtherDirection "other-direction" "It has to be written to the side that this run does not write." "Run sync, or the other direction.";
    SeriesNotHandled "series-not-handled" "Recurring meetings are not handled yet and are left alone." "";
    TasksUnavailable "tasks-unavailable" "The mailbox's task folders cannot be reached, so tasks are left alone." "Give the application the permission Tasks.ReadWrite.All, or set import-tasks = \"none\" and the policy export-tasks = no.";
    RecurringTask "recurring-task" "The task comes again: its days belong to its rule and are not written." "Change the day in the mailbox.";
    TaskDelegated "task-delegated" "The task was given to somebody else, or by somebody else and is not accepted yet: it is left alone." "Accept it in the mailbox, if it is yours.";
    PrivateSkipped "private-skipped" "Private items are skipped by policy." "";
    OutOfWindow "out-of-window" "It ended before the start date of the import." "";
    NotExported "not-exported" "It is not among what the settings export." "";
    LeftScope "left-scope" "It left the calendars, task lists or activities that the settings cover: it is not followed, and nothing is deleted." "";
    NoDates "no-dates" "It has no valid start and end." "Correct the dates.";
    NotOrganizer "not-organizer" "The meeting is somebody else's: it is not removed from this mailbox." "Decline it in the mailbox, or approve the removal.";
    DuplicateIdentity "duplicate-identity" "The same meeting is in the mailbox twice; one of them is synchronised." "Delete the copy.";
    MarkedOrphan "marked-orphan" "The sync made this item from an activity that is not there any more." "Delete the item, or keep it: it is left alone.";
    ChangedMeanwhile "changed-meanwhile" "It was changed while it was being written; it is merged anew." "";
    OverwroteUnseen "overwrote-unseen" "A change made moments before was overwritten." "The value is in this entry; write it again if it was the right one.";
    ServerNormalised "server-normalised" "The server keeps the value in its own form; that was accepted." "";
    UnknownOutcome "unknown-outcome" "The answer was lost: whether it was written is found out in the next run." "";
    Refused "refused" "The server refused it." "Correct what its words name; the next run tries again.";
    Unreadable "unreadable" "The item cannot be understood." "Open it where it is, correct what looks wrong and save it; the next run reads it again.";
    Absent "absent" "It cannot be found at the moment; removal waits for confirmation." "";
    Throttled "throttled" "The server asked to wait." "";
    NotPermitted "not-permitted" "The right is missing." "Grant the right.";
    LookupMissing "lookup-missing" "A value of a Creatio lookup that the sync needs is missing." "Restore it.";
    OneWay "one-way" "The settings never write to that side." "";
    FeedReset "feed-reset" "The server forgot how far the sync had read: everything was read anew." "";
    FeedListed "feed-listed" "The server does not tell what changes in the folder: all of it is listed and compared in each run." "";
    UnknownZone "unknown-zone" "An event names a time zone that is not known: its times are read in the account's." "Look whether its times are right, and set its time zone anew in the mailbox.";
    Undone "undone" "What a run did is taken back." "";
    ChangedSince "changed-since" "It is not what the sync wrote any more: it was changed since, and stays as it is." "Change it by hand if it should go back.";
    NotRestorable "not-restorable" "It was deleted and cannot be made again as it was." "Make it again by hand, or take it out of Deleted Items.";
    DecidedElsewhere "decided-elsewhere" "Another account's sync decides about this meeting." "Undo the run of that account.";
    LinkedStays "linked-stays" "The run linked what was there on both sides; nothing was written, and the links stay." "";
    NothingToUndo "nothing-to-undo" "There is nothing to undo." "";
    Renamed "renamed" "The mailbox has another address than before; it is the same account." "";
    GoneBeforeRestore "gone-before-restore" "The pair was restored, and one side of it is not there any more: the other one stays as it is." "Delete it by hand if it should go too.";
    MailboxMoved "mailbox-moved" "The mailbox has moved to another service: its pairs look for their items there." "";
    MovedTwins "moved-twins" "The mailbox has moved to another service, and several items look the same: which of them belongs to which activity cannot be told." "Delete what is there twice, in Creatio and in the mailbox; or give each another title or day on both sides.";
    LeftBehind "left-behind" "The mailbox has moved to another service, and the item was not found there." "If it turns up, the pair goes on by itself. Approve it if it is gone for good: what the sync had made is made anew, and anything else counts as deleted in the mailbox.";
    BuiltInSync "built-in-sync" "Creatio's own synchronization may serve the mailbox as well: each would double what the other writes." "Switch it off in Creatio, or set coexist = true.";
    Forgotten "forgotten" "The account is forgotten: what the sync left is taken back." "";
    OthersTakePart "others-take-part" "Others take part in it, so it stays." "Remove it by hand if it should go too.";
    LastCopy "last-copy" "Its counterpart is not there any more: this is the last copy, and it stays." "Remove it by hand if it should go too.";
    NotConfirmed "not-confirmed" "It was not among what was confirmed, so it stays." "Look at a new preview, and confirm that.";
    ForeignMark "foreign-mark" "The marker is another site's: it stays." "Forget the account of that site.";
    MarksRemain "marks-remain" "Markers of the sync remain, so the account's storage is kept." "Do what the warning says, and forget the account once more.";
    MailboxVanished "mailbox-vanished" "The mailbox is not there any more, so nothing can be taken back in it." "Should it come back, forget the account once more: that takes the markers off.";
    CreatioReached "creatio-reached" "Creatio answers, and the sign-in may use its data." "";
    CreatioUnreachable "creatio-unreachable" "Creatio cannot be reached." "Check [creatio] url and the network; an address with plain http or on a private network must stand in [network] allow.";
    CreatioRefused "creatio-refused" "Creatio answers with an error in place of data." "Look into Creatio's log or ask its administrator, and check again.";
    WebPage "web-page" "The answer is a web page and no data: a firewall's, a proxy's or a login's." "Let requests to the OData path through the firewall, or correct [creatio] url.";
    OdataElsewhere "odata-elsewhere" "OData is not at the path that [creatio] names, but at another one." "Put into [creatio] the line that stands here.";
    OdataMissing "odata-missing" "There is no OData service at this address." "Correct [creatio] url: it is what the browser shows before /0/ or /Shell/.";
    OdataRight "odata-right" "The sync's user has no right to use OData." "In Creatio's System Designer, Operation permissions, give it \"Access to OData\" (CanUseODataService).";
    SignInRefused "sign-in-refused" "The sign-in is refused." "";
    TokenRefused "token-refused" "Creatio does not accept what the Identity Service gave for the sign-in." "Is identity-url in [creatio] the Identity Service of this site, and is its OAuth application active?";
    ObjectUnreadable "object-unreadable" "The sync's user may not read an object of Creatio." "In Creatio's System Designer, Object permissions, let it read the object.";
    UserFound "user-found" "The account's user is active and has a contact." "";
    UserUnknown "user-unknown" "Creatio has no user of this name that the sync's user can see." "Correct user in [[account]]: it is the login name. If it is right, let the sync's user read SysAdminUnit.";
    UserInactive "user-inactive" "The account's user is not active in Creatio." "Activate the user, or take the account out of the configuration.";
    UserWithoutContact "user-without-contact" "The account's user has no contact in Creatio." "Give the user a contact: activities belong to contacts.";
    UserChanged "user-changed" "The user belongs to another contact than in the runs before." "A new person needs an account with a new id.";
    ActivitiesSeen "activities-seen" "Activities of the account's contact can be seen." "";
    ActivitiesUnseen "activities-unseen" "No activity can be seen that the account's contact owns." "Where there is none yet, this is well; else give the sync's user the right to read activities and their records.";
    LookupsFound "lookups-found" "The site has all values that the sync writes." "";
    BuiltInOff "built-in-off" "Creatio's own synchronization does not serve the mailbox." "";
    BuiltInUnread "built-in-unread" "Whether Creatio's own synchronization serves the mailbox cannot be read." "Make sure that it does not, or let the sync's user read MailboxSyncSettings and ActivitySyncSettings.";
    ClocksApart "clocks-apart" "The clocks of this machine and of the server are far apart." "Correct the one that is wrong.";
    MailboxReached "mailbox-reached" "The mailbox answers, and its calendars can be read." "";
    MailboxUnreachable "mailbox-unreachable" "Microsoft 365 cannot be reached." "Check the network, and graph-url in [microsoft] where it is set.";
    MailboxRefused "mailbox-refused" "Microsoft 365 answers with an error in place of data." "Check again later; if it stays, ask the administrator with the words of the answer.";
    MailboxUnknown "mailbox-unknown" "Microsoft 365 has no user of this address." "Correct mail in [[account]]: the user's sign-in name or main address.";
    MailboxMissing "mailbox-missing" "The user has no mailbox in Microsoft 365: there is no licence, or the mailbox is still on an Exchange Server." "Give the user a licence with Exchange Online, or migrate the mailbox; leave the account out until then.";
    MailboxWithheld "mailbox-withheld" "An access policy of Exchange keeps the application from this mailbox." "Add the mailbox to the policy's group. Test-ApplicationAccessPolicy shows what holds; a change may take an hour.";
    CalendarsRefused "calendars-refused" "The application may not read the calendars." "In Entra ID, App registrations, API permissions, add the application permission Calendars.ReadWrite and grant an administrator's consent.";
    ExchangeUnreachable "exchange-unreachable" "Exchange cannot be reached." "Check the network, and url in [exchange].";
    ExchangeRefused "exchange-refused" "Exchange answers with an error in place of data." "Check again later; if it stays, ask the administrator with the words of the answer.";
    ExchangePage "exchange-page" "The answer is a web page and no Exchange Web Services: a login's, a proxy's or a firewall's." "Correct url in [exchange]: it usually is https://mail.mycompany.com/EWS/Exchange.asmx. If it is right, let requests to it through the proxy.";
    ExchangeWithheld "exchange-withheld" "The sign-in may not open the mailbox by Exchange Web Services." "Sign in as the mailbox's own user, or with a service account that has the role ApplicationImpersonation; Get-CASMailbox must show EwsEnabled.";
    ImpersonationRefused "impersonation-refused" "The sign-in may not act for the account's user." "Give it the role: New-ManagementRoleAssignment -Role ApplicationImpersonation -User SIGN-IN. Where it is the mailbox's own user, set impersonate = false in [exchange].";
    ExchangeMailboxMissing "exchange-mailbox-missing" "Exchange has no mailbox of this address." "Correct mail in [[account]]: the mailbox's main address. If the mailbox is in Microsoft 365, set mailbox = \"microsoft\" there.";
    SignInWithoutMailbox "sign-in-without-mailbox" "The sign-in has no mailbox of its own, and is not told to act for the account's user." "Set impersonate = true in [exchange], or sign in as the mailbox's own user.";
    FolderUnwritable "folder-unwritable" "The sign-in may not write the folder that exports go to: they will be held." "Give it the right to create, edit and delete items there, or name another folder in meetings-to or tasks-to.";
    TasksReached "tasks-reached" "The task lists can be read." "";
    DirectoryUnread "directory-unread" "The application may not read users, so the mailbox is known by its calendars." "Grant User.Read.All if users may be renamed.";
    ZoneSame "zone-same" "The mailbox is in the account's time zone." "";
    ZoneDiffers "zone-differs" "The mailbox is in another time zone than the account." "Set time-zone to it if it is the user's: it decides on which day an all-day meeting is.";
    ZoneUnread "zone-unread" "The mailbox's time zone cannot be read, and was not compared with the account's." "Grant MailboxSettings.Read if it should be.";
    ChoiceMissing "choice-missing" "The settings choose something that is not there or cannot be used." "See what there is with host-runner discover, and change the choice.";
    MailboxTaken "mailbox-taken" "The mailbox is another account's, or not the one that it was." "One mailbox is one account: remove one of the two, or give the mailbox of a new person an account with a new id.";
    MailboxTwice "mailbox-twice" "Two accounts of the configuration lead to the same mailbox." "Keep one of them.";
    WritesUntried "writes-untried" "Whether both sides may be written was not tried." "host-runner check --probe tries it with one item on each side.";
    CreatioWritten "creatio-written" "An activity was made in Creatio, changed, read back and deleted." "";
    CreatioUnwritable "creatio-unwritable" "An activity cannot be written in Creatio." "In Object permissions, let the sync's user add, edit and delete Activity.";
    EventWritten "event-written" "An event was made in the calendar, changed, read back and deleted." "";
    EventUnwritable "event-unwritable" "An event cannot be written in the calendar." "Give the application the permission Calendars.ReadWrite with an administrator's consent.";
    TaskWritten "task-written" "A task was made in the task list, changed, read back and deleted." "";
    TaskUnwritable "task-unwritable" "A task cannot be written in the task list." "Give the application the permission Tasks.ReadWrite.All with an administrator's consent.";
    ExchangeUnwritable "exchange-unwritable" "A test item cannot be written in the mailbox." "Let the sign-in create, edit and delete items there: by ApplicationImpersonation, or by the folder's permissions.";
    ProbeLeft "probe-left" "A test item could not be deleted." "Delete it by hand; it is named here.";
    ProbeTimes "probe-times" "How do times come back?" "";
    ProbePatchMissing "probe-patch-missing" "What answers the change of a row that does not exist?" "";
    ProbePostExisting "probe-post-existing" "What answers a second creation with the same id?" "";
    ProbeClearLookup "probe-clear-lookup" "What empties a lookup?" "";
    ProbeClearDate "probe-clear-date" "What empties a date?" "";
    ProbeExpand "probe-expand" "Can collections be expanded?" "";
    ProbeAny "probe-any" "Can a filter ask a collection (any)?" "";
    ProbeLookupFilter "probe-lookup-filter" "Does a filter take a lookup's own column (OwnerId)?" "";
    ProbeParticipants "probe-participants" "Which participants does Creatio add by itself?" "";
    ProbeParticipantStamp "probe-participant-stamp" "Does the change of a participant move the activity's ModifiedOn?" "";
    ProbeLimits "probe-limits" "Did the site ask to wait, or answer with a page?" "";
    IdentityWrong "identity-wrong" "Creatio's Identity Service does not answer at this address." "Correct identity-url in [creatio]. In the cloud it is the site's name with -is behind it: https://mycompany-is.creatio.com.";
    LoginWrong "login-wrong" "The sign-in service does not answer at this address." "Check the network, and the address in the configuration.";
    ExchangeWrong "exchange-wrong" "Exchange does not answer at this address." "Check the network, and url in [exchange]: it usually is https://mail.mycompany.com/EWS/Exchange.asmx. With autodiscover = true in its place the server is looked for.";
    SignInAccepted "sign-in-accepted" "The sign-in is accepted." "";
    ConfigRead "config-read" "The configuration is read, and every secret that it points to was found." "";
    StorageOpened "storage-opened" "The storage can be used." "";
    NotTried "not-tried" "It could not be tried." "Mend what is told here, and check again.";
    Settled "settled" "What was held or had failed needs nothing any more." "";
}

impl Reason {
    /// What it holds can be carried out by a person's yes. The rest would break something that no yes mends.
    #[must_use]
    pub const fn approvable(self) -> bool {
        !matches!(
            self,
            Self::MailForbidden
                | Self::JoinBlock
                | Self::MaskedPrivate
                | Self::FolderReadOnly
                | Self::ByInvitation
                | Self::KindChanged
                | Self::RecurringTask
                | Self::MovedTwins
                | Self::DuplicateIdentity
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_the_serialised_form_and_stands_once() {
        let mut seen = std::collections::BTreeSet::new();
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_string(reason).expect("serialises"), format!("\"{}\"", reason.code()));
            assert!(seen.insert(reason.code()), "{} stands twice", reason.code());
        }
    }
}
