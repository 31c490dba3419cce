import { Refusal } from '../errors.ts';
import { type Step, steps } from '../xml.ts';

/** What is submitted as an instance. */
export interface Job {
  /** Of the submission: what is repeated under it is the same instance. */
  readonly guid: string | undefined;
  /** Kind of its task; undefined: it has none. */
  readonly kind: string | undefined;
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
 * again from every tag. Throws MalformedXML without a query, InvalidArgument for several tasks.
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
  const query = texts.get('Query');
  if (query === undefined && (kinds[0] ?? 'SQL') === 'SQL')
    throw new Refusal(400, 'MalformedXML', 'The job has no <Query>.');
  const names = { guid: texts.get('Guid') || undefined, taskName: texts.get('Name') ?? 'AnonymousSQLTask' };
  const job = { ...names, kind: kinds[0], query: query ?? '', properties };
  const [from, to] = [xml.indexOf('<Job>'), xml.lastIndexOf(CLOSING)];
  return { ...job, source: from < 0 || to < from ? '<Job/>' : xml.slice(from, to + CLOSING.length) };
}

/** A job has a name too, which is not the one that results are looked up by. */
const isOwn = ({ name, above }: Step): boolean =>
  name === 'Query' || name === 'Guid' || (name === 'Name' && above === 'Tasks');
