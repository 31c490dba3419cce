import { dirname, resolve } from 'node:path';
import { readPublicKey } from '../deadletter/original.ts';
import { SinkError } from '../errors.ts';
import { readDocument, type Tree } from './document.ts';
import { type Overridden, overrideFromEnvironment } from './environment.ts';
import { type Finding, findings } from './findings.ts';
import { fileReason } from './interpolate.ts';
import { OPTIONS } from './keys.ts';
import { isMap, type PemLabel } from './leaf.ts';
import { pathKey, valueAt, withValue } from './path.ts';
import { describeValue, formatProblems, type Problem } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { type ReadFile, schemaFileProblem } from './schema-file.ts';
import { Secret } from './secret.ts';
import { readSmallFile } from './small-file.ts';

export type { Config } from './schema.ts';

export interface ParseContext {
  /** Name of the configuration file, for problems; its folder is where relative file names start. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
}

/**
 * Reads the configuration: the YAML file, `${...}` in it, then `MAXSINK_*` variables over it.
 * Throws `config_invalid` with every problem on a line of its own, in the order of the file:
 * `file:line:column key: expected ..., received ...`.
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): Config {
  return parseConfig(readText(file), { file, env, readFile: (path) => readSmallFile(path).toString('utf8') });
}

function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readSmallFile(file);
  } catch (error) {
    throw new SinkError('config_invalid', `${file}: cannot be read: ${fileReason(error)}`, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SinkError('config_invalid', `${file}: is not UTF-8 text`);
  }
}

/** {@link loadConfig} on a text, with everything from outside given. The result is frozen. */
export function parseConfig(text: string, { file, env, readFile }: ParseContext): Config {
  const folder = dirname(resolve(file));
  const tree = readDocument(text, { env, readFile: (path) => readFile(resolve(folder, path)) });
  // A text that is no YAML has no keys to judge.
  if (tree.data === undefined) throw invalid(file, tree.problems);
  const overridden = overrideFromEnvironment(tree.data ?? {}, env);
  const data = withAbsoluteFiles(overridden.data, folder);
  const result = configSchema.safeParse(data);
  const found = [
    ...findings(result.error?.issues ?? [], data, tree.interpolated),
    ...unreadableFiles(data, tree.interpolated, readFile),
  ];
  const problems = [...tree.problems, ...overridden.problems, ...located(found, tree, overridden)];
  if (problems.length > 0 || !result.data) throw invalid(file, problems);
  return deepFreeze(result.data);
}

const invalid = (file: string, problems: readonly Problem[]): SinkError =>
  new SinkError('config_invalid', formatProblems(file, problems));

const FILES = OPTIONS.filter((option) => option.facts?.file);

/** Files of the configuration are looked for beside it, whatever the working directory is. */
function withAbsoluteFiles(data: unknown, folder: string): unknown {
  return FILES.reduce((changed, { path }) => {
    const name = valueAt(changed, path);
    return typeof name === 'string' && name !== ''
      ? withValue(changed, path, resolve(folder, name))
      : changed;
  }, data);
}

function unreadableFiles(data: unknown, hidden: Tree['interpolated'], readFile: ReadFile): Finding[] {
  return FILES.flatMap(({ path, facts }) => {
    const name = valueAt(data, path);
    if (typeof name !== 'string') return [];
    const shown = hidden(path) ? 'the file' : `the file ${describeValue(name, false)}`;
    const file = facts!.file!;
    const wrong =
      file === 'SCHEMA'
        ? schemaFileProblem(sectionOf(data, path), readFile)
        : pemProblem(() => readFile(name), file);
    return wrong === null ? [] : [{ path, part: 'value' as const, text: `${shown} ${wrong}` }];
  });
}

function sectionOf(data: unknown, path: readonly string[]): Readonly<Record<string, unknown>> {
  const section = valueAt(data, path.slice(0, -1));
  return isMap(section) ? section : {};
}

/** The clients that read it would only fail with their first connection, and again and again. */
function pemProblem(read: () => string, label: PemLabel): string | null {
  try {
    const text = read();
    if (label === 'PUBLIC KEY') return publicKeyProblem(text);
    const holds = new RegExp(`^-----BEGIN [A-Z0-9 ]*${label}-----`, 'm').test(text);
    return holds ? null : `is no PEM file with a ${label.toLowerCase()}`;
  } catch (error) {
    return `cannot be read: ${fileReason(error)}`;
  }
}

function publicKeyProblem(text: string): string | null {
  const key = readPublicKey(text);
  return 'problem' in key ? key.problem : null;
}

/** A reference that cannot be followed is the cause; what the schema says of its absence would be noise. */
function located(found: readonly Finding[], tree: Tree, overridden: Overridden): Problem[] {
  const causes = new Set(tree.problems.map((problem) => pathKey(problem.path)));
  return found
    .filter(({ path }) => path.length === 0 || !causes.has(pathKey(path)))
    .map(({ path, part, text, at }) => {
      const variable = overridden.variableOf(path);
      return variable
        ? { path, text, place: null, variable }
        : { path, text, place: tree.place(path, part, at) };
    });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
