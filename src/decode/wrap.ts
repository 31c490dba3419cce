import type { Decoder } from './decoder.ts';

/**
 * A decoder around another: all that the inner one has, but another `decode`. The bytes of the chunk are not those
 * that the inner one reads, so it hears nothing of chunks.
 */
export function wrapDecoder(inner: Decoder, own: Pick<Decoder, 'decode' | 'schemas'>): Decoder {
  return Object.assign(Object.create(inner), { beginChunk: undefined }, own);
}
