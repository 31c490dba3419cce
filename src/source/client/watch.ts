import type { Clock } from '../../clock.ts';
import type { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Log } from '../../log.ts';
import { seldom } from '../../seldom.ts';
import { DEBUG, type LogLine, readTrouble } from './broker-log.ts';
import { type Consumer, refusal } from './client.ts';
import { createOutage, type Statistics, type Unreachable } from './outage.ts';

export interface WatchOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** A broker that keeps a request waiting this long without a byte is out of reach, ms. */
  readonly silentMs: number;
  /** The client's statistics, JSON. */
  onStatistics(json: string): void;
  /** Every broker has refused us for a while, and goes on: credentials or certificates have changed. */
  onRefused(error: SinkError): void;
}

/** Tells what the client notices: an outage at once and once a minute, its end, and the warnings of the library. */
export function watchClient(
  consumer: Consumer,
  { log, clock, silentMs, onStatistics, onRefused }: WatchOptions,
): void {
  const outage = createOutage(silentMs);
  const isDue = seldom(clock);
  let told: Unreachable | null = null;

  function judge(statistics: Statistics): void {
    const now = clock.now();
    const found = outage.judge(statistics, now);
    if (found === null) {
      if (told) log.info({}, `Kafka: reachable again after ${seconds(now - told.since)}`);
      told = null;
      return;
    }
    const { since, refusedSince } = found;
    // A refusal is told before the service ends for it, whatever the outage began with.
    const kind = refusedSince === null ? 'outage' : 'refusal';
    if (isDue(`${kind} since ${since}`)) log.warn(fields(found), describe(found, now));
    told = found;
    if (refusedSince !== null && now - refusedSince >= LIMITS.refusedMs)
      void refusal(consumer, found.troubles).then(onRefused);
  }

  consumer.on('event.stats', ({ message }: { message: string }) => {
    onStatistics(message);
    judge(JSON.parse(message) as Statistics);
  });
  consumer.on('event.log', (line: LogLine) => {
    const { severity, fac, message } = line;
    const trouble = readTrouble(line);
    if (trouble) outage.note(trouble);
    log[levelOf(severity, fac, isDue)]({ facility: fac }, `kafka: ${withoutThread(message)}`);
  });
  // The same troubles once more, as names of codes.
  consumer.on('event.error', ({ message }: { message: string }) => log.debug({}, `kafka: ${message}`));
}

/** Outages are told in words of our own. */
const TOLD_OTHERWISE = /^(?:FAIL|REQTMOUT|SESSTMOUT)$/;
const WARNING = 4;

function levelOf(severity: number, facility: string, isDue: (key: string) => boolean) {
  if (severity >= DEBUG) return 'trace';
  if (severity > WARNING || TOLD_OTHERWISE.test(facility)) return 'debug';
  return isDue(`facility ${facility}`) ? 'warn' : 'debug';
}

const withoutThread = (message: string): string => message.replace(/^\[thrd:.*?\]: /, '');

const fields = ({ since, brokers, topicPartitions, coordinator }: Unreachable): object => ({
  since: new Date(since).toISOString(),
  brokers: [...brokers.keys()],
  topicPartitions,
  coordinator,
});

/** `Kafka: 127.0.0.1:9092 unreachable for 12 s (no answer): 4 topic partitions are not read, ...` */
function describe({ since, brokers, topicPartitions, coordinator }: Unreachable, now: number): string {
  const who = brokers.size === 0 ? 'the group coordinator' : [...brokers.keys()].join(', ');
  const why = [...new Set(brokers.values())].join('; ') || 'not connected yet';
  const affected = [
    ...(topicPartitions > 0 ? [`${topicPartitions} topic partitions are not read`] : []),
    ...(coordinator ? ['offsets cannot be committed, and the group forgets this member in time'] : []),
  ];
  const effect = affected.length > 0 ? affected.join('; ') : 'nothing can be read';
  return `Kafka: ${who} unreachable for ${seconds(now - since)} (${why}): ${effect}; trying on`;
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
