import { asSinkError, type ErrorCode } from '../errors.ts';

/** What became of one thing that was looked at. */
export type Status = 'ok' | 'warn' | 'fail' | 'not_checked';

export interface Item {
  /** What was looked at: `topic orders: Read`. */
  readonly what: string;
  readonly status: Status;
  /** What was really done and answered; of `not_checked` the reason. */
  readonly evidence: string;
  /** What to do about it; null: nothing. */
  readonly advice: string | null;
  /** Code of the catalogue; null: none. */
  readonly code: ErrorCode | null;
}

/** A table or a text below the items of a section, for people; JSON has the same as facts. */
export type Exhibit =
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'text'; readonly lines: readonly string[] };

export type Step =
  | 'configuration'
  | 'kafka'
  | 'schema_registry'
  | 'table'
  | 'rights'
  | 'mapping'
  | 'quota'
  | 'machine';

export interface Section {
  readonly step: Step;
  readonly items: readonly Item[];
  /** For programs: numbers and names that the evidence tells in words. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly exhibits?: readonly Exhibit[];
}

export interface Report {
  /** Of maxsink. */
  readonly version: string;
  /** The configuration. */
  readonly file: string;
  /** When it began, ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly sections: readonly Section[];
}

export const ok = (what: string, evidence: string): Item => item(what, 'ok', evidence, null);

export const warn = (what: string, evidence: string, advice: string | null = null): Item =>
  item(what, 'warn', evidence, advice);

export const notChecked = (what: string, reason: string, advice: string | null = null): Item =>
  item(what, 'not_checked', reason, advice);

export const fail = (
  what: string,
  evidence: string,
  advice: string | null,
  code: ErrorCode | null = null,
): Item => ({ ...item(what, 'fail', evidence, advice), code });

/** Something thrown, with the catalogue's advice unless there is a better one. */
export function failed(what: string, thrown: unknown, advice: string | null = null): Item {
  const error = asSinkError(thrown);
  return fail(what, error.message, advice ?? error.hint, error.code);
}

const item = (what: string, status: Status, evidence: string, advice: string | null): Item => ({
  what,
  status,
  evidence,
  advice,
  code: null,
});

export const itemsOf = ({ sections }: Pick<Report, 'sections'>): Item[] =>
  sections.flatMap(({ items }) => items);

export function countsOf(report: Pick<Report, 'sections'>): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, not_checked: 0 };
  for (const { status } of itemsOf(report)) counts[status] += 1;
  return counts;
}

/** 0 all well, warnings allowed; 2 the configuration is invalid; 3 something was found. */
export function exitOf(report: Pick<Report, 'sections'>): 0 | 2 | 3 {
  const fails = itemsOf(report).filter(({ status }) => status === 'fail');
  if (fails.length === 0) return 0;
  return fails.some(({ code }) => code === 'config_invalid') ? 2 : 3;
}

/** The one document of `--json`. */
export function reportJson(report: Report): object {
  const { version, file, startedAt, durationMs, sections } = report;
  const counts = countsOf(report);
  const found = counts.fail > 0 ? 'failed' : counts.warn > 0 ? 'warnings' : 'ok';
  return {
    ...{ version, file, at: new Date(startedAt).toISOString(), durationMs, result: found },
    ...{ exitCode: exitOf(report), counts },
    sections: sections.map(({ step, items, facts = {} }) => ({ step, items, facts })),
  };
}
