import { type Tokens, tokenize } from './tokens.ts';

/** Options by their name as written, `features.field_presence`; the value as its words: `-`, `1`. */
export type Options = ReadonlyMap<string, readonly string[]>;

/** What a .proto text declares, as far as the encoding depends on it; nothing is looked up yet. */
export interface ProtoFile {
  readonly package: string;
  /** `proto2`, `proto3`, or an edition such as `2023`. */
  readonly syntax: string;
  readonly options: Options;
  readonly messages: readonly MessageDecl[];
  readonly enums: readonly EnumDecl[];
}

export interface MessageDecl {
  readonly name: string;
  readonly options: Options;
  readonly fields: readonly FieldDecl[];
  readonly messages: readonly MessageDecl[];
  readonly enums: readonly EnumDecl[];
}

export interface FieldDecl {
  readonly name: string;
  readonly number: number;
  readonly label: '' | 'optional' | 'required' | 'repeated';
  /** As written: a scalar, or a name to look up. */
  readonly type: string;
  readonly group: boolean;
  readonly options: Options;
  /** The number of its oneof in the message, from 0; -1: in none. */
  readonly oneof: number;
}

export interface EnumDecl {
  readonly name: string;
  readonly values: readonly { readonly name: string; readonly number: number }[];
}

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };
type Scope = Pick<Open<MessageDecl>, 'messages' | 'enums'> & { readonly options: Map<string, string[]> };
type Message = Open<MessageDecl> & Scope;

/** Of messages inside one another, of which protoc takes 32, and of the parts of a name. */
const NESTING_MAX = 100;
const FIELD_NUMBER_MAX = 2 ** 29 - 1;
const LABELS = ['optional', 'required', 'repeated'] as const;

/** @throws Error with the line of what is no .proto text */
export function parseProto(text: string): ProtoFile {
  const tokens = tokenize(text);
  const scope: Scope = { messages: [], enums: [], options: new Map() };
  const head = { package: '', syntax: 'proto2' };
  while (tokens.peek() !== '') fileStatement(tokens, scope, head);
  return { ...head, ...scope };
}

function fileStatement(tokens: Tokens, scope: Scope, head: { package: string; syntax: string }): void {
  if (declaration(tokens, scope, 0)) return;
  if (tokens.take('syntax') || tokens.take('edition')) {
    tokens.expect('=');
    head.syntax = tokens.next().slice(1, -1);
    if (!/^(?:proto[23]|\d{4})$/.test(head.syntax)) tokens.fail('proto2, proto3 or an edition before');
    tokens.expect(';');
  } else if (tokens.take('package')) {
    head.package = reference(tokens);
    tokens.expect(';');
  } else if (tokens.peek() === 'import') {
    skipStatement(tokens);
  } else if (tokens.take('service')) {
    tokens.name();
    skipBlock(tokens);
  } else if (!tokens.take('export') && !tokens.take('local')) {
    tokens.fail('a declaration');
  }
}

/** What may stand in a file and in a message; false: something else. */
function declaration(tokens: Tokens, scope: Scope, depth: number): boolean {
  if (tokens.take(';')) return true;
  if (tokens.take('option')) {
    option(tokens, scope.options);
    tokens.expect(';');
  } else if (tokens.take('message')) {
    scope.messages.push(message(tokens, tokens.name(), depth));
  } else if (tokens.take('enum')) {
    scope.enums.push(enumeration(tokens));
  } else if (tokens.take('extend')) {
    // The fields of an extension are unknown fields to a reader.
    reference(tokens);
    skipBlock(tokens);
  } else {
    return false;
  }
  return true;
}

function message(tokens: Tokens, name: string, depth: number): MessageDecl {
  if (depth > NESTING_MAX) tokens.fail(`at most ${NESTING_MAX} messages inside one another`);
  const made: Message = { name, options: new Map(), fields: [], messages: [], enums: [] };
  let oneofs = 0;
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (declaration(tokens, made, depth + 1)) continue;
    if (tokens.take('oneof')) oneof(tokens, made, oneofs++, depth);
    else if (tokens.peek() === 'reserved' || tokens.peek() === 'extensions') skipStatement(tokens);
    else field(tokens, made, -1, depth);
  }
  return made;
}

function oneof(tokens: Tokens, into: Message, number: number, depth: number): void {
  tokens.name();
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take(';')) continue;
    if (tokens.take('option')) {
      option(tokens, new Map());
      tokens.expect(';');
    } else field(tokens, into, number, depth);
  }
}

