//! `init`: writes a configuration to begin with, and takes over what Creatio's own synchronization was told.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use host_runner::Silent;
use host_runner::config::{Config, Exported, Folders, Language};
use host_runner::report::Takeover;
use host_runner::screen::{Screen, Tone, clean};
use serde_json::json;

use super::args::{Arguments, Init};
use super::exit::{Exit, Failure};
use super::session::{self, Session};

/// What a new configuration holds.
const TEMPLATE: &str = include_str!("template.toml");

pub(crate) async fn init(arguments: &Arguments, order: &Init, screen: &mut Screen) -> Result<Exit, Failure> {
    session::speak(arguments, screen);
    if order.from_creatio {
        return take_over(arguments, screen).await;
    }
    let path = &arguments.config;
    let shown = path.display();
    if path.exists() && !order.force {
        return Err(Failure::usage(format!(
            "{shown} is there already and stays as it is; --force writes a new one in its place, --config FILE another one"
        )));
    }
    written(path, TEMPLATE)?;
    if screen.json {
        screen.value(&json!({ "written": path }))?;
        return Ok(Exit::Done);
    }
    let text = match screen.language {
        Language::En => format!(
            "{shown} is written. Put your own values in place of those in <…>, and the secrets where it says; then: \
             host-runner check"
        ),
        Language::Ru => format!(
            "Файл {shown} создан. Замените значения в <…> своими, а секреты положите туда, куда он указывает; затем: \
             host-runner check"
        ),
    };
    screen.wrapped(0, Tone::Plain, &text)?;
    Ok(Exit::Done)
}

