import { createAvroDecoder } from './avro/avro.ts';
import { decompressing } from './compression/inflate.ts';
import { createCsvDecoder } from './csv/csv.ts';
import type { Decoder, DecoderSpec } from './decoder.ts';
import { transcoding } from './encoding/transcode.ts';
import { createEnvelopeDecoder } from './envelope/envelope.ts';
import { createJsonDecoder } from './json/json.ts';
import { createJsonSchemaDecoder } from './jsonschema/jsonschema.ts';
import { createProtobufDecoder } from './protobuf/protobuf.ts';
import { createPrimitiveDecoder } from './scalar/primitive.ts';
import { createBytesDecoder, createTextDecoder } from './scalar/text.ts';

/** The decoder of a value or key: its format inside, what is wrapped around it outside. */
export function createDecoder(spec: DecoderSpec): Decoder {
  const enveloped = createEnvelopeDecoder(spec, createFormatDecoder);
  return decompressing(spec.compression, transcoding(spec.encoding, enveloped));
}

/** The one place where a format meets its decoder. */
function createFormatDecoder(spec: DecoderSpec): Decoder {
  switch (spec.format) {
    case 'json':
      return createJsonDecoder(spec.paths, spec.ignoreCase, spec.unmapped);
    case 'avro':
      return createAvroDecoder(spec.paths, spec.ignoreCase, spec.schema, spec.unmapped);
    case 'csv':
      return createCsvDecoder(spec.paths, spec.csv, spec.ignoreCase, spec.unmapped);
    case 'protobuf':
      return createProtobufDecoder(spec);
    case 'text':
      return createTextDecoder(spec.paths);
    case 'bytes':
      return createBytesDecoder(spec.paths);
    case 'jsonschema':
      return createJsonSchemaDecoder(spec);
    case 'short':
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return createPrimitiveDecoder(spec.format, spec.paths);
  }
}
