import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Facts, type IntendedEntry, type OnUnknown } from '../../src/ledger/decision.ts';
import type { LedgerEntry } from '../../src/ledger/intent.ts';
import type { SessionState } from '../../src/ledger/ports.ts';
import { topicPartitionKey } from '../../src/source/source.ts';
import { type BatchOfTest, intentOf, sessionOf, tp } from './simulated.ts';

const TWO: BatchOfTest = {
  members: [
    [0, 100, 110],
    [1, 200, 210],
  ],
};

interface Given {
  readonly entries?: readonly LedgerEntry[];
  /** Own: numbers of topic partitions. */
  readonly own?: readonly number[];
  readonly states?: Record<string, SessionState> | null;
  readonly counts?: Record<string, number> | null;
  readonly provenance?: boolean;
  readonly onUnknown?: OnUnknown;
  readonly list?: Facts['list'];
  readonly cluster?: string | null;
}

function factsOf(given: Given): Facts {
  const { entries = intentOf({ ...TWO, confirmed: true }), own = [0], states = null, counts = null } = given;
  const anchored = entries.find(({ pointer }) => pointer?.list)?.pointer?.list ?? null;
  const mapOf = <T>(record: Record<string, T> | null) => record && new Map(Object.entries(record));
  return {
    own: own.map((n) => entries.find((entry) => entry.partition === n) as IntendedEntry),
    list: given.list === undefined ? anchored : given.list,
    entries,
    states: mapOf(states),
    counts: mapOf(counts),
    provenance: given.provenance ?? counts !== null,
    onUnknown: given.onUnknown ?? 'stop',
    cluster: given.cluster ?? 'c1',
  };
}

const said = (given: Given) => {
  const { row, action, sessions } = decide(factsOf(given));
  return [row, action, ...sessions.map(({ id }) => id)];
};
const confirmed = intentOf({ ...TWO, confirmed: true });
const fresh = intentOf(TWO);
/** The other member has gone on. */
const advanced = [confirmed[0]!, { ...tp(1), offset: 210, pointer: null }];
/** The anchor has gone on, and with it the list. */
const anchorLeft = [{ ...tp(0), offset: 110, pointer: null }, confirmed[1]!];

describe('all members carry the intent and all are confirmed', () => {
  const all = (s1: SessionState, s2: SessionState, given: Given = {}) =>
    said({ ...given, states: { s1, s2 } });

  it('asks for the states of the sessions first', () => {
    expect(said({})).toEqual([0, 'ask']);
  });

  it.each([
    [1, 'open', 'open', ['commit', 's1', 's2']],
    [1, 'committed', 'open', ['commit', 's2']],
    [1, 'open', 'committed', ['commit', 's1']],
    [2, 'committed', 'committed', ['advance']],
    [3, 'dead', 'dead', ['consume']],
    [4, 'dead', 'open', ['wait']],
    [4, 'open', 'dead', ['wait']],
    [5, 'committed', 'dead', ['decide']],
    [5, 'dead', 'committed', ['decide']],
    [5, 'unknown', 'open', ['decide']],
    [5, 'unknown', 'committed', ['decide']],
    [5, 'gone', 'committed', ['decide']],
    [5, 'gone', 'gone', ['decide']],
    [5, 'unknown', 'dead', ['decide']],
    [1, 'busy', 'open', ['look']],
    [1, 'busy', 'dead', ['look']],
    [1, 'unknown', 'busy', ['look']],
  ] as const)('row %i: sessions %s and %s', (row, s1, s2, done) => {
    expect(all(s1, s2)).toEqual([row, ...done]);
  });

  it('row 5: one committed, one dead, one open', () => {
    const entries = intentOf({ ...TWO, confirmed: true, sessions: ['s1', 's2', 's3'] });
    expect(said({ entries, states: { s1: 'committed', s2: 'dead', s3: 'open' } })).toEqual([5, 'decide']);
  });

  describe('row 5 with provenance columns', () => {
    it('counts the rows of those that are unknown or gone, and only of those', () => {
      expect(all('gone', 'committed', { provenance: true })).toEqual([5, 'count', 's1']);
      expect(all('gone', 'unknown', { provenance: true })).toEqual([5, 'count', 's1', 's2']);
      expect(all('dead', 'committed', { provenance: true })).toEqual([5, 'decide']);
    });

    it.each([
      ['gone', 'gone', 10, 10, [2, 'advance']],
      ['unknown', 'unknown', 10, 10, [2, 'advance']],
      ['gone', 'gone', 0, 0, [3, 'consume']],
      ['gone', 'gone', 10, 0, [5, 'decide']],
      ['gone', 'gone', 10, 9, [5, 'decide']],
      ['gone', 'gone', 10, 11, [5, 'decide']],
      // It is there, and a zombie may yet commit it.
      ['unknown', 'unknown', 0, 0, [5, 'decide']],
      ['gone', 'unknown', 0, 0, [5, 'decide']],
      ['gone', 'unknown', 10, 0, [5, 'decide']],
    ] as const)('%s and %s with %i and %i of 10 rows', (s1, s2, found1, found2, done) => {
      expect(all(s1, s2, { counts: { s1: found1, s2: found2 } })).toEqual(done);
    });

    it('takes what the count has shown together with the states of the others', () => {
      expect(all('gone', 'open', { counts: { s1: 10 } })).toEqual([1, 'commit', 's2']);
      expect(all('gone', 'committed', { counts: { s1: 10 } })).toEqual([2, 'advance']);
      expect(all('gone', 'open', { counts: { s1: 0 } })).toEqual([4, 'wait']);
      expect(all('gone', 'dead', { counts: { s1: 0 } })).toEqual([3, 'consume']);
      expect(all('gone', 'committed', { counts: { s1: 0 } })).toEqual([5, 'decide']);
    });

    it('leaves mixed counts to the operator, whatever onUnknown says', () => {
      for (const onUnknown of ['assume_committed', 'replay'] as const)
        expect(all('gone', 'gone', { onUnknown, counts: { s1: 10, s2: 0 } })).toEqual([5, 'decide']);
    });
  });

  describe('row 5 without provenance columns', () => {
    it.each([
      ['assume_committed', 'gone', 'committed', ['advance']],
      ['assume_committed', 'unknown', 'gone', ['advance']],
      ['assume_committed', 'unknown', 'open', ['commit', 's2']],
      ['assume_committed', 'gone', 'dead', ['decide']],
      ['assume_committed', 'committed', 'dead', ['decide']],
      ['replay', 'gone', 'committed', ['consume']],
      ['replay', 'unknown', 'open', ['consume']],
      ['replay', 'committed', 'dead', ['consume']],
    ] as const)('onUnknown %s: %s and %s', (onUnknown, s1, s2, done) => {
      expect(all(s1, s2, { onUnknown })).toEqual([5, ...done]);
    });
  });
});

