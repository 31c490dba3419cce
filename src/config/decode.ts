import { z } from 'zod';
import { FORMATS } from '../decode/format.ts';
import { choice, section } from './leaf.ts';

/** Formats and options of later versions are known words, refused as such. */
const encoding = () =>
  choice(['utf-8'], ['utf-16', 'utf-16le', 'utf-16be', 'gbk', 'gb18030', 'latin1', 'iso-8859-1']);
const format = () => choice(FORMATS, ['protobuf', 'jsonschema', 'csv']);

const value = z.strictObject({
  format: format()
    .prefault('json')
    .describe('Format of the record value; avro is the Confluent wire format.'),
  envelope: choice(['none'], ['connect', 'debezium', 'canal'])
    .prefault('none')
    .describe('Wrapping of the value; only none today.'),
  encoding: encoding().prefault('utf-8').describe('Character encoding of text; only utf-8 today.'),
});

const key = z.strictObject({
  format: format().prefault('text').describe('Format of the record key.'),
  encoding: encoding().prefault('utf-8').describe('Character encoding of a text key; only utf-8 today.'),
});

export const decode = z.strictObject({ value: section(value), key: section(key) });
