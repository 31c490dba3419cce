import type { FaultName, Moment } from './faults.ts';
import type { Fault, History } from './history.ts';
import type { MutantName } from './mutants.ts';
import type { Shape } from './world.ts';

/** One record in one topic partition, two processes: the second one owns it first. */
const SMALL: Shape = {
  ...{ members: 2, topicPartitions: 1, tablePartitions: 1, records: 1, recordsPerChunk: 1, rowsPerBatch: 1 },
  ...{ kinds: [], deal: [], provenance: false },
};
const ALONE: Shape = { ...SMALL, members: 1 };
const TWO_BATCHES: Shape = { ...SMALL, records: 2 };
/** Two topic partitions of one owner first, of two owners then. */
const SPLIT: Shape = { ...SMALL, topicPartitions: 2, recordsPerChunk: 2, deal: [0, 0, 0, 1] };
/** One topic partition, which goes to the other process. */
const MOVES: Shape = { ...SMALL, deal: [0, 0, 1, 0] };

const then = (what: FaultName, at: Moment = 'now', pick = 0, after = 0): Fault => ({ after, at, what, pick });

const story = (shape: Shape, ...faults: readonly Fault[]): History => ({ shape, faults, order: [] });

/** The counterexamples of the protocol's model, as faults at moments; `pick` says which one, and how long. */
export const STORIES: Record<MutantName, History> = {
  // the intent is refused, the session commit works, the rows are done again
  noZ1: story(ALONE, then('expel', 'intent sent'), then('deafen')),
  // the intent is accepted and not visible when the next owner reads
  noZ2: story(SMALL, then('stall', 'intent appended'), then('expel', 'now', 1), then('deafen', 'now', 2)),
  // a batch that was sealed in the generation before is intended in this one
  noZ3: story({ ...TWO_BATCHES, members: 1 }, then('loseCommit', 'session commit sent'), then('rebalance')),
  // the append has failed; who commits nevertheless dies before the offsets move
  blindAck: story(SMALL, then('fail', 'intent appended'), then('crash', 'session commit sent', 1)),
  // the offset is past rows of a session that expires
  advanceEarly: story(ALONE, then('holdCommit', 'session commit sent')),
  // the intent is refused for one of two topic partitions; the owner of the other rolls it forward
  noMemberCheck: story(SPLIT, then('partly', 'intent sent', 1)),
  // the same, and by the time the owner of the other one looks the first has passed its end
  pastE: story(SPLIT, then('partly', 'intent sent', 1), then('holdRead', 'offsets asked for', 6)),
  // the advance with the next intent is on its way when the next owner rolls the batch before it forward
  earlyAdvance: story(
    TWO_BATCHES,
    then('stall', 'advance with intent appended'),
    then('expel', 'now', 1),
    then('deafen', 'now', 2),
  ),
  // the first intent arrives when a second batch of its rows is done
  rebatch: story(ALONE, then('holdRequest', 'intent sent', 2), then('rebalance', 'a late commit appended')),
  reread: story(ALONE, then('holdRequest', 'intent sent', 2), then('rebalance', 'a late commit appended')),
  // a process that is out reads an intent that a failover shows, while its owner has begun anew
  confirmForeign: story(
    MOVES,
    then('vanish', 'intent appended'),
    then('crash', 'now', 1),
    then('holdRead', 'offsets asked for', 1),
    then('expel'),
    then('deafen', 'now', 2),
    then('holdRead', 'offsets asked for'),
    then('surface', 'intent sent'),
    then('stall', 'intent appended'),
  ),
  // a failover shows the intent to the process that sent it, and that is out
  rereadAck: story(
    SMALL,
    then('vanish', 'intent appended'),
    then('expel', 'now', 1),
    then('deafen', 'now', 2),
    then('surface', 'intent sent'),
    then('stall', 'intent appended'),
  ),
  // a failover shows the intent to one of the two owners, the other one has begun anew
  noConfirm: story(
    SPLIT,
    then('vanish', 'intent appended'),
    then('crash', 'now', 1),
    then('holdRead', 'offsets asked for', 5),
    then('surface', 'intent sent'),
    then('stall', 'intent appended'),
  ),
  // the first copy of an advance arrives after the next batch, which was sealed later, and takes it back
  resendAfterTimeout: story(
    { ...ALONE, records: 3, recordsPerChunk: 2, rowsPerBatch: 2 },
    then('holdRequest', 'advance sent', 3),
    then('rebalance', 'a late commit appended'),
  ),
};

/** What the search has found in the shipped parts, and what was mended since. */
export const CORNERS = {
  'a recoverer that dies after its confirmation leaves the other topic partitions their start': story(
    { ...SMALL, topicPartitions: 2, deal: [1, 0] },
    then('loseRequest'),
    then('loseAnswer', 'now', 0, 6),
    then('holdAnswer'),
    then('crash'),
    then('crash', 'now', 0, 33),
  ),
  'a start that is proved again and refused in part is a start still': story(
    { ...ALONE, topicPartitions: 2 },
    then('loseRequest'),
    then('partly'),
  ),
  'no intent stays where its batch moves nothing': story(
    { ...SMALL, topicPartitions: 3, tablePartitions: 3, recordsPerChunk: 3, deal: [0] },
    then('crash', 'now', 0, 15),
    then('expireAll', 'now', 0, 31),
  ),
  'an intent that a failover shows late on topic partitions of our own is confirmed there too': story(
    { ...ALONE, topicPartitions: 2, records: 4, rowsPerBatch: 3 },
    then('vanish', 'advance appended'),
    then('crash'),
    then('surface', 'a ghost is there', 0, 17),
  ),
  'dead letters stay when the advance over them may be in Kafka': story(
    { ...ALONE, kinds: [8] },
    then('vanish', 'advance appended'),
    then('leave'),
    then('surface', 'a ghost is there'),
  ),
} as const;
