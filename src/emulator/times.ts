/** As headers and most answers write a time (RFC 9110), from ms. */
export const httpDate = (time: number): string => new Date(time).toUTCString();

/** Times of the JSON in answers, of blocks and of table partitions are whole seconds, from ms. */
export const seconds = (time: number): number => Math.floor(time / 1000);
