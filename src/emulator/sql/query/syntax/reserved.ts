/** Words that cannot be a column or an alias unless they stand in back quotes. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'ALL ALTER AND AS BETWEEN BY CASE CAST CROSS DISTINCT DISTRIBUTE DROP ELSE END EXCEPT EXISTS FROM FULL GROUP HAVING IN INNER ' +
    'INSERT INTERSECT INTO IS JOIN LATERAL LEFT LIKE LIMIT MINUS NATURAL NOT NULL ON OR ORDER OUTER QUALIFY REGEXP RIGHT RLIKE SELECT ' +
    'SORT TABLE THEN UNION USING VALUES WHEN WHERE WINDOW WITH CLUSTER OVER TABLESAMPLE'
  ).split(' '),
);

export const isReserved = (word: string): boolean => RESERVED.has(word);

/** Words after a table or an expression that begin the next clause, although they may name columns. */
const CLAUSES: ReadonlySet<string> = new Set(['OFFSET', 'SEMI', 'ANTI', 'PIVOT', 'UNPIVOT']);

export const endsAlias = (word: string): boolean => RESERVED.has(word) || CLAUSES.has(word);
