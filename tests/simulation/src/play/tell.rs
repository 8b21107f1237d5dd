//! What a replayed world tells of itself.

use super::Play;
use scenarios::Ran;

impl Play {
    pub(super) fn say(&self, text: &str) {
        if let Some(talk) = &self.talk {
            let mut talk = talk.lock().unwrap();
            talk.push_str(text);
            talk.push('\n');
        }
    }

    pub(super) fn tell(&self, which: &str, ran: &Ran) {
        if self.talk.is_none() {
            return;
        }
        let ending = ran.report.as_ref().map(|report| (report.ending, &report.warnings));
        self.say(&format!("    {which}: {ending:?}, {} writes, {} commits", ran.writes(), ran.commits));
        for entry in &ran.entries {
            self.say(&format!(
                "      {} {} {} {:?} {} {}",
                entry.outcome.code(),
                entry.action.code(),
                entry.target.code(),
                entry.title,
                entry.reason.code(),
                entry.detail
            ));
            for unit in &entry.units {
                self.say(&format!("          {}: {:?} -> {:?}", unit.unit.code(), unit.before, unit.after));
            }
        }
        for (line, entry) in ran.requests.iter().zip(&ran.log) {
            self.say(&format!("        {}", line.chars().take(110).collect::<String>()));
            for part in entry.parts.iter().filter(|part| part.method != "GET") {
                let url: String = part.url.chars().take(90).collect();
                self.say(&format!("            {:?} {} {url}", part.status, part.method));
            }
        }
    }
}
