import { describe, expect, it } from 'vitest';
import { REJECTIONS, type RejectionCode } from '../../src/errors.ts';
import { actionsFor, DIRTY_ACTIONS } from '../../src/mapping/dirty.ts';
import { parse, problems, SMALLEST } from './support.ts';

const withDirty = (text: string) => `${SMALLEST}dirty: ${text}\n`;
const withKey = (text: string) => `${SMALLEST}  deduplicate: ${text}\n`;

describe('dirty', () => {
  it('is dead letters without limits unless it says otherwise', () =>
    expect(parse(SMALLEST).dirty).toEqual({
      default: 'dead_letter',
      classes: {},
      limit: { count: null, percent: null, window: 3_600_000 },
    }));

  it('takes an action for each reason, and limits', () => {
    const text =
      '{default: skip, classes: {too_long: truncate, tombstone: stop}, limit: {count: 0, percent: 0.5, window: 5m}}';
    expect(parse(withDirty(text)).dirty).toEqual({
      default: 'skip',
      classes: { too_long: 'truncate', tombstone: 'stop' },
      limit: { count: 0, percent: 0.5, window: 300_000 },
    });
  });

  it.each([
    ['{classes: {to_long: skip}}', /dirty\.classes\.to_long: unknown reason \(did you mean too_long\?\)/],
    ['{classes: {weird: skip}}', /dirty\.classes\.weird: unknown reason; known: invalid_json, /],
    [
      '{classes: {too_long: drop}}',
      /dirty\.classes\.too_long: expected dead_letter, .* or stop, received "drop"/,
    ],
    [
      '{classes: {invalid_json: set_null}}',
      /invalid_json: it is not found at the value of one column, .*: give dead_letter, skip or stop$/,
    ],
    [
      '{classes: {null_not_allowed: default_value}}',
      /null_not_allowed: it is not found at the value of one column/,
    ],
    [
      '{classes: {out_of_range: truncate}}',
      /out_of_range: only a text that is too_long and digits that are not_exact/,
    ],
    ['{default: drop}', /dirty\.default: expected dead_letter, /],
    ['{limit: {count: -1}}', /dirty\.limit\.count: expected a whole number from 0/],
    ['{limit: {percent: 101}}', /dirty\.limit\.percent: expected a number from 0 to 100/],
    ['{limit: {percent: "5 %"}}', /dirty\.limit\.percent: expected a number from 0 to 100/],
    ['{limit: {window: 10ms}}', /dirty\.limit\.window: expected a duration from 1s/],
  ])('%s is refused', (text, expected) => expect(problems(withDirty(text)).join('\n')).toMatch(expected));

  it('a reason cannot be skipped that ends the service by table.unknownFields', () => {
    const text = (action: string) =>
      withDirty(`{classes: {unknown_field: ${action}}}`).replace(
        'ods_orders\n',
        'ods_orders\n  unknownFields: stop\n',
      );
    expect(problems(text('stop'))).toEqual([]);
    expect(problems(text('skip'))).toEqual([
      expect.stringMatching(/dirty\.classes\.unknown_field: table\.unknownFields says stop: leave one/),
    ]);
  });

  it('every reason takes exactly the actions that make sense for it', () => {
    for (const code of Object.keys(REJECTIONS) as RejectionCode[]) {
      const taken = DIRTY_ACTIONS.filter(
        (action) => problems(withDirty(`{classes: {${code}: ${action}}}`)).length === 0,
      );
      expect([code, taken]).toEqual([code, actionsFor(code)]);
    }
  });
});

describe('table.deduplicate', () => {
  it('takes one source or several', () => {
    expect(parse(withKey('{key: order_id}')).table.deduplicate).toEqual({ key: ['order_id'] });
    expect(parse(withKey('{key: [__key__.id, shop]}')).table.deduplicate).toEqual({
      key: ['__key__.id', 'shop'],
    });
    expect(parse(withKey('{key: {expr: "shop + id"}}')).table.deduplicate).toEqual({
      key: [{ expr: 'shop + id' }],
    });
    expect(parse(withKey('{key: [shop, {expr: "id % 10"}]}')).table.deduplicate).toEqual({
      key: ['shop', { expr: 'id % 10' }],
    });
    expect(parse(SMALLEST).table.deduplicate).toBeNull();
  });

  it.each([
    ['{}', /table\.deduplicate\.key: expected a source .* received nothing/],
    ['{key: []}', /table\.deduplicate\.key: expected a source .* received a list/],
    ['{key: "a["}', /table\.deduplicate\.key: /],
    ['{key: [a, __what__]}', /table\.deduplicate\.key: there is no metadata __what__/],
    ['{key: {expr: "a +"}}', /table\.deduplicate\.key: .*\n {4}a \+\n/],
    ['{key: [a, {expr: a, from: b}]}', /table\.deduplicate\.key: expected a source/],
    ['{keys: a}', /table\.deduplicate\.keys: unknown key \(did you mean key\?\)/],
  ])('%s is refused', (text, expected) => expect(problems(withKey(text)).join('\n')).toMatch(expected));
});
