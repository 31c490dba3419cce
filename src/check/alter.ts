import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { Cell, INSTANT } from '../decode/cell/cell.ts';
import type { Plan } from '../mapping/plan.ts';
import { createTablePartitioner } from '../mapping/table-partition.ts';
import type { TableInfo } from '../maxcompute/maxcompute.ts';
import { failed, type Item, notChecked, ok } from './report.ts';
import type { Service } from './service.ts';
import { withinStep } from './step.ts';
import { fullName } from './table.ts';

export interface AlterOutcome {
  readonly item: Item;
  /** One that is there; null: none, or that is not known. */
  readonly tablePartition: string | null;
  /** Why not; null: there is one. */
  readonly why: string | null;
}

/** Names that are asked for: some of them may have values that cannot be addressed. */
const NAMES = 20;

/**
 * Finds a table partition that the probe can use. With `write` it also proves the right to add one, by a
 * statement that changes nothing when it is there (protocol 3.2), and makes one when there is none.
 */
export async function checkAlter(
  config: Config,
  service: Service,
  table: TableInfo,
  plan: Plan | null,
  write: boolean,
): Promise<AlterOutcome> {
  const what = `table ${fullName(config)} Alter`;
  if (table.partitionKeys.length === 0) {
    const item = notChecked(what, 'the table is unpartitioned: nothing is ever added');
    return { item, tablePartition: '', why: null };
  }
  let existing: string | undefined;
  try {
    const list = (signal: AbortSignal) =>
      service.client.listTablePartitions(config.table.name, NAMES, signal);
    [existing] = await withinStep('maxcompute_unreachable', 'list the table partitions', list);
  } catch (error) {
    return { item: notListed(what, error), tablePartition: null, why: (error as Error).message };
  }
  if (!write) return readOnly(what, existing);
  const tablePartition = existing ?? currentTablePartition(plan);
  if (tablePartition === null) {
    const why = 'the table has no table partition, and the name of one depends on the records';
    return { item: notChecked(what, why), tablePartition: null, why };
  }
  return add(config, service, what, tablePartition, existing !== undefined);
}

/** The service itself lists nothing: a missing right to do so is no fault, but nothing was proven. */
function notListed(what: string, error: unknown): Item {
  const item = failed(what, error);
  const harmless = item.code === 'maxcompute_denied' || item.code === 'maxcompute_over_quota';
  return harmless ? { ...item, status: 'warn' } : item;
}

function readOnly(what: string, existing: string | undefined): AlterOutcome {
  const item = notChecked(what, 'it would change the table; use --write');
  if (existing !== undefined) return { item, tablePartition: existing, why: null };
  const why =
    'the table has no table partition yet; --write creates the one that a record of this moment would go to';
  return { item, tablePartition: null, why };
}

async function add(
  config: Config,
  service: Service,
  what: string,
  tablePartition: string,
  existed: boolean,
): Promise<AlterOutcome> {
  try {
    const statement = (signal: AbortSignal) =>
      service.client.addTablePartition(config.table.name, tablePartition, signal);
    await withinStep('maxcompute_unreachable', `ADD IF NOT EXISTS PARTITION ${tablePartition}`, statement);
    const result = existed ? 'which was there already' : 'which was created, and stays, empty';
    const text = `ADD IF NOT EXISTS of the table partition ${tablePartition}, ${result}: ${service.evidence('read the result')}`;
    return { item: ok(what, text), tablePartition, why: null };
  } catch (error) {
    const why = existed ? null : 'its table partition could not be created';
    return { item: failed(what, error), tablePartition: existed ? tablePartition : null, why };
  }
}

/** Where a record of this moment would go; null when that depends on more than its time. */
function currentTablePartition(plan: Plan | null): string | null {
  if (plan === null) return null;
  const now = systemClock.now();
  const cells = plan.slots.map(() => new Cell());
  for (const { slot } of plan.times)
    Object.assign(cells[slot]!, { kind: INSTANT, num: Math.floor(now / 1000) });
  const partitioner = createTablePartitioner(plan, cells);
  return partitioner.find(now) === null ? partitioner.value : null;
}
