import type { Path } from '../path/path.ts';
import type { SchemaFields } from '../path/schema-fields.ts';
import { addSlot, memberNamed, nodeAlong, type PathNode } from '../path/trie.ts';
import type { UnmappedField } from '../path/unmapped.ts';
import type { AvroType, Logical, RecordType } from './type.ts';

/** Adds what no path takes of a writer schema. The entries of a map have no names in the schema. */
export function addAvroFields(root: AvroType, trie: PathNode, fields: SchemaFields): void {
  const { at, except = [] } = fields.spec;
  at.forEach((path, place) => {
    for (const { name, type } of recordsAt(root, path).flatMap((record) => record.fields)) {
      const node = nodeAlong(trie, path);
      if (except.includes(name) || (node && memberNamed(node, name))) continue;
      const slot = fields.add(place, { name, ...kindOf(type) });
      if (slot !== null) addSlot(trie, [...path, name], slot);
    }
  });
}

/** The records that a path can end at: a union may have several. */
function recordsAt(type: AvroType, [step, ...more]: Path): RecordType[] {
  if (type.kind === 'union') return type.branches.flatMap((branch) => recordsAt(branch, [step!, ...more]));
  if (type.kind !== 'record' || type.logical !== null) return [];
  if (step === undefined) return [type];
  const field = type.fields.find(({ name }) => name === step);
  return field === undefined ? [] : recordsAt(field.type, more);
}

type Kind = Pick<UnmappedField, 'kind' | 'scale'>;

/** Several types in a union have the text of each in common. */
function kindOf(type: AvroType): Kind {
  switch (type.kind) {
    case 'union': {
      const branches = type.branches.filter(({ kind }) => kind !== 'null');
      const [first, ...others] = branches;
      if (first === undefined) return { kind: 'null' };
      return others.length === 0 ? kindOf(first) : { kind: 'text' };
    }
    case 'array':
    case 'map':
      return { kind: 'nested' };
    case 'record':
      return { kind: type.logical === null ? 'nested' : 'text' };
    case 'enum':
      return { kind: 'text' };
    default:
      return (type.logical && logicalKind(type.logical)) ?? { kind: PLAIN[type.kind] };
  }
}

const PLAIN = {
  null: 'null',
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
  string: 'text',
  bytes: 'bytes',
  fixed: 'bytes',
} as const;

/** A time of day, and a number whose scale is its own, fit into text only. */
function logicalKind(logical: Logical): Kind {
  switch (logical.kind) {
    case 'decimal':
      return { kind: 'decimal', scale: logical.scale };
    case 'day':
    case 'instant':
    case 'local':
      return { kind: logical.kind };
    default:
      return { kind: 'text' };
  }
}
