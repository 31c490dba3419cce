import type { TopicId } from '../client/client.ts';

/** Ids tell a topic from an earlier one of the same name, which the client itself does not. */
export interface TopicIds {
  /** Topic -> its id, null where none is known; a topic that is not there is left out. */
  ask(topics: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** None is asked any more, and none is under way: the client must not be closed before. */
  stop(): Promise<void>;
}

const ASK_MS = 3_000;
/** One that fails may be a broker that is busy for a moment: without ids a topic made again goes unnoticed. */
const TRIES = 3;

/**
 * One question at a time. Some servers that speak Kafka's protocol do not answer it: as long as none was answered,
 * no id is known; when the first {@link TRIES} were not, `onNone` is told and none is asked any more.
 */
export function createTopicIds(
  read: (topics: readonly string[], timeoutMs: number) => Promise<TopicId[]>,
  onNone: (error: unknown) => void,
): TopicIds {
  let answered = false;
  let tries = 0;
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();

  async function question(topics: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
    const none = new Map(topics.map((topic) => [topic, null]));
    if (stopped || tries === TRIES) return none;
    try {
      const ids = await read(topics, ASK_MS);
      answered = true;
      return new Map(ids.map(({ topic, id }) => [topic, id]));
    } catch (error) {
      if (answered) throw error;
      tries += 1;
      if (tries === TRIES) onNone(error);
      return none;
    }
  }

  return {
    ask(topics) {
      const asked = last.then(() => question(topics));
      last = asked.catch(() => undefined);
      return asked;
    },
    async stop() {
      stopped = true;
      await last;
    },
  };
}
