// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the configuration
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { effectiveSettings } from '../../src/config/settings.ts';
import { parse, problems, SMALLEST } from './support.ts';

/** Lines below `table:`, from line 13 on. */
const withTable = (...lines: string[]): string => `${SMALLEST}${lines.map((line) => `  ${line}\n`).join('')}`;
const column = (options: string) => withTable(`columns: {a: ${options}}`);
const PUBLIC = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
  type: 'spki',
  format: 'pem',
}) as string;

describe('a mistake in an expression', () => {
  it('is told with the place in the file and a caret', () => {
    const text = withTable('columns:', '  total:', '    expr: price * foo(quantity)');
    expect(problems(text)).toEqual([
      "15:21 table.columns.total.expr: found no matching overload for 'foo(dyn)'",
      '    price * foo(quantity)',
      '            ^',
    ]);
  });

  it.each([
    ['plain', ['filter: a == foo(1)'], '13:16'],
    ['in double quotes', ['filter: "a == \\"x\\" && foo(1)"'], '13:26'],
    ['in single quotes', ["filter: 'a == ''x'' && foo(1)'"], '13:26'],
    ['plain over two lines', ['filter: a == 1 &&', '  foo(1)'], '14:5'],
    ['literal', ['filter: |', '  a == 1 &&', '    foo(1)'], '15:7'],
    ['folded', ['filter: >-', '  a  == 1', '  && foo(1)'], '15:8'],
    ['in a flow map', ['columns: {a: {expr: "b + foo(1)"}}'], '13:28'],
  ])('%s', (_, lines, place) => {
    const [first] = problems(withTable(...lines));
    expect(first).toMatch(new RegExp(`^${place} table\\..*found no matching overload for 'foo\\(int\\)'`));
  });

  it('is not shown when a part of it comes from elsewhere', () => {
    const found = problems(withTable('filter: a == "${env:S}" + foo(1)'), { S: 's3cret' });
    expect(found).toEqual([
      '13:11 table.filter: it is not valid; it is not shown, because it takes something from elsewhere',
    ]);
  });

  it('of a variable names the variable', () => {
    const [first] = problems(SMALLEST, { MAXSINK_TABLE_FILTER: 'a +' });
    expect(first).toBe('MAXSINK_TABLE_FILTER table.filter: Unexpected token: EOF');
  });

  it('has a place wherever it stands', () => {
    const before = fc.constantFrom('a == 1', 'b.startsWith("x y")', "c == 'it'", 'd ==  2');
    const style = fc.constantFrom(
      (text: string) => [`filter: ${JSON.stringify(text)}`],
      (text: string) => [`filter: '${text.replaceAll("'", "''")}'`],
      (text: string) => ['filter: |', `  ${text}`],
      (text: string) => ['filter: >', `  ${text}`],
      (text: string) => [
        'filter: >',
        ...text.split(' && ').map((part, i) => `  ${i > 0 ? '&& ' : ''}${part}`),
      ],
    );
    fc.assert(
      fc.property(fc.array(before, { maxLength: 4 }), style, (parts, write) => {
        const text = withTable(...write([...parts, 'foo(1)'].join(' && ')));
        const [line = '', column = ''] = problems(text)[0]!.split(/[: ]/);
        expect(text.split('\n')[Number(line) - 1]!.slice(Number(column) - 1)).toMatch(/^foo\(1\)/);
      }),
    );
  });
});

