/** String functions of the documentation; `mc_*` are this emulator's own. */
export const TEXT = `
ascii(string): bigint => CAST(ascii($1) AS BIGINT)
char_matchcount(string, string): bigint => mc_char_matchcount($1, $2)
chr(bigint): string => CASE WHEN $1 BETWEEN 0 AND 127 THEN chr(CAST($1 AS INTEGER)) END
concat_ws(string, string, ...string): string => concat_ws($*)
concat_ws(string, array<string>): string => mc_join($2, $1, NULL)
encode(string, string): binary => mc_encode($1, $2)
find_in_set(string, string, string = ','): bigint => mc_find_in_set($1, $2, $3)
format_number(double, bigint): string => mc_format_number($1, $2)
format_number(double, constant): string => mc_format_pattern($1, $2)
from_charset(binary, string, string = ''): string => mc_decode($1, $2)
get_json_object(json, string): string => mc_json_object($1, $2)
get_json_object(string, string): string => mc_json_object($1, $2)
initcap(string): string => mc_initcap($1)
instr(string, string, bigint = 1, bigint = 1): bigint => mc_instr($1, $2, $3, $4)
is_encoding(string, string, string): boolean => mc_is_encoding($1, $2, $3)
keyvalue(string, string): string => mc_keyvalue($1, ';', ':', $2)
keyvalue(string, string, string, string): string => mc_keyvalue($1, $2, $3, $4)
length(string): bigint => CAST(length($1) AS BIGINT)
lengthb(string): bigint => CAST(strlen($1) AS BIGINT)
locate(string, string, bigint = 1): bigint => mc_instr($2, $1, $3, 1)
lower(string): string
tolower(string): string => lower($1)
upper(string): string
toupper(string): string => upper($1)
lpad(string, bigint, string): string => mc_pad($1, $2, $3, TRUE)
rpad(string, bigint, string): string => mc_pad($1, $2, $3, FALSE)
ltrim(string, string = ' '): string => ltrim($1, $2)
rtrim(string, string = ' '): string => rtrim($1, $2)
md5(string): string => md5($1)
md5(binary): string => md5($1)
sha(string): string => mc_sha($1, 1)
sha1(string): string => mc_sha($1, 1)
sha2(string, bigint): string => mc_sha($1, $2)
crc32(string): bigint => mc_crc32($1)
parse_url(string, string, string = NULL): string => mc_parse_url($1, $2, $3)
regexp_count(string, string, bigint = 1): bigint => mc_regexp_count($1, $2, $3)
regexp_extract(string, string, bigint = 1): string => regexp_extract($1, $2, CAST($3 AS INTEGER))
regexp_extract_all(string, string, bigint = 1): array<string> => regexp_extract_all($1, $2, CAST($3 AS INTEGER))
regexp_instr(string, string, bigint = 1, bigint = 1, bigint = 0): bigint => mc_regexp_instr($1, $2, $3, $4, $5)
regexp_replace(string, string, string, bigint = 0): string => mc_regexp_replace($1, $2, $3, $4)
regexp_substr(string, string, bigint = 1, bigint = 1): string => mc_regexp_substr($1, $2, $3, $4)
repeat(string, bigint): string => mc_repeat($1, $2)
replace(string, string, string): string => CASE WHEN $2 = '' THEN $1 ELSE replace($*) END
soundex(string): string => mc_soundex($1)
space(bigint): string => mc_repeat(' ', $1)
split(string, string, boolean = TRUE): array<string> => mc_split($1, $2, $3)
split_part(string, string, bigint): string => mc_split_part($1, $2, $3, $3)
split_part(string, string, bigint, bigint): string => mc_split_part($*)
substr(string, bigint, bigint = NULL): string => mc_substr($1, $2, $3)
substring(string, bigint, bigint = NULL): string => mc_substr($1, $2, $3)
substring(binary, bigint, bigint = NULL): binary => mc_substr_binary($1, $2, $3)
substring_index(string, string, bigint): string => mc_substring_index($*)
translate(string, string, string): string => translate($*)
trim(string, string = ' ', string = 'BOTH'): string => CASE $3 WHEN 'LEADING' THEN ltrim($1, $2) WHEN 'TRAILING' THEN rtrim($1, $2) ELSE trim($1, $2) END
url_encode(string, string = 'UTF-8'): string => mc_url_encode($1)
url_decode(string, string = 'UTF-8'): string => mc_url_decode($1)
base64(binary): string => base64($1)
base64(string): string => base64(encode($1))
unbase64(string): binary => mc_unbase64($1)
levenshtein(string, string): bigint => CAST(levenshtein($*) AS BIGINT)
mask_hash(string): string => mc_sha($1, 256)
`;

