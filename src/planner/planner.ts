import type { UnmappedField } from '../decode/path/unmapped.ts';
import type { EncodeJob, EncodeResult } from '../encode/job.ts';
import { type EncodePool, type EncodePoolOptions, openPool } from '../encode/pool.ts';
import { SinkError } from '../errors.ts';
import { mappingHash } from '../ledger/mapping-hash.ts';
import type { Log } from '../log.ts';
import type { Plan } from '../mapping/plan.ts';
import type { LoadedPlan } from '../plan.ts';

/**
 * The plan in force and the workers that know it. A table that changes while the service runs is planned for
 * anew: whoever notices calls `outdated` and lets its batch fail with `table_changed`; the records are read
 * again, and the first chunk of them waits here for the new plan.
 */
export interface Planner extends Pick<EncodePool, 'workers' | 'busy' | 'cpuMicros' | 'run' | 'stop'> {
  readonly plan: Plan;
  readonly table: LoadedPlan['table'];
  /** Hash of the plan, for intents. */
  readonly mapping: string;
  outdated(): void;
}

export interface PlannerOptions extends Pick<EncodePoolOptions, 'workers' | 'workerFile'> {
  readonly first: LoadedPlan;
  /** Reads the table again and matches it. Outages are waited out until the planner stops; throws `mapping_mismatch`. */
  load(signal: AbortSignal): Promise<LoadedPlan>;
  readonly log: Log;
  /** `differs`: the plan is another one than before. */
  onReplanned(differs: boolean): void;
  /** Of each result: fields that no column takes; may make the result void by throwing. */
  onUnmapped(fields: readonly UnmappedField[], planner: Planner): void;
}

export function openPlanner(options: PlannerOptions): Planner {
  const { workers, workerFile, log } = options;
  const open = (plan: Plan) => openPool({ plan, workers, ...(workerFile && { workerFile }) });
  /** Not the service's stop: what was polled before it is finished, with a changed table too. */
  const ended = new AbortController();
  let loaded = options.first;
  let mapping = mappingHash(loaded.plan);
  let pool = open(loaded.plan);
  let earlierMicros = 0;
  let stale = false;
  let loading: Promise<void> | null = null;

  async function planAnew(): Promise<void> {
    stale = false; // what changes from now on is another change
    try {
      const next = await options.load(ended.signal);
      ended.signal.throwIfAborted();
      const hash = mappingHash(next.plan);
      log.info(
        { mapping: next.mapping, warnings: next.warnings },
        'the table has changed: it is matched anew',
      );
      if (hash !== mapping) replacePool(next.plan);
      const differs = hash !== mapping;
      [loaded, mapping] = [next, hash];
      options.onReplanned(differs);
    } catch (error) {
      stale = true;
      throw error;
    }
  }

  /** Chunks at the old workers belong to batches that are given up. */
  function replacePool(plan: Plan): void {
    const old = pool;
    earlierMicros += old.cpuMicros;
    pool = open(plan);
    void old.stop();
  }

  async function upToDate(): Promise<void> {
    while (stale || loading) {
      loading ??= planAnew().finally(() => {
        loading = null;
      });
      await loading;
    }
  }

  async function run(job: EncodeJob): Promise<EncodeResult> {
    await upToDate();
    const own = pool;
    const result = await own.run(job).catch((error) => {
      throw own === pool ? error : outgrown(); // nothing is wrong with its records
    });
    if (own !== pool) throw outgrown();
    options.onUnmapped(result.unmappedFields, planner);
    return result;
  }

  const planner: Planner = {
    workers,
    run,
    get busy() {
      return pool.busy;
    },
    get cpuMicros() {
      return earlierMicros + pool.cpuMicros;
    },
    get plan() {
      return loaded.plan;
    },
    get table() {
      return loaded.table;
    },
    get mapping() {
      return mapping;
    },
    outdated() {
      stale = true;
    },
    stop() {
      ended.abort();
      return pool.stop();
    },
  };
  return planner;
}

const outgrown = (): SinkError =>
  new SinkError('table_changed', 'these records were matched with the table as it was before');
