import type { Core } from '../core.ts';
import { typeText } from '../model/types.ts';
import type { Instance } from '../sql/instances.ts';
import { jobOf } from '../sql/job.ts';

export interface Asked {
  readonly sql: string;
  readonly schema: string;
  readonly limit: number;
}

/** One field of a result: text, or null for NULL. */
type Field = string | null;

/**
 * Runs a statement as an instance, the way a client does, so that it is in the list of instances, and answers its rows
 * or its error. `gone` says that nobody waits any more: the instance is cancelled.
 */
export async function runQuery(core: Core, asked: Asked, gone: () => boolean): Promise<object> {
  const instance = core.instances.submit(core, jobOf('PageTask', asked.sql), asked.schema);
  while (instance.status === 'Running') {
    if (gone()) core.instances.cancel(instance);
    else await core.instances.ended(instance, 100);
  }
  const head = { instance: instance.id, ms: (instance.endedAt ?? core.now()) - instance.startedAt };
  if (instance.status !== 'Success') return { ...head, ...failure(instance) };
  return { ...head, ...content(instance, asked.limit) };
}

/** The service writes `[line,column]` behind the code where it knows the place. */
function failure({ outcome, status }: Instance): object {
  const error = status === 'Cancelled' ? 'The instance was cancelled.' : outcome.text;
  const place = /^[\w-]+:\[(\d+),(\d+)\]/.exec(error);
  return { error, ...(place ? { line: Number(place[1]), column: Number(place[2]) } : {}) };
}

function content({ outcome, rows: result }: Instance, limit: number): object {
  if (outcome.format === 'text') return { text: outcome.text };
  const [names = [], ...rows] = parseCsv(outcome.text);
  const kept = typeof result === 'object' ? result : undefined;
  const types = kept?.columns.map(({ type }) => typeText(type));
  const columns = names.map((name, at) => ({ name, type: types?.[at] ?? '' }));
  return { columns, rows: rows.slice(0, limit), rowCount: kept?.count ?? rows.length };
}

/** CSV of results (requests 6): texts in quotes, doubled inside, NULL a bare `\N`. */
export function parseCsv(csv: string): Field[][] {
  const rows: Field[][] = [];
  let row: Field[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n]|$)/y;
  while (pattern.lastIndex < csv.length) {
    const match = pattern.exec(csv);
    if (!match) break;
    const [, quoted, bare, end] = match;
    row.push(quoted === undefined ? (bare === '\\N' ? null : (bare ?? '')) : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
