//! `check`: tries everything that a run needs, and says what to do about what is wrong.

use std::sync::Arc;

use host_runner::config::{Account, Config, CreatioSignIn, Language, Service};
use host_runner::http::Error;
use host_runner::report::{Checked, Finding, Verdict};
use host_runner::screen::{self, Screen, Tone};
use host_runner::{GuestFailure, Place, RunError, SignInError, Silent, twice};
use serde_json::{Value, json};

use super::args::{Arguments, Check};
use super::exit::{Exit, Failure};
use super::selection;
use super::session::{self, Session};

/// What is known before the accounts are looked at.
const SITE: &str = "";

pub(crate) async fn check(arguments: &Arguments, which: &Check, screen: &mut Screen) -> Result<Exit, Failure> {
    let config = session::config(arguments, screen)?;
    // Whoever writes says where.
    let select = if which.probe { selection::accounts } else { selection::looked_at };
    let accounts = select(&config, &which.accounts)?;
    let mut told = Told { worst: Verdict::Good, values: Vec::new() };
    let mut first = vec![
        finding("configuration", Verdict::Good, "config-read", config.path.display().to_string()),
        finding("storage", Verdict::Good, "storage-opened", config.storage.display().to_string()),
    ];
    let session = Session::open(arguments, config)?;
    let mut shut = Vec::new();
    let places = session.tenant.places();
    for place in &places {
        let subject = match place {
            Place::Creatio => "sign-in-creatio",
            Place::Microsoft => "sign-in-microsoft",
            Place::Exchange => "sign-in-exchange",
        };
        match session.tenant.sign_in(*place).await {
            Ok(url) => {
                let detail = url.map_or_else(String::new, |url| url.to_string());
                first.push(finding(subject, Verdict::Good, "sign-in-accepted", detail));
            }
            Err(fault) => {
                first.push(refused(subject, &fault, session.tenant.config()));
                shut.push(*place);
            }
        }
    }
    told.tell(screen, SITE, &first)?;
    if shut.len() < places.len() {
        let mut checked: Vec<(&str, Checked)> = Vec::new();
        for account in &accounts {
            if session.stop.winding_down() {
                break;
            }
            if which.probe {
                announce(screen, account)?;
            }
            let mut found = one(&session, account, which.probe).await;
            // Said once, of all accounts.
            found.findings.retain(|finding| !shut.iter().any(|place| about(finding, *place, account)));
            checked.push((&account.mail, found));
            let so_far: Vec<(&str, &Checked)> = checked.iter().map(|(mail, found)| (*mail, found)).collect();
            let doubles = twice(&so_far).into_iter().filter(|(mail, _)| *mail == account.mail);
            let doubles: Vec<Finding> = doubles.map(|(_, finding)| finding).collect();
            let findings = so_far.last().map(|(_, found)| found.findings.clone()).unwrap_or_default();
            told.tell(screen, &account.mail, &[findings, doubles].concat())?;
        }
    }
    if screen.json {
        screen.value(&told.values)?;
    }
    Ok(match told.worst {
        Verdict::Good | Verdict::Note => Exit::Done,
        Verdict::Doubt => Exit::Attention,
        Verdict::Bad => Exit::Failed,
    })
}

fn finding(subject: &str, verdict: Verdict, reason: &str, detail: String) -> Finding {
    Finding { subject: subject.to_owned(), verdict, reason: reason.to_owned(), detail }
}

