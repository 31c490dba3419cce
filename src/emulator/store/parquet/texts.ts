import type { ColumnType } from '../../model/types.ts';
import { checkUtf8, valueCheck } from '../../record/value-checks.ts';
import type { Bytes } from './bytes.ts';
import { CONVERTED, type Counted, type Encoding, PHYSICAL, valueStart } from './encoding.ts';

/** Length and bytes. */
function addBytes(values: Bytes, counted: Counted, source: Uint8Array, start: number, end: number): boolean {
  values.int32(end - start);
  counted.bytes += end - start;
  return values.copy(source, start, end);
}

export function binaries(values: Bytes, counted: Counted): Encoding {
  return {
    physical: PHYSICAL.bytes,
    describe: () => {},
    fromCell: (cell) => void addBytes(values, counted, cell as Uint8Array, 0, (cell as Uint8Array).length),
    fromRecord: (scan) => {
      const start = valueStart(scan);
      addBytes(values, counted, scan.bytes, start, scan.at);
    },
  };
}

/** ASCII texts of up to `unchecked` bytes are right whatever stands in them. */
export function texts(type: ColumnType, unchecked: number, values: Bytes, counted: Counted): Encoding {
  const check = valueCheck(type);
  return {
    physical: PHYSICAL.bytes,
    describe: (element) => element.i32(6, CONVERTED.text),
    fromCell: (cell) => {
      const bytes = Buffer.from(cell as string);
      addBytes(values, counted, bytes, 0, bytes.length);
    },
    fromRecord: (scan) => {
      const start = valueStart(scan);
      const isAscii = addBytes(values, counted, scan.bytes, start, scan.at);
      if (isAscii && scan.at - start <= unchecked) return;
      const text = scan.bytes.subarray(start, scan.at);
      checkUtf8(text);
      if (text.length > unchecked) check?.(Buffer.from(text).toString());
    },
  };
}
