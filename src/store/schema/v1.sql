-- Version 1 of the database. Times are UTC text 'YYYY-MM-DD HH:MM:SS.SSS', so that comparisons with
-- datetime('now', '-1 hour') typed by hand are right. This script never changes once it is
-- released: what comes later is a script of its own.

CREATE TABLE "Meta" (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "User" (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE, -- [user NAME]
    email TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
) STRICT;

-- Columns marked "sealed" hold AES-256-GCM ciphertext that opens in this very row and column only.
CREATE TABLE "AirtableConnection" (
    id TEXT NOT NULL PRIMARY KEY,
    userId TEXT NOT NULL UNIQUE REFERENCES "User"(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('token', 'oauth')),
    accountId TEXT NOT NULL DEFAULT '',
    scopes TEXT NOT NULL DEFAULT '',
    quotaKey TEXT NOT NULL DEFAULT '', -- whose limits its requests count against
    secret TEXT,       -- sealed: the personal access token, or the refresh token
    clientId TEXT,     -- sealed
    clientSecret TEXT, -- sealed
    accessToken TEXT,  -- sealed: cached until tokenExpiry
    tokenExpiry TEXT,
    needsReauth INTEGER NOT NULL DEFAULT 0 CHECK (needsReauth IN (0, 1)),
    lastRefreshError TEXT NOT NULL DEFAULT '', -- why a person has to sign in again
    lastRefreshAttempt TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
) STRICT;

CREATE TABLE "GoogleSheetsConnection" (
    id TEXT NOT NULL PRIMARY KEY,
    userId TEXT NOT NULL UNIQUE REFERENCES "User"(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('service_account', 'oauth')),
    googleAccountEmail TEXT NOT NULL DEFAULT '',
    scopes TEXT NOT NULL DEFAULT '',
    quotaKey TEXT NOT NULL DEFAULT '',
    secret TEXT,       -- sealed: the service account's key file, or the refresh token
    clientId TEXT,     -- sealed
    clientSecret TEXT, -- sealed
    accessToken TEXT,  -- sealed: cached until tokenExpiry
    tokenExpiry TEXT,
    needsReauth INTEGER NOT NULL DEFAULT 0 CHECK (needsReauth IN (0, 1)),
    lastRefreshError TEXT NOT NULL DEFAULT '',
    lastRefreshAttempt TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
) STRICT;

-- One row for each [sync SLUG] that the INI file has ever had. What is wanted comes from the INI
-- file and is written over at every start; what happened is in the columns from isPaused on.
CREATE TABLE "SyncConfig" (
    id TEXT NOT NULL PRIMARY KEY,
    userId TEXT NOT NULL REFERENCES "User"(id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    isActive INTEGER NOT NULL DEFAULT 1 CHECK (isActive IN (0, 1)),
    airtableBaseId TEXT NOT NULL,
    airtableTableId TEXT NOT NULL,
    airtableViewId TEXT,
    googleSpreadsheetId TEXT NOT NULL,
    googleSheetId TEXT NOT NULL,
    fieldMappings TEXT NOT NULL CHECK (json_valid(fieldMappings)),
    syncDirection TEXT NOT NULL
        CHECK (syncDirection IN ('AIRTABLE_TO_SHEETS', 'SHEETS_TO_AIRTABLE', 'BIDIRECTIONAL')),
    conflictResolution TEXT NOT NULL
        CHECK (conflictResolution IN ('AIRTABLE_WINS', 'SHEETS_WINS', 'NEWEST_WINS', 'HOLD')),
    schedule TEXT,
    isPaused INTEGER NOT NULL DEFAULT 0 CHECK (isPaused IN (0, 1)),
    lastSyncAt TEXT,
    lastSyncStatus TEXT CHECK (lastSyncStatus IN ('success', 'failed', 'partial')),
    lastErrorAt TEXT,
    lastErrorMessage TEXT,
    nextSyncAt TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
) STRICT;
CREATE INDEX "SyncConfig_userId" ON "SyncConfig"(userId);
CREATE INDEX "SyncConfig_isActive" ON "SyncConfig"(isActive);
CREATE INDEX "SyncConfig_lastSyncAt" ON "SyncConfig"(lastSyncAt);

-- One row for each run. status is NULL while the run goes on.
-- recordsSynced = rows and records added, updated and deleted, on both sides.
CREATE TABLE "SyncLog" (
    id TEXT NOT NULL PRIMARY KEY,
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    status TEXT CHECK (status IN ('SUCCESS', 'PARTIAL', 'FAILED', 'SKIPPED')),
    recordsSynced INTEGER NOT NULL DEFAULT 0,
    recordsFailed INTEGER NOT NULL DEFAULT 0,
    errors TEXT CHECK (json_valid(errors)), -- [{phase, type, message, recordId, rowNumber, field}]
    startedAt TEXT NOT NULL,
    completedAt TEXT,
    triggeredBy TEXT NOT NULL CHECK (triggeredBy IN ('scheduled', 'manual', 'initial')),
    direction TEXT NOT NULL
        CHECK (direction IN ('AIRTABLE_TO_SHEETS', 'SHEETS_TO_AIRTABLE', 'BIDIRECTIONAL')),
    rowsAdded INTEGER NOT NULL DEFAULT 0, -- rows: in the sheet
    rowsUpdated INTEGER NOT NULL DEFAULT 0,
    rowsDeleted INTEGER NOT NULL DEFAULT 0,
    recordsAdded INTEGER NOT NULL DEFAULT 0, -- records: in Airtable
    recordsUpdated INTEGER NOT NULL DEFAULT 0,
    recordsDeleted INTEGER NOT NULL DEFAULT 0,
    conflicts INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    warnings INTEGER NOT NULL DEFAULT 0,
    airtableCalls INTEGER NOT NULL DEFAULT 0,
    sheetsCalls INTEGER NOT NULL DEFAULT 0,
    otherCalls INTEGER NOT NULL DEFAULT 0,
    bytesSent INTEGER NOT NULL DEFAULT 0,
    bytesReceived INTEGER NOT NULL DEFAULT 0,
    durationMs INTEGER,
    dryRun INTEGER NOT NULL DEFAULT 0 CHECK (dryRun IN (0, 1)),
    owner TEXT NOT NULL -- the process: boot id/pid/start
) STRICT;
CREATE INDEX "SyncLog_syncConfigId" ON "SyncLog"(syncConfigId);
CREATE INDEX "SyncLog_status" ON "SyncLog"(status);
CREATE INDEX "SyncLog_startedAt" ON "SyncLog"(startedAt);

-- One row for each cell, row or record that a run was about to change, written before the change
-- was sent. outcome tells what became of it.
CREATE TABLE "SyncChange" (
    id INTEGER PRIMARY KEY,
    syncLogId TEXT NOT NULL REFERENCES "SyncLog"(id) ON DELETE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('AIRTABLE', 'SHEETS')), -- the side that was written
    action TEXT NOT NULL
        CHECK (action IN ('update', 'create', 'delete', 'set_id', 'format', 'header')),
    recordId TEXT,
    rowNumber INTEGER,
    fieldId TEXT, -- NULL: the whole row or record
    fieldName TEXT,
    oldValue TEXT, -- as a person reads it
    newValue TEXT,
    losingValue TEXT, -- of a conflict: what the other side held
    why TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'planned'
        CHECK (outcome IN ('planned', 'done', 'failed', 'unsure')),
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    createdAt TEXT NOT NULL,
    oldRaw TEXT, -- as the program keeps it, for undo
    newRaw TEXT
) STRICT;
CREATE INDEX "SyncChange_syncLogId" ON "SyncChange"(syncLogId);
CREATE INDEX "SyncChange_recordId" ON "SyncChange"(recordId);
CREATE INDEX "SyncChange_createdAt" ON "SyncChange"(createdAt);

-- Cells that both sides have changed and that wait for a person (conflicts = hold).
CREATE TABLE "SyncConflict" (
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    recordId TEXT NOT NULL,
    fieldId TEXT NOT NULL,
    fieldName TEXT NOT NULL,
    rowNumber INTEGER,
    airtableValue TEXT,
    sheetsValue TEXT,
    firstSeenAt TEXT NOT NULL,
    lastSeenAt TEXT NOT NULL,
    choice TEXT CHECK (choice IN ('airtable', 'sheets')), -- NULL: not decided yet
    PRIMARY KEY (syncConfigId, recordId, fieldId)
) STRICT, WITHOUT ROWID;

-- What both sides held when they last agreed: keyed hashes, never the values themselves.
CREATE TABLE "PairState" (
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    recordId TEXT NOT NULL,
    rowHint INTEGER NOT NULL, -- where the row was last seen
    raw INTEGER NOT NULL,     -- hash of the row as it was read
    flags INTEGER NOT NULL,
    bases BLOB NOT NULL,      -- 8 bytes a field, little-endian, in the order of the sync's fields
    PRIMARY KEY (syncConfigId, recordId)
) STRICT, WITHOUT ROWID;

-- Small things remembered of a sync from run to run.
CREATE TABLE "SyncFact" (
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (syncConfigId, name)
) STRICT, WITHOUT ROWID;

-- Records that were about to be created in Airtable and are not settled yet.
CREATE TABLE "Intent" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    syncConfigId TEXT NOT NULL REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    tableId TEXT NOT NULL,
    runId TEXT NOT NULL,
    rowHint INTEGER NOT NULL,
    content INTEGER NOT NULL,
    rowContent INTEGER NOT NULL,
    payload TEXT NOT NULL,
    recordId TEXT,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'CREATED')),
    createdAt TEXT NOT NULL,
    serverAt TEXT,
    CHECK ((state = 'CREATED') = (recordId IS NOT NULL))
) STRICT;
CREATE INDEX "Intent_syncConfigId" ON "Intent"(syncConfigId);

-- Who may touch a base, a spreadsheet or a credential just now.
CREATE TABLE "Lease" (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL, -- boot id/pid/start: a process that is gone holds nothing
    takenAt TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When the last requests were sent, per limit of a service.
CREATE TABLE "RateBucket" (
    name TEXT NOT NULL PRIMARY KEY,
    times BLOB NOT NULL, -- Unix ms, 8 bytes each, little-endian, oldest first
    penaltyFrom TEXT,
    penaltyUntil TEXT,
    usedAt TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls per calendar month (UTC).
CREATE TABLE "UsageMonth" (
    month TEXT NOT NULL, -- '2026-11'
    counter TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (month, counter)
) STRICT, WITHOUT ROWID;

-- What a person has been told of a sync, so that it is said once.
CREATE TABLE "NotifyState" (
    syncConfigId TEXT NOT NULL PRIMARY KEY REFERENCES "SyncConfig"(id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('ok', 'failed', 'person')),
    sinceAt TEXT NOT NULL,
    sentAt TEXT -- NULL: not sent yet
) STRICT, WITHOUT ROWID;
