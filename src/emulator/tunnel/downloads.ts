import { Refusal } from '../errors.ts';
import type { Rows } from '../store/store.ts';
import { newSessionId } from './session-id.ts';

/** Words that both clients know (requests 12). */
export type DownloadStatus = 'normal' | 'expired';

/** What is downloaded: a table, a table partition, or the result of an instance. */
export interface Source {
  /** Tells one source from another; clients never see it. */
  readonly key: string;
  /** For people: a table or an instance, and `pt=a` or nothing. */
  readonly name: string;
  readonly tablePartition: string;
  /** Rows as they were when the session was made. */
  readonly rows: Rows;
  /** How many of them are to be had. */
  readonly count: number;
  /** `Schema` and `QuotaName` of the session's answers. */
  readonly schema: object;
  readonly quota: string;
  /** False: the rows are somebody else's to release. */
  readonly ownsRows: boolean;
}

export interface Download extends Source {
  readonly id: string;
  readonly createdAt: number;
  status: DownloadStatus;
  /** Answers that read the rows at this moment. */
  readers: number;
}

export interface Downloads {
  readonly counts: { created: number };
  create(source: Source): Download;
  /** The session, its expiry considered; throws NoSuchDownload, or InvalidResourceSpec for another source. */
  find(id: string, key: string): Download;
  /** Refuses unless rows may be read. */
  checkReadable(download: Download): void;
  /** Runs what reads the rows; they stay until it has ended, whatever becomes of the session. */
  reading<T>(download: Download, pieces: AsyncIterable<T>): AsyncIterable<T>;
  list(): readonly Download[];
  get(id: string): Download | undefined;
  /** Puts a session (or all open ones) into another state: for fault control. */
  force(id: string | undefined, state: DownloadStatus | 'gone'): void;
  openCount(): number;
}

/** Life of a session, and how long the server remembers it afterwards (protocol 4.5). */
const LIFE_MS = 24 * 3600_000;
const MEMORY_MS = 2 * LIFE_MS;
/** Sessions that hold rows at once: beyond it the oldest that nobody reads expires early. */
const MOST_OPEN = 500;

export function createDownloads(now: () => number): Downloads {
  const downloads = new Map<string, Download>();
  const counts = { created: 0 };

  function create(source: Source): Download {
    forgetOld();
    makeRoom();
    const id = newSessionId(now());
    const download: Download = { ...source, id, createdAt: now(), status: 'normal', readers: 0 };
    downloads.set(id, download);
    counts.created += 1;
    return download;
  }

  function find(id: string, key: string): Download {
    forgetOld();
    const download = downloads.get(id);
    if (!download)
      throw new Refusal(404, 'NoSuchDownload', `The specified download id ${id} does not exist.`);
    if (download.key === key) return download;
    const { name, tablePartition } = download;
    const of = tablePartition ? `${name} partition ${tablePartition}` : name;
    throw new Refusal(400, 'InvalidResourceSpec', `Download ${id} was created for ${of}.`);
  }

  function checkReadable({ id, status }: Download): void {
    if (status !== 'normal') throw new Refusal(400, 'StatusConflict', `Download ${id} is ${status}.`);
  }

  async function* reading<T>(download: Download, pieces: AsyncIterable<T>): AsyncIterable<T> {
    download.readers += 1;
    try {
      yield* pieces;
    } finally {
      download.readers -= 1;
      if (download.status !== 'normal') releaseUnread(download);
    }
  }

  function expire(download: Download): void {
    if (download.status !== 'normal') return;
    download.status = 'expired';
    releaseUnread(download);
  }

  function forgetOld(): void {
    for (const download of downloads.values()) {
      const age = now() - download.createdAt;
      if (age < LIFE_MS) return;
      expire(download);
      if (age >= MEMORY_MS) downloads.delete(download.id);
    }
  }

  function makeRoom(): void {
    if (openCount() < MOST_OPEN) return;
    const oldest = list().find(({ status, readers }) => status === 'normal' && readers === 0);
    if (oldest) expire(oldest);
  }

  function force(id: string | undefined, state: DownloadStatus | 'gone'): void {
    const chosen = id === undefined ? list().filter(isOpen) : [downloads.get(id)];
    for (const download of chosen) {
      if (!download || state === 'normal') continue;
      expire(download);
      if (state === 'gone') downloads.delete(download.id);
    }
  }

  const list = () => [...downloads.values()];
  const get = (id: string) => downloads.get(id);
  const openCount = () => list().filter(isOpen).length;
  return { counts, create, find, checkReadable, reading, list, get, force, openCount };
}

const isOpen = (download: Download): boolean => download.status === 'normal';

function releaseUnread({ ownsRows, readers, rows }: Download): void {
  if (ownsRows && readers === 0) void rows.release().catch(() => {});
}
