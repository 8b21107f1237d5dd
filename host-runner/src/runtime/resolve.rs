//! Names in an account's choices: a person writes `Calendar`, the component wants its id.

use crate::config::{Account, Exported, Folders};
use crate::report::{Catalogue, Content};

/// Whether a choice may be a name, so that it has to be looked up.
pub(super) fn needed(account: &Account) -> bool {
    let lists = [
        listed(&account.import_meetings),
        listed(&account.import_tasks),
        match &account.export {
            Exported::Groups(list) => list,
            Exported::None | Exported::All => &[],
        },
        account.meetings_to.as_slice(),
        account.tasks_to.as_slice(),
    ];
    lists.into_iter().flatten().any(|text| !is_id(text))
}

fn listed(folders: &Folders) -> &[String] {
    match folders {
        Folders::Selected(list) => list,
        Folders::None | Folders::All => &[],
    }
}

/// Ids of Exchange and Graph are long and without spaces, those of Creatio are UUIDs; nobody names a folder so.
fn is_id(text: &str) -> bool {
    let dense = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_=+/".contains(c));
    dense && (text.len() >= 40 || (text.len() == 36 && text.matches('-').count() == 4))
}

/// The account with ids for names.
pub(super) fn choices(account: &Account, catalogue: &Catalogue) -> Result<Account, String> {
    let folder = |content: Content| {
        let list: Vec<(&str, &str)> = catalogue
            .folders
            .iter()
            .filter(|folder| folder.content == content)
            .map(|folder| (folder.id.as_str(), folder.name.as_str()))
            .collect();
        move |text: &String, key: &str| find(&list, text, key, &account.mail)
    };
    let groups: Vec<(&str, &str)> =
        catalogue.groups.iter().map(|group| (group.id.as_str(), group.name.as_str())).collect();
    let (meetings, tasks) = (folder(Content::Meetings), folder(Content::Tasks));
    let all = |list: &[String], key: &str, find: &dyn Fn(&String, &str) -> Result<String, String>| {
        list.iter().map(|text| find(text, key)).collect::<Result<Vec<_>, _>>()
    };
    let selected = |folders: &Folders, key: &str, find: &dyn Fn(&String, &str) -> Result<String, String>| {
        Ok::<_, String>(match folders {
            Folders::Selected(list) => Folders::Selected(all(list, key, find)?),
            other => other.clone(),
        })
    };
    let one = |text: &Option<String>, key: &str, find: &dyn Fn(&String, &str) -> Result<String, String>| {
        text.as_ref().map(|text| find(text, key)).transpose()
    };
    Ok(Account {
        import_meetings: selected(&account.import_meetings, "import-meetings", &meetings)?,
        import_tasks: selected(&account.import_tasks, "import-tasks", &tasks)?,
        export: match &account.export {
            Exported::Groups(list) => {
                Exported::Groups(all(list, "export", &|text, key| find(&groups, text, key, &account.mail))?)
            }
            other => other.clone(),
        },
        meetings_to: one(&account.meetings_to, "meetings-to", &meetings)?,
        tasks_to: one(&account.tasks_to, "tasks-to", &tasks)?,
        ..account.clone()
    })
}

fn find(list: &[(&str, &str)], text: &str, key: &str, mail: &str) -> Result<String, String> {
    if is_id(text) || list.iter().any(|(id, _)| *id == text) {
        return Ok(text.to_owned());
    }
    let lower = text.to_lowercase();
    let mut found = list.iter().filter(|(_, name)| name.to_lowercase() == lower);
    match (found.next(), found.next()) {
        (Some((id, _)), None) => Ok((*id).to_owned()),
        (Some(_), Some(_)) => {
            Err(format!("{key} of {mail}: there are several named {text:?}; use an id from discover"))
        }
        (None, _) => {
            let names: Vec<&str> = list.iter().map(|(_, name)| *name).collect();
            Err(format!("{key} of {mail}: there is nothing named {text:?}; there is: {}", names.join(", ")))
        }
    }
}
