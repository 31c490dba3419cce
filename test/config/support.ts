import { parseConfig } from '../../src/config/load.ts';
import { SinkError } from '../../src/errors.ts';

/** The smallest configuration that is complete. */
export const SMALLEST = `name: orders
kafka:
  brokers: localhost:9092
  topics: [orders]
maxcompute:
  endpoint: http://localhost:8080/api
  project: demo
  credentials:
    accessKeyId: id
    accessKeySecret: key
table:
  name: ods_orders
`;

type Env = Record<string, string | undefined>;

/** `files`: absolute name -> content; every other file is missing. */
export function parse(text: string, env: Env = {}, files: Record<string, string> = {}) {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return content;
  };
  return parseConfig(text, { file: '/etc/maxsink/c.yaml', env, readFile });
}

/** The problems of a text, one a line, without the name of the file: `3:12 kafka.topics: ...`. */
export function problems(text: string, env: Env = {}, files: Record<string, string> = {}): string[] {
  try {
    parse(text, env, files);
    return [];
  } catch (error) {
    if (!(error instanceof SinkError) || error.code !== 'config_invalid') throw error;
    return error.message.split('\n').map((line) => line.replace('/etc/maxsink/c.yaml:', ''));
  }
}
