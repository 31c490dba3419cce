import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Health, live, ready, type Snapshot } from './health.ts';
import type { Metrics } from './metrics.ts';
import { PAGE_POLICY, page } from './page.ts';
import type { Status } from './status.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  snapshot(): Snapshot;
  status(): Status;
  readonly log: Log;
}

export interface Server {
  /** The port that was taken. */
  readonly port: number;
  /** Ends the listener and every connection. */
  stop(): Promise<void>;
}

const FRESH = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const PAGE_HEADERS = { ...FRESH, 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' };

/** `/metrics`, `/live`, `/ready`, `/status` and the page that shows it. Throws `http_port` when it cannot listen. */
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

function routes({ metrics, snapshot, status, log }: ServerOptions): Hono {
  const app = new Hono();
  const answer = (judge: (snapshot: Snapshot) => Health) => () => {
    const health = judge(snapshot());
    return Response.json(health, { status: health.ok ? 200 : 503, headers: FRESH });
  };
  app.get('/live', answer(live));
  app.get('/ready', answer(ready));
  app.get('/metrics', async (c) =>
    c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  );
  app.get('/status', () => Response.json(status(), { headers: FRESH }));
  app.get('/', (c) => c.html(page(status()), 200, PAGE_HEADERS));
  app.onError((error, c) => {
    log.error({ error, path: c.req.path }, 'http request failed');
    return c.text('internal error\n', 500);
  });
  return app;
}
