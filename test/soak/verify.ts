import { type Account, deadLetters, query } from '../route/service.ts';
import { BROKEN_EVERY, brokenAmong, isBroken, numberOf, TOPIC_PARTITIONS } from './records.ts';

/** Rows that are there more than once, for the same reason: same topic partition, read at the same two times. */
export interface Repeat {
  readonly topicPartition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly records: number;
  /** How often each is there. */
  readonly times: number;
  /** When they were read from Kafka first and last, ms; rounded down to 10 s. */
  readonly firstRead: number;
  readonly lastRead: number;
}

export interface Verdict {
  readonly records: number;
  readonly rows: number;
  /** Different origins among the rows. */
  readonly distinct: number;
  readonly letters: number;
  readonly missingRows: number;
  readonly missingLetters: number;
  /** The first of the missing, in words. */
  readonly missing: readonly string[];
  /** Rows and letters that should not be there: of broken or unknown records, or with another record's content. */
  readonly wrong: readonly string[];
  readonly repeats: readonly Repeat[];
}

/** What is compared with the load. */
export interface Delivered {
  readonly account: Account;
  readonly table: string;
  /** Folder of the dead letters, or how they are read where they are kept; those that are there twice come twice. */
  readonly letters: string | (() => Promise<readonly LetterPlace[]>);
}

interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

const SHOWN = 10;
const ROUND_MS = 10_000;
/** The record that a row must be, from where it came from. */
const ORIGIN = `kafka_offset * ${TOPIC_PARTITIONS} + kafka_partition`;

/**
 * Compares the table and the dead letters with what was produced, record for record. Since the content of a
 * row must fit its origin and origins outside of 0..records are wrong, equal counts mean equal sets.
 */
export async function verify(
  { account, table, letters: where }: Delivered,
  records: number,
): Promise<Verdict> {
  const ask = (sql: string) => query(account, sql) as Promise<number[][]>;
  const origins = `SELECT DISTINCT kafka_partition, kafka_offset FROM ${table}`;
  const [[rows = 0] = []] = await ask(`SELECT COUNT(*) FROM ${table};`);
  const [[distinct = 0] = []] = await ask(`SELECT COUNT(*) FROM (${origins}) AS o;`);
  const wrongRows = await ask(
    `SELECT kafka_partition, kafka_offset, id FROM ${table} WHERE id <> ${ORIGIN} OR id % ${BROKEN_EVERY} = 0 OR id < 0 OR id >= ${records} LIMIT ${SHOWN};`,
  );
  const places = typeof where === 'string' ? [...deadLetters(where).values()] : await where();
  const letters = new Set(places.map(({ partition, offset }) => numberOf(partition, offset)));
  const wrongLetters = [...letters].filter((i) => i >= records || !isBroken(i));
  const missingRows = records - brokenAmong(records) - distinct;
  const lostLetters = broken(records).filter((i) => !letters.has(i));
  return {
    ...{ records, rows, distinct, letters: letters.size, missingRows },
    missingLetters: lostLetters.length,
    missing: [
      ...(missingRows > 0 ? await gaps(ask, origins) : []),
      ...lostLetters.slice(0, SHOWN).map((i) => `no dead letter of record ${i}`),
    ],
    wrong: [
      ...wrongRows.map(([tp, offset, id]) => `row ${tp}-${offset} holds record ${id}`),
      ...(places.length > letters.size
        ? [`${places.length - letters.size} dead letters are there twice`]
        : []),
      ...wrongLetters.slice(0, SHOWN).map((i) => `dead letter of record ${i}, which is a good one`),
    ],
    repeats: await repeats(ask, table),
  };
}

const broken = (records: number): number[] =>
  Array.from({ length: brokenAmong(records) }, (_, k) => k * BROKEN_EVERY);

type Ask = (sql: string) => Promise<number[][]>;

/** Between two neighbours of a topic partition at most one record is broken: BROKEN_EVERY > TOPIC_PARTITIONS. */
async function gaps(ask: Ask, origins: string): Promise<string[]> {
  const neighbours = `SELECT kafka_partition, kafka_offset, LEAD(kafka_offset) OVER (PARTITION BY kafka_partition ORDER BY kafka_offset) AS upper FROM (${origins}) AS o`;
  const found = await ask(
    `SELECT kafka_partition, kafka_offset, upper FROM (${neighbours}) AS n WHERE upper - kafka_offset > 2 OR (upper - kafka_offset = 2 AND ((kafka_offset + 1) * ${TOPIC_PARTITIONS} + kafka_partition) % ${BROKEN_EVERY} <> 0) ORDER BY kafka_partition, kafka_offset LIMIT ${SHOWN};`,
  );
  const holes = found.map(([tp, lower, upper]) => `no rows between offsets ${lower} and ${upper} of ${tp}`);
  const ends = await ask(
    `SELECT kafka_partition, MIN(kafka_offset), MAX(kafka_offset) FROM (${origins}) AS o GROUP BY kafka_partition ORDER BY kafka_partition;`,
  );
  return [...holes, ...ends.map(([tp, first, last]) => `rows of ${tp}: offsets ${first} to ${last}`)];
}

async function repeats(ask: Ask, table: string): Promise<Repeat[]> {
  const round = (time: string) => `CAST(FLOOR(${time} / ${ROUND_MS}) AS BIGINT) * ${ROUND_MS}`;
  const each = `SELECT kafka_partition, kafka_offset, COUNT(*) AS n, ${round('MIN(ingested)')} AS t1, ${round('MAX(ingested)')} AS t2 FROM ${table} GROUP BY kafka_partition, kafka_offset HAVING COUNT(*) > 1`;
  const found = await ask(
    `SELECT kafka_partition, MIN(kafka_offset), MAX(kafka_offset), COUNT(*), n, t1, t2 FROM (${each}) AS e GROUP BY kafka_partition, n, t1, t2 ORDER BY t1, kafka_partition;`,
  );
  return found.map(([topicPartition, firstOffset, lastOffset, count, times, firstRead, lastRead]) => ({
    ...{ topicPartition: topicPartition!, firstOffset: firstOffset!, lastOffset: lastOffset! },
    ...{ records: count!, times: times!, firstRead: firstRead!, lastRead: lastRead! + ROUND_MS },
  }));
}
