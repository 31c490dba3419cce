/** Turns bytes of one character encoding into text; a byte order mark is dropped. */
export interface Charset {
  /** The encoding's own name: `latin1` is windows-1252. */
  readonly name: string;
  /** @throws TypeError for bytes that are no such text */
  decode(bytes: Uint8Array): string;
  /** Whether more bytes could make valid text of these. */
  begins(bytes: Uint8Array): boolean;
}

/** What 0x80 to 0x9f are in windows-1252; some versions of Node take them for ISO 8859-1, whose control characters nobody writes. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** The charset of a label of the WHATWG Encoding Standard (gbk, big5, latin1, ...); null: there is none that can be decoded strictly. */
export function charsetOf(label: string): Charset | null {
  try {
    const { encoding: name } = new TextDecoder(label, { fatal: true });
    // By the standard one decoder reads both; Node's own for gbk lets a byte of 0xff pass.
    const strict = name === 'gbk' ? 'gb18030' : name;
    const decoder = new TextDecoder(strict, { fatal: true });
    return {
      name,
      decode: name === 'windows-1252' ? windows1252(decoder) : (bytes) => decoder.decode(bytes),
      begins: (bytes) => canBegin(strict, bytes),
    };
  } catch {
    return null;
  }
}

const windows1252 = (decoder: InstanceType<typeof TextDecoder>) => (bytes: Uint8Array) =>
  decoder.decode(bytes).replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80]!);

function canBegin(encoding: string, bytes: Uint8Array): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
