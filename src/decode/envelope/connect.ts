import { Cell, type Dirty, JSON_TEXT, MISSING, NULL } from '../cell/cell.ts';
import type { Decoder, DecoderSpec } from '../decoder.ts';
import { OPEN_ARRAY, OPEN_OBJECT } from '../json/text.ts';
import type { Path } from '../path/path.ts';
import { unmappedBelow } from '../path/unmapped.ts';
import { createTypings } from './connect-typings.ts';

const NO_ENVELOPE: Dirty = {
  code: 'not_an_envelope',
  message: 'the value is no JSON object with the members schema and payload',
};
const NULL_PAYLOAD: Dirty = {
  code: 'tombstone',
  message: 'the payload is null, and a field of it is mapped',
};
const NO_OBJECT: Dirty = {
  code: 'not_an_object',
  message: 'the payload is not an object or array with fields',
};

/** Makes the decoder of what is inside an envelope. */
type Inner = (spec: DecoderSpec) => Decoder;

export interface ConnectOptions {
  /** Records without schema and payload are taken as they are. */
  readonly optional?: boolean;
}

/**
 * The envelope of Kafka Connect's JsonConverter: `{"schema": .., "payload": ..}`. Paths are those of the payload, and
 * the schema gives them their types (connect-schema.ts, json/type.ts). A schema of null: JSON says all.
 * A field that is left out has the default that the schema gives; one that is null is null.
 *
 * @param inner makes a JSON decoder
 */
export function createConnectDecoder(
  spec: DecoderSpec,
  inner: Inner,
  { optional = false }: ConnectOptions = {},
): Decoder {
  const wrapped = createWrapped(spec, inner);
  return optional ? eitherWay(wrapped, createBare(spec, inner)) : strict(wrapped);
}

/** Decodes in one of the two ways; whether that was the right one is known afterwards. */
interface Way {
  readonly decoder: Decoder;
  /** Whether the record last decoded has schema and payload. */
  isEnvelope(): boolean;
  /** What is left to do once the way was right. */
  finish(cells: readonly Cell[]): Dirty | null;
}

function strict({ decoder, isEnvelope, finish }: Way): Decoder {
  return {
    ...decoder,
    decode(bytes, start, end, cells) {
      const problem = decoder.decode(bytes, start, end, cells);
      if (problem) return problem.code === 'not_an_object' ? NO_ENVELOPE : problem;
      return isEnvelope() ? finish(cells) : NO_ENVELOPE;
    },
  };
}

/** Begins with the way of the record before: topics do not mix them. */
function eitherWay(wrapped: Way, bare: Way): Decoder {
  let way = wrapped;
  const unmapped = [wrapped, bare].flatMap(({ decoder }) => decoder.unmappedFields ?? []);
  return {
    ...wrapped.decoder,
    // Records of the other way are looked at one by one.
    beginChunk: (bytes, dataEnd) => way.decoder.beginChunk?.(bytes, dataEnd),
    unmappedFields: () => unmapped.flatMap((take) => take()),
    decode(bytes, start, end, cells) {
      let problem = way.decoder.decode(bytes, start, end, cells);
      const right = way.isEnvelope() ? wrapped : bare;
      if (problem === null && right !== way) {
        way = right;
        problem = way.decoder.decode(bytes, start, end, cells);
      }
      return problem ?? way.finish(cells);
    },
  };
}

const SCHEMA: Path = ['schema'];
const PAYLOAD: Path = ['payload'];

/** A decoder with cells of its own for `paths`, in front of those of the caller. */
function withOwnCells(spec: DecoderSpec, inner: Inner, paths: readonly Path[]): [Decoder, readonly Cell[]] {
  const decoder = inner({ ...spec, envelope: 'none', paths: [...paths, ...spec.paths] });
  const own = paths.map(() => new Cell());
  let callers: readonly Cell[] = [];
  let all: readonly Cell[] = own;
  const decode: Decoder['decode'] = (bytes, start, end, cells) => {
    if (cells !== callers) {
      callers = cells;
      all = [...own, ...cells];
    }
    return decoder.decode(bytes, start, end, all);
  };
  return [{ ...decoder, decode }, own];
}

function createBare(spec: DecoderSpec, inner: Inner): Way {
  const [decoder, [schema, payload]] = withOwnCells(spec, inner, [SCHEMA, PAYLOAD]);
  return { decoder, isEnvelope: () => areEnvelope(schema!, payload!), finish: () => null };
}

function areEnvelope(schema: Cell, payload: Cell): boolean {
  return payload.kind !== MISSING && (schema.kind === NULL || startsWith(schema, OPEN_OBJECT));
}

const startsWith = (cell: Cell, byte: number): boolean =>
  cell.kind === JSON_TEXT && cell.bytes[cell.start] === byte;

function createWrapped(spec: DecoderSpec, inner: Inner): Way {
  const { paths, ignoreCase = false } = spec;
  const typings = createTypings(paths, ignoreCase);
  const inside = paths.map((path) => [...PAYLOAD, ...path]);
  const objects = objectsAround(inside);
  const wrapped = { ...spec, ...unmappedBelow(spec.unmapped, PAYLOAD), paths: inside };
  const [decoder, own] = withOwnCells(wrapped, inner, [SCHEMA, ...objects.values()]);
  const [schema, ...around] = own as [Cell, ...Cell[]];
  const payload = around[0]!;
  const names = [...objects.keys()];
  const parents = inside.map((path) => around[names.indexOf(nameOf(parentOf(path)))]!);
  const fits = containerCheck(paths, payload);
  return {
    decoder,
    isEnvelope: () => areEnvelope(schema, payload),
    finish(cells) {
      if (payload.kind === NULL) return NULL_PAYLOAD;
      if (!fits()) return NO_OBJECT;
      if (schema.kind === NULL) return null;
      const typing = typings.find(schema);
      return 'code' in typing ? typing : typing(cells, parents);
    },
  };
}

/** The payload first, then what else is around a path: a field that is left out has its default only where that is there. */
function objectsAround(inside: readonly Path[]): Map<string, Path> {
  const objects = new Map<string, Path>([[nameOf(PAYLOAD), PAYLOAD]]);
  for (const path of inside) objects.set(nameOf(parentOf(path)), parentOf(path));
  return objects;
}

const parentOf = (path: Path): Path => (path.length > 1 ? path.slice(0, -1) : path);
const nameOf = (path: Path): string => JSON.stringify(path);

/** Whether the payload is an object where a field of it is mapped, and an array where an item is. */
function containerCheck(paths: readonly Path[], payload: Cell): () => boolean {
  const members = paths.some(([step]) => typeof step === 'string');
  const items = paths.some(([step]) => typeof step === 'number');
  return () => (!members || startsWith(payload, OPEN_OBJECT)) && (!items || startsWith(payload, OPEN_ARRAY));
}
