import { Cell, type Member, STRING, TREE, type Tree } from '../../decode/cell/cell.ts';

/** One entry of a map. */
export interface Entry {
  readonly key: Cell;
  /** Undefined: there is none, which is NULL. */
  readonly value: Cell | undefined;
  /** Where it stands, for messages: `["name"]` of an object, `[3]` of an array. */
  readonly step: string;
}

const SHOWN_NAME = 64;

/**
 * The entries of a tree that is an object, an array of `{key, value}` (maps of Connect, Avro and Protobuf whose
 * keys are no text), or an array of `[key, value]`; null when it is none of these.
 */
export function entriesOf(tree: Tree): Entry[] | null {
  if ('members' in tree) return tree.members.map(memberEntry);
  const entries: Entry[] = [];
  for (const [i, item] of tree.items.entries()) {
    const entry = item.kind === TREE ? itemEntry(item.tree!, `[${i}]`) : null;
    if (!entry) return null;
    entries.push(entry);
  }
  return entries;
}

function memberEntry({ name, value }: Member): Entry {
  const bytes = Buffer.from(name);
  const key = new Cell();
  key.setBytes(STRING, bytes, 0, bytes.length);
  return { key, value, step: `[${JSON.stringify(name.slice(0, SHOWN_NAME))}]` };
}

function itemEntry(tree: Tree, step: string): Entry | null {
  if ('items' in tree) {
    const [key, value] = tree.items;
    return key && tree.items.length === 2 ? { key, value, step } : null;
  }
  const key = last(tree.members, 'key');
  return key ? { key, value: last(tree.members, 'value'), step } : null;
}

function last(members: readonly Member[], name: string): Cell | undefined {
  return members.findLast((member) => member.name === name)?.value;
}
