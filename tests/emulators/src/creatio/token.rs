//! The words of `$filter`.

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    Colon,
    /// A quoted text, unquoted.
    Text(String),
    /// A name, an operator, a number, an id or an instant.
    Word(String),
}

/// All words; `None` where a quote is left open or a character belongs to no word.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ' ' | '\t' => {}
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            ',' => found.push(Token::Comma),
            ':' => found.push(Token::Colon),
            '\'' => {
                let mut content = String::new();
                loop {
                    match rest.next()? {
                        '\'' if rest.next_if_eq(&'\'').is_some() => content.push('\''),
                        '\'' => break,
                        other => content.push(other),
                    }
                }
                found.push(Token::Text(content));
            }
            start if is_word(start) => {
                let mut word = String::from(start);
                // A colon belongs to an instant, and otherwise ends the name before it.
                while let Some(next) = rest.next_if(|next| {
                    is_word(*next) || (matches!(next, ':' | '+') && start.is_ascii_digit() && word.contains('T'))
                }) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(found)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | '@' | '$')
}
