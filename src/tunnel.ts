import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { failureOf } from './maxcompute/error.ts';
import type { Column, MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';
import type { Tunnel } from './sink/ports.ts';

/** The table that rows are encoded for at the moment. */
export interface PlannedTable {
  readonly table: TableInfo;
  /** The service tells of other columns. */
  outdated(): void;
}

/**
 * Upload sessions of the table that was planned for: what its columns are now is compared when a session
 * is created, and again when the service refuses what is sent to one. A change fails the batch with
 * `table_changed` before a row is written wrongly: the records are read again and matched with the table as it
 * is then.
 */
export function guardedTunnel(maxcompute: MaxCompute, planned: PlannedTable, log: Log): Tunnel {
  const upload = maxcompute.upload(planned.table.name);
  let warned = false;
  const warnOnce = (maxFieldBytes: number) => {
    if (!warned) log.warn({ maxFieldBytes }, 'the service takes smaller values than are checked for');
    warned = true;
  };
  const assertSame = (now: readonly Column[]) => {
    const changes = tableChange(planned.table, now);
    if (changes === null) return;
    planned.outdated();
    throw new SinkError('table_changed', changes);
  };
  const explained = async (refused: unknown, signal: AbortSignal | undefined): Promise<never> => {
    if (refused instanceof SinkError && refused.code === 'maxcompute_refused') {
      const now = await maxcompute.table(planned.table.name, signal).catch(() => null);
      if (now) assertSame(now.columns);
      if (failureOf(refused)?.code === 'InvalidResourceSpec') throw madeAnew(refused);
    }
    throw refused;
  };
  return {
    async create(tablePartition, signal) {
      const session = await upload.create(tablePartition, signal);
      assertSame(session.columns);
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

/**
 * The columns of an upload session number the fields on the wire (protocol 4.1): they must be those of the
 * plan. Null, or what has changed.
 */
export function tableChange(table: TableInfo, now: readonly Column[]): string | null {
  if (now.length === 0) {
    throw new SinkError('maxcompute_transient', 'the answer to the creation of a session names no columns');
  }
  const changes = columnChanges(table.columns, now);
  return changes.length === 0 ? null : `table ${table.name} has changed (${changes.join('; ')})`;
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
