import type { Clock } from '../../../src/clock.ts';

/**
 * Time and order of everything that happens. What is on its way somewhere is a step; whoever drives the
 * simulation chooses which one is next. Time passes only when nothing else is chosen.
 */
export class Simulation {
  now = Date.parse('2026-11-21T00:00:00Z');
  readonly story: string[] = [];
  readonly #began = this.now;
  #steps: Step[] = [];
  #timers: Timer[] = [];
  #number = 0;

  /** Something that happens when it is chosen; `at` a process it waits while that is paused and dies with it. */
  step(label: string, at: Process | null, run: () => void, about: unknown = null): Step {
    const made: Step = { label, at, run, about, held: false };
    this.#steps.push(made);
    return made;
  }

  /** Steps that can be chosen, oldest first. */
  ready(): Step[] {
    return this.#steps.filter(canRun);
  }

  /** Those that wait, the held ones among them. */
  get waiting(): readonly Step[] {
    return this.#steps;
  }

  drop(step: Step): void {
    this.#steps = this.#steps.filter((other) => other !== step);
  }

  run(step: Step): void {
    this.drop(step);
    step.run();
  }

  timer(at: Process | null, ms: number, fire: () => void): Timer {
    const timer: Timer = { at, due: this.now + ms, number: this.#number++, fire };
    const before = this.#timers.findIndex((other) => other.due > timer.due);
    if (before < 0) this.#timers.push(timer);
    else this.#timers.splice(before, 0, timer);
    return timer;
  }

  cancel(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** When the next timer is due; null: none is set. */
  get due(): number | null {
    return this.#timers[0]?.due ?? null;
  }

  /** Moves time to the next timers; those of a paused process wait until it wakes. */
  pass(): void {
    const due = this.due;
    if (due === null) return;
    this.now = Math.max(this.now, due);
    const fired = this.#timers.filter((timer) => timer.due <= this.now);
    this.#timers = this.#timers.filter((timer) => timer.due > this.now);
    for (const { at, fire } of fired) {
      if (at?.paused) this.step(`${at.name}: a timer fires`, at, fire);
      else if (at === null || at.alive) fire();
    }
  }

  tell(text: string): void {
    this.story.push(`${((this.now - this.#began) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  }

  /** What is on its way to or within a process that is no more. */
  forget(process: Process): void {
    this.#steps = this.#steps.filter((step) => step.at !== process);
    this.#timers = this.#timers.filter((timer) => timer.at !== process);
  }

  /** The clock of a process: late by up to a tenth of a second, and standing still while it is paused. */
  clock(process: Process): Clock {
    return {
      now: () => this.now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const late = Math.max(TICK_MS, Math.ceil(ms / TICK_MS) * TICK_MS);
          const stop = () => {
            this.cancel(timer);
            reject(signal?.reason);
          };
          const timer = this.timer(process, late, () => {
            signal?.removeEventListener('abort', stop);
            process.woken();
            resolve();
          });
          signal?.addEventListener('abort', stop, { once: true });
        }),
    };
  }
}

const TICK_MS = 100;

/** A process as the machine sees it. */
export interface Process {
  readonly name: string;
  alive: boolean;
  paused: boolean;
  /** Something happened in it: its loop has a turn soon. */
  woken(): void;
}

export interface Step {
  readonly label: string;
  readonly at: Process | null;
  readonly run: () => void;
  /** What it carries, for those who look for a certain step. */
  readonly about: unknown;
  /** In the network until released. */
  held: boolean;
}

export interface Timer {
  readonly at: Process | null;
  readonly due: number;
  readonly number: number;
  readonly fire: () => void;
}

const canRun = ({ at, held }: Step): boolean => !held && (at === null || (at.alive && !at.paused));

/** Every promise that can go on has gone on: an immediate runs only when no microtask is left. */
export const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
