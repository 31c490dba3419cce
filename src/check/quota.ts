import { durationText, sizeText } from '../config/units.ts';
import { LIMITS } from '../limits.ts';
import { count, megabytes, plural } from '../terminal/words.ts';
import { type Item, ok, type Section, warn } from './report.ts';

/** What the service allows for one table, for all who write to it together (protocol 4.5). */
const QUOTA = {
  windowMs: 300_000,
  sessions: 500,
  blocks: 500,
  commitWindowMs: 15_000,
  commits: 75,
  commitsAtOnce: 32,
  /** One block is not taken faster than this. */
  blockBytesPerSecond: 10_000_000,
} as const;

/** Share of the sessions that the recommended interval uses: full blocks need room beside them. */
const COMFORT = 0.8;
const INTERVAL_STEP_MS = 5_000;

export interface QuotaInput {
  /** `flush.interval`. */
  readonly intervalMs: number;
  /** Most table partitions of one batch: `flush.maxTablePartitions`, 1 for an unpartitioned table. */
  readonly tablePartitions: number;
  readonly replicas: number;
  /** `flush.blockBytes`. */
  readonly blockBytes: number;
  readonly memoryBytes: number;
}

/** What batches with this many table partitions use; every batch is sealed by its age. */
export interface QuotaUse {
  readonly tablePartitions: number;
  /** Upload sessions in 5 minutes; as many blocks at least, since a session has one or more. */
  readonly sessions: number;
  /** Commits when the batches of all replicas end together. */
  readonly commits: number;
  /** Compressed bytes a second that fit; 0: not even the sessions do. */
  readonly bytesPerSecond: number;
}

export interface QuotaFacts {
  /** For 1, 2 and the most table partitions of a batch. */
  readonly uses: readonly QuotaUse[];
  /** Whether the last of them fits. */
  readonly fits: boolean;
  /** Most table partitions of a batch that fit. */
  readonly tablePartitionsThatFit: number;
  /** Interval at which `tablePartitions` fit with room to spare; null: they do already. */
  readonly recommendedIntervalMs: number | null;
}

/** Sessions and blocks of one table in 5 minutes, from configuration and number of replicas. */
export function quotaFacts(input: QuotaInput): QuotaFacts {
  const { intervalMs, tablePartitions, replicas } = input;
  const batches = (replicas * QUOTA.windowMs) / intervalMs;
  const uses = [...new Set([1, Math.min(2, tablePartitions), tablePartitions])].map((n) => useOf(input, n));
  const fits = uses.at(-1)!.sessions <= QUOTA.sessions;
  const comfortable = (replicas * tablePartitions * QUOTA.windowMs) / (QUOTA.sessions * COMFORT);
  return {
    uses,
    fits,
    tablePartitionsThatFit: Math.min(tablePartitions, Math.floor(QUOTA.sessions / batches)),
    recommendedIntervalMs: fits ? null : Math.ceil(comfortable / INTERVAL_STEP_MS) * INTERVAL_STEP_MS,
  };
}

function useOf({ intervalMs, replicas, ...input }: QuotaInput, tablePartitions: number): QuotaUse {
  const sessions = Math.ceil((replicas * tablePartitions * QUOTA.windowMs) / intervalMs);
  const batchesAtOnce = Math.max(1, Math.floor(QUOTA.commitWindowMs / intervalMs));
  // The last block of each session is not full: only the others count.
  const fullBlocks = Math.max(0, QUOTA.blocks - sessions);
  const blockBytes = Math.min(input.blockBytes, input.memoryBytes * LIMITS.pressureUploadShare);
  const byQuota = (fullBlocks * blockBytes * 1000) / QUOTA.windowMs;
  const byLine = replicas * LIMITS.uploadsAtOnce * QUOTA.blockBytesPerSecond;
  return {
    tablePartitions,
    sessions,
    commits: replicas * tablePartitions * batchesAtOnce,
    bytesPerSecond: Math.floor(Math.min(byQuota, byLine)),
  };
}

export interface QuotaSettings extends QuotaInput {
  /** Of all topics; null: unknown. */
  readonly topicPartitions: number | null;
}

export function checkQuota(settings: QuotaSettings): Section {
  const facts = quotaFacts(settings);
  const { replicas, topicPartitions } = settings;
  return {
    step: 'quota',
    items: [
      ...replicasItems(replicas, topicPartitions),
      sessionsItem(settings, facts),
      commitsItem(settings, facts),
      blocksItem(settings, facts),
    ],
    facts: { replicas, topicPartitions, quota: QUOTA, ...facts },
    exhibits: [{ kind: 'table', head: HEAD, rows: facts.uses.map(row) }],
  };
}

const HEAD = [
  'table partitions of a batch',
  'sessions in 5 min (500)',
  'commits in one go (75 in 15 s)',
  'most compressed data',
];

const row = ({ tablePartitions, sessions, commits, bytesPerSecond }: QuotaUse): string[] => [
  count(tablePartitions),
  count(sessions),
  count(commits),
  bytesPerSecond === 0 ? 'none: over quota' : `${megabytes(bytesPerSecond)}/s`,
];

function replicasItems(replicas: number, topicPartitions: number | null): Item[] {
  const have = plural(replicas, 'replica');
  if (topicPartitions === null)
    return [ok('replicas', `${have}; how many topic partitions there are is not known`)];
  const text = `${have} for ${plural(topicPartitions, 'topic partition')}`;
  if (replicas <= topicPartitions) return [ok('replicas', text)];
  const idle = plural(replicas - topicPartitions, 'replica');
  return [warn('replicas', `${text}: ${idle} would be idle`, 'Run fewer replicas, or add topic partitions.')];
}

function sessionsItem(settings: QuotaInput, facts: QuotaFacts): Item {
  const { intervalMs, tablePartitions, replicas } = settings;
  const { sessions } = facts.uses.at(-1)!;
  const sum = `${plural(replicas, 'replica')} x ${plural(tablePartitions, 'table partition')} every ${durationText(intervalMs)}`;
  const text = `at most ${count(sessions)} of ${QUOTA.sessions} upload sessions in 5 minutes: ${sum}`;
  if (facts.recommendedIntervalMs === null) return ok('sessions', text);
  const { tablePartitionsThatFit: most, recommendedIntervalMs } = facts;
  const fewer = most > 0 ? `, or flush.maxTablePartitions to ${most}` : '';
  return warn(
    'sessions',
    `${text}; it fits while a batch has at most ${plural(most, 'table partition')}, above that batches stay open longer`,
    `Set flush.interval to ${durationText(recommendedIntervalMs)} or more${fewer}.`,
  );
}

function commitsItem({ replicas }: QuotaInput, { uses }: QuotaFacts): Item {
  const { commits } = uses.at(-1)!;
  const text = `at most ${plural(commits, 'commit')} when ${replicas === 1 ? 'a batch ends' : 'the batches of all replicas end together'}; ${QUOTA.commits} are allowed in 15 s, ${QUOTA.commitsAtOnce} at once`;
  return ok('commits', commits > QUOTA.commits ? `${text}: then some wait for seconds` : text);
}

function blocksItem({ blockBytes, replicas }: QuotaInput, { uses }: QuotaFacts): Item {
  const { bytesPerSecond } = uses[0]!;
  const line = `${plural(replicas * LIMITS.uploadsAtOnce, 'block')} at once, 10 MB/s each`;
  return ok(
    'blocks',
    `up to ${megabytes(bytesPerSecond)}/s of compressed data into one table partition, with ${QUOTA.blocks} blocks of ${sizeText(blockBytes)} in 5 minutes and ${line}`,
  );
}