describe('row 6: all members carry the intent, not all are confirmed', () => {
  it('confirms its own first, whatever the sessions are', () => {
    expect(said({ entries: fresh })).toEqual([6, 'confirm']);
    expect(said({ entries: fresh, states: { s1: 'committed', s2: 'committed' } })).toEqual([6, 'confirm']);
    expect(said({ entries: [confirmed[0]!, fresh[1]!], own: [0, 1] })).toEqual([6, 'confirm']);
  });

  it('then waits for the others and says for whom', () => {
    const decision = decide(factsOf({ entries: [confirmed[0]!, fresh[1]!] }));
    expect(decision).toMatchObject({ row: 6, action: 'wait', why: expect.stringContaining('t-1') });
  });
});

describe('a member does not carry the intent', () => {
  const left = (witness: SessionState, given: Given = {}) =>
    said({ entries: anchorLeft, own: [1], states: { s1: witness }, ...given });

  it('asks for the witness', () => {
    expect(said({ entries: advanced })).toEqual([0, 'ask']);
    expect(said({ entries: anchorLeft, own: [1] })).toEqual([0, 'ask']);
  });

  it.each([
    [7, 'committed', 'advance'],
    [8, 'open', 'consume'],
    [8, 'dead', 'consume'],
    [9, 'unknown', 'decide'],
    [9, 'gone', 'decide'],
    [7, 'busy', 'look'],
  ] as const)('row %i: the witness is %s', (row, witness, action) => {
    expect(left(witness)).toEqual([row, action]);
    expect(left(witness, { provenance: true, counts: {} })).toEqual([row, action]);
  });

  it('no matter whether it was confirmed, or has an intent of another batch, or no offset at all', () => {
    const other = intentOf({ batch: 'other', members: [[1, 210, 220]] });
    for (const entries of [
      [fresh[0]!, { ...tp(1), offset: 210, pointer: null }],
      [fresh[0]!, ...other],
      [fresh[0]!],
    ])
      expect(said({ entries, states: { s1: 'committed', s2: 'committed' } })).toEqual([7, 'advance']);
  });

  it('and has no offset at all: that is told', () => {
    const decision = decide(factsOf({ entries: [fresh[0]!], states: { s1: 'open', s2: 'open' } }));
    expect(decision.why).toContain('no offset at all for t-1: was the topic deleted?');
  });

  it('does not look at offsets: a member past its end says nothing', () => {
    expect(said({ entries: advanced, states: { s1: 'open', s2: 'open' } })).toEqual([8, 'consume']);
  });

  it.each([
    ['stop', 'decide'],
    ['assume_committed', 'advance'],
    ['replay', 'consume'],
  ] as const)('row 9: onUnknown %s', (onUnknown, action) => {
    expect(left('gone', { onUnknown })).toEqual([9, action]);
    expect(left('unknown', { onUnknown })).toEqual([9, action]);
  });

  it.each([
    ['committed', 'open', 'decide', 'decide', 'consume'],
    ['committed', 'dead', 'decide', 'decide', 'consume'],
    ['open', 'committed', 'decide', 'decide', 'consume'],
    ['unknown', 'dead', 'decide', 'decide', 'consume'],
  ] as const)('row 9: with its list known, %s and %s cannot be', (s1, s2, ...actions) => {
    const policies = ['stop', 'assume_committed', 'replay'] as const;
    const all = policies.map((onUnknown) => said({ entries: advanced, states: { s1, s2 }, onUnknown }));
    expect(all).toEqual(actions.map((action) => [9, action]));
  });

  it('row 7: sessions of the list that the service has forgotten meanwhile do not matter', () => {
    expect(said({ entries: advanced, states: { s1: 'committed', s2: 'gone' } })).toEqual([7, 'advance']);
    expect(said({ entries: advanced, states: { s1: 'open', s2: 'unknown' } })).toEqual([8, 'consume']);
  });
});

