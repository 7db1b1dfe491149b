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

-- The change feed of an Airtable base as one credential sees it: a webhook without an address. One
-- serves all syncs of the base.
CREATE TABLE "FeedHook" (
    connectionId TEXT NOT NULL REFERENCES "AirtableConnection"(id) ON DELETE CASCADE,
    baseId TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('making', 'active', 'refused')),
    hookId TEXT,
    reason TEXT NOT NULL DEFAULT '', -- why there is none
    changedAt TEXT NOT NULL,
    retryAt TEXT,                    -- not to be used before; NULL: may be used
    connectionAt TEXT NOT NULL,      -- updatedAt of the credential that was refused or accepted
    PRIMARY KEY (connectionId, baseId),
    CHECK ((state = 'active') = (hookId IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- How far a sync has followed its base's feed, and what it may take as known until the feed says
-- that it has changed.
CREATE TABLE "FeedState" (
    syncConfigId TEXT NOT NULL PRIMARY KEY REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    hookId TEXT NOT NULL,
    cursor INTEGER NOT NULL, -- of the next payload
    cursorAt TEXT NOT NULL,
    fullScanAt TEXT,         -- when all was compared; NULL: the next run compares all
    settings TEXT NOT NULL,  -- mark of the settings that this holds for
    tableId TEXT NOT NULL,
    tables TEXT NOT NULL,    -- the table and those it links to, as Airtable describes them
    tabs TEXT NOT NULL,      -- the spreadsheet, as Google describes it
    moreUnpaired INTEGER NOT NULL CHECK (moreUnpaired IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Records that do not hold what their pair last agreed on: looked at in each run.
CREATE TABLE "FeedPending" (
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    recordId TEXT NOT NULL,
    PRIMARY KEY (syncConfigId, recordId)
) STRICT, WITHOUT ROWID;

-- A create that is confirmed leaves the journal by its record, among as many as a run has made.
DROP INDEX "Intent_syncConfigId";
CREATE INDEX "Intent_syncConfigId_recordId" ON "Intent"(syncConfigId, recordId);