describe('columns with expressions, masks and hashes', () => {
  it.each([
    ['{from: b, mask: phone}', { from: 'b', mask: { kind: 'named', name: 'phone' } }],
    [
      '{from: b, mask: {keepLast: 4}}',
      { from: 'b', mask: { kind: 'ends', keepFirst: 0, keepLast: 4, with: '*' } },
    ],
    [
      '{from: b, mask: {keepFirst: 1, with: "#"}}',
      { from: 'b', mask: { kind: 'ends', keepFirst: 1, keepLast: 0, with: '#' } },
    ],
    [
      '{from: b, mask: {pattern: "[0-9]", replacement: ""}}',
      { from: 'b', mask: { kind: 'pattern', pattern: '[0-9]', replacement: '' } },
    ],
    ['{from: b, hash: sm3}', { from: 'b', hash: { algorithm: 'sm3' } }],
    ['{expr: b + c, hash: {algorithm: md5}}', { from: '', expr: 'b + c', hash: { algorithm: 'md5' } }],
  ])('%s', (written, expected) => expect(parse(column(written)).table.columns).toEqual({ a: expected }));

  it.each([
    ['{from: b, mask: fone}', /mask: expected phone, id_card, email, bank_card or name, received "fone"/],
    ['{from: b, mask: {}}', /mask\.keepFirst: give keepFirst, keepLast or both, or a pattern/],
    ['{from: b, mask: {with: x}}', /mask\.keepFirst: give keepFirst/],
    ['{from: b, mask: {keepFirst: 1, with: "**"}}', /mask\.with: expected one character/],
    ['{from: b, mask: {keepFirst: -1}}', /mask\.keepFirst: expected a whole number from 0 to 1000/],
    ['{from: b, mask: {pattern: "(["}}', /mask\.pattern: the pattern .* cannot be used/],
    ['{from: b, mask: {pattern: x}}', /mask\.replacement: pattern and replacement go together/],
    ['{from: b, mask: {replacement: x}}', /mask\.pattern: pattern and replacement go together/],
    ['{from: b, mask: {pattern: x, replacement: y, keepLast: 1}}', /mask\.keepLast: goes without pattern/],
    ['{from: b, mask: {keep: 1}}', /mask\.keep: unknown key/],
    ['{from: b, hash: sha1}', /hash: expected sha256, md5 or sm3, received "sha1"/],
    ['{from: b, hash: {algorithm: hmac-sm3}}', /hash\.key: hmac-sm3 needs it/],
    [
      '{from: b, hash: {algorithm: hmac-sm3, key: k, salt: s}}',
      /hash\.salt: hmac-sm3 takes a key and no salt/,
    ],
    ['{from: b, hash: {algorithm: sm3, key: k}}', /hash\.key: only an hmac takes a key: give salt/],
    [
      '{from: b, hash: {salt: s}}',
      /hash\.algorithm: expected sha256, md5, sm3, hmac-sha256 or hmac-sm3, received nothing/,
    ],
    ['{from: b, mask: phone, hash: sm3}', /hash: a column is masked or hashed, not both/],
    ['{from: b, expr: c}', /expr: give either from or expr/],
    ['{trim: true}', /columns\.a\.from: expected a source/],
    ['{expr: ""}', /expr: expected a CEL expression/],
  ])('%s is refused', (written, expected) => expect(problems(column(written)).join('\n')).toMatch(expected));

  it('keep salt and key to themselves', () => {
    const text = column('{from: b, hash: {algorithm: sha256, salt: "${env:SALT}"}}');
    const config = parse(text, { SALT: 'pepper' });
    const { secret } = config.table.columns!.a!.hash!;
    expect(secret).toBeInstanceOf(Secret);
    expect(secret!.reveal()).toBe('pepper');
    for (const shown of [
      inspect(config, { depth: 9 }),
      JSON.stringify(config),
      JSON.stringify(effectiveSettings(config)),
    ])
      expect(shown).not.toContain('pepper');
    expect(problems(column('{from: b, hash: {algorithm: sha256, salt: [pepper]}}')).join()).not.toContain(
      'pepper',
    );
  });
});

describe('what is kept of a rejected record', () => {
  const letters = (written: string) => `${SMALLEST}deadLetters: ${written}\n`;
  const FILES = {
    '/public': PUBLIC,
    '/other': '-----BEGIN CERTIFICATE-----',
    '/private': '-----BEGIN PRIVATE KEY-----',
  };
  it('is everything, unless told otherwise', () => {
    expect(parse(SMALLEST).deadLetters).toMatchObject({ original: 'keep', publicKeyFile: null });
    const encrypt = letters('{original: encrypt, publicKeyFile: /public}');
    expect(parse(encrypt, {}, FILES).deadLetters).toMatchObject({
      original: 'encrypt',
      publicKeyFile: '/public',
    });
  });

  it.each([
    ['{original: encrypt}', /deadLetters\.publicKeyFile: original: encrypt needs it/],
    ['{original: drop, publicKeyFile: /public}', /publicKeyFile: never used without original: encrypt/],
    [
      '{original: encrypt, publicKeyFile: /other}',
      /publicKeyFile: the file "\/other" is no PEM file with a public key/,
    ],
    [
      '{original: encrypt, publicKeyFile: /private}',
      /publicKeyFile: the file "\/private" holds a private key/,
    ],
    ['{original: encrypt, publicKeyFile: /none}', /publicKeyFile: .* cannot be read/],
    ['{original: hide}', /original: expected keep, encrypt or drop/],
  ])('%s is refused', (written, expected) =>
    expect(problems(letters(written), {}, FILES).join('\n')).toMatch(expected),
  );
});
