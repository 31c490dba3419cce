import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { IntentSession, Pointer } from '../../src/ledger/intent.ts';
import type { TopicPartition } from '../../src/source/source.ts';

const text = (maxLength: number) => fc.string({ unit: 'grapheme', minLength: 1, maxLength });
const word = (maxLength: number) => fc.stringMatching(new RegExp(`^[\\w-]{1,${maxLength}}$`));
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const topic = fc.oneof(fc.stringMatching(/^[\w.-]{1,40}$/), fc.stringMatching(/^[\w.-]{200,249}$/));

const runs = (maxLength: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: maxLength })), { minLength: 1, maxLength: 10 })
    .map((list) => {
      let next = 0;
      return list.flatMap(([gap, length]) => {
        const first = next + gap;
        next = first + length + 1;
        return Array.from({ length }, (_, i) => first + i);
      });
    });

/** 1 to 500 topic partitions of up to three topics, in order. */
export const members: fc.Arbitrary<TopicPartition[]> = fc
  .uniqueArray(topic, { minLength: 1, maxLength: 3 })
  .chain((topics) => fc.tuple(...topics.sort().map((name) => fc.tuple(fc.constant(name), runs(50)))))
  .map((list) => list.flatMap(([name, own]) => own.map((partition) => ({ topic: name, partition }))))
  .map((list) => list.slice(0, 500));

/** As a table with hours has them, or anything. */
const tablePartition = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 31 }), fc.nat(23)).map(([day, hour]) => `dt=202611${day},hr=${hour}`),
  fc.tuple(text(30), text(10)).map(([a, b]) => `dt=${a},region=${b}`),
);

/** As the service gives them, and others of at most 40 letters and digits. */
const sessionId = fc.oneof(
  fc.tuple(fc.nat(999), hex(24)).map(([ms, rest]) => `20261121091500${ms}${rest}`.slice(0, 40)),
  fc.uuid(),
  word(40),
);

export const sessions: fc.Arbitrary<IntentSession[]> = fc
  .oneof(
    fc.constant(['']),
    fc.uniqueArray(tablePartition, { minLength: 1, maxLength: 60 }).map((list) => list.sort()),
  )
  .chain((list) =>
    fc.tuple(
      ...list.map((name) =>
        fc.record({
          ...{ tablePartition: fc.constant(name), id: sessionId },
          ...{ blocks: fc.nat(20_000), rows: fc.integer({ min: 0, max: 2 ** 34 }) },
        }),
      ),
    ),
  );

export const to = fc.record({ project: word(30), schema: fc.option(word(20)), table: text(40) });
export const cluster = fc.option(word(22));

/** Dead letters in a table of theirs have one session more; it may be the only one. */
const withLetters = (
  own: readonly IntentSession[],
  table: string | null,
  alone: boolean,
): IntentSession[] => {
  if (table === null) return [...own];
  const letters = { tablePartition: '', id: `${own[0]!.id.slice(0, 38)}-d`, blocks: 1, rows: 2 ** 34, table };
  return alone ? [letters] : [letters, ...own];
};

const inOrder = (list: IntentSession[]): IntentSession[] =>
  list.sort((a, b) => order(a.tablePartition, b.tablePartition) || order(a.id, b.id));
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of an anchor. */
export const anchors: fc.Arbitrary<Pointer> = fc
  .record({
    ...{ members, sessions, to, cluster, batch: fc.uuid(), end: fc.maxSafeNat(), createdAt: fc.maxSafeNat() },
    ...{ confirmed: fc.boolean(), mapping: word(16), anchor: fc.nat(), witness: fc.nat() },
    ...{ letters: fc.option(text(40)), alone: fc.boolean() },
  })
  .map(({ members: list, sessions: own, mapping, letters, alone, ...rest }) => {
    const all = inOrder(withLetters(own, letters, alone));
    const { blocks: _, rows: __, ...witness } = all[rest.witness % all.length]!;
    return {
      ...rest,
      anchor: list[rest.anchor % list.length]!,
      witness,
      list: { members: list, sessions: all, mapping },
    };
  });

/** Of any member. */
export const pointers: fc.Arbitrary<Pointer> = fc
  .tuple(anchors, fc.boolean())
  .map(([pointer, anchor]) => (anchor ? pointer : { ...pointer, list: null }));

/** A batch as services write it: so many topic partitions of a topic, neighbours or one of each two, and table partitions. */
export function typicalPointer(topicPartitions: number, tablePartitions: number, gaps = false): Pointer {
  const list = Array.from({ length: topicPartitions }, (_, i) => ({
    topic: 'orders',
    partition: gaps ? i * 2 + (Number.parseInt(noise(i)[0]!, 16) & 1) : i,
  }));
  const all = Array.from({ length: tablePartitions }, (_, i) => ({
    tablePartition: `dt=202611${20 + Math.floor(i / 24)},hr=${`${i % 24}`.padStart(2, '0')}`,
    id: `20261121${`${91500 + i}`.padStart(6, '0')}${noise(i)}`,
    blocks: 1 + (i % 3),
    rows: (i * 7_919) % 200_000,
  }));
  return {
    ...{ batch: '6fa459ea-ee8a-4ca4-894e-db77e160355e', end: 123_456_789, createdAt: 1_795_253_400_000 },
    ...{ confirmed: false, anchor: list[0]!, cluster: 'MkU3OEVBNTcwNTJENDM2Qg' },
    witness: { tablePartition: all[0]!.tablePartition, id: all[0]!.id },
    to: { project: 'company_dw', schema: null, table: 'ods_orders' },
    list: { members: list, sessions: all, mapping: '-8x5aB_q0cZ1yH7k' },
  };
}

/** 24 hexadecimal digits that look like chance. */
const noise = (seed: number): string => createHash('sha256').update(`${seed}`).digest('hex').slice(0, 24);
