import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { interpolate, type Sources } from './interpolate.ts';
import { type Path, pathKey } from './path.ts';
import type { Place, Problem } from './problems.ts';
import { offsetInside } from './scalar-place.ts';

/** A YAML text as plain data, with the place of every key and value. */
export interface Tree {
  /** Maps, lists, text, numbers, booleans, null; whole numbers past 2^53 are bigint. Undefined: unreadable or empty. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Whether the scalar at this path held `${...}`: then its value is never shown. */
  interpolated(path: Path): boolean;
  /** Place of the key or value at a path, or of the nearest one above it; of character `at` (from 0) of a text when it is given. */
  place(path: Path, part: 'key' | 'value', at?: number): Place;
}

/** Own words per code of the parser: its messages quote the text, which may be a password. */
const SYNTAX: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'not a valid alias; text that starts with * stands in quotes',
  BAD_COLLECTION_TYPE: 'a tag that does not fit its value',
  BAD_DIRECTIVE: 'not a YAML directive; text that starts with % stands in quotes',
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; single quotes take a backslash as it is',
  BAD_INDENT: 'wrong indentation',
  BAD_PROP_ORDER: 'anchor and tag in the wrong place',
  BAD_SCALAR_START: 'text that starts with @ or ` stands in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a nested map must start on a line of its own; text with ": " stands in quotes',
  BLOCK_IN_FLOW: 'a block inside { } or [ ]',
  DUPLICATE_KEY: 'the key stands twice in this map',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, comma, colon or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines: is a colon missing?',
  MULTIPLE_ANCHORS: 'two anchors on one value',
  MULTIPLE_DOCS: 'expected one YAML document (there is a second ---)',
  MULTIPLE_TAGS: 'two tags on one value',
  NON_STRING_KEY: 'expected text as a key',
  TAB_AS_INDENT: 'a tab used as indentation: use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag; text that starts with ! stands in quotes',
  UNEXPECTED_TOKEN: 'not valid YAML here: is a quote or a line break missing?',
};

/** Aliases may repeat a map, but not blow the file up. */
const NODES_MAX = 100_000;

/** With `sources`, `${env:...}` and `${file:...}` in scalars are replaced; with null they stay as they are. */
export function readDocument(text: string, sources: Sources | null): Tree {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    intAsBigInt: true,
    schema: 'core',
  });
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    path: [],
    text: SYNTAX[error.code] ?? 'not valid YAML',
    place: placeAt(error.pos[0]),
  }));
  // What a broken text means is guesswork; a key given twice leaves the rest readable.
  const readable = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  const reader = new TreeReader(document, sources, placeAt, text);
  const data = readable ? reader.read() : undefined;
  return {
    data,
    problems: [...faults, ...reader.problems],
    interpolated: (path) => reader.interpolated.has(pathKey(path)),
    place: (path, part, at) =>
      (at === undefined ? null : reader.placeInside(path, at)) ?? reader.place(path, part),
  };
}

/** Turns the nodes of one document into data, noting where each path stands. */
class TreeReader {
  readonly problems: Problem[] = [];
  readonly interpolated = new Set<string>();
  readonly #places = new Map<string, { key: Place; value: Place }>();
  readonly #document: Document;
  readonly #sources: Sources | null;
  readonly #placeAt: (offset: number) => Place;
  readonly #text: string;
  readonly #scalars = new Map<string, { readonly value: string; readonly start: number }>();
  #nodes = 0;

  constructor(document: Document, sources: Sources | null, placeAt: (offset: number) => Place, text: string) {
    this.#document = document;
    this.#sources = sources;
    this.#placeAt = placeAt;
    this.#text = text;
  }

  read(): unknown {
    return this.#value(this.#document.contents, [], []);
  }

  place(path: Path, part: 'key' | 'value'): Place {
    for (let length = path.length; length > 0; length--) {
      const found = this.#places.get(pathKey(path.slice(0, length)));
      // A key that is absent is looked for where its map is named.
      if (found) return length === path.length ? found[part] : found.key;
    }
    return { line: 1, column: 1 };
  }

