import { readDocument } from './document.ts';
import { OPTIONS, type Option } from './keys.ts';
import { isMap } from './leaf.ts';
import { type Path, pathKey, withValue } from './path.ts';
import type { Problem } from './problems.ts';
import { suggest } from './suggest.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Variables with our prefix that others set: Kubernetes announces a service named `maxsink` or `maxsink-...` to
 * every container of its namespace.
 */
const FOREIGN =
  /^MAXSINK_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const FOREIGN_PORT = /^(tcp|udp|sctp):\/\//;

export interface Overridden {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** The variable that gave the value at this path or above it. */
  variableOf(path: Path): string | undefined;
}

/** Lays `MAXSINK_*` over the data of the file: lists by comma, maps as JSON, nothing for null. */
export function overrideFromEnvironment(fileData: unknown, env: Env): Overridden {
  const problems: Problem[] = [...unknownVariables(env)];
  const given = new Map<string, string>();
  let data = fileData;
  for (const option of OPTIONS) {
    const text = option.variable === null ? undefined : env[option.variable];
    if (option.variable === null || text === undefined || isForeign(option.variable, text)) continue;
    given.set(pathKey(option.path), option.variable);
    const value = readValue(option, text);
    if (value === undefined) problems.push(notJson(option.path, option.variable));
    else data = withValue(data, option.path, value);
  }
  return { data, problems, variableOf: (path) => nearest(given, path) };
}

const isForeign = (name: string, value: string | undefined): boolean =>
  FOREIGN.test(name) || (name.endsWith('_PORT') && FOREIGN_PORT.test(value ?? ''));

function unknownVariables(env: Env): Problem[] {
  const known = OPTIONS.flatMap((option) => option.variable ?? []);
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('MAXSINK_') && !known.includes(name) && !isForeign(name, env[name]),
  );
  return unknown.map((variable) => {
    const meant = suggest(bare(variable), known.map(bare));
    return {
      path: [],
      place: null,
      variable,
      text: `unknown variable${meant ? ` (did you mean MAXSINK_${meant}?)` : ''}`,
    };
  });
}

/** The prefix would make every two names look alike. */
const bare = (variable: string): string => variable.slice('MAXSINK_'.length);

const notJson = (path: Path, variable: string): Problem => ({
  path,
  place: null,
  variable,
  text: 'expected a map as JSON',
});

/** Undefined: a map was expected and this is no JSON. */
function readValue(option: Option, text: string): unknown {
  if (text === '') return null;
  if (!option.map || (option.type.includes(' | map') && !text.trimStart().startsWith('{'))) return text;
  // Read as YAML, of which JSON is a part: whole numbers stay exact.
  const { data, problems } = readDocument(text, null);
  return problems.length === 0 && isMap(data) ? data : undefined;
}

function nearest(given: ReadonlyMap<string, string>, path: Path): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const variable = given.get(pathKey(path.slice(0, length)));
    if (variable) return variable;
  }
  return undefined;
}
