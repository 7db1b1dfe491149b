'use strict';
// A round of work with Google's own client: TWIN_URL and TWIN_KEY (a service account's file) say where.
const assert = require('node:assert');
const { createSign } = require('node:crypto');
const fs = require('node:fs');
const { sheets, auth } = require('@googleapis/sheets');
const { drive } = require('@googleapis/drive');
const { test, end, refused } = require('./check');

const key = JSON.parse(fs.readFileSync(process.env.TWIN_KEY, 'utf8'));
const url = process.env.TWIN_URL;
const spreadsheetId = '1DemoSpreadsheet0000000000000000000000000001';

// Exchanges a signed assertion at the twin's own token server.
async function signIn(scopes) {
  const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id })}.${part({
    iss: key.client_email, scope: scopes.join(' '), aud: key.token_uri, iat: now, exp: now + 3600 })}`;
  const assertion = `${text}.${createSign('RSA-SHA256').update(text).sign(key.private_key, 'base64url')}`;
  const r = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
  });
  const tokens = await r.json();
  assert.strictEqual(r.status, 200, JSON.stringify(tokens));
  const client = new auth.OAuth2();
  client.setCredentials({ access_token: tokens.access_token });
  return client;
}

async function main() {
  const client = await signIn(['https://www.googleapis.com/auth/spreadsheets', 'https://www.googleapis.com/auth/drive']);
  const api = sheets({ version: 'v4', auth: client, rootUrl: `${url}/` });
  const files = drive({ version: 'v3', auth: client, rootUrl: `${url}/` });

  await test('google: a spreadsheet and its tabs', async () => {
    const r = await api.spreadsheets.get({ spreadsheetId, fields: 'properties.title,sheets.properties(sheetId,title)' });
    assert.strictEqual(r.data.properties.title, 'Sales tracker');
    assert.deepStrictEqual(r.data.sheets.map((s) => s.properties.title), ['Notes', 'Deals', 'Contacts']);
  });
  await test('google: values are written and read back', async () => {
    const w = await api.spreadsheets.values.update({
      spreadsheetId, range: 'Contacts!A1:C2', valueInputOption: 'RAW',
      requestBody: { values: [['Name', 'Number', 'Yes'], ['0012', 1.5, true]] },
    });
    assert.strictEqual(w.data.updatedCells, 6);
    const r = await api.spreadsheets.values.batchGet({
      spreadsheetId, ranges: ['Contacts!A1:C', 'Notes!A:A'], valueRenderOption: 'UNFORMATTED_VALUE',
    });
    assert.deepStrictEqual(r.data.valueRanges[0].values, [['Name', 'Number', 'Yes'], ['0012', 1.5, true]]);
  });
  await test('google: one batch of typed cells, growing the grid', async () => {
    const r = await api.spreadsheets.batchUpdate({
      spreadsheetId,
      requestBody: {
        requests: [
          { appendDimension: { sheetId: 777, dimension: 'ROWS', length: 10 } },
          { updateCells: {
            start: { sheetId: 777, rowIndex: 54, columnIndex: 0 }, fields: 'userEnteredValue',
            rows: [{ values: [{ userEnteredValue: { stringValue: '=1+1' } }, { userEnteredValue: { numberValue: 7 } }] }],
          } },
        ],
        includeSpreadsheetInResponse: false,
      },
    });
    assert.strictEqual(r.data.replies.length, 2);
    const g = await api.spreadsheets.values.get({ spreadsheetId, range: 'Contacts!A55:B55', valueRenderOption: 'UNFORMATTED_VALUE' });
    assert.deepStrictEqual(g.data.values, [['=1+1', 7]]);
  });
  await test('google: errors have their code and words', async () => {
    const bad = await refused(api.spreadsheets.values.get({ spreadsheetId, range: 'Nope!A1' }));
    assert.strictEqual(Number(bad.code || bad.status), 400);
    assert.match(bad.message, /Unable to parse range/);
    const none = await refused(api.spreadsheets.get({ spreadsheetId: '1none' }));
    assert.strictEqual(Number(none.code || none.status), 404);
    const wrong = await refused(api.spreadsheets.batchUpdate({ spreadsheetId, requestBody: { requests: [{ nope: {} }] } }));
    assert.strictEqual(Number(wrong.code || wrong.status), 400);
  });
  await test('google: Drive shows the file and its version', async () => {
    const r = await files.files.get({ fileId: spreadsheetId, fields: 'id,name,version,modifiedTime' });
    assert.strictEqual(r.data.name, 'Sales tracker');
    assert.match(r.data.version, /^\d+$/);
  });
  end();
}

main();
