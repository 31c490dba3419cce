import { freePort } from '../support/net.ts';
import { type Child, startChild, type TempDir } from '../support/process.ts';
import { until } from '../support/until.ts';

/** A real Prometheus (Debian's package `prometheus`; `scripts/setup.sh --tests` installs it). */
export interface Prometheus {
  /** `/api/v1/` + path; the `data` of the answer. Throws with Prometheus' own words. */
  get<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T>;
  /** Samples of an instant query: labels and value. `at`: as of this moment, epoch seconds; now. */
  query(expr: string, at?: number): Promise<Sample[]>;
  stop(): Promise<unknown>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusOptions {
  readonly folder: TempDir;
  /** host:port to scrape every second, under the job `maxsink`. */
  readonly targets?: readonly string[];
  /** Absolute names of rule files. */
  readonly rules?: readonly string[];
}

export async function startPrometheus({
  folder,
  targets = [],
  rules = [],
}: PrometheusOptions): Promise<Prometheus> {
  const scrape = { job_name: 'maxsink', static_configs: [{ targets }] };
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  const file = folder.write(
    'prometheus.yaml',
    JSON.stringify({ global, rule_files: rules, scrape_configs: [scrape] }),
  );
  const at = `127.0.0.1:${await freePort()}`;
  const child = startChild('prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder.path}/tsdb`,
    `--web.listen-address=${at}`,
  ]);
  await ready(child, at);
  const get = async <T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> => {
    const answer = await fetch(`http://${at}/api/v1/${path}?${new URLSearchParams(query)}`);
    const body = (await answer.json()) as { status: string; data: T; error?: string };
    if (body.status !== 'success') throw new Error(`${JSON.stringify(query)}: ${body.error}`);
    return body.data;
  };
  return {
    get,
    stop: child.stop,
    async query(expr, at) {
      type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
      const time = at === undefined ? {} : { time: String(at) };
      const { result } = await get<Vector>('query', { query: expr, ...time });
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
  };
}

const ready = (child: Child, at: string): Promise<boolean> =>
  until(
    async () => {
      if (!child.running()) throw new Error(`prometheus ended\n${child.tail()}`);
      return fetch(`http://${at}/-/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    { what: 'Prometheus is ready' },
  );
