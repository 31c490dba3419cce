import type { Cell } from '../cell/cell.ts';
import type { SchemaText } from '../schema/schema.ts';
import { BUILT_IN } from './built-in.ts';
import { defaultCell, emptyCell, nullCell, zeroCell } from './default.ts';
import { isWrapper } from './known.ts';
import {
  type EnumDecl,
  type FieldDecl,
  type MessageDecl,
  type Options,
  type ProtoFile,
  parseProto,
} from './parse.ts';
import { type ProtoEnum, type ProtoField, type ProtoMessage, type ProtoType, SCALARS } from './type.ts';

/** Messages and enums by full name. */
type Types = Map<string, ProtoMessage | ProtoEnum>;

/** What fields inherit from the file and the messages around them. */
interface Features {
  readonly presence: string;
  readonly encoding: string;
}

interface Scope {
  readonly types: Types;
  readonly features: Features;
  readonly proto2: boolean;
}

/**
 * The messages that the text declares at its top, in their order, with everything that they refer to.
 * Names are looked up as protoc does it, from the innermost scope outwards, in the text, in all references
 * and in what is built in; imports need not be followed for that.
 *
 * @throws Error that says what is wrong with the text, the name of a reference before it
 */
export function readProtobufSchema({ text, references }: SchemaText): readonly ProtoMessage[] {
  const others = new Map(
    references
      .filter((one) => !BUILT_IN.has(one.name) && one.text !== text)
      .map((one) => [one.text, one.name]),
  );
  const files = [...others].map(([content, name]) => parsed(name, content));
  const types: Types = new Map();
  for (const file of files) declareFile(file, types);
  const main = parseProto(text);
  const messages = declareFile(main, types);
  for (const file of [...files, main]) resolveFile(file, types);
  return messages;
}

