import type { SimLetters } from './letters.ts';
import type { Row, SimSession } from './tunnel.ts';

/**
 * What must hold whatever happens:
 *
 *   Once     no record is in two committed sessions, nor twice in one; none is a row and a readable letter
 *   NoLoss   below a visible offset every record is a committed row or a dead letter that is durable
 */
export class Checker {
  readonly violations: string[] = [];
  /** Record -> the session that has it. */
  readonly #rows = new Map<string, string>();
  readonly #letters: SimLetters;

  constructor(letters: SimLetters) {
    this.#letters = letters;
  }

  committed(session: SimSession): void {
    for (const row of [...session.blocks.values()].flat()) {
      const id = idOf(row);
      const before = this.#rows.get(id);
      if (before !== undefined) this.violations.push(`Once: ${id} is in ${before} and in ${session.id}`);
      this.#rows.set(id, session.id);
    }
  }

  /** Rows of these ranges, for the port that counts them. */
  count(session: SimSession, wanted: (row: Row) => boolean): number {
    return [...session.blocks.values()]
      .flat()
      .filter((row) => wanted(row) && this.#rows.get(idOf(row)) === session.id).length;
  }

  visible(partition: number, offset: number): void {
    for (let below = 0; below < offset; below++) {
      const id = idOf({ partition, offset: below });
      if (!this.#rows.has(id) && !this.#letters.durable().has(id))
        this.violations.push(`NoLoss: the offset of ${partition} is ${offset}, and ${id} is nowhere`);
    }
  }

  /** After the faults have ended: nothing is missing, nothing is both. */
  final(partition: number, records: number): void {
    const readable = this.#letters.readable();
    for (let offset = 0; offset < records; offset++) {
      const id = idOf({ partition, offset });
      if (!this.#rows.has(id) && !readable.has(id))
        this.violations.push(`Arrives: ${id} is neither a row nor a readable dead letter`);
      if (this.#rows.has(id) && readable.has(id))
        this.violations.push(`Once: ${id} is a row and a dead letter`);
    }
  }
}

export const idOf = ({ partition, offset }: Row): string => `${partition}@${offset}`;
