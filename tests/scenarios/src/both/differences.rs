//! What ends differently in Creatio, and what is about Graph alone. docs/exchange.md has the same lists, and a test holds
//! the two together.

/// A scenario that ends differently.
#[derive(Debug)]
pub struct Different {
    /// The scenario.
    pub scenario: &'static str,
    /// What the documentation calls the matter.
    pub matter: &'static str,
    /// What differs, each with the number of its world: on Microsoft 365 / on Exchange.
    pub lines: &'static [&'static str],
}

/// A scenario that is about Graph alone.
#[derive(Debug)]
pub struct Alone {
    /// The scenario.
    pub scenario: &'static str,
    /// Why.
    pub why: &'static str,
}

/// All that end differently.
pub const DIFFERENT: &[Different] = &[
    Different {
        scenario: "deletions::a_meeting_that_a_guest_deleted_first_lives_on_once_its_organizers_account_knows_of_it",
        matter: "the reminder on a colleague's copy of a meeting",
        lines: &[
            r#"0 Activity "Planning": RemindToOwner: true / nothing, RemindToOwnerDate: "2026-12-05T19:45:00Z" / nothing"#,
        ],
    },
    Different {
        scenario: "edits::notes_that_a_server_keeps_in_its_own_form_are_quiet",
        matter: "white space at the beginning of notes from the mailbox",
        lines: &[
            r#"0 Activity "Mailbox 4": Notes: "Tabs\tand hard spaces" / "\tTabs\tand hard spaces""#,
            r#"0 Activity "Mailbox 5": Notes: "indented\n - list\n   - deeper" / "   indented\n - list\n   - deeper""#,
        ],
    },
    Different {
        scenario: "first_contact::a_meeting_in_two_mailboxes_of_the_tenant_is_one_activity",
        matter: "the reminder on a colleague's copy of a meeting",
        lines: &[
            r#"1 Activity "Renamed": RemindToOwner: true / nothing, RemindToOwnerDate: "2026-11-24T13:45:00Z" / nothing"#,
        ],
    },
    Different {
        scenario: "tasks::a_day_never_drifts_whichever_zone_the_account_and_its_clients_have",
        matter: "the day of a task that was written more than half a day away from the account's zone",
        lines: &[
            r#"3 Activity "Local 4": DueDate: "2026-11-24T21:30:00Z" / "2026-11-25T21:30:00Z", StartDate: "2026-11-24T21:00:00Z" / "2026-11-25T21:00:00Z""#,
        ],
    },
    Different {
        scenario: "tasks::a_recurring_task_keeps_its_rule_and_its_next_one_is_imported_once",
        matter: "a task of a series that is done",
        lines: &[
            r#"0 Activity "Water the plants": DueDate: "2026-11-26T06:30:00Z" / "2026-11-25T06:30:00Z", StartDate: "2026-11-26T06:00:00Z" / "2026-11-25T06:00:00Z", StatusId: "ActivityStatus \"Not started\"" / "ActivityStatus \"Completed\"""#,
            r#"0 Activity "Water the plants": DueDate: "2026-11-30T10:30:00Z" / "2026-11-26T10:30:00Z", StartDate: "2026-11-30T10:00:00Z" / "2026-11-26T10:00:00Z", StatusId: "ActivityStatus \"Completed\"" / "ActivityStatus \"Not started\"""#,
        ],
    },
];

/// All that are about Graph alone.
pub const ALONE: &[Alone] = &[
    Alone {
        scenario: "deletions::a_bad_listing_of_the_calendar_removes_nothing",
        why: "listings of Graph that were cut",
    },
    Alone {
        scenario: "deletions::a_mailbox_that_refuses_or_is_gone_removes_nothing",
        why: "how Graph refuses a mailbox",
    },
    Alone { scenario: "deletions::an_item_that_cannot_be_looked_for_is_not_gone", why: "a part of a batch that fails" },
    Alone {
        scenario: "first_contact::calendars_of_others_and_read_only_ones_are_not_part_of_all",
        why: "a colleague's calendar is no folder of an Exchange mailbox",
    },
    Alone {
        scenario: "forget::while_a_folder_cannot_be_read_the_storage_stays_and_the_report_says_which",
        why: "paths and parts of Graph that fail",
    },
    Alone {
        scenario: "forget::an_account_whose_mailbox_is_gone_is_forgotten_and_what_stays_is_told",
        why: "what Graph says of a mailbox that is gone",
    },
    Alone {
        scenario: "forget::a_404_of_a_proxy_is_no_mailbox_that_is_gone",
        why: "the fault is one of Graph's address",
    },
    Alone {
        scenario: "identity::a_renamed_user_is_the_same_account_although_the_accounts_id_is_the_address",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::a_renamed_user_is_the_same_account_under_an_id_of_its_own",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::a_rename_there_and_back_is_two_renames",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::a_renamed_users_items_are_found_by_their_markers_after_lost_storage",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::another_mailbox_behind_the_address_is_noticed_before_anything_is_written",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::another_mailbox_is_noticed_without_the_right_to_read_users",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "identity::without_the_right_to_read_users_a_renamed_one_needs_the_accounts_id",
        why: "users in the directory of Microsoft 365",
    },
    Alone {
        scenario: "lists::a_list_whose_changes_are_not_told_is_listed_and_compared",
        why: "To Do may refuse to tell changes",
    },
    Alone {
        scenario: "lists::a_listing_that_was_cut_short_or_is_empty_removes_nothing",
        why: "To Do may refuse to tell changes",
    },
    Alone {
        scenario: "lists::a_list_is_read_by_its_changes_again_once_the_service_tells_them",
        why: "To Do may refuse to tell changes",
    },
    Alone {
        scenario: "lists::a_crash_anywhere_while_tasks_move_come_and_go_ends_as_if_there_was_none",
        why: "To Do may refuse to tell changes",
    },
    Alone {
        scenario: "lists::idle_runs_with_task_lists_cost_a_request_for_each_list_whether_changes_are_told_or_not",
        why: "To Do may refuse to tell changes",
    },
    Alone {
        scenario: "policies::the_block_that_joins_an_online_meeting_stays_whatever_the_policies_say",
        why: "the emulated Exchange has no online meetings",
    },
    Alone {
        scenario: "private::a_zone_that_is_not_known_is_told_and_stops_nothing",
        why: "Exchange gives instants, whatever zone an appointment names",
    },
    Alone {
        scenario: "tasks::only_lists_that_the_user_owns_are_imported_and_flagged_mail_is_none",
        why: "lists of colleagues and of flagged mail",
    },
    Alone {
        scenario: "tasks::without_the_permission_for_tasks_calendars_go_on_and_a_warning_says_what_to_do",
        why: "tasks are no permission of their own on Exchange",
    },
];
