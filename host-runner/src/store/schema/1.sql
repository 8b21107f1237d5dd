-- Version 1: one file holds one tenant.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Text compares by its UTF-8 bytes, as the contract says. The version is the number of the commit that wrote the value.
CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL);
CREATE TABLE commit_number (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO commit_number VALUES (1, 0);
CREATE TABLE lease (
    account TEXT PRIMARY KEY, run TEXT NOT NULL, number INTEGER NOT NULL, until INTEGER NOT NULL, released INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE run (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, run TEXT NOT NULL, action TEXT NOT NULL, dry_run INTEGER NOT NULL,
    started INTEGER NOT NULL, finished INTEGER, result TEXT, UNIQUE (account, run)
);
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, run TEXT NOT NULL, dry_run INTEGER NOT NULL, operation TEXT NOT NULL,
    outcome TEXT NOT NULL, entry TEXT NOT NULL
);
CREATE INDEX journal_of_run ON journal (account, run);
CREATE INDEX journal_of_operation ON journal (account, operation, seq) WHERE dry_run = 0;
