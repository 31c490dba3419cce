import type { DecoderSpec } from '../decode/decoder.ts';
import { isEnvelopeWord } from '../decode/envelope/words.ts';
import type { DecodeOptions } from '../decode/format.ts';
import type { Path } from '../decode/path/path.ts';
import type { UnmappedSpec } from '../decode/path/unmapped.ts';
import { decodesWhole, hasFields } from '../decode/whole.ts';
import { csvSource, envelopeSource } from './decode-sources.ts';
import type { Plan, Slot } from './plan.ts';
import { parseSource, type Source } from './source.ts';
import type { ColumnType } from './types.ts';

export interface Formats {
  readonly value: DecodeOptions;
  readonly key: DecodeOptions;
}

/** Collects the sources of a plan: each source becomes one slot, however many columns use it. */
export interface Slots {
  add(source: Source): number;
  /** What has been added so far. */
  finish(): Pick<Plan, 'slots' | 'decoders'>;
}

interface SlotOptions {
  /** Fields of the value match in any case. */
  readonly ignoreCase: boolean;
  /** What becomes of fields of the value that no source takes. */
  readonly unmapped: UnmappedSpec['policy'];
}

export function createSlots(formats: Formats, { ignoreCase, unmapped }: SlotOptions): Slots {
  const slots: Slot[] = [];
  const known = new Map<string, number>();
  const paths: Record<'value' | 'key', Path[]> = { value: [], key: [] };
  const decoder = (
    of: 'value' | 'key',
    options: Pick<DecoderSpec, 'ignoreCase' | 'unmapped'>,
  ): DecoderSpec | null => (paths[of].length === 0 ? null : { ...formats[of], paths: paths[of], ...options });

  function add(source: Source): number {
    const name = JSON.stringify(source);
    const found = known.get(name);
    if (found !== undefined) return found;
    const slot = slotOf(source, paths, add);
    known.set(name, slots.length);
    return slots.push(slot) - 1;
  }

  return {
    add,
    finish: () => ({
      slots,
      decoders: {
        value: decoder('value', {
          ...(ignoreCase ? { ignoreCase } : {}),
          ...unmappedOf(paths.value, unmapped),
        }),
        key: decoder('key', {}),
      },
    }),
  };
}

/** Where the whole value has a column, nothing of it is unmapped. */
function unmappedOf(paths: readonly Path[], policy: UnmappedSpec['policy']): Pick<DecoderSpec, 'unmapped'> {
  return paths.some((path) => path.length === 0) ? {} : { unmapped: { policy, at: [[]] } };
}

function slotOf(
  source: Source,
  paths: Record<'value' | 'key', Path[]>,
  add: (source: Source) => number,
): Slot {
  switch (source.kind) {
    case 'value':
    case 'key':
      return { from: source.kind, index: paths[source.kind].push(source.path) - 1 };
    case 'metadata':
      return { from: 'metadata', name: source.name };
    case 'header':
      return { from: 'header', name: source.name };
    case 'constant':
      return { from: 'constant', text: source.text };
    case 'expr': {
      const inputs = source.inputs.map((input) => ({ slot: add(input.source), view: input.view }));
      return { from: 'expr', text: source.text, inputs };
    }
  }
}

/** Parses a source and checks that the decoder can give it. */
export function findSource(text: string, formats: Formats): Source | { readonly problem: string } {
  const source = parseSource(text);
  if ('problem' in source || (source.kind !== 'value' && source.kind !== 'key')) return source;
  if (source.kind === 'value' && isEnvelopeWord(text))
    return envelopeSource(text, source.path, formats.value);
  const { format } = formats[source.kind];
  if (format === 'csv') return csvSource(source, formats[source.kind]);
  if (hasFields(format)) return source;
  return {
    problem: `decode.${source.kind}.format is ${format}, which has no field ${text}: map __${source.kind}__, or change the format`,
  };
}

/**
 * `__key__` and `__value__` are the raw bytes, except where those mean nothing to the column (decode/whole.ts): then
 * they are the decoded whole.
 */
export function wholeSource(source: Source, type: ColumnType, formats: Formats): Source {
  if (source.kind !== 'metadata' || (source.name !== 'key' && source.name !== 'value')) return source;
  return decodesWhole(formats[source.name], type.name) ? { kind: source.name, path: [] } : source;
}
