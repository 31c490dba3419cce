import { byId, grid, h, show } from './dom.js';
import { ago, bytes, clock, count, duration, plural } from './figures.js';
import { write } from './sql.js';

const GOOD = ['closed', 'committed', 'Success'];
const BAD = ['expired', 'critical', 'canceled', 'aborted', 'Failed', 'Cancelled'];

function badge(word) {
  const kind = GOOD.includes(word) ? ' good' : BAD.includes(word) ? ' bad' : ' warn';
  return h('span', { class: `badge${kind}` }, word);
}

export function showCards(state) {
  const running = state.instances.filter(({ status }) => status === 'Running').length;
  const asked = Object.values(state.requests).reduce((sum, n) => sum + n, 0);
  const card = (title, figure, more) =>
    h('div', { class: 'card' }, h('span', {}, title), h('b', {}, figure), h('span', {}, more));
  show(
    'cards-row',
    card('tables', count(state.tableCount), plural(state.schemas.length, 'schema')),
    card('rows', count(state.rows), state.bytes > 0 ? bytes(state.bytes) : 'committed'),
    card('open sessions', count(state.openSessions), `of ${plural(state.sessionCount, 'session')}`),
    card('instances', count(state.instanceCount), `${count(running)} running`),
    card('requests', count(asked), `${bytes(state.bytesIn)} of blocks`),
  );
}

export function showSessions({ sessions }) {
  if (sessions.length === 0)
    return show(
      'sessions',
      h('p', { class: 'quiet' }, 'None: uploads, downloads, streams and upserts appear here.'),
    );
  const lines = sessions.map(({ kind, id, table, tablePartition, status, rows }) => {
    const where = [table, tablePartition].filter(Boolean).join(' ');
    return h(
      'tr',
      { title: id },
      h('td', { class: 't' }, kind),
      h('td', { class: 'text' }, where),
      h('td', { class: 'n' }, count(rows)),
      h('td', { class: 't' }, badge(status)),
    );
  });
  const heads = [
    ['', 'kind'],
    ['', 'table'],
    ['n', 'rows'],
    ['', 'state'],
  ];
  show('sessions', grid(heads, lines, 'Sessions'));
}

export function showInstances({ instances, instanceCount, now }) {
  if (instances.length === 0)
    return show('instances', h('p', { class: 'quiet' }, 'None yet: every SQL statement becomes one.'));
  const more =
    instanceCount > instances.length
      ? h('p', { class: 'quiet small' }, `The newest ${count(instances.length)} of ${count(instanceCount)}.`)
      : null;
  show('instances', ...instances.map((one) => instanceLine(one, now)), more);
}

function instanceLine({ id, taskName, query, status, startedAt, endedAt, error }, now) {
  const took = duration((endedAt ?? now) - startedAt);
  const summary = h(
    'summary',
    {},
    h('code', {}, query.replace(/\s+/g, ' ')),
    h('span', { class: 'quiet small t' }, took),
    badge(status),
  );
  const again = h(
    'button',
    { type: 'button', class: 'plain', onclick: () => write(query) },
    'Into the SQL box',
  );
  const body = h(
    'div',
    { class: 'body' },
    h('p', { class: 'quiet small' }, `${id} · ${taskName} · ${clock(startedAt)} UTC, ${ago(startedAt, now)}`),
    error ? h('p', { class: 'note bad' }, error) : null,
    h('pre', {}, query),
    h('p', {}, again),
  );
  return h('details', { class: 'one-instance', id: `instance-${id}` }, summary, body);
}

export function showRequests({ requests }) {
  const items = Object.entries(requests).sort(([a], [b]) => (a < b ? -1 : 1));
  if (items.length === 0) return show('requests', h('p', { class: 'quiet' }, 'None yet.'));
  show(
    'requests',
    h(
      'ul',
      {},
      items.map(([name, n]) => h('li', {}, `${name.replaceAll('_', ' ')} `, h('b', {}, count(n)))),
    ),
  );
}

export function showFaults({ faults, tunnel }) {
  const command = `curl -X POST ${tunnel}/_control -d '{"route":"commit","action":"cut","when":"after","times":1}'`;
  const hint = h(
    'details',
    { class: 'plain-details', id: 'fault-hint' },
    h('summary', {}, 'How to make calls fail'),
    h('pre', {}, `${command}\ncurl -X DELETE ${tunnel}/_control`),
  );
  if (faults.length === 0)
    return show('faults', h('p', { class: 'quiet' }, 'None: every call is answered as it should be.'), hint);
  const lines = faults.map(({ id, route, fault, seen, applied, ...limits }) => {
    const { action, ...rest } = fault === 'function' ? { action: 'function' } : fault;
    const more = Object.entries({ ...rest, ...limits })
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
    return h('tr', {}, [
      h('td', { class: 'n' }, id),
      h('td', { class: 't' }, route),
      h('td', { class: 'text' }, `${action} ${more}`),
      h('td', { class: 'n' }, `${count(applied)} of ${count(seen)}`),
    ]);
  });
  const heads = [
    ['n', 'rule'],
    ['', 'calls'],
    ['', 'fault'],
    ['n', 'applied'],
  ];
  show('faults', grid(heads, lines), hint);
}

export function showConnect({ endpoint, tunnel, project, accessId }) {
  const part = (title, text) =>
    h(
      'details',
      { class: 'plain-details', id: `connect-${title}` },
      h('summary', {}, title),
      h('pre', {}, text),
    );
  show(
    'connect',
    part(
      'PyODPS',
      `from odps import ODPS\no = ODPS('${accessId}', 'ACCESS_KEY', '${project}', endpoint='${endpoint}')`,
    ),
    part(
      'Java',
      `import com.aliyun.odps.Odps;\nimport com.aliyun.odps.account.AliyunAccount;\n\nOdps odps = new Odps(new AliyunAccount("${accessId}", "ACCESS_KEY"));\nodps.setEndpoint("${endpoint}");\nodps.setDefaultProject("${project}");`,
    ),
    part(
      'odpscmd',
      `# conf/odps_config.ini\nproject_name=${project}\naccess_id=${accessId}\naccess_key=ACCESS_KEY\nend_point=${endpoint}\ntunnel_endpoint=${tunnel}`,
    ),
    part(
      'maxsink',
      `maxcompute:\n  endpoint: ${endpoint}\n  project: ${project}\n  credentials: {accessKeyId: ${accessId}, accessKeySecret: ACCESS_KEY}`,
    ),
  );
}

/** A link of an instance that a client printed leads here. */
export function openLinked() {
  const linked = byId(decodeURIComponent(location.hash.slice(1)));
  if (!(linked instanceof HTMLDetailsElement) || linked.dataset.linked) return;
  linked.open = true;
  linked.dataset.linked = 'yes';
  linked.scrollIntoView({ block: 'center' });
}
