import type { Decoder, DecoderSpec } from '../decoder.ts';
import { createCanalDecoder } from './canal.ts';
import { createConnectDecoder } from './connect.ts';
import { createDebeziumDecoder } from './debezium.ts';

/** Reads what stands in an envelope; `create` makes the decoder of its format. */
export function createEnvelopeDecoder(spec: DecoderSpec, create: (spec: DecoderSpec) => Decoder): Decoder {
  switch (spec.envelope) {
    case 'connect':
      return createConnectDecoder(spec, create);
    case 'debezium':
      return createDebeziumDecoder(spec, create);
    case 'canal':
      return createCanalDecoder(spec, create);
    default:
      return create(spec);
  }
}
