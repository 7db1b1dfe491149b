-- Views for people with a SQL shell. Made anew whenever the tables change; programs may rely on the
-- names of views and columns.

DROP VIEW IF EXISTS v_recent_runs;
DROP VIEW IF EXISTS v_failed_last_hour;
DROP VIEW IF EXISTS v_late_syncs;
DROP VIEW IF EXISTS v_open_conflicts;
DROP VIEW IF EXISTS v_calls_this_month;
DROP VIEW IF EXISTS v_changes;

-- The last 100 runs, newest first.
CREATE VIEW v_recent_runs AS
SELECT c.slug AS sync, c.name AS name, coalesce(l.status, 'RUNNING') AS status,
       l.startedAt AS startedAt, l.durationMs AS durationMs, l.triggeredBy AS triggeredBy,
       l.dryRun AS dryRun, l.rowsAdded AS rowsAdded, l.rowsUpdated AS rowsUpdated,
       l.rowsDeleted AS rowsDeleted,
       l.recordsAdded AS recordsAdded, l.recordsUpdated AS recordsUpdated,
       l.recordsDeleted AS recordsDeleted, l.conflicts AS conflicts, l.warnings AS warnings,
       l.airtableCalls AS airtableCalls, l.sheetsCalls AS sheetsCalls,
       json_extract(l.errors, '$[0].message') AS firstError, l.id AS log
FROM "SyncLog" l JOIN "SyncConfig" c ON c.id = l.syncConfigId
ORDER BY l.startedAt DESC, l.rowid DESC
LIMIT 100;

-- Runs that failed within the last hour, newest first.
CREATE VIEW v_failed_last_hour AS
SELECT c.slug AS sync, c.name AS name, l.startedAt AS startedAt, l.durationMs AS durationMs,
       json_extract(l.errors, '$[0].type') AS type,
       json_extract(l.errors, '$[0].message') AS message,
       l.errors AS errors, l.id AS log
FROM "SyncLog" l JOIN "SyncConfig" c ON c.id = l.syncConfigId
WHERE l.status = 'FAILED' AND l.startedAt >= strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hour')
ORDER BY l.startedAt DESC;

-- Active syncs whose run is overdue by more than two minutes and is not going on either.
CREATE VIEW v_late_syncs AS
SELECT c.slug AS sync, c.name AS name, c.nextSyncAt AS nextSyncAt,
       CAST((julianday('now') - julianday(c.nextSyncAt)) * 1440 AS INTEGER) AS minutesLate,
       c.lastSyncAt AS lastSyncAt, c.lastSyncStatus AS lastSyncStatus,
       c.lastErrorMessage AS lastErrorMessage
FROM "SyncConfig" c
WHERE c.isActive = 1 AND c.isPaused = 0
  AND c.nextSyncAt < strftime('%Y-%m-%d %H:%M:%f', 'now', '-2 minutes')
  AND NOT EXISTS (SELECT 1 FROM "SyncLog" l WHERE l.syncConfigId = c.id AND l.completedAt IS NULL)
ORDER BY c.nextSyncAt;

-- Cells that wait for a person.
CREATE VIEW v_open_conflicts AS
SELECT c.slug AS sync, k.recordId AS recordId, k.rowNumber AS rowNumber, k.fieldName AS field,
       k.airtableValue AS airtableValue, k.sheetsValue AS sheetsValue, k.firstSeenAt AS firstSeenAt,
       k.choice AS choice
FROM "SyncConflict" k JOIN "SyncConfig" c ON c.id = k.syncConfigId
ORDER BY c.slug, k.firstSeenAt, k.recordId;

-- API calls of this calendar month (UTC), most first.
CREATE VIEW v_calls_this_month AS
SELECT counter, calls FROM "UsageMonth" WHERE month = strftime('%Y-%m', 'now') ORDER BY calls DESC;

-- The history: every cell, row and record that was written, newest first.
CREATE VIEW v_changes AS
SELECT h.id AS change, c.slug AS sync, h.createdAt AS at, h.side AS side, h.action AS action,
       h.recordId AS recordId, h.rowNumber AS rowNumber, h.fieldName AS field,
       h.oldValue AS oldValue, h.newValue AS newValue, h.losingValue AS losingValue, h.why AS why,
       h.outcome AS outcome, h.undone AS undone, h.syncLogId AS log
FROM "SyncChange" h
JOIN "SyncLog" l ON l.id = h.syncLogId
JOIN "SyncConfig" c ON c.id = l.syncConfigId
ORDER BY h.id DESC;
