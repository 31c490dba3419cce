import { SinkError } from '../../errors.ts';
import { BYTES, type Cell, type Dirty, STRING } from '../cell/cell.ts';
import type { Decoder } from '../decoder.ts';
import { createUtf8Check, validUtf8 } from '../encoding/utf8.ts';
import type { Path } from '../path/path.ts';

const NOT_UTF8: Dirty = { code: 'invalid_utf8', message: 'the bytes are not valid UTF-8 text' };

/** Bytes [start, end) as a STRING cell. */
export function textCell(cell: Cell, bytes: Uint8Array, start: number, end: number): Dirty | null {
  if (!validUtf8(bytes, start, end)) return NOT_UTF8;
  cell.setBytes(STRING, bytes, start, end);
  return null;
}

/** The whole value as UTF-8 text. */
export function createTextDecoder(paths: readonly Path[]): Decoder {
  requireWholeValue('text', paths);
  const utf8 = createUtf8Check();
  return {
    beginChunk: utf8.beginChunk,
    decode(bytes, start, end, cells) {
      if (!utf8.valid(bytes, start, end)) return NOT_UTF8;
      for (const cell of cells) cell.setBytes(STRING, bytes, start, end);
      return null;
    },
  };
}

/** The whole value as it is. */
export function createBytesDecoder(paths: readonly Path[]): Decoder {
  requireWholeValue('bytes', paths);
  return {
    decode(bytes, start, end, cells) {
      for (const cell of cells) cell.setBytes(BYTES, bytes, start, end);
      return null;
    },
  };
}

export function requireWholeValue(format: string, paths: readonly Path[]): void {
  const path = paths.find((steps) => steps.length > 0);
  if (path === undefined) return;
  throw new SinkError(
    'config_invalid',
    `a value of format ${format} has no fields: ${path.join('.')} cannot be read`,
  );
}
