import { z } from 'zod';
import { type Facts, facts } from './leaf.ts';
import type { Path } from './path.ts';
import { options } from './schema.ts';

/** One key of the configuration, for the reference and for environment variables. */
export interface ConfigKey {
  /** Dotted; `*` stands for a column: `table.columns.*.from`. */
  readonly key: string;
  readonly type: string;
  /** As written in YAML; null: the key must be given (inside `*`: absent). */
  readonly default: string | null;
  readonly description: string;
  readonly secret: boolean;
  /** `MAXSINK_...`; null for keys inside `*`. */
  readonly variable: string | null;
}

/** A key or section of the option table as the loader sees it. */
export interface Option {
  /** `*` stands for any key of a map. */
  readonly path: Path;
  readonly section: boolean;
  readonly nullable: boolean;
  /** Takes a map, so that its variable may hold JSON. */
  readonly map: boolean;
  /** Null: the key stands inside a map of the user's own keys, or is one form of several. */
  readonly variable: string | null;
  readonly type: string;
  /** In the notation of the file; undefined: must be given. */
  readonly default: unknown;
  readonly description: string;
  readonly facts: Facts | undefined;
}

type Schema = z.core.$ZodType;

/** What stands inside default, nullable, optional and transform, from outside to inside. */
function layers(schema: Schema): Schema[] {
  const def = schema._zod.def as { innerType?: Schema; in?: Schema };
  const inner = facts.get(schema) ? undefined : (def.innerType ?? def.in);
  return inner ? [schema, ...layers(inner)] : [schema];
}

const coreOf = (schema: Schema): Schema => layers(schema).at(-1)!;

/** Keys of a map, `*` for the keys of a record, and those of the map form of a union. */
function children(core: Schema): [string, Schema][] {
  if (core instanceof z.ZodObject) return Object.entries<Schema>(core.shape);
  if (core instanceof z.ZodRecord) return [['*', core.valueType]];
  if (core instanceof z.ZodUnion) return core.options.flatMap((form) => children(coreOf(form)));
  return [];
}

function optionsIn(schema: Schema, path: Path, ownVariable: boolean): Option[] {
  const core = coreOf(schema);
  const childVariable = ownVariable && core instanceof z.ZodObject;
  return children(core).flatMap(([name, child]) => {
    const inner = [...path, name];
    const variable = childVariable && name !== '*';
    return [optionOf(child, inner, variable), ...optionsIn(child, inner, variable)];
  });
}

function optionOf(schema: Schema, path: Path, variable: boolean): Option {
  const all = layers(schema);
  const core = all.at(-1)!;
  const nullable = all.some((layer) => layer instanceof z.ZodNullable) || core instanceof z.ZodNull;
  const defaulted = all.find((layer) => layer instanceof z.ZodPrefault);
  return {
    path,
    section: core instanceof z.ZodObject,
    nullable,
    map: takesMap(core),
    variable: variable ? variableOf(path) : null,
    type: nullable && !(core instanceof z.ZodNull) ? `${typeOf(core)} | null` : typeOf(core),
    default: defaulted?.def.defaultValue,
    description:
      all.map((layer) => z.globalRegistry.get(layer)?.description).find((text) => text !== undefined) ?? '',
    facts: facts.get(core),
  };
}

const takesMap = (core: Schema): boolean =>
  core instanceof z.ZodObject ||
  core instanceof z.ZodRecord ||
  (core instanceof z.ZodUnion && core.options.some((form) => takesMap(coreOf(form))));

function typeOf(core: Schema): string {
  if (core instanceof z.ZodUnion) return core.options.map((form) => typeOf(coreOf(form))).join(' | ');
  if (core instanceof z.ZodNull) return 'null';
  return facts.get(core)?.type ?? 'map';
}

/** `maxcompute.tunnelEndpoint` -> `MAXSINK_MAXCOMPUTE_TUNNEL_ENDPOINT`. */
const variableOf = (path: Path): string =>
  `MAXSINK_${path.map((part) => part.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`;

/** Every key and section, sections before their keys. */
export const OPTIONS: readonly Option[] = optionsIn(options, [], true);

/** The option that a path of a file belongs to; user's own keys match `*`. */
export const optionAt = (path: Path): Option | undefined =>
  OPTIONS.find(
    (option) =>
      option.path.length === path.length && option.path.every((part, i) => part === '*' || part === path[i]),
  );

/** Names that may stand in the map at this path; empty for maps of the user's own keys. */
export const keysIn = (path: Path): string[] =>
  OPTIONS.filter((option) => option.path.length === path.length + 1 && startsWith(option.path, path))
    .map((option) => option.path.at(-1)!)
    .filter((name) => name !== '*');

const startsWith = (option: Path, path: Path): boolean =>
  path.every((part, i) => option[i] === '*' || option[i] === part);

/** Every key that takes a value, in the order of the option table: the reference. */
export const configKeys = (): ConfigKey[] =>
  OPTIONS.filter((option) => (!option.section || option.nullable) && option.path.at(-1) !== '*').map(
    (option) => ({
      key: option.path.join('.'),
      type: option.type,
      default: option.default === undefined ? null : defaultText(option.default),
      description: option.description,
      secret: option.facts?.secret === true,
      variable: option.variable,
    }),
  );

const defaultText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