describe('row 10: what no writer of intents writes', () => {
  const anchorOf = (entry: LedgerEntry, change: object): LedgerEntry => {
    return { ...entry, pointer: { ...entry.pointer!, ...change } };
  };
  const list = confirmed[0]!.pointer!.list!;

  it.each([
    ['an end before its beginning', { entries: [anchorOf(confirmed[0]!, { end: 99 }), confirmed[1]!] }],
    ['an anchor without a list', { entries: [anchorOf(confirmed[0]!, { list: null }), confirmed[1]!] }],
    ['a list without this topic partition', { list: { ...list, members: [tp(1)] } }],
    ['a list without the witness', { list: { ...list, sessions: [sessionOf('s2')] } }],
    ['two anchors', { entries: [confirmed[0]!, anchorOf(confirmed[1]!, { anchor: tp(1) })], own: [0, 1] }],
  ] as [string, Given][])('%s', (_, given) => {
    expect(said(given)).toEqual([10, 'decide']);
  });

  it('an intent of another cluster: its end says nothing here, and nothing is skipped', () => {
    const elsewhere = { cluster: 'c2', states: { s1: 'committed', s2: 'committed' } } as const;
    expect(said(elsewhere)).toEqual([10, 'decide']);
    expect(said({ ...elsewhere, onUnknown: 'assume_committed' })).toEqual([10, 'decide']);
    expect(said({ ...elsewhere, onUnknown: 'replay' })).toEqual([10, 'consume']);
  });
});

const state = fc.constantFrom<SessionState[]>('open', 'busy', 'committed', 'dead', 'gone', 'unknown');
const policy = fc.constantFrom<OnUnknown[]>('stop', 'assume_committed', 'replay');
const memberState = fc.constantFrom('carries', 'confirmed', 'advanced', 'other', 'missing');

/** Any facts: four members, of which the first one or two are own, three sessions, and all that can be known. */
const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    members: fc.oneof(
      fc.constant(Array.from({ length: 4 }, () => 'confirmed')),
      fc.array(memberState, { minLength: 4, maxLength: 4 }),
    ),
    own: fc.constantFrom<number[][]>([0], [0, 1], [2], [2, 3]),
    states: fc.option(fc.array(state, { minLength: 3, maxLength: 3 })),
    counts: fc.option(fc.array(fc.constantFrom(0, 9, 10, 11), { minLength: 3, maxLength: 3 })),
    ...{ provenance: fc.boolean(), onUnknown: policy, listKnown: fc.boolean(), elsewhere: fc.boolean() },
  })
  .map(({ members, own, states, counts, provenance, onUnknown, listKnown, elsewhere }) => {
    const written = intentOf({
      members: [0, 1, 2, 3].map((n) => [n, 10 * n, 10 * n + 5]),
      sessions: ['0', '1', '2'],
    });
    const entries = written.flatMap((entry, n): LedgerEntry[] => {
      const kind =
        own.includes(n) && !['carries', 'confirmed'].includes(members[n]!) ? 'carries' : members[n];
      if (kind === 'missing') return [];
      if (kind === 'advanced') return [{ ...entry, offset: entry.pointer!.end, pointer: null }];
      if (kind === 'other') return [{ ...entry, pointer: { ...entry.pointer!, batch: 'other' } }];
      return [{ ...entry, pointer: { ...entry.pointer!, confirmed: kind === 'confirmed' } }];
    });
    const { list } = written[0]!.pointer!;
    const anchorThere = entries.some(({ partition, pointer }) => partition === 0 && pointer?.batch === 'b');
    const byId = <T>(values: readonly T[] | null) =>
      values && new Map(values.map((value, n) => [String(n), value]));
    return {
      own: own.map((n) => entries.find(({ partition }) => partition === n) as IntendedEntry),
      list: listKnown || anchorThere ? list : null,
      ...{ entries, states: byId(states), counts: byId(counts), provenance, onUnknown },
      cluster: elsewhere ? 'c2' : 'c1',
    };
  });

