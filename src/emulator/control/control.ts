/** Faults on request: which calls fail, and how. */
export const ROUTES = [
  'discovery',
  'project',
  'table',
  'instance',
  'session_create',
  'session_status',
  'block',
  'commit',
  'download_create',
  'download_status',
  'download_data',
  'stream_create',
  'stream_status',
  'stream_flush',
  'stream_abort',
  'upsert_create',
  'upsert_status',
  'upsert_flush',
  'upsert_commit',
  'upsert_abort',
  'preview',
  'schema',
  'other',
] as const;
export type RouteName = (typeof ROUTES)[number];

export type Fault =
  /** Answers without doing anything; `body` overrides the error body (a gateway's HTML page). */
  | {
      action: 'status';
      status: number;
      code?: string;
      message?: string;
      body?: string;
      retryAfter?: number;
      /** `after`: the call takes effect all the same. */
      when?: 'before' | 'after';
    }
  | { action: 'delay'; ms: number }
  /** Holds the call until the rule is removed, then goes on. */
  | { action: 'hang' }
  /** Cuts the connection: before anything, in the middle of a body, or after the effect (a lost reply). */
  | { action: 'cut'; when: 'before' | 'body' | 'after' }
  /** Reads the request and writes the answer at this speed. */
  | { action: 'slow'; bytesPerSecond: number }
  /** Puts the call's session (or all open ones of its kind) into this state, then goes on. */
  | { action: 'session'; state: 'expired' | 'critical' | 'canceled' | 'gone' }
  /** A commit answers `closing`, or the word that is given, and takes effect `ms` later. */
  | { action: 'closing'; ms: number; word?: string }
  /** The service loses the block of the session that came last, then goes on. */
  | { action: 'lose_block' }
  /** The service's clock is this far off. */
  | { action: 'clock'; ms: number };

/** What a rule can look at. */
export interface FaultedCall {
  readonly route: RouteName;
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** Calls of this route that the rule has seen, from 1. */
  readonly count: number;
}

/** A fault for this call, or undefined to let it through. */
export type FaultFunction = (call: FaultedCall) => Fault | undefined;

export interface FaultRule {
  readonly route: RouteName | '*';
  readonly fault: Fault | FaultFunction;
  /** Only calls about this table; default: any. */
  readonly table?: string;
  /** Lets the first `after` calls through, then applies to every `every`-th (default: 1), `times` times (default: all). */
  readonly after?: number;
  readonly every?: number;
  readonly times?: number;
}

/** A rule as it was given, and how often it was looked at and applied. */
export interface RuleInfo extends Omit<FaultRule, 'fault'> {
  readonly id: number;
  readonly fault: Fault | 'function';
  readonly seen: number;
  readonly applied: number;
}

export interface Match {
  readonly fault: Fault;
  /** Resolves when the rule is removed: the end of a hang. */
  readonly released: Promise<void>;
}

export interface Control {
  /** Adds a rule; answers how to remove it, which releases what hangs on it. */
  add(rule: FaultRule): { id: number; remove(): void };
  match(call: Omit<FaultedCall, 'count'>): Match | undefined;
  remove(id: number): boolean;
  clear(): void;
  list(): RuleInfo[];
}

interface ActiveRule extends FaultRule {
  readonly id: number;
  seen: number;
  applied: number;
  readonly released: Promise<void>;
  release(): void;
}

export function createControl(): Control {
  const rules = new Map<number, ActiveRule>();
  let lastId = 0;

  function add(rule: FaultRule) {
    lastId += 1;
    const id = lastId;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    rules.set(id, { ...rule, id, seen: 0, applied: 0, released, release });
    return { id, remove: () => void remove(id) };
  }

  function match(call: Omit<FaultedCall, 'count'>): Match | undefined {
    for (const rule of rules.values()) {
      const fault = faultOf(rule, call);
      if (fault) return { fault, released: rule.released };
    }
    return undefined;
  }

  function remove(id: number): boolean {
    rules.get(id)?.release();
    return rules.delete(id);
  }

  function clear(): void {
    for (const id of [...rules.keys()]) remove(id);
  }

  const list = () => [...rules.values()].map(describe);
  return { add, match, remove, clear, list };
}

/** Also of calls below a table: `/streams`, `/preview`. */
const tableIn = (path: string): string | undefined => path.toLowerCase().split('/tables/')[1]?.split('/')[0];

function faultOf(rule: ActiveRule, call: Omit<FaultedCall, 'count'>): Fault | undefined {
  if (rule.route !== '*' && rule.route !== call.route) return undefined;
  if (rule.table !== undefined && tableIn(call.path) !== rule.table) return undefined;
  rule.seen += 1;
  const turn = rule.seen - (rule.after ?? 0);
  if (turn <= 0 || turn % (rule.every ?? 1) !== 0) return undefined;
  if (rule.applied >= (rule.times ?? Number.POSITIVE_INFINITY)) return undefined;
  const fault = typeof rule.fault === 'function' ? rule.fault({ ...call, count: rule.seen }) : rule.fault;
  if (fault) rule.applied += 1;
  return fault;
}

/** JSON leaves out what the rule does not say. */
function describe({ id, route, table, after, every, times, fault, seen, applied }: ActiveRule): RuleInfo {
  const shown = typeof fault === 'function' ? ('function' as const) : fault;
  const limits = { table, after, every, times };
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return { id, route, ...given, fault: shown, seen, applied };
}
