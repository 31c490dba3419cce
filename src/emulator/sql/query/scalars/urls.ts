import { define, withNulls } from './define.ts';

interface Parts {
  readonly protocol: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

/** By the grammar of RFC 3986, without the changes that browsers make. */
function partsOf(url: string): Parts | undefined {
  const match = /^([a-z][\w+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(url);
  if (!match) return undefined;
  const [, protocol = '', authority = '', path = '', query, fragment] = match;
  return { protocol, authority, path, query, fragment };
}

function part(url: string, name: string, key: string | null): string | null {
  const parts = partsOf(url);
  if (!parts) return null;
  const { protocol, authority, path, query, fragment } = parts;
  const [user, place = ''] = authority.includes('@') ? splitAtLast(authority, '@') : [null, authority];
  switch (name.toUpperCase()) {
    case 'HOST':
      return place.replace(/:\d*$/, '') || null;
    case 'PATH':
      return path;
    case 'QUERY':
      return key === null ? (query ?? null) : keyIn(query ?? '', key);
    case 'REF':
      return fragment ?? null;
    case 'PROTOCOL':
      return protocol;
    case 'AUTHORITY':
      return authority || null;
    case 'FILE':
      return query === undefined ? path : `${path}?${query}`;
    case 'USERINFO':
      return user;
    case 'PORT':
      return /:(\d+)$/.exec(place)?.[1] ?? null;
    default:
      return null;
  }
}

const splitAtLast = (text: string, sign: string): [string, string] => {
  const at = text.lastIndexOf(sign);
  return [text.slice(0, at), text.slice(at + 1)];
};

function keyIn(query: string, key: string): string | null {
  const pair = query.split('&').find((each) => each.startsWith(`${key}=`));
  return pair === undefined ? null : pair.slice(key.length + 1);
}

/** `QUERY:k` names a key of the query. */
function tuplePart(url: string, name: string): string | null {
  const [word = '', ...rest] = name.split(':');
  return part(url, word, rest.length ? rest.join(':') : null);
}

export const URL_FUNCTIONS = [
  withNulls(define('mc_parse_url', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'VARCHAR', part), 2),
  define('mc_parse_url_part', ['VARCHAR', 'VARCHAR'], 'VARCHAR', tuplePart),
];
