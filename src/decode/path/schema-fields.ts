import { Cell, type Dirty, MISSING } from '../cell/cell.ts';
import type { Path } from './path.ts';
import { REST, Unmapped, type UnmappedField, type UnmappedSpec, unknownField } from './unmapped.ts';

/**
 * The fields that no path takes, where a schema names them before any record does: they are told when the schema is
 * compiled, which costs a record nothing. With `rest` and `reject` each has a cell of its own behind the cells of the
 * caller, so that a reader fills it like that of a path.
 */
export interface SchemaFields {
  readonly spec: UnmappedSpec;
  /** Whether any field may get a cell: then `bind` and `finish` stand around each record. */
  readonly keeps: boolean;
  /** A field that stands at `spec.at[place]`; gives the slot that takes its value, or null. */
  add(place: number, field: UnmappedField): number | null;
  /** The cells of the caller, and behind them those of the slots given so far. */
  bind(cells: readonly Cell[]): readonly Cell[];
  /** After a record: fills the rest, or says which field makes the record dirty. */
  finish(cells: readonly Cell[]): Dirty | null;
  /** Fields told since the last call. */
  take(): readonly UnmappedField[];
}

interface Kept {
  readonly name: string;
  readonly value: Cell;
}

export function createSchemaFields(paths: readonly Path[], spec: UnmappedSpec): SchemaFields {
  const told = new Unmapped(spec.policy);
  const rest = paths.findIndex((path) => path.at(-1) === REST);
  const keeps = spec.policy === 'reject' || (spec.policy === 'rest' && rest >= 0);
  const kept: Kept[] = [];
  const places: Kept[][] = spec.at.map(() => []);
  let callers: readonly Cell[] = [];
  let bound: readonly Cell[] = [];

  return {
    spec,
    keeps,
    add(place, field) {
      if (!keeps) told.tell(field.name, field.kind, field.scale);
      if (!keeps) return null;
      const one = { name: field.name, value: new Cell() };
      places[place]!.push(one);
      return paths.length + kept.push(one) - 1;
    },
    bind(cells) {
      if (cells === callers && bound.length === cells.length + kept.length) return bound;
      callers = cells;
      bound = [...cells, ...kept.map(({ value }) => value)];
      return bound;
    },
    finish(cells) {
      for (const place of places) {
        const members = place.filter(({ value }) => value.kind !== MISSING);
        if (members.length === 0) continue;
        if (spec.policy === 'reject') return unknownField(members[0]!.name);
        cells[rest]!.setTree({ members });
        return null;
      }
      return null;
    },
    take: () => told.take(),
  };
}
