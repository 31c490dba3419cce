import { createHash } from 'node:crypto';
import type { Pointer } from './intent.ts';

export const encodePointer = (pointer: Pointer): string =>
  Buffer.from(JSON.stringify(pointer)).toString('base64url');

export const mappingHash = (mapping: unknown): string =>
  createHash('sha256').update(JSON.stringify(mapping)).digest('hex').slice(0, 16);
