import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { failureOf } from './maxcompute/error.ts';
import type { Column, MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';
import type { Tunnel } from './sink/ports.ts';

/**
 * Upload sessions of the table that was planned for: what its columns are now is compared when a session
 * is created, and again when the service refuses what is sent to one. A change ends the service with
 * `mapping_mismatch` before a row is written wrongly; the next start plans for the table as it is then.
 */
export function guardedTunnel(maxcompute: MaxCompute, table: TableInfo, log: Log): Tunnel {
  const upload = maxcompute.upload(table.name);
  let warned = false;
  const warnOnce = (maxFieldBytes: number) => {
    if (!warned) log.warn({ maxFieldBytes }, 'the service takes smaller values than are checked for');
    warned = true;
  };
  const explained = async (refused: unknown, signal: AbortSignal | undefined): Promise<never> => {
    if (refused instanceof SinkError && refused.code === 'maxcompute_refused') {
      const now = await maxcompute.table(table.name, signal).catch(() => null);
      if (now) assertSameColumns(table, now.columns);
      if (failureOf(refused)?.code === 'InvalidResourceSpec') throw madeAnew(refused);
    }
    throw refused;
  };
  return {
    async create(tablePartition, signal) {
      const session = await upload.create(tablePartition, signal);
      assertSameColumns(table, session.columns);
      if (session.maxFieldBytes < LIMITS.maxFieldBytes) warnOnce(session.maxFieldBytes);
      return {
        ...session,
        putBlock: (id, body, encoding, aborted) =>
          session.putBlock(id, body, encoding, aborted).catch((error) => explained(error, aborted)),
        verify: (blocks, aborted) =>
          session.verify(blocks, aborted).catch((error) => explained(error, aborted)),
        commit: (blocks, aborted) =>
          session.commit(blocks, aborted).catch((error) => explained(error, aborted)),
      };
    },
  };
}

/** A session is only used with what it was created for: the name stands for another table now. */
const madeAnew = (refused: SinkError): SinkError =>
  new SinkError('session_lost', `the table was dropped and made anew: ${refused.message}`, refused);

/** The columns of an upload session number the fields on the wire (protocol 4.1): they must be those of the plan. */
export function assertSameColumns(table: TableInfo, now: readonly Column[]): void {
  if (now.length === 0) {
    throw new SinkError('maxcompute_transient', 'the answer to the creation of a session names no columns');
  }
  const changes = columnChanges(table.columns, now);
  if (changes.length === 0) return;
  throw new SinkError(
    'mapping_mismatch',
    `table ${table.name} has changed (${changes.join('; ')}): start again to match its columns anew`,
  );
}

/** What became of the columns, in words; empty: nothing. */
function columnChanges(before: readonly Column[], after: readonly Column[]): string[] {
  const then = typesByName(before);
  const now = typesByName(after);
  const changes = [
    ...[...then].filter(([name]) => !now.has(name)).map(([name, type]) => `dropped: ${name} ${type}`),
    ...[...now].filter(([name]) => !then.has(name)).map(([name, type]) => `added: ${name} ${type}`),
    ...[...now]
      .filter(([name, type]) => (then.get(name) ?? type) !== type)
      .map(([name, type]) => `${name} was ${then.get(name)}, is ${type}`),
  ];
  const moved = [...then.keys()].join() !== [...now.keys()].join();
  return changes.length === 0 && moved ? [`the order is now ${[...now.keys()].join(', ')}`] : changes;
}

const typesByName = (columns: readonly Column[]): Map<string, string> =>
  new Map(columns.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase().replaceAll(' ', '')]));
