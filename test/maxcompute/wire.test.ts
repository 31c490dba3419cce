import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalString } from '../../src/maxcompute/sign.ts';
import { encodeTarget, parseEndpoint } from '../../src/maxcompute/wire.ts';

describe('the address of a call', () => {
  it('separates the prefix, which is not signed, from the origin', () => {
    expect(parseEndpoint('https://service.example.com/api/')).toEqual({
      origin: 'https://service.example.com',
      prefix: '/api',
    });
    expect(parseEndpoint('http://127.0.0.1:8080')).toEqual({ origin: 'http://127.0.0.1:8080', prefix: '' });
    expect(() => parseEndpoint('service.example.com')).toThrow('not an http or https address');
  });

  it('encodes blanks, commas, equals signs and text outside ASCII by percent', () => {
    expect(encodeTarget('/projects/p/tables/t', { partition: "pt=a b,h='ü'", uploads: null, e: '' })).toBe(
      '/projects/p/tables/t?partition=pt%3Da%20b%2Ch%3D%27%C3%BC%27&uploads&e',
    );
  });

  it('gives the server, which decodes it, the same canonical resource that the client signed', () => {
    const segment = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('/'));
    const name = fc.stringMatching(/^[a-z-]{1,10}$/);
    const query = fc.dictionary(name, fc.option(fc.string({ unit: 'grapheme', minLength: 1 })));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), query, (segments, parameters) => {
        const resource = `/${segments.join('/')}`;
        const signed = { method: 'GET', resource, query: parameters, headers: {} };
        expect(canonicalString(decode(encodeTarget(resource, parameters)))).toBe(canonicalString(signed));
      }),
    );
  });
});

/** What a server does, in its own words. */
function decode(target: string) {
  const [path = '', search = ''] = target.split('?');
  const query: Record<string, string | null> = {};
  for (const pair of search.split('&').filter((text) => text !== '')) {
    const [name = '', value] = pair.split('=');
    query[decodeURIComponent(name)] = value === undefined ? null : decodeURIComponent(value);
  }
  return { method: 'GET', resource: decodeURIComponent(path), query, headers: {} };
}
