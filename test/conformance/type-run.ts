import type { Answer, ClientName, Program } from './clients.ts';
import { SAMPLES, type Sample, type Value } from './types.ts';

export const FORMS = ['records', 'arrow'] as const;
export type Form = (typeof FORMS)[number];

/** How a table is read; Java has no Arrow results of SQL. */
export const ROUTES = {
  PyODPS: ['records', 'arrow', 'sql', 'sql-arrow', 'preview', 'csv'],
  Java: ['records', 'arrow', 'sql', 'preview', 'csv'],
} as const satisfies Record<ClientName, readonly string[]>;
export type Route = (typeof ROUTES)['PyODPS'][number];

export interface Written {
  readonly sample: Sample;
  readonly client: ClientName;
  readonly form: Form;
  readonly table: string;
  readonly answer: Answer;
}

export interface Read {
  readonly written: Written;
  readonly client: ClientName;
  readonly route: Route;
  readonly answer: Answer;
}

export interface TypeResults {
  readonly written: readonly Written[];
  readonly read: readonly Read[];
}

/** A table of every type, as records and as Arrow. */
export async function writeTypes(program: Program): Promise<Written[]> {
  const found: Written[] = [];
  for (const [at, sample] of SAMPLES.entries()) {
    for (const form of FORMS) {
      const table = `${program.prefix}_type_${at}_${form}`;
      const answer = await program.ask('types.write', { ...sample, table, form });
      const limit = limitOf(program.name, form, sample, 'write');
      found.push({
        sample,
        client: program.name,
        form,
        table,
        answer: limit ? limited(answer, limit) : answer,
      });
    }
  }
  return found;
}

/** Every table that was written, by every way that the client has. */
export async function readTypes(program: Program, written: readonly Written[]): Promise<Read[]> {
  const found: Read[] = [];
  for (const one of written.filter(({ answer }) => answer.outcome === 'works')) {
    for (const route of ROUTES[program.name]) {
      const answer = await readOne(program, one, route);
      found.push({ written: one, client: program.name, route, answer });
    }
  }
  return found;
}

interface Column {
  readonly table: string;
  readonly sample: Sample;
  /** `v` unless told. */
  readonly column?: string;
}

async function readOne(
  program: Program,
  { table, sample, column = 'v' }: Column,
  route: Route,
): Promise<Answer> {
  const given = { table, type: sample.type, route, column };
  const answer = await program.ask(route === 'csv' ? 'types.csv' : 'types.read', given);
  const compared = answer.ok ? compare(sample, route, answer) : answer;
  const limit = limitOf(program.name, route, sample, 'read');
  return limit ? limited(compared, limit) : compared;
}

/** What is wrong with a column that the client reads in these ways; empty: nothing. */
export async function wrongReads(
  program: Program,
  column: Column,
  routes: readonly Route[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const route of routes) {
    const { ok, detail } = await readOne(program, column, route);
    if (!ok) wrong.push(`${program.name} ${route} ${column.sample.type}: ${detail.slice(0, 600)}`);
  }
  return wrong;
}

function compare(sample: Sample, route: Route, answer: Answer): Answer {
  if (route === 'csv') return compareCsv(sample, answer);
  const [actual, expected] = [normal(sample, answer.result), normal(sample, comesBack(sample))];
  if (actual === expected) return answer;
  return { ok: false, outcome: 'failed', detail: `${actual} instead of ${expected}` };
}

/** CHAR comes back in its whole length, filled with blanks. */
function comesBack({ type, values }: Sample): readonly Value[] {
  const length = Number(/^char\((\d+)\)$/.exec(type)?.[1] ?? 0);
  const filled = (text: string): string => text + ' '.repeat(length - [...text].length);
  return length ? values.map((value) => (typeof value === 'string' ? filled(value) : value)) : values;
}

/** Types whose text is the same in the CSV of a result and in the form of the samples. */
const PLAIN = /^(?:boolean|tinyint|smallint|int|bigint)$/;

function compareCsv({ type, values }: Sample, answer: Answer): Answer {
  const text = String(answer.result);
  const expected = `"id","v"\n${values.map((value, id) => `${id},${value ?? '\\N'}\n`).join('')}`;
  const right = PLAIN.test(type) ? text === expected : /^"id","v"\n/.test(text) && text.endsWith(`,\\N\n`);
  if (right) return { ...answer, result: undefined };
  return {
    ok: false,
    outcome: 'failed',
    detail: `${JSON.stringify(text)} instead of ${JSON.stringify(expected)}`,
  };
}

/** Texts of JSON may differ in blanks, entries of a map in their order. */
function normal({ type }: Sample, value: unknown): string {
  const list = value as readonly Value[];
  if (type === 'json') return JSON.stringify(list.map((one) => one && parsed(String(one))));
  return JSON.stringify(type.includes('map<') ? list.map(sorted) : list);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return `no JSON: ${text}`;
  }
}

const sorted = (value: Value): Value =>
  Array.isArray(value)
    ? value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : value;

interface Limit {
  readonly client: ClientName;
  readonly step: 'write' | 'read';
  readonly ways: readonly string[];
  readonly types: RegExp;
  readonly why: string;
}

/** What a client cannot do whatever the service answers; each is tried, and fails the test when it works after all. */
const LIMITS: readonly Limit[] = [
  {
    ...{ client: 'PyODPS', step: 'write', ways: ['arrow'], types: /^(?:json|interval_year_month)$/ },
    why: 'PyODPS has no Arrow type for it',
  },
  {
    ...{ client: 'PyODPS', step: 'read', ways: ['arrow', 'sql-arrow', 'preview'] },
    ...{ types: /^(?:json|interval_year_month)$/, why: 'PyODPS has no Arrow type for it' },
  },
  {
    ...{ client: 'PyODPS', step: 'write', ways: ['arrow'], types: /^decimal\(38,0\)$/ },
    why: 'PyODPS takes a scale of 0 for the default of 18 in Arrow',
  },
  {
    ...{ client: 'PyODPS', step: 'read', ways: ['arrow', 'sql-arrow'], types: /^decimal\(38,0\)$/ },
    why: 'PyODPS takes a scale of 0 for the default of 18 in Arrow',
  },
  {
    ...{ client: 'Java', step: 'read', ways: ['preview'], types: /^(?:json|interval_.*)$/ },
    why: 'its preview has no intervals, and no NULL in a JSON column',
  },
];

const limitOf = (client: ClientName, way: string, { type }: Sample, step: Limit['step']): Limit | undefined =>
  LIMITS.find(
    (limit) =>
      limit.client === client && limit.step === step && limit.ways.includes(way) && limit.types.test(type),
  );

function limited(answer: Answer, { why }: Limit): Answer {
  if (!answer.ok) return { ok: true, outcome: 'impossible', detail: why };
  return { ok: false, outcome: 'failed', detail: `it works, though "${why}" is said of it` };
}
