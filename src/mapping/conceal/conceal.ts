import { Cell, STRING } from '../../decode/cell/cell.ts';
import { cellText } from '../../decode/encoding/utf8.ts';
import { type Converter, dirty } from '../convert/converter.ts';
import { renderText } from '../convert/text.ts';
import type { PlanColumn } from '../plan.ts';
import { createHasher } from './hash.ts';
import { createMask } from './mask.ts';

type Options = Pick<PlanColumn, 'mask' | 'hash'>;

/** The converter of a column whose text is masked or hashed on its way; of any other column as it is. */
export function concealed(options: Options, convert: Converter, maxFieldBytes: number): Converter {
  const change = changeOf(options);
  if (!change) return convert;
  const rendered = new Cell();
  const changed = new Cell();
  return (cell, out, column) => {
    const problem = renderText(cell, rendered);
    if (problem) return problem;
    // The text of something larger may be cut.
    if (rendered.end - rendered.start > maxFieldBytes)
      return dirty('too_long', `the text has more than ${maxFieldBytes} bytes`);
    const bytes = Buffer.from(change(rendered));
    changed.setBytes(STRING, bytes, 0, bytes.length);
    return convert(changed, out, column);
  };
}

/** The text of a STRING cell to the text that the table gets; null: nothing is concealed. */
function changeOf({ mask, hash }: Options): ((cell: Cell) => string) | null {
  if (mask) {
    const apply = createMask(mask);
    return (cell) => apply(cellText(cell));
  }
  if (!hash) return null;
  const apply = createHasher(hash);
  return ({ bytes, start, end }) => apply(bytes.subarray(start, end));
}
