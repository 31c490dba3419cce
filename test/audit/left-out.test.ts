import { describe, expect, it } from 'vitest';
import { leavingOut } from '../../src/audit/left-out.ts';
import { notesOf } from '../../src/audit/notes.ts';
import type { AuditReport } from '../../src/audit/report.ts';
import { parse, SMALLEST } from '../config/support.ts';

describe('records that the configuration leaves out', () => {
  it.each([
    ['', []],
    ['dirty: {classes: {tombstone: skip}}', ['dirty: skip']],
    ['dirty: {default: skip}', ['dirty: skip']],
    ['dirty: {classes: {too_long: truncate}}', []],
    ['  deduplicate: {key: id}\ndirty: {default: skip}', ['table.deduplicate', 'dirty: skip']],
  ])('are expected with %j', (more, keys) => expect(leavingOut(parse(`${SMALLEST}${more}\n`))).toEqual(keys));

  it('are told by the audit, with where their numbers stand', () => {
    const none = { missing: [], surplus: 0, duplicates: [], both: [], unread: [], unlisted: 0, deleted: [] };
    const verdict = {
      ...none,
      empty: 0,
      rejected: 0,
      leftOut: { offsets: 5, ranges: [{ first: 3, end: 6 }] },
    };
    const one = {
      topic: 'orders',
      partition: 0,
      committed: 10,
      first: 0,
      end: 10,
      above: 0,
      rows: 5,
      verdict,
    };
    const report = {
      topicPartitions: [one],
      deadLetters: { folder: 'f', files: 1, open: 0, unreadable: 0 },
      ...{ unknownRows: 0, foreignRows: 0 },
    } as unknown as AuditReport;
    const notes = notesOf(report, false, ['table.deduplicate']);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(
      /^orders-0: 5 offsets in neither .* left out by the configuration, or are missing: 3/,
    );
    expect(notes[1]).toContain('(table.deduplicate)');
  });
});
