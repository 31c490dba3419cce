/** Formats of a key or value. */
export const FORMATS = ['json', 'avro', 'text', 'bytes'] as const;
export type Format = (typeof FORMATS)[number];

/** How the bytes of a key or value are written: `decode.key` and `decode.value` of the configuration. */
export interface DecodeOptions {
  readonly format: Format;
}
