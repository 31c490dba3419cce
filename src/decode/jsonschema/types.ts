import { semanticOf } from '../cell/semantic.ts';
import { type JsonField, type JsonType, PLAIN } from '../json/type.ts';
import type { SchemaText } from '../schema/schema.ts';

/** A JSON Schema as JSON.parse gives it. */
type Node = Readonly<Record<string, unknown>>;

/**
 * What the annotations of Kafka Connect's JsonSchemaConverter say of the values of a schema: `title` and
 * `connect.parameters` (the semantic names), `connect.type` (bytes, float32, float64, map). Where they stand behind
 * references or in a union with null, they are found. Other unions, and all else, are plain.
 */
export function annotatedType({ text, references }: SchemaText): JsonType {
  const root: unknown = JSON.parse(text);
  const documents = new Map(references.map(({ name, text: own }) => [name, JSON.parse(own) as unknown]));
  const made = new Map<Node, JsonType>();

  function typeOf(schema: unknown, document: unknown): JsonType {
    if (!isNode(schema)) return PLAIN;
    const known = made.get(schema);
    if (known !== undefined) return known;
    made.set(schema, PLAIN); // for a schema that leads to nothing but itself
    return own(schema, document);
  }

  /** Containers are remembered before what is in them is read: it may lead back to them. */
  function own(schema: Node, document: unknown): JsonType {
    const remember = <T extends JsonType>(type: T): T => {
      made.set(schema, type);
      return type;
    };
    const link = at(schema, '$ref');
    if (typeof link === 'string') {
      const [there, target] = resolve(link, document);
      return remember(typeOf(target, there));
    }
    const only = onlyBranch(schema);
    if (only !== null) return remember(typeOf(only, document));
    const scalar = scalarOf(schema);
    if (scalar !== null) return remember(scalar);
    const items = at(schema, 'items');
    if (at(schema, 'connect.type') === 'map' && isNode(items)) return remember(entriesOf(items, document));
    if (isNode(items)) {
      const array = remember({ kind: 'array' as const, items: PLAIN });
      array.items = typeOf(items, document);
      return array;
    }
    const properties = at(schema, 'properties');
    if (isNode(properties)) {
      const fields = new Map<string, JsonField>();
      const struct = remember({ kind: 'struct' as const, fields });
      for (const [name, field] of Object.entries(properties))
        fields.set(name, { type: typeOf(field, document), absent: null });
      return struct;
    }
    const map = remember({ kind: 'map' as const, values: PLAIN });
    map.values = typeOf(at(schema, 'additionalProperties'), document);
    return map.values === PLAIN ? remember(PLAIN) : map;
  }

  function entriesOf(items: Node, document: unknown): JsonType {
    const properties = at(items, 'properties');
    if (!isNode(properties)) return PLAIN;
    const [keys, values] = ['key', 'value'].map((name) => typeOf(at(properties, name), document));
    return { kind: 'entries', keys: keys!, values: values! };
  }

  /** The document that a reference leads to, and the schema in it. */
  function resolve(link: string, document: unknown): [unknown, unknown] {
    const [name, pointer = ''] = link.split('#') as [string, string?];
    const there = name === '' ? document : documents.get(name);
    return [there, pointer.startsWith('/') ? follow(there, pointer) : pointer === '' ? there : undefined];
  }

  return typeOf(root, root);
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (node: Node, name: string): unknown => (Object.hasOwn(node, name) ? node[name] : undefined);

function scalarOf(schema: Node): JsonType | null {
  const title = at(schema, 'title');
  const parameters = at(schema, 'connect.parameters');
  const semantic =
    typeof title === 'string' ? semanticOf(title, isNode(parameters) ? parameters : null) : null;
  if (semantic !== null) return { kind: 'semantic', semantic };
  const type = at(schema, 'connect.type');
  if (type === 'bytes') return { kind: 'bytes' };
  return type === 'float32' || type === 'float64' ? { kind: 'float' } : null;
}

/** The one schema of a union that is not that of null; null: there is none or several. */
function onlyBranch(schema: Node): unknown {
  const branches = at(schema, 'oneOf') ?? at(schema, 'anyOf') ?? at(schema, 'allOf');
  if (!Array.isArray(branches)) return null;
  const others = branches.filter((branch) => !isNode(branch) || at(branch, 'type') !== 'null');
  return others.length === 1 ? others[0] : null;
}

/** A JSON pointer (RFC 6901) in a URI fragment. */
function follow(document: unknown, pointer: string): unknown {
  let found = document;
  for (const part of pointer.slice(1).split('/')) {
    const name = unescaped(part);
    if (Array.isArray(found)) found = /^\d{1,6}$/.test(name) ? found[Number(name)] : undefined;
    else found = isNode(found) ? at(found, name) : undefined;
  }
  return found;
}

function unescaped(part: string): string {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}
