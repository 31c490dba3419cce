import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../src/config/secret.ts';
import { SinkError } from '../src/errors.ts';
import { createLog, type LogLevel } from '../src/log.ts';

function capture(level: LogLevel = 'info') {
  const written: string[] = [];
  const log = createLog({ level, stream: { write: (line) => void written.push(line) } });
  return { log, written, lines: () => written.map((line) => JSON.parse(line)) };
}

describe('log lines', () => {
  it('carry time, level, component and the message', () => {
    const { log, lines } = capture();
    log.info({ rows: 3 }, 'batch acknowledged');
    expect(lines()[0]).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'info',
      component: 'maxsink',
      rows: 3,
      msg: 'batch acknowledged',
    });
  });

  it('carry the fields of the child once, the nearest winning', () => {
    const { log, written, lines } = capture();
    log.child({ component: 'source', topic: 'orders' }).child({ topic: 'payments' }).warn({}, 'x');
    expect(lines()[0]).toMatchObject({ component: 'source', topic: 'payments' });
    expect(written[0]!.match(/"component"/g)).toHaveLength(1);
  });

  it('keep their own time, level and msg when a field has that name', () => {
    const { log, lines } = capture();
    log.error({ level: 'low', time: 1, msg: 'field' }, 'text');
    expect(lines()[0]).toMatchObject({ level: 'error', msg: 'text', level_: 'low', time_: 1, msg_: 'field' });
  });

  it('are left out below the level', () => {
    const { log, written } = capture('warn');
    log.info({}, 'no');
    log.debug({}, 'no');
    log.warn({}, 'yes');
    expect(written).toHaveLength(1);
  });
});

describe('secrets', () => {
  it('are hidden by name at every depth, in lists, maps and dotted keys', () => {
    const { log, written } = capture();
    const at = (inner: object) => ({ a: { b: { c: { d: { e: inner } } } } });
    log.info(at({ password: 's3cret', accessKeySecret: 's3cret', Authorization: 's3cret', keep: 1 }), 'deep');
    log.info({ list: [{ token: 's3cret' }], map: new Map([['sasl.password', 's3cret']]) }, 'nested');
    log.child({ securityToken: 's3cret', credentials: { any: 's3cret' } }).info({}, 'child');
    expect(written.join('')).not.toContain('s3cret');
    expect(written[0]).toContain('"keep":1');
  });

  it.each([
    'GET http://user:s3cret@proxy:3128/ failed',
    'refused ?password=s3cret&x=1',
    'sasl.password = s3cret, next',
    'body {"accessKeySecret": "s3cret"}',
    'Authorization: ODPS id:s3cret',
    "jaas sasl.jaas.config='x s3cret y'",
  ])('are hidden in the text %j, in messages and in errors', (text) => {
    const { log, written } = capture();
    log.info({ error: new Error(text, { cause: new Error(text) }) }, text);
    expect(written[0]).not.toContain('s3cret');
  });

  it('do not swallow prose', () => {
    const { log, lines } = capture();
    log.info({}, 'kafka.security.password: expected text; unexpected token } in JSON');
    expect(lines()[0].msg).toBe('kafka.security.password: expected text; unexpected token } in JSON');
  });

  it('stay hidden behind the Secret type under any name', () => {
    const { log, written } = capture();
    const secret = new Secret('s3cret');
    log.info({ harmless: secret, text: `${secret} ${inspect(secret)}` }, 'x');
    expect(written[0]).not.toContain('s3cret');
  });
});

describe('errors', () => {
  it('carry code, hint and the chain of causes, without a stack when the code says it all', () => {
    const { log, lines } = capture();
    const cause = Object.assign(new Error('disk'), { code: 'ENOSPC', cause: new TypeError('root') });
    log.error({ error: new SinkError('dead_letter_unwritable', 'cannot write', cause) }, 'stopped');
    const { error } = lines()[0];
    expect(error).toMatchObject({
      code: 'dead_letter_unwritable',
      message: 'cannot write',
      hint: expect.stringContaining('rights'),
      cause: { code: 'ENOSPC', cause: { name: 'TypeError', message: 'root' } },
    });
    expect(error.stack).toBeUndefined();
  });

  it('carry no stack of a system call or a library, whose code says it all', () => {
    const { log, lines } = capture();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111 });
    log.error({ error: new SinkError('maxcompute_unreachable', 'no answer', cause) }, 'stopped');
    expect(lines()[0].error.cause).toMatchObject({ code: 'ECONNREFUSED', errno: -111 });
    expect(lines()[0].error.cause.stack).toBeUndefined();
  });

  it('carry the stack when the error is unexpected', () => {
    const { log, lines } = capture();
    log.error({ error: new TypeError('x is undefined') }, 'stopped');
    expect(lines()[0].error.stack).toContain('log.test');
  });
});

it('logs what JSON cannot: cycles, big integers, bytes', () => {
  const { log, lines } = capture();
  const cycle: Record<string, unknown> = { n: 2n ** 70n, bytes: new Uint8Array(9) };
  cycle.self = cycle;
  const loop = new Error('loop');
  loop.cause = loop;
  log.info({ cycle, loop }, 'x');
  expect(lines()[0].cycle).toMatchObject({ n: '1180591620717411303424', bytes: '[9 bytes]' });
});
