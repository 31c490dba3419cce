/** The access key, for as long as the tab is open; only asked for when the emulator can be reached from elsewhere. */
const KEY = 'maxsink-access-key';

export const keepKey = (key) => sessionStorage.setItem(KEY, key);

export class CallError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A call of the page; throws CallError with the status, 0 when nobody answers. */
export async function ask(path, body, signal) {
  const headers = { 'x-access-key': sessionStorage.getItem(KEY) ?? '' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const method = body === undefined ? 'GET' : 'POST';
  const options = { method, headers, body: body && JSON.stringify(body), signal, cache: 'no-store' };
  let answer;
  try {
    answer = await fetch(`/_page/${path}`, options);
  } catch (error) {
    throw error.name === 'AbortError' ? error : new CallError(0, 'The local MaxCompute does not answer.');
  }
  const content = await answer.json();
  if (!answer.ok) throw new CallError(answer.status, content.error ?? `HTTP ${answer.status}`);
  return content;
}
