//! Canonical texts: what two sides that store text differently agree on.

/// One line without surrounding or doubled white space.
#[must_use]
pub fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Paragraphs: line ends as `\n`, no-break spaces as spaces, nothing at the ends of lines and of the text, at most one
/// empty line in a row.
#[must_use]
pub fn paragraphs(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}'], "\n").replace('\u{a0}', " ");
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}

/// At most so many characters, cut at a character.
#[must_use]
pub fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// The text of notes that may be HTML: Creatio keeps rich text in the same column as plain text.
#[must_use]
pub fn from_notes(notes: &str) -> String {
    if is_html(notes) { paragraphs(&html_to_text(notes)) } else { paragraphs(notes) }
}

/// Notes that [`from_notes`] reads as this text again: what looks like markup and is none has to be written as markup.
#[must_use]
pub fn to_notes(text: &str) -> String {
    if !is_html(text) {
        return text.to_owned();
    }
    let mut notes = String::from("<p>");
    let mut folds = true;
    for character in text.chars() {
        match character {
            '&' => notes.push_str("&amp;"),
            '<' => notes.push_str("&lt;"),
            '>' => notes.push_str("&gt;"),
            '\n' => notes.push_str("<br>"),
            '\t' => notes.push_str("&#9;"),
            ' ' if folds => notes.push_str("&nbsp;"),
            other => notes.push(other),
        }
        folds = matches!(character, '\n' | ' ');
    }
    notes.push_str("</p>");
    notes
}

/// Has an element that only markup has.
fn is_html(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["<html", "<body", "<p>", "<p ", "<br", "<div", "<span", "</", "<ul", "<table"]
        .iter()
        .any(|tag| lower.contains(tag))
}

/// The text of HTML: block elements end lines, markup goes, entities become characters.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut hidden: Option<String> = None;
    while let Some((text, after)) = rest.split_once('<') {
        if hidden.is_none() {
            push_text(&mut out, text);
        }
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, tail)| tail);
            continue;
        }
        let Some((tag, tail)) = after.split_once('>') else {
            // A lone `<` at the end is text.
            if hidden.is_none() {
                out.push('<');
                push_text(&mut out, after);
            }
            rest = "";
            break;
        };
        rest = tail;
        let closing = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match (&hidden, name.as_str()) {
            (Some(element), name) => {
                if closing && element == name {
                    hidden = None;
                }
            }
            (None, "script" | "style" | "head" | "title") if !closing => hidden = Some(name),
            (None, "br") => out.push('\n'),
            (None, "p" | "div" | "tr" | "li" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "hr") => {
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
            }
            (None, "td" | "th") if !closing && !out.is_empty() && !out.ends_with(['\n', ' ']) => out.push(' '),
            (None, _) => {}
        }
    }
    if hidden.is_none() {
        push_text(&mut out, rest);
    }
    out
}

/// Bytes between `&` and `;`.
const LONGEST_ENTITY: usize = 8;

fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        push_folded(out, before);
        // No further than a name is long: a text may hold many a `&` and no `;`.
        let end = after.bytes().take(LONGEST_ENTITY + 1).position(|byte| byte == b';');
        if let Some((name, tail)) = end.and_then(|end| after.split_at_checked(end))
            && let Some(character) = entity(name)
        {
            out.push(character);
            rest = tail.strip_prefix(';').unwrap_or(tail);
            continue;
        }
        out.push('&');
        rest = after;
    }
    push_folded(out, rest);
}

/// White space in HTML is one space, and none at the beginning of a line.
fn push_folded(out: &mut String, text: &str) {
    for character in text.chars() {
        if matches!(character, ' ' | '\t' | '\n' | '\r') {
            if !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(character);
        }
    }
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "laquo" => Some('«'),
        "raquo" => Some('»'),
        "mdash" => Some('—'),
        "ndash" => Some('–'),
        "hellip" => Some('…'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rich_notes_and_plain_notes_of_the_same_words_are_equal() {
        let rich = "<html><head><title>x</title></head><body><p>План&nbsp;встречи:</p><ul><li>бюджет</li><li>Q&amp;A</li></ul></body></html>";
        assert_eq!(from_notes(rich), from_notes("План встречи:\r\nбюджет\nQ&A  \n"));
    }

    #[test]
    fn plain_text_with_a_less_than_sign_stays_as_it_is() {
        assert_eq!(from_notes("a < b & c; x&y"), "a < b & c; x&y");
    }

    #[test]
    fn text_that_looks_like_markup_is_read_as_it_was_written() {
        for text in [
            "use </div> here",
            "  a  b\n\n\tc <br",
            "<p>\n x&amp;y &lt;",
            "a < b\n<span",
            "plain & simple",
            "<script>1</script> 2",
        ] {
            assert_eq!(from_notes(&to_notes(text)), text);
        }
        assert_eq!(to_notes("a < b & c"), "a < b & c");
    }

    #[test]
    fn entities_are_characters_and_what_only_looks_like_one_stays() {
        assert_eq!(
            html_to_text("a&amp;b &#1090;&#x442; &;&&unknown;&#99999999; &nbsp"),
            "a&b тт &;&&unknown;&#99999999; &nbsp"
        );
    }

    #[test]
    fn a_text_of_ampersands_is_read_in_one_go() {
        let text = "&".repeat(4 << 20);
        assert_eq!(html_to_text(&text).len(), text.len());
    }

    #[test]
    fn cut_never_splits_a_character() {
        assert_eq!(cut("встреча", 3), "вст");
    }
}
