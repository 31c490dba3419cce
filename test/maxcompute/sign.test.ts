import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorize, canonicalString, deriveKeys, signedHeaders } from '../../src/maxcompute/sign.ts';

interface Vector {
  name: string;
  method: string;
  resource: string;
  params: Record<string, string | null>;
  headers: Record<string, string>;
  canonicalString: string;
  v2: { Authorization: string };
  v4: { dateUtc: string; region: string; derivedKeysHex: Record<string, string>; Authorization: string };
  sts: Record<string, string>;
}

const file = JSON.parse(readFileSync(new URL('../vectors/auth.json', import.meta.url), 'utf8')) as {
  accessId: string;
  accessKey: string;
  sdkUnitTestVector: { accessId: string; accessKey: string; stringToSign: string; Authorization: string };
  javaCanonicalUnitTest: {
    method: string;
    headers: Record<string, string>;
    resource: string;
    canonicalString: string;
  };
  vectors: Vector[];
};

const keys = { accessKeyId: file.accessId, accessKeySecret: file.accessKey, securityToken: null };

describe.each(file.vectors)('signature vector $name', (vector) => {
  const request = {
    method: vector.method,
    resource: vector.resource,
    query: vector.params,
    headers: vector.headers,
  };
  const { Date: date, ...withoutDate } = vector.headers;
  const unsigned = { ...request, headers: withoutDate };
  const now = Date.parse(date!);

  it('has the canonical string of the official clients', () => {
    expect(canonicalString(request)).toBe(vector.canonicalString);
  });

  it('derives the V4 keys', () => {
    const derived = deriveKeys(keys.accessKeySecret, vector.v4.dateUtc, vector.v4.region);
    expect({
      kDate: derived.date.toString('hex'),
      kRegion: derived.region.toString('hex'),
      kService: derived.service.toString('hex'),
      kSigning: derived.signing.toString('hex'),
    }).toEqual(vector.v4.derivedKeysHex);
  });

  it('signs as V2, as V4 and with a temporary key', () => {
    expect(signedHeaders(unsigned, keys, null, now)).toMatchObject({
      Date: date,
      Authorization: vector.v2.Authorization,
    });
    expect(signedHeaders(unsigned, keys, vector.v4.region, now).Authorization).toBe(vector.v4.Authorization);
    const token = vector.sts['authorization-sts-token']!;
    const temporary = signedHeaders(unsigned, { ...keys, securityToken: token }, null, now);
    expect(temporary['authorization-sts-token']).toBe(token);
    expect(temporary.Authorization).toBe(vector.sts.Authorization);
  });
});

describe('signatures', () => {
  it('equal the unit test of the Go client', () => {
    const { accessId, accessKey, stringToSign, Authorization } = file.sdkUnitTestVector;
    const goKeys = { accessKeyId: accessId, accessKeySecret: accessKey, securityToken: null };
    expect(authorize(goKeys, stringToSign, null, '20240506')).toBe(Authorization);
  });

  it('equal the unit test of the Java client', () => {
    const { canonicalString: expected, ...request } = file.javaCanonicalUnitTest;
    expect(canonicalString({ ...request, query: {} })).toBe(expected);
  });

  it('do not depend on the order of headers and parameters', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), fc.string()), {
      selector: ([name]) => name,
      maxLength: 6,
    });
    fc.assert(
      fc.property(pairs, pairs, (query, headers) => {
        const make = (q: [string, string][], h: [string, string][]) =>
          canonicalString({
            method: 'GET',
            resource: '/projects/p',
            query: Object.fromEntries(q),
            headers: Object.fromEntries(h.map(([name, value]) => [`x-odps-${name}`, value])),
          });
        expect(make([...query].reverse(), [...headers].reverse())).toBe(make(query, headers));
      }),
    );
  });
});
