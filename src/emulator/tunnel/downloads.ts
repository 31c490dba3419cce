import { Refusal } from '../errors.ts';
import type { Rows } from '../store/store.ts';
import { newSessionId } from './session-id.ts';
import { createSessions, type Kind, type Session, type Sessions } from './sessions.ts';

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

export interface Download extends Source, Session {
  /** Answers that read the rows at this moment. */
  readers: number;
}

export interface Downloads extends Sessions<Download> {
  create(source: Source): Download;
  /** The session; throws NoSuchDownload, or InvalidResourceSpec for another source. */
  findFor(id: string, key: string): Download;
  /** Runs what reads the rows; they stay until it has ended, whatever becomes of the session. */
  reading<T>(download: Download, pieces: AsyncIterable<T>): AsyncIterable<T>;
}

/** Life of a session, and how long the server remembers it altogether (protocol 4.5). */
const LIFE_MS = 24 * 3600_000;
const MEMORY_MS = 2 * LIFE_MS;
/** Sessions that hold rows at once: beyond it the oldest that nobody reads expires early. */
const MOST_OPEN = 500;

const KIND: Kind<Download> = {
  name: 'download',
  // Both clients know no others (requests 12).
  words: { normal: 'normal', expired: 'expired' },
  otherEnd: 'expired',
  closedText: '',
  notFound: (id) => new Refusal(404, 'NoSuchDownload', `The specified download id ${id} does not exist.`),
  lifetime: ({ createdAt }) => ({ expires: createdAt + LIFE_MS, forgotten: createdAt + MEMORY_MS }),
  place: ({ name, tablePartition, count }) => ({ table: name, tablePartition, rows: count }),
  release: releaseUnread,
};

export function createDownloads(now: () => number): Downloads {
  const sessions = createSessions(KIND, now);

  function create(source: Source): Download {
    makeRoom();
    const time = now();
    const download: Download = {
      ...source,
      id: newSessionId(time),
      createdAt: time,
      state: 'normal',
      readers: 0,
    };
    sessions.add(download);
    return download;
  }

  function findFor(id: string, key: string): Download {
    const download = sessions.find(id);
    if (download.key === key) return download;
    const { name, tablePartition } = download;
    const of = tablePartition ? `${name} partition ${tablePartition}` : name;
    throw new Refusal(400, 'InvalidResourceSpec', `Download ${id} was created for ${of}.`);
  }

  async function* reading<T>(download: Download, pieces: AsyncIterable<T>): AsyncIterable<T> {
    download.readers += 1;
    try {
      yield* pieces;
    } finally {
      download.readers -= 1;
      if (download.state !== 'normal') releaseUnread(download);
    }
  }

  function makeRoom(): void {
    const open = sessions.open();
    const oldest = open.length < MOST_OPEN ? undefined : open.find(({ readers }) => readers === 0);
    if (oldest) sessions.end(oldest, 'expired');
  }

  return { ...sessions, create, findFor, reading };
}

function releaseUnread({ ownsRows, readers, rows }: Download): void {
  if (ownsRows && readers === 0) void rows.release().catch(() => {});
}
