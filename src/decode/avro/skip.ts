import { type Cursor, cutOff, enter, Malformed, readCount, readIndex, readLength, take } from './cursor.ts';
import { type AvroType, minBytes, perType, type RecordType } from './type.ts';

/** Passes over one value. */
export type Skip = (cursor: Cursor) => void;

/**
 * How to pass over several values in a row, without a call for each: n >= 0 is so many bytes, a number below 0 one of the
 * following.
 */
export interface SkipRun {
  readonly steps: number[];
  /** For the CALLs, in their order. */
  readonly calls: Skip[];
}

const VARINT = -1;
const PREFIXED = -2;
const CALL = -3;

/** A longer run takes records as calls: one that holds another twice, which holds another twice, would have no end. */
const INLINE_STEPS = 200;

export interface Skippers {
  /** Passes over a value of this type; one function per type, so that a type may contain itself. */
  of(type: AvroType): Skip;
  /** Adds a value of this type to the run. */
  add(run: SkipRun, type: AvroType): void;
}

export const newRun = (): SkipRun => ({ steps: [], calls: [] });

export function createSkippers(): Skippers {
  const open = new Set<AvroType>();
  const of = perType<[Cursor]>(make);

  function make(type: AvroType): Skip {
    switch (type.kind) {
      case 'array':
        return skipItems(minBytes(type.items), runOf(type.items));
      case 'map':
        return skipItems(1 + minBytes(type.values), runOf('key', type.values));
      case 'union': {
        const branches = type.branches.map(of);
        return (cursor) => branches[readIndex(cursor, branches.length)]!(cursor);
      }
      case 'record':
        return minBytes(type) === 0 ? () => {} : skipRecord(fieldsOf(type));
      default: {
        const run = runOf(type);
        return (cursor) => skipRun(cursor, run);
      }
    }
  }

  function runOf(...types: (AvroType | 'key')[]): SkipRun {
    const run = newRun();
    for (const type of types) {
      if (type === 'key') run.steps.push(PREFIXED);
      else add(run, type);
    }
    return run;
  }

  function fieldsOf(type: RecordType): SkipRun {
    const run = newRun();
    inside(type, () => {
      for (const field of type.fields) add(run, field.type);
    });
    return run;
  }

  function inside(type: RecordType, work: () => void): void {
    const already = open.has(type);
    open.add(type);
    work();
    if (!already) open.delete(type);
  }

  function add(run: SkipRun, type: AvroType): void {
    switch (type.kind) {
      case 'null':
        break;
      case 'int':
      case 'long':
      case 'enum':
        run.steps.push(VARINT);
        break;
      case 'string':
      case 'bytes':
        run.steps.push(PREFIXED);
        break;
      case 'record':
        addRecord(run, type);
        break;
      case 'array':
      case 'map':
      case 'union':
        addCall(run, of(type));
        break;
      default:
        addFixed(run.steps, type.kind === 'boolean' ? 1 : minBytes(type));
    }
  }

  /** The fields of a record stand one behind the other, as if they were those of the record around it. */
  function addRecord(run: SkipRun, type: RecordType): void {
    if (minBytes(type) === 0) return;
    if (open.has(type) || run.steps.length > INLINE_STEPS) addCall(run, of(type));
    else
      inside(type, () => {
        for (const field of type.fields) add(run, field.type);
      });
  }

  return { of, add };
}

function addCall({ steps, calls }: SkipRun, skip: Skip): void {
  steps.push(CALL);
  calls.push(skip);
}

function addFixed(steps: number[], bytes: number): void {
  const last = steps.length - 1;
  if (last >= 0 && steps[last]! >= 0) steps[last]! += bytes;
  else steps.push(bytes);
}

/** Looks at most ten bytes behind the end of the value, and then says that it ends too soon. */
export function skipRun(cursor: Cursor, { steps, calls }: SkipRun): void {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let call = 0;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (step >= 0) at += step;
    else if (step === VARINT) at = behindVarint(bytes, at);
    // A length of one byte that is not negative, zig-zag.
    else if (step === PREFIXED && (bytes[at]! & 0x81) === 0) at += 1 + (bytes[at]! >>> 1);
    else {
      cursor.at = at;
      if (step === CALL) calls[call++]!(cursor);
      else take(cursor, readLength(cursor));
      at = cursor.at;
    }
    if (at > end) throw cutOff();
  }
  cursor.at = at;
}

function behindVarint(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at++]! >= 0x80)
    if (at - from === 10) throw new Malformed('an integer takes more than 10 bytes');
  return at;
}

function skipRecord(fields: SkipRun): Skip {
  return (cursor) => {
    enter(cursor);
    skipRun(cursor, fields);
    cursor.depth--;
  };
}

/** A block that says its size is passed over whole. */
function skipItems(itemBytes: number, item: SkipRun): Skip {
  return (cursor) => {
    enter(cursor);
    for (let count = readCount(cursor); count !== 0; count = readCount(cursor)) {
      if (count < 0) take(cursor, readLength(cursor));
      else if (itemBytes > 0) for (; count > 0; count--) skipRun(cursor, item);
    }
    cursor.depth--;
  };
}
