import { connect } from 'node:net';

/**
 * Rights of a broker with an authorizer, over Kafka's own protocol (CreateAcls and DeleteAcls version 1):
 * the command-line tool would start a Java machine for each.
 */
const CREATE = 30;
const DELETE = 31;
const TYPES = { topic: 2, group: 3 } as const;
const OPERATIONS = { read: 3, describe: 8 } as const;
const [PREFIXED, ALLOW] = [4, 3];

export interface Right {
  readonly user: string;
  readonly on: keyof typeof TYPES;
  /** Names that begin so. */
  readonly prefix: string;
  readonly may: keyof typeof OPERATIONS;
}

/** `door`: a listener whose clients are super users. */
export const grant = (door: string, rights: readonly Right[]): Promise<void> => change(door, CREATE, rights);
export const withdraw = (door: string, rights: readonly Right[]): Promise<void> =>
  change(door, DELETE, rights);

async function change(door: string, api: number, rights: readonly Right[]): Promise<void> {
  const [host, port] = door.split(':');
  const body = Buffer.concat([int32(rights.length), ...rights.map(entry)]);
  const header = Buffer.concat([int16(api), int16(1), int32(1), text('test')]);
  const request = Buffer.concat([int32(header.length + body.length), header, body]);
  const answer = await ask(host!, Number(port), request);
  // length, correlation, throttle time, count, then a result each, beginning with its error code.
  const code = answer.readInt16BE(16);
  if (code !== 0) throw new Error(`the broker refuses the change of rights: ${code}`);
}

/** The filter of a deletion has the same shape as what was created. */
const entry = ({ user, on, prefix, may }: Right): Buffer =>
  Buffer.concat([
    int8(TYPES[on]),
    text(prefix),
    int8(PREFIXED),
    text(`User:${user}`),
    text('*'),
    int8(OPERATIONS[may]),
    int8(ALLOW),
  ]);

function ask(host: string, port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect(port, host, () => socket.write(request));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer to the change of rights')));
    socket.on('error', reject);
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      socket.destroy();
      resolve(answer);
    });
  });
}

const int8 = (value: number): Buffer => Buffer.from([value]);
const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
};
