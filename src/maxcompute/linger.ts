import type { Socket } from 'node:net';

const LINGER_MS = 500;

/**
 * Makes a socket read on after a failed write. A server that refuses an upload early answers and closes
 * while the client is still sending; Node then destroys the socket on EPIPE or ECONNRESET although the
 * answer, which holds the real cause, lies unread in the kernel (protocol 4.3 and trap 26).
 */
export function lingerOnWriteFailure(socket: Socket): void {
  const destroy = socket.destroy;
  let lingering = false;
  socket.destroy = (error?: Error) => {
    if (lingering || !isWriteFailure(error)) return destroy.call(socket, error);
    lingering = true;
    reopenReading(socket);
    const timer = setTimeout(() => destroy.call(socket, error), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    return socket;
  };
}

function isWriteFailure(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.syscall === 'write' && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

/** Node marks the reading side as failed too, and then drops what it reads. It has no public way back. */
function reopenReading(socket: Socket): void {
  const { _readableState: state } = socket as unknown as { _readableState?: { errored: Error | null } };
  if (state !== undefined) state.errored = null;
}
