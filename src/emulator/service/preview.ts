import type { Call, Core } from '../core.ts';
import type { Reply } from '../errors.ts';
import { csvLines } from '../sql/result-csv.ts';
import { previewRows } from '../tunnel/preview.ts';
import { serviceTable } from './tables.ts';

/** Rows that one answer holds at most (requests 13: `head`). */
const MOST_ROWS = 10_000;

/** `GET .../tables/T?data&linenum[&partition][&cols]`: CSV, table partition columns last (requests 13). */
export async function previewCsv(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { query } = call;
  const table = serviceTable(core, call, name, schema);
  const limit = query.get('linenum') || String(MOST_ROWS);
  const plan = { spec: query.get('partition'), names: query.get('cols'), limit };
  const rows = await previewRows(core, table, plan, MOST_ROWS);
  const names = rows.columns.map((column) => column.name);
  // Without a charset, PyODPS would read text as ISO 8859-1.
  return {
    status: 200,
    type: 'text/csv; charset=utf-8',
    body: bytesOf(csvLines(rows, names, MOST_ROWS, core.timeZone)),
  };
}

async function* bytesOf(pieces: AsyncIterable<readonly string[]>): AsyncGenerator<Buffer> {
  for await (const lines of pieces) yield Buffer.from(lines.join(''));
}
