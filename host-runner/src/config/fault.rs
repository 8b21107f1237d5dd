//! Errors of a configuration: file, line, key, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1, where there is one to point to.
    pub line: Option<usize>,
    /// The key, with its table; empty where the file as a whole is meant.
    pub key: String,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Everything that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// In the order of the file, as far as possible.
    pub faults: Vec<Fault>,
}

impl ConfigError {
    pub(crate) fn single(path: &Path, line: Option<usize>, key: &str, text: impl Into<String>) -> Self {
        let fault = Fault { line, key: key.to_owned(), text: text.into() };
        Self { path: path.to_owned(), faults: vec![fault] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { line, key, text }) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.path.display())?;
            if let Some(line) = line {
                write!(f, ", line {line}")?;
            }
            if !key.is_empty() {
                write!(f, ", {key}")?;
            }
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
