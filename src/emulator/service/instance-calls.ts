import { bodyText, type Call, type Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { descending } from '../order.ts';
import type { Instance } from '../sql/instances.ts';
import { readJob } from '../sql/job.ts';
import type { Written } from '../sql/run.ts';
import { httpDate } from '../times.ts';
import { cdata, element, fields } from '../xml.ts';
import { listing, notImplemented, page, text, xml } from './answers.ts';
import { askSession, tellSession } from './interactive.ts';

/**
 * How long answers wait for the end of an instance (protocol 3.6): clients sleep a whole second, or longer, when they
 * read Running, most statements take some milliseconds.
 */
const SUBMIT_HOLD_MS = 50;
const STATUS_HOLD_MS = 2000;

/** `POST /projects/P/instances`: 201 with the Location, whatever becomes of the statement. */
export async function submitInstance(core: Core, call: Call): Promise<Reply> {
  const job = readJob(await bodyText(call));
  const isSession = job.kind === 'SQLRT';
  const instance = isSession
    ? core.instances.open(core, job)
    : core.instances.submit(core, job, call.query.get('curr_schema'));
  if (!isSession) await core.instances.ended(instance, SUBMIT_HOLD_MS);
  const path = `/api/projects/${encodeURIComponent(core.project)}/instances/${instance.id}`;
  const headers = { Location: `http://${call.address}${path}`, ...instanceHeaders(instance, core.now()) };
  return { status: 201, headers };
}

/** Times of an instance; one that runs is told to end at this moment. */
const timesOf = ({ startedAt, endedAt }: Instance, now: number) => ({
  StartTime: httpDate(startedAt),
  EndTime: httpDate(endedAt ?? now),
});

function instanceHeaders(instance: Instance, now: number): Record<string, string> {
  const { StartTime, EndTime } = timesOf(instance, now);
  return { 'x-odps-owner': OWNER, 'x-odps-start-time': StartTime, 'x-odps-end-time': EndTime };
}

/** `now`: one look at the clock for the whole answer. */
type Answer = (core: Core, instance: Instance, query: Call['query'], now: number) => Reply;

/** What can be asked of an instance, by the parameter that asks. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  source: (_core, instance) => xml(instance.source),
  taskstatus: (_core, instance, _query, now) => xml(taskStatus(instance, now)),
  result: (_core, instance) => xml(taskResult(instance)),
  instanceprogress: (_core, instance) => xml(progress(instance)),
  instancesummary: (_core, instance) => summary(instance),
  instancedetail: (_core, instance) => json({ Instance: { Status: instance.status, Stages: [] } }),
  detail: (_core, instance) => json({ Instance: { Status: instance.status, Stages: [] } }),
  instancequota: () => json({}),
  cached: (core, instance) => json(queueing(core, instance)),
  log: () => text(''),
  info: (_core, _instance, query) => {
    if (query.get('key') === 'warnings') return json({ warnings: [] });
    throw notImplemented(`Information "${query.get('key') ?? ''}" of a task`);
  },
};

/** `GET .../instances/ID` with one of the parameters above, or its state. */
export async function getInstance(core: Core, call: Call, id: string): Promise<Reply> {
  const instance = core.instances.find(id);
  if (instance.kind === 'SQLRT' && call.query.has('info'))
    return askSession(core, instance, call.query.get('key') ?? '');
  const asked = Object.keys(ANSWERS).find((name) => call.query.has(name));
  if (!asked && instance.kind === 'SQL') await core.instances.ended(instance, STATUS_HOLD_MS);
  const state = `<Instance>${element('Status', overallStatus(instance))}</Instance>`;
  const now = core.now();
  const reply = asked ? ANSWERS[asked]!(core, instance, call.query, now) : xml(state);
  return { ...reply, headers: { ...reply.headers, ...instanceHeaders(instance, now) } };
}

const overallStatus = (instance: Instance): string =>
  instance.status === 'Running' ? 'Running' : 'Terminated';

function taskStatus(instance: Instance, now: number): string {
  const { kind, taskName, status } = instance;
  const parts = fields({ Name: taskName, ...timesOf(instance, now), Status: status });
  const task = `<Task Type="${kind}">${parts}</Task>`;
  return `<Instance>${element('Status', overallStatus(instance))}<Tasks>${task}</Tasks></Instance>`;
}

function taskResult(instance: Instance): string {
  const { format, text: content, truncated } = instance.outcome;
  const body = Buffer.from(content).toString('base64');
  const result = `<Result Format="${format}" Transform="Base64">${body}</Result>`;
  // PyODPS refuses such a result, or goes on with the instance tunnel; without the element it takes it for whole.
  const descriptor = JSON.stringify({ IsSelect: true, SelectResultStatus: 'TRUNCATED' });
  const told = truncated ? `<ResultDescriptor>${cdata(descriptor)}</ResultDescriptor>` : '';
  const task = `${element('Name', instance.taskName)}${result}${told}${element('Status', instance.status)}`;
  return `<Instance><Tasks><Task Type="${instance.kind}">${task}</Task></Tasks></Instance>`;
}

/** One stage of one worker: clients print a line from it while they wait. */
function progress(instance: Instance): string {
  const isRunning = instance.status === 'Running';
  const figures = fields({
    BackupWorkers: 0,
    TerminatedWorkers: isRunning ? 0 : 1,
    RunningWorkers: isRunning ? 1 : 0,
    TotalWorkers: 1,
    InputRecords: 0,
    OutputRecords: 0,
    FinishedPercentage: isRunning ? 0 : 100,
  });
  return `<Progress><Stage ID="M1_job_0">${figures}</Stage></Progress>`;
}

/** Statements of one script may write the same table. */
function together(written: readonly Written[]): readonly Written[] {
  const byName = new Map<string, Written>();
  for (const one of written) {
    const { rows, bytes } = byName.get(one.into) ?? { rows: 0, bytes: 0 };
    byName.set(one.into, { ...one, rows: rows + one.rows, bytes: bytes + one.bytes });
  }
  return [...byName.values()];
}

/** What the statement wrote, as rows and bytes: JDBC's update counts are read from it. */
function summary(instance: Instance): Reply {
  const headers = { 'x-odps-task-finalized': String(instance.status !== 'Running') };
  const written = together(instance.outcome.written ?? []);
  const Outputs = Object.fromEntries(written.map(({ into, rows, bytes }) => [into, [rows, bytes]]));
  const lines = written.map(({ into, rows, bytes }) => `\t${into}: ${rows} (${bytes} bytes)\n`);
  const JsonSummary = JSON.stringify({ Instance: {}, Inputs: {}, Outputs });
  return json({ Instance: { Summary: `inputs:\noutputs:\n${lines.join('')}`, JsonSummary } }, { headers });
}

function queueing(core: Core, instance: Instance): object {
  return {
    instanceId: instance.id,
    projectName: core.project,
    status: overallStatus(instance),
    instancePriority: 9,
    taskType: instance.kind,
    taskName: instance.taskName,
    userAccount: OWNER,
    subStatusHistory: [],
    startTime: new Date(instance.startedAt).toISOString().slice(0, 19).replace('T', ' '),
  };
}

/** `GET /projects/P/instances[?status=][&daterange=from:to][&maxitems=][&marker=]`, the newest first. */
export function listInstances(core: Core, call: Call): Reply {
  const order = { keyOf, order: descending };
  const now = core.now();
  return page(call, 'Instances', selected(core, call), order, (instance) => instanceXml(instance, now));
}

/** `GET /projects/P/cachedinstances`: those that run, as JSON inside of XML. */
export function listQueue(core: Core, call: Call): Reply {
  const running = selected(core, call).filter((instance) => instance.status === 'Running');
  const content = JSON.stringify(running.map((instance) => queueing(core, instance)));
  return listing('Instances', [element('Content', content)]);
}

/** By their numbers: two may begin in the same millisecond. */
const keyOf = ({ number }: Instance): string => String(number).padStart(16, '0');

function selected(core: Core, { query }: Call): Instance[] {
  const status = query.get('status')?.toLowerCase();
  const [from, to] = dateRange(query.get('daterange'));
  return core.instances
    .list()
    .filter((one) => !status || overallStatus(one).toLowerCase() === status)
    .filter((one) => one.startedAt >= from && one.startedAt < to)
    .sort((a, b) => b.number - a.number);
}

/** `from:to` in seconds, either of them may be missing. */
function dateRange(given: string | undefined): readonly [from: number, to: number] {
  if (given === undefined) return [0, Number.POSITIVE_INFINITY];
  const match = /^(\d*(?:\.\d+)?):(\d*(?:\.\d+)?)$/.exec(given);
  if (!match) throw new Refusal(400, 'InvalidArgument', `daterange=${given} is not from:to in seconds.`);
  return [Number(match[1]) * 1000, match[2] ? Number(match[2]) * 1000 : Number.POSITIVE_INFINITY];
}

function instanceXml(instance: Instance, now: number): string {
  const parts = {
    Name: instance.id,
    Owner: OWNER,
    ...timesOf(instance, now),
    Status: overallStatus(instance),
  };
  return `<Instance>${fields(parts)}</Instance>`;
}

/**
 * `PUT .../instances/ID`: stop, which has to come before the end; with `info` it tells a session something.
 */
export async function stopInstance(core: Core, call: Call, id: string): Promise<Reply> {
  const instance = core.instances.find(id);
  if (call.query.has('info') && instance.kind === 'SQLRT') return tellSession(core, call, instance);
  if (call.query.has('info')) throw notImplemented('Information for a task');
  if (core.instances.cancel(instance)) return { status: 200 };
  throw new Refusal(409, 'InvalidStateSetting', `Instance ${id} has ended: it cannot be stopped.`);
}
