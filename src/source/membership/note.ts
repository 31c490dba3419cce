import { crc32 } from 'node:zlib';
import { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type Position, type TopicPartition, topicPartitionKey } from '../source.ts';

/**
 * The note in the metadata of every offset commit, for whoever starts at this offset later:
 *
 *   maxsink2;tp=4;start;none=2-3;id=8RJrKVA5SRuzUnYRKnkswg;by=orders;to=demo.ods_orders;i=...;sum=0a1b2c3d;
 *
 * `tp`: topic partitions that the topic had; `start`: until the first acknowledgement; `none`: those that had
 * no offset and were not the committer's; `id`: the topic's id, absent where the brokers have none; `by`: the
 * pipeline; `to`: its table; `i`: the intent, text of the ledger; `sum`: CRC-32 of everything before it.
 * `maxsink1` had neither of the last three.
 */
export interface Census {
  readonly size: number;
  readonly unstarted: readonly number[];
  /** Null: the brokers have no topic ids (before Kafka 2.8). */
  readonly topicId: string | null;
  readonly pipeline: string;
  /** `project.table` or `project.schema.table`. */
  readonly table: string;
}

export interface Note {
  /** Null: not our metadata. */
  readonly size: number | null;
  readonly start: boolean;
  readonly unstarted: readonly number[];
  readonly topicId: string | null;
  readonly pipeline: string | null;
  /** Null: written before notes had it, or not our metadata. */
  readonly table: string | null;
  readonly intent: string | null;
}

const FOREIGN: Note = {
  ...{ size: null, start: false, unstarted: [], topicId: null, pipeline: null, table: null, intent: null },
};

const VERSION = 2;
/** A list longer than this is left out, and `offset_lost` is decided without it. */
const LIST_CHARS = 1000;
/** `sum=` with eight digits and the last sign. */
const SUM_CHARS = 13;

/** Text of ASCII; longer than `LIMITS.metadataChars` only when the intent is longer than `LIMITS.intentChars`. */
export function commitNote(census: Census, start: boolean, intent: string | null = null): string {
  const { size, unstarted, topicId, pipeline, table } = census;
  const head = `maxsink${VERSION};tp=${size};${start ? 'start;' : ''}`;
  const tail = [
    ...(topicId === null ? [] : [`id=${topicId};`]),
    ...[`by=${pipeline};`, `to=${table};`],
    ...(intent === null ? [] : [`i=${intent};`]),
  ].join('');
  const room = LIMITS.metadataChars - head.length - tail.length - SUM_CHARS - 'none=;'.length;
  const list = writeList(unstarted);
  const none = list === '' || list.length > Math.min(LIST_CHARS, room) ? '' : `none=${list};`;
  return withSum(head + none + tail);
}

const withSum = (text: string): string => `${text}sum=${sumOf(text)};`;
const sumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

type Committed = Position & { readonly metadata?: string };

/** A topic partition without a committed offset has no number, or a negative one. */
export const hasOffset = ({ offset }: Position): boolean => typeof offset === 'number' && offset >= 0;

/**
 * Tolerates trailing NULs and the loss of the last sign: clients differ in how they end metadata. Throws
 * `ledger_unreadable` for a note that is broken, or of a version that is not known yet.
 */
export function readNote(committed: Committed): Note {
  const text = (committed.metadata ?? '').replace(/\0+$/, '').replace(/([^;])$/, '$1;');
  if (!text.startsWith('maxsink')) return FOREIGN;
  const version = Number(/^maxsink(\d{1,9});/.exec(text)?.[1]);
  if (version === 1) return readFields(text);
  if (version > VERSION) throw unreadable(committed, `is of version ${version}, newer than ${VERSION}`);
  const [, signed, sum] = /^(maxsink2;.*;)sum=([0-9a-f]{8});$/.exec(text) ?? [];
  if (signed === undefined || sumOf(signed) !== sum) throw unreadable(committed, 'is broken');
  const note = readFields(text);
  if (note.size === null) throw unreadable(committed, 'does not tell the number of topic partitions');
  return note;
}

function readFields(text: string): Note {
  const fields = text.split(';').slice(1);
  const field = (name: string) => fields.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const size = Number.parseInt(field('tp') ?? '', 10);
  if (Number.isNaN(size)) return FOREIGN;
  return {
    size,
    start: fields.includes('start'),
    unstarted: readList(field('none') ?? '', size),
    topicId: field('id') ?? null,
    pipeline: field('by') ?? null,
    table: field('to') ?? null,
    intent: field('i') ?? null,
  };
}

const SHOWN = 80;

const unreadable = (at: Committed, what: string): SinkError => {
  const found = at.metadata!.slice(0, SHOWN) + (at.metadata!.length > SHOWN ? '...' : '');
  const where = `${topicPartitionKey(at)}: the metadata of the committed offset ${at.offset}`;
  return new SinkError('ledger_unreadable', `${where} ${what}: ${JSON.stringify(found)}`);
};

/** Whether the offset was committed for a topic of the same name that was deleted since. */
export const earlierTopic = (note: Note, topicId: string | null): boolean =>
  note.topicId !== null && topicId !== null && note.topicId !== topicId;

/** `[0, 2, 3, 4]` as `0,2-4`; ascending. */
function writeList(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** More topic partitions than any topic has: others write metadata too. */
const SIZE_MAX = 1_000_000;

/** Ascending runs of numbers below `size`; any other list is not ours and is taken for none. */
function readList(text: string, size: number): number[] {
  const numbers: number[] = [];
  for (const run of text === '' ? [] : text.split(',')) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(run) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from > (numbers.at(-1) ?? -1) && to >= from && to < Math.min(size, SIZE_MAX))) return [];
    for (let number = from; number <= to; number++) numbers.push(number);
  }
  return numbers;
}

/** Refuses what brokers would refuse, before it is sent. Throws `metadata_too_long`. */
export function assertFits(commits: readonly (TopicPartition & { readonly metadata?: string })[]): void {
  for (const commit of commits) {
    const bytes = Buffer.byteLength(commit.metadata ?? '');
    if (bytes <= LIMITS.metadataChars) continue;
    const what = `${topicPartitionKey(commit)}: the metadata of an offset commit has ${bytes} characters`;
    throw new SinkError('metadata_too_long', `${what}, more than ${LIMITS.metadataChars}`);
  }
}
