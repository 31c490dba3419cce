import { expect, it } from 'vitest';
import { createSecrets } from './secrets.ts';

it('a secret is found plain, escaped, percent-encoded and in base64 behind any user name', () => {
  const secrets = createSecrets();
  const secret = secrets.make('password', ['a "b" ', " c='é"]);
  const forms = [secret, JSON.stringify(secret), encodeURIComponent(secret)];
  const joined = ['u', 'us', 'use'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64'));
  for (const form of [...forms, ...joined]) expect(secrets.foundIn(`x ${form} y`), form).not.toEqual([]);
  expect(secrets.foundIn('nothing here')).toEqual([]);
  secrets.watch('key', `-----BEGIN-----\n${'k'.repeat(64)}\n-----END-----`);
  expect(secrets.foundIn(`-----BEGIN-----${'k'.repeat(64)}`)).toEqual(['key']);
});
