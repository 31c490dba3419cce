import type { Config } from '../config/schema.ts';
import { sizeText } from '../config/units.ts';
import type { Block } from '../encode/block.ts';
import { zstdAvailable } from '../encode/piece.ts';
import { type ErrorCode, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Compression } from '../mapping/plan.ts';
import type { TableInfo, UploadSession } from '../maxcompute/maxcompute.ts';
import { count, plural } from '../terminal/words.ts';
import { tableChange } from '../tunnel.ts';
import { probeBlock } from './probe-block.ts';
import { fail, failed, type Item, notChecked, ok, warn } from './report.ts';
import type { Service } from './service.ts';
import { withinStep } from './step.ts';
import { fullName } from './table.ts';

export interface InsertOutcome {
  readonly items: readonly Item[];
  readonly facts: Readonly<Record<string, unknown>>;
}

const CREATE = 'create an upload session';
const PUT = 'put a block';

/**
 * Proves the right to insert: opens an upload session and sends one block in each compression. Nothing is
 * committed, so nothing becomes visible, and the session expires by itself (protocol 4.5).
 */
export async function checkInsert(
  config: Config,
  service: Service,
  table: TableInfo,
  tablePartition: string,
): Promise<InsertOutcome> {
  const what = `table ${fullName(config)} Insert`;
  const upload = service.client.upload(config.table.name, { createTablePartitions: false });
  let session: UploadSession;
  try {
    const open = (signal: AbortSignal) => upload.create(tablePartition, signal);
    session = await withinStep('maxcompute_unreachable', CREATE, open);
  } catch (error) {
    return { items: [insertFailed(what, error)], facts: {} };
  }
  const opened = openedText(service, session, tablePartition);
  const blocks = await sendBlocks(config, service, session);
  const sent = COMPRESSIONS.map((compression) => blocks.get(compression)!);
  const { maxFieldBytes, quota } = session;
  const accepted = COMPRESSIONS.map((compression) => ({
    compression,
    status: blocks.get(compression)!.status,
  }));
  return {
    items: [insertItem(what, opened, sent), limitsItem(session), ...columnItems(table, session), ...sent],
    facts: { sessionId: session.id, tablePartition, maxFieldBytes, quota, blocks: accepted },
  };
}

const insertFailed = (what: string, error: unknown): Item => overQuotaIsNoFault(failed(what, error));

/** It says nothing about rights. */
const overQuotaIsNoFault = (item: Item): Item =>
  item.code === 'maxcompute_over_quota' ? { ...item, status: 'warn' } : item;

function openedText(service: Service, session: UploadSession, tablePartition: string): string {
  const where = tablePartition === '' ? '' : ` for the table partition ${tablePartition}`;
  const at = service.answer(CREATE)?.origin ?? 'the tunnel';
  return `upload session ${session.id} opened${where} at ${at}: ${service.evidence(CREATE)}`;
}

function insertItem(what: string, opened: string, sent: readonly Item[]): Item {
  const accepted = sent.filter(({ status }) => status === 'ok').length;
  const text = `${opened}; ${plural(accepted, 'block')} accepted, never committed: no row becomes visible, and the session expires by itself within 24 h`;
  if (accepted > 0) return ok(what, text);
  const first = sent.find(({ code }) => code !== null);
  if (!first) return notChecked(what, `${opened}; but no block could be sent`);
  return overQuotaIsNoFault(fail(what, `${opened}; but no block was accepted`, first.advice, first.code));
}

/** Each compression has the block of its place. */
const COMPRESSIONS: readonly Compression[] = ['none', 'deflate', 'zstd'];

/** After these another block would wait as long. */
const NO_ANSWER: readonly (ErrorCode | null)[] = ['maxcompute_unreachable', 'maxcompute_over_quota'];

