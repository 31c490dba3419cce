/**
 * The note in the metadata of every offset commit, for whoever starts at this offset later:
 *
 *   maxsink1;tp=4;start;none=2-3;id=8RJrKVA5SRuzUnYRKnkswg;by=orders;
 *
 * `tp`: topic partitions that the topic had; `start`: until the first acknowledgement; `none`: those that had
 * no offset and were not the committer's; `id`: the topic's id, absent where the brokers have none; `by`: the
 * pipeline.
 */
export interface Census {
  readonly size: number;
  readonly unstarted: readonly number[];
  /** Null: the brokers have no topic ids (before Kafka 2.8). */
  readonly topicId: string | null;
  readonly pipeline: string;
}

export interface Note {
  /** Null: not our metadata. */
  readonly size: number | null;
  readonly start: boolean;
  readonly unstarted: readonly number[];
  readonly topicId: string | null;
  readonly pipeline: string | null;
}

const FOREIGN: Note = { size: null, start: false, unstarted: [], topicId: null, pipeline: null };

/** Metadata is limited to 4 KB; a list longer than this is left out, and `offset_lost` is decided without it. */
const LIST_CHARS = 1000;

export function commitNote({ size, unstarted, topicId, pipeline }: Census, start: boolean): string {
  const list = writeList(unstarted);
  const none = list === '' || list.length > LIST_CHARS ? '' : `none=${list};`;
  const id = topicId === null ? '' : `id=${topicId};`;
  return `maxsink1;tp=${size};${start ? 'start;' : ''}${none}${id}by=${pipeline};`;
}

/** Tolerates trailing NULs: clients differ in how they end metadata. */
export function readNote(metadata: string | undefined): Note {
  const [version, ...fields] = (metadata ?? '').replace(/\0+$/, '').split(';');
  const field = (name: string) => fields.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const size = version === 'maxsink1' ? Number.parseInt(field('tp') ?? '', 10) : Number.NaN;
  if (Number.isNaN(size)) return FOREIGN;
  return {
    size,
    start: fields.includes('start'),
    unstarted: readList(field('none') ?? ''),
    topicId: field('id') ?? null,
    pipeline: field('by') ?? null,
  };
}

/** Whether the offset was committed for a topic of the same name that was deleted since. */
export const earlierTopic = (note: Note, topicId: string | null): boolean =>
  note.topicId !== null && topicId !== null && note.topicId !== topicId;

/** `[0, 2, 3, 4]` as `0,2-4`; ascending. */
function writeList(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

function readList(text: string): number[] {
  const runs = [...text.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, from, to]) => [
    Number(from),
    Number(to ?? from),
  ]);
  return runs.flatMap(([from, to]) =>
    Array.from({ length: Math.max(0, to! - from! + 1) }, (_, i) => from! + i),
  );
}
