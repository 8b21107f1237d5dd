//! One account and its choices, as read from the file.

/// Which folders to import from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folders {
    /// None.
    None,
    /// All that the mailbox owns and may write.
    All,
    /// These, by id or by name.
    Selected(Vec<String>),
}

/// Which activities to export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exported {
    /// None.
    None,
    /// All that the user can see.
    All,
    /// Those in these groups, by id or by name.
    Groups(Vec<String>),
}

/// Language of texts that reach items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

impl Language {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }
}

/// What serves an account's mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Microsoft 365.
    Microsoft,
    /// Exchange Server.
    Exchange,
    /// Whichever of the two has the mailbox when a run begins.
    Auto,
}

/// One user's mailbox with its Creatio user and the choices made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Stable for ever; the address where the file says nothing else.
    pub id: String,
    /// Address of the mailbox.
    pub mail: String,
    /// What serves it.
    pub mailbox: Service,
    /// Login name of the Creatio user.
    pub user: String,
    /// Time zone.
    pub time_zone: chrono_tz::Tz,
    /// Language of texts that reach items.
    pub language: Language,
    /// Whether a scheduler should run it by itself.
    pub automatic: bool,
    /// "Import activities starting from".
    pub import_from: Option<chrono::NaiveDate>,
    /// "Import meetings".
    pub import_meetings: Folders,
    /// "Import tasks".
    pub import_tasks: Folders,
    /// "Export activities".
    pub export: Exported,
    /// Calendar into which meetings are exported.
    pub meetings_to: Option<String>,
    /// Task folder into which tasks are exported.
    pub tasks_to: Option<String>,
    /// Policies by name and value.
    pub policies: Vec<(String, String)>,
}
