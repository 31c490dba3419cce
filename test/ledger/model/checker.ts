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

  /** Records of a topic partition that are neither a row nor a readable dead letter. */
  missing(partition: number, records: number): string[] {
    const readable = this.#letters.readable();
    const ids = Array.from({ length: records }, (_, offset) => idOf({ partition, offset }));
    return ids.filter((id) => !this.#rows.has(id) && !readable.has(id));
  }

  /** After the faults have ended nothing is both. */
  final(): void {
    for (const id of this.#letters.done())
      if (this.#rows.has(id)) this.violations.push(`Once: ${id} is a row and a dead letter`);
  }
}

export const idOf = ({ partition, offset }: Row): string => `${partition}@${offset}`;
