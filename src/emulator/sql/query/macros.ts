/** The Nth match begins behind what this finds. */
const BEFORE = (n: string): string =>
  `regexp_extract(t, '(?s)^((?:.*?(?:' || p || ')){' || CAST(${n} - 1 AS VARCHAR) || '}.*?)(?:' || p || ')', 1)`;

/** One value must not take the memory of the process: nothing bounds what DuckDB makes within one row. */
const MOST_ELEMENTS = 10_000_000;
const refusal = (text: string): string => `error('ODPS-0121095:Invalid arguments - ${text}')`;
const TOO_MANY = refusal(`an array would have more than ${MOST_ELEMENTS} elements`);
const TOO_LONG = refusal('a text would be longer than 8 MiB');

/** The same over nanoseconds that fit into 64 bits: DuckDB divides 128 bits a hundred times slower. */
const inBigint = (text: string): string =>
  `CASE WHEN n BETWEEN -9223372036854774808 AND 9223372036854774807 THEN ${text.replace(/\bn\b/g, 'CAST(n AS BIGINT)')} ELSE ${text} END`;

/** Functions of queries in SQL: `CREATE MACRO` statements that the store runs when it opens. */
export const MACROS: readonly string[] = [
  `mc_local(t) AS make_timestamp(mc_wall_clock(t))`,
  `mc_below_microsecond(n) AS ${inBigint('(n % 1000 + 1000) % 1000')}`,
  `mc_microseconds(n) AS ${inBigint('CAST((n - (n % 1000 + 1000) % 1000) // 1000 AS BIGINT)')}`,
  `mc_nanoseconds(t) AS CAST(epoch_us(t) AS HUGEINT) * 1000`,
  `mc_from_seconds(n) AS CASE WHEN n BETWEEN -62135596800 AND 253402300799 THEN CAST(n AS HUGEINT) * 1000000000 END`,
  `mc_timestamp_text(t, n) AS strftime(t, '%Y-%m-%d %H:%M:%S') || rtrim(rtrim(strftime(t, '.%f') || printf('%03d', CAST(mc_below_microsecond(n) AS BIGINT)), '0'), '.')`,
  `mc_div(a, b) AS CASE WHEN b = 0 THEN NULL WHEN (a < 0) = (b < 0) THEN abs(a) // abs(b) ELSE -(abs(a) // abs(b)) END`,
  `mc_item(a, i) AS CASE WHEN i BETWEEN 0 AND 2147483646 THEN a[i + 1] END`,
  `mc_repeat(t, n) AS CASE WHEN n > 8388608 // greatest(strlen(t), 1) THEN ${TOO_LONG} ELSE repeat(t, n) END`,
  `mc_array_repeat(x, n) AS CASE WHEN n > ${MOST_ELEMENTS} THEN ${TOO_MANY} ELSE list_resize([x], greatest(n, 0), x) END`,
  `mc_epoch_seconds(n) AS CASE WHEN n BETWEEN -62135596800 AND 253402300799 THEN n END`,
  `mc_in_years(t) AS CASE WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN t END`,
  `mc_substr(t, s, n) AS CASE WHEN t IS NULL OR s IS NULL THEN NULL WHEN n <= 0 OR s > length(t) OR -s > length(t) THEN ''
     WHEN n IS NULL THEN substring(t, CASE WHEN s = 0 THEN 1 ELSE s END) ELSE substring(t, CASE WHEN s = 0 THEN 1 WHEN s < 0 THEN length(t) + s + 1 ELSE s END, n) END`,
  `mc_substr_binary(t, s, n) AS unhex(mc_substr(hex(t), CASE WHEN s < 0 THEN 2 * s WHEN s = 0 THEN 1 ELSE 2 * s - 1 END, 2 * n))`,
  `mc_matches(t, p) AS regexp_matches(t, p)`,
  `mc_regexp_count(t0, p, s) AS (SELECT CAST(len(regexp_extract_all(substring(t0, greatest(s, 1)), p)) AS BIGINT))`,
  `mc_regexp_substr(t, p, s, n) AS regexp_extract_all(substring(t, greatest(s, 1)), p)[n]`,
  `mc_regexp_before(t, p, n) AS CASE WHEN len(regexp_extract_all(t, p)) >= n THEN ${BEFORE('n')} END`,
  `mc_regexp_instr(t, p, s, n, o) AS CASE WHEN t IS NULL OR p IS NULL THEN NULL ELSE coalesce(CAST(greatest(s, 1)
     + length(mc_regexp_before(substring(t, greatest(s, 1)), p, n))
     + CASE WHEN o = 1 THEN length(regexp_extract_all(substring(t, greatest(s, 1)), p)[n]) ELSE 0 END AS BIGINT), 0) END`,
  `mc_regexp_replace(t, p, r, n) AS CASE WHEN n = 0 THEN regexp_replace(t, p, r, 'g') WHEN mc_regexp_before(t, p, n) IS NULL THEN t
     ELSE mc_regexp_before(t, p, n) || regexp_replace(substring(t, length(mc_regexp_before(t, p, n)) + 1), p, r) END`,
  `mc_trim_tail(a) AS a[1:coalesce(len(a) - list_position(list_transform(list_reverse(a), lambda x: x <> ''), TRUE) + 1, 0)]`,
  `mc_split(t, p, trimmed) AS CASE WHEN p = '' THEN CASE WHEN t = '' THEN [''] ELSE string_split(t, '') END
     WHEN trimmed THEN mc_trim_tail(regexp_split_to_array(t, p)) ELSE regexp_split_to_array(t, p) END`,
  `mc_distinct(a) AS list_filter(a, lambda x, i: list_position(a, x) = i)`,
  `mc_normalize(a, p) AS list_transform(a, lambda x: x / nullif(mc_pow(list_sum(list_transform(a, lambda y: mc_pow(abs(y), p))), 1.0 / p), 0))`,
  `mc_slice(a, s, n) AS CASE WHEN s > 0 THEN a[s:s + n - 1] WHEN s < 0 AND -s <= len(a) THEN a[len(a) + s + 1:len(a) + s + n] ELSE [] END`,
  `mc_sequence(a, b, s) AS CASE WHEN s <> 0 AND abs(CAST(b AS HUGEINT) - a) // abs(CAST(s AS HUGEINT)) >= ${MOST_ELEMENTS} THEN ${TOO_MANY} WHEN s > 0 AND b >= a OR s < 0 AND b <= a THEN range(a, b + sign(s)::BIGINT, s) ELSE [a] END`,
  `mc_bround_decimal(v, n) AS CAST(mc_even_decimal(CAST(v AS VARCHAR), n) AS DECIMAL(38,18))`,
  `mc_map(k, v) AS map_from_entries(list_transform(list_filter(range(1, len(k) + 1), lambda i: k[i] IS NOT NULL
     AND NOT list_contains(k[i + 1:], k[i])), lambda i: struct_pack(k := k[i], v := v[i])))`,
  `mc_ngrams(a, n) AS CASE WHEN n <= 0 THEN ${refusal('ngrams needs a positive length')} ELSE list_transform(range(1, greatest(len(a) - n, 0) + 2), lambda i: a[i:i + n - 1]) END`,
  `mc_map_sum(k, v) AS map_from_entries(list_transform(mc_distinct(k), lambda x: struct_pack(k := x,
     v := list_sum(list_transform(list_filter(range(1, len(k) + 1), lambda i: k[i] = x), lambda i: coalesce(v[i], 0))))))`,
  `mc_multimap(k, v) AS map_from_entries(list_transform(mc_distinct(k), lambda x: struct_pack(k := x,
     v := list_transform(list_filter(range(1, len(k) + 1), lambda i: k[i] = x), lambda i: v[i]))))`,
  `mc_next_day(t, name) AS CAST(make_timestamp(mc_next_day_time(epoch_us(t), name)) AS DATE)`,
  `mc_shift_zone(t, source, target) AS timezone(target, timezone(source, t))`,
].map((macro) => `CREATE OR REPLACE MACRO ${macro}`);
