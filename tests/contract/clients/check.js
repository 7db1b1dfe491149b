'use strict';
// Counts cases; every client script ends with "N passed, N failed".
let passed = 0;
let failed = 0;

async function test(name, fn) {
  try {
    await fn();
    passed++;
    console.log(`ok    ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL  ${name}: ${e && e.message ? e.message : JSON.stringify(e)}`);
  }
}

function end() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

// The error that a promise must end with.
async function refused(promise) {
  try {
    await promise;
  } catch (e) {
    return e;
  }
  throw new Error('was not refused');
}

module.exports = { test, end, refused };
