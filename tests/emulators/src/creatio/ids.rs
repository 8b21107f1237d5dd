//! Well-known rows of the Creatio data model, by their real identifiers.

use uuid::{Uuid, uuid};

/// Rows of `ActivityType`.
pub mod activity_type {
    use super::{Uuid, uuid};
    /// Task, the default.
    pub const TASK: Uuid = uuid!("fbe0acdc-cfc0-df11-b00f-001d60e938c6");
    /// Call.
    pub const CALL: Uuid = uuid!("e1831dec-cfc0-df11-b00f-001d60e938c6");
    /// An e-mail is an activity as well.
    pub const EMAIL: Uuid = uuid!("e2831dec-cfc0-df11-b00f-001d60e938c6");
    /// Visit.
    pub const VISIT: Uuid = uuid!("e3831dec-cfc0-df11-b00f-001d60e938c6");
}

/// Rows of `ActivityCategory`.
pub mod activity_category {
    use super::{Uuid, uuid};
    /// To do, the default.
    pub const TO_DO: Uuid = uuid!("f51c4643-58e6-df11-971b-001d60e938c6");
    /// Meeting.
    pub const MEETING: Uuid = uuid!("42c74c49-58e6-df11-971b-001d60e938c6");
    /// Paperwork.
    pub const PAPERWORK: Uuid = uuid!("2365ae4f-58e6-df11-971b-001d60e938c6");
    /// A call planned as a task.
    pub const CALL_TASK: Uuid = uuid!("03df85bf-6b19-4dea-8463-d5d49b80bb28");
    /// Call.
    pub const CALL: Uuid = uuid!("e52bd583-7825-e011-8165-00155d043204");
    /// E-mail.
    pub const EMAIL: Uuid = uuid!("8038a396-7825-e011-8165-00155d043204");
}

/// Rows of `ActivityStatus`.
pub mod activity_status {
    use super::{Uuid, uuid};
    /// Not started, the default.
    pub const NOT_STARTED: Uuid = uuid!("384d4b84-58e6-df11-971b-001d60e938c6");
    /// In progress.
    pub const IN_PROGRESS: Uuid = uuid!("394d4b84-58e6-df11-971b-001d60e938c6");
    /// Completed: final.
    pub const COMPLETED: Uuid = uuid!("4bdbb88f-58e6-df11-971b-001d60e938c6");
    /// Canceled: final.
    pub const CANCELED: Uuid = uuid!("201cfba8-58e6-df11-971b-001d60e938c6");
}

/// Rows of `ActivityPriority`.
pub mod activity_priority {
    use super::{Uuid, uuid};
    /// Medium, the default.
    pub const MEDIUM: Uuid = uuid!("ab96fa02-7fe6-df11-971b-001d60e938c6");
    /// High.
    pub const HIGH: Uuid = uuid!("d625a9fc-7ee6-df11-971b-001d60e938c6");
    /// Low.
    pub const LOW: Uuid = uuid!("ac96fa02-7fe6-df11-971b-001d60e938c6");
}

/// Rows of `ActivityParticipantRole`.
pub mod participant_role {
    use super::{Uuid, uuid};
    /// Participant, the default.
    pub const PARTICIPANT: Uuid = uuid!("1a8324e8-a6e1-df11-971b-001d60e938c6");
    /// Responsible: the owner.
    pub const RESPONSIBLE: Uuid = uuid!("53fc4a92-b0ea-e111-96c4-00165d094c12");
    /// From, of an e-mail.
    pub const FROM: Uuid = uuid!("6a6390c4-a6e1-df11-971b-001d60e938c6");
    /// To, of an e-mail.
    pub const TO: Uuid = uuid!("3a6893ce-a6e1-df11-971b-001d60e938c6");
    /// CC, of an e-mail.
    pub const CC: Uuid = uuid!("3c6893ce-a6e1-df11-971b-001d60e938c6");
    /// BCC, of an e-mail.
    pub const BCC: Uuid = uuid!("ba1a7add-a6e1-df11-971b-001d60e938c6");
    /// Optional participant. The real identifier is not published, only the code `OptionalParticipant`: a client has
    /// to resolve the code, and cannot know this one.
    pub const OPTIONAL: Uuid = uuid!("9a3c7f60-5d2e-4b58-9d5e-0a6f4a1c2e77");
}

/// Rows of `ParticipantResponse`.
pub mod participant_response {
    use super::{Uuid, uuid};
    /// Confirmed.
    pub const CONFIRMED: Uuid = uuid!("7098c892-34e3-4a3e-af08-c1a139f63220");
    /// Declined.
    pub const DECLINED: Uuid = uuid!("cc256758-4051-4021-9c51-216e37635c46");
    /// In doubt; also what a participant who has not answered has.
    pub const IN_DOUBT: Uuid = uuid!("50e89724-522d-446e-be91-12548b8c834d");
}

/// Rows of `ActivityResult`.
pub mod activity_result {
    use super::{Uuid, uuid};
    /// Completed.
    pub const COMPLETED: Uuid = uuid!("632afdd2-f616-4ea6-87d2-8ed38eed8aff");
    /// Canceled.
    pub const CANCELED: Uuid = uuid!("fc7d2e5e-f36b-1410-6698-00155d043204");
}

/// Rows of `CommunicationType`.
pub mod communication_type {
    use super::{Uuid, uuid};
    /// E-mail address.
    pub const EMAIL: Uuid = uuid!("ee1c85c3-cfcb-df11-9b2a-001d60e938c6");
    /// Mobile phone.
    pub const MOBILE: Uuid = uuid!("d4a2dc80-30ca-df11-9b2a-001d60e938c6");
}

/// Rows of `MailServerType` and `MailSyncPeriod`.
pub mod mail {
    use super::{Uuid, uuid};
    /// Mail server of type Exchange.
    pub const EXCHANGE: Uuid = uuid!("3490bd45-4f4d-4613-aa06-454546f3342a");
    /// Mail server of type IMAP.
    pub const IMAP: Uuid = uuid!("844f0837-eaa0-4f40-b965-71f5db9eae6e");
    /// Synchronise one week, the default.
    pub const WEEK: Uuid = uuid!("2d480351-94b7-4cad-b02f-885730c7eb3e");
}

/// Rows of `FolderType`.
pub mod folder_type {
    use super::{Uuid, uuid};
    /// Static: members stand in `ActivityInFolder`.
    pub const GENERAL: Uuid = uuid!("9dc5f6e6-2a61-4de8-a059-de30f4e74f24");
    /// Dynamic: members are found by a stored filter.
    pub const DYNAMIC: Uuid = uuid!("65ca0946-0084-4874-b117-c13199af3b95");
    /// A folder of a mailbox, which holds e-mails. The real identifier is not published: a client cannot know this one.
    pub const MAILBOX: Uuid = uuid!("3f0f1f5e-3c9b-4a86-a2a5-9d6c1f7e0b42");
}

/// Identifiers of this emulator's own rows are derived from a text, so that a world is the same in every run.
#[must_use]
pub fn derived(text: &str) -> Uuid {
    Uuid::new_v5(&uuid!("0d3a1c52-7a0b-5c63-9a5f-6a9f3a5b7c11"), text.as_bytes())
}
