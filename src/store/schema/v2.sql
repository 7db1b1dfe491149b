-- Version 2.

-- When the refresh token of a sign-in by OAuth lapses; NULL: not known, or never.
ALTER TABLE "AirtableConnection" ADD COLUMN refreshExpiry TEXT;
ALTER TABLE "GoogleSheetsConnection" ADD COLUMN refreshExpiry TEXT;

-- Why the sync's last run was not well, in the words of SyncLog.errors; NULL: it was.
ALTER TABLE "SyncConfig" ADD COLUMN lastErrorType TEXT;

-- What each way of [notify] has told of a sync's trouble and not yet of its end. The table before was
-- never written.
DROP TABLE "NotifyState";
CREATE TABLE "NotifyState" (
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('http', 'command', 'mail')),
    state TEXT NOT NULL CHECK (state IN ('failed', 'person')),
    about TEXT NOT NULL, -- lastErrorType as it was told
    sinceAt TEXT NOT NULL,
    sentAt TEXT NOT NULL,
    PRIMARY KEY (syncConfigId, channel)
) STRICT, WITHOUT ROWID;
