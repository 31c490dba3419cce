import type { Cell, Dirty } from '../../decode/cell/cell.ts';
import { DAY_SECONDS } from '../../decode/cell/iso-text.ts';
import type { TimeSpec } from '../plan.ts';
import { SECONDS_MAX } from '../time/calendar.ts';
import { createTimeReader, instantSeconds, isInRange, localSeconds, newMoment } from '../time/reader.ts';
import type { ScalarType } from '../types.ts';
import { type ColumnWriter, type Converter, notExact, outOfRange, type Rounding } from './converter.ts';

const moment = newMoment();

/**
 * DATE DATETIME TIMESTAMP TIMESTAMP_NTZ, years 0001 to 9999 (protocol 5.5 and 5.6). DATE and
 * TIMESTAMP_NTZ take the local day and the local fields in the source's zone, DATETIME and TIMESTAMP the instant.
 */
export function temporalConverter(type: ScalarType, spec: TimeSpec, round: Rounding): Converter {
  const reader = createTimeReader(spec, round);
  const local = type.name === 'DATE' || type.name === 'TIMESTAMP_NTZ';
  const write =
    type.name === 'DATE' ? writeDate : type.name === 'DATETIME' ? datetimeWriter(round) : writeTimestamp;
  return (cell, out, column) => {
    const problem = reader.read(cell, moment);
    if (problem) return problem;
    const seconds = local ? localSeconds(moment, reader.zone) : instantSeconds(moment, reader.zone);
    return isInRange(seconds) ? write(cell, seconds, out, column) : outOfRange(cell, type.name);
  };
}

type Write = (cell: Cell, seconds: number, out: ColumnWriter, column: number) => Dirty | null;

const writeDate: Write = (_cell, seconds, out, column) => {
  out.integer(column, Math.floor(seconds / DAY_SECONDS));
  return null;
};

const writeTimestamp: Write = (_cell, seconds, out, column) => {
  out.timestamp(column, seconds, moment.nanos);
  return null;
};

/** DATETIME has milliseconds; digits are cut off towards the past. */
function datetimeWriter(round: Rounding): Write {
  const up = round === 'cut' ? 0 : 500_000;
  return (cell, seconds, out, column) => {
    if (moment.nanos % 1e6 !== 0 && !round) return notExact(cell, 'DATETIME');
    const ms = seconds * 1000 + Math.floor((moment.nanos + up) / 1e6);
    // Rounded up, the last millisecond would be in the year 10000.
    if (ms > SECONDS_MAX * 1000 + 999) return outOfRange(cell, 'DATETIME');
    out.integer(column, ms);
    return null;
  };
}
