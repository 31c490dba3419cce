import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cdata, escapeXml, find, parseXml } from '../../src/maxcompute/xml.ts';

describe('the XML reader', () => {
  it('reads elements, attributes, entities, CDATA, comments and empty elements', () => {
    const root = parseXml(
      `<?xml version="1.0"?>\n<!-- c --><Table format="Js&amp;on" b='"'><Name>a&lt;b&#x41;&#66;</Name><Comment/>` +
        `<Schema><![CDATA[{"a":"<&amp;>"}]]>x</Schema></Table>\n`,
    );
    expect(root.attributes).toEqual({ format: 'Js&on', b: '"' });
    expect(find(root, 'Name')?.text).toBe('a<bAB');
    expect(find(root, 'Comment')?.text).toBe('');
    expect(find(root, 'Schema')?.text).toBe('{"a":"<&amp;>"}x');
    expect(find(root, 'No', 'Such')).toBeUndefined();
  });

  it.each(['', '<a>', '<a></b>', '</a>', '<a/><b/>', 'x<a/>', '<a b=c/>', '<a', '<a>&</a', '{"Code":"x"}'])(
    'refuses %j',
    (text) => {
      expect(() => parseXml(text)).toThrow();
    },
  );

  it('reads back any text written by its own escapes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const root = parseXml(`<r><a k="${escapeXml(text)}">${escapeXml(text)}</a><b>${cdata(text)}</b></r>`);
        expect(find(root, 'a')).toMatchObject({ text, attributes: { k: text } });
        expect(find(root, 'b')?.text).toBe(text);
      }),
    );
  });

  it('never hangs and never fails with anything but an Error', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '=',
      '"',
      '&',
      ';',
      '#',
      '![CDATA[',
      ']]>',
      '!--',
      '?',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        try {
          parseXml(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
