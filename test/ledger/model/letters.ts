import { type Committed, decideLeft } from '../../../src/deadletter/left.ts';
import type { LetterSpan } from '../../../src/deadletter/left-file.ts';
import type { LettersOfBatch } from '../../../src/ledger/ports.ts';
import type { DeadLetters } from '../../../src/sink/ports.ts';
import { TOPIC } from './cluster.ts';
import type { Process, Simulation } from './simulation.ts';

/** Dead letters of one batch: written, durable, or counted by readers. */
interface LetterFile {
  readonly batch: string;
  readonly writer: Process;
  ids: string[];
  state: 'open' | 'durable' | 'counts';
  /** By the offsets alone: they cannot tell a batch that was done from one whose records were accepted since. */
  byOffsets: boolean;
  /** Closed as it is. */
  left: boolean;
}

/** A folder of dead letters that all processes share. */
export class SimLetters {
  readonly #sim: Simulation;
  #files: LetterFile[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** Ids of the letters that readers see. */
  readable(): Set<string> {
    return new Set(this.#files.filter((f) => f.state === 'counts').flatMap((f) => f.ids));
  }

  /** Those of batches that are known to be done. */
  done(): Set<string> {
    return new Set(this.#files.filter((f) => f.state === 'counts' && !f.byOffsets).flatMap((f) => f.ids));
  }

  /** Those that will not be lost, whatever dies. */
  durable(): Set<string> {
    return new Set(this.#files.filter((f) => f.state !== 'open').flatMap((f) => f.ids));
  }

  /** A crash keeps what was made durable. */
  crashed(writer: Process): void {
    this.#files = this.#files.filter((f) => f.writer !== writer || f.state !== 'open');
  }

  /** What dead processes left, by the service's own rule. */
  settleLeft(committed: ReadonlyMap<string, Committed>): void {
    for (const file of this.#files.filter((f) => !f.writer.alive || f.left)) {
      const content = file.state === 'open' ? null : { spans: spansOf(file.ids), isWhole: true };
      const then = decideLeft(content, committed, file.batch);
      if (then === 'count') {
        file.byOffsets ||= file.state !== 'counts';
        this.#become(file, 'counts');
      } else if (then === 'remove' && content === null) this.#files = this.#files.filter((f) => f !== file);
    }
  }

  ports(process: Process): { deadLetters: DeadLetters; letters: LettersOfBatch } {
    const own = (batch: string) => this.#files.find((f) => f.batch === batch && f.writer === process);
    return {
      deadLetters: {
        append: (batch, letters) =>
          this.#act(process, () => {
            const file: LetterFile = own(batch) ?? {
              ...{ batch, writer: process, ids: [], state: 'open', left: false, byOffsets: false },
            };
            if (!own(batch)) this.#files.push(file);
            file.ids.push(...letters.map((l) => `${l.partition}@${l.offset}`));
          }),
        seal: (batch) => this.#act(process, () => this.#become(own(batch), 'durable')),
        acknowledge: (batch) => this.#act(process, () => this.#become(own(batch), 'counts')),
        abandon: (batch) =>
          this.#act(process, () => {
            this.#files = this.#files.filter((f) => f !== own(batch) || f.state === 'counts');
          }),
        leave: (batch) =>
          this.#act(process, () => {
            const file = own(batch);
            if (file) file.left = true;
          }),
      },
      letters: {
        settled: (batch) =>
          this.#act(process, () => {
            for (const file of this.#files) if (file.batch === batch) this.#become(file, 'counts');
          }),
      },
    };
  }

  #become(file: LetterFile | undefined, state: LetterFile['state']): void {
    if (file && file.state !== 'counts') file.state = state;
  }

  /** A step of its own: a crash may come before it and after it. */
  #act(process: Process, run: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (!process.alive) return;
      this.#sim.step(`${process.name}: letters`, process, () => {
        run();
        process.woken();
        resolve();
      });
    });
  }
}

function spansOf(ids: readonly string[]): LetterSpan[] {
  const spans = new Map<number, { first: number; last: number }>();
  for (const id of ids) {
    const [partition, offset] = id.split('@').map(Number) as [number, number];
    const span = spans.get(partition) ?? { first: offset, last: offset };
    spans.set(partition, { first: Math.min(span.first, offset), last: Math.max(span.last, offset) });
  }
  return [...spans].map(([partition, span]) => ({ topic: TOPIC, partition, ...span }));
}
