import {
  brokerKilled,
  commitAnswersLost,
  coordinatorKilled,
  maxComputeFrozen,
  maxComputeKilled,
  NETWORK,
} from './disasters.ts';
import { filling, smallDisk, UNWRITABLE } from './full-disk.ts';
import { all, DECISION_NEEDED, deciding, losing, losingTheRest, oldestOpen, open } from './lost-sessions.ts';
import { around, type Point, RECOVERY } from './points.ts';
import { nothingLost, type Scenario } from './scenario.ts';
import { type Campaign, type Disaster, during, inTurn, kills, stalls } from './strikes.ts';

const UPLOAD = around(['session', 'block', 'verify', 'letters']);
const COMMIT = around(['intent', 'commit:1', 'commit:2', 'commit:3']);
const ADVANCE = around(['publish', 'advance', 'advance+intent']);
const RECOVERIES = around(RECOVERY);
/** Nothing is left to commit when all sessions were. */
const ROWS_VISIBLE = RECOVERIES.filter((point) => !point.endsWith('recovery:commit'));

/** An intent is left by a kill, then `campaign` finds the member that recovers it. */
const afterIntent = (points: readonly Point[], campaign: (points: readonly Point[]) => Campaign): Campaign =>
  inTurn(...points.map((point) => inTurn(kills(['after:intent']), campaign([point]))));

/** One intent, and whoever takes it up is killed one step further each time. */
const killedAgainAndAgain = inTurn(
  kills(['after:intent', ...RECOVERIES]),
  kills(['after:commit:2', ...RECOVERIES]),
  kills(['after:commit:3', ...ROWS_VISIBLE]),
  kills(['after:advance+intent', ...RECOVERIES]),
);

const KILLS: readonly (readonly [string, Campaign])[] = [
  ['killed while uploading', kills(UPLOAD)],
  ['killed at intent and commits', kills(COMMIT)],
  ['killed at the advance', kills(ADVANCE)],
  ['killed in recovery', killedAgainAndAgain],
];

const killed = (members: number): Scenario[] =>
  KILLS.map(([name, campaign]) => ({ name, members, campaign }));

/** The next process has the same instance id: no new generation, no waiting for the session to end. */
const killedStatic = (members: number): Scenario[] =>
  KILLS.map(([name, campaign]) => ({
    ...{ name: `${name}, static members`, members, campaign },
    options: { staticMembers: true },
  }));

const zombies: Scenario[] = [
  { name: 'frozen while uploading', members: 3, campaign: stalls(UPLOAD) },
  { name: 'frozen at intent and commits', members: 3, campaign: stalls(COMMIT) },
  { name: 'frozen at the advance', members: 3, campaign: stalls(ADVANCE) },
  { name: 'frozen in recovery', members: 3, campaign: afterIntent(RECOVERIES, stalls) },
  { name: 'frozen, nobody else', members: 1, campaign: stalls([...COMMIT, ...ADVANCE]) },
];

const everywhere = (disaster: Disaster): Campaign =>
  inTurn(
    during(disaster, [...UPLOAD, ...COMMIT, ...ADVANCE]),
    afterIntent(RECOVERIES, (points) => during(disaster, points)),
  );

/** Where a request goes out next. */
const REQUESTS: readonly Point[] = [
  ...(['before:block', 'before:verify', 'before:intent', 'before:commit:2'] as const),
  ...(['before:advance', 'before:advance+intent'] as const),
];
const RECOVERY_REQUESTS = RECOVERY.filter((step) => step !== 'recovery:letters').map(
  (step): Point => `before:${step}`,
);

const atRequests = (disaster: Disaster): Campaign =>
  inTurn(
    during(disaster, REQUESTS),
    afterIntent(RECOVERY_REQUESTS, (points) => during(disaster, points)),
  );

/**
 * A local MaxCompute that is started again knows committed sessions only. Where another batch is being committed
 * meanwhile that takes a decision: only points at which all of one are lost, or none.
 */
const FORGOTTEN: readonly Point[] = [
  ...(['before:intent', 'after:intent', 'before:commit:1', 'after:commit:3'] as const),
  ...ADVANCE,
];

const surroundings: Scenario[] = [
  { name: brokerKilled.name, members: 1, options: { brokers: 1 }, campaign: everywhere(brokerKilled) },
  ...[1, 3].map((members) => ({
    ...{ name: 'coordinator killed', members, options: { brokers: 3 as const } },
    campaign: atRequests(coordinatorKilled()),
  })),
  ...NETWORK.flatMap((disaster) =>
    [1, 3].map((members) => ({
      ...{ name: disaster.name, members, options: { brokers: 1 as const } },
      campaign: atRequests(disaster),
    })),
  ),
  {
    name: 'answers to session commits lost',
    members: 1,
    campaign: inTurn(
      during(commitAnswersLost(), ['before:commit:1', 'before:commit:3', 'before:commit:2']),
      afterIntent(['before:recovery:commit'], (points) => during(commitAnswersLost(), points)),
    ),
  },
  { name: maxComputeKilled.name, members: 1, campaign: during(maxComputeKilled, FORGOTTEN) },
  ...[1, 3].map((members) => ({
    ...{ name: maxComputeFrozen.name, members },
    campaign: everywhere(maxComputeFrozen),
  })),
];

