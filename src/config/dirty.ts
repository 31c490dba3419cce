import { z } from 'zod';
import { choice } from './leaf.ts';

const none = () => z.null('comes with a later version: leave it out').prefault(null);

export const dirty = z.strictObject({
  default: choice(['dead_letter'], ['default_value', 'set_null', 'truncate', 'skip', 'stop'])
    .prefault('dead_letter')
    .describe('What happens to a dirty record; only dead_letter today.'),
  classes: z
    .record(z.string(), z.never('choices per class come with a later version: leave it out'))
    .prefault({})
    .describe('Another choice for some classes of error; later.'),
  limit: z
    .strictObject({
      count: none().describe('Dirty records within window that stop the service; later.'),
      percent: none().describe('Percentage of dirty records within window that stops the service; later.'),
      window: choice(['1h']).prefault('1h').describe('Window of the limits; later.'),
    })
    .prefault({}),
});