/// Adds the accounts that Creatio's own synchronization serves and the configuration does not have.
async fn take_over(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failure> {
    let path = &arguments.config;
    if !path.exists() {
        return Err(Failure::usage(format!(
            "there is no {} yet: host-runner init writes one; when [tenant], [creatio] and [microsoft] or [exchange] are \
             filled in, host-runner init --from-creatio adds the accounts",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|fault| {
        Failure::usage(format!("{} cannot be read: {fault}; name another file with --config", path.display()))
    })?;
    let site = Config::site(path, &text).map_err(|fault| Failure::usage(fault.to_string()))?;
    let session = Session::open(arguments, site)?;
    let found = session.tenant.takeovers(&session.connector, session.stop.clone(), Arc::new(Silent)).await;
    let found = found.map_err(|fault| Failure::failed(fault.to_string()))?;
    let kept = without_placeholders(&text);
    let mut known = mails(&kept);
    let zone = has_default_zone(&kept);
    let (mut new, mut more) = (Vec::new(), String::new());
    for one in &found {
        if known.insert(one.mail.to_lowercase()) {
            more.push_str(&block(one, zone));
            new.push(one);
        }
    }
    if !new.is_empty() {
        written(path, &format!("{}\n{more}", kept.trim_end()))?;
    }
    if screen.json {
        let told = found.iter().map(|one| {
            let added = new.iter().any(|other| std::ptr::eq(*other, one));
            json!({ "account": one.mail, "user": one.user, "added": added, "served": one.serves, "remarks": one.remarks })
        });
        screen.value(&told.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    tell(screen, path, found.len(), &new)?;
    Ok(Exit::Done)
}

fn tell(screen: &mut Screen, path: &Path, found: usize, new: &[&Takeover]) -> Result<(), Failure> {
    for one in new {
        let name = screen.tone(Tone::Strong, clean(&one.mail));
        screen.line(format!("{name}  {}", clean(&one.user)))?;
        for remark in &one.remarks {
            screen.wrapped(2, Tone::Attention, remark)?;
        }
    }
    let (number, known, shown) = (new.len(), found - new.len(), path.display());
    let text = match screen.language {
        Language::En => format!(
            "{found} mailboxes are known to Creatio's own synchronization: {number} accounts were added to {shown}, {known} \
             are there already."
        ),
        Language::Ru => format!(
            "Собственной синхронизации Creatio известно почтовых ящиков: {found}. Добавлено учётных записей в {shown}: \
             {number}, уже есть: {known}."
        ),
    };
    screen.wrapped(0, Tone::Plain, &text)?;
    let serving: Vec<&str> = new.iter().filter(|one| one.serves).map(|one| one.mail.as_str()).collect();
    if !serving.is_empty() {
        let names = serving.join(", ");
        let text = match screen.language {
            Language::En => format!("It still serves {names}: switch it off there before the first sync."),
            Language::Ru => format!("Она ещё обслуживает {names}: выключите её там до первой синхронизации."),
        };
        screen.wrapped(0, Tone::Attention, &text)?;
    }
    Ok(())
}

/// One account, as a person would write it.
fn block(one: &Takeover, default_zone: bool) -> String {
    let mut text = String::new();
    for remark in &one.remarks {
        let _ = writeln!(text, "\n# {}", clean(remark));
    }
    let _ = write!(text, "\n[[account]]\nmail = {}\nuser = {}\n", quoted(&one.mail), quoted(&one.user));
    match &one.time_zone {
        Some(zone) => drop(writeln!(text, "time-zone = {}", quoted(zone))),
        None if default_zone => {}
        None => text.push_str("time-zone = \"<Europe/Moscow>\"\n"),
    }
    if let Some(date) = &one.import_from {
        let _ = writeln!(text, "import-from = {}", quoted(date));
    }
    for (key, choice) in [("import-meetings", &one.import_meetings), ("import-tasks", &one.import_tasks)] {
        let value = match choice {
            Folders::None => quoted("none"),
            Folders::All => quoted("all"),
            Folders::Selected(names) => listed(names),
        };
        let _ = writeln!(text, "{key} = {value}");
    }
    let export = match &one.export {
        Exported::None => quoted("none"),
        Exported::All => quoted("all"),
        Exported::Groups(ids) => listed(ids),
    };
    let _ = writeln!(text, "export = {export}");
    if !one.tasks && one.export != Exported::None {
        text.push_str("policies = { export-tasks = false }\n");
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn listed(names: &[String]) -> String {
    toml::Value::from(names.to_vec()).to_string()
}

/// The text without accounts that nobody has filled in yet.
fn without_placeholders(text: &str) -> String {
    let mut kept = String::new();
    let mut block = String::new();
    let mut ends = |block: &mut String| {
        // An account with a mailbox is somebody's, whatever else is still to be filled in.
        let account = block.trim_start().starts_with("[[account]]");
        if !(account && block.contains("mail = \"<")) {
            kept.push_str(block);
        }
        block.clear();
    };
    for line in text.split_inclusive('\n') {
        let head = line.trim_start();
        if head.starts_with('[') && !head.starts_with("[account.") {
            ends(&mut block);
        }
        block.push_str(line);
    }
    ends(&mut block);
    kept
}

fn mails(text: &str) -> BTreeSet<String> {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let accounts = table.get("account").and_then(toml::Value::as_array);
    let mail = |account: &toml::Value| account.get("mail").and_then(toml::Value::as_str).map(str::to_lowercase);
    accounts.into_iter().flatten().filter_map(mail).collect()
}

fn has_default_zone(text: &str) -> bool {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    table.get("defaults").is_some_and(|defaults| defaults.get("time-zone").is_some())
}

/// Writes a file whole or not at all; one that was there keeps who may read it.
fn written(path: &Path, text: &str) -> Result<(), Failure> {
    let refused = |fault: std::io::Error| {
        Failure::usage(format!("{} cannot be written: {fault}; name another file with --config", path.display()))
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        if let Ok(known) = std::fs::metadata(path) {
            file.set_permissions(known.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|fault| {
        let _ = std::fs::remove_file(&beside);
        refused(fault)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, host_runner::config::ConfigError> {
        Config::parse(Path::new("/etc/sync/schedule-sync.toml"), text)
    }

    fn filled() -> String {
        TEMPLATE.replace("\"<", "\"").replace(">\"", "\"")
    }

    #[test]
    fn the_template_is_read_once_it_is_filled_in_and_names_what_is_not() {
        let config = parse(&filled()).unwrap();
        assert_eq!(config.accounts.len(), 1);
        let faults = parse(TEMPLATE).unwrap_err();
        assert_eq!(faults.faults.len(), TEMPLATE.matches("\"<").count(), "{faults}");
        assert!(faults.to_string().contains("line 12, [tenant] id: \"<mycompany>\" is a placeholder"), "{faults}");
    }

    #[test]
    fn what_the_template_shows_as_a_default_is_the_default() {
        let said: String = filled()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest)
                    if rest.starts_with("[network]")
                        || rest
                            .split_once(" = ")
                            .is_some_and(|(key, _)| !key.contains(' ') && !matches!(key, "allow" | "import-from")) =>
                {
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let (plain, said) = (parse(&filled()).unwrap(), parse(&said).unwrap());
        let choices = |config: &Config| config.accounts[0].clone();
        let mut told = choices(&said);
        // Policies that are not named are not handed over; the component has the same defaults.
        told.policies.clear();
        assert_eq!(told, choices(&plain));
        assert_eq!(
            (said.storage, said.creatio.odata, said.creatio.shared),
            (plain.storage, plain.creatio.odata, plain.creatio.shared)
        );
    }

    #[test]
    fn accounts_that_nobody_filled_in_give_way_and_others_stay() {
        let own = "[[account]]\nmail = \"o@x.y\"\nuser = \"o\"\n[account.policies]\nprivate = \"skip\"\n";
        let text = without_placeholders(&format!("{TEMPLATE}{own}"));
        assert!(!text.contains("<e.mirny@") && text.contains(own) && text.contains("[defaults]"), "{text}");
        assert_eq!(mails(&text), BTreeSet::from(["o@x.y".to_owned()]));
    }

    #[test]
    fn an_account_taken_over_is_one_that_is_read() {
        let one = Takeover {
            user: "a \"b\"".to_owned(),
            mail: "a.b@x.y".to_owned(),
            serves: true,
            time_zone: None,
            import_from: Some("2026-01-31".to_owned()),
            import_meetings: Folders::Selected(vec!["Work \"1\"".to_owned()]),
            import_tasks: Folders::None,
            export: Exported::All,
            tasks: false,
            remarks: vec!["two\nlines".to_owned()],
        };
        let config = parse(&format!("{}{}", filled(), block(&one, true))).unwrap();
        let account = config.account("a.b@x.y").unwrap();
        assert_eq!((account.user.as_str(), &account.import_meetings), ("a \"b\"", &one.import_meetings));
        assert_eq!(account.policies, [("export-tasks".to_owned(), "no".to_owned())]);
    }
}
