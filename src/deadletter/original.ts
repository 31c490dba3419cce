import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { type DeadLetter, deadLetterId } from './dead-letter.ts';

/** What is kept of a rejected record's own bytes: `deadLetters.original` of the configuration. */
export const ORIGINALS = ['keep', 'encrypt', 'drop'] as const;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const MODULUS_BITS = 2048;
const WRAPPING = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/**
 * The letter with its key, value and header values sealed: a fresh AES-256 key for each letter, wrapped by
 * RSA-OAEP with SHA-256, and each of them becomes nonce (12 bytes), tag (16) and AES-256-GCM cipher text. They
 * are bound to their letter and place. What is null stays null, names of headers stay readable, the sample goes.
 */
export function sealOriginal(letter: DeadLetter, publicKey: KeyObject): DeadLetter {
  const key = randomBytes(KEY_BYTES);
  const wrappedKey = publicEncrypt({ key: publicKey, ...WRAPPING }, key);
  return { ...changed(letter, (bytes, place) => seal(bytes, key, place)), original: { wrappedKey } };
}

/** The letter without the record's own bytes: key, value and header values are null. */
export const dropOriginal = (letter: DeadLetter): DeadLetter => ({
  ...changed(letter, () => null),
  original: 'dropped',
});

/**
 * The letter with its own bytes again; one that is not sealed comes back as it is (its bytes may be dropped). Throws an Error when the
 * private key is not the one that belongs to it, or when the letter was changed.
 */
export function openOriginal(letter: DeadLetter, privateKey: KeyObject): DeadLetter {
  const { original, ...bare } = letter;
  if (original === undefined || original === 'dropped') return letter;
  try {
    const key = privateDecrypt({ key: privateKey, ...WRAPPING }, original.wrappedKey);
    return { ...changed(bare, (bytes, place) => unseal(bytes, key, place)), sample: letter.sample };
  } catch (cause) {
    const id = deadLetterId(letter);
    throw new Error(`the dead letter ${id} is not for this private key, or it was changed`, { cause });
  }
}

/** What becomes of each letter before it goes anywhere. */
export interface Keeping {
  readonly original: (typeof ORIGINALS)[number];
  /** PEM text; only for `encrypt`. */
  readonly publicKey: string | null;
  /** A column is masked or hashed: no sample of the value. */
  readonly hidden: boolean;
}

/** Throws an Error when the public key cannot be used. */
export function createKeeper({ original, publicKey, hidden }: Keeping): (letter: DeadLetter) => DeadLetter {
  if (original === 'drop') return dropOriginal;
  if (original === 'keep') return (letter) => (hidden ? { ...letter, sample: null } : letter);
  const key = readPublicKey(publicKey ?? '');
  if ('problem' in key) throw new Error(`deadLetters.publicKeyFile ${key.problem}`);
  return (letter) => sealOriginal(letter, key);
}

/** What is wrong with a public key for letters (a PEM text), or the key. */
export function readPublicKey(pem: string): KeyObject | { readonly problem: string } {
  let key: KeyObject;
  if (pem.includes('PRIVATE KEY-----'))
    return { problem: 'holds a private key, which stays with whoever opens the letters' };
  try {
    key = createPublicKey(pem);
  } catch {
    return { problem: 'is no PEM file with a public key' };
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') return { problem: `has no RSA key but ${key.asymmetricKeyType}` };
  return bits >= MODULUS_BITS
    ? key
    : { problem: `has an RSA key of ${bits} bits: ${MODULUS_BITS} is the least` };
}

function changed(
  letter: DeadLetter,
  change: (bytes: Uint8Array, place: string) => Uint8Array | null,
): DeadLetter {
  const id = deadLetterId(letter);
  const apply = (bytes: Uint8Array | null, place: string) => bytes && change(bytes, `${id} ${place}`);
  return {
    ...letter,
    key: apply(letter.key, 'key'),
    value: apply(letter.value, 'value'),
    headers: letter.headers.map(({ name, value }, i) => ({
      name,
      value: apply(value, `header ${i} ${name}`),
    })),
    sample: null,
  };
}

function seal(bytes: Uint8Array, key: Uint8Array, place: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
  const text = [cipher.update(bytes), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...text]);
}

function unseal(sealed: Uint8Array, key: Uint8Array, place: string): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}