/** The configured compression first: when nobody answers, the others are not tried. */
async function sendBlocks(
  config: Config,
  service: Service,
  session: UploadSession,
): Promise<Map<Compression, Item>> {
  const configured = config.maxcompute.compression;
  const items = new Map<Compression, Item>();
  let silent = false;
  for (const compression of [configured, ...COMPRESSIONS.filter((other) => other !== configured)]) {
    const what = `block ${compression === 'none' ? 'without compression' : `with ${compression}`}`;
    const item: Item = silent
      ? notChecked(what, 'the block before got no answer')
      : await sendBlock(config, service, session, compression, what);
    items.set(compression, item);
    silent ||= NO_ANSWER.includes(item.code);
  }
  return items;
}

function limitsItem({ maxFieldBytes, quota }: UploadSession): Item {
  const text = `one value may have ${sizeText(maxFieldBytes)} (MaxFieldSize); tunnel quota ${quota ?? 'not told'}`;
  if (maxFieldBytes >= LIMITS.maxFieldBytes) return ok('session limits', text);
  const advice = `maxsink checks values against ${sizeText(LIMITS.maxFieldBytes)}: the service would refuse a block with a larger one.`;
  return warn('session limits', text, advice);
}

function columnItems(table: TableInfo, session: UploadSession): Item[] {
  try {
    const change = tableChange(table, session.columns);
    return change === null ? [] : [fail('session columns', change, 'Somebody alters the table: look again.')];
  } catch (error) {
    return [failed('session columns', error)];
  }
}

async function sendBlock(
  config: Config,
  service: Service,
  session: UploadSession,
  compression: Compression,
  what: string,
): Promise<Item> {
  const configured = config.maxcompute.compression === compression;
  const id = COMPRESSIONS.indexOf(compression);
  if (compression === 'zstd' && !zstdAvailable)
    return notChecked(what, `Node ${process.versions.node} has no zstd`);
  const block = probeBlock(session.columns, compression);
  if (block === null) return notChecked(what, 'a NOT NULL column has a type that is not supported');
  try {
    const rows = await withinStep('maxcompute_unreachable', what, async (signal) => {
      await session.putBlock(id, block.body, block.encoding, signal);
      return (await session.status(signal)).blocks.get(id);
    });
    return sentItem(what, id, block, rows, `${service.evidence(PUT)}${configured ? ' (configured)' : ''}`);
  } catch (error) {
    if (service.answer(PUT)?.status === THROTTLED) return throttled(what, service);
    return configured
      ? failed(what, error, refusedAdvice(compression, error))
      : unusable(what, compression, error);
  }
}

const THROTTLED = 429;

const throttled = (what: string, service: Service): Item =>
  overQuotaIsNoFault(failed(what, new SinkError('maxcompute_over_quota', service.evidence(PUT))));

/** `counted`: rows in the service's list; null: it gives no number, undefined: it does not have the block. */
function sentItem(
  what: string,
  id: number,
  block: Block,
  counted: number | null | undefined,
  evidence: string,
): Item {
  const text = `block ${id} of two joined pieces, ${plural(block.rows, 'row')}, ${count(block.bytes)} bytes: ${evidence}`;
  if (counted === block.rows) return ok(what, `${text}; the service counts ${plural(counted, 'row')} in it`);
  const told = counted === undefined ? 'does not list it' : `counts ${counted ?? 'no'} rows in it`;
  const advice = 'The service and maxsink disagree about the format: do not start.';
  return fail(what, `${text}; but the service ${told}`, advice, 'block_mismatch');
}

const isRefused = (item: Item): boolean => item.code === 'maxcompute_refused';

function refusedAdvice(compression: Compression, error: unknown): string | null {
  if (!isRefused(failed('', error))) return null;
  return `The service does not take what maxcompute.compression says: choose another than ${compression}.`;
}

/** A compression that nobody asked for is no fault. */
function unusable(what: string, compression: Compression, error: unknown): Item {
  const item = failed(what, error);
  if (!isRefused(item)) return { ...item, status: 'warn' };
  return warn(
    what,
    `refused, and not configured: ${item.evidence}`,
    `Do not set maxcompute.compression to ${compression}.`,
  );
}
