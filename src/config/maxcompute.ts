import zlib from 'node:zlib';
import { z } from 'zod';
import { EVEN_IF_WRONG, leaf, matching, nullable, pemFile, secret, section, text, url } from './leaf.ts';

const NAME = /^[A-Za-z0-9_]{1,128}$/;

const compression = leaf<'deflate' | 'zstd' | 'none'>({
  type: 'deflate | zstd | none',
  expected: 'deflate, zstd or none',
  json: { enum: ['deflate', 'zstd', 'none'] },
  parse: (input) => (input === 'deflate' || input === 'zstd' || input === 'none' ? input : undefined),
  refuse: (input) =>
    input === 'zstd' && !('createZstdCompress' in zlib)
      ? `zstd needs Node 22.15 or later, this is Node ${process.versions.node}: use deflate`
      : undefined,
});

const credentials = z.strictObject({
  accessKeyId: text().describe('AccessKey ID of the account that writes.'),
  accessKeySecret: secret().describe('AccessKey secret.'),
  securityToken: nullable(secret()).describe('STS token that belongs to a temporary AccessKey.'),
});

export const maxcompute = z.strictObject({
  endpoint: url('the http or https URL of the MaxCompute service, ending in /api').describe(
    'Service endpoint, ending in /api.',
  ),
  tunnelEndpoint: nullable(url('an http or https URL')).describe(
    'Tunnel endpoint; null: asked from the service. Set it for port forwarding and private lines.',
  ),
  project: matching(NAME, 'letters, digits and underscore').describe('Project that holds the table.'),
  schema: nullable(matching(NAME, 'letters, digits and underscore')).describe(
    'Schema, in a project with three layers.',
  ),
  quota: nullable(text()).describe('Name of the tunnel quota; null: the shared one.'),
  region: nullable(matching(/^[a-z0-9-]+$/, 'a region such as cn-hangzhou')).describe(
    'Region; set: V4 signatures.',
  ),
  credentials: section(credentials),
  compression: compression.prefault('deflate').describe('Compression of uploads. zstd needs Node 22.15.'),
  proxy: nullable(url('the http or https URL of a proxy', true)).describe(
    'HTTP proxy, http://user:password@host:port.',
  ),
  caFile: nullable(pemFile('CERTIFICATE')).describe(
    'PEM file of certificate authorities to trust beside the public ones.',
  ),
});

export const schemaRegistry = z
  .strictObject({
    url: url('an http or https URL without user name and password').describe('Address of the registry.'),
    username: nullable(text()).describe('User name for basic authentication.'),
    password: nullable(secret()).describe('Password for basic authentication.'),
    token: nullable(secret()).describe('Bearer token, in place of user name and password.'),
    caFile: nullable(pemFile('CERTIFICATE')).describe('PEM file of certificate authorities to trust.'),
  })
  .superRefine(({ username, password, token }, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (username && password === null) issue('password', 'username needs it');
    if (password && username === null) issue('username', 'password needs it');
    if (token && username) issue('token', 'give either token or username and password');
  }, EVEN_IF_WRONG);