function field(tokens: Tokens, into: Message, oneofNumber: number, depth: number): void {
  const label = LABELS.find((word) => tokens.take(word)) ?? '';
  const type = reference(tokens);
  if (type === 'map' && tokens.take('<')) {
    mapField(tokens, into);
    return;
  }
  const written = tokens.name();
  const number = fieldNumber(tokens);
  const options = fieldOptions(tokens);
  const group = type === 'group';
  into.fields.push({
    ...{ name: group ? written.toLowerCase() : written, type: group ? written : type },
    ...{ number, label, group, options, oneof: oneofNumber },
  });
  if (group) into.messages.push(message(tokens, written, depth + 1));
  else tokens.expect(';');
}

/** `map<K, V> tags` means a nested message `TagsEntry`, which takes no number in the list of nested messages. */
function mapField(tokens: Tokens, into: Message): void {
  const key = tokens.name();
  tokens.expect(',');
  const value = reference(tokens);
  tokens.expect('>');
  const name = tokens.name();
  const number = fieldNumber(tokens);
  const options = fieldOptions(tokens);
  tokens.expect(';');
  into.fields.push({
    ...{ name, number, label: 'repeated', type: `map<${key},${value}>`, group: false, options, oneof: -1 },
  });
}

function fieldNumber(tokens: Tokens): number {
  tokens.expect('=');
  const word = tokens.next();
  const number = Number(/^0\d+$/.test(word) ? `0o${word.slice(1)}` : word);
  if (!Number.isInteger(number) || number < 1 || number > FIELD_NUMBER_MAX)
    tokens.fail(`a field number from 1 to ${FIELD_NUMBER_MAX}, not ${word}, before`);
  return number;
}

function fieldOptions(tokens: Tokens): Options {
  const options = new Map<string, string[]>();
  if (!tokens.take('[')) return options;
  do option(tokens, options);
  while (tokens.take(','));
  tokens.expect(']');
  return options;
}

/** A name, `=`, and a value: words, or a message in braces, of which only the features mean anything here. */
function option(tokens: Tokens, into: Map<string, string[]>): void {
  let name = '';
  while (tokens.peek() !== '=') {
    if (tokens.take('(')) {
      name += `(${reference(tokens)})`;
      tokens.expect(')');
    } else name += tokens.take('.') ? '.' : tokens.name();
  }
  tokens.expect('=');
  if (tokens.peek() !== '{') {
    const words: string[] = [];
    while (![';', ',', ']', ''].includes(tokens.peek())) words.push(tokens.next());
    into.set(name, words);
    return;
  }
  const words = skipBlock(tokens);
  words.forEach((word, i) => {
    if (words[i + 1] === ':') into.set(`${name}.${word}`, words.slice(i + 2, i + 3));
  });
}

function enumeration(tokens: Tokens): EnumDecl {
  const made: Open<EnumDecl> = { name: tokens.name(), values: [] };
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take(';')) continue;
    if (tokens.peek() === 'option' || tokens.peek() === 'reserved') {
      skipStatement(tokens);
      continue;
    }
    const name = tokens.name();
    tokens.expect('=');
    const sign = tokens.take('-') ? -1 : 1;
    const word = tokens.next();
    const number = Number(/^0\d+$/.test(word) ? `0o${word.slice(1)}` : word) * sign;
    if (!Number.isInteger(number)) tokens.fail(`a whole number, not ${word}, before`);
    fieldOptions(tokens);
    tokens.expect(';');
    made.values.push({ name, number });
  }
  if (made.values.length === 0) throw new Error(`enum ${made.name} has no values`);
  return made;
}

/** `.pkg.Name`, as written without blanks. */
function reference(tokens: Tokens): string {
  const first = tokens.take('.') ? '.' : '';
  const parts: string[] = [];
  do parts.push(tokens.name());
  while (tokens.take('.') && parts.length < NESTING_MAX);
  return first + parts.join('.');
}

/** Up to the next semicolon that stands in no brackets. */
function skipStatement(tokens: Tokens): void {
  for (;;) {
    const word = tokens.peek();
    if (word === '{' || word === '[') skipBlock(tokens);
    else if (word === '') tokens.fail("';'");
    else if (tokens.next() === ';') return;
  }
}

/** The words inside brackets of any kind. */
function skipBlock(tokens: Tokens): string[] {
  const words: string[] = [];
  let depth = 0;
  do {
    const word = tokens.peek();
    if (word === '') tokens.fail("'}'");
    if (word === '{' || word === '[') depth++;
    else if (words.length === 0) tokens.fail("'{'");
    if (word === '}' || word === ']') depth--;
    words.push(tokens.next());
  } while (depth > 0);
  return words;
}
