//! What the command line shows: standard output for people, colours only where a terminal shows them, lines that fit it.

mod entries;
mod findings;
mod progress;
mod reasons;
mod report;
mod values;
mod words;

pub use entries::{Detail, local, plan, urgent};
pub use findings::findings;
pub use progress::Progress;
pub use reasons::{sentence, words as reason};
pub use report::{failed, report, sum, warning};
pub use words::run as run_name;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use crate::config::Language;

/// Where the terminal does not say how wide it is.
const WIDTH: usize = 96;

/// How a word is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As the terminal writes.
    Plain,
    /// A heading.
    Strong,
    /// What only some readers need.
    Faint,
    /// Well done.
    Good,
    /// A person should look.
    Attention,
    /// It went wrong.
    Bad,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Attention => "33",
            Self::Bad => "31",
        }
    }
}

/// Standard output.
pub struct Screen {
    out: Box<dyn Write>,
    colour: bool,
    width: usize,
    /// Whether programs read it.
    pub json: bool,
    /// What people are told in.
    pub language: Language,
}

impl Screen {
    /// The program's standard output.
    #[must_use]
    pub fn stdout(json: bool) -> Self {
        let colour = !json && coloured(io::stdout().is_terminal());
        let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let measured = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let width = told.or_else(measured).unwrap_or(WIDTH).clamp(40, 120);
        Self { out: Box::new(BufWriter::new(io::stdout())), colour, width, json, language: Language::En }
    }

    /// Something else to write to, without colours.
    #[must_use]
    pub fn to(out: impl Write + 'static, width: usize) -> Self {
        let width = width.clamp(40, 120);
        Self { out: Box::new(out), colour: false, width, json: false, language: Language::En }
    }

    /// A text in a tone.
    #[must_use]
    pub fn tone(&self, tone: Tone, text: impl Display) -> String {
        paint(self.colour, tone, text)
    }

    /// The one of two texts that is in the screen's language.
    #[must_use]
    pub fn say<'a>(&self, english: &'a str, russian: &'a str) -> &'a str {
        self.language.of(english, russian)
    }

    /// One line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{}", text.to_string().trim_end())
    }

    /// How many characters fit behind so many, a title's worth at least.
    pub(super) fn room(&self, behind: usize) -> usize {
        self.width.saturating_sub(behind).max(20)
    }

    /// A text on as many lines as it takes, each with this indent.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn wrapped(&mut self, indent: usize, tone: Tone, text: &str) -> io::Result<()> {
        for line in wrap(&clean(text), self.width.saturating_sub(indent)) {
            let painted = self.tone(tone, line);
            writeln!(self.out, "{:indent$}{painted}", "")?;
        }
        Ok(())
    }

    /// A text behind a mark of so many characters, its lines below one another.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn hanging(&mut self, indent: usize, (mark, width): (&str, usize), text: &str) -> io::Result<()> {
        let below = indent + width + 1;
        for (number, line) in wrap(&clean(text), self.width.saturating_sub(below)).into_iter().enumerate() {
            if number == 0 {
                writeln!(self.out, "{:indent$}{mark} {line}", "")?;
            } else {
                writeln!(self.out, "{:below$}{line}", "")?;
            }
        }
        Ok(())
    }

    /// A value for programs.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn value(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(io::Error::from)?;
        writeln!(self.out)
    }

    /// Lets out what was said so far.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A word on standard error that something is wrong.
#[must_use]
pub fn alarm(text: &str) -> String {
    paint(coloured(io::stderr().is_terminal()), Tone::Bad, text)
}

fn coloured(terminal: bool) -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    terminal && !forbidden && !dumb
}

fn paint(colour: bool, tone: Tone, text: impl Display) -> String {
    if colour && tone != Tone::Plain { format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code()) } else { text.to_string() }
}

/// A text from outside cannot move the cursor, or pretend to be a line of ours.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text cut to a number of characters.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("неразрывное", 4), ["неразрывное"]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(cut("Совещание", 5), "Сове…");
    }
}
