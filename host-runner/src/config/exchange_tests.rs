//! A section `[exchange]` that would lead to trouble is refused with what to do.

use super::*;

const GOOD: &str = r#"
[tenant]
id = "mycompany"
[creatio]
url = "https://mycompany.creatio.com"
sign-in = "forms"
user = "Supervisor"
password = { env = "CREATIO_PASSWORD" }
[exchange]
url = "https://mail.mycompany.com/EWS/Exchange.asmx"
user = "MYCOMPANY\\sync"
password = { file = "exchange.secret" }
[defaults]
time-zone = "Europe/Moscow"
[[account]]
mail = "e.mirny@mycompany.com"
user = "e.mirny"
"#;
const MICROSOFT: &str = "[microsoft]\ndirectory = \"d\"\nclient-id = \"a\"\nclient-secret = { env = \"X\" }\n";
const OAUTH: &str = "sign-in = \"oauth\"\ntoken-url = \"https://fs.mycompany.com/adfs/oauth2/token\"\nclient-id = \"a\"\n\
                     client-secret = { env = \"X\" }\nscope = \"https://mail.mycompany.com/.default\"";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(std::path::Path::new("/etc/sync/t.toml"), text)
}

fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn fault(from: &str, to: &str) -> String {
    parse(&with(from, to)).unwrap_err().to_string()
}

fn exchange(text: &str) -> Exchange {
    parse(text).unwrap().mailboxes.exchange.unwrap()
}

#[test]
fn a_service_account_with_a_password_is_the_default() {
    let config = parse(GOOD).unwrap();
    let exchange = config.mailboxes.exchange.as_ref().unwrap();
    assert!(matches!(&exchange.sign_in, ExchangeSignIn::Basic { user, .. } if user == "MYCOMPANY\\sync"));
    assert!(exchange.impersonate && exchange.ca.is_none() && exchange.hosts.is_empty());
    assert_eq!(config.accounts[0].mailbox, Service::Exchange);
    // Its server usually is on a private network, and the file names it.
    let origin = Origin::of(exchange.url.as_ref().unwrap()).unwrap();
    assert!(config.destinations(MailboxService::Unfound).names(&origin));
}

#[test]
fn every_sign_in_says_what_it_needs() {
    let ntlm = exchange(&with("user = \"MYCOMPANY", "sign-in = \"ntlm\"\nuser = \"MYCOMPANY"));
    assert!(matches!(ntlm.sign_in, ExchangeSignIn::Ntlm { .. }));
    let text = with("user = \"MYCOMPANY\\\\sync\"\npassword = { file = \"exchange.secret\" }", OAUTH);
    assert!(matches!(exchange(&text).sign_in, ExchangeSignIn::OAuth { scope: Some(_), .. }));
    let text = fault("user = \"MYCOMPANY\\\\sync\"\npassword = { file = \"exchange.secret\" }", "sign-in = \"oauth\"");
    for key in ["token-url", "client-id", "client-secret"] {
        assert!(text.contains(&format!("[exchange] {key}: is missing; sign-in = \"oauth\" needs it")), "{text}");
    }
    let text = fault("user = \"MYCOMPANY\\\\sync\"", "");
    assert!(text.contains("[exchange] user: is missing; sign-in = \"basic\" needs it"), "{text}");
    let text = fault("user = \"MYCOMPANY", "sign-in = \"kerberos\"\nuser = \"MYCOMPANY");
    assert!(text.contains("it is \"basic\", \"ntlm\" or \"oauth\""), "{text}");
}

