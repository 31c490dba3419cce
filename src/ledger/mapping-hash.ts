import { createHash } from 'node:crypto';

export const MAPPING_HASH_CHARS = 16;

/**
 * A short name for a plan of mapping and partitioning (plain data): the same for equal plans, whatever the order of their
 * keys. It stands in Kafka, so salts and keys of hashes are left out: nobody can try guesses against it.
 */
export const mappingHash = (plan: unknown): string =>
  createHash('sha256').update(JSON.stringify(plan, sorted)).digest('base64url').slice(0, MAPPING_HASH_CHARS);

const sorted = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([name]) => name !== 'secret')
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
    : value;