  /** Null: there is no text at this path that stands in the file as it is. */
  placeInside(path: Path, at: number): Place | null {
    const scalar = this.#scalars.get(pathKey(path));
    return scalar ? this.#placeAt(offsetInside(this.#text, scalar.start, scalar.value, at)) : null;
  }

  #value(node: unknown, path: Path, above: readonly unknown[]): unknown {
    if (++this.#nodes === NODES_MAX) this.#problem(node, path, 'aliases make this file too large');
    if (this.#nodes >= NODES_MAX) return null;
    if (isAlias(node)) return this.#alias(node, path, above);
    if (isMap(node)) return this.#map(node.items, path, [...above, node]);
    if (isSeq(node)) {
      return node.items.map((item, i) => {
        const inner = [...path, String(i)];
        this.#note(inner, item, item);
        return this.#value(item, inner, [...above, node]);
      });
    }
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #alias(node: { resolve(document: Document): unknown }, path: Path, above: readonly unknown[]): unknown {
    const target = node.resolve(this.#document);
    if (target !== undefined && !above.includes(target)) return this.#value(target, path, above);
    this.#problem(
      node,
      path,
      target
        ? 'an alias inside its own anchor'
        : 'no anchor of this name before it; text that starts with * stands in quotes',
    );
    return null;
  }

  #map(
    items: readonly { key: unknown; value: unknown }[],
    path: Path,
    above: readonly unknown[],
  ): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const { key, value } of items) {
      const name = keyText(key);
      if (name === null || name === '__proto__')
        this.#problem(key, path, 'this cannot be a key: expected a plain word');
      else if (name !== '<<') {
        const inner = [...path, name];
        this.#note(inner, key, value);
        entries.set(name, this.#value(value, inner, above));
      }
    }
    for (const { key, value } of items)
      if (keyText(key) === '<<')
        for (const source of isSeq(value) ? value.items : [value])
          this.#merge(entries, key, this.#value(source, path, above), path);
    return Object.fromEntries(entries);
  }

  /** `<<: *base` and `<<: [*one, *two]`: keys that are not given yet. */
  #merge(entries: Map<string, unknown>, key: unknown, from: unknown, path: Path): void {
    if (typeof from !== 'object' || from === null || Array.isArray(from))
      this.#problem(key, path, 'expected a map to merge');
    else for (const [name, value] of Object.entries(from)) if (!entries.has(name)) entries.set(name, value);
  }

  #scalar(node: { value: unknown; range?: unknown }, path: Path): unknown {
    const { value } = node;
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (typeof value !== 'string') return value;
    if (!this.#sources || !value.includes('${')) {
      this.#scalars.set(pathKey(path), { value, start: (node.range as readonly number[] | null)?.[0] ?? 0 });
      return value;
    }
    const result = interpolate(value, this.#sources);
    this.interpolated.add(pathKey(path));
    if ('problem' in result) this.#problem(node, path, result.problem);
    // Nothing at all is null, as with an empty variable: `securityToken: ${env:TOKEN:-}`.
    return 'problem' in result || result.text === '' ? null : result.text;
  }

  #note(path: Path, key: unknown, value: unknown): void {
    const at = this.#placeOf(key);
    const name = pathKey(path);
    if (!this.#places.has(name)) this.#places.set(name, { key: at, value: this.#placeOf(value) ?? at });
  }

  #problem(node: unknown, path: Path, text: string): void {
    this.problems.push({ path, text, place: this.#placeOf(node) });
  }

  #placeOf(node: unknown): Place {
    return this.#placeAt((node as Node | null)?.range?.[0] ?? 0);
  }
}

/** The key as written, so that 007 and true stay words; null: a map, a list or nothing. */
function keyText(key: unknown): string | null {
  if (!isScalar(key) || key.value === null) return null;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}
