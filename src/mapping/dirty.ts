import { REJECTIONS, type RejectionCode } from '../errors.ts';

/** What can happen to a dirty record. */
export const DIRTY_ACTIONS = [
  'dead_letter',
  'default_value',
  'set_null',
  'truncate',
  'skip',
  'stop',
] as const;
export type DirtyAction = (typeof DIRTY_ACTIONS)[number];

/** Those that let the record become a row, with another value in the column. */
export type MendAction = Extract<DirtyAction, 'default_value' | 'set_null' | 'truncate'>;
/** What is left for the record as a whole. */
export type Fate = Exclude<DirtyAction, MendAction>;

/** `dirty` of the configuration: plain data, part of the plan. */
export interface DirtyRules {
  /** Applies where it can to what `classes` does not name; else the record is a dead letter. */
  readonly default: DirtyAction;
  readonly classes: Readonly<Partial<Record<RejectionCode, DirtyAction>>>;
}

export const ALL_DEAD_LETTERS: DirtyRules = { default: 'dead_letter', classes: {} };

/** The rules with what `table.unknownFields` says of records that have a field without a column; `classes` goes before it. */
export function withUnknownFields(rules: DirtyRules, unknownFields: string | null | undefined): DirtyRules {
  if (unknownFields !== 'stop' && unknownFields !== 'dead_letter') return rules;
  return { ...rules, classes: { unknown_field: unknownFields, ...rules.classes } };
}

/** Found where a value is converted to its column, so that another one can stand there. */
const AT_A_COLUMN: readonly RejectionCode[] = [
  ...(['wrong_type', 'out_of_range', 'not_exact', 'too_long', 'bad_time'] as const),
  ...(['bad_json_text', 'invalid_utf8', 'expr_failed'] as const),
];
/** A part of the value would fit. */
const TOO_MUCH: readonly RejectionCode[] = ['too_long', 'not_exact'];

/** Actions that make sense for a code. */
export function actionsFor(code: RejectionCode): DirtyAction[] {
  return DIRTY_ACTIONS.filter((action) => {
    if (action === 'truncate') return TOO_MUCH.includes(code);
    return isFate(action) || AT_A_COLUMN.includes(code);
  });
}

/** Every mending that can happen, for metrics. */
export const MENDINGS: readonly (readonly [RejectionCode, MendAction])[] = AT_A_COLUMN.flatMap((code) =>
  actionsFor(code).flatMap((action) => (isFate(action) ? [] : [[code, action] as const])),
);

/** Each code's action, the default put in. */
export function dirtyActions(rules: DirtyRules): Readonly<Record<RejectionCode, DirtyAction>> {
  const codes = Object.keys(REJECTIONS) as RejectionCode[];
  const of = (code: RejectionCode): DirtyAction =>
    rules.classes[code] ?? (actionsFor(code).includes(rules.default) ? rules.default : 'dead_letter');
  return Object.fromEntries(codes.map((code) => [code, of(code)])) as Record<RejectionCode, DirtyAction>;
}

/** A value that was not mended makes its record a dead letter. */
export const fateOf = (action: DirtyAction): Fate => (isFate(action) ? action : 'dead_letter');

/** Choices that can never apply to these columns: what they are for becomes dead letters. */
export function dirtyWarnings(
  { classes }: DirtyRules,
  columns: readonly { readonly nullable: boolean; readonly default: unknown }[],
): string[] {
  const nowhere: Partial<Record<DirtyAction, string>> = {
    ...(columns.some((column) => column.default !== null)
      ? {}
      : { default_value: 'no column has a default' }),
    ...(columns.some((column) => column.nullable) ? {} : { set_null: 'every column is NOT NULL' }),
  };
  return Object.entries(classes).flatMap(([code, action]) => {
    const why = nowhere[action];
    return why ? [`dirty.classes.${code}: ${action} has no effect, because ${why}`] : [];
  });
}

function isFate(action: DirtyAction): action is Fate {
  return action === 'dead_letter' || action === 'skip' || action === 'stop';
}
