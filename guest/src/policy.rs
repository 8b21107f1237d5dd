//! The policies: what a user or an administrator decides once about everything that is synchronised. Each has a name, a
//! few values and a default; `docs/policies.md` lists them.

use serde::Serialize;
use std::collections::BTreeSet;

/// Policies that an account may name: several times as many as there are.
const MOST: usize = 100;

macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$case_about:meta])* $case:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum $name { $($(#[$case_about])* $case),+ }

        impl $name {
            const VALUES: &'static [(&'static str, Self)] = &[$(($text, Self::$case)),+];

            fn parse(text: &str) -> Result<Self, String> {
                Self::VALUES.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
                    let known: Vec<&str> = Self::VALUES.iter().map(|(name, _)| *name).collect();
                    format!("is \"{text}\", but must be one of {}", known.join(", "))
                })
            }
        }
    };
}

choice! {
    /// Who wins where both sides changed the same unit.
    Conflicts {
        /// The later change, where both stamps can be trusted.
        NewestWins = "newest-wins",
        /// Creatio.
        CreatioWins = "creatio-wins",
        /// The mailbox.
        MailboxWins = "mailbox-wins",
    }
}
choice! {
    /// Who wins where `newest-wins` cannot tell.
    ConflictTie {
        /// The mailbox.
        Mailbox = "mailbox",
        /// Creatio.
        Creatio = "creatio",
    }
}
choice! {
    /// What becomes of private items.
    Private {
        /// Imported with their times only.
        Mask = "mask",
        /// Not imported.
        Skip = "skip",
        /// Imported like any other.
        Copy = "copy",
    }
}
choice! {
    /// What becomes of a write that would mail attendees.
    Invitations {
        /// Held, and approved one by one.
        Ask = "ask",
        /// Held, and said to be so.
        Never = "never",
        /// Written.
        Send = "send",
    }
}
choice! {
    /// Which way notes of a meeting with attendees go.
    Notes {
        /// From the mailbox to Creatio.
        FromMailbox = "from-mailbox",
        /// Both ways.
        Both = "both",
    }
}
choice! {
    /// What becomes of the activity when its item was deleted in the mailbox.
    DeletedInMailbox {
        /// Its status becomes "Canceled".
        Cancel = "cancel",
        /// It is deleted.
        Delete = "delete",
        /// It stays.
        Keep = "keep",
    }
}
choice! {
    /// What becomes of the item when its activity was deleted in Creatio.
    DeletedInCreatio {
        /// One that the sync made goes to Deleted Items, any other stays.
        DeleteOurs = "delete-ours",
        /// It goes to Deleted Items.
        Delete = "delete",
        /// It stays.
        Keep = "keep",
    }
}

choice! {
    /// Whether activities that are not shown in the calendar are exported as tasks.
    ExportTasks {
        /// They are.
        Yes = "yes",
        /// Only meetings are exported.
        No = "no",
    }
}

choice! {
    /// Whether the sync runs beside Creatio's own.
    Coexist {
        /// It refuses to.
        No = "no",
        /// It does.
        Yes = "yes",
    }
}

choice! {
    /// Whether requests to Exchange are a service account's, which acts for the mailbox's user.
    Impersonation {
        /// The sign-in is the user's own.
        No = "no",
        /// It is a service account's.
        Yes = "yes",
    }
}

/// The policies of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policies {
    /// `conflicts`.
    pub conflicts: Conflicts,
    /// `conflict-tie`.
    pub conflict_tie: ConflictTie,
    /// `private`.
    pub private: Private,
    /// `invitations`.
    pub invitations: Invitations,
    /// `notes`.
    pub notes: Notes,
    /// `deleted-in-mailbox`.
    pub deleted_in_mailbox: DeletedInMailbox,
    /// `deleted-in-creatio`.
    pub deleted_in_creatio: DeletedInCreatio,
    /// `export-tasks`.
    pub export_tasks: ExportTasks,
    /// `creation-limit`: how many items a first contact may create without asking.
    pub creation_limit: u32,
    /// `absence-minutes`: how long an activity must be missing before it counts as gone.
    pub absence_minutes: u32,
    /// `place-column`: the column of Activity that holds the place; empty where the site has none.
    pub place_column: String,
    /// `coexist`. It decides whether a run begins, and nothing of what is written.
    #[serde(skip)]
    pub coexist: Coexist,
    /// `impersonation`. It decides how requests are made, and nothing of what is written.
    #[serde(skip)]
    pub impersonation: Impersonation,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            conflicts: Conflicts::NewestWins,
            conflict_tie: ConflictTie::Mailbox,
            private: Private::Mask,
            invitations: Invitations::Ask,
            notes: Notes::FromMailbox,
            deleted_in_mailbox: DeletedInMailbox::Cancel,
            deleted_in_creatio: DeletedInCreatio::DeleteOurs,
            export_tasks: ExportTasks::Yes,
            creation_limit: 500,
            absence_minutes: 60,
            place_column: "Location".into(),
            coexist: Coexist::No,
            impersonation: Impersonation::No,
        }
    }
}

