import { SinkError } from '../../errors.ts';
import type { KafkaSettings } from './settings.ts';

/** What a failed call of the client means: librdkafka error code -> what to do. */
export type FaultAction =
  | { readonly do: 'stop'; readonly error: SinkError }
  | { readonly do: 'poll on'; readonly why: string }
  | { readonly do: 'unexpected' };

export const TOPIC_DENIED = 29;
const OUT_OF_RANGE = -140;
const FATAL = -150;
const GROUP_DENIED = 30;
const FENCED = 82;
const METADATA_TOO_LARGE = 12;

type Asked = Pick<KafkaSettings, 'groupId' | 'topics' | 'topicPattern' | 'security'>;

export function faultAction(error: unknown, asked: Asked): FaultAction {
  if (error instanceof SinkError) return { do: 'stop', error };
  const { code, message } = (error ?? {}) as { code?: unknown; message: string };
  if (typeof code !== 'number') return { do: 'unexpected' };
  if (code === OUT_OF_RANGE)
    return stop('offset_lost', `an offset is no longer in the log: ${message}`, error);
  if (code === TOPIC_DENIED)
    return stop('kafka_denied', `${who(asked)} has no Read on ${topicsOf(asked)}: ${message}`, error);
  if (code === GROUP_DENIED)
    return stop('kafka_denied', `${who(asked)} has no Read on the group ${asked.groupId}: ${message}`, error);
  if (code === FATAL || code === FENCED)
    return stop('kafka_fenced', `the group has another member with this instance id: ${message}`, error);
  if (code === METADATA_TOO_LARGE)
    return stop('metadata_too_long', `a broker refuses the metadata of an offset commit: ${message}`, error);
  return { do: 'poll on', why: `${message} (${code})` };
}

const who = ({ security: { username } }: Asked): string =>
  username === null ? 'this client' : `user ${username}`;

const topicsOf = ({ topics, topicPattern }: Asked): string =>
  topics === null
    ? `a topic of ${topicPattern}`
    : topics.length === 1
      ? topics[0]!
      : `one of ${topics.join(', ')}`;

const stop = (
  code: 'offset_lost' | 'kafka_denied' | 'kafka_fenced' | 'metadata_too_long',
  message: string,
  cause: unknown,
): FaultAction => ({
  do: 'stop',
  error: new SinkError(code, message, cause),
});
