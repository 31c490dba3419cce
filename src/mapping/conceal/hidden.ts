import { REJECTIONS, type RejectionCode } from '../../errors.ts';
import type { Findings } from '../compile.ts';
import type { Hidden, Plan, Slot } from '../plan.ts';
import type { RowDirty } from '../row.ts';

type Parts = Pick<Plan, 'columns' | 'slots' | 'decoders' | 'times' | 'partitions'>;

/**
 * Where values of masked and hashed columns could be seen: in what is said of other columns, too, that read the same,
 * something around it or something in it. Undefined: no column is concealed. Who reads such a value and stores it openly is warned of.
 */
export function hiddenOf(plan: Parts, { warnings }: Pick<Findings, 'warnings'>): Hidden | undefined {
  const concealed = plan.columns.filter(({ mask, hash }) => mask ?? hash);
  if (concealed.length === 0) return undefined;
  const reads = createReads(plan);
  const secret = concealed.flatMap(({ slot }) => reads(slot));
  const meets = ({ slot }: { readonly slot: number }) =>
    reads(slot).some((one) => secret.some((other) => startsWith(one, other) || startsWith(other, one)));
  const open = plan.columns.filter((column) => !concealed.includes(column) && meets(column));
  const placed = plan.partitions.filter((one) => one.kind === 'source').filter(meets);
  for (const { name } of open)
    warnings.push(`column ${name}: it holds openly what another column masks or hashes`);
  for (const { name } of placed)
    warnings.push(`table partition column ${name}: it holds openly what a column masks or hashes`);
  const names = [...concealed, ...open, ...placed, ...plan.times.filter(meets)].map(({ name }) => name);
  return { columns: [...new Set(names)] };
}

/**
 * The decoders, with a rest (`table.rest`) that leaves out the fields of which a concealed column reads a part: a path
 * into the one image of a change takes nothing out of the other.
 */
export function concealFromRest(plan: Parts): Parts['decoders'] {
  const { decoders } = plan;
  const unmapped = decoders.value?.unmapped;
  if (!decoders.value || unmapped?.policy !== 'rest') return decoders;
  const reads = createReads(plan);
  const concealed = plan.columns.filter(({ mask, hash }) => mask ?? hash).flatMap(({ slot }) => reads(slot));
  const names = concealed.flatMap(([from, name]) =>
    from === 'value' && typeof name === 'string' ? name : [],
  );
  if (names.length === 0) return decoders;
  return {
    ...decoders,
    value: { ...decoders.value, unmapped: { ...unmapped, except: [...new Set(names)] } },
  };
}

/** A place in a record: where it is from, then the path; one that begins with another lies in it. */
type Place = readonly (string | number)[];

const startsWith = (place: Place, whole: Place): boolean => whole.every((step, i) => place[i] === step);

/** A change tells the same field of the row three times. */
const inRow = (path: Place): Place =>
  path[0] === '__before__' || path[0] === '__after__' ? path.slice(1) : path;

/** The places that a slot reads, those of an expression's inputs among them. */
function createReads({ slots, decoders }: Parts): (slot: number) => Place[] {
  const placesOf = (slot: Slot): Place[] => {
    switch (slot.from) {
      case 'value':
      case 'key':
        return [[slot.from, ...inRow(decoders[slot.from]?.paths[slot.index] ?? [])]];
      case 'header':
        return [['headers', slot.name]];
      case 'metadata':
        return [[slot.name]];
      case 'constant':
        return [];
      case 'expr':
        return slot.inputs.flatMap((input) => placesOf(slots[input.slot]!));
    }
  };
  return (slot) => placesOf(slots[slot]!);
}

/** Codes whose messages never hold a value. */
const BARE: ReadonlySet<RejectionCode> = new Set([
  'tombstone',
  'not_an_object',
  'too_deep',
  'unknown_schema',
  'null_not_allowed',
  'row_too_large',
]);

/** Before what is said of a key; it stays, as it holds nothing. */
export const IN_KEY = 'in the key: ';

/** Takes the value out of what is said of a record, wherever it could be one that is concealed. */
export function createReword(hidden: Hidden | undefined): (problem: RowDirty) => RowDirty {
  if (!hidden) return (problem) => problem;
  const columns = new Set(hidden.columns);
  return (problem) => {
    const isHidden = problem.column === undefined || columns.has(problem.column);
    if (!isHidden || BARE.has(problem.code)) return problem;
    const where = problem.message.startsWith(IN_KEY) ? IN_KEY : '';
    const message = `${where}${REJECTIONS[problem.code]} (hidden: a column is masked or hashed)`;
    return { ...problem, message };
  };
}
