import { bodyText, type Call, type Core } from '../core.ts';
import { json, type Reply } from '../errors.ts';
import type { Instance } from '../sql/instances.ts';
import { jobOf } from '../sql/job.ts';
import { parseScript } from '../sql/script.ts';
import { elementText } from '../xml.ts';
import { notImplemented } from './answers.ts';

/**
 * Interactive sessions (MCQA): an instance that runs until it is stopped and takes queries, each under a number. Each
 * query is an instance of its own as well; what is no query is refused, and clients send it again outside of the session.
 */
const NO_QUERY = 'ODPS-1850001:[1,1] Unsupported feature - Non select query not supported';

/** States as the clients number them. */
const STATES = { Running: 2, Failed: 4, Success: 5, Cancelled: 6 } as const;

/** How long an answer waits for the end of a query. */
const HOLD_MS = 2000;

/** `PUT .../instances/ID?info`: a query for the session, or the number of one to cancel. */
export async function tellSession(core: Core, call: Call, session: Instance): Promise<Reply> {
  const body = await bodyText(call);
  const [key, value] = [elementText(body, 'Key')?.trim(), elementText(body, 'Value') ?? ''];
  // With this word Java opens another session.
  if (session.status !== 'Running') return json({ status: 'NotFound', result: 'The session was stopped.' });
  switch (key) {
    case 'query': {
      const queryId = session.queries.push(start(core, value, call.query.get('curr_schema'))) - 1;
      const Location = `http://${call.address}/api/projects/${core.project}/instances/${session.id}`;
      return json(
        { status: 'ok', result: JSON.stringify({ queryId, status: 'ok' }) },
        { headers: { Location } },
      );
    }
    case 'cancel': {
      const query = queryOf(core, session, value);
      if (query) core.instances.cancel(query);
      return json(query ? { status: 'ok', result: '' } : { status: 'NotFound', result: NOT_FOUND });
    }
    default:
      throw notImplemented(`Information "${key}" for a session`);
  }
}

/** Name of the task of each query. */
const TASK = 'session_query';

const NOT_FOUND = 'SubQuery not found';

/** The id of the query's instance; undefined for what is no query. */
function start(core: Core, value: string, schema: string | undefined): string | undefined {
  const { query, settings } = asked(value);
  if (!isQuery(query)) return undefined;
  const properties = new Map([['settings', JSON.stringify(settings)]]);
  return core.instances.submit(core, jobOf(TASK, query, properties), schema).id;
}

/** `{"query": "...", "settings": {...}}` */
function asked(value: string): { readonly query: string; readonly settings: object } {
  try {
    const { query, settings } = JSON.parse(value) as { query?: unknown; settings?: unknown };
    return { query: String(query ?? ''), settings: typeof settings === 'object' && settings ? settings : {} };
  } catch {
    return { query: '', settings: {} };
  }
}

/** What cannot be read is left to fail in its own words. */
function isQuery(text: string): boolean {
  try {
    return parseScript(text).statements.every(({ kind }) => kind === 'query');
  } catch {
    return true;
  }
}

/** The instance of a query of a session by its number; undefined: there is none (any more). */
function queryOf(core: Core, session: Instance, number: string): Instance | undefined {
  const id = /^\d+$/.test(number) ? session.queries[Number(number)] : undefined;
  try {
    return id === undefined ? undefined : core.instances.find(id);
  } catch {
    return undefined;
  }
}

/** `GET .../instances/ID?info&key=`: the state of the session, or what a query has answered by then. */
export async function askSession(core: Core, session: Instance, key: string): Promise<Reply> {
  if (key === 'status' || key === 'wait_attach_success') return state(STATES[session.status], '');
  const [, what, number = ''] = /^(result|get_finished_status|sqlstats)_(\d+)$/.exec(key) ?? [];
  if (!what) throw notImplemented(`Information "${key}" of a session`);
  if (Number(number) < session.queries.length && session.queries[Number(number)] === undefined)
    return state(STATES.Failed, NO_QUERY, Number(number));
  const query = queryOf(core, session, number);
  if (!query) return state(STATES.Failed, NOT_FOUND, Number(number));
  await core.instances.ended(query, HOLD_MS);
  const ms = (query.endedAt ?? core.now()) - query.startedAt;
  const result = { result: resultText(query), get_finished_status: '', sqlstats: `Query run time: ${ms} ms` }[
    what
  ]!;
  return state(STATES[query.status], result, Number(number));
}

const state = (status: number, result: string, subQueryId = -1): Reply =>
  json({ status, result, warnings: '', subQueryId });

/** CSV with the line ends of sessions, by which Java knows it. */
function resultText({ status, outcome: { format, text } }: Instance): string {
  if (status === 'Running') return '';
  if (status === 'Cancelled') return 'Job is cancelled';
  if (format === 'text') return text;
  return text.replace(/("(?:[^"]|"")*")|\n/g, (_all, quoted: string | undefined) => quoted ?? '\r\n');
}
