/** Texts in the order of listings, by their UTF-16 units. */
export const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
export const descending = (a: string, b: string): number => ascending(b, a);
