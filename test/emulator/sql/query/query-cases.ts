/** Whole queries over the tables of `queries.test.ts`, with the CSV they answer. */
export const QUERY_CASES: readonly (readonly [string, string])[] = [
  // names of columns
  ['SELECT 1, id, ID AS Big, id + 1, `name` FROM emp WHERE id = 1', '_c0,id,big,_c3,name|1,1,1,2,"ann"'],
  ['SELECT a.id, b.id FROM emp a JOIN emp b ON a.id = b.id WHERE a.id = 1', 'id,id2|1,1'],
  [
    'SELECT e.* FROM emp e WHERE e.id = 1',
    'id,name,dept,salary,hired|1,"ann","x",10.5,"2020-01-01 00:00:00"',
  ],
  ['SELECT `(hired|salary|dept)?+.+` FROM emp WHERE id = 1', 'id,name|1,"ann"'],
  ['SELECT `d.*` FROM emp WHERE id = 1', 'dept|"x"'],
  ['SELECT * EXCEPT (salary, hired) FROM emp WHERE id = 1', 'id,name,dept|1,"ann","x"'],
  ['SELECT demo.emp.id, emp.name FROM demo.emp WHERE demo.emp.id = 2', 'id,name|2,"bob"'],
  ['SELECT `offset`, `all` FROM words', 'offset,all|7,"w"'],
  ['SELECT offset FROM words LIMIT 1', 'offset|7'],
  // clauses
  ['SELECT id FROM emp ORDER BY id LIMIT 2', 'id|1|2'],
  ['SELECT id FROM emp ORDER BY id LIMIT 1, 2', 'id|2|3'],
  ['SELECT id FROM emp ORDER BY id LIMIT 2 OFFSET 2', 'id|3|4'],
  ['SELECT salary FROM emp ORDER BY salary LIMIT 9', 'salary|\\N|10.5|20.0|30.0'],
  ['SELECT salary FROM emp ORDER BY salary DESC LIMIT 9', 'salary|30.0|20.0|10.5|\\N'],
  ['SELECT salary FROM emp ORDER BY salary NULLS LAST LIMIT 1', 'salary|10.5'],
  ['SELECT id x, -id y FROM emp ORDER BY y LIMIT 1', 'x,y|4,-4'],
  ['SELECT dept FROM emp GROUP BY dept ORDER BY dept', 'dept|"x"|"y"'],
  ['SELECT upper(dept) d, count(*) FROM emp GROUP BY upper(dept) ORDER BY d', 'd,_c1|"X",2|"Y",2'],
  ['SELECT upper(dept) d, count(*) n FROM emp GROUP BY d HAVING n > 1 ORDER BY d', 'd,n|"X",2|"Y",2'],
  ['SELECT dept, sum(salary) FROM emp GROUP BY 1 ORDER BY 1', 'dept,_c1|"x",30.5|"y",30.0'],
  ['SELECT DISTINCT dept FROM emp ORDER BY dept', 'dept|"x"|"y"'],
  [
    'SELECT count(DISTINCT dept), count(DISTINCT dept, salary), count(salary), count(*) FROM emp',
    '_c0,_c1,_c2,_c3|2,3,3,4',
  ],
  ['SELECT dept, count(*) c FROM emp GROUP BY dept WITH ROLLUP ORDER BY dept', 'dept,c|\\N,4|"x",2|"y",2'],
  [
    'SELECT dept, name, count(*) c FROM emp WHERE id < 3 GROUP BY GROUPING SETS ((dept), (name), ()) ORDER BY dept, name',
    'dept,name,c|\\N,\\N,2|\\N,"ann",1|\\N,"bob",1|"x",\\N,2',
  ],
  [
    'SELECT a, b, c, count(*), GROUPING__ID FROM VALUES (1, 2, 3) AS t(a, b, c) GROUP BY a, b, c GROUPING SETS ((c, b, a), (a)) ORDER BY grouping__id',
    'a,b,c,_c3,grouping__id|1,2,3,1,0|1,\\N,\\N,1,3',
  ],
  [
    'SELECT x, grouping__id g FROM VALUES (1, 2) AS t(x, y) GROUP BY GROUPING SETS ((x, y), (x), ()) HAVING grouping__id > 0 ORDER BY g',
    'x,g|1,1|\\N,3',
  ],
  [
    'SELECT upper(dept) d, name AS n, grouping__id, count(*) FROM emp WHERE id < 3 GROUP BY d, n WITH ROLLUP ORDER BY grouping__id, n',
    'd,n,grouping__id,_c3|"X","ann",0,1|"X","bob",0,1|"X",\\N,1,2|\\N,\\N,3,2',
  ],
  [
    'SELECT upper(dept) d, grouping(d) g, grouping_id(d, dept) FROM emp GROUP BY d, dept GROUPING SETS ((d), ()) HAVING grouping(d) = 0 ORDER BY d',
    'd,g,_c2|"X",0,1|"Y",0,1',
  ],
  [
    'SELECT dept, grouping(dept), grouping__id FROM emp GROUP BY 1 WITH CUBE ORDER BY grouping(dept), 1',
    'dept,_c1,grouping__id|"x",0,0|"y",0,0|\\N,1,1',
  ],
  [
    'SELECT *, grouping__id FROM (SELECT dept FROM emp) q GROUP BY 1 WITH ROLLUP ORDER BY 1',
    'dept,grouping__id|\\N,1|"x",0|"y",0',
  ],
  [
    'SELECT transform(array(id), x -> x % 2)[0] odd, count(*) FROM emp GROUP BY transform(array(id), x -> x % 2)[0] ORDER BY odd',
    'odd,_c1|0,2|1,2',
  ],
  ['SELECT grouping__id FROM VALUES (5) AS t(grouping__id) GROUP BY grouping__id', 'grouping__id|5'],
  [
    'SELECT dept, grouping(dept) g, grouping_id(dept) i, count(*) c FROM emp GROUP BY CUBE(dept) ORDER BY g, dept',
    'dept,g,i,c|"x",0,0,2|"y",0,0,2|\\N,1,1,4',
  ],
  [
    "SELECT m['hi'], m['apple'], m['pie'], size(m) FROM (SELECT map_union_sum(a) m FROM VALUES (map('hi', 2L, 'apple', 3L, 'pie', 1L)), (map('apple', null, 'hi', 4L)), (null) t(a)) q",
    '_c0,_c1,_c2,_c3|6,3,1,3',
  ],
  ['SELECT id, sum(id) OVER (ORDER BY id ROWS 1 PRECEDING) s FROM emp ORDER BY id LIMIT 2', 'id,s|1,1|2,3'],
  [
    'SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) s FROM emp ORDER BY id',
    'id,s|1,3|2,6|3,9|4,7',
  ],
  ['SELECT id FROM emp WHERE id < 2 ORDER BY typeof(id), id', 'id|1'],
  ['SELECT id FROM emp DISTRIBUTE BY dept SORT BY id DESC', 'id|4|3|2|1'],
  ['SELECT id FROM emp CLUSTER BY id', 'id|1|2|3|4'],
  ['SELECT /*+ mapjoin(b) */ a.id FROM emp a JOIN emp b ON a.id < b.id AND b.id = 2', 'id|1'],
  ['FROM emp SELECT id WHERE id = 3', 'id|3'],
  ['SELECT id, row_number() OVER (ORDER BY id DESC) rn FROM emp QUALIFY rn = 1', 'id,rn|4,1'],
  // joins
  [
    'SELECT e.id, d.title FROM emp e LEFT JOIN dept d ON e.dept = d.code ORDER BY e.id',
    'id,title|1,"dx"|2,"dx"|3,\\N|4,\\N',
  ],
  [
    'SELECT e.id, d.title FROM emp e RIGHT OUTER JOIN dept d ON e.dept = d.code ORDER BY e.id, d.title',
    'id,title|\\N,"dz"|1,"dx"|2,"dx"',
  ],
  ['SELECT count(*) FROM emp e FULL OUTER JOIN dept d ON e.dept = d.code', '_c0|5'],
  ['SELECT id FROM emp LEFT SEMI JOIN dept ON emp.dept = dept.code ORDER BY id', 'id|1|2'],
  ['SELECT id FROM emp e LEFT ANTI JOIN dept d ON e.dept = d.code ORDER BY id', 'id|3|4'],
  ['SELECT count(*) FROM emp, dept', '_c0|8'],
  ['SELECT count(*) FROM emp CROSS JOIN dept', '_c0|8'],
  ['SELECT * FROM (VALUES (1, 2)) a(k, v) JOIN (VALUES (1, 3)) b(k, w) USING (k)', 'k,v,w|1,2,3'],
  [
    'SELECT * FROM (VALUES (1, 2)) a(k, v) NATURAL FULL JOIN (VALUES (4, 3)) b(k, w) ORDER BY k',
    'k,v,w|1,2,\\N|4,\\N,3',
  ],
  ["SELECT a.k FROM (VALUES ('1')) a(k) JOIN (VALUES (1)) b(k) ON a.k = b.k", 'k|"1"'],
  // subqueries
  ['SELECT id FROM emp WHERE salary = (SELECT max(salary) FROM emp)', 'id|3'],
  ['SELECT id FROM emp WHERE dept IN (SELECT code FROM dept) ORDER BY id', 'id|1|2'],
  [
    'SELECT id FROM emp WHERE (dept, id) IN (SELECT dept, max(id) FROM emp GROUP BY dept) ORDER BY id',
    'id|2|4',
  ],
  [
    'SELECT id FROM emp e WHERE NOT EXISTS (SELECT 1 FROM dept d WHERE d.code = e.dept) ORDER BY id',
    'id|3|4',
  ],
  ['SELECT id, (SELECT count(*) FROM emp b WHERE b.dept = a.dept) n FROM emp a WHERE id = 1', 'id,n|1,2'],
  [
    'WITH a AS (SELECT id FROM emp WHERE id < 3), b AS (SELECT id FROM a WHERE id > 1) SELECT * FROM b',
    'id|2',
  ],
  ['WITH a(x) AS (SELECT 1) SELECT x FROM a UNION ALL SELECT x + 1 FROM a', 'x|1|2'],
  [
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r ORDER BY n',
    'n|1|2|3',
  ],
  ['SELECT * FROM (SELECT id FROM emp ORDER BY id LIMIT 1) t UNION ALL SELECT 9', 'id|1|9'],
  // sets
  ['SELECT 1 a UNION SELECT 1 UNION SELECT 2 ORDER BY a', 'a|1|2'],
  ['SELECT 1 a UNION ALL SELECT 2.5 ORDER BY a', 'a|1.0|2.5'],
  ['SELECT 1 a UNION ALL SELECT 2 ORDER BY -a', 'a|2|1'],
  ["SELECT 2 a UNION ALL SELECT 1 ORDER BY 'x', 1", 'a|1|2'],
  ["SELECT 1 a UNION ALL SELECT 'x' ORDER BY a", 'a|"1"|"x"'],
  ['(SELECT id FROM emp WHERE id < 3) INTERSECT (SELECT id FROM emp WHERE id > 1)', 'id|2'],
  ['SELECT id FROM emp WHERE id < 3 MINUS SELECT id FROM emp WHERE id > 1', 'id|1'],
  ['SELECT id FROM emp WHERE id < 3 EXCEPT SELECT id FROM emp WHERE id > 1', 'id|1'],
  ['SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2 ORDER BY 1', '_c0|1|2'.replace('ORDER', '')],
  ["SELECT * FROM VALUES (1, 'a'), (2, NULL) t(x, y) ORDER BY x", 'x,y|1,"a"|2,\\N'],
  ['SELECT * FROM (VALUES (1L), (2)) ORDER BY col1', 'col1|1|2'],
  // lateral views and table functions
  ['SELECT x FROM (SELECT array(3, 4) a) t LATERAL VIEW explode(a) v AS x ORDER BY x', 'x|3|4'],
  [
    'SELECT n, x FROM (VALUES (1, array(5)), (2, cast(array() as array<int>))) t(n, a) LATERAL VIEW OUTER explode(a) v AS x ORDER BY n',
    'n,x|1,5|2,\\N',
  ],
  // No ORDER BY: elements come in their own order, with OUTER too.
  [
    'SELECT n, p, x FROM (VALUES (1, array(3, 1, 2)), (2, cast(NULL AS array<int>)), (3, array(9, 8))) t(n, a) LATERAL VIEW OUTER posexplode(a) v AS p, x',
    'n,p,x|1,0,3|1,1,1|1,2,2|2,\\N,\\N|3,0,9|3,1,8',
  ],
  [
    "SELECT n, p, k, v FROM (VALUES (1, map('b', 1, 'a', 2)), (2, cast(NULL AS map<string,int>))) t(n, m) LATERAL VIEW OUTER posexplode(m) e AS p, k, v",
    'n,p,k,v|1,0,"b",1|1,1,"a",2|2,\\N,\\N,\\N',
  ],
  ["SELECT posexplode(map('b', 1, 'a', 2)) AS (p, k, v)", 'p,k,v|0,"b",1|1,"a",2'],
  [
    "SELECT n, q, r FROM (VALUES (1, array(struct(1, 'x'), struct(2, 'y'))), (2, cast(NULL AS array<struct<col1:int,col2:string>>))) t(n, a) LATERAL VIEW OUTER inline(a) e AS q, r",
    'n,q,r|1,1,"x"|1,2,"y"|2,\\N,\\N',
  ],
  [
    "SELECT k, v FROM (SELECT map('a', 1, 'b', 2) m) t LATERAL VIEW explode(m) e AS k, v ORDER BY k",
    'k,v|"a",1|"b",2',
  ],
  [
    "SELECT pos, val FROM (SELECT 1) t LATERAL VIEW posexplode(array('a', 'b')) e AS pos, val ORDER BY pos",
    'pos,val|0,"a"|1,"b"',
  ],
  [
    'SELECT x, y FROM (SELECT 1) t LATERAL VIEW explode(array(1, 2)) a AS x LATERAL VIEW explode(array(x, 10)) b AS y ORDER BY x, y',
    'x,y|1,1|1,10|2,2|2,10',
  ],
  ['SELECT explode(array(1, 2)) AS x', 'x|1|2'],
  ['SELECT explode(array(1, 2))', 'col|1|2'],
  ["SELECT posexplode(array('a')) AS (p, v)", 'p,v|0,"a"'],
  ["SELECT id, explode(split(name, 'n')) AS part FROM emp WHERE id = 2", 'id,part|2,"bob"'],
  [
    'SELECT json_tuple(\'{"a":1,"b":{"c":"x"}}\', \'a\', \'b\', \'z\') AS (a, b, z)',
    'a,b,z|"1","{""c"":""x""}",\\N',
  ],
  [
    'SELECT t.a, t.b FROM (SELECT \'{"a":"q","b":2}\' j) s LATERAL VIEW json_tuple(s.j, \'a\', \'b\') t AS a, b',
    'a,b|"q","2"',
  ],
  ["SELECT keyvalue_tuple('a:1;b:2', ';', ':', 'a', 'b') AS (a, b)", 'a,b|"1","2"'],
  ["SELECT parse_url_tuple('https://h/p?k=v', 'HOST', 'QUERY:k') AS (h, k)", 'h,k|"h","v"'],
  ["SELECT inline(array(struct(1, 'a'), struct(2, 'b'))) AS (n, t)", 'n,t|1,"a"|2,"b"'],
  ["SELECT stack(2, 1, 'a', 2, 'b') AS (n, t)", 'n,t|1,"a"|2,"b"'],
  // aggregates
  [
    'SELECT sum(id), avg(id), max(name), min(hired), count(1) FROM emp',
    '_c0,_c1,_c2,_c3,_c4|10,2.5,"dan","2020-01-01 00:00:00",4',
  ],
  ['SELECT sum(salary), avg(salary), median(salary) FROM emp', '_c0,_c1,_c2|60.5,20.166666666666668,20.0'],
  ['SELECT sum(x), avg(x) FROM (VALUES (1.10BD), (2.25BD)) t(x)', '_c0,_c1|3.35,1.675'],
  ["SELECT sum(x) FROM (VALUES ('1'), ('2.5')) t(x)", '_c0|3.5'],
  ['SELECT sum(id) FROM emp WHERE id > 100', '_c0|\\N'],
  ["SELECT wm_concat(',', name) FROM (SELECT name FROM emp ORDER BY id LIMIT 9) t", '_c0|"ann,bob,cid,dan"'],
  ["SELECT wm_concat(DISTINCT ',', dept) FROM emp WHERE dept = 'x'", '_c0|"x"'],
  [
    "SELECT dept, wm_concat(',', name) WITHIN GROUP (ORDER BY name DESC) l FROM emp GROUP BY dept ORDER BY dept",
    'dept,l|"x","bob,ann"|"y","dan,cid"',
  ],
  [
    'SELECT sort_array(collect_list(salary)), size(collect_set(dept)) FROM emp',
    '_c0,_c1|"[10.5,20.0,30.0]",2',
  ],
  ['SELECT collect_list(id) FROM emp WHERE id > 100', '_c0|"[]"'],
  [
    'SELECT percentile(id, 0.5), percentile(id, array(0.0, 1.0)), percentile_approx(id, 0.5, 100) FROM emp',
    '_c0,_c1,_c2|2.5,"[1.0,4.0]",2.5',
  ],
  [
    'SELECT stddev(id), stddev_samp(id), stddev_pop(id), variance(id), var_pop(id), var_samp(id) FROM emp WHERE id < 3',
    '_c0,_c1,_c2,_c3,_c4,_c5|0.5,0.7071067811865476,0.5,0.25,0.25,0.5',
  ],
  [
    "SELECT approx_distinct(dept), any_value(dept), count_if(id > 1) FROM emp WHERE dept = 'x'",
    '_c0,_c1,_c2|1,"x",1',
  ],
  [
    'SELECT max_by(name, id), min_by(name, id), arg_max(id, name), arg_min(id, name) FROM emp',
    '_c0,_c1,_c2,_c3|"dan","ann","dan","ann"',
  ],
  [
    'SELECT corr(id, id * 2), covar_pop(id, id), covar_samp(id, id) FROM emp WHERE id < 3',
    '_c0,_c1,_c2|1.0,0.25,0.5',
  ],
  ['SELECT bitwise_and_agg(id), bitwise_or_agg(id) FROM emp', '_c0,_c1|0,7'],
  [
    "SELECT map_agg(dept, 1)['x'], size(multimap_agg(dept, id)['y']), size(map_union(map(dept, id))), histogram(dept)['x'] FROM emp",
    '_c0,_c1,_c2,_c3|1,2,2,2',
  ],
  ['SELECT sum(id) FILTER (WHERE id > 2) FROM emp', '_c0|7'],
  // windows
  [
    'SELECT id, row_number() OVER (PARTITION BY dept ORDER BY id DESC) r FROM emp ORDER BY id',
    'id,r|1,2|2,1|3,2|4,1',
  ],
  [
    'SELECT id, rank() OVER (ORDER BY dept) a, dense_rank() OVER (ORDER BY dept) b FROM emp ORDER BY id',
    'id,a,b|1,1,1|2,1,1|3,3,2|4,3,2',
  ],
  [
    'SELECT id, percent_rank() OVER (ORDER BY id) a, cume_dist() OVER (ORDER BY id) b, ntile(2) OVER (ORDER BY id) c FROM emp ORDER BY id',
    'id,a,b,c|1,0.0,0.25,1|2,0.3333333333333333,0.5,1|3,0.6666666666666666,0.75,2|4,1.0,1.0,2',
  ],
  [
    'SELECT id, lag(id) OVER (ORDER BY id) a, lead(id, 2, 0) OVER (ORDER BY id) b FROM emp ORDER BY id',
    'id,a,b|1,\\N,3|2,1,4|3,2,0|4,3,0',
  ],
  [
    'SELECT id, first_value(salary, true) OVER (ORDER BY id DESC) a, last_value(id) OVER (PARTITION BY dept ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) b FROM emp ORDER BY id',
    'id,a,b|1,30.0,2|2,30.0,2|3,30.0,4|4,\\N,4',
  ],
  ['SELECT id, nth_value(id, 2) OVER (ORDER BY id) n FROM emp ORDER BY id LIMIT 2', 'id,n|1,\\N|2,2'],
  ['SELECT id, sum(id) OVER (ORDER BY dept) s FROM emp ORDER BY s LIMIT 1', 'id,s|1,1'],
  ['SELECT id, sum(id) OVER (ORDER BY id ROWS 1 PRECEDING) s FROM emp ORDER BY id', 'id,s|1,1|2,3|3,5|4,7'],
  [
    'SELECT id, avg(id) OVER w a, max(id) OVER (w ORDER BY id) b FROM emp WINDOW w AS (PARTITION BY dept) ORDER BY id',
    'id,a,b|1,1.5,1|2,1.5,2|3,3.5,3|4,3.5,4',
  ],
  ['SELECT count(*) FROM (SELECT cluster_sample(2) OVER (PARTITION BY dept) k FROM emp) t WHERE k', '_c0|4'],
  ['SELECT count(*) OVER () n FROM emp LIMIT 1', 'n|4'],
  // samples and names of tables
  ['SELECT count(*) > -1 FROM emp TABLESAMPLE (1 OUT OF 2 ON id) s', '_c0|true'],
  ['SELECT count(*) FROM emp TABLESAMPLE (BUCKET 1 OUT OF 1) s', '_c0|4'],
  ['SELECT count(*) FROM emp TABLESAMPLE (100 PERCENT)', '_c0|4'],
  ['SELECT count(*) FROM emp TABLESAMPLE (3 ROWS)', '_c0|3'],
  [
    'SELECT sum(n) FROM (SELECT if(sample(2, 1, id), 1, 0) + if(sample(2, 2, id), 1, 0) n FROM emp) t',
    '_c0|4',
  ],
  ["SELECT max_pt('demo.parted'), max_pt('parted')", '_c0,_c1|"20260102","20260102"'],
  ["SELECT v FROM parted WHERE pt = max_pt('parted')", 'v|2'],
  [
    "SELECT table_exists('parted'), table_exists('none'), partition_exists('parted', '20260101'), partition_exists('parted', 'pt=3')",
    '_c0,_c1,_c2,_c3|true,false,true,false',
  ],
  ['SELECT v, pt FROM parted WHERE pt > 20260101', 'v,pt|2,"20260102"'],
  // types
  ['SELECT CASE WHEN id = 1 THEN NULL ELSE name END n FROM emp WHERE id < 3 ORDER BY id', 'n|\\N|"bob"'],
  ["SELECT id FROM emp WHERE hired = '2020-01-01 00:00:00'", 'id|1'],
  ["SELECT id FROM emp WHERE id = '2'", 'id|2'],
  ["SELECT id FROM emp WHERE hired >= to_date('20200201', 'yyyymmdd') ORDER BY id LIMIT 1", 'id|2'],
];