#[test]
fn a_password_does_not_travel_in_clear() {
    let allow = "[network]\nallow = [\"http://mail.mycompany.com\", \"http://127.0.0.1:4103\"]\n";
    let at = |url: &str| with("https://mail.mycompany.com", url) + allow;
    let text = parse(&at("http://mail.mycompany.com")).unwrap_err().to_string();
    assert!(text.contains("line 10, [exchange] url: is plain http") && text.contains("use https"), "{text}");
    assert!(parse(&at("http://127.0.0.1:4103")).is_ok());
    let ntlm = at("http://mail.mycompany.com").replace("user = \"MYC", "sign-in = \"ntlm\"\nuser = \"MYC");
    assert!(parse(&ntlm).is_ok());
    // What the file does not allow at all is told first.
    let text = fault("https://mail.mycompany.com", "http://127.0.0.1:4103");
    assert!(text.contains("[network] allow"), "{text}");
}

#[test]
fn an_address_is_named_whole_or_found() {
    let text = fault("/EWS/Exchange.asmx", "/owa");
    assert!(text.contains("usually is https://mail.mycompany.com/EWS/Exchange.asmx"), "{text}");
    let line = "url = \"https://mail.mycompany.com/EWS/Exchange.asmx\"\n";
    let text = fault(line, "");
    assert!(text.contains("line 9, [exchange] url: is missing") && text.contains("autodiscover = true"), "{text}");
    let found = exchange(&with(line, "autodiscover = true\nhosts = [\"Mail.Hoster.example\"]\n"));
    assert_eq!((found.url, found.hosts), (None, vec!["mail.hoster.example".to_owned()]));
    let both = exchange(&with("user = \"MYC", "autodiscover = true\nuser = \"MYC"));
    assert!(both.url.is_some());
    for wrong in ["https://mail.x.y", "10.0.0.1", "mail", ""] {
        let text = fault(line, &format!("autodiscover = true\nhosts = [{wrong:?}]\n"));
        assert!(text.contains("[exchange] hosts") && text.contains("not the name of a host"), "{text}");
    }
}

#[test]
fn a_users_own_sign_in_serves_one_account() {
    let own = with("user = \"MYC", "impersonate = false\nuser = \"MYC");
    assert!(!exchange(&own).impersonate);
    let two = own.clone() + "[[account]]\nmail = \"o.vetrov@mycompany.com\"\nuser = \"o\"\n";
    let text = parse(&two).unwrap_err().to_string();
    assert!(text.contains("e.mirny@mycompany.com, o.vetrov@mycompany.com"), "{text}");
    assert!(text.contains("ApplicationImpersonation"), "{text}");
    let application = with(
        "user = \"MYCOMPANY\\\\sync\"\npassword = { file = \"exchange.secret\" }",
        &format!("impersonate = false\n{OAUTH}"),
    );
    let text = parse(&application).unwrap_err().to_string();
    assert!(text.contains("an application has no mailbox of its own"), "{text}");
}

#[test]
fn an_account_says_which_of_two_services_has_it() {
    let both = format!("{}{MICROSOFT}", GOOD);
    let text = parse(&both).unwrap_err().to_string();
    assert!(text.contains("mailbox: is missing for e.mirny@mycompany.com") && text.contains("[defaults]"), "{text}");
    let services = [("microsoft", Service::Microsoft), ("exchange", Service::Exchange), ("auto", Service::Auto)];
    for (word, service) in services {
        let by_default = both.replacen("[defaults]\n", &format!("[defaults]\nmailbox = {word:?}\n"), 1);
        assert_eq!(parse(&by_default).unwrap().accounts[0].mailbox, service);
        let own = by_default.replacen("user = \"e.mirny\"", &format!("user = \"e.mirny\"\nmailbox = {word:?}"), 1);
        assert_eq!(parse(&own).unwrap().accounts[0].mailbox, service);
    }
    for (word, section) in [("microsoft", "microsoft"), ("auto", "microsoft")] {
        let text = fault("user = \"e.mirny\"", &format!("user = \"e.mirny\"\nmailbox = {word:?}"));
        assert!(text.contains(&format!("{word:?} needs a section [{section}]")), "{text}");
    }
    let text = fault("user = \"e.mirny\"", "user = \"e.mirny\"\nmailbox = \"gmail\"");
    assert!(text.contains("it is \"microsoft\", \"exchange\" or \"auto\""), "{text}");
}
