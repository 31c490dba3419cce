import type { TopicId } from './client.ts';

/** Ids tell a topic from an earlier one of the same name, which the client itself does not. */
export interface TopicIds {
  /** Topic -> its id, null where none is known; a topic that is not there is left out. */
  ask(topics: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** No question is under way: the client must not be closed before. */
  idle(): Promise<void>;
}

const ASK_MS = 3_000;

/**
 * One question at a time. Some servers that speak Kafka's protocol do not answer it: when the first one is not
 * answered, though others were, `onNone` is told and none is asked any more.
 */
export function createTopicIds(
  read: (topics: readonly string[], timeoutMs: number) => Promise<TopicId[]>,
  onNone: (error: unknown) => void,
): TopicIds {
  let answered = false;
  let given = true;
  let last: Promise<unknown> = Promise.resolve();

  async function question(topics: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
    if (!given) return new Map(topics.map((topic) => [topic, null]));
    try {
      const ids = await read(topics, ASK_MS);
      answered = true;
      return new Map(ids.map(({ topic, id }) => [topic, id]));
    } catch (error) {
      if (answered) throw error;
      given = false;
      onNone(error);
      return question(topics);
    }
  }

  return {
    ask(topics) {
      const asked = last.then(() => question(topics));
      last = asked.catch(() => undefined);
      return asked;
    },
    idle: async () => void (await last),
  };
}
