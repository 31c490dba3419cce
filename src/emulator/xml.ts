/** The little XML that the service calls need: fixed shapes out, a few elements in. */
const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** `<Name>text</Name>`. */
export const element = (name: string, content: string | number): string =>
  `<${name}>${escapeXml(String(content))}</${name}>`;

/** An element for each, in their order. */
export const fields = (contents: Readonly<Record<string, string | number>>): string =>
  Object.entries(contents)
    .map(([name, content]) => element(name, content))
    .join('');

/** `]]>` inside is split over two sections. */
export const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolveEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return NAMED[name] ?? whole;
    const code = Number(name.slice(1).replace(/^x/i, '0x'));
    return code <= LAST_CODE_POINT ? String.fromCodePoint(code) : whole;
  });
}

const LAST_CODE_POINT = 0x10ffff;
const [CDATA, CDATA_END] = ['<![CDATA[', ']]>'];

/**
 * Tags and the texts between them, CDATA sections verbatim, up to where one is not closed. By `indexOf` and not by
 * one pattern: a body may have megabytes, and a pattern tries again from every `<`.
 */
function* pieces(xml: string): Iterable<{ readonly tag: string } | { readonly text: string }> {
  for (let at = 0; at < xml.length; ) {
    const isSection = xml.startsWith(CDATA, at);
    const isTag = !isSection && xml[at] === '<';
    const start = isSection ? at + CDATA.length : isTag ? at + 1 : at;
    const closing = isSection ? CDATA_END : isTag ? '>' : '<';
    const found = xml.indexOf(closing, start);
    if (found < 0 && (isSection || isTag)) return;
    const end = found < 0 ? xml.length : found;
    const inside = xml.slice(start, end);
    yield isTag ? { tag: inside } : { text: isSection ? inside : resolveEntities(inside) };
    at = isSection || isTag ? end + closing.length : end;
  }
}

/** Of a tag that may have attributes. */
function tagName(tag: string): string {
  const end = tag.search(/\s/);
  return end < 0 ? tag : tag.slice(0, end);
}

/** Text of the first element `name` that holds no other, wherever it stands; undefined when there is none. */
export function elementText(xml: string, name: string): string | undefined {
  let text: string | undefined;
  for (const piece of pieces(xml)) {
    if ('text' in piece) text = text === undefined ? undefined : text + piece.text;
    else if (text !== undefined && piece.tag === `/${name}`) return text;
    else text = tagName(piece.tag) === name ? '' : undefined;
  }
  return undefined;
}

/** Contents of all elements `name` that hold no other of their name, as they stand. */
export function elements(xml: string, name: string): string[] {
  const opening = new RegExp(`<${name}(?:\\s[^<>]*)?>`, 'g');
  const closing = `</${name}>`;
  const found: string[] = [];
  while (opening.test(xml)) {
    const end = xml.indexOf(closing, opening.lastIndex);
    if (end < 0) break;
    found.push(xml.slice(opening.lastIndex, end));
    opening.lastIndex = end + closing.length;
  }
  return found;
}

/** An element where it begins, or where it ends; `within` and `above` are the names of what it stands in. */
export interface Step {
  readonly name: string;
  readonly within: string | undefined;
  readonly above: string | undefined;
  readonly begins: boolean;
  /** Where it ends: its text when it holds no element. */
  readonly text: string | undefined;
}

/** More and deeper than anything that a client sends. */
const [MOST, DEEPEST] = [10_000, 100];

/** Goes through all elements, up to where a tag is not closed, or there are too many or too deep ones. */
export function* steps(xml: string): Iterable<Step> {
  const open: string[] = [];
  const step = () => ({ name: open.at(-1)!, within: open.at(-2), above: open.at(-3) });
  let text: string | undefined;
  let count = 0;
  for (const piece of pieces(xml)) {
    if ('text' in piece) {
      if (text !== undefined) text += piece.text;
    } else if (!piece.tag.startsWith('/')) {
      if (/^[?!]/.test(piece.tag) || piece.tag.endsWith('/')) continue;
      count += 1;
      if (open.length === DEEPEST || count > MOST) return;
      open.push(tagName(piece.tag));
      text = '';
      yield { ...step(), begins: true, text: undefined };
    } else if (open.at(-1) === piece.tag.slice(1)) {
      yield { ...step(), begins: false, text };
      open.pop();
      text = undefined;
    }
  }
}
