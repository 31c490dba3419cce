import { charsetOf } from '../decode/encoding/charset.ts';
import { COMPRESSIONS, FORMATS, type Format } from '../decode/format.ts';
import { choice, leaf, text } from './leaf.ts';

/** Other words for a format: Kafka's and DataWorks' own. */
const OTHER_WORDS: Readonly<Record<string, Format>> = { string: 'text', bytearray: 'bytes' };
export const format = () =>
  leaf<Format>({
    type: FORMATS.join(' | '),
    expected: FORMATS.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    json: { enum: [...FORMATS, ...Object.keys(OTHER_WORDS)] },
    parse: (v) =>
      typeof v === 'string' && Object.hasOwn(OTHER_WORDS, v)
        ? OTHER_WORDS[v]
        : FORMATS.find((known) => known === v),
  });

export const encoding = () =>
  text('a character encoding such as utf-8, gbk, gb18030, big5, shift_jis, utf-16le or latin1', (label) =>
    charsetOf(label) === null
      ? `${JSON.stringify(label)} is no character encoding that can be decoded strictly; some that are: utf-8, gbk, gb18030, big5, shift_jis, euc-kr, utf-16le, latin1`
      : null,
  ).prefault('utf-8');

export const compression = () => choice(COMPRESSIONS).prefault('none');

/** Formats that are text in any encoding; the others say themselves how their text is written. */
const TEXT_FORMATS: readonly string[] = ['json', 'csv', 'text'];
/** What each envelope may be written in. */
const ENVELOPED: Readonly<Record<string, readonly string[]>> = {
  connect: ['json'],
  debezium: ['json', 'jsonschema', 'avro', 'protobuf'],
  canal: ['json'],
};

interface Written {
  readonly format?: string | undefined;
  readonly encoding?: string | undefined;
  readonly envelope?: string | undefined;
  readonly validate?: boolean | undefined;
}

/** Keys that do not go together with the format: the key and a sentence. Values that are wrong themselves are undefined. */
export function* bytesProblems(written: Written): Generator<[string, string]> {
  const { format: wanted, encoding: label, envelope = 'none', validate } = written;
  if (wanted === undefined) return;
  if (!TEXT_FORMATS.includes(wanted) && label !== undefined && charsetOf(label)?.name !== 'utf-8')
    yield [
      'encoding',
      `format ${wanted} has its own encoding: remove it, or choose format json, csv or text`,
    ];
  if (validate && wanted !== 'jsonschema')
    yield ['validate', `format ${wanted} has no JSON Schema: remove it, or choose format jsonschema`];
  const inside = ENVELOPED[envelope];
  if (inside !== undefined && !inside.includes(wanted))
    yield ['envelope', `${envelope} is written in ${inside.join(', ')}, not in ${wanted}`];
}
