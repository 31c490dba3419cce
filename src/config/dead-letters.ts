import { z } from 'zod';
import { text } from './leaf.ts';

export const deadLetters = z.strictObject({
  file: text('the name of a folder')
    .prefault('dead-letters')
    .describe('Folder of rejected records. Relative to the working directory.'),
});
