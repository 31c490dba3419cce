import { systemClock } from '../clock.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { hideSecrets, secretsOf } from '../config/secrets.ts';
import { VERSION } from '../version.ts';
import { checkAlter } from './alter.ts';
import { checkConfiguration, invalidConfiguration } from './configuration.ts';
import { checkInsert } from './insert.ts';
import { checkKafka } from './kafka.ts';
import { checkMachine, machineSection } from './machine.ts';
import { checkMapping } from './mapping.ts';
import { checkQuota } from './quota.ts';
import { checkRegistry } from './registry.ts';
import { type Item, notChecked, type Report, type Section } from './report.ts';
import { openService, type Service } from './service.ts';
import { checkTable, fullName } from './table.ts';

export interface CheckOptions {
  /** The configuration. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the right to alter the table may be proven by a statement. */
  readonly write: boolean;
  /** Processes that will run side by side. */
  readonly replicas: number;
}

/**
 * Proves everything that a start needs, and goes on after a failure wherever the next step still makes sense.
 * Kafka, MaxCompute and this machine are looked at side by side; each step has a deadline. Nothing is changed,
 * except by `write`. Never throws: what goes wrong is in the report, and no secret is.
 */
export async function runCheck(options: CheckOptions): Promise<Report> {
  const startedAt = systemClock.now();
  const finished = (sections: readonly Section[]): Report => ({
    ...{ version: VERSION, file: options.file, startedAt },
    durationMs: systemClock.now() - startedAt,
    sections,
  });
  let config: Config;
  try {
    config = loadConfig(options.file, options.env);
  } catch (error) {
    return finished([invalidConfiguration(error)]);
  }
  return hideSecrets(finished(await sections(config, options)), secretsOf(config));
}

async function sections(config: Config, options: CheckOptions): Promise<Section[]> {
  const service = openService(config);
  try {
    const [source, target, machine] = await Promise.all([
      lookAtSource(config),
      lookAtTarget(config, service, options.write),
      checkMachine(config, service),
    ]);
    const { kafka, registry } = source;
    const settings = {
      intervalMs: config.flush.interval,
      tablePartitions: target.tablePartitioned ? config.flush.maxTablePartitions : 1,
      replicas: options.replicas,
      blockBytes: config.flush.blockBytes,
      memoryBytes: config.memory,
      topicPartitions: kafka.topicPartitions,
    };
    return [
      checkConfiguration(options.file, config),
      kafka.section,
      registry,
      target.table,
      { step: 'rights', items: [...kafka.rights, ...target.rights], facts: target.facts },
      target.mapping,
      checkQuota(settings),
      machineSection(machine, service),
    ];
  } finally {
    await service.client.close();
  }
}

async function lookAtSource(config: Config) {
  const kafka = await checkKafka(config);
  return { kafka, registry: await checkRegistry(config, kafka.values) };
}

interface Target {
  readonly table: Section;
  readonly mapping: Section;
  readonly rights: readonly Item[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly tablePartitioned: boolean;
}

async function lookAtTarget(config: Config, service: Service, write: boolean): Promise<Target> {
  const { section, right, table, schema, closed } = await checkTable(config, service);
  const mapping = checkMapping(config, schema);
  const name = fullName(config);
  const select = notChecked(
    `table ${name} Select`,
    'the service does not need it; maxsink audit does, and says so where it is missing',
  );
  const tablePartitioned =
    (schema?.partitionKeys.length ?? Object.keys(config.table.partitions ?? {}).length) > 0;
  const common = { table: section, mapping: mapping.section, tablePartitioned };
  if (table === null) {
    const why = closed ?? 'the table is not known';
    const rest = [notChecked(`table ${name} Insert`, why), notChecked(`table ${name} Alter`, why)];
    return { ...common, rights: [right, ...rest, select], facts: {} };
  }
  const alter = await checkAlter(config, service, table, mapping.plan, write);
  const { tablePartition, why } = alter;
  const insert =
    tablePartition === null
      ? { items: [notChecked(`table ${name} Insert`, why ?? 'no table partition')], facts: {} }
      : await checkInsert(config, service, table, tablePartition);
  return { ...common, rights: [right, ...insert.items, alter.item, select], facts: insert.facts };
}
