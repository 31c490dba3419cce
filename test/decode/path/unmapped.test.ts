import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cell, JSON_TEXT, MISSING } from '../../../src/decode/cell/cell.ts';
import { createJsonDecoder } from '../../../src/decode/json/json.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import { REST, type UnmappedSpec } from '../../../src/decode/path/unmapped.ts';

const padded = (text: string) => new Uint8Array(Buffer.from(`${text}\0`));

function decoderOf(policy: UnmappedSpec['policy'], paths: readonly Path[], at: readonly Path[] = [[]]) {
  const decoder = createJsonDecoder(paths, false, { policy, at });
  const cells = paths.map(() => new Cell());
  return {
    cells,
    fields: () => decoder.unmappedFields?.() ?? [],
    decode: (value: unknown) => {
      const bytes = padded(typeof value === 'string' ? value : JSON.stringify(value));
      return decoder.decode(bytes, 0, bytes.length - 1, cells);
    },
  };
}

const restOf = (cell: Cell): unknown =>
  cell.kind === MISSING
    ? null
    : JSON.parse(Buffer.from(cell.bytes.subarray(cell.start, cell.end)).toString());

describe('top-level fields that no path takes', () => {
  const mapped = [parsePath('id'), parsePath('tag.desc')];

  it('are told once each, with the kind of their value', () => {
    const { decode, fields } = decoderOf('ignore', mapped);
    expect(
      decode({ id: 1, tag: { desc: 'x', other: 2 }, n: 12, d: 1.5, t: 'a', b: true, o: {}, z: null }),
    ).toBe(null);
    expect(decode({ id: 1, n: 3, q: [] })).toBe(null);
    expect(fields()).toEqual([
      { name: 'n', kind: 'integer' },
      { name: 'd', kind: 'number' },
      { name: 't', kind: 'text' },
      { name: 'b', kind: 'boolean' },
      { name: 'o', kind: 'nested' },
      { name: 'z', kind: 'null' },
      { name: 'q', kind: 'nested' },
    ]);
    expect(fields()).toEqual([]);
  });

  it('are told apart by any letter of their names', () => {
    const { decode, fields } = decoderOf('add_column', mapped);
    const names = ['addr1_city', 'addr2_city', 'addr3_city', 'adda1_city', 'addr1_cxty'];
    for (const name of names) decode({ id: 1, [name]: 'x' });
    expect(fields().map(({ name }) => name)).toEqual(names);
  });

  it('are looked for in part of the records of a large chunk', () => {
    const { decode, fields } = decoderOf('ignore', mapped);
    for (let i = 0; i < 256; i++) decode({ id: i });
    for (let i = 0; i < 16; i++) decode({ id: i, late: 1, [`rare${i}`]: 1 });
    expect(fields().map(({ name }) => name)).toContain('late');
    expect(fields().length).toBeLessThan(3);
  });

  it('that are null do not become columns before they have a value', () => {
    const { decode, fields } = decoderOf('add_column', mapped);
    decode({ note: null });
    expect(fields()).toEqual([]);
    decode({ note: 7 });
    expect(fields()).toEqual([{ name: 'note', kind: 'integer' }]);
  });

  it('make the record dirty when that is asked for', () => {
    const { decode } = decoderOf('reject', mapped);
    expect(decode({ id: 1 })).toBe(null);
    expect(decode({ id: 1, 'a "b"': 2, c: 3 })).toMatchObject({
      code: 'unknown_field',
      message: 'the field "a \\"b\\"" has no column',
    });
    expect(decode({ id: 2 })).toBe(null);
  });

  it('stand in the row of an envelope when they are looked for there', () => {
    const { decode, fields } = decoderOf('ignore', [parsePath('after.id')], [['after']]);
    decode({ op: 'c', after: { id: 1, name: 'x' } });
    expect(fields()).toEqual([{ name: 'name', kind: 'text' }]);
  });

  it('whose names are those of prototypes are names like others', () => {
    const { decode, fields, cells } = decoderOf('rest', [...mapped, [REST]]);
    expect(decode('{"__proto__": {"x": 1}, "constructor": 2, "id": 3}')).toBe(null);
    expect(fields()).toEqual([]);
    const rest = cells[2]!;
    expect(Buffer.from(rest.bytes.subarray(rest.start, rest.end)).toString()).toBe(
      '{"__proto__": {"x": 1},"constructor": 2}',
    );
  });

  it('make up the rest, whatever they are (property)', () => {
    const { decode, cells } = decoderOf('rest', [...mapped, [REST]]);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (others) => {
        const { id: _, tag: __, ...wanted } = others;
        const problem = decode({ id: 1, ...wanted, tag: { desc: 'x' } });
        expect(problem).toBe(null);
        const none = Object.keys(wanted).length === 0;
        expect(restOf(cells[2]!)).toEqual(none ? null : JSON.parse(JSON.stringify(wanted)));
        expect(cells[2]!.kind).toBe(none ? MISSING : JSON_TEXT);
      }),
    );
  });

  it('are those of the row after a change, whichever image comes first', () => {
    const images = [['after'], ['before']];
    const { decode, cells } = decoderOf('rest', [parsePath('after.id'), [REST]], images);
    const [before, after] = ['"before": {"x": 1}', '"after": {"y": 2}'];
    for (const text of [`{${before}, ${after}}`, `{${after}, ${before}}`]) {
      expect(decode(text)).toBe(null);
      expect(restOf(cells[1]!)).toEqual({ y: 2 });
    }
    decode(`{${before}, "after": null}`);
    expect(restOf(cells[1]!)).toEqual({ x: 1 });
    const told = decoderOf('ignore', [parsePath('after.id')], images);
    told.decode(`{${after}, ${before}}`);
    expect(told.fields()).toEqual([{ name: 'y', kind: 'integer' }]);
  });

  it('of the last of two equal objects count', () => {
    const { decode, cells } = decoderOf('rest', [parsePath('after.id'), [REST]], [['after']]);
    decode('{"after": {"id": 1, "x": 1}, "after": {"id": 2, "y": 2}}');
    expect(restOf(cells[1]!)).toEqual({ y: 2 });
  });
});