/** Mathematical functions. What is outside of a function's domain is NULL. */
export const MATH = `
acos(double): double => CASE WHEN abs($1) <= 1 THEN acos($1) END
asin(double): double => CASE WHEN abs($1) <= 1 THEN asin($1) END
atan(double): double
atan2(double, double): double
cbrt(double): double
cos(double): double
cosh(double): double
cot(double): double => 1 / nullif(tan($1), 0)
sin(double): double
sinh(double): double
tan(double): double
tanh(double): double
degrees(double): double
radians(double): double
bin(bigint): string => bin($1)
bround(decimal(38,18), bigint = 0): decimal(38,18) => mc_bround_decimal($1, $2)
bround(double, bigint = 0): double => mc_bround($1, $2)
conv(string, bigint, bigint): string => mc_conv($1, $2, $3)
e(): double => exp(1)
exp(double): double
factorial(bigint): bigint => CASE WHEN $1 BETWEEN 0 AND 20 THEN CAST(factorial(CAST($1 AS INTEGER)) AS BIGINT) END
hex(bigint): string => mc_hex($1)
hex(string): string => hex($1)
hex(binary): string => hex($1)
unhex(string): binary => mc_unhex($1)
isnan(double): boolean
ln(double): double => CASE WHEN $1 > 0 THEN ln($1) END
log(double, double): double => CASE WHEN $1 > 0 AND $1 <> 1 AND $2 > 0 THEN ln($2) / ln($1) END
log(double): double => CASE WHEN $1 > 0 THEN ln($1) END
log10(double): double => CASE WHEN $1 > 0 THEN log10($1) END
log2(double): double => CASE WHEN $1 > 0 THEN log2($1) END
negative(number): $1 => (-$1)
positive(number): $1 => $1
pi(): double
pow(double, double): double => mc_pow($1, $2)
power(double, double): double => mc_pow($1, $2)
rand(): double => random()
rand(bigint): double => mc_rand($1)
shiftleft(int, int): int => CAST(mc_shift_left(CAST($1 AS BIGINT), CAST($2 AS BIGINT), 32) AS INTEGER)
shiftleft(bigint, int): bigint => mc_shift_left($1, CAST($2 AS BIGINT), 64)
shiftright(int, int): int => CAST(mc_shift_right(CAST($1 AS BIGINT), CAST($2 AS BIGINT), 32) AS INTEGER)
shiftright(bigint, int): bigint => mc_shift_right($1, CAST($2 AS BIGINT), 64)
shiftrightunsigned(int, int): int => CAST(mc_shift_right_unsigned(CAST($1 AS BIGINT), CAST($2 AS BIGINT), 32) AS INTEGER)
shiftrightunsigned(bigint, int): bigint => mc_shift_right_unsigned($1, CAST($2 AS BIGINT), 64)
sign(double): double => CAST(sign($1) AS DOUBLE)
sqrt(double): double => CASE WHEN $1 >= 0 THEN sqrt($1) END
width_bucket(double, double, double, bigint): bigint => mc_width_bucket($*)
`;
