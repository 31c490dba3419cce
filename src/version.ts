import { createRequire } from 'node:module';

/** The version of package.json; the file stands one folder above the sources and above the build. */
export const VERSION: string = (createRequire(import.meta.url)('../package.json') as { version: string })
  .version;
