/** The little XML that the service calls need: fixed shapes out, a few elements in. */
const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** `]]>` inside is split over two sections. */
export const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolveEntities(text: string): string {
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return NAMED[name] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return String.fromCodePoint(code);
  });
}

/** Text of an element's content: CDATA sections verbatim, the rest with entities resolved. */
function textOf(content: string): string {
  const parts = content.split(/<!\[CDATA\[([\s\S]*?)\]\]>/);
  return parts.map((part, index) => (index % 2 ? part : resolveEntities(part))).join('');
}

/** Text of the first element `name`, wherever it stands; undefined when there is none. */
export function elementText(xml: string, name: string): string | undefined {
  // CDATA is stepped over, so that markup inside a query is never taken for an element.
  const match = new RegExp(`<${name}(?:\\s[^>]*)?>((?:<!\\[CDATA\\[[\\s\\S]*?\\]\\]>|[^<])*)</${name}>`).exec(
    xml,
  );
  return match ? textOf(match[1]!) : undefined;
}

/** Contents of all elements `name` that hold no other of their name, as they stand. */
export function elements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g');
  return [...xml.matchAll(pattern)].map(([, content]) => content!);
}

/** `<Property><Name>n</Name><Value>v</Value></Property>` elements as a map. */
export function properties(xml: string): Map<string, string> {
  const found = new Map<string, string>();
  const pattern = /<Property>\s*<Name>([\s\S]*?)<\/Name>\s*<Value>([\s\S]*?)<\/Value>\s*<\/Property>/g;
  for (const [, name, value] of xml.matchAll(pattern)) found.set(textOf(name!).trim(), textOf(value!));
  return found;
}
