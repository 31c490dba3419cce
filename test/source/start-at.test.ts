import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitNote, decideStart, readCommitNote, type StartFacts } from '../../src/source/start-at.ts';

const facts = (given: Partial<StartFacts>): StartFacts => ({
  partition: 1,
  committed: null,
  others: [],
  low: 10,
  high: 100,
  foundLater: false,
  ...given,
});
const advanced = { topicPartitions: 4, start: false };
const started = { topicPartitions: 4, start: true };

describe('where a topic partition starts', () => {
  it('continues at a committed offset inside the log, its two ends included', () => {
    for (const committed of [10, 50, 100]) {
      expect(decideStart(facts({ committed, others: [advanced] }), 'latest')).toEqual({
        do: 'continue',
        offset: committed,
      });
    }
  });

  it('stops when the committed offset was deleted or lies past the end of the log', () => {
    for (const committed of [9, 101]) {
      expect(decideStart(facts({ committed }), 'earliest').do).toBe('stop');
    }
  });

  it('uses startAt only when no topic partition of the topic has an offset', () => {
    expect(decideStart(facts({}), 'latest')).toEqual({ do: 'start', from: 'latest' });
    expect(decideStart(facts({ others: [advanced] }), 'latest').do).toBe('stop');
  });

  it('uses startAt beside members that have only just started', () => {
    expect(decideStart(facts({ others: [started, started] }), 'latest')).toEqual({
      do: 'start',
      from: 'latest',
    });
  });

  it('starts at the beginning of a topic partition that was added later', () => {
    for (const others of [[advanced], [started]]) {
      expect(decideStart(facts({ partition: 4, others }), 'latest')).toEqual({
        do: 'start',
        from: 'earliest',
      });
    }
  });

  it('starts at the beginning of a topic that was found later', () => {
    expect(decideStart(facts({ foundLater: true }), 'latest')).toEqual({ do: 'start', from: 'earliest' });
  });

  it('stops when an offset is missing beside offsets that another tool wrote', () => {
    expect(decideStart(facts({ others: [{ topicPartitions: null, start: false }] }), 'earliest').do).toBe(
      'stop',
    );
  });
});

describe('the note in the commit metadata', () => {
  it('reads back what was written, with or without the sentinel and a trailing NUL', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.boolean(), fc.constantFrom('', '\0'), (tp, start, end) => {
        const text = commitNote(tp, start);
        expect(readCommitNote(text + end)).toEqual({ topicPartitions: tp, start });
        if (start) expect(readCommitNote(text.slice(0, -1))).toEqual({ topicPartitions: tp, start });
      }),
    );
  });

  it('takes foreign metadata for no note', () => {
    for (const text of [undefined, '', 'hello', 'maxsink2;tp=4;', 'maxsink1;tp=x;']) {
      expect(readCommitNote(text).topicPartitions).toBeNull();
    }
  });
});
