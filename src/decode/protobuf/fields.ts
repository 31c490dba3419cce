import type { Path } from '../path/path.ts';
import type { SchemaFields } from '../path/schema-fields.ts';
import { addSlot, nodeAlong, type PathNode } from '../path/trie.ts';
import type { UnmappedField } from '../path/unmapped.ts';
import { isJsonLike, isWrapper, meaningOf, TIMESTAMP } from './known.ts';
import { nodesOf } from './read.ts';
import type { ProtoField, ProtoMessage } from './type.ts';

/** Adds what no path takes of a message type. Numbers that the schema does not have bear no names. */
export function addProtobufFields(root: ProtoMessage, trie: PathNode, fields: SchemaFields): void {
  const { at, except = [], policy } = fields.spec;
  at.forEach((path, place) => {
    const message = messageAt(root, path);
    const names = new Set(message?.fields.map(({ name }) => name));
    for (const field of message?.fields ?? []) {
      const node = nodeAlong(trie, path);
      if (except.includes(field.name) || except.includes(field.jsonName)) continue;
      if (node && nodesOf(field, names, node).size > 0) continue;
      const slot = fields.add(place, { name: field.name, ...kindOf(field) });
      if (slot === null) continue;
      // A field that is not in the record is no reason to refuse it.
      addSlot(trie, [...path, field.name], slot).onlyPresent = policy === 'reject';
    }
  });
}

/** The message that a path ends at; null: something else, or one that means a value. */
function messageAt(root: ProtoMessage, path: Path): ProtoMessage | null {
  let found = root;
  for (const step of path) {
    const field = found.fields.find(({ name, jsonName }) => name === step || jsonName === step);
    if (field === undefined || field.repeated || field.type.kind !== 'message') return null;
    found = field.type;
  }
  return isJsonLike(found.name) || meaningOf(found.name) ? null : found;
}

type Kind = Pick<UnmappedField, 'kind' | 'scale'>;

function kindOf({ type, repeated }: ProtoField): Kind {
  if (repeated) return { kind: 'nested' };
  if (type.kind === 'enum') return { kind: 'text' };
  if (type.kind === 'scalar') return scalarKind(type.name);
  if (isWrapper(type.name) && type.fields.length === 1) return kindOf(type.fields[0]!);
  if (type.name === TIMESTAMP) return { kind: 'instant' };
  // A duration, a time of day, a date that may lack its year, a number whose scale is its own: text holds each.
  return { kind: meaningOf(type.name) && !isJsonLike(type.name) ? 'text' : 'nested' };
}

function scalarKind(name: string): Kind {
  switch (name) {
    case 'bool':
      return { kind: 'boolean' };
    case 'string':
      return { kind: 'text' };
    case 'bytes':
      return { kind: 'bytes' };
    case 'float':
    case 'double':
      return { kind: 'number' };
    case 'uint64':
    case 'fixed64':
      return { kind: 'decimal', scale: 0 };
    default:
      return { kind: 'integer' };
  }
}
