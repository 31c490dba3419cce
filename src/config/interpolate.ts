/** Where `${env:NAME}` and `${file:path}` take their text from. */
export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read; relative paths are resolved by it. */
  readonly readFile: (path: string) => string;
}

type Result = { readonly text: string } | { readonly problem: string };

/** `$${` first, so that an escape is never taken for a reference; an unclosed reference ends with the text. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$/s;
// biome-ignore lint/suspicious/noTemplateCurlyInString: the notation itself
const FORMS = 'expected ${env:NAME}, ${env:NAME:-default} or ${file:path}; a literal ${ is written $${';

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` (when unset or empty) and `${file:path}` (one line break at its
 * end is cut) in one scalar, after YAML was parsed: no text can change the structure. Not repeated on the result.
 */
export function interpolate(scalar: string, sources: Sources): Result {
  let problem: string | undefined;
  const text = scalar.replace(
    REFERENCE,
    (whole: string, body: string | undefined, close: string | undefined) => {
      if (whole === '$${') return '${';
      const result = close ? resolve(body ?? '', sources) : { problem: FORMS };
      if ('text' in result) return result.text;
      problem ??= result.problem;
      return '';
    },
  );
  return problem === undefined ? { text } : { problem };
}

function resolve(body: string, { env, readFile }: Sources): Result {
  const [, name, defaulted, fallback = ''] = VARIABLE.exec(body) ?? [];
  if (name !== undefined) {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (defaulted !== undefined) return { text: value || fallback };
    return value === undefined ? { problem: `the environment variable ${name} is not set` } : { text: value };
  }
  if (!body.startsWith('file:') || body.length === 'file:'.length) return { problem: FORMS };
  return fileText(body.slice('file:'.length), readFile);
}

function fileText(path: string, readFile: Sources['readFile']): Result {
  try {
    return { text: readFile(path).replace(/\r?\n$/, '') };
  } catch (error) {
    return { problem: `the file ${path} cannot be read: ${fileReason(error)}` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
};

/** Why a file could not be read, in words. */
export function fileReason(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
