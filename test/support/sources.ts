import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './project.ts';

export interface Import {
  /** `./x.ts`, `node:fs` or a package. */
  readonly specifier: string;
  /** Of a relative import: the path from `src/`. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

/** A source file as text, for the tests of style. */
export interface SourceFile {
  /** From `src/`, e.g. `sink/batch.ts`. */
  readonly name: string;
  readonly text: string;
  /** Without comments; the contents of 'single' and "double" quoted strings are empty. */
  readonly code: string;
  /** Comments without their marks, one text per block of comment. */
  readonly comments: readonly string[];
  readonly imports: readonly Import[];
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{(,])\/\/.*(?:\n\s*\/\/.*)*/gm;

export function read(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

/** Paths of the files below a folder of the project, from the project's root. */
export function filesBelow(folder: string, suffix: string): string[] {
  const names = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => path.posix.join(folder, name))
    .sort();
}

export const sourceFiles = (): SourceFile[] =>
  filesBelow('src', '.ts').map((file) => parse(file.slice('src/'.length)));

function parse(name: string): SourceFile {
  const text = read(`src/${name}`);
  const comments = (text.match(COMMENT) ?? []).map((block) =>
    block.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/)|\*\/$/gm, ' '),
  );
  const code = text.replace(COMMENT, ' ').replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''");
  return { name, text, code, comments, imports: importsOf(name, text) };
}

function importsOf(name: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([statement, type, fixed, lazy]) => {
    const specifier = fixed ?? lazy ?? '';
    const relative = specifier.startsWith('.');
    const target = relative ? path.posix.join(path.posix.dirname(name), specifier) : null;
    return { specifier, target, typeOnly: type !== undefined || /\{(?:\s*type \w+,?)+\s*\}/.test(statement) };
  });
}

/** The part of the service that a file belongs to: its folder, or the file itself at the top. */
export const partOf = (name: string): string =>
  name.includes('/') ? name.slice(0, name.indexOf('/')) : name;
