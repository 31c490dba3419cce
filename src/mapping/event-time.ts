import { type Cell, type Dirty, NULL } from '../decode/cell/cell.ts';
import { formatIso } from '../decode/cell/iso-text.ts';
import { dirty } from './convert/converter.ts';
import type { LatenessRules, PlanTime } from './plan.ts';
import { createTimeReader, instantSeconds, isInRange, newMoment } from './time/reader.ts';

/** Verdicts of an event time. */
export const ON_TIME = 0;
/** The rule for late (early) records gives another table partition. */
export const DIVERTED_LATE = 1;
export const DIVERTED_FUTURE = 2;

/** An event time of the record, read once however many table partition columns it makes. */
export interface EventTime {
  /** Reads the cell and applies the rules by the record's timestamp, ms (NaN or negative: none). */
  read(timestamp: number): Dirty | null;
  /** Epoch seconds and nanoseconds of the record last read. */
  readonly seconds: number;
  readonly nanos: number;
  /** The same in whole milliseconds. */
  readonly ms: number;
  /** ON_TIME, DIVERTED_LATE or DIVERTED_FUTURE. */
  readonly verdict: number;
}

export function createEventTimes(
  times: readonly PlanTime[],
  rules: LatenessRules,
  cells: readonly Cell[],
): EventTime[] {
  return times.map((time) => createEventTime(time, rules, cells[time.slot]!));
}

function createEventTime({ time, compared, name }: PlanTime, rules: LatenessRules, cell: Cell): EventTime {
  const reader = createTimeReader(time, true);
  const moment = newMoment();
  const judge = createJudge(rules, compared);
  const event = { seconds: 0, nanos: 0, ms: 0, verdict: ON_TIME, read };
  const refuse = (problem: Dirty): Dirty => ({ ...problem, column: name });

  function read(timestamp: number): Dirty | null {
    if (cell.kind <= NULL)
      return refuse(dirty('no_event_time', 'the source of the event time is missing or null'));
    const problem = reader.read(cell, moment);
    if (problem) return refuse(problem);
    event.seconds = instantSeconds(moment, reader.zone);
    event.nanos = moment.nanos;
    const ms = event.seconds * 1000 + Math.floor(event.nanos / 1e6);
    event.ms = ms;
    const verdict = judge(ms, timestamp);
    if (typeof verdict !== 'number') return refuse(verdict);
    event.verdict = verdict;
    return isInRange(event.seconds) ? null : refuse(absurd(ms, 'is outside the years 0001 to 9999'));
  }
  return event;
}

/**
 * The rules, in this order: absurd, future, late. A limit itself is still allowed.
 * Without a record timestamp only the lower limit of absurd times holds.
 */
function createJudge({ late, future, absurd: limits }: LatenessRules, compared: boolean) {
  const latest = late.after ?? Number.POSITIVE_INFINITY;
  const earliest = future.after ?? Number.POSITIVE_INFINITY;
  const furthest = limits.afterRecord ?? Number.POSITIVE_INFINITY;
  return (ms: number, timestamp: number): number | Dirty => {
    if (ms < limits.before) return absurd(ms, 'is before table.absurd.before');
    if (!compared || !(timestamp >= 0)) return ON_TIME;
    const ahead = ms - timestamp;
    if (ahead > furthest) return absurd(ms, `is ${ahead} ms after the record timestamp`);
    if (ahead > earliest)
      return divert(future.to, DIVERTED_FUTURE, 'future', `is ${ahead} ms after the record timestamp`, ms);
    if (-ahead > latest)
      return divert(late.to, DIVERTED_LATE, 'late', `is ${-ahead} ms before the record timestamp`, ms);
    return ON_TIME;
  };
}

function divert(
  to: unknown,
  diverted: number,
  code: 'late' | 'future',
  how: string,
  ms: number,
): number | Dirty {
  if (to === 'true_partition') return ON_TIME;
  return to === 'dead_letter' ? dirty(code, `the event time ${isoOf(ms)} ${how}`) : diverted;
}

function absurd(ms: number, how: string): Dirty {
  return dirty('absurd_time', `the event time ${isoOf(ms)} ${how}`);
}

function isoOf(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${formatIso(seconds, (ms - seconds * 1000) * 1e6)}Z`;
}
