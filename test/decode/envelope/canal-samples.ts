export type Json = Record<string, unknown>;

/** A flat message as Canal 1.1.7 writes it: every value of a row is text or null. */
export const canalMessage = (
  type: string,
  data: Json[] | null,
  old: (Json | null)[] | null = null,
): Json => ({
  ...{ data, database: 'inventory', es: 1_732_181_571_000, gtid: '', id: 9, isDdl: false },
  ...{ mysqlType: { id: 'bigint', name: 'varchar(255)', weight: 'float' }, old, pkNames: ['id'] },
  ...{ sql: '', sqlType: { id: -5, name: 12, weight: 7 }, table: 'products', ts: 1_732_181_571_225, type },
});

/** A change of the table itself. */
export const canalDdl = (type: string, sql: string): Json => ({
  ...canalMessage(type, null),
  ...{ isDdl: true, sql, mysqlType: null, sqlType: null, pkNames: null },
});
