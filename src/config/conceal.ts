import { z } from 'zod';
import { DIGEST_NAMES, type HashConfig, HMAC_NAMES, hashProblem, isHmac } from '../mapping/conceal/hash.ts';
import { MASKS, type MaskSpec } from '../mapping/conceal/mask.ts';
import { compileRegex } from '../regex.ts';
import { choice, EVEN_IF_WRONG, given, leaf, matching, optional, secret, whole } from './leaf.ts';
import type { Secret } from './secret.ts';

const KEPT_MOST = 1000;
const SHAPES = `${MASKS.join(', ')}, {keepFirst, keepLast, with} or {pattern, replacement}`;

function patternProblem(pattern: string): string | null {
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const pattern = () =>
  leaf({
    type: 'pattern',
    expected: 'a pattern',
    json: { type: 'string', minLength: 1 },
    parse: (v) => (typeof v === 'string' && v !== '' && patternProblem(v) === null ? v : undefined),
    refuse: (v) => (typeof v === 'string' && v !== '' ? (patternProblem(v) ?? undefined) : undefined),
  });

const replacement = () =>
  leaf({
    type: 'text',
    expected: 'text',
    json: { type: 'string' },
    parse: (v) => (typeof v === 'string' ? v : v === null ? '' : undefined),
  });

const maskOptions = z
  .strictObject({
    keepFirst: optional(whole(0, KEPT_MOST)).describe('Characters at the beginning that stay.'),
    keepLast: optional(whole(0, KEPT_MOST)).describe(
      'Characters at the end that stay; a text of which less than a third would be masked is masked as a whole.',
    ),
    with: optional(matching(/^.$/u, 'one character')).describe(
      'What stands for each masked character; absent: *.',
    ),
    pattern: optional(pattern()).describe(
      'What is replaced; a text that it does not match is masked as a whole. Patterns run in linear time.',
    ),
    replacement: optional(replacement()).describe('What stands for it, with $1 for the first group.'),
  })
  .superRefine((value, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    const ends = (['keepFirst', 'keepLast', 'with'] as const).filter((key) => given(value, key));
    if (given(value, 'pattern')) for (const key of ends) issue(key, 'goes without pattern');
    if (given(value, 'pattern') !== given(value, 'replacement'))
      issue(given(value, 'pattern') ? 'replacement' : 'pattern', 'pattern and replacement go together');
    if (!given(value, 'pattern') && !given(value, 'replacement') && ends.every((key) => key === 'with'))
      issue('keepFirst', 'give keepFirst, keepLast or both, or a pattern');
  }, EVEN_IF_WRONG);

/** How a text is masked. */
export const mask = () =>
  z
    .union([choice(MASKS), maskOptions])
    .transform(maskSpec)
    .describe(`Masks the text: ${SHAPES}.`);

function maskSpec(written: (typeof MASKS)[number] | z.output<typeof maskOptions>): MaskSpec {
  if (typeof written === 'string') return { kind: 'named', name: written };
  const { keepFirst, keepLast, pattern: found, replacement: by } = written;
  if (found != null) return { kind: 'pattern', pattern: found, replacement: by ?? '' };
  return { kind: 'ends', keepFirst: keepFirst ?? 0, keepLast: keepLast ?? 0, with: written.with ?? '*' };
}

/** An algorithm that this Node.js has. */
const algorithm = <const V extends HashConfig['algorithm']>(names: readonly V[]) => {
  const known = (v: unknown) => names.find((name) => name === v);
  return leaf({
    type: names.join(' | '),
    expected: names.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    json: { enum: [...names] },
    parse: known,
    refuse(v) {
      const name = known(v);
      return name && (hashProblem(name) ?? undefined);
    },
  });
};

const hashOptions = z
  .strictObject({
    algorithm: algorithm([...DIGEST_NAMES, ...HMAC_NAMES]).describe('Algorithm of the hash.'),
    salt: optional(secret()).describe('Stands before the text when it is hashed.'),
    key: optional(secret()).describe('Key of an hmac.'),
  })
  .superRefine((value, context) => {
    const hmac = typeof value.algorithm === 'string' && isHmac(value.algorithm);
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (hmac && !given(value, 'key')) issue('key', `${value.algorithm} needs it`);
    if (hmac && given(value, 'salt')) issue('salt', `${value.algorithm} takes a key and no salt`);
    if (!hmac && given(value, 'key')) issue('key', 'only an hmac takes a key: give salt');
  }, EVEN_IF_WRONG);

/** How a text is hashed. */
export const hash = () =>
  z
    .union([algorithm(DIGEST_NAMES), hashOptions])
    .transform(hashConfig)
    .describe(
      'Replaces the text by its hash in hexadecimal digits: an algorithm, or {algorithm, salt} or {algorithm, key}.',
    );

function hashConfig(
  written: (typeof DIGEST_NAMES)[number] | z.output<typeof hashOptions>,
): HashConfig & { secret?: Secret } {
  if (typeof written === 'string') return { algorithm: written };
  const secretOf = written.salt ?? written.key;
  return { algorithm: written.algorithm, ...(secretOf && { secret: secretOf }) };
}
