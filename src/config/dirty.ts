import { z } from 'zod';
import { REJECTIONS, type RejectionCode } from '../errors.ts';
import { actionsFor, DIRTY_ACTIONS, type DirtyAction, type DirtyRules } from '../mapping/dirty.ts';
import { choice, duration, EVEN_IF_WRONG, isMap, leaf, nullable, whole } from './leaf.ts';
import { suggest } from './suggest.ts';

const CODES = Object.keys(REJECTIONS) as RejectionCode[];
const isCode = (name: string): name is RejectionCode => Object.hasOwn(REJECTIONS, name);

const percent = leaf({
  type: 'percentage',
  expected: 'a number from 0 to 100 such as 0.5',
  json: { type: 'number', minimum: 0, maximum: 100 },
  parse: (input) => {
    const number = typeof input === 'string' && /^\d+(\.\d+)?$/.test(input) ? Number(input) : input;
    return typeof number === 'number' && number >= 0 && number <= 100 ? number : undefined;
  },
});

/** Every action for every code, so far; which go together is said in sentences. */
const classes = z
  .record(z.string(), choice(DIRTY_ACTIONS))
  .superRefine((value, context) => {
    const written: Record<string, unknown> = isMap(value) ? value : {};
    for (const [code, action] of Object.entries(written)) {
      const message = isCode(code) ? actionProblem(code, action) : unknownCode(code);
      if (message) context.addIssue({ code: 'custom', path: [code], message });
    }
  }, EVEN_IF_WRONG)
  .transform((value): DirtyRules['classes'] => value);

function unknownCode(code: string): string {
  const meant = suggest(code, CODES);
  return meant ? `unknown reason (did you mean ${meant}?)` : `unknown reason; known: ${CODES.join(', ')}`;
}

/** A sentence about a choice that makes no sense for a reason; null: it does, or it is no choice at all. */
function actionProblem(code: RejectionCode, written: unknown): string | null {
  const action = DIRTY_ACTIONS.find((one) => one === written);
  if (!action || actionsFor(code).includes(action)) return null;
  return `${WHY_NOT[action] ?? ''}: give ${actionsFor(code)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1')}`;
}

const NO_COLUMN = 'it is not found at the value of one column, so no other value can stand there';
const WHY_NOT: Partial<Record<DirtyAction, string>> = {
  default_value: NO_COLUMN,
  set_null: NO_COLUMN,
  truncate: 'only a text that is too_long and digits that are not_exact can be cut',
};

export const dirty = z.strictObject({
  default: choice(DIRTY_ACTIONS)
    .prefault('dead_letter')
    .describe(
      'What happens to a dirty record whose reason is not in classes. default_value, set_null and truncate apply where they can; every other dirty record is then a dead letter.',
    ),
  classes: classes
    .prefault({})
    .describe(
      'Reason -> dead_letter, default_value, set_null, truncate, skip (left out and counted) or stop (exit 6): {too_long: truncate, wrong_type: set_null}. Where a column has no default, is NOT NULL, or holds JSON to be cut, the record is a dead letter.',
    ),
  limit: z
    .strictObject({
      count: nullable(whole(0, 1_000_000_000)).describe(
        'Dirty records (dead letters and skipped ones) that are allowed within window; one more stops the service with exit 6. null: any number.',
      ),
      percent: nullable(percent).describe(
        'Percentage of dirty records among those read within window that is allowed; judged when a batch is sealed, from 1,000 records on. null: any.',
      ),
      window: duration(1000)
        .prefault('1h')
        .describe('Time over which dirty records are counted, by each process for itself.'),
    })
    .prefault({}),
});
