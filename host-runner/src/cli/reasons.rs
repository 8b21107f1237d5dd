//! Codes of reasons, in words. A code that is not here is shown as it is: a newer component may know more.

/// What a code means, as a sentence.
pub(crate) fn sentence(code: &str) -> &str {
    TABLE.iter().find(|(known, _)| *known == code).map_or(code, |(_, text)| text)
}

const TABLE: &[(&str, &str)] = &[
    ("folder-read-only", "The mailbox may not write to this folder."),
    ("folder-not-owned", "The folder belongs to somebody else."),
    ("folder-flagged-mail", "The list shows flagged e-mail, not tasks."),
    ("group-dynamic", "The group is a search, and its members cannot be told exactly."),
];
