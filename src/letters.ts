import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from './clock.ts';
import { letterFolder } from './config/dead-letters.ts';
import type { Config } from './config/schema.ts';
import { type DeadLetterFolder, openDeadLetterFolder } from './deadletter/file.ts';
import { type Committed, type LeftOutcome, ownerName, settleLeft } from './deadletter/left.ts';
import { createKeeper } from './deadletter/original.ts';
import { openDeadLetterTopic } from './deadletter/topic.ts';
import { SinkError } from './errors.ts';
import type { LettersOfBatch } from './ledger/ports.ts';
import { ledgerEntry } from './ledger/store.ts';
import { letterPieces, loadLetterTable } from './letter-table.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import type { Plan } from './mapping/plan.ts';
import type { MaxCompute } from './maxcompute/maxcompute.ts';
import { openLetterTable } from './sink/letter-table.ts';
import type { DeadLetters } from './sink/ports.ts';
import { openProducer } from './source/producer/producer.ts';
import { askWritable, unwritable } from './source/producer/writable.ts';
import type { OffsetCommit, TopicPartition } from './source/source.ts';
import { guardedTunnel } from './tunnel.ts';

/** Letters as they may be kept, before they go anywhere: without what must not be seen. Throws `config_invalid`. */
export function keptLetters<T extends Pick<DeadLetters, 'append'>>(
  { deadLetters: { original, publicKeyFile } }: Pick<Config, 'deadLetters'>,
  { hidden }: Pick<Plan, 'hidden'>,
  letters: T,
): T {
  const keep = keeperOf({ original, publicKeyFile }, hidden !== undefined);
  // Inherits from the letters: what they wait for is asked of them each time.
  const append: T['append'] = (batch, list) => letters.append(batch, list.map(keep));
  return Object.assign(Object.create(letters), { append });
}

function keeperOf(
  { original, publicKeyFile }: Pick<Config['deadLetters'], 'original' | 'publicKeyFile'>,
  hidden: boolean,
) {
  try {
    const publicKey = publicKeyFile === null ? null : readFileSync(publicKeyFile, 'utf8');
    return createKeeper({ original, publicKey, hidden });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SinkError('config_invalid', reason, error);
  }
}

/** Where dead letters go, and what dead processes left there. */
export interface Letters {
  readonly destination: DeadLetters & LettersOfBatch & { stop(): Promise<void> };
  /**
   * Keeps the own files from being taken for left, and settles those that nobody will finish by what the group
   * has committed, now and then until the signal aborts. Returns a function that looks at once, for when topic partitions were assigned.
   */
  keepSettled(
    read: (list: readonly TopicPartition[]) => Promise<readonly OffsetCommit[]>,
    signal: AbortSignal,
  ): () => void;
}

export interface LettersOptions {
  readonly config: Config;
  readonly maxcompute: MaxCompute;
  readonly clock: Clock;
  readonly log: Log;
  readonly stop: AbortSignal;
}

/** Throws `dead_letter_unwritable`; for a topic and a table what speaks against writing to it, as far as that is told now. */
export function openLetters(options: LettersOptions): Promise<Letters> {
  const { config, clock, log } = options;
  const { topic, table } = config.deadLetters;
  if (topic !== null) return openTopic(config, topic, clock, log);
  if (table !== null) return openTable(options, table);
  return openFolder(letterFolder(config.deadLetters), config.kafka.groupId, clock, log);
}

async function openTable(options: LettersOptions, name: string): Promise<Letters> {
  const { config, maxcompute, clock, log, stop } = options;
  const { table, places, created } = await loadLetterTable(config, name, maxcompute, stop);
  if (created) log.info({ table: name, statement: created }, 'table created');
  const { compression } = config.maxcompute;
  const nothing = () => undefined;
  return {
    destination: openLetterTable({
      table: name,
      upload: {
        ...{
          tunnel: guardedTunnel(maxcompute, { table, outdated: () => changed(name) }, log),
          compression,
          clock,
        },
        ...{ onSession: nothing, onBlock: nothing, onCommit: nothing },
      },
      encode: letterPieces({ places, pipeline: config.name, compression, clock }),
    }),
    keepSettled: () => () => undefined,
  };
}

async function openTopic({ kafka, name }: Config, topic: string, clock: Clock, log: Log): Promise<Letters> {
  const facts = await askWritable(kafka, topic);
  const refusal = facts && unwritable(facts);
  if (refusal) throw refusal;
  const producer = openProducer(kafka);
  return {
    destination: openDeadLetterTopic({ topic, pipeline: name, producer, clock, log }),
    keepSettled: () => () => undefined,
  };
}

/** Takes what was never sealed out of the folder first: the room may be what is missing. */
async function openFolder(folder: string, group: string, clock: Clock, log: Log): Promise<Letters> {
  const owner = { group, host: hostname(), pid: process.pid };
  const tell = ({ counted, removed }: LeftOutcome) => {
    if (counted.length > 0)
      log.info({ counted }, 'dead letters of an earlier process count: their batch is done');
    if (removed.length > 0)
      log.info({ removed }, 'removed dead letters of batches that were never acknowledged');
  };
  const settle = async (open: Pick<DeadLetterFolder, 'fateOf'>, committed: Read) =>
    tell(await settleLeft({ folder, owner, now: clock.now(), fateOf: open.fateOf, committed }));
  await settle({ fateOf: () => null }, async () => []);
  const opened = await openDeadLetterFolder({ folder, process: ownerName(owner) });
  return {
    destination: opened,
    keepSettled(read, signal) {
      const committed: Read = async (list) => (await read(list)).map(committedOf);
      const look = async () => {
        await opened.touch(clock.now());
        await settle(opened, committed).catch((error) => {
          log.warn({ error }, 'dead letters of earlier processes are looked at again later');
        });
      };
      void every(clock, LIMITS.lettersLookMs, signal, look);
      return () => void look();
    },
  };
}

type Read = (list: readonly TopicPartition[]) => Promise<readonly Committed[]>;

function committedOf(commit: OffsetCommit): Committed {
  const { topic, partition, offset, pointer } = ledgerEntry(commit);
  return { topic, partition, offset, batch: pointer?.batch ?? null };
}

async function every(clock: Clock, ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(ms, signal).catch(() => undefined);
    if (!signal.aborted) await act();
  }
}

/** It has no mapping that could be matched anew while running. */
function changed(name: string): never {
  throw new SinkError(
    'mapping_mismatch',
    `the columns of deadLetters.table ${name} have changed: start again`,
  );
}