function parsed(name: string, text: string): ProtoFile {
  try {
    return parseProto(text);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

let builtInTypes: Types | null = null;

/** Made once, when the first schema needs it. What a schema declares itself goes before it. */
function builtIn(): Types {
  if (builtInTypes !== null) return builtInTypes;
  const types: Types = new Map();
  builtInTypes = types;
  const files = [...BUILT_IN.values()].map(parseProto);
  for (const file of files) declareFile(file, types);
  for (const file of files) resolveFile(file, types);
  return types;
}

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

const inside = (scope: string, name: string) => (scope === '' ? name : `${scope}.${name}`);

function declareFile(file: ProtoFile, types: Types): ProtoMessage[] {
  for (const one of file.enums) declare(types, enumOf(one, file.package));
  return file.messages.map((one) => declareMessage(one, file.package, types));
}

function declare<T extends ProtoMessage | ProtoEnum>(types: Types, type: T): T {
  if (types.has(type.name)) throw new Error(`${type.name} is declared twice`);
  types.set(type.name, type);
  return type;
}

function declareMessage(from: MessageDecl, scope: string, types: Types): ProtoMessage {
  const name = inside(scope, from.name);
  const isEntry = from.options.get('map_entry')?.[0] === 'true' && hasKeyAndValue(from);
  const messages: ProtoMessage[] = [];
  const made = declare<ProtoMessage>(types, { kind: 'message', name, fields: [], isEntry, messages });
  for (const one of from.enums) declare(types, enumOf(one, name));
  for (const one of from.messages) messages.push(declareMessage(one, name, types));
  return made;
}

/** A registry may print the entry of a map as the message that it is to the compiler. */
function hasKeyAndValue({ fields }: MessageDecl): boolean {
  const numbered = (number: number) =>
    fields.some((one) => one.number === number && one.label !== 'repeated');
  return fields.length === 2 && numbered(1) && numbered(2);
}

function enumOf({ name, values }: EnumDecl, scope: string): ProtoEnum {
  const names = new Map<number, string>();
  for (const value of values) if (!names.has(value.number)) names.set(value.number, value.name);
  const numbers = new Map(values.map((value) => [value.name, value.number]));
  return { kind: 'enum', name: inside(scope, name), names, numbers, first: values[0]!.name };
}

function resolveFile(file: ProtoFile, types: Types): void {
  const presence = file.syntax === 'proto3' ? 'IMPLICIT' : 'EXPLICIT';
  const features = withFeatures({ presence, encoding: '' }, file.options);
  const scope: Scope = { types, features, proto2: file.syntax === 'proto2' };
  for (const message of file.messages) resolveMessage(message, inside(file.package, message.name), scope);
}

function withFeatures(features: Features, options: Options): Features {
  return {
    presence: options.get('features.field_presence')?.[0] ?? features.presence,
    encoding: options.get('features.message_encoding')?.[0] ?? features.encoding,
  };
}

function resolveMessage(from: MessageDecl, name: string, outer: Scope): void {
  const scope = { ...outer, features: withFeatures(outer.features, from.options) };
  const { fields, isEntry } = scope.types.get(name) as Open<ProtoMessage>;
  const numbers = new Set<number>();
  for (const field of from.fields) {
    if (numbers.has(field.number)) throw new Error(`${name} has two fields of number ${field.number}`);
    numbers.add(field.number);
    const made = resolveField(field, name, scope);
    fields.push(isEntry ? entryField(made.name, made.number, made.type) : made);
  }
  for (const one of from.messages) resolveMessage(one, inside(name, one.name), scope);
}

function resolveField(from: FieldDecl, message: string, scope: Scope): ProtoField {
  try {
    const { name, number, oneof } = from;
    const type = fieldType(from, message, scope);
    const repeated = from.label === 'repeated';
    const features = withFeatures(scope.features, from.options);
    const group = type.kind === 'message' && (from.group || features.encoding === 'DELIMITED');
    const jsonName = from.options.get('json_name')?.[0]?.slice(1, -1) ?? toJsonName(name);
    const absent = absentCell(from, type, features.presence === 'IMPLICIT');
    return {
      ...{ name, jsonName, number, type, repeated, oneof, absent },
      group: group && !(type.kind === 'message' && type.isEntry),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`field ${from.name} of ${message}: ${reason}`);
  }
}

/** `map<K,V>` gets an entry of its own, which no name leads to. */
function fieldType({ name, type }: FieldDecl, message: string, scope: Scope): ProtoType {
  const map = /^map<(.*),(.*)>$/.exec(type);
  if (map === null) return typeNamed(type, message, scope.types);
  const [key, value] = [typeNamed(map[1]!, message, scope.types), typeNamed(map[2]!, message, scope.types)];
  if (key.kind !== 'scalar') throw new Error(`${map[1]} cannot be the key of a map`);
  const fields = [entryField('key', 1, key), entryField('value', 2, value)];
  return { kind: 'message', name: `${message}.${name}`, fields, isEntry: true, messages: [] };
}

function entryField(name: string, number: number, type: ProtoType): ProtoField {
  const absent = type.kind === 'message' ? null : zeroCell(type);
  return { name, jsonName: name, number, type, repeated: false, group: false, oneof: -1, absent };
}

/** What the field is where it is absent; null: missing. A default that the schema spells out always counts. */
function absentCell(from: FieldDecl, type: ProtoType, implicit: boolean): Cell | null {
  const spelled = from.options.get('default');
  if (from.label === 'repeated') return emptyCell(type.kind === 'message' && type.isEntry);
  if (type.kind === 'message') return isWrapper(type.name) && from.oneof < 0 ? nullCell() : null;
  if (from.oneof >= 0) return null;
  if (spelled !== undefined) return defaultCell(type, spelled);
  return implicit && from.label === '' ? zeroCell(type) : null;
}

const SCALAR_TYPES = new Map<string, ProtoType>(SCALARS.map((name) => [name, { kind: 'scalar', name }]));

/** As protoc looks a name up: from the innermost scope outwards; a leading dot: from the outermost only. */
function typeNamed(name: string, from: string, types: Types): ProtoType {
  const scalar = SCALAR_TYPES.get(name);
  if (scalar !== undefined) return scalar;
  for (const scope of name.startsWith('.') ? [''] : outwards(from)) {
    const wanted = inside(scope, name.replace(/^\./, ''));
    const found = types.get(wanted) ?? builtIn().get(wanted);
    if (found !== undefined) return found;
  }
  throw new Error(`there is no type ${name}: neither the schema nor its references declare it`);
}

/** `a.b` -> `a.b`, `a`, and the empty text. */
function outwards(scope: string): string[] {
  const parts = scope.split('.');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('.')).concat('');
}

/** As protoc derives it: `order_id` -> `orderId`. */
function toJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}
