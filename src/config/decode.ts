import { z } from 'zod';
import { ENVELOPES, FORMATS, TOMBSTONES } from '../decode/format.ts';
import { csv } from './csv.ts';
import { choice, EVEN_IF_WRONG, nullable, schemaFile, section } from './leaf.ts';
import { schemaTypeOf } from './schema-file.ts';

/** Formats and options of later versions are known words, refused as such. */
const encoding = () =>
  choice(['utf-8'], ['utf-16', 'utf-16le', 'utf-16be', 'gbk', 'gb18030', 'latin1', 'iso-8859-1']);
const format = () => choice(FORMATS, ['protobuf', 'jsonschema']);

/** Formats that an envelope is written in. */
const ENVELOPED: Readonly<Record<string, readonly string[]>> = {
  debezium: ['json', 'jsonschema', 'avro', 'protobuf'],
  canal: ['json'],
};

const value = z
  .strictObject({
    format: format()
      .prefault('json')
      .describe(
        'Format of the record value; avro with schemaRegistry is the Confluent wire format, csv any delimited text.',
      ),
    schemaFile: nullable(schemaFile()).describe(
      'Schema of values that carry no schema id (avro: an .avsc file), in place of the registry. Relative to the folder of this file.',
    ),
    envelope: choice(ENVELOPES, ['connect'])
      .prefault('none')
      .describe(
        'Change events that the rows stand in: debezium or canal; none: the fields are those of the value.',
      ),
    tombstone: nullable(choice(TOMBSTONES)).describe(
      'What becomes of a null value whose fields are mapped: reject (dirty), row (no fields, __deleted__ is true) or skip (counted); null: skip with debezium, else reject.',
    ),
    encoding: encoding().prefault('utf-8').describe('Character encoding of text; only utf-8 today.'),
    csv: section(csv()),
  })
  .superRefine(({ format, envelope }, context) => {
    const formats = ENVELOPED[envelope ?? 'none'];
    if (formats === undefined || format === undefined || formats.includes(format)) return;
    const message = `${envelope} is written in ${formats.join(', ')}, not in ${format}`;
    context.addIssue({ code: 'custom', path: ['envelope'], message });
  }, EVEN_IF_WRONG);

const key = z.strictObject({
  format: format().prefault('text').describe('Format of the record key.'),
  schemaFile: nullable(schemaFile()).describe('The same for keys.'),
  encoding: encoding().prefault('utf-8').describe('Character encoding of a text key; only utf-8 today.'),
  csv: section(csv()),
});

export const decode = z.strictObject({ value: section(value), key: section(key) });

type Written = {
  readonly [of in 'value' | 'key']?: { readonly format?: unknown; readonly schemaFile?: unknown };
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
