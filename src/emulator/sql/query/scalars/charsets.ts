import { define } from './define.ts';

/** Node writes only some encodings; the others are written by looking up what their bytes decode to. */
const WRITTEN: Record<string, BufferEncoding> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  'utf-16le': 'utf16le',
  'iso-8859-1': 'latin1',
  'us-ascii': 'ascii',
  ascii: 'ascii',
};

function encode(text: string, charset: string): Uint8Array | null {
  const name = charset.toLowerCase();
  if (name === 'utf-16be' || name === 'utf-16') {
    const bytes = Buffer.from(text, 'utf16le').swap16();
    return name === 'utf-16' ? Buffer.concat([Buffer.from([0xfe, 0xff]), bytes]) : bytes;
  }
  const encoding = WRITTEN[name];
  if (encoding) return Buffer.from(text, encoding);
  const table = tableOf(name);
  return table && Buffer.concat([...text].map((char) => table.get(char) ?? Buffer.from('?')));
}

const tables = new Map<string, Map<string, Buffer>>();

/** Characters of GBK and its relatives by their one or two bytes. */
function tableOf(charset: string): Map<string, Buffer> | null {
  const known = tables.get(charset);
  if (known) return known;
  const decoder = decoderOf(charset);
  if (!decoder) return null;
  const table = new Map<string, Buffer>();
  for (let high = 0; high < 256; high += 1) {
    for (let low = -1; low < 256; low += 1) {
      const bytes = low < 0 ? Buffer.from([high]) : Buffer.from([high, low]);
      const text = decodeOrNull(decoder, bytes);
      if (text !== null && [...text].length === 1 && !table.has(text)) table.set(text, bytes);
    }
  }
  tables.set(charset, table);
  return table;
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> | null {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return null;
  }
}

function decodeOrNull(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function decode(bytes: Uint8Array, charset: string): string | null {
  const decoder = decoderOf(charset);
  return decoder && decodeOrNull(decoder, bytes);
}

function isEncoding(text: string, from: string, to: string): boolean | null {
  if (!decoderOf(from) || !decoderOf(to)) return null;
  const encoded = encode(text, to);
  return encoded !== null && decode(encoded, to) === text;
}

function hexBytes(text: string): Uint8Array | null {
  if (!/^[\da-f]*$/i.test(text)) return null;
  return Buffer.from(text.length % 2 ? `0${text}` : text, 'hex');
}

export const CHARSET_FUNCTIONS = [
  define('mc_encode', ['VARCHAR', 'VARCHAR'], 'BLOB', encode),
  define('mc_decode', ['BLOB', 'VARCHAR'], 'VARCHAR', decode),
  define('mc_is_encoding', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'BOOLEAN', isEncoding),
  define('mc_unhex', ['VARCHAR'], 'BLOB', hexBytes),
  define('mc_unbase64', ['VARCHAR'], 'BLOB', (text) => Buffer.from(text, 'base64')),
];
