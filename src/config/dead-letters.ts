import { z } from 'zod';
import { ORIGINALS } from '../deadletter/original.ts';
import { choice, EVEN_IF_WRONG, nullable, pemFile, text } from './leaf.ts';

export const deadLetters = z
  .strictObject({
    file: text('the name of a folder')
      .prefault('dead-letters')
      .describe('Folder of rejected records. Relative to the working directory.'),
    original: choice(ORIGINALS)
      .prefault('keep')
      .describe(
        "What becomes of a rejected record's key, value and headers: keep them, encrypt them for publicKeyFile, or drop them (then it cannot be replayed).",
      ),
    publicKeyFile: nullable(pemFile('PUBLIC KEY')).describe(
      'PEM file with an RSA public key of at least 2048 bits, for original: encrypt.',
    ),
  })
  .superRefine((value, context) => {
    const { original, publicKeyFile } = value;
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['publicKeyFile'], message });
    if (original === 'encrypt' && publicKeyFile === null) issue('original: encrypt needs it');
    if (original !== 'encrypt' && typeof publicKeyFile === 'string')
      issue('never used without original: encrypt');
  }, EVEN_IF_WRONG);
