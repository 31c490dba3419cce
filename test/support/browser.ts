import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type TempDir, tempDir } from './process.ts';

/** A tab of a real browser (Debian's chromium), steered over the pipe of its own protocol. */
export interface Tab {
  /** The value of an expression in the page; promises are waited for, what throws rejects. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until the expression is true; fails with what the page shows. */
  until(expression: string, deadlineMs?: number): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  /** Presses one key, with modifiers: 2 is Ctrl, 8 is Shift. */
  press(key: string, modifiers?: number): Promise<void>;
  screenshot(file: string, whole?: boolean): Promise<void>;
  /** Errors of the page: exceptions, refusals of its policy, files that are missing. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface TabOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

export interface Browser {
  open(url: string, options?: TabOptions): Promise<Tab>;
  stop(): Promise<void>;
}

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--remote-debugging-pipe',
  '--hide-scrollbars',
];

export async function startBrowser(): Promise<Browser> {
  const profile = tempDir();
  // All its processes have the output, so that `close` comes when the last of them is gone: they write into the profile.
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile.path}`, 'about:blank'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  child.stdout!.resume();
  child.stderr!.resume();
  const wire = connect(child);
  await wire.send('Browser.getVersion', {});
  return { open: (url, options = {}) => openTab(wire, url, options), stop: () => stop(child, profile) };
}

async function stop(child: ChildProcess, profile: TempDir): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  profile.remove();
}

interface Wire {
  send(method: string, params: Params, sessionId?: string): Promise<Params>;
  listen(listener: (message: Message) => void): void;
}

/** Messages are JSON texts that end with a NUL. */
function connect(child: ChildProcess): Wire {
  const [, , , to, from] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve(result: Params): void; reject(error: Error): void }>();
  const listeners: ((message: Message) => void)[] = [];
  let last = 0;
  let rest = '';
  const fail = (error: Error) => {
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  const receive = (message: Message) => {
    const one = waiting.get(message.id ?? -1);
    if (!one) for (const listener of listeners) listener(message);
    waiting.delete(message.id ?? -1);
    if (message.error) one?.reject(new Error(message.error.message));
    else one?.resolve(message.result ?? {});
  };
  from.setEncoding('utf8');
  from.on('data', (piece: string) => {
    const parts = (rest + piece).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) receive(JSON.parse(part) as Message);
  });
  child.once('error', fail);
  child.once('close', () => fail(new Error('the browser ended')));
  return {
    listen: (listener) => void listeners.push(listener),
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        to.write(`${JSON.stringify({ id: last, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
      }),
  };
}

const DEADLINE_MS = 40_000;

async function openTab(wire: Wire, url: string, options: TabOptions): Promise<Tab> {
  const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method: string, params: Params = {}) => wire.send(method, params, String(sessionId));
  const errors: string[] = [];
  wire.listen((message) => {
    if (message.sessionId === sessionId) noteError(message, errors);
  });
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  const { width = 1280, height = 900, dark = false } = options;
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' };
  await send('Emulation.setEmulatedMedia', { features: [scheme] });
  await send('Page.navigate', { url });

  async function evaluate<T>(expression: string): Promise<T> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await send('Runtime.evaluate', asked);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  async function until(expression: string, deadlineMs = DEADLINE_MS): Promise<void> {
    for (const end = Date.now() + deadlineMs; Date.now() < end; ) {
      if (await evaluate<boolean>(`Boolean(${expression})`).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const shown = await evaluate<string>('document.body.innerText').catch(String);
    throw new Error(`not so after ${deadlineMs} ms: ${expression}\n${errors.join('\n')}\n${shown}`);
  }

  async function press(key: string, modifiers = 0): Promise<void> {
    const code = key === 'Enter' ? 13 : key === 'Tab' ? 9 : key === ' ' ? 32 : 0;
    const text = modifiers & 2 || key === 'Tab' ? {} : { text: key === 'Enter' ? '\r' : key };
    await send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key,
      modifiers,
      windowsVirtualKeyCode: code,
      ...text,
    });
    await send('Input.dispatchKeyEvent', { type: 'keyUp', key, modifiers, windowsVirtualKeyCode: code });
  }

  async function screenshot(file: string, whole = false): Promise<void> {
    const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: whole });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  const type = async (text: string) => void (await send('Input.insertText', { text }));
  const close = async () => void (await wire.send('Target.closeTarget', { targetId }));
  return { evaluate, until, type, press, screenshot, errors, close };
}

function noteError({ method, params = {} }: Message, errors: string[]): void {
  if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(params.exceptionDetails));
  const entry = params.entry as { level?: string; text?: string; url?: string } | undefined;
  if (method === 'Log.entryAdded' && entry?.level === 'error')
    errors.push(`${entry.text} ${entry.url ?? ''}`);
}