impl Policies {
    /// The column that holds the place, where it is not the one that most sites have.
    #[must_use]
    pub fn other_place_column(&self) -> Option<String> {
        (self.place_column != Self::default().place_column).then(|| self.place_column.clone())
    }

    /// Every name.
    pub const NAMES: [&'static str; 13] = [
        "conflicts",
        "conflict-tie",
        "private",
        "invitations",
        "notes",
        "deleted-in-mailbox",
        "deleted-in-creatio",
        "export-tasks",
        "creation-limit",
        "absence-minutes",
        "place-column",
        "coexist",
        "impersonation",
    ];

    /// Reads names and values.
    ///
    /// # Errors
    /// A sentence for each name that is unknown or stands twice, and for each value that is wrong; one for all of them
    /// where there are more than anybody wrote by hand.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Vec<String>> {
        if pairs.len() > MOST {
            return Err(vec![format!(
                "{} policies are set, more than {MOST}; known are {}",
                pairs.len(),
                Self::NAMES.join(", ")
            )]);
        }
        let mut policies = Self::default();
        let mut faults = Vec::new();
        let mut earlier = BTreeSet::new();
        for (name, value) in pairs {
            if !earlier.insert(name) {
                faults.push(format!("policy {name} is set twice"));
                continue;
            }
            if let Err(why) = policies.set(name, value) {
                faults.push(why);
            }
        }
        if faults.is_empty() { Ok(policies) } else { Err(faults) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let set = match name {
            "conflicts" => Conflicts::parse(value).map(|value| self.conflicts = value),
            "conflict-tie" => ConflictTie::parse(value).map(|value| self.conflict_tie = value),
            "private" => Private::parse(value).map(|value| self.private = value),
            "invitations" => Invitations::parse(value).map(|value| self.invitations = value),
            "notes" => Notes::parse(value).map(|value| self.notes = value),
            "deleted-in-mailbox" => DeletedInMailbox::parse(value).map(|value| self.deleted_in_mailbox = value),
            "deleted-in-creatio" => DeletedInCreatio::parse(value).map(|value| self.deleted_in_creatio = value),
            "export-tasks" => ExportTasks::parse(value).map(|value| self.export_tasks = value),
            "creation-limit" => number(value, 0, 1_000_000).map(|value| self.creation_limit = value),
            "absence-minutes" => number(value, 0, 100_000).map(|value| self.absence_minutes = value),
            "coexist" => Coexist::parse(value).map(|value| self.coexist = value),
            "impersonation" => Impersonation::parse(value).map(|value| self.impersonation = value),
            "place-column" => column(value).map(|value| self.place_column = value),
            _ => return Err(format!("there is no policy {name}; known are {}", Self::NAMES.join(", "))),
        };
        set.map_err(|why| format!("policy {name} {why}"))
    }
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("is \"{text}\", but must be a whole number from {least} to {most}"))
}

fn column(text: &str) -> Result<String, String> {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        Ok(text.to_owned())
    } else {
        Err(format!("is \"{text}\", but must be the name of a column, or empty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn parse(pairs: &[(&str, &str)]) -> Result<Policies, Vec<String>> {
        Policies::parse(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>())
    }

    #[test]
    fn a_list_longer_than_anybody_writes_is_refused_at_once_and_in_one_sentence() {
        let many: Vec<_> = (0..200_000).map(|number| (format!("m{number}"), String::new())).collect();
        let begun = Instant::now();
        let faults = Policies::parse(&many).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(faults.len(), 1, "{}", faults.len());
        assert!(faults[0].starts_with("200000 policies are set, more than 100; known are conflicts,"), "{}", faults[0]);
    }

    #[test]
    fn an_unknown_policy_or_value_is_named_with_what_is_known() {
        let faults = parse(&[("privat", "mask"), ("private", "hide"), ("creation-limit", "-1")]).expect_err("faults");
        assert!(faults.iter().any(|fault| fault.contains("no policy privat;")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("one of mask, skip, copy")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("whole number")), "{faults:?}");
    }

    #[test]
    fn every_published_name_can_be_set() {
        for name in Policies::NAMES {
            let fault = parse(&[(name, "\u{0}")]).expect_err(name);
            assert!(!fault.iter().any(|fault| fault.contains("there is no policy")), "{fault:?}");
        }
        assert_eq!(parse(&[("invitations", "send")]).map(|policies| policies.invitations), Ok(Invitations::Send));
    }
}
