import { BOOLEAN, type Cell, STRING } from '../../decode/cell/cell.ts';
import { cellText } from '../../decode/encoding/utf8.ts';
import { type Converter, wrongType } from './converter.ts';
import { digitsOf, newDigits } from './decimal-digits.ts';

const digits = newDigits();

/** BOOLEAN: true and false, the numbers 0 and 1, and the texts "true" and "false" in any case. */
export const booleanConverter: Converter = (cell, out, column) => {
  const value = cell.kind === BOOLEAN ? cell.num : cell.kind === STRING ? fromText(cell) : fromNumber(cell);
  if (value < 0) return wrongType(cell, 'BOOLEAN');
  out.boolean(column, value);
  return null;
};

/** 0, 1, or -1 for anything else. */
function fromText(cell: Cell): number {
  const length = cell.end - cell.start;
  if (length !== 4 && length !== 5) return -1;
  const text = cellText(cell).toLowerCase();
  return text === 'true' ? 1 : text === 'false' ? 0 : -1;
}

function fromNumber(cell: Cell): number {
  if (!digitsOf(cell, digits)) return -1;
  if (digits.length === 0) return 0;
  return digits.length === 1 && digits.digits[0] === 1 && digits.point === 1 && !digits.negative ? 1 : -1;
}
