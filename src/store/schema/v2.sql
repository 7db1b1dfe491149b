-- Version 2.

-- When the refresh token of a sign-in by OAuth lapses; NULL: not known, or never.
ALTER TABLE "AirtableConnection" ADD COLUMN refreshExpiry TEXT;
ALTER TABLE "GoogleSheetsConnection" ADD COLUMN refreshExpiry TEXT;
