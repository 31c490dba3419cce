import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { connectRegistry } from '../connections.ts';
import { createLog } from '../log.ts';
import type { Plan } from '../mapping/plan.ts';
import { createMetrics } from '../ops/metrics.ts';
import { runRecords } from '../preview/run-records.ts';
import type { ReadLimits } from '../source/read/read-spans.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';

/**
 * Tells records that the mapping, as it is now, makes no row of and does not reject: filtered ones, and those whose
 * class of dirt is skipped. Throws what the schema registry refuses. `deadline`: ms.
 */
export function createLeavesOut(config: Config, plan: Plan, deadline: number): ReadLimits['leavesOut'] {
  const registry = connectRegistry(config, createMetrics(), createLog({ level: 'silent' }));
  const schema = (id: number) =>
    registry.schema(id, AbortSignal.timeout(Math.max(1, deadline - systemClock.now())));
  return async (messages) => {
    const logs = new Map(messages.map((one) => [topicPartitionKey(one), one]));
    const source = { messages, logs: [...logs.values()] };
    const { rows, rejections } = await runRecords(source, plan, systemClock.now(), schema);
    const told = new Set([...rows, ...rejections].map(nameOf));
    return new Set(messages.filter((message) => !told.has(nameOf(message))));
  };
}

const nameOf = (one: TopicPartition & { readonly offset: number }): string =>
  `${topicPartitionKey(one)}@${one.offset}`;
