import { isMap } from './leaf.ts';
import type { Config } from './schema.ts';
import { hideUserInfo, Secret } from './secret.ts';

/** Names of librdkafka properties that hold or may hold a secret. */
export const SENSITIVE = /passw|secret|token|credential|sasl|oauth|jaas|\.pem$|private|\.key\b/i;

/** The configuration in force as plain data for logs and the status page; no secret is in it. Units: ms and bytes. */
export function effectiveSettings(config: Config): Record<string, unknown> {
  const options = Object.entries(config.kafka.options).map(([name, value]) => [
    name,
    SENSITIVE.test(name) ? new Secret('') : value,
  ]);
  const shown = { ...config, kafka: { ...config.kafka, options: Object.fromEntries(options) } };
  return Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.toString();
  if (typeof value === 'string') return hideUserInfo(value);
  if (Array.isArray(value)) return value.map(plain);
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
    : value;
}
