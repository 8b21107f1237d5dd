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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Language, Service};
    use crate::report::{Folder, Group};

    fn account() -> Account {
        Account {
            id: "a".to_owned(),
            mail: "a@b.c".to_owned(),
            mailbox: Service::Microsoft,
            user: "a".to_owned(),
            time_zone: chrono_tz::UTC,
            language: Language::En,
            automatic: true,
            import_from: None,
            import_meetings: Folders::All,
            import_tasks: Folders::None,
            export: Exported::All,
            meetings_to: None,
            tasks_to: None,
            policies: vec![],
        }
    }

    fn catalogue() -> Catalogue {
        let folder = |id: &str, name: &str, content| Folder {
            id: id.to_owned(),
            name: name.to_owned(),
            content,
            is_default: false,
            offered: true,
            reason: None,
        };
        Catalogue {
            folders: vec![
                folder("c1", "Calendar", Content::Meetings),
                folder("c2", "Team", Content::Meetings),
                folder("c3", "team", Content::Meetings),
                folder("t1", "Calendar", Content::Tasks),
            ],
            groups: vec![Group { id: "g1".to_owned(), name: "Важные".to_owned(), reason: None }],
            contact: String::new(),
            contact_name: String::new(),
            warnings: vec![],
        }
    }

    #[test]
    fn names_become_ids_of_the_right_kind() {
        let named = Account {
            import_meetings: Folders::Selected(vec!["calendar".to_owned(), "c2".to_owned()]),
            export: Exported::Groups(vec!["важные".to_owned()]),
            tasks_to: Some("Calendar".to_owned()),
            ..account()
        };
        assert!(needed(&named));
        let resolved = choices(&named, &catalogue()).unwrap();
        assert_eq!(resolved.import_meetings, Folders::Selected(vec!["c1".to_owned(), "c2".to_owned()]));
        assert_eq!(resolved.export, Exported::Groups(vec!["g1".to_owned()]));
        assert_eq!(resolved.tasks_to.as_deref(), Some("t1"));
    }

    #[test]
    fn a_name_that_nothing_or_too_much_has_is_refused_with_what_there_is() {
        let named = |name: &str| Account { import_meetings: Folders::Selected(vec![name.to_owned()]), ..account() };
        assert!(choices(&named("Nowhere"), &catalogue()).unwrap_err().contains("Calendar, Team, team"));
        assert!(choices(&named("Team"), &catalogue()).unwrap_err().contains("several"));
    }

    #[test]
    fn ids_cost_no_request() {
        let long = "AAMkAGI2TGuLAAA=".repeat(4);
        let ids = vec![long, "ba10a1ba-02e1-4d60-8b4c-7a4b7e5b1b1b".to_owned()];
        assert!(!needed(&Account { import_meetings: Folders::Selected(ids), ..account() }));
    }
}
