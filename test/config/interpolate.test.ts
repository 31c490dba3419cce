// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the configuration
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { parse, problems, SMALLEST } from './support.ts';

const sources = {
  env: { A: 'alpha', EMPTY: '' },
  readFile: (path: string) => {
    if (path !== '/run/secret') throw Object.assign(new Error('x'), { code: 'EISDIR' });
    return 'from file\r\n';
  },
};

describe('interpolation of one scalar', () => {
  it.each([
    ['${env:A}', 'alpha'],
    ['x-${env:A}-${env:A}', 'x-alpha-alpha'],
    ['${env:EMPTY}', ''],
    ['${env:NONE:-fallback}', 'fallback'],
    ['${env:EMPTY:-fallback}', 'fallback'],
    ['${env:NONE:-}', ''],
    ['${env:NONE:-a:-b}', 'a:-b'],
    ['${env:A:-fallback}', 'alpha'],
    ['${file:/run/secret}', 'from file'],
    ['$${env:A}', '${env:A}'],
    ['$$${env:A}', '$${env:A}'],
    ['cost: 5$', 'cost: 5$'],
    ['{a}', '{a}'],
  ])('%s gives %j', (scalar, text) => expect(interpolate(scalar, sources)).toEqual({ text }));

  it.each([
    ['${env:NONE}', 'the environment variable NONE is not set'],
    ['${file:/etc}', 'the file /etc cannot be read: it is a folder'],
    ['${A}', 'expected ${env:NAME}'],
    ['${env:A', 'expected ${env:NAME}'],
    ['${env:}', 'expected ${env:NAME}'],
    ['${env:1A}', 'expected ${env:NAME}'],
    ['${file:}', 'expected ${env:NAME}'],
    ['${}', 'expected ${env:NAME}'],
    ['${env:toString}', 'the environment variable toString is not set'],
  ])('%s is a problem', (scalar, text) =>
    expect(interpolate(scalar, sources)).toMatchObject({ problem: expect.stringContaining(text) }),
  );

  it('takes replaced text as it is, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(interpolate('<${env:X}>', { ...sources, env: { X: text } })).toEqual({ text: `<${text}>` });
      }),
    );
  });
});

describe('interpolation in a configuration', () => {
  const withSecret = SMALLEST.replace('accessKeySecret: key', 'accessKeySecret: ${env:KEY}');

  it('cannot change the structure, whatever the text', () => {
    const nasty = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom(': # x', 'a\nname: b', '"', "'", '- [', '&a *a', '!!x', '${env:KEY}'),
    );
    fc.assert(
      fc.property(nasty, (text) => {
        const config = parse(withSecret, { KEY: text });
        expect(config.maxcompute.credentials.accessKeySecret.reveal()).toBe(text);
        expect(config.name).toBe('orders');
      }),
    );
  });

  it('reads files beside the configuration file, without their last line break', () => {
    const text = SMALLEST.replace('accessKeySecret: key', 'accessKeySecret: ${file:keys/secret}');
    const config = parse(text, {}, { '/etc/maxsink/keys/secret': 's3cret\n' });
    expect(config.maxcompute.credentials.accessKeySecret.reveal()).toBe('s3cret');
  });

  it('gives numbers, lists, durations and null', () => {
    const text = `${SMALLEST.replace('[orders]', '${env:T}')}workers: \${env:W}\nshutdown: \${env:N}s\nflush: {rows: "\${env:R:-}7"}\nhttp: \${env:H:-}\n`;
    const config = parse(text, { T: 'a,b', W: '3', N: '5' });
    expect([config.kafka.topics, config.workers, config.shutdown, config.flush.rows, config.http]).toEqual([
      ['a', 'b'],
      3,
      5000,
      7,
      null,
    ]);
  });

  it('does not touch keys and comments', () => {
    expect(problems(`${SMALLEST}# \${env:NONE}\n\${env:NONE}: 1\n`)).toEqual([
      expect.stringMatching(/^14:1 "\$\{env:NONE\}": unknown key/),
    ]);
  });

  it('tells the place, and nothing more, of a reference that leads nowhere', () => {
    expect(problems(withSecret)).toEqual([
      '10:22 maxcompute.credentials.accessKeySecret: the environment variable KEY is not set',
    ]);
  });

  it('does not show the text in a problem', () => {
    const text = `${SMALLEST}memory: \${env:KEY}\nbase: &b {level: "\${env:KEY}"}\nlog: *b\n`;
    const found = problems(text, { KEY: 'hunter2' });
    expect(found.join('\n')).not.toContain('hunter2');
    expect(found).toContainEqual(expect.stringMatching(/^13:9 memory: expected a size .*, received text$/));
    expect(found).toContainEqual(expect.stringMatching(/log\.level: expected .*, received text$/));
  });
});
