import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TempDir } from './process.ts';

/** PEM files. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  /** Key and certificate in one file, as Kafka wants them. */
  readonly bothFile: string;
}

export interface Authority {
  readonly caFile: string;
  /** A certificate for these names, e.g. `DNS:localhost,IP:127.0.0.1`; its common name is `name`. -1 days: expired. */
  issue(name: string, names?: string, days?: number): Promise<KeyPair>;
}

const LOCAL = 'DNS:localhost,IP:127.0.0.1';
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority of the test's own, in its folder; made by the openssl command. */
export async function createAuthority(folder: TempDir, ca = 'test-ca'): Promise<Authority> {
  const at = (name: string) => path.join(folder.path, name);
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder.path });
  const [caFile, caKey] = [at(`${ca}.pem`), at(`${ca}.key`)];
  await openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '30',
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-subj',
    `/CN=${ca}`,
  );
  return {
    caFile,
    async issue(name, names = LOCAL, days = 30) {
      const [keyFile, certFile, request] = [at(`${name}.key`), at(`${name}.pem`), at(`${name}.csr`)];
      const extensions = folder.write(`${name}.ext`, `subjectAltName=${names}`);
      await openssl('req', ...KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
      const signed = [
        '-CA',
        caFile,
        '-CAkey',
        caKey,
        // A file of serial numbers would be shared by those that are made at the same time.
        '-set_serial',
        `0x${randomBytes(8).toString('hex')}`,
        '-days',
        `${days}`,
        '-extfile',
        extensions,
      ];
      await openssl('x509', '-req', '-in', request, '-out', certFile, ...signed);
      const both = readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8');
      return { certFile, keyFile, bothFile: folder.write(`${name}-both.pem`, both) };
    },
  };
}
