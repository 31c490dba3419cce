import { closeSync, openSync, readSync } from 'node:fs';
import { LIMITS } from '../limits.ts';

/** Any file that can be read, a pipe too, but not without end as `/dev/zero`. */
export function readSmallFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  const bytes = Buffer.alloc(LIMITS.configFileBytes + 1);
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (length > LIMITS.configFileBytes) throw new Error(`it is larger than ${LIMITS.configFileBytes} bytes`);
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
