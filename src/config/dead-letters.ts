import { z } from 'zod';
import { ORIGINALS } from '../deadletter/original.ts';
import { TOPIC } from './kafka.ts';
import { choice, EVEN_IF_WRONG, matching, nullable, pemFile, text } from './leaf.ts';
import { tableName } from './table.ts';

/** Where rejected records go when nothing is said. */
const FOLDER = 'dead-letters';

export const deadLetters = z
  .strictObject({
    file: nullable(text('the name of a folder')).describe(
      `Folder of rejected records, relative to the working directory; null: ${FOLDER}, unless another destination is given.`,
    ),
    topic: nullable(matching(TOPIC, 'a topic name')).describe(
      'Topic for rejected records, in place of the folder: the record as it was, with the reason in its headers.',
    ),
    table: nullable(tableName).describe(
      'Table for rejected records, in place of the folder, in the project and schema of table.name: committed with the rows of their batch.',
    ),
    original: choice(ORIGINALS)
      .prefault('keep')
      .describe(
        "What becomes of a rejected record's key, value and headers: keep them, encrypt them for publicKeyFile, or drop them (then it cannot be replayed).",
      ),
    publicKeyFile: nullable(pemFile('PUBLIC KEY')).describe(
      'PEM file with an RSA public key of at least 2048 bits, for original: encrypt.',
    ),
  })
  .superRefine(({ file, topic, table, original, publicKeyFile }, context) => {
    const given = Object.entries({ file, topic, table }).flatMap(([name, value]) =>
      value == null ? [] : name,
    );
    if (given.length > 1)
      context.addIssue({ code: 'custom', message: `give one of ${given.join(', ')}, not more` });
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['publicKeyFile'], message });
    if (original === 'encrypt' && publicKeyFile === null) issue('original: encrypt needs it');
    if (original !== 'encrypt' && typeof publicKeyFile === 'string')
      issue('never used without original: encrypt');
  }, EVEN_IF_WRONG);

/** The folder, when that is the destination. */
export const letterFolder = ({ file }: z.output<typeof deadLetters>): string => file ?? FOLDER;
