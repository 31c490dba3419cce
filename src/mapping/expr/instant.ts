import { formatIso } from '../../decode/cell/iso-text.ts';

const NANOS_PER_MS = 1_000_000;

/**
 * CEL's timestamp as the library knows it, a Date, with the digits below a millisecond beside it: they survive being
 * passed on, while comparisons and sums see milliseconds.
 */
export class Instant extends Date {
  /** Nanoseconds below the millisecond. */
  readonly #rest: number;

  /** Epoch seconds (floor) and nanoseconds. */
  constructor(seconds: number, nanos: number) {
    super(seconds * 1000 + Math.floor(nanos / NANOS_PER_MS));
    this.#rest = nanos % NANOS_PER_MS;
  }

  static from(time: Date): Instant {
    if (#rest in time) return time as Instant;
    const ms = time.getTime();
    const seconds = Math.floor(ms / 1000);
    return new Instant(seconds, (ms - seconds * 1000) * NANOS_PER_MS);
  }

  get seconds(): number {
    return Math.floor(this.getTime() / 1000);
  }

  get nanos(): number {
    return (this.getTime() - this.seconds * 1000) * NANOS_PER_MS + this.#rest;
  }

  /** ISO 8601 with Z. */
  get text(): string {
    if (Number.isNaN(this.getTime())) throw new Error('the time is out of range');
    return `${formatIso(this.seconds, this.nanos)}Z`;
  }
}

// The library tells types by constructors.
Object.defineProperty(Instant.prototype, 'constructor', { value: Date });
