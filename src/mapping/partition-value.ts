import { parseIso } from './time/iso.ts';
import { newMoment } from './time/reader.ts';
import { type ColumnType, isNested, typeText } from './types.ts';

/**
 * Values of table partition columns: 1 to 255 of the letters, digits and `_ : . - $ # ! @`. MaxCompute would also
 * take a blank, which is refused here: a path `dt=...` with it reads badly everywhere.
 */
export const SAFE_VALUE = /^[A-Za-z0-9_:.\-$#!@]{1,255}$/;
const INTEGER = /^-?\d{1,19}$/;
const RANGE: Partial<Record<ColumnType['name'], bigint>> = {
  TINYINT: 2n ** 7n,
  SMALLINT: 2n ** 15n,
  INT: 2n ** 31n,
  BIGINT: 2n ** 63n,
};

/** Whether a table partition column may have this type. */
export function isTablePartitionType(type: ColumnType): boolean {
  return type.name in RANGE || ['STRING', 'VARCHAR', 'CHAR', 'DATE'].includes(type.name);
}

export type PartitionValue = { readonly value: string } | { readonly problem: string };

/** The value as it stands in the table partition's name (integers without leading zeros), or what is wrong with it. */
export function partitionValue(text: string, type: ColumnType): PartitionValue {
  if (!SAFE_VALUE.test(text)) {
    return {
      problem: `${JSON.stringify(text.slice(0, 64))} is not 1 to 255 of letters, digits and _ : . - $ # ! @`,
    };
  }
  const limit = RANGE[type.name];
  if (limit !== undefined) return integerValue(text, type, limit);
  if (!isNested(type) && text.length > (type.length ?? text.length))
    return { problem: `"${text}" is too long for ${typeText(type)}` };
  if (type.name === 'DATE' && !isDay(text)) return { problem: `"${text}" is no date like 2026-11-21` };
  return { value: text };
}

function integerValue(text: string, type: ColumnType, limit: bigint): PartitionValue {
  if (!INTEGER.test(text)) return { problem: `"${text}" is no ${type.name}` };
  const value = BigInt(text);
  if (value >= limit || value < -limit) return { problem: `${text} is outside the range of ${type.name}` };
  return { value: String(value) };
}

const moment = newMoment();

function isDay(text: string): boolean {
  return text.length === 10 && parseIso(Buffer.from(text), 0, 10, moment);
}
