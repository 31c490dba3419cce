import { describe, expect, it } from 'vitest';
import { cdata, elements, elementText, escapeXml, properties } from '../../src/emulator/xml.ts';

describe('XML of service calls', () => {
  it('reads the text of an element, with entities, CDATA sections and attributes', () => {
    expect(elementText('<a><Query lang="sql">x &lt; 1 &#65;&#x42;</Query></a>', 'Query')).toBe('x < 1 AB');
    expect(elementText(`<Query>${cdata('a ]]> <b> &amp;')}</Query>`, 'Query')).toBe('a ]]> <b> &amp;');
    expect(elementText(`<Name>${escapeXml(`<&>"'`)}</Name>`, 'Name')).toBe(`<&>"'`);
    expect(elementText('<Name/><Names>n</Names>', 'Name')).toBeUndefined();
  });

  it('takes markup inside of CDATA for text', () => {
    const xml = `<Query>${cdata('SELECT "<Name>no</Name>"')}</Query><Name>yes</Name>`;
    expect(elementText(xml, 'Name')).toBe('yes');
  });

  it('passes over an element that holds others, to one of the same name that does not', () => {
    expect(elementText('<Name><x>1</x></Name><Name>2</Name>', 'Name')).toBe('2');
  });

  it('leaves what is no character as it stands', () => {
    expect(elementText('<Name>&#x110000; &#99999999999; &#; &nothing;</Name>', 'Name')).toBe(
      '&#x110000; &#99999999999; &#; &nothing;',
    );
  });

  it('reads lists of elements and of properties', () => {
    expect(elements('<T>1</T><T a="b">2</T><Two>3</Two><T>4', 'T')).toEqual(['1', '2']);
    const one = '<Property>\n<Name> k </Name><Value><![CDATA[{"a":"1"}]]></Value></Property>';
    expect(properties(`<Config>${one}<Property><Name>lost</Name></Property></Config>`)).toEqual(
      new Map([['k', '{"a":"1"}']]),
    );
  });

  it.each([
    ['CDATA sections one after another', '<![CDATA[a]]>'.repeat(100_000)],
    ['CDATA sections that do not end', '<![CDATA['.repeat(100_000)],
    ['tags that do not end', '<Query '.repeat(100_000)],
    ['elements that do not end', '<Property><Name>'.repeat(100_000)],
  ])('ends with %s', (_what, text) => {
    expect(elementText(`<Query>${text}<x>`, 'Query')).toBeUndefined();
    expect(elements(`<Query>${text}`, 'Query')).toEqual([]);
    expect(properties(text)).toEqual(new Map());
  });

  it('reads a text of megabytes', () => {
    const text = 'a'.repeat(9_000_000);
    expect(elementText(`<Query>${text}</Query>`, 'Query')).toBe(text);
  });
});
