//! Where a secret is. The configuration only points to it.

use std::path::PathBuf;

use secrecy::SecretString;

/// Asks a person for a secret; the text says which.
pub type Prompt = dyn Fn(&str) -> Result<SecretString, String>;

/// A prompt for programs that have nobody to ask.
///
/// # Errors
/// Always.
pub fn no_prompt(what: &str) -> Result<SecretString, String> {
    Err(format!("nobody can be asked for {what} here; use {{ env = \"NAME\" }} or {{ file = \"PATH\" }} instead"))
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In an environment variable.
    Env(String),
    /// In a file, of which the last line break is left out.
    File(PathBuf),
    /// In somebody's head; the text says what to ask for.
    Prompt(String),
}

impl SecretSource {
    /// Reads it.
    ///
    /// # Errors
    /// It is not there, or empty; the text names the place and what to do, never the value.
    pub fn read(&self, prompt: &Prompt) -> Result<SecretString, String> {
        let found = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => value,
                Err(std::env::VarError::NotPresent) => {
                    return Err(format!("the environment variable {name} is not set; set it to the secret"));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(format!("the environment variable {name} is not text"));
                }
            },
            Self::File(path) => std::fs::read_to_string(path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|fault| format!("the secret's file {} cannot be read: {fault}", path.display()))?,
            Self::Prompt(what) => return prompt(what),
        };
        match (found.is_empty(), self) {
            (false, _) => Ok(SecretString::from(found)),
            (true, Self::Env(name)) => Err(format!("the environment variable {name} is empty; set it to the secret")),
            (true, Self::File(path)) => Err(format!("the secret's file {} is empty", path.display())),
            (true, Self::Prompt(what)) => Err(format!("{what} is empty")),
        }
    }
}
