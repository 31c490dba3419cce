import { Buffer } from 'node:buffer';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { SinkError } from '../errors.ts';
import { topicPartitionKey } from '../source/source.ts';
import { type Bytes, createReader, type Reader, writeNumber, writeText, writeTexts } from './compact.ts';
import type { IntentSession, Pointer, SessionRef } from './intent.ts';
import { readMembers, runsByTopic, writeRuns } from './members.ts';

/**
 * A pointer as text for the metadata of an offset commit: letters, digits, `-` and `_`.
 *
 *   1 or 2       version: 2 when it names a session of dead letters, which version 1 does not know
 *   A B C D      flags: 1 confirmed, 2 deflated
 *   base64url    body, plain or deflated, whichever is shorter; CRC-32 of version, flags and these bytes
 *
 * The body (numbers and texts as in `compact.ts`):
 *
 *   batch, end, createdAt, has (1 schema, 2 cluster, 4 list), project, [schema], table, [cluster]
 *   a pointer:  anchor topic, anchor number, table partition and id of the witness
 *   the anchor: topics, place of its own among them, its number, runs of each topic's members;
 *               sessions in the order of their table partitions: those, ids, blocks, rows; place of the
 *               witness; hash of the mapping
 *   version 2:  name of the table of dead letters; then the anchor the place of their session, from 1, and a
 *               pointer 1: its witness is that session
 *
 * `confirmed` changes no length.
 */
const VERSION = '1';
const WITH_LETTERS = '2';
const CONFIRMED = 1;
const DEFLATED = 2;
const HAS = { schema: 1, cluster: 2, list: 4 } as const;
const FLAGS = 'ABCD';
const CHECKSUM_BYTES = 4;
/** What is longer is not looked at; no broker's limit is near it. */
const TEXT_CHARS = 65_536;
/** Longest body that is deflated, and inflated again. */
const BODY_BYTES = 1_048_576;

/** Members and sessions are sets: they come back in the order of topics and numbers, and of table partitions. */
export function encodePointer(pointer: Pointer): string {
  const body = pointerBody(pointer);
  const deflated = body.length > BODY_BYTES ? body : deflateRawSync(body, { level: 9 });
  const shorter = deflated.length < body.length;
  const flags = (pointer.confirmed ? CONFIRMED : 0) + (shorter ? DEFLATED : 0);
  const version = letterTable(pointer) === null ? VERSION : WITH_LETTERS;
  return seal(`${version}${FLAGS[flags]}`, shorter ? deflated : body);
}

/** Characters of a pointer whose body has so many bytes and is not deflated. */
export const pointerChars = (bodyBytes: number): number =>
  VERSION.length + 1 + Math.ceil(((bodyBytes + CHECKSUM_BYTES) * 4) / 3);

/** Throws `ledger_unreadable` for a text that was not written here, is broken or of another version. */
export function decodePointer(text: string): Pointer {
  try {
    return readText(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SinkError('ledger_unreadable', `the intent cannot be read: ${why}`, error);
  }
}

function seal(head: string, bytes: Buffer): string {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(bytes, crc32(head)));
  return head + Buffer.concat([bytes, checksum]).toString('base64url');
}

function readText(text: string): Pointer {
  if (text.length > TEXT_CHARS) throw new Error(`it has ${text.length} characters`);
  if (text[0] !== VERSION && text[0] !== WITH_LETTERS)
    throw new Error(
      `its version is ${JSON.stringify(text[0] ?? '')}, known are "${VERSION}" and "${WITH_LETTERS}"`,
    );
  const flags = FLAGS.indexOf(text[1] ?? ' ');
  const sealed = Buffer.from(text.slice(2), 'base64url');
  const bytes = sealed.subarray(0, -CHECKSUM_BYTES);
  if (flags < 0 || sealed.length < CHECKSUM_BYTES || seal(text.slice(0, 2), bytes) !== text)
    throw new Error('its checksum is wrong');
  const body = flags & DEFLATED ? inflateRawSync(bytes, { maxOutputLength: BODY_BYTES }) : bytes;
  return readBody(createReader(body), (flags & CONFIRMED) !== 0, text[0] === WITH_LETTERS);
}

/** Throws an Error for a witness that is no session of the list. */
export function pointerBody(pointer: Pointer): Buffer {
  const { to, cluster, list } = pointer;
  const out: Bytes = [];
  writeText(out, pointer.batch);
  writeNumber(out, pointer.end);
  writeNumber(out, pointer.createdAt);
  const has = [to.schema !== null && HAS.schema, cluster !== null && HAS.cluster, list !== null && HAS.list];
  writeNumber(
    out,
    has.reduce<number>((sum, bit) => sum + Number(bit), 0),
  );
  writeText(out, to.project);
  if (to.schema !== null) writeText(out, to.schema);
  writeText(out, to.table);
  if (cluster !== null) writeText(out, cluster);
  if (list === null) writePlain(out, pointer);
  else writeAnchor(out, pointer, list);
  const letters = letterTable(pointer);
  if (letters !== null) {
    writeText(out, letters);
    const place = list === null ? 0 : inOrder(list.sessions).findIndex((one) => one.table !== undefined);
    writeNumber(out, place + 1);
  }
  return Buffer.from(out);
}

