//! The accounts of a file: their own keys over the defaults, each judged on its own.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::load::Judge;
use super::raw::{RawAccount, RawDate, RawSelection};
use super::{Account, Exported, Folders, Language, Service};

impl Judge<'_> {
    pub(super) fn accounts(&mut self, defaults: &RawAccount, raw: &[Spanned<RawAccount>]) -> Vec<Account> {
        if let Some(mail) = &defaults.mail {
            self.fault(Some(mail.span()), "[defaults] mail", "belongs to an [[account]]; leave it out here");
        }
        if let Some(id) = &defaults.id {
            self.fault(Some(id.span()), "[defaults] id", "belongs to an [[account]]; leave it out here");
        }
        let mut accounts: Vec<Account> = Vec::new();
        let (mut mails, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for one in raw {
            let span = one.span();
            let Some(account) = self.account(defaults, one) else { continue };
            if !mails.insert(account.mail.to_ascii_lowercase()) {
                let text = format!("{} has an [[account]] already; keep one of them", account.mail);
                self.fault(Some(span), "[[account]] mail", text);
            } else if !ids.insert(account.id.clone()) {
                let text = format!("another [[account]] has the id {} already; ids are unique", account.id);
                self.fault(Some(span), "[[account]] id", text);
            } else {
                accounts.push(account);
            }
        }
        if raw.is_empty() {
            self.fault(None, "[[account]]", "is missing; add one for each mailbox");
        }
        accounts
    }

    fn account(&mut self, defaults: &RawAccount, spanned: &Spanned<RawAccount>) -> Option<Account> {
        let raw = spanned.get_ref();
        let Some(mail) = raw.mail.as_ref() else {
            self.fault(Some(spanned.span()), "[[account]] mail", "is missing; it is the address of the mailbox");
            return None;
        };
        let span = mail.span();
        let mail = mail.get_ref().trim().to_owned();
        if !mail.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            || mail.contains(['/', '\\', '?', '#', '%', ' '])
        {
            self.fault(Some(span.clone()), "[[account]] mail", format!("{mail:?} is not an address"));
        }
        let id = raw.id.as_ref().map_or_else(|| mail.to_lowercase(), |id| id.get_ref().clone());
        if id.is_empty() || id.len() > 128 {
            self.fault(Some(span.clone()), "[[account]] id", "has 1 to 128 characters");
        }
        let mailbox = self.service(raw.mailbox.as_ref().or(defaults.mailbox.as_ref()), spanned, &mail);
        let user = raw.user.as_ref().or(defaults.user.as_ref()).map(|user| user.get_ref().clone());
        if user.is_none() {
            let text = format!("is missing for {mail}; it is the login name of the Creatio user");
            self.fault(Some(spanned.span()), "[[account]] user", text);
        }
        let time_zone = self.time_zone(raw.time_zone.as_ref().or(defaults.time_zone.as_ref()), spanned, &mail);
        let language = self.language(raw.language.as_ref().or(defaults.language.as_ref()));
        let import_from = self.date(raw.import_from.as_ref().or(defaults.import_from.as_ref()));
        let mut selection = |own: &Option<Spanned<RawSelection>>,
                             default: &Option<Spanned<RawSelection>>,
                             key: &str,
                             unset: Selection| {
            own.as_ref().or(default.as_ref()).map_or(unset, |text| self.selection(text, key))
        };
        let (meetings, tasks) = (&raw.import_meetings, &raw.import_tasks);
        let import_meetings =
            selection(meetings, &defaults.import_meetings, "import-meetings", Selection::All).folders();
        let import_tasks = selection(tasks, &defaults.import_tasks, "import-tasks", Selection::None).folders();
        let export = selection(&raw.export, &defaults.export, "export", Selection::All).exported();
        let policies = self.policies(defaults, raw);
        Some(Account {
            id,
            mail,
            mailbox: mailbox?,
            user: user?,
            time_zone: time_zone?,
            language,
            automatic: raw.automatic.or(defaults.automatic).unwrap_or(true),
            import_from,
            import_meetings,
            import_tasks,
            export,
            meetings_to: raw.meetings_to.clone().or_else(|| defaults.meetings_to.clone()),
            tasks_to: raw.tasks_to.clone().or_else(|| defaults.tasks_to.clone()),
            policies,
        })
    }

    fn service(
        &mut self,
        text: Option<&Spanned<String>>,
        account: &Spanned<RawAccount>,
        mail: &str,
    ) -> Option<Service> {
        let key = "mailbox";
        let missing = |section: &str| format!("needs a section [{section}], which the file does not have; add it");
        let said = text.map(|text| (text.get_ref().as_str(), text.span()));
        let refused = match (said, self.served) {
            (None, (true, false)) | (Some(("microsoft", _)), (true, _)) => return Some(Service::Microsoft),
            (None, (false, true)) | (Some(("exchange", _)), (_, true)) => return Some(Service::Exchange),
            (Some(("auto", _)), (true, true)) => return Some(Service::Auto),
            // That no section is there at all is told by itself.
            (None, (false, false)) => return None,
            (None, (true, true)) => {
                let text = format!(
                    "is missing for {mail}, because the file has [microsoft] and [exchange]; it is \"microsoft\", \
                     \"exchange\" or \"auto\", and may stand in [defaults]"
                );
                (account.span(), text)
            }
            (Some(("microsoft", span)), _) => (span, format!("\"microsoft\" {}", missing("microsoft"))),
            (Some(("exchange", span)), _) => (span, format!("\"exchange\" {}", missing("exchange"))),
            (Some(("auto", span)), (microsoft, _)) => {
                (span, format!("\"auto\" {}", missing(if microsoft { "exchange" } else { "microsoft" })))
            }
            (Some((other, span)), _) => {
                (span, format!("{other:?} is not known; it is \"microsoft\", \"exchange\" or \"auto\""))
            }
        };
        self.fault(Some(refused.0), key, refused.1);
        None
    }

    fn time_zone(
        &mut self,
        text: Option<&Spanned<String>>,
        account: &Spanned<RawAccount>,
        mail: &str,
    ) -> Option<chrono_tz::Tz> {
        let Some(text) = text else {
            let advice = format!("is missing for {mail}; name the user's zone, for example Europe/Moscow");
            self.fault(Some(account.span()), "time-zone", advice);
            return None;
        };
        let zone = text.get_ref().parse().ok();
        if zone.is_none() {
            let advice = format!("there is no zone {:?}; use an IANA name such as Europe/Moscow", text.get_ref());
            self.fault(Some(text.span()), "time-zone", advice);
        }
        zone
    }

    fn language(&mut self, text: Option<&Spanned<String>>) -> Language {
        match text.map(|text| (text.get_ref().as_str(), text.span())) {
            None | Some(("en", _)) => Language::En,
            Some(("ru", _)) => Language::Ru,
            Some((other, span)) => {
                self.fault(Some(span), "language", format!("{other:?} is not known; it is \"en\" or \"ru\""));
                Language::En
            }
        }
    }

    fn date(&mut self, raw: Option<&Spanned<RawDate>>) -> Option<chrono::NaiveDate> {
        let raw = raw?;
        let text = match raw.get_ref() {
            RawDate::Text(text) => text.clone(),
            RawDate::Date(date) => date.to_string(),
        };
        let date = chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        if date.is_none() {
            self.fault(Some(raw.span()), "import-from", format!("{text:?} is not a date; write it as 2026-11-01"));
        }
        date
    }

    fn selection(&mut self, raw: &Spanned<RawSelection>, key: &str) -> Selection {
        match raw.get_ref() {
            RawSelection::Word(word) if word == "all" => Selection::All,
            RawSelection::Word(word) if word == "none" => Selection::None,
            RawSelection::Word(word) => {
                let text = format!("{word:?} is not known; it is \"all\", \"none\" or a list of names or ids");
                self.fault(Some(raw.span()), key, text);
                Selection::None
            }
            RawSelection::List(list) if list.is_empty() => {
                self.fault(Some(raw.span()), key, "selects nothing; write \"none\" if that is meant");
                Selection::None
            }
            RawSelection::List(list) => Selection::These(list.clone()),
        }
    }

    fn policies(&mut self, defaults: &RawAccount, raw: &RawAccount) -> Vec<(String, String)> {
        let mut merged = BTreeMap::new();
        for (name, value) in defaults.policies.iter().chain(&raw.policies) {
            let text = match value.get_ref() {
                toml::Value::String(text) => text.clone(),
                // As policies spell it.
                toml::Value::Boolean(flag) => if *flag { "yes" } else { "no" }.to_owned(),
                toml::Value::Integer(number) => number.to_string(),
                _ => {
                    self.fault(Some(value.span()), &format!("policies.{name}"), "is a text, a number, true or false");
                    continue;
                }
            };
            merged.insert(name.clone(), text);
        }
        if let Some(coexist) = raw.coexist.or(defaults.coexist) {
            merged.insert("coexist".to_owned(), if coexist { "yes" } else { "no" }.to_owned());
        }
        merged.into_iter().collect()
    }
}

enum Selection {
    None,
    All,
    These(Vec<String>),
}

impl Selection {
    fn folders(self) -> Folders {
        match self {
            Self::None => Folders::None,
            Self::All => Folders::All,
            Self::These(list) => Folders::Selected(list),
        }
    }

    fn exported(self) -> Exported {
        match self {
            Self::None => Exported::None,
            Self::All => Exported::All,
            Self::These(list) => Exported::Groups(list),
        }
    }
}
