import { z } from 'zod';
import { ENVELOPES, TOMBSTONES } from '../decode/format.ts';
import { csv } from './csv.ts';
import { bytesProblems, compression, encoding, format } from './decode-bytes.ts';
import { choice, EVEN_IF_WRONG, flag, matching, nullable, schemaFile, section } from './leaf.ts';
import { schemaTypeOf } from './schema-file.ts';

const message = () => nullable(matching(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/, 'the full name of a message'));

const value = z
  .strictObject({
    format: format()
      .prefault('json')
      .describe(
        'Format of the record value; avro and jsonschema with schemaRegistry are the Confluent wire format, csv any delimited text.',
      ),
    schemaFile: nullable(schemaFile()).describe(
      'Schema of values that carry no schema id (avro: an .avsc file), in place of the registry. Relative to the folder of this file.',
    ),
    message: message().describe(
      'Full name of the message, for protobuf with a schemaFile that declares several.',
    ),
    envelope: choice(ENVELOPES)
      .prefault('none')
      .describe(
        'What the fields stand in: connect (schema and payload of Kafka Connect), debezium or canal (change events); none: the value itself.',
      ),
    tombstone: nullable(choice(TOMBSTONES)).describe(
      'What becomes of a null value whose fields are mapped: reject (dirty), row (no fields, __deleted__ is true) or skip (counted); null: skip with debezium, else reject.',
    ),
    encoding: encoding().describe(
      'Character encoding of json, csv and text: utf-8, gbk, gb18030, big5, latin1, ...',
    ),
    compression: compression().describe('Compression of the whole value by its producer.'),
    validate: flag()
      .prefault(false)
      .describe(
        'Whether each record of format jsonschema is validated by its schema; what does not fit is dirty.',
      ),
    csv: section(csv()),
  })
  .superRefine((written, context) => {
    for (const [key, message] of bytesProblems(written))
      context.addIssue({ code: 'custom', path: [key], message });
  }, EVEN_IF_WRONG);

const key = z
  .strictObject({
    format: format().prefault('text').describe('Format of the record key.'),
    schemaFile: nullable(schemaFile()).describe('The same for keys.'),
    message: message().describe('The same for keys.'),
    encoding: encoding().describe('Character encoding of a key of format json, csv or text.'),
    compression: compression().describe('Compression of the whole key by its producer.'),
    validate: flag()
      .prefault(false)
      .describe('Whether each key of format jsonschema is validated by its schema.'),
    csv: section(csv()),
  })
  .superRefine((written, context) => {
    for (const [name, message] of bytesProblems(written))
      context.addIssue({ code: 'custom', path: [name], message });
  }, EVEN_IF_WRONG);

export const decode = z.strictObject({ value: section(value), key: section(key) });

type Written = {
  readonly [of in 'value' | 'key']?: {
    readonly format?: unknown;
    readonly schemaFile?: unknown;
    readonly message?: unknown;
  };
};

/** Where the schemas come from: paths below the root, each with what is wrong. */
export function* schemaProblems(
  decode: Written | undefined,
  schemaRegistry: unknown,
): Generator<[string[], string]> {
  for (const of of ['value', 'key'] as const) {
    const { format, schemaFile } = decode?.[of] ?? {};
    if (schemaTypeOf(format) === null) {
      if (schemaFile != null && format !== undefined)
        yield [
          ['decode', of, 'schemaFile'],
          `format ${format} reads no schema: choose another format, or remove it`,
        ];
    } else if (schemaFile === null && schemaRegistry === null) {
      yield [
        ['schemaRegistry'],
        `decode format ${format} needs it: give schemaRegistry.url, or decode.${of}.schemaFile`,
      ];
    }
  }
}

/** A message is named where nothing else names it: paths below the root, each with what is wrong. */
export function* messageProblems(decode: Written | undefined): Generator<[string[], string]> {
  for (const of of ['value', 'key'] as const) {
    const { format, schemaFile, message: named } = decode?.[of] ?? {};
    if (named == null) continue;
    const path = ['decode', of, 'message'];
    if (format !== 'protobuf') yield [path, 'goes with format protobuf'];
    else if (schemaFile == null)
      yield [path, 'goes with a schemaFile: records with schema ids name their message themselves'];
  }
}
