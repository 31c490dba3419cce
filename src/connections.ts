import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import { openRegistry, type RegistryOptions, type RegistryRetry } from './decode/schema/registry.ts';
import { SinkError } from './errors.ts';
import type { Log } from './log.ts';
import { type MaxCompute, type MaxComputeOptions, openMaxCompute } from './maxcompute/maxcompute.ts';
import { tableName } from './maxcompute/wire.ts';
import type { Metrics } from './ops/metrics.ts';
import { seldom } from './seldom.ts';
import type { SchemaSource } from './sink/ports.ts';
import { openProducer } from './source/producer/producer.ts';
import { openTrail, type Trail } from './trail/trail.ts';
import { VERSION } from './version.ts';

/** An outage is told at once and then once a minute for each call and code; every retry is counted. */
function rarely(log: Log): (kind: string, fields: object, message: string) => void {
  const isDue = seldom(systemClock);
  return (kind, fields, message) => log[isDue(kind) ? 'warn' : 'debug'](fields, message);
}

/** The clients of the outside services, made from the configuration. */
export function connectMaxCompute(config: Config, metrics: Metrics, log: Log): MaxCompute {
  const tell = rarely(log);
  return openMaxCompute({
    ...maxComputeOptions(config),
    onRetry: (event) => {
      metrics.tunnelRetries.inc({ code: event.code });
      if (event.throttled) metrics.overQuotaWaits.inc();
      tell(`${event.call} ${event.code}`, event, 'MaxCompute: the call is sent again');
    },
    onWait: (event) => tell(`${event.call} ${event.code}`, event, 'MaxCompute: still waiting'),
  });
}

/** How the configuration says that MaxCompute is spoken to. */
export function maxComputeOptions(config: Config): MaxComputeOptions {
  const { credentials, caFile, compression: _, ...options } = config.maxcompute;
  return {
    ...options,
    credentials: async () => ({
      accessKeyId: credentials.accessKeyId,
      accessKeySecret: credentials.accessKeySecret.reveal(),
      securityToken: credentials.securityToken?.reveal() ?? null,
    }),
    ca: readOrNull(caFile),
    clock: systemClock,
    userAgent: `maxsink/${VERSION}`,
  };
}

export function connectRegistry(config: Config, metrics: Metrics, log: Log): SchemaSource {
  const registry = config.schemaRegistry;
  if (!registry)
    return {
      schema: (id) =>
        Promise.reject(new SinkError('config_invalid', `schema ${id} needs schemaRegistry.url`)),
    };
  const tell = rarely(log);
  const onRetry = (event: RegistryRetry) => {
    metrics.registryRetries.inc({ code: event.code });
    tell(event.error, event, 'schema registry: trying again');
  };
  return openRegistry(registryOptions(registry), { clock: systemClock, onRetry });
}

/** How the configuration says that the schema registry is spoken to. */
export function registryOptions(registry: NonNullable<Config['schemaRegistry']>): RegistryOptions {
  const { url, username, password, token, caFile } = registry;
  const secrets = { password: password?.reveal() ?? null, token: token?.reveal() ?? null };
  return { url, username, ...secrets, ca: readOrNull(caFile) };
}

/** The audit topic; null: there is none. */
export function connectTrail(config: Config, metrics: Metrics, log: Log): Trail | null {
  const { audit, kafka, maxcompute, table } = config;
  if (audit.topic === null) return null;
  return openTrail({
    producer: openProducer(kafka),
    topic: audit.topic,
    sender: {
      pipeline: config.name,
      group: kafka.groupId,
      table: tableName(maxcompute, table.name),
      process: `${hostname()}-${process.pid}`,
    },
    clock: systemClock,
    log,
    onEntry: (result) => metrics.auditEntries.inc({ result }),
  });
}

const readOrNull = (file: string | null): string | null =>
  file === null ? null : readFileSync(file, 'utf8');
