import { SinkError } from '../errors.ts';
import type { Position } from '../source/source.ts';
import { type Batch, endPositions } from './batch.ts';
import type { CoordinatorOptions } from './options.ts';

type Enter = (state: Batch['state'], phase: keyof Batch['phases']) => void;

/**
 * From sealed to acknowledged (steps 4 to 7 of the coordinator). `before` settles the batch before this
 * one: uploads overlap, commits and acknowledgements go in order. Resolves to the acknowledged positions.
 * Any failure leaves the offsets where they are.
 */
export async function settle(
  batch: Batch,
  before: Promise<void>,
  { deadLetters, source }: Pick<CoordinatorOptions, 'deadLetters' | 'source'>,
  enter: Enter,
): Promise<Position[]> {
  await batch.upload.finish();
  await batch.letters;
  assertAlive(batch);
  if (batch.rejected > 0) await deadLetters.seal(batch.id);
  enter('uploaded', 'upload');
  await before;
  assertAlive(batch);
  // Exactly once commits its intent here: offsets unchanged, the sessions in the metadata.
  await batch.upload.commit();
  enter('committed', 'commit');
  assertAlive(batch);
  const positions = endPositions(batch);
  // Before the offsets: a crash in between repeats dead letters, which readers merge by id, and loses none.
  if (batch.rejected > 0) await deadLetters.acknowledge(batch.id);
  await source.acknowledge(batch.assignment, positions);
  return positions;
}

function assertAlive(batch: Batch): void {
  if (batch.state === 'abandoned') throw new SinkError('session_lost', `batch ${batch.id} was abandoned`);
}