const carries = ({ entries }: Facts) => entries.filter(({ pointer }) => pointer?.batch === 'b');
const wholeAndConfirmed = (facts: Facts) =>
  carries(facts).length === 4 && carries(facts).every(({ pointer }) => pointer!.confirmed);
const statesOf = ({ states }: Facts) => [...(states ?? new Map<string, SessionState>()).entries()];
const foundAll = ({ counts, provenance }: Facts, id: string) => provenance && counts?.get(id) === 10;
const foundNone = ({ counts, provenance }: Facts, id: string) => provenance && counts?.get(id) === 0;
const many = { numRuns: 4_000 };

describe('whatever is known', () => {
  it('there is a decision, with its row and its reason', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { row, action, why } = decide(facts);
        expect(row).toBeGreaterThanOrEqual(['ask'].includes(action) ? 0 : 1);
        expect(row).toBeLessThanOrEqual(10);
        expect(why.length).toBeGreaterThan(10);
        if (facts.states !== null) expect(action).not.toBe('ask');
        if (facts.counts !== null || !facts.provenance) expect(action).not.toBe('count');
      }),
      many,
    );
  });

  it('nothing is advanced while a session is not committed or proven in, unless the operator has said so', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { row, action } = decide(facts);
        if (action !== 'advance') return;
        const listed = statesOf(facts).filter(([id]) => facts.list !== null || id === '0');
        for (const [id, is] of listed) {
          const unclear = is === 'gone' || is === 'unknown';
          const proven = is === 'committed' || (unclear && row === 2 && foundAll(facts, id));
          // A member leaves a whole batch only after all its sessions: those forgotten since were committed.
          const older = row === 7 && unclear && facts.states!.get('0') === 'committed';
          expect(proven || older || (unclear && facts.onUnknown === 'assume_committed')).toBe(true);
        }
        expect(facts.states).not.toBeNull();
        if (row === 2) expect(wholeAndConfirmed(facts)).toBe(true);
        expect(facts.cluster).toBe('c1');
      }),
      many,
    );
  });

  it('nothing is consumed again while a session is committed, or could be, unless the operator has said so', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { row, action } = decide(facts);
        if (action !== 'consume') return;
        if ([5, 9, 10].includes(row)) return void expect(facts.onUnknown).toBe('replay');
        expect(facts.states).not.toBeNull();
        if (row === 8) {
          // Never whole: nobody could commit any of its sessions, and nobody has.
          expect(carries(facts).length).toBeLessThan(4);
          expect(['open', 'dead']).toContain(facts.states!.get('0'));
          if (facts.list !== null) for (const [, is] of statesOf(facts)) expect(is).not.toBe('committed');
          return;
        }
        expect([row, wholeAndConfirmed(facts)]).toEqual([3, true]);
        for (const [id, is] of statesOf(facts))
          expect(is === 'dead' || (is === 'gone' && foundNone(facts, id))).toBe(true);
      }),
      many,
    );
  });

  it('sessions are committed only when every member carries the intent and is confirmed, and only open ones', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { action, sessions } = decide(facts);
        if (action !== 'commit') return;
        expect(wholeAndConfirmed(facts)).toBe(true);
        expect(sessions.length).toBeGreaterThan(0);
        for (const { id } of sessions) expect(facts.states!.get(id)).toBe('open');
        for (const [id, is] of statesOf(facts)) {
          expect(is).not.toBe('dead');
          if (is === 'gone')
            expect(foundNone(facts, id) && facts.onUnknown !== 'assume_committed').toBe(false);
        }
      }),
      many,
    );
  });

  it('own topic partitions are confirmed only where every member carries the intent', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { action } = decide(facts);
        if (action === 'confirm' || action === 'wait') expect(carries(facts)).toHaveLength(4);
      }),
      many,
    );
  });

  it('owners that see the same never do opposite things', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const others = carries(facts).map((entry) => ({ ...facts, own: [entry as IntendedEntry] }));
        const actions = new Set(others.map((one) => decide(one).action));
        expect(actions.has('advance') && actions.has('consume')).toBe(false);
        expect(new Set(carries(facts).map(topicPartitionKey)).size).toBe(carries(facts).length);
      }),
      many,
    );
  });
});
