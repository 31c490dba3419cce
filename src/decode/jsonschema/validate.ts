import { createRequire } from 'node:module';
import type * as Library from 'ajv';
import type { Ajv, AnySchema, KeywordCxt, Options } from 'ajv';
import { LIMITS } from '../../limits.ts';
import { compileRegex } from '../../regex.ts';
import type { SchemaText } from '../schema/schema.ts';

/** Why a value does not fit the schema, or null. `bytes`: length of its JSON text. */
export type Validate = (value: unknown, bytes: number) => string | null;

/**
 * Compiles a JSON Schema of draft 6, 7, 2019-09 or 2020-12 (`$schema`; absent: 7). Formats are annotations and are not
 * asserted. Patterns run in linear time and the number of references followed is bounded, so that neither a schema nor a
 * value can hold a worker.
 *
 * @throws Error that says why the schema cannot be used
 */
export function compileValidator({ text, references }: SchemaText): Validate {
  const length = references.reduce((sum, reference) => sum + reference.text.length, text.length);
  if (length > LIMITS.validatorChars)
    throw new Error(`it has more than ${LIMITS.validatorChars} characters, too many to validate by`);
  const main = parse(text);
  const Draft = draftOf(main.uri);
  const named = references.map(({ name, text: own }) => ({ name, schema: parse(own).schema }));
  for (const { schema } of [main, ...named]) requireSchema(Draft, schema);
  const steps = createSteps();
  const ajv = create(Draft, length, steps.count);
  addReferences(ajv, main.schema, named);
  const validate = ajv.compile(main.schema);
  return (value, bytes) => {
    steps.allow(bytes);
    try {
      return validate(value) ? null : problemOf(validate.errors?.[0] ?? {});
    } catch (error) {
      return `it cannot be validated: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
}

/** Words with a dollar that are asked for nothing but their meaning in a schema. */
const DOLLAR_WORDS: ReadonlySet<string> = new Set(
  ['id', 'ref', 'defs', 'anchor', 'comment', 'vocabulary', 'dynamicRef', 'dynamicAnchor']
    .concat('recursiveRef', 'recursiveAnchor')
    .map((word) => `$${word}`),
);

/**
 * A schema without what names its draft, which the schema that refers to it decides, and without the library's own
 * words, of which one would make the answer a promise.
 */
function parse(text: string): { readonly schema: AnySchema; readonly uri: unknown } {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === 'boolean') return { schema, uri: undefined };
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error('it is no JSON object');
  const known = Object.entries(schema).filter(([word]) => !word.startsWith('$') || DOLLAR_WORDS.has(word));
  return { schema: Object.fromEntries(known), uri: '$schema' in schema ? schema.$schema : undefined };
}

type Draft = new (options: Options) => Ajv;

/** Loaded by the first schema that is validated by: the library costs each thread 10 MB. */
const require = createRequire(import.meta.url);
const library = (): typeof Library => require('ajv') as typeof Library;

const DRAFTS: Readonly<Record<string, () => Draft>> = {
  'draft-06/schema': () => library().Ajv,
  'draft-07/schema': () => library().Ajv,
  'draft/2019-09/schema': () => (require('ajv/dist/2019.js') as { Ajv2019: Draft }).Ajv2019,
  'draft/2020-12/schema': () => (require('ajv/dist/2020.js') as { Ajv2020: Draft }).Ajv2020,
};

function draftOf(uri: unknown): Draft {
  if (uri === undefined) return library().Ajv;
  const name = String(uri)
    .replace(/^https?:\/\/json-schema\.org\//, '')
    .replace(/#$/, '');
  if (Object.hasOwn(DRAFTS, name)) return DRAFTS[name]!();
  throw new Error(
    `$schema ${JSON.stringify(String(uri).slice(0, 100))} is not supported: draft-06, draft-07, 2019-09 and 2020-12 are`,
  );
}

const QUIET: Options = { strict: false, logger: false, validateFormats: false };

/** The schemas of schemas are compiled once for all. */
const judges = new Map<Draft, Ajv>();

function requireSchema(Draft: Draft, schema: AnySchema): void {
  const judge = judges.get(Draft) ?? new Draft(QUIET);
  judges.set(Draft, judge);
  if (judge.validateSchema(schema) !== true)
    throw new Error(`it is no schema of its draft: ${problemOf(judge.errors?.[0] ?? {})}`);
}

function create(Draft: Draft, length: number, countStep: () => void): Ajv {
  const ajv = new Draft({
    ...QUIET,
    validateSchema: false,
    // Names such as `constructor` are not found on every object.
    ownProperties: true,
    // Every schema that is referred to is compiled once: the code stays as long as the schemas.
    inlineRefs: false,
    allErrors: length > LIMITS.nestedValidatorChars,
    // Optimizing takes longer than it saves.
    code: { optimize: false, regExp: Object.assign(patterns(), { code: 'new RegExp' }) },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly unknown[]) => !wanted || areUnique(items),
    error: { message: 'must NOT have duplicate items' },
  });
  for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef']) countCalls(ajv, keyword, countStep);
  return ajv;
}

/** Compiles patterns; the text tells them apart. */
function patterns() {
  let count = 0;
  return (text: string) => {
    count++;
    if (count > LIMITS.validatorPatterns)
      throw new Error(`it has more than ${LIMITS.validatorPatterns} patterns`);
    return { ...compileRegex(text), toString: () => text };
  };
}

/** Lets the code of a keyword count how often it runs. */
function countCalls(ajv: Ajv, keyword: string, count: () => void): void {
  const definition = ajv.getKeyword(keyword);
  if (typeof definition !== 'object' || !('code' in definition)) return;
  const { code } = definition;
  const { _ } = library();
  definition.code = (context: KeywordCxt, ruleType?: string) => {
    context.gen.code(_`${context.gen.scopeValue('func', { ref: count })}()`);
    code(context, ruleType);
  };
}

/** Schemas that refer to each other twice double the work with each level. */
function createSteps() {
  let left = 0;
  return {
    allow(bytes: number) {
      left = LIMITS.validationSteps + bytes;
    },
    count() {
      left--;
      if (left < 0) throw new Error('the schema follows too many references');
    },
  };
}

/** The library compares each item with each other. */
function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map(canonical)).size === items.length;
}

/** Equal for equal JSON values, whatever the order of members. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${members.sort().join()}}`;
}

/** References are found by their name, also where it is relative to the id of the schema that names it. */
function addReferences(
  ajv: Ajv,
  main: AnySchema,
  named: readonly { readonly name: string; readonly schema: AnySchema }[],
): void {
  const bases = new Set([main, ...named.map(({ schema }) => schema)].flatMap(idOf));
  for (const { name, schema } of named) {
    const own = idOf(schema);
    for (const key of [name, ...[...bases].flatMap((base) => resolved(name, base))])
      if (!own.includes(key) && ajv.schemas[key] === undefined) ajv.addSchema(schema, key);
  }
}

function idOf(schema: AnySchema): string[] {
  return typeof schema === 'object' && typeof schema.$id === 'string' ? [schema.$id] : [];
}

const resolved = (name: string, base: string): string[] =>
  URL.canParse(name, base) ? [new URL(name, base).href] : [];

interface Failure {
  readonly instancePath?: string;
  readonly schemaPath?: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const SHOWN_CHARS = 120;
const short = (text: string): string =>
  text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;

/** Where, what, and by which rule; never the value. */
function problemOf({ instancePath = '', schemaPath = '', message = '', params = {} }: Failure): string {
  const place = instancePath === '' ? 'the value' : short(instancePath);
  const name = params.additionalProperty ?? params.unevaluatedProperty ?? params.propertyName;
  const which = typeof name === 'string' ? `: ${JSON.stringify(short(name))}` : '';
  return `${place} ${short(message)}${which} (${short(schemaPath)})`;
}
