import type { Message } from '../../../src/source/client/client.ts';
import { topicPartitionKey as keyOf, type TopicPartition } from '../../../src/source/source.ts';

interface Place extends TopicPartition {
  offset: number;
  paused: boolean;
}

/** Where a client reads: at assigned topic partitions that are not paused. A pause outlives an assignment. */
export class Reading {
  readonly #end: number;
  readonly #valueOf: (tp: TopicPartition, offset: number) => string;
  #places = new Map<string, Place>();
  readonly #paused = new Set<string>();

  constructor(end: number, value: (tp: TopicPartition, offset: number) => string) {
    this.#end = end;
    this.#valueOf = value;
  }

  assign(list: readonly (TopicPartition & { offset: number })[]): void {
    this.#places = new Map(
      list.map(({ topic, partition, offset }) => {
        const key = keyOf({ topic, partition });
        return [key, { topic, partition, offset, paused: this.#paused.has(key) }];
      }),
    );
  }

  pause(list: readonly TopicPartition[], paused: boolean): void {
    for (const tp of list) {
      if (paused) this.#paused.add(keyOf(tp));
      else this.#paused.delete(keyOf(tp));
      const place = this.#places.get(keyOf(tp));
      if (place) place.paused = paused;
    }
  }

  /** At most `most` records, of one topic partition after the other. */
  take(most: number): Message[] {
    const messages: Message[] = [];
    for (const place of this.#places.values()) {
      while (!place.paused && messages.length < most && place.offset < this.#end) {
        const { topic, partition, offset } = place;
        const value = Buffer.from(this.#valueOf(place, offset));
        const message = { topic, partition, offset, value, key: null, timestamp: 1, size: value.length };
        messages.push(message as unknown as Message);
        place.offset += 1;
      }
    }
    return messages;
  }

  get hasRecords(): boolean {
    for (const { paused, offset } of this.#places.values()) if (!paused && offset < this.#end) return true;
    return false;
  }
}
