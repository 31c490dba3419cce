/** Formats of a key or value. */
export const FORMATS = ['json', 'avro', 'text', 'bytes'] as const;
export type Format = (typeof FORMATS)[number];

/** Wrappings of a value. */
export const ENVELOPES = ['none', 'connect'] as const;
export type Envelope = (typeof ENVELOPES)[number];

/** How the bytes of a key or value are written: `decode.key` and `decode.value` of the configuration. */
export interface DecodeOptions {
  readonly format: Format;
  /** What is wrapped around the value. */
  readonly envelope?: Envelope;
}
