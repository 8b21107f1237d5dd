//! Which folders the account's choices mean: those to import from, and those that exports land in.

use super::{RunError, Staged};
use crate::activity::Kind;
use crate::plan::Targets;
use crate::settings::{Folders, Settings};
use crate::side::Folder;

/// What a kind of folder is called.
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Appointment => "calendar",
        Kind::Task => "task folder",
    }
}

/// Folders to import from, and those that exports land in. Without `tasks` nothing is known of task folders: what the
/// choices say of them is left for another run.
pub(super) fn chosen(settings: &Settings, folders: &[Folder], tasks: bool) -> Staged<(Vec<String>, Targets)> {
    let account = &settings.account;
    let mut faults = Vec::new();
    let mut imported = imported(&account.import_meetings, Kind::Appointment, folders, &mut faults);
    let mut targets = Targets {
        meetings: target(settings, account.meetings_to.as_ref(), Kind::Appointment, folders, &mut faults),
        tasks: String::new(),
    };
    if tasks {
        imported.extend(self::imported(&account.import_tasks, Kind::Task, folders, &mut faults));
        if settings.exports(Kind::Task) {
            targets.tasks = target(settings, account.tasks_to.as_ref(), Kind::Task, folders, &mut faults);
        }
    }
    if faults.is_empty() { Ok((imported, targets)) } else { Err(RunError::Settings(faults).into()) }
}

fn imported(choice: &Folders, kind: Kind, folders: &[Folder], faults: &mut Vec<String>) -> Vec<String> {
    let of_kind = || folders.iter().filter(|folder| folder.kind == kind);
    match choice {
        Folders::None => Vec::new(),
        Folders::All => of_kind().filter(|folder| folder.reason.is_none()).map(|folder| folder.id.clone()).collect(),
        Folders::Selected(ids) => {
            for id in ids.iter().filter(|id| !of_kind().any(|folder| folder.id == **id)) {
                faults.push(format!(
                    "the selected {} \"{id}\" is not in the mailbox; run discover and change the selection",
                    name(kind)
                ));
            }
            ids.clone()
        }
    }
}

fn target(
    settings: &Settings,
    choice: Option<&String>,
    kind: Kind,
    folders: &[Folder],
    faults: &mut Vec<String>,
) -> String {
    let mut of_kind = folders.iter().filter(|folder| folder.kind == kind);
    let Some(id) = choice else {
        let own =
            of_kind.clone().find(|folder| folder.is_default).or_else(|| of_kind.find(|folder| folder.reason.is_none()));
        return own.map_or_else(
            || {
                faults.push(format!("the mailbox has no default {}; name the one that exports go to", name(kind)));
                String::new()
            },
            |folder| folder.id.clone(),
        );
    };
    match of_kind.find(|folder| folder.id == *id) {
        Some(folder) if folder.writable || !settings.exports(kind) => return id.clone(),
        Some(folder) => {
            faults.push(format!("exports cannot go to the {} \"{}\": it may not be written", name(kind), folder.name));
        }
        None => faults.push(format!(
            "the {} \"{id}\" that exports go to is not in the mailbox; run discover and change it",
            name(kind)
        )),
    }
    String::new()
}
