'use strict';
// A round of work with Airtable's own client: TWIN_URL and TWIN_TOKEN say where.
const assert = require('node:assert');
const Airtable = require('airtable');
const { test, end, refused } = require('./check');

const airtable = new Airtable({
  apiKey: process.env.TWIN_TOKEN,
  endpointUrl: process.env.TWIN_URL,
  requestTimeout: 20000,
});
const base = airtable.base('appDemo0000000001');
const deals = base('Deals');

async function main() {
  await test('airtable: all pages of a table', async () => {
    const all = await deals.select({ pageSize: 10 }).all();
    assert.strictEqual(all.length, 25);
    const pages = [];
    await deals.select({ pageSize: 10, fields: ['Name'] }).eachPage((records, next) => {
      pages.push(records.length);
      next();
    });
    assert.deepStrictEqual(pages, [10, 10, 5]);
  });
  await test('airtable: view, filter, sort and maxRecords', async () => {
    const some = await deals.select({
      view: 'Open deals', filterByFormula: "{Quantity} > 5", maxRecords: 4,
      sort: [{ field: 'Quantity', direction: 'desc' }],
    }).firstPage();
    assert.strictEqual(some.length, 4);
    assert.ok(some[0].get('Quantity') > some[3].get('Quantity'));
  });
  await test('airtable: a filter too long for an address goes by POST', async () => {
    const ids = Array.from({ length: 700 }, (_, i) => `RECORD_ID()='recNone${String(i).padStart(10, '0')}'`);
    ids.push("RECORD_ID()='recDeal0000000003'");
    const found = await deals.select({ filterByFormula: `OR(${ids.join(',')})` }).all();
    assert.deepStrictEqual(found.map((r) => r.id), ['recDeal0000000003']);
  });
  await test('airtable: create, find, update, replace and destroy', async () => {
    const made = await deals.create([{ fields: { Name: 'by the client', Amount: 1.25 } }, { fields: { Name: 'two' } }]);
    assert.strictEqual(made.length, 2);
    const found = await deals.find(made[0].id);
    assert.strictEqual(found.get('Amount'), 1.25);
    const updated = await deals.update([{ id: made[0].id, fields: { Stage: 'Won' } }]);
    assert.strictEqual(updated[0].get('Stage'), 'Won');
    assert.strictEqual(updated[0].get('Amount'), 1.25);
    const replaced = await deals.replace(made[0].id, { Name: 'replaced' });
    assert.strictEqual(replaced.get('Amount'), undefined);
    const gone = await deals.destroy(made.map((r) => r.id));
    assert.strictEqual(gone.length, 2);
    const e = await refused(deals.find(made[0].id));
    assert.strictEqual(e.statusCode, 404);
  });
  await test('airtable: upsert', async () => {
    const r = await deals.update([{ fields: { Name: 'Ωmega', Quantity: 5 } }, { fields: { Name: 'brand new' } }],
      { performUpsert: { fieldsToMergeOn: ['Name'] } });
    assert.deepStrictEqual(r.map((x) => x.get('Name')), ['Ωmega', 'brand new']);
    assert.strictEqual(r[0].id, 'recDeal0000000024');
  });
  await test('airtable: errors have their status and type', async () => {
    const unknown = await refused(deals.create({ Nope: 1 }));
    assert.deepStrictEqual([unknown.statusCode, unknown.error], [422, 'UNKNOWN_FIELD_NAME']);
    const computed = await refused(deals.update('recDeal0000000001', { Number: 5 }));
    assert.strictEqual(computed.error, 'INVALID_VALUE_FOR_COLUMN');
    const eleven = Array.from({ length: 11 }, () => ({ fields: { Name: 'x' } }));
    assert.strictEqual((await refused(deals.create(eleven))).statusCode, 422);
    const other = new Airtable({ apiKey: 'patWrong', endpointUrl: process.env.TWIN_URL });
    assert.strictEqual((await refused(other.base('appDemo0000000001')('Deals').find('recDeal0000000001'))).statusCode, 401);
  });
  end();
}

main();
