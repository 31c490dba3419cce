import type { Emulator } from '../../../src/emulator/server.ts';
import { call, type Target } from '../harness.ts';

/** Downloads as the clients ask for them (requests 8, 12), of tables and of the results of instances. */
const TABLES = '/projects/demo/tables';

type Query = Record<string, string>;

const where = ({ tablePartition }: Target): Query =>
  tablePartition === undefined ? {} : { partition: tablePartition };

export const createDownload = (emulator: Emulator, target: Target, query: Query = {}) =>
  call(emulator.tunnelEndpoint, `${TABLES}/${target.table}`, {
    method: 'POST',
    query: { downloads: '', ...where(target), ...query },
  });

export const downloadStatus = (emulator: Emulator, target: Target, id: string) =>
  call(emulator.tunnelEndpoint, `${TABLES}/${target.table}`, { query: { downloadid: id, ...where(target) } });

/** Rows of a range such as `(0,15)`. */
export const downloadData = (
  emulator: Emulator,
  target: Target,
  id: string,
  range: string,
  query: Query = {},
  headers: Record<string, string> = {},
) =>
  call(emulator.tunnelEndpoint, `${TABLES}/${target.table}`, {
    query: { data: '', downloadid: id, rowrange: range, ...where(target), ...query },
    headers,
  });

/** A new session of everything that a table has. */
export async function open(emulator: Emulator, target: Target): Promise<{ id: string; count: number }> {
  const { json, body } = await createDownload(emulator, target);
  if (!json.DownloadID) throw new Error(body);
  return { id: String(json.DownloadID), count: Number(json.RecordCount) };
}

export const resultCall = (emulator: Emulator, instance: string, method: 'GET' | 'POST', query: Query) =>
  call(emulator.tunnelEndpoint, `/projects/demo/instances/${instance}`, { method, query });

/** Status and code of a refusal. */
export const refusal = ({ status, json }: { status: number; json: Record<string, unknown> }) => [
  status,
  json.Code,
];

/** Submits a statement; answers the instance's id at once. */
export async function submit(emulator: Emulator, query: string): Promise<string> {
  const task = `<SQL><Name>mytask</Name><Query><![CDATA[${query}]]></Query></SQL>`;
  const answer = await call(emulator.endpoint, '/projects/demo/instances', {
    method: 'POST',
    body: `<Instance><Job><Tasks>${task}</Tasks></Job></Instance>`,
    headers: { 'Content-Type': 'application/xml' },
  });
  return String(answer.headers.location).split('/').at(-1)!;
}

/** Submits a statement and waits for its end, good or bad. */
export async function run(emulator: Emulator, query: string): Promise<string> {
  const id = await submit(emulator, query);
  for (;;) {
    const { body } = await call(emulator.endpoint, `/projects/demo/instances/${id}`);
    if (body.includes('Terminated')) return id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
