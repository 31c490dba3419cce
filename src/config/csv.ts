import { z } from 'zod';
import { CSV_DEFAULTS } from '../decode/csv/options.ts';
import { EVEN_IF_WRONG, leaf, list, nullable } from './leaf.ts';

/** One character; `\t`, `\\`, `\x01` and `\u0001` are read where the file's own escapes do not reach, as in a variable. */
function characterOf(text: string): string | undefined {
  const code = /^\\(?:x([\da-f]{2})|u([\da-f]{4}))$/i.exec(text);
  if (code) return String.fromCharCode(Number.parseInt(code[1] ?? code[2]!, 16));
  if (text === '\\t') return '\t';
  if (text === '\\\\') return '\\';
  return [...text].length === 1 ? text : undefined;
}

const character = (expected: string, allowed: RegExp) =>
  leaf({
    type: 'character',
    expected,
    json: { type: 'string', minLength: 1, maxLength: 6 },
    parse: (v) => {
      const found = typeof v === 'string' ? characterOf(v) : undefined;
      return found !== undefined && allowed.test(found) ? found : undefined;
    },
  });

/** No line end, and no half of a pair of surrogates. */
const ANY = /^[^\r\n\ud800-\udfff]$/u;
const ASCII = /^[\t\x20-\x7e]$/;

const anyText = () =>
  leaf({
    type: 'text',
    expected: 'text, which may be empty',
    json: { type: 'string' },
    parse: (v) => (typeof v === 'string' ? v : undefined),
  });

/** Options of `format: csv`; without it they have no effect. */
export const csv = () =>
  z
    .strictObject({
      fields: nullable(list(/^\P{C}+$/u, 'names of fields')).describe(
        'Names of the fields of csv, in their order; null: sources are [0], [1] and so on.',
      ),
      delimiter: character('one character, \\t for a tab', ANY)
        .prefault(CSV_DEFAULTS.delimiter)
        .describe('Character between the fields of csv; \\t is a tab.'),
      quote: character('one ASCII character', ASCII)
        .nullable()
        .prefault(CSV_DEFAULTS.quote)
        .describe(
          'Character around fields that contain the delimiter or line ends; null: nothing is quoted.',
        ),
      escape: nullable(character('one ASCII character', ASCII)).describe(
        'Character that takes away the meaning of the next one between quotes; null: a quote there is doubled.',
      ),
      nullText: nullable(anyText()).describe(
        'What an unquoted field of csv contains that is NULL; null: none is.',
      ),
    })
    .superRefine((value, context) => {
      const issue = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: [key], message });
      if (value.delimiter === value.quote) issue('delimiter', 'must differ from quote');
      if (value.escape && value.escape === value.delimiter) issue('escape', 'must differ from delimiter');
      if (value.escape && value.quote === null)
        issue('escape', 'works between quotes only, and quote is null');
      const twice = value.fields?.find?.((name, at) => value.fields?.indexOf(name) !== at);
      if (twice !== undefined) issue('fields', `${twice} stands there twice`);
    }, EVEN_IF_WRONG);
