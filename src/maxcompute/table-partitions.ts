/** Table partitions by name: the text `dt=20261121,hr=09` and what is done with it (protocol 1.4, 3.2). */
import { SinkError } from '../errors.ts';
import { retry } from '../retry.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { failureOf } from './error.ts';
import { runSql } from './sql.ts';
import { serviceQuery, serviceTable, sqlTableName, tableName } from './wire.ts';
import { find, parseXml, type XmlElement } from './xml.ts';

interface Part {
  readonly column: string;
  readonly value: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
// No escape exists on the wire for comma, equals and quotes (protocol 1.4); the rest would break a statement.
const UNSAFE = /[,='"\\`\p{C}\p{Zl}\p{Zp}]/u;
const VALUE_BYTES = 255;

/** The parts in their order; none for the empty text. Throws `maxcompute_refused` on what cannot be addressed. */
export function parseTablePartition(tablePartition: string): Part[] {
  if (tablePartition === '') return [];
  return tablePartition.split(',').map((text) => {
    const equals = text.indexOf('=');
    const part = { column: text.slice(0, Math.max(equals, 0)), value: text.slice(equals + 1) };
    const problem = problemOf(part);
    if (problem === null) return part;
    throw new SinkError(
      'maxcompute_refused',
      `table partition ${JSON.stringify(tablePartition)}: ${problem}`,
    );
  });
}

function problemOf({ column, value }: Part): string | null {
  if (!NAME.test(column)) return 'expected column=value, joined by commas';
  if (value === '' || value !== value.trim()) return `the value of ${column} is empty or has outer blanks`;
  if (UNSAFE.test(value)) return `the value of ${column} has characters that cannot be sent`;
  return Buffer.byteLength(value) > VALUE_BYTES
    ? `the value of ${column} is over ${VALUE_BYTES} bytes`
    : null;
}

const quoted = (parts: readonly Part[]) => parts.map(({ column, value }) => `${column}='${value}'`).join(',');

/** The statement that makes the table partition if it is missing. */
export function addTablePartitionStatement(fullTableName: string, tablePartition: string): string {
  return `ALTER TABLE ${fullTableName} ADD IF NOT EXISTS PARTITION (${quoted(parseTablePartition(tablePartition))});`;
}

/** Creates the table partition unless it is there; several clients may do so at once. */
export async function addTablePartition(
  client: Client,
  table: string,
  tablePartition: string,
  signal?: AbortSignal,
): Promise<void> {
  const { clock } = client.options;
  const { transientAttempts, retryBaseMs, retryCapMs } = client.limits;
  const statement = addTablePartitionStatement(sqlTableName(client.options, table), tablePartition);
  await retry(() => runSql(client, statement, { task: 'SQLAddPartitionTask', signal }), {
    clock,
    signal,
    attempts: transientAttempts,
    baseMs: retryBaseMs,
    capMs: retryCapMs,
    // A request that failed has had its attempts already; a statement that failed has not.
    decide: (error) => ({ retry: isFailedStatement(error) }),
  });
}

function isFailedStatement(error: unknown): boolean {
  const failure = failureOf(error);
  return failure?.status === null && failure.reaction.error === 'maxcompute_transient';
}

/** Whether the table partition is there. */
export async function hasTablePartition(
  client: Client,
  table: string,
  tablePartition: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { options } = client;
  try {
    await client.request({
      name: 'look for the table partition',
      about: `${tableName(options, table)}, table partition ${tablePartition}`,
      to: 'service',
      method: 'GET',
      resource: serviceTable(options, table),
      query: { partition: quoted(parseTablePartition(tablePartition)), ...serviceQuery(options) },
      signal,
    });
    return true;
  } catch (error) {
    if (failureOf(error)?.code === 'NoSuchPartition') return false;
    throw error;
  }
}

/** Largest page that is asked for. */
const PAGE = 100;

/**
 * Names of existing table partitions in the service's order, `most` of them; none that cannot be addressed
 * (protocol 1.4). Pages are followed by their marker (protocol 3.2).
 */
export async function listTablePartitions(
  client: Client,
  table: string,
  most: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  for (let marker: string | null = null; names.length < most; ) {
    const page: Page = await readPage(client, table, marker, Math.min(most, PAGE), signal);
    names.push(...page.names);
    marker = page.marker;
    if (marker === '') break;
  }
  return names.slice(0, most);
}

interface Page {
  readonly names: readonly string[];
  /** Where the next page begins; empty: there is none. */
  readonly marker: string;
}

async function readPage(
  client: Client,
  table: string,
  marker: string | null,
  items: number,
  signal?: AbortSignal,
): Promise<Page> {
  const { options } = client;
  const call: Call = {
    name: 'list the table partitions',
    about: tableName(options, table),
    to: 'service',
    method: 'GET',
    resource: serviceTable(options, table),
    query: {
      partitions: null,
      expectmarker: 'true',
      maxitems: String(items),
      ...(marker === null ? {} : { marker }),
      ...serviceQuery(options),
    },
    signal,
  };
  return client.ask(call, ({ text }) => {
    const root = parseXml(text.trim());
    if (root.name !== 'Partitions') throw new Error(`the answer is ${root.name}`);
    const found = root.children.filter(({ name }) => name === 'Partition');
    const names = found.map(nameOf).filter((name) => name !== null);
    return { names, marker: find(root, 'Marker')?.text.trim() ?? '' };
  });
}

/** `<Partition><Column Name="dt" Value="20261121"/>...`; null when it cannot be addressed. */
function nameOf({ children }: XmlElement): string | null {
  const parts = children
    .filter(({ name }) => name === 'Column')
    .map(({ attributes: { Name: column = '', Value: value = '' } }) => ({ column, value }));
  if (parts.length === 0 || parts.some((part) => problemOf(part) !== null)) return null;
  return parts.map(({ column, value }) => `${column}=${value}`).join(',');
}
