import { readFileSync } from 'node:fs';
import { Refusal, type Reply } from '../errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** Nothing is loaded from elsewhere, nothing runs but the files of the page, nobody shows it inside of his own. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': POLICY,
};

const read = new Map<string, string>();

/** A file of the page by its name; read when it is first asked for. */
export function asset(name: string): Reply {
  const type = TYPES[/^[a-z-]+\.(html|css|js)$/.exec(name)?.[1] ?? ''];
  const body = type && (read.get(name) ?? load(name));
  if (!type || body === undefined)
    throw new Refusal(404, 'NotFound', `There is no file ${name} of the page.`);
  return { status: 200, type, headers: PAGE_HEADERS, body };
}

function load(name: string): string | undefined {
  try {
    const text = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
    read.set(name, text);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
