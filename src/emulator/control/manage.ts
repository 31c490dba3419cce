import type { IncomingMessage } from 'node:http';
import type { Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import type { Control } from './control.ts';
import { refuseMisledBrowsers, refuseOtherSites } from './guard.ts';
import { readJson } from './json-body.ts';
import { parseRule } from './parse-rule.ts';
import { listSessions, sessionInfo, setSession } from './session-control.ts';
import { stats } from './stats.ts';

/** A line of JSON: these calls are made by hand. */
const answered = (status: number, content: unknown): Reply =>
  json(content, { status, body: `${JSON.stringify(content)}\n` });

/**
 * Calls about the emulator itself, without signature: `/_control` (faults), `/_control/sessions` (sessions
 * and their states) and `/_stats` (counters).
 */
export async function manage(
  { core, control }: { core: Core; control: Control },
  request: IncomingMessage,
  path: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  try {
    refuseOtherSites(request);
    refuseMisledBrowsers(request, core.publicAddress);
    return await answer({ core, control }, request, path, query);
  } catch (error) {
    if (error instanceof Refusal) return answered(error.status, { error: error.message });
    throw error;
  }
}

async function answer(
  { core, control }: { core: Core; control: Control },
  request: IncomingMessage,
  path: string,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  if (path === '/_stats' && request.method === 'GET') return answered(200, stats(core));
  if (path === '/_control/sessions' && request.method === 'GET') {
    return answered(200, listSessions(core));
  }
  if (path.startsWith('/_control/sessions/')) return oneSession(core, request, path.split('/')[3] ?? '');
  if (path !== '/_control') return answered(404, { error: `there is nothing at ${path}` });
  switch (request.method) {
    case 'GET':
      return answered(200, control.list());
    case 'POST':
      return addRule(control, request);
    case 'DELETE': {
      const id = query.get('id');
      if (id === undefined) control.clear();
      else if (!control.remove(Number(id))) return answered(404, { error: `there is no rule ${id}` });
      return answered(200, control.list());
    }
    default:
      return answered(405, { error: 'GET lists, POST adds, DELETE clears' });
  }
}

async function addRule(control: Control, request: IncomingMessage): Promise<Reply> {
  try {
    return answered(201, { id: control.add(parseRule(await readJson(request))).id });
  } catch (error) {
    return answered(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** GET tells what a session is, POST `{state}` makes it so. */
async function oneSession(core: Core, request: IncomingMessage, id: string): Promise<Reply> {
  try {
    if (request.method === 'POST') {
      const { state } = (await readJson(request)) as { state?: unknown };
      await setSession(core, id, String(state));
      if (state === 'gone') return answered(200, { id, status: state });
    }
    const session = sessionInfo(core, id);
    return session ? answered(200, session) : answered(404, { error: `there is no session ${id}` });
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 400;
    return answered(status, { error: error instanceof Error ? error.message : String(error) });
  }
}
