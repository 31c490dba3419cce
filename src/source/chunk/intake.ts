import type { Message } from '../client/client.ts';
import type { Owned } from '../membership/owned.ts';
import type { Position, TopicPartition } from '../source.ts';
import type { Packer } from './packer.ts';

/** Polled records on their way into chunks: they wait here when no chunk can be had. */
export interface Intake {
  add(messages: readonly Message[]): void;
  /** A log ends here: the position lies past control records that no record tells of. */
  addEnd(end: Position): void;
  /** Packs all there is; false when a chunk could not be had for every record. */
  pack(now: number): boolean;
  clear(): void;
}

export interface IntakeOptions {
  readonly packer: Packer;
  /** Undefined: its records are not wanted any more. */
  find(topic: string, partition: number): Owned | undefined;
  onRead(tp: TopicPartition, records: number, bytes: number): void;
}

export function createIntake({ packer, find, onRead }: IntakeOptions): Intake {
  let messages: readonly Message[] = [];
  let ends: readonly Position[] = [];

  /** Packs the records from `i` on that are of one topic partition; returns the first that was not packed. */
  function packRun(i: number, now: number): number {
    const { topic, partition } = messages[i]!;
    const tp = find(topic, partition);
    let bytes = 0;
    let records = 0;
    let at = i;
    for (; at < messages.length; at++) {
      const message = messages[at]!;
      if (message.partition !== partition || message.topic !== topic) break;
      if (!tp || message.offset < tp.position) continue; // not ours any more
      if (!packer.add(message, tp.index, now)) break;
      tp.position = message.offset + 1;
      records += 1;
      bytes += message.size;
    }
    if (records > 0) onRead({ topic, partition }, records, bytes);
    return at;
  }

  /** False: the end has to wait for a chunk. */
  function mark(end: Position, now: number): boolean {
    const tp = find(end.topic, end.partition);
    if (!tp || end.offset <= tp.position) return true;
    if (!packer.mark(tp.index, end.offset, now)) return false;
    tp.position = end.offset;
    return true;
  }

  return {
    add(more) {
      messages = messages.length === 0 ? more : [...messages, ...more];
    },
    addEnd(end) {
      ends = [...ends, end];
    },
    pack(now) {
      let i = 0;
      while (i < messages.length) {
        const packed = packRun(i, now);
        if (packed === i) break;
        i = packed;
      }
      messages = messages.slice(i);
      if (messages.length > 0) return false;
      ends = ends.filter((end) => !mark(end, now));
      return true;
    },
    clear() {
      messages = [];
      ends = [];
    },
  };
}
