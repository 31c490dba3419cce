import { Refusal } from '../errors.ts';
import { fields, type Step, steps } from '../xml.ts';

/** A statement, an interactive session, the question what a statement would cost, or the merging of a table's files. */
const KINDS = ['SQL', 'SQLRT', 'SQLCost', 'Merge'] as const;
export type TaskKind = (typeof KINDS)[number];

/** What is submitted as an instance. */
export interface Job {
  /** Of the submission: what is repeated under it is the same instance. */
  readonly guid: string | undefined;
  /** Kind of its task. */
  readonly kind: TaskKind;
  /** Clients look the result up by it. */
  readonly taskName: string;
  readonly query: string;
  /** Of the task. */
  readonly properties: ReadonlyMap<string, string>;
  /** The `<Job>` element as submitted. */
  readonly source: string;
}

const CLOSING = '</Job>';

/**
 * Reads the one task of a job. In one pass and not by patterns: a body may have megabytes, and a pattern tries
 * again from every tag. Throws MalformedXML without a query, InvalidArgument for several tasks, NotImplemented for
 * a kind that is not here.
 */
export function readJob(xml: string): Job {
  const kinds: string[] = [];
  const texts = new Map<string, string>();
  const properties = new Map<string, string>();
  let property = '';
  for (const step of steps(xml)) {
    const { name, within, begins, text } = step;
    if (begins && within === 'Tasks') kinds.push(name);
    if (begins && name === 'Property') property = '';
    if (text === undefined) continue;
    if (within === 'Property') {
      if (name === 'Name') property = text.trim();
      else if (name === 'Value' && property) properties.set(property, text);
    } else if (isOwn(step) && !texts.has(name)) texts.set(name, text);
  }
  if (kinds.length > 1)
    throw new Refusal(400, 'InvalidArgument', `The job has ${kinds.length} tasks, it must have one.`);
  const kind = kindOf(xml, kinds[0]);
  const names = { guid: texts.get('Guid') || undefined, taskName: texts.get('Name') ?? 'AnonymousSQLTask' };
  const job = { ...names, kind, query: queryOf(kind, texts), properties };
  const [from, to] = [xml.indexOf('<Job>'), xml.lastIndexOf(CLOSING)];
  return { ...job, source: from < 0 || to < from ? '<Job/>' : xml.slice(from, to + CLOSING.length) };
}

/** The job of a statement that comes in another way than as a job. */
export function jobOf(taskName: string, query: string, properties: Job['properties'] = new Map()): Job {
  const source = `<Job><Tasks><SQL>${fields({ Name: taskName, Query: query })}</SQL></Tasks></Job>`;
  return { guid: undefined, kind: 'SQL', taskName, query, properties, source };
}

function kindOf(xml: string, given: string | undefined): TaskKind {
  // Jobs of XFlow have parameters in place of tasks.
  const name = given ?? (xml.includes('<XflowInstance>') ? 'XFlow' : 'SQL');
  const kind = KINDS.find((one) => one === name);
  if (kind !== undefined) return kind;
  const text = `A task of kind ${name} is not part of this local MaxCompute.`;
  throw new Refusal(400, 'NotImplemented', text);
}

/** Here a table has one file: to merge them is a statement without effect. */
function queryOf(kind: TaskKind, texts: ReadonlyMap<string, string>): string {
  if (kind === 'SQLRT') return '';
  const name = kind === 'Merge' ? 'TableName' : 'Query';
  const text = texts.get(name);
  if (text === undefined) throw new Refusal(400, 'MalformedXML', `The job has no <${name}>.`);
  return kind === 'Merge' ? `ALTER TABLE ${text} MERGE SMALLFILES` : text;
}

/** A job has a name too, which is not the one that results are looked up by. */
const isOwn = ({ name, above }: Step): boolean =>
  name === 'Query' || name === 'TableName' || name === 'Guid' || (name === 'Name' && above === 'Tasks');
