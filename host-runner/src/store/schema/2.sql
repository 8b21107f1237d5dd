-- Version 2: the process that holds a lease and keeps the account's file locked meanwhile; none where it has no such lock.
ALTER TABLE lease ADD COLUMN process INTEGER;
