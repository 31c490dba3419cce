/** A small exact reader of the service's XML answers, and what is needed to write its requests. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own character data, entities decoded, CDATA as it stands; text of children is not in it. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

const TOKEN =
  /<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>|<\/(?<close>[^\s<>/]+)\s*>|<(?<open>[^\s<>/!?]+)(?<attributes>(?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/?)>|(?<text>[^<]+)/gy;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The root element. Throws an Error on anything that is not one well-formed document. */
export function parseXml(source: string): XmlElement {
  const root = element('', '');
  const path = [root];
  let at = 0;
  for (const match of source.matchAll(TOKEN)) {
    if (match.index !== at) break;
    at += match[0].length;
    readToken(match.groups!, path);
  }
  const [document] = root.children;
  if (at !== source.length || path.length !== 1 || root.children.length !== 1 || root.text.trim() !== '') {
    throw new Error(`not well-formed XML at character ${at}`);
  }
  return document!;
}

function readToken(token: Record<string, string | undefined>, path: OpenElement[]): void {
  const parent = path.at(-1)!;
  if (token.open !== undefined) {
    const opened = element(token.open, token.attributes ?? '');
    parent.children.push(opened);
    if (!token.empty) path.push(opened);
  } else if (token.close !== undefined) {
    if (path.length === 1 || parent.name !== token.close) throw new Error(`unexpected </${token.close}>`);
    path.pop();
  } else {
    parent.text += token.cdata ?? decodeEntities(token.text ?? '');
  }
}

function element(name: string, attributes: string): OpenElement {
  const pairs = [...attributes.matchAll(ATTRIBUTE)].map(
    ([, key, double, single]) => [key!, decodeEntities(double ?? single ?? '')] as const,
  );
  return { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
}

/** The first element on a path of names, or undefined. */
export function find(from: XmlElement, ...names: readonly string[]): XmlElement | undefined {
  let at: XmlElement | undefined = from;
  for (const name of names) at = at?.children.find((child) => child.name === name);
  return at;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

export function escapeXml(text: string): string {
  const entity: Record<string, string> = {
    '<': '&lt;',
    '>': '&gt;',
    '&': '&amp;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[<>&"']/g, (char) => entity[char]!);
}

/** Text as CDATA; an inner `]]>` is split over two sections (protocol 3.4). */
export function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
