import { afterAll, describe, expect, it } from 'vitest';
import { problems, SMALLEST } from '../config/support.ts';
import { freePort } from '../support/net.ts';
import { startMaxsink, tempDir } from '../support/process.ts';
import { createSecrets } from './secrets.ts';

const secrets = createSecrets();
const S = secrets.make('secret');

/** The smallest configuration with one line replaced or added. */
const withLine = (line: string, instead = ''): string =>
  instead === '' ? `${SMALLEST}${line}\n` : SMALLEST.replace(instead, line);
const KEY = '    accessKeySecret: key';
const REGISTRY = 'schemaRegistry: {url: http://r, username: u, password: ';

describe('a configuration that is wrong does not show the secret that is wrong', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the notation of the configuration
  it.each([
    ['a list in its place', withLine(`    accessKeySecret: [${S}]`, KEY)],
    ['a map in its place', withLine(`    accessKeySecret: {${S}: ${S}}`, KEY)],
    ['a misspelt key', withLine(`    accessKeySecrt: ${S}`, KEY)],
    ['text where its map is expected', SMALLEST.replace(/credentials:\n.*\n.*/, `credentials: ${S}`)],
    ['a file of the secret itself', S],
    ['a quote that is not closed', withLine(`    accessKeySecret: "${S}`, KEY)],
    ['an escape that is none', withLine(`    accessKeySecret: "${S}\\q"`, KEY)],
    ['a tag in front', withLine(`    accessKeySecret: !${S}`, KEY)],
    ['an alias in front', withLine(`    accessKeySecret: *${S}`, KEY)],
    ['given twice', withLine(`${KEY}\n    accessKeySecret: ${S}`, KEY)],
    ['with a colon in it', withLine(`    accessKeySecret: a: ${S}`, KEY)],
    ['a registry password as a list', withLine(`${REGISTRY}[${S}]}`)],
    ['a token besides a user', withLine(`${REGISTRY}p, token: "${S}"}`)],
    ['a token that is a map', withLine(`schemaRegistry: {url: http://r, token: {a: ${S}}}`)],
    ['a password in the URL of the registry', withLine(`schemaRegistry: {url: "http://u:${S}@r"}`)],
    ['a proxy without http', withLine(`  proxy: "joe:${S}@proxy:3128"\n  project: demo`, '  project: demo')],
    [
      'a proxy whose password has a slash',
      withLine(`  proxy: "http://joe:p/${S}@proxy:3128"\n  project: demo`, '  project: demo'),
    ],
    [
      'a proxy with a blank',
      withLine(`  proxy: "http://joe:${S} @proxy:3128"\n  project: demo`, '  project: demo'),
    ],
    ['a broker with a password', withLine(`  brokers: "u:${S}@localhost:9092"`, '  brokers: localhost:9092')],
    [
      'a Kafka password without SASL',
      withLine(`  security: {password: "${S}"}\n  topics: [orders]`, '  topics: [orders]'),
    ],
    [
      'a Kafka password with a blank in front',
      withLine(
        `  security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password: " ${S}"}\n  topics: [orders]`,
        '  topics: [orders]',
      ),
    ],
    [
      'a property that maxsink owns',
      withLine(
        `  options: {sasl.password: "${S}", ssl.key.pem: "${S}"}\n  topics: [orders]`,
        '  topics: [orders]',
      ),
    ],
    [
      'a property that is a list',
      withLine(`  options: {ssl.key.password: ["${S}"]}\n  topics: [orders]`, '  topics: [orders]'),
    ],
    [
      'a variable in the wrong place',
      withLine('  endpoint: "${env:S}"', '  endpoint: http://localhost:8080/api'),
    ],
    ['a variable as a number', withLine('workers: "${env:S}"')],
    ['a variable as a file name', withLine('  caFile: "${env:S}"\n  project: demo', '  project: demo')],
    ['a reference that is not closed', withLine('    accessKeySecret: "${env:S"', KEY)],
    ['a file that is not there', withLine('    accessKeySecret: "${file:/run/secrets/nothing}"', KEY)],
  ])('%s', (_, text) => {
    const found = problems(text, { S });
    expect(found).not.toEqual([]);
    expect(secrets.foundIn(found.join('\n'))).toEqual([]);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the notation of the configuration

  it.each([
    ['MAXSINK_KAFKA_SECURITY_PASWORD', S],
    ['MAXSINK_MAXCOMPUTE_CREDENTIALS', `{"accessKeySecret": "${S}"`],
    ['MAXSINK_MAXCOMPUTE_CREDENTIALS', S],
    ['MAXSINK_MAXCOMPUTE_PROXY', `joe:${S}@proxy`],
    ['MAXSINK_KAFKA_OPTIONS', `ssl.key.password=${S}`],
  ])('in the variable %s', (name, value) => {
    const found = problems(SMALLEST, { [name]: value });
    expect(found).not.toEqual([]);
    expect(secrets.foundIn(found.join('\n'))).toEqual([]);
  });
});

describe('a command that ends badly', () => {
  const folder = tempDir();
  afterAll(() => folder.remove());

  /** What it prints, with secrets in its configuration and its environment. */
  const printed = async (
    args: (file: string) => string[],
    env: Record<string, string>,
    expected: string,
  ): Promise<string> => {
    const port = await freePort();
    const file = folder.write(
      `c-${port}.yaml`,
      `${withLine(`    accessKeySecret: ${S}\n    securityToken: ${S}`, KEY)}
http: {host: 127.0.0.1, port: ${port}}
deadLetters: {file: ${folder.path}/letters}
log: {level: trace}
`,
    );
    const security = { PROTOCOL: 'sasl_plaintext', MECHANISM: 'PLAIN', USERNAME: 'u', PASSWORD: S };
    const variables = Object.entries(security).map(([key, value]) => [
      `MAXSINK_KAFKA_SECURITY_${key}`,
      value,
    ]);
    const child = startMaxsink(args(file), { env: { ...Object.fromEntries(variables), ...env } });
    // What ends by itself has ended by then.
    await child.waitFor(expected).catch(() => undefined);
    const timer = setTimeout(() => child.kill('SIGTERM'), 4_000);
    await child.exited;
    clearTimeout(timer);
    return child.lines.join('\n');
  };
  const thrown = (what: string) => `data:text/javascript,setTimeout(()=>{${encodeURIComponent(what)}},1500)`;

  it.each<[string, (file: string) => string[], Record<string, string>, string]>([
    ['help', () => ['run', '--help'], {}, 'Usage'],
    ['an unknown option', (file) => ['run', '-c', file, '--access-key', S], {}, 'unknown option'],
    ['an unknown command', () => ['rum'], {}, 'unknown command'],
    ['MaxCompute out of reach', (file) => ['run', '-c', file], {}, 'starting'],
    [
      'an exception that nobody catches',
      (file) => ['run', '-c', file],
      { NODE_OPTIONS: `--import ${thrown('throw new Error("by the test")')}` },
      'by the test',
    ],
    [
      'a rejection that nobody catches',
      (file) => ['run', '-c', file],
      { NODE_OPTIONS: `--import ${thrown('Promise.reject(new Error("by the test"))')}` },
      'by the test',
    ],
  ])('%s', async (_, args, env, expected) => {
    const text = await printed(args, env, expected);
    expect(text).toContain(expected);
    expect(secrets.foundIn(text)).toEqual([]);
  });
});
