/**
 * Whether a text is what a pattern means: `any` stand for any number of characters, `one` for one. In steps of at
 * most the product of both lengths; a regular expression with many `.*` takes for ever over a long text.
 */
export function isLike(text: string, pattern: string, any: string, one = ''): boolean {
  const chars = [...text];
  const signs = [...pattern];
  const isAny = (place: number) => place < signs.length && any.includes(signs[place]!);
  let place = 0;
  // What follows the last `any` is tried further behind, one character at a time.
  let retry: { readonly place: number; at: number } | undefined;
  for (let at = 0; at < chars.length; ) {
    const sign = signs[place];
    if (isAny(place)) {
      place += 1;
      retry = { place, at };
    } else if (sign !== undefined && (sign === chars[at] || one.includes(sign))) {
      place += 1;
      at += 1;
    } else if (retry) {
      retry.at += 1;
      at = retry.at;
      place = retry.place;
    } else return false;
  }
  while (isAny(place)) place += 1;
  return place === signs.length;
}
