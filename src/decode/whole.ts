import { isUtf8 } from './encoding/transcode.ts';
import type { DecodeOptions, Format } from './format.ts';

/** Formats whose whole value is one scalar. */
const SCALAR: ReadonlySet<Format> = new Set(['text', 'bytes', 'short', 'integer', 'long', 'float', 'double']);

/** Whether a path can lead into values of the format. */
export const hasFields = (format: Format): boolean => !SCALAR.has(format);

/**
 * Whether the whole value in a column of this type is the decoded one; otherwise it is the bytes as they stand in the
 * record.
 *
 * format          | decoded for columns of type
 * csv             | none
 * text, bytes     | none: the bytes are the text; all when they are compressed or in another encoding
 * json            | JSON; all but BINARY when it is compressed or in another encoding
 * all others      | all but BINARY
 */
export function decodesWhole(options: DecodeOptions, type: string): boolean {
  const { compression, encoding } = options;
  const format: string = options.format;
  if (format === 'csv') return false;
  const asWritten = (compression === undefined || compression === 'none') && isUtf8(encoding);
  if (format === 'text' || format === 'bytes') return !asWritten;
  if (format === 'json' && asWritten) return type === 'JSON';
  return type !== 'BINARY';
}
