import { type Cell, NULL, NUMBER, STRING, TREE } from '../cell/cell.ts';
import { semanticOf } from '../cell/semantic.ts';
import { cellText } from '../encoding/utf8.ts';
import { memberOf } from '../json/apply-type.ts';
import { jsonTree } from '../json/tree.ts';
import { type JsonField, type JsonType, PLAIN } from '../json/type.ts';

/**
 * The schema that Kafka Connect's JsonConverter writes beside a payload: `{"type": "struct", "fields":
 * [{"field": "id", "type": "int64", "optional": false, "name": .., "parameters": {..}, "default": ..}]}`.
 * Read from the text itself, so that defaults keep their digits.
 *
 * @throws Error that says why it is no such schema
 */
export function readConnectSchema(bytes: Uint8Array, start: number, end: number): JsonType {
  const schema = jsonTree(bytes, start, end);
  if (schema === null) throw new Error('a string in it escapes half a surrogate pair');
  return typeOf(schema);
}

function typeOf(schema: Cell): JsonType {
  const name = textAt(schema, 'name');
  const semantic = name === null ? null : semanticOf(name, parametersOf(schema));
  if (semantic !== null) return { kind: 'semantic', semantic };
  const type = textAt(schema, 'type');
  switch (type) {
    case 'struct':
      return { kind: 'struct', fields: fieldsOf(schema) };
    case 'array':
      return { kind: 'array', items: typeOf(partOf(schema, 'items')) };
    case 'map':
      return mapOf(partOf(schema, 'keys'), typeOf(partOf(schema, 'values')));
    case 'bytes':
      return { kind: 'bytes' };
    case 'float':
    case 'double':
      return { kind: 'float' };
    default:
      if (type !== null && AS_WRITTEN.has(type)) return PLAIN;
      throw new Error(
        type === null ? 'a type is missing' : `there is no type ${JSON.stringify(type.slice(0, 40))}`,
      );
  }
}

const AS_WRITTEN: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64', 'boolean', 'string']);

/** A map whose keys are no text is an array of pairs. */
function mapOf(keys: Cell, values: JsonType): JsonType {
  const type = typeOf(keys);
  return textAt(keys, 'type') === 'string' ? { kind: 'map', values } : { kind: 'pairs', keys: type, values };
}

function fieldsOf(schema: Cell): Map<string, JsonField> {
  const list = partOf(schema, 'fields');
  if (!('items' in list.tree!)) throw new Error('fields is no array');
  const fields = new Map<string, JsonField>();
  for (const field of list.tree.items) {
    const name = textAt(field, 'field');
    if (name === null) throw new Error('a field has no name');
    const absent = memberOf(field, 'default');
    fields.set(name, { type: typeOf(field), absent: absent?.kind === NULL ? null : absent });
  }
  return fields;
}

function partOf(schema: Cell, name: string): Cell {
  const part = memberOf(schema, name);
  if (part?.kind !== TREE) throw new Error(`${name} is missing`);
  return part;
}

function textAt(schema: Cell, name: string): string | null {
  const cell = memberOf(schema, name);
  return cell?.kind === STRING ? cellText(cell) : null;
}

/** Values are text by Connect's rules; numbers are taken too. */
function parametersOf(schema: Cell): Record<string, string> {
  const parameters = memberOf(schema, 'parameters');
  if (parameters?.kind !== TREE || !('members' in parameters.tree!)) return {};
  const scalars = parameters.tree.members.filter(
    ({ value }) => value.kind === STRING || value.kind === NUMBER,
  );
  return Object.fromEntries(scalars.map(({ name, value }) => [name, cellText(value)]));
}
