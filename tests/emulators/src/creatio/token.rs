//! The words of `$filter`.

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Comma,
    Colon,
    /// A quoted text, unquoted.
    Text(String),
    /// A name, an operator, a number, an id or an instant.
    Word(&'a str),
}

/// All words; `None` where a quote is left open or a character belongs to no word.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut rest = text.chars();
    loop {
        let here = rest.as_str();
        let Some(next) = rest.next() else { return Some(found) };
        match next {
            ' ' | '\t' => {}
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            ',' => found.push(Token::Comma),
            ':' => found.push(Token::Colon),
            '\'' => {
                let mut content = String::new();
                loop {
                    let (piece, after) = rest.as_str().split_once('\'')?;
                    content.push_str(piece);
                    rest = after.chars();
                    // Two quotes stand for one.
                    let Some(after) = after.strip_prefix('\'') else { break };
                    content.push('\'');
                    rest = after.chars();
                }
                found.push(Token::Text(content));
            }
            start if is_word(start) => {
                let mut instant = false;
                let ends = |next: char| {
                    // A colon belongs to an instant, and otherwise ends the name before it.
                    instant |= next == 'T' && start.is_ascii_digit();
                    !(is_word(next) || instant && matches!(next, ':' | '+'))
                };
                let (word, after) = here.split_at(here.find(ends).unwrap_or(here.len()));
                found.push(Token::Word(word));
                rest = after.chars();
            }
            _ => return None,
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | '@' | '$')
}