/// What keeps a sign-in from being had: the secret, or the address.
fn refused(subject: &str, fault: &SignInError, config: &Config) -> Finding {
    let mailboxes = &config.mailboxes;
    let (reason, address) = match (fault.place, &config.creatio.sign_in) {
        (Place::Creatio, CreatioSignIn::OAuth { identity, .. }) => {
            ("identity-wrong", format!("identity-url = \"{identity}\": "))
        }
        (Place::Creatio, CreatioSignIn::Forms { .. }) => ("login-wrong", format!("url = \"{}\": ", config.creatio.url)),
        (Place::Microsoft, _) => {
            let login = mailboxes.microsoft.as_ref().map(|microsoft| &microsoft.login);
            ("login-wrong", login.map_or_else(String::new, |login| format!("login-url = \"{login}\": ")))
        }
        (Place::Exchange, _) => {
            let url = mailboxes.exchange.as_ref().and_then(|exchange| exchange.url.as_ref());
            ("exchange-wrong", url.map_or_else(String::new, |url| format!("url = \"{url}\": ")))
        }
    };
    match &fault.fault {
        Error::Credential(text) => finding(subject, Verdict::Bad, "sign-in-refused", text.clone()),
        other => finding(subject, Verdict::Bad, reason, format!("{address}{other}")),
    }
}

/// The finding says no more than that a place's sign-in failed.
fn about(finding: &Finding, place: Place, account: &Account) -> bool {
    let (subject, concerned) = match place {
        Place::Creatio => ("creatio", true),
        Place::Microsoft => ("mailbox", account.mailbox == Service::Microsoft),
        Place::Exchange => ("mailbox", account.mailbox == Service::Exchange),
    };
    finding.subject == subject && concerned && finding.verdict == Verdict::Bad
}

async fn one(session: &Session, account: &Account, probe: bool) -> Checked {
    let tenant = &session.tenant;
    let checked = tenant.check(&session.connector, &account.id, probe, session.stop.clone(), Arc::new(Silent)).await;
    checked.unwrap_or_else(|fault| {
        let texts = match fault {
            RunError::Component(GuestFailure::Settings(texts)) => texts,
            other => vec![other.to_string()],
        };
        let findings = texts.into_iter().map(|text| finding("settings", Verdict::Bad, "not-tried", text)).collect();
        Checked { findings, mailbox: None }
    })
}

/// Says what a probe is about to do.
fn announce(screen: &mut Screen, account: &Account) -> Result<(), Failure> {
    if screen.json {
        return Ok(());
    }
    let text = match screen.language {
        Language::En => format!(
            "For {} a test item of 2 July 2001 is now made, changed and deleted: an activity in Creatio, where your own \
             processes may act on it, and an event and a task in the mailbox.",
            account.mail
        ),
        Language::Ru => format!(
            "Для {} сейчас будет создан, изменён и удалён пробный элемент с датой 2 июля 2001 года: активность в Creatio \
             (на неё могут сработать ваши процессы), событие и задача в почтовом ящике.",
            account.mail
        ),
    };
    screen.line("")?;
    screen.wrapped(0, Tone::Attention, &text)?;
    Ok(screen.flush()?)
}

/// What was told so far.
struct Told {
    worst: Verdict,
    values: Vec<Value>,
}

impl Told {
    /// Tells people at once, and programs in the end.
    fn tell(&mut self, screen: &mut Screen, account: &str, findings: &[Finding]) -> Result<(), Failure> {
        self.worst = findings.iter().map(|finding| finding.verdict).fold(self.worst, Verdict::max);
        if screen.json {
            let language = screen.language;
            let told = findings.iter().map(|finding| {
                let (meaning, remedy) = screen::reason(&finding.reason, language).unwrap_or_default();
                json!({
                    "subject": finding.subject, "verdict": finding.verdict, "reason": finding.reason,
                    "meaning": meaning, "remedy": remedy, "detail": finding.detail,
                })
            });
            let account = if account == SITE { Value::Null } else { account.into() };
            self.values.push(json!({ "account": account, "findings": told.collect::<Vec<_>>() }));
            return Ok(());
        }
        if account != SITE {
            let name = screen.tone(Tone::Strong, account);
            screen.line("")?;
            screen.line(name)?;
        }
        screen::findings(screen, findings)?;
        Ok(screen.flush()?)
    }
}
