import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hideUserInfo, Secret } from '../../src/config/secret.ts';

describe('a secret', () => {
  const secret = new Secret('hunter2');
  const holder = { a: [secret], map: new Map([['k', secret]]) };

  it('is given only when asked for', () => expect(secret.reveal()).toBe('hunter2'));

  it.each([
    ['a template string', `${secret}`],
    ['concatenation', `x${String(secret)}`],
    ['JSON', JSON.stringify(holder)],
    ['inspect', inspect(holder, { depth: 9, showHidden: true })],
    [
      'inspect without custom functions',
      inspect(holder, { depth: 9, showHidden: true, customInspect: false }),
    ],
    ['its keys', Object.keys(secret).join()],
    ['its properties', JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
    ['a copy', JSON.stringify({ ...secret })],
    ['an error', String(new Error(`bad ${secret}`))],
  ])('does not show in %s', (_, text) => expect(text).not.toContain('hunter2'));
});

describe('user info of URLs', () => {
  it.each([
    ['http://u:p@proxy:3128', 'http://[secret]@proxy:3128'],
    ['see https://user@host/x@y now', 'see https://[secret]@host/x@y now'],
    ['http://host/a@b', 'http://host/a@b'],
    ['mail a@b', 'mail a@b'],
    ['http://u:p@ss@host', 'http://[secret]@host'],
    ['http://u:p/s?s@host:1/x', 'http://[secret]@host:1/x'],
    ['http://host:80/a@b', 'http://host:80/a@b'],
  ])('%s becomes %s', (text, shown) => expect(hideUserInfo(text)).toBe(shown));
});