const none = (what: string, count: number): string[] => (count === 0 ? [] : [`${count} ${what}`]);
/** What the decision costs: rows of one batch, some 300 records a second. */
const once = (what: string, count: number): string[] =>
  count > 0 && count < 6_000 ? [] : [`${count} ${what}, expected those of one batch`];

const lostSessions: Scenario[] = [
  {
    name: 'all sessions of an intent expire',
    members: 1,
    campaign: losing('after:intent', open, 'expired'),
  },
  {
    name: 'the sessions of an intent expire one after another',
    members: 1,
    campaign: inTurn(losing('after:intent', oldestOpen, 'expired'), losingTheRest('expired')),
  },
  {
    name: 'all sessions of an intent are forgotten',
    members: 1,
    campaign: losing('after:intent', open, 'gone'),
  },
  {
    name: 'committed sessions of an intent are forgotten',
    members: 1,
    campaign: losing('after:commit:3', all, 'gone'),
  },
  {
    name: 'some committed, one forgotten; the operator says replay',
    members: 1,
    mayEnd: [DECISION_NEEDED],
    campaign: inTurn(losing('after:commit:2', open, 'gone'), deciding('--replay')),
    judge: (out) => [...nothingLost(out), ...once('duplicates', out.duplicates)],
  },
  {
    name: 'some committed, one forgotten; the operator says assume committed',
    members: 1,
    mayEnd: [DECISION_NEEDED],
    campaign: inTurn(losing('after:commit:2', open, 'gone'), deciding('--assume-committed')),
    judge: (out) => [...once('missing rows', out.missingRows), ...none('duplicates', out.duplicates)],
  },
];

/** Where dead letters are made durable, and where they begin to count. */
const LETTERS = around(['letters', 'intent', 'publish', 'advance']);

const destinations: Scenario[] = [1, 3].flatMap((members) => [
  {
    ...{ name: 'killed, dead letters in a topic', members, options: { deadLetters: 'topic' as const } },
    campaign: inTurn(kills(LETTERS), afterIntent(RECOVERIES, kills)),
  },
  {
    ...{ name: 'killed, dead letters in a table', members, options: { deadLetters: 'table' as const } },
    campaign: inTurn(
      kills([...LETTERS, ...around(['commit:letters', 'commit:3'])]),
      afterIntent(RECOVERIES, kills),
    ),
  },
  {
    ...{ name: 'frozen, dead letters in a table', members, options: { deadLetters: 'table' as const } },
    campaign: stalls([...LETTERS, ...around(['commit:letters'])]),
  },
]);

const fullDisk: Scenario = {
  name: 'disk of the dead letters full',
  members: 1,
  prepare: smallDisk,
  campaign: filling,
  mayEnd: [UNWRITABLE],
};

/** Without the intent rows must come twice: the counting has to see them. */
const CONTROL: Scenario = {
  name: 'control: at_least_once',
  members: 1,
  options: { guarantee: 'at_least_once' },
  campaign: kills(['after:commit:3', 'after:publish']),
  judge: (out) => [
    ...nothingLost(out),
    ...(out.duplicates > 0 ? [] : ['no duplicates: the counting cannot see them']),
  ],
};

export const MATRIX: readonly Scenario[] = [
  ...killed(1),
  ...killed(3),
  ...killedStatic(1),
  ...killedStatic(3),
  ...zombies,
  ...surroundings,
  ...lostSessions,
  ...destinations,
  fullDisk,
  CONTROL,
];

/** After each step by one member alone; where it is closest, before and after, by three. */
const ALONE = [...UPLOAD, ...COMMIT, ...ADVANCE].filter(
  (point) => point.startsWith('after') && !/session|verify|commit:1/.test(point),
);
const AMONG_THREE = [
  ...(['before:intent', 'after:intent', 'after:commit:1', 'before:commit:3', 'after:commit:3'] as const),
  ...(['before:advance', 'before:advance+intent'] as const),
];
const AFTERWARDS = RECOVERIES.filter((point) => point.startsWith('after'));
const FREEZE_POINTS = ['before:intent', 'after:intent', 'after:commit:1', 'before:advance'] as const;
const CUT_POINTS = ['before:intent', 'before:commit:2', 'before:advance'] as const;
const answersLost = NETWORK.find(({ name }) => name === 'answers to both lost')!;

/** What every change has to pass: some three minutes on two cores. */
export const SUBSET: readonly Scenario[] = [
  {
    name: 'broker killed, answers lost',
    members: 1,
    options: { brokers: 1 },
    campaign: inTurn(during(brokerKilled, CUT_POINTS), during(answersLost, CUT_POINTS)),
  },
  { name: 'killed after every step', members: 1, campaign: kills(ALONE) },
  { name: 'killed at intent, commits and advance', members: 3, campaign: kills(AMONG_THREE) },
  { name: 'killed in recovery', members: 1, campaign: kills(['after:intent', ...RECOVERIES]) },
  { name: 'killed in recovery', members: 3, campaign: kills(['after:commit:2', ...AFTERWARDS]) },
  {
    name: 'frozen and continued',
    members: 3,
    campaign: inTurn(stalls(FREEZE_POINTS), afterIntent(['before:recovery:advance'], stalls)),
  },
  {
    ...{ name: 'killed, dead letters in a table', members: 1, options: { deadLetters: 'table' } },
    campaign: kills(['after:letters', 'after:intent', 'before:commit:letters', 'after:commit:letters']),
  },
  ...lostSessions.filter(({ name }) => name.startsWith('all')),
  CONTROL,
];
