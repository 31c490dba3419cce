import { isMap } from './leaf.ts';
import type { Config } from './schema.ts';
import { hideUserInfo, Secret } from './secret.ts';
import { SENSITIVE } from './settings.ts';

/** Shorter ones are words that occur anywhere. */
const SHORTEST = 4;

/** Every secret of the configuration as text, also those in addresses and in properties of the Kafka client. */
export function secretsOf(config: Config): string[] {
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (value instanceof Secret) found.push(value.reveal());
    else if (typeof value === 'string') found.push(...passwordsOf(value));
    else if (Array.isArray(value)) for (const inner of value) collect(inner);
    else if (isMap(value)) for (const inner of Object.values(value)) collect(inner);
  };
  collect(config);
  for (const [name, value] of Object.entries(config.kafka.options))
    if (typeof value === 'string' && SENSITIVE.test(name)) found.push(value);
  return [...new Set(found)]
    .filter((secret) => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
}

function passwordsOf(text: string): string[] {
  const password = /:\/\/[^/?#\s:@]*:([^/?#\s]*)@/.exec(text)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** Plain data with every secret taken out of every text in it: a second wall behind those who make the texts. */
export function hideSecrets<T>(data: T, secrets: readonly string[]): T {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return hidden(value, secrets);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
  };
  return clean(data) as T;
}

const hidden = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), hideUserInfo(text));
