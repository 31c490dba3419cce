import { createHash, createHmac } from 'node:crypto';

/** Algorithms, as the configuration names them, with the name that OpenSSL has for them. */
const DIGESTS = { sha256: 'sha256', md5: 'md5', sm3: 'sm3' } as const;
const HMACS = { 'hmac-sha256': 'sha256', 'hmac-sm3': 'sm3' } as const;
type DigestName = keyof typeof DIGESTS;
type HmacName = keyof typeof HMACS;
type HashName = DigestName | HmacName;

export const DIGEST_NAMES = Object.keys(DIGESTS) as DigestName[];
export const HMAC_NAMES = Object.keys(HMACS) as HmacName[];
export const isHmac = (name: string): name is HmacName => name in HMACS;

/** How a column's text is hashed: plain data, part of the plan. */
export interface HashSpec {
  readonly algorithm: HashName;
  /** The salt, which stands before the text, or the key of an hmac; null: none. Never printed. */
  readonly secret: string | null;
}

/** The same with the secret as the configuration keeps it. */
export interface HashConfig {
  readonly algorithm: HashName;
  readonly secret?: { reveal(): string } | undefined;
}

/** Bytes to lower-case hexadecimal digits. */
export type Hash = (bytes: Uint8Array) => string;

export function createHasher({ algorithm, secret }: HashSpec): Hash {
  if (isHmac(algorithm)) {
    const key = Buffer.from(secret ?? '');
    return (bytes) => createHmac(HMACS[algorithm], key).update(bytes).digest('hex');
  }
  const name = DIGESTS[algorithm];
  const salt = Buffer.from(secret ?? '');
  return (bytes) => createHash(name).update(salt).update(bytes).digest('hex');
}

/** Characters of a hash. */
export const hashChars = (algorithm: HashName): number => (algorithm === 'md5' ? 32 : 64);

/** What keeps this process from using the algorithm, or null: how OpenSSL was built decides. */
export function hashProblem(algorithm: HashName): string | null {
  const name = isHmac(algorithm) ? HMACS[algorithm] : DIGESTS[algorithm];
  try {
    createHash(name);
    return null;
  } catch {
    return `the OpenSSL of this Node.js has no ${name}`;
  }
}