/** Null: it names no session of dead letters. There is at most one. */
function letterTable({ list, witness }: Pointer): string | null {
  const [of, ...more] = (list?.sessions ?? [witness]).filter((one) => one.table !== undefined);
  if (more.length > 0) throw new Error(`the session ${more[0]!.id} is a second one of dead letters`);
  return of?.table ?? null;
}

function writePlain(out: Bytes, { anchor, witness }: Pointer): void {
  writeText(out, anchor.topic);
  writeNumber(out, anchor.partition);
  writeText(out, witness.tablePartition);
  writeText(out, witness.id);
}

function writeAnchor(out: Bytes, { anchor, witness }: Pointer, list: NonNullable<Pointer['list']>): void {
  const runs = runsByTopic(list.members);
  const topics = [...runs.keys()];
  if (!topics.includes(anchor.topic)) throw new Error(`the anchor ${topicPartitionKey(anchor)} is no member`);
  writeNumber(out, topics.length);
  writeTexts(out, topics);
  writeNumber(out, topics.indexOf(anchor.topic));
  writeNumber(out, anchor.partition);
  for (const topic of topics) writeRuns(out, runs.get(topic)!);
  writeSessions(out, list.sessions, witness);
  writeText(out, list.mapping);
}

/** Column by column: neighbours resemble each other. */
function writeSessions(out: Bytes, unsorted: readonly IntentSession[], witness: SessionRef): void {
  const sessions = inOrder(unsorted);
  const place = sessions.findIndex(
    ({ tablePartition, id }) => id === witness.id && tablePartition === witness.tablePartition,
  );
  if (place < 0) throw new Error(`the witness ${witness.id} is no session of the batch`);
  writeNumber(out, sessions.length);
  writeTexts(
    out,
    sessions.map(({ tablePartition }) => tablePartition),
  );
  writeTexts(
    out,
    sessions.map(({ id }) => id),
  );
  for (const { blocks } of sessions) writeNumber(out, blocks);
  for (const { rows } of sessions) writeNumber(out, rows);
  writeNumber(out, place);
}

const inOrder = (sessions: readonly IntentSession[]): IntentSession[] =>
  [...sessions].sort((a, b) => order(a.tablePartition, b.tablePartition) || order(a.id, b.id));

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function readBody(from: Reader, confirmed: boolean, hasLetters: boolean): Pointer {
  const batch = from.text();
  const end = from.number();
  const createdAt = from.number();
  const has = from.number();
  const project = from.text();
  const schema = has & HAS.schema ? from.text() : null;
  const to = { project, schema, table: from.text() };
  const cluster = has & HAS.cluster ? from.text() : null;
  const plain = has & HAS.list ? readAnchor(from) : readPlain(from);
  const rest = hasLetters ? withLetters(plain, from.text(), from.number() - 1) : plain;
  from.end();
  return { batch, end, createdAt, confirmed, to, cluster, ...rest };
}

function withLetters({ anchor, witness, list }: Rest, table: string, place: number): Rest {
  const { id } = at(list?.sessions ?? [witness], place);
  const named = <T extends SessionRef>(one: T): T => (one.id === id ? { ...one, table } : one);
  return { anchor, witness: named(witness), list: list && { ...list, sessions: list.sessions.map(named) } };
}

type Rest = Pick<Pointer, 'anchor' | 'witness' | 'list'>;

const readPlain = (from: Reader): Rest => ({
  anchor: { topic: from.text(), partition: from.number() },
  witness: { tablePartition: from.text(), id: from.text() },
  list: null,
});

function readAnchor(from: Reader): Rest {
  const topics = from.texts(from.count());
  const topic = at(topics, from.number());
  const anchor = { topic, partition: from.number() };
  const members = readMembers(from, topics);
  const sessions = readSessions(from);
  const { tablePartition, id } = at(sessions, from.number());
  return { anchor, witness: { tablePartition, id }, list: { members, sessions, mapping: from.text() } };
}

function readSessions(from: Reader): IntentSession[] {
  const count = from.count();
  const tablePartitions = from.texts(count);
  const ids = from.texts(count);
  const blocks = ids.map(() => from.number());
  return ids.map((id, i) => ({
    ...{ tablePartition: tablePartitions[i]!, id },
    ...{ blocks: blocks[i]!, rows: from.number() },
  }));
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error('it names what it does not have');
  return found;
}
