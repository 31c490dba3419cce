import { type Fault, type FaultRule, ROUTES, type RouteName } from './control.ts';

const CUTS: readonly string[] = ['before', 'body', 'after'];
const KEYS: Readonly<Record<Fault['action'], readonly string[]>> = {
  status: ['status', 'code', 'message', 'body', 'retryAfter', 'when'],
  delay: ['ms'],
  hang: [],
  cut: ['when'],
  slow: ['bytesPerSecond'],
  session: ['state'],
  closing: ['ms', 'word'],
  lose_block: [],
  clock: ['ms'],
};
const STATES: readonly string[] = ['expired', 'critical', 'canceled', 'gone'];

/** A rule as JSON (`{route, action, times, after, ...}`); throws with what is wrong. */
export function parseRule(input: unknown): FaultRule {
  if (typeof input !== 'object' || input === null)
    throw new Error('a rule is an object {route, action, ...}');
  const { route = '*', table, times, after, every, ...rest } = input as Record<string, unknown>;
  if (route !== '*' && !ROUTES.includes(route as RouteName)) {
    throw new Error(`route "${String(route)}" is none of ${ROUTES.join(' ')} *`);
  }
  refuseUnknownKeys(rest);
  return {
    route: route as RouteName | '*',
    fault: parseFault(rest),
    ...(times === undefined ? {} : { times: wholeNumber(times, 'times') }),
    ...(after === undefined ? {} : { after: wholeNumber(after, 'after') }),
    ...(every === undefined ? {} : { every: Math.max(1, wholeNumber(every, 'every')) }),
    ...(table === undefined ? {} : { table: String(table).toLowerCase() }),
  };
}

/** A misspelt `route` or `times` would make a rule for every call. */
function refuseUnknownKeys({ action, ...rest }: Record<string, unknown>): void {
  const known = Object.entries(KEYS).find(([name]) => name === action)?.[1];
  const unknown = known && Object.keys(rest).find((key) => !known.includes(key));
  if (!unknown) return;
  const keys = ['route', 'action', ...known, 'table', 'after', 'every', 'times'];
  throw new Error(`a rule of action ${String(action)} has no key "${unknown}"; it has ${keys.join(' ')}`);
}

function parseFault(input: Record<string, unknown>): Fault {
  const number = (name: string) => wholeNumber(input[name], name);
  switch (input.action) {
    case 'status':
      return { ...input, action: 'status', status: httpStatus(input.status) };
    case 'delay':
      return { action: 'delay', ms: number('ms') };
    case 'hang':
      return { action: 'hang' };
    case 'cut':
      return { action: 'cut', when: oneOf(CUTS, input.when ?? 'before') as 'before' };
    case 'slow':
      return { action: 'slow', bytesPerSecond: Math.max(1, number('bytesPerSecond')) };
    case 'session':
      return { action: 'session', state: oneOf(STATES, input.state ?? 'expired') as 'expired' };
    case 'closing':
      return { action: 'closing', ms: number('ms'), word: String(input.word ?? 'closing') };
    case 'lose_block':
      return { action: 'lose_block' };
    case 'clock':
      return { action: 'clock', ms: Number(input.ms) || 0 };
    default:
      throw new Error(
        `action "${String(input.action)}" is none of status delay hang cut slow session closing lose_block clock`,
      );
  }
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new Error(`${name} must be a whole number`);
  }
  return value;
}

/** 1xx is no answer: the client would wait for the one behind it. */
function httpStatus(value: unknown): number {
  const status = wholeNumber(value, 'status');
  if (status < 200 || status > 599) throw new Error('status must be an HTTP status from 200 to 599');
  return status;
}

function oneOf(words: readonly string[], value: unknown): string {
  if (!words.includes(String(value))) throw new Error(`"${String(value)}" is none of ${words.join(' ')}`);
  return String(value);
}
