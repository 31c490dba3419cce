import type { IncomingMessage } from 'node:http';
import type { Core } from './calls.ts';
import { type Control, parseRule } from './control.ts';
import type { Reply } from './errors.ts';

const json = (status: number, content: unknown): Reply => ({
  ...{ status, type: 'application/json', body: `${JSON.stringify(content)}\n` },
});

/** Calls about the emulator itself, without signature: `/_control` (faults) and `/_stats` (counters). */
export async function manage(
  { core, control }: { core: Core; control: Control },
  request: IncomingMessage,
  path: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  if (path === '/_stats' && request.method === 'GET') return json(200, stats(core));
  if (path !== '/_control') return json(404, { error: `there is nothing at ${path}` });
  switch (request.method) {
    case 'GET':
      return json(200, control.list());
    case 'POST':
      return addRule(control, request);
    case 'DELETE': {
      const id = query.get('id');
      if (id === undefined) control.clear();
      else if (!control.remove(Number(id))) return json(404, { error: `there is no rule ${id}` });
      return json(200, control.list());
    }
    default:
      return json(405, { error: 'GET lists, POST adds, DELETE clears' });
  }
}

async function addRule(control: Control, request: IncomingMessage): Promise<Reply> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  try {
    const rule = parseRule(JSON.parse(Buffer.concat(pieces).toString('utf8')));
    return json(201, { id: control.add(rule).id });
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

export interface TableStats {
  readonly rows: number;
  readonly tablePartitions: Readonly<Record<string, number>>;
  /** By topic partition; only where offsets are tracked (--count-only). */
  readonly offsets?: readonly object[];
}

export interface Stats {
  readonly tables: Readonly<Record<string, TableStats>>;
  readonly sessions: { readonly created: number; readonly committed: number; readonly open: number };
  /** Blocks accepted and rows committed since the start. */
  readonly blocks: number;
  readonly rows: number;
  /** Body bytes of blocks as received, compressed. */
  readonly bytesIn: number;
  readonly requests: Readonly<Record<string, number>>;
}

export function stats(core: Core): Stats {
  const { created, committed, blocks, rows } = core.sessions.counts;
  const tables = core.catalog.list().map((table) => {
    const known = [...table.tablePartitions].map(([spec, { rows: count }]) => [spec, count] as const);
    const offsets = core.store.offsets(table);
    const name = table.schema === 'default' ? table.name : `${table.schema}.${table.name}`;
    const content = {
      rows: table.rows,
      tablePartitions: Object.fromEntries(known),
      ...(offsets ? { offsets } : {}),
    };
    return [name, content] as const;
  });
  return {
    tables: Object.fromEntries(tables),
    sessions: { created, committed, open: core.sessions.openCount() },
    blocks,
    rows,
    bytesIn: core.traffic.bytesIn,
    requests: { ...core.traffic.requests },
  };
}
