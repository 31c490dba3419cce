import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { LogBounds, TopicFacts } from '../source/admin/admin.ts';
import type { Fetched, Probe } from '../source/admin/probe.ts';
import { count, plural } from '../terminal/words.ts';
import { fail, type Item, notChecked, ok, warn } from './report.ts';

/** Records before the end of one log that are fetched besides: a transaction ends with a mark that is none. */
const RECORDS = 3;
/** No fetch begins after this time, ms; each has a deadline of its own. */
const BEGIN_MS = 8_000;

/** The right to read, proven by reading: the ends of all logs, and a few records of one. */
export async function checkTopicRights(
  config: Config,
  probe: Probe,
  topics: readonly TopicFacts[],
  bounds: readonly LogBounds[],
): Promise<{ items: readonly Item[]; values: readonly Buffer[] }> {
  if (topics.length === 0) return { items: [notChecked('topic Read', 'no topic was found')], values: [] };
  const items: Item[] = [];
  const values: Buffer[] = [];
  const end = systemClock.now() + BEGIN_MS;
  for (const topic of topics) {
    if (systemClock.now() > end) break;
    const own = bounds.filter((one) => one.topic === topic.topic);
    const fetched = await fetchTopic(probe, own);
    values.push(...fetched.records.flatMap(({ value }) => value ?? []));
    items.push(readItem(config, topic, own.length, fetched));
  }
  const left = topics.length - items.length;
  if (left > 0) items.push(notChecked('topic Read', `of ${plural(left, 'more topic')}: the time was up`));
  return { items, values };
}

/** Of the fullest log some records, of the others only the end. */
async function fetchTopic(probe: Probe, bounds: readonly LogBounds[]): Promise<Fetched> {
  const fullest = [...bounds].sort((a, b) => b.high - b.low - (a.high - a.low))[0];
  const ends = bounds.map((one) =>
    one === fullest ? { ...one, low: Math.max(one.low, one.high - RECORDS) } : { ...one, low: one.high },
  );
  return probe.fetch(ends);
}

function readItem(config: Config, { topic, rights }: TopicFacts, asked: number, fetched: Fetched): Item {
  const what = `topic ${topic} Read`;
  const { answered, records, fault } = fetched;
  if (fault) return fail(what, fault.message, grant(config, 'Read', `--topic ${topic}`), fault.code);
  const told = rights ? `; the brokers say: Read ${rights.read ? 'allowed' : 'denied'}` : '';
  const last = records.at(-1);
  const got = last
    ? `, ${plural(records.length, 'record')} up to ${topic}-${last.partition} offset ${count(last.offset)}`
    : ', no record among them';
  const text = `fetched from ${answered} of ${plural(asked, 'topic partition')}${got}${told}`;
  if (asked === 0) return notChecked(what, 'no topic partition has a leader');
  if (answered === asked) return ok(what, text);
  return warn(what, `${text}; the others did not answer in time`, 'Look at the brokers that lead them.');
}

/** How an operator grants what is missing. */
export function grant({ kafka: { security } }: Config, operation: string, resource: string): string {
  const principal = security.username === null ? 'User:<name>' : `User:${security.username}`;
  return `Grant it: kafka-acls.sh --add --allow-principal ${principal} --operation ${operation} ${resource}`;
}
