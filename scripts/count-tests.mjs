/**
 * `node scripts/count-tests.mjs RESULTS`: names failed and skipped tests of a vitest JSON report and ends with the
 * line "N passed, N failed[, N skipped]". A skipped test is a failure here: its part has to be set up.
 */
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
const report = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { testResults: [], success: false };
const tests = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ name: `${name}: ${fullName}`, status })),
);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
// A file that cannot be loaded fails without a test of its own.
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);

for (const { name } of failed) console.log(`failed: ${name}`);
for (const { name } of broken) console.log(`not loaded: ${name}`);
for (const { name } of skipped) console.log(`skipped: ${name}`);
const more = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
console.log(`${passed.length} passed, ${failed.length + broken.length} failed${more}`);
process.exitCode = report.success && skipped.length === 0 ? 0 : 1;
