import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Health, live, ready, type Snapshot } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  snapshot(): Snapshot;
  readonly log: Log;
}

export interface Server {
  /** The port that was taken. */
  readonly port: number;
  /** Ends the listener and every connection. */
  stop(): Promise<void>;
}

/** `/metrics`, `/live`, `/ready` and an index. Throws `http_port` when it cannot listen. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host, port, log } = options;
  const server = createAdaptorServer({ fetch: routes(options).fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new SinkError('http_port', `cannot listen on ${host}:${port}: ${error.message}`, error));
    });
    server.listen(port, host, resolve);
  });
  server.on('error', (error) => log.warn({ error }, 'http listener'));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function routes({ metrics, snapshot, log }: ServerOptions): Hono {
  const app = new Hono();
  const answer = (judge: (snapshot: Snapshot) => Health) => () => {
    const health = judge(snapshot());
    return Response.json(health, { status: health.ok ? 200 : 503, headers: { 'cache-control': 'no-store' } });
  };
  app.get('/live', answer(live));
  app.get('/ready', answer(ready));
  app.get('/metrics', async (c) =>
    c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  );
  app.get('/', (c) => c.html(INDEX));
  app.onError((error, c) => {
    log.error({ error, path: c.req.path }, 'http request failed');
    return c.text('internal error\n', 500);
  });
  return app;
}

const INDEX = `<!doctype html>
<title>maxsink</title>
<h1>maxsink</h1>
<ul>
<li><a href="metrics">metrics</a>: Prometheus text</li>
<li><a href="live">live</a>: 503 when the process should be restarted</li>
<li><a href="ready">ready</a>: 503 with the reason when it does not do its work</li>
</ul>
`;
