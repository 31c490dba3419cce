/**
 * CPU per record of the record writer, the checksums and the compressors, on rows of ten typical
 * columns. Run after a build: node test/bench/encode.bench.mjs
 */
import { adler32 } from '../../dist/encode/adler32.js';
import { compressor } from '../../dist/encode/piece.js';
import { RecordWriter } from '../../dist/encode/record-writer.js';

const ROWS = 20_000;
const ROUNDS = 15;

let state = 12_345;
function random(below) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const text = (length) => Uint8Array.from({ length }, () => 97 + random(26));

const rows = Array.from({ length: ROWS }, (_, index) => ({
  id: 7_000_000_000_000 + index,
  user: text(36),
  tag: text(8),
  quantity: random(20),
  amount: random(1e6) / 100,
  price: new TextEncoder().encode((random(1e6) / 100).toFixed(2)),
  city: text(12),
  paid: random(2),
  at: 1_790_000_000_000 + index * 37,
  offset: index,
}));

function write(writer) {
  for (const row of rows) {
    writer.begin();
    writer.integer(1, row.id);
    writer.bytes(2, row.user, 0, row.user.length);
    writer.bytes(3, row.tag, 0, row.tag.length);
    writer.integer(4, row.quantity);
    writer.double(5, row.amount);
    writer.bytes(6, row.price, 0, row.price.length);
    writer.bytes(7, row.city, 0, row.city.length);
    writer.boolean(8, row.paid);
    writer.integer(9, row.at);
    writer.integer(10, row.offset);
    writer.end();
  }
}

function measure(name, work, count) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    times.push(process.cpuUsage(before).user / count);
  }
  const median = times.sort((a, b) => a - b)[ROUNDS >> 1];
  console.log(`${name.padEnd(32)} ${median.toFixed(3)} us/record`);
}

const writer = new RecordWriter();
measure(
  'encode, 10 columns with CRC32C',
  () => {
    writer.reset();
    write(writer);
  },
  ROWS,
);
const raw = writer.view();
console.log(`row bytes ${(raw.length / ROWS).toFixed(0)}`);
measure('adler32', () => adler32(raw, 0, raw.length), ROWS);
measure('deflate level 1', () => compressor('deflate')(raw), ROWS);
