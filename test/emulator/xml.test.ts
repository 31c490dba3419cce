import { describe, expect, it } from 'vitest';
import { cdata, elements, elementText, escapeXml, steps } from '../../src/emulator/xml.ts';

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

  it('reads lists of elements', () => {
    expect(elements('<T>1</T><T a="b">2</T><Two>3</Two><T>4', 'T')).toEqual(['1', '2']);
  });

  it('goes through elements with what they stand in', () => {
    const found = [...steps('<?xml version="1.0"?><A><B x="1"><C>1</C></B><D/>2</A></B>')];
    const ends = found.filter((step) => !step.begins).map(({ name, within, above }) => [name, within, above]);
    expect(found.map(({ name }) => name)).toEqual(['A', 'B', 'C', 'C', 'B', 'A']);
    expect(ends).toEqual([
      ['C', 'B', 'A'],
      ['B', 'A', undefined],
      ['A', undefined, undefined],
    ]);
    expect(found.map(({ text }) => text).filter(Boolean)).toEqual(['1']);
  });

  it.each([
    ['CDATA sections one after another', '<![CDATA[a]]>'.repeat(100_000)],
    ['CDATA sections that do not end', '<![CDATA['.repeat(100_000)],
    ['tags that do not end', '<Query '.repeat(100_000)],
    ['elements that do not end', '<Property><Name>'.repeat(100_000)],
    ['ends without a beginning', '</Name></Value>'.repeat(100_000)],
  ])('ends with %s', (_what, text) => {
    expect(elementText(`<Query>${text}<x>`, 'Query')).toBeUndefined();
    expect(elements(`<Query>${text}`, 'Query')).toEqual([]);
    expect([...steps(text)].every((step) => !step.text)).toBe(true);
  });

  it('goes no further than any client does', () => {
    expect([...steps('<a></a>'.repeat(1_000_000))]).toHaveLength(20_000);
    expect([...steps('<a>'.repeat(1_000_000))]).toHaveLength(100);
  });

  it('reads a text of megabytes', () => {
    const text = 'a'.repeat(9_000_000);
    expect(elementText(`<Query>${text}</Query>`, 'Query')).toBe(text);
  });
});
