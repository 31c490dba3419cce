import { readFileSync } from 'node:fs';
import { systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import { openRegistry } from './decode/registry.ts';
import { SinkError } from './errors.ts';
import type { Log } from './log.ts';
import { type MaxCompute, openMaxCompute } from './maxcompute/maxcompute.ts';
import type { Metrics } from './ops/metrics.ts';
import type { SchemaSource } from './sink/ports.ts';
import { VERSION } from './version.ts';

/** An outage is told at once and then once a minute for each code; every retry is counted. */
const TELL_AGAIN_MS = 60_000;

/** The clients of the outside services, made from the configuration. */
export function connectMaxCompute(config: Config, metrics: Metrics, log: Log): MaxCompute {
  const { credentials, caFile, compression: _, ...options } = config.maxcompute;
  const told = new Map<string, number>();
  return openMaxCompute({
    ...options,
    credentials: async () => ({
      accessKeyId: credentials.accessKeyId,
      accessKeySecret: credentials.accessKeySecret.reveal(),
      securityToken: credentials.securityToken?.reveal() ?? null,
    }),
    ca: readOrNull(caFile),
    clock: systemClock,
    userAgent: `maxsink/${VERSION}`,
    onRetry: (event) => {
      metrics.tunnelRetries.inc({ code: event.code });
      if (event.throttled) metrics.overQuotaWaits.inc();
      const now = systemClock.now();
      const due = now - (told.get(event.code) ?? Number.NEGATIVE_INFINITY) >= TELL_AGAIN_MS;
      if (due) told.set(event.code, now);
      log[due ? 'warn' : 'debug'](event, 'MaxCompute: the call is sent again');
    },
  });
}

export function connectRegistry(config: Config, log: Log): SchemaSource {
  const registry = config.schemaRegistry;
  if (!registry)
    return {
      schema: (id) =>
        Promise.reject(new SinkError('config_invalid', `schema ${id} needs schemaRegistry.url`)),
    };
  const { url, username, password, token, caFile } = registry;
  const secrets = { password: password?.reveal() ?? null, token: token?.reveal() ?? null };
  const onRetry = (event: object) => log.warn(event, 'schema registry: trying again');
  return openRegistry({ url, username, ...secrets, ca: readOrNull(caFile) }, { clock: systemClock, onRetry });
}

const readOrNull = (file: string | null): string | null =>
  file === null ? null : readFileSync(file, 'utf8');
