//! A person mends a file by what the errors say.

use super::*;

const GOOD: &str = r#"
[tenant]
id = "mycompany"
[creatio]
url = "https://mycompany.creatio.com"
client-id = "app"
client-secret = { env = "CREATIO_SECRET" }
identity-url = "https://mycompany-is.creatio.com"
[microsoft]
directory = "mycompany.onmicrosoft.com"
client-id = "app"
client-secret = { file = "graph.secret" }
[defaults]
time-zone = "Europe/Moscow"
import-meetings = "all"
policies = { invitations = "ask", coexist = false }
[[account]]
mail = "E.Mirny@mycompany.com"
user = "e.mirny"
import-from = 2026-11-01
export = ["Important"]
[account.policies]
invitations = "never"
creation-limit = 100
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(std::path::Path::new("/etc/sync/t.toml"), text)
}

fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn a_good_file_is_read_with_its_defaults() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.storage, PathBuf::from("/etc/sync/mycompany.db"));
    assert_eq!(config.creatio.odata, "0/odata");
    let account = &config.accounts[0];
    assert_eq!(account.id, "e.mirny@mycompany.com");
    assert_eq!(account.time_zone, chrono_tz::Europe::Moscow);
    assert_eq!(account.import_from, chrono::NaiveDate::from_ymd_opt(2026, 11, 1));
    assert_eq!(account.import_meetings, Folders::All);
    assert_eq!(account.import_tasks, Folders::None);
    assert_eq!(account.export, Exported::Groups(vec!["Important".to_owned()]));
    let policies: Vec<(&str, &str)> =
        account.policies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(policies, [("coexist", "no"), ("creation-limit", "100"), ("invitations", "never")]);
    assert!(config.account("e.mirny@MYCOMPANY.com").is_some());
}

#[test]
fn an_error_names_file_line_key_and_remedy() {
    let text = fault("Europe/Moscow", "Mars/Base");
    assert_eq!(
        text,
        "/etc/sync/t.toml, line 14, time-zone: there is no zone \"Mars/Base\"; use an IANA name such as Europe/Moscow"
    );
}

#[test]
fn an_address_with_the_path_of_odata_is_refused() {
    let text = fault("https://mycompany.creatio.com\"", "https://mycompany.creatio.com/0/\"");
    assert!(text.contains("line 5") && text.contains("ends with /0"), "{text}");
}

#[test]
fn a_site_is_read_without_its_accounts() {
    let text = GOOD.replace("user = \"e.mirny\"", "user = \"<e.mirny>\"");
    assert!(parse(&text).unwrap_err().to_string().contains("[[account]] user: \"<e.mirny>\" is a placeholder"));
    let site = Config::site(std::path::Path::new("/etc/sync/t.toml"), &text).unwrap();
    assert_eq!((site.tenant.as_str(), site.accounts.len()), ("mycompany", 0));
    assert!(Config::site(std::path::Path::new("t.toml"), &GOOD.replace("\"app\"", "\"<app>\"")).is_err());
}

#[test]
fn unknown_keys_are_refused_with_the_known_ones() {
    let text = fault("import-meetings", "import-meeting");
    assert!(text.contains("line 15") && text.contains("import-meeting") && text.contains("import-meetings"), "{text}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let text = fault(r#"{ env = "CREATIO_SECRET" }"#, r#""hunter2-hunter2""#);
    assert!(text.contains("[creatio] client-secret") && text.contains("must hold no secrets"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn impossible_dates_and_choices_are_refused() {
    assert!(fault("import-from = 2026-11-01", "import-from = \"2026-02-30\"").contains("is not a date"));
    assert!(fault("import-from = 2026-11-01", "import-from = 2026-02-30").contains("line 20"));
    assert!(fault("export = [\"Important\"]", "export = \"some\"").contains("a list of names or ids"));
}

#[test]
fn an_empty_selection_is_refused() {
    let text = fault("export = [\"Important\"]", "export = []");
    assert!(text.contains("line ") && text.contains("export: selects nothing; write \"none\""), "{text}");
}

#[test]
fn defaults_hold_for_every_account_and_an_account_overrides_them() {
    let two = "[[account]]\nmail = \"o.vetrov@mycompany.com\"\nuser = \"o\"\ntime-zone = \"Asia/Tokyo\"\n\
               policies = { private = \"skip\" }\n[defaults]\nlanguage = \"ru\"\nexport = \"none\"\n\
               policies = { private = \"copy\", notes = \"both\" }\n";
    let config = parse(&format!("{}{two}", GOOD.split("[defaults]").next().unwrap())).unwrap();
    let second = config.account("o.vetrov@mycompany.com").unwrap();
    assert_eq!((second.language, &second.export), (Language::Ru, &Exported::None));
    assert_eq!(second.time_zone, chrono_tz::Asia::Tokyo);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(second.policies, [pair("notes", "both"), pair("private", "skip")]);
    for key in ["mail", "id"] {
        let text = parse(&format!("{GOOD}[defaults]\n{key} = \"x@y.z\"\n")).unwrap_err().to_string();
        assert!(text.contains(&format!("[defaults] {key}")) || text.contains("duplicate"), "{text}");
    }
}

#[test]
fn an_account_stands_once() {
    let twice = "[[account]]\nmail = \"e.mirny@mycompany.com\"\nuser = \"x\"\n";
    let text = parse(&format!("{GOOD}{twice}")).unwrap_err().to_string();
    assert!(text.contains("line 25") && text.contains("keep one of them"), "{text}");
    let same_id = "[[account]]\nmail = \"o@mycompany.com\"\nid = \"e.mirny@mycompany.com\"\nuser = \"x\"\n";
    assert!(parse(&format!("{GOOD}{same_id}")).unwrap_err().to_string().contains("ids are unique"));
}

#[test]
fn plain_http_must_be_named() {
    let text = fault("https://mycompany.creatio.com\"", "http://127.0.0.1:4101\"");
    assert!(text.contains("[network] allow") && text.contains("http://127.0.0.1:4101"), "{text}");
    let named = GOOD.replace("https://mycompany.creatio.com\"", "http://127.0.0.1:4101\"")
        + "[network]\nallow = [\"http://127.0.0.1:4101\"]\n";
    assert!(parse(&named).is_ok());
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let text = GOOD.replace("Europe/Moscow", "Mars/Base").replace("user = \"e.mirny\"\n", "");
    let faults = parse(&text).unwrap_err().faults;
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn a_missing_secret_names_its_place() {
    let config = parse(GOOD).unwrap();
    let text = config.creatio_sign_in(&no_prompt).unwrap_err().to_string();
    assert!(text.contains("[creatio] client-secret") && text.contains("CREATIO_SECRET is not set"), "{text}");
}

#[test]
fn the_sign_in_a_kind_needs_is_asked_for() {
    let text = fault("client-id = \"app\"\nclient-secret = { env", "client-secret = { env");
    assert!(text.contains("[creatio] client-id") && text.contains("sign-in = \"oauth\" needs it"), "{text}");
}
