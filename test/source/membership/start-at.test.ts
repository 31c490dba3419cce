import { describe, expect, it } from 'vitest';
import type { Note } from '../../../src/source/membership/note.ts';
import { decideStart, type StartFacts } from '../../../src/source/membership/start-at.ts';

const note = (given: Partial<Note> = {}): Note => ({
  ...{ size: 4, start: false, unstarted: [], topicId: 'now', pipeline: 'p', table: null, intent: null },
  ...given,
});
const facts = (given: Partial<StartFacts>): StartFacts => ({
  ...{ partition: 1, committed: null, others: [], low: 10, high: 100, topicId: 'now', foundLater: false },
  ...given,
});
const at = (offset: number, given: Partial<Note> = {}) => ({ offset, note: note(given) });
const EARLIEST = { do: 'start', from: 'earliest' };
const LATEST = { do: 'start', from: 'latest' };
const foreign = note({ size: null, topicId: null });

describe('where a topic partition starts', () => {
  it('continues at a committed offset inside the log, its two ends included', () => {
    for (const offset of [10, 50, 100]) {
      const decision = decideStart(facts({ committed: at(offset), others: [note()] }), 'latest');
      expect(decision).toEqual({ do: 'continue', offset });
    }
  });

  it('stops when the committed offset was deleted or lies past the end of the log, and says both', () => {
    for (const [offset, why] of [
      [9, 'committed 9, the log is 10..100: deleted before it was read'],
      [101, 'committed 101, the log is 10..100: it ends before what was read'],
    ] as const) {
      expect(decideStart(facts({ committed: at(offset) }), 'earliest')).toEqual({ do: 'stop', why });
    }
  });

  it('continues at an offset that another tool committed', () => {
    const committed = { offset: 50, note: foreign };
    expect(decideStart(facts({ committed }), 'latest')).toEqual({ do: 'continue', offset: 50 });
  });

  it('uses startAt only when no topic partition of the topic has an offset', () => {
    expect(decideStart(facts({}), 'latest')).toEqual(LATEST);
    expect(decideStart(facts({ others: [note()] }), 'latest').do).toBe('stop');
  });

  it('uses startAt beside members that have only just started', () => {
    const others = [note({ start: true }), note({ start: true })];
    expect(decideStart(facts({ others }), 'latest')).toEqual(LATEST);
  });

  it('starts at the beginning of a topic partition that was added later', () => {
    for (const start of [false, true]) {
      expect(decideStart(facts({ partition: 4, others: [note({ start })] }), 'latest')).toEqual(EARLIEST);
    }
  });

  it('starts at the beginning of a topic that was found later', () => {
    expect(decideStart(facts({ foundLater: true }), 'latest')).toEqual(EARLIEST);
  });

  it('stops when an offset is missing beside offsets that another tool wrote', () => {
    expect(decideStart(facts({ others: [foreign] }), 'earliest').do).toBe('stop');
  });
});

describe('a topic partition whose first owner went away before it could commit the start', () => {
  const never = note({ unstarted: [1] });

  it('starts at the beginning, though others have moved on since', () => {
    expect(decideStart(facts({ others: [never, never] }), 'latest')).toEqual(EARLIEST);
  });

  it('starts at startAt as long as the others have only started', () => {
    const others = [note({ start: true, unstarted: [1] })];
    expect(decideStart(facts({ others }), 'latest')).toEqual(LATEST);
  });

  it('is lost when somebody knows that it had an offset', () => {
    expect(decideStart(facts({ others: [never, note()] }), 'earliest').do).toBe('stop');
  });
});

describe('an offset that was committed for an earlier topic of the same name', () => {
  const committed = at(50, { topicId: 'before' });

  it('means nothing when the topic was replaced while the service ran', () => {
    expect(decideStart(facts({ committed, foundLater: true }), 'latest')).toEqual(EARLIEST);
  });

  it('stops a service that was started later, and names both ids', () => {
    const decision = decideStart(facts({ committed }), 'earliest');
    expect(decision).toMatchObject({ do: 'stop', why: expect.stringMatching(/before.*now.*10\.\.100/) });
  });

  it('says nothing about the other topic partitions', () => {
    expect(decideStart(facts({ others: [committed.note] }), 'latest')).toEqual(LATEST);
  });

  it('cannot be told where brokers have no topic ids', () => {
    expect(decideStart(facts({ committed, topicId: null }), 'latest').do).toBe('continue');
  });
});
