import { ask, keepKey } from './calls.js';
import { byId } from './dom.js';
import { ago } from './figures.js';
import {
  openLinked,
  showCards,
  showConnect,
  showFaults,
  showInstances,
  showRequests,
  showSessions,
} from './lists.js';
import * as sql from './sql.js';
import { showTables } from './tables.js';

const EVERY_MS = 2000;
let state;

function showHead({ project, kept, startedAt, now, endpoint, timeZone, schemas }) {
  document.title = `${project} · local MaxCompute`;
  byId('project').textContent = project;
  byId('about').textContent = `${endpoint} · rows are ${kept} · ${timeZone} · started ${ago(startedAt, now)}`;
  byId('schema-label').hidden = schemas.length < 2;
  const known = [...byId('schema').options].map(({ value }) => value);
  if (known.join() === schemas.join()) return;
  const chosen = byId('schema').value || 'default';
  byId('schema').replaceChildren(...schemas.map((name) => new Option(name, name, false, name === chosen)));
}

function present() {
  showHead(state);
  showCards(state);
  showTables(state, refresh);
  showSessions(state);
  showInstances(state);
  showRequests(state);
  showFaults(state);
  showConnect(state);
  document.querySelector('main').hidden = false;
  openLinked();
}

async function refresh() {
  try {
    state = await ask('state');
    byId('away').hidden = true;
    byId('key').hidden = true;
    present();
  } catch (error) {
    if (error.status === 401) needKey(error);
    else byId('away').hidden = false;
  }
}

function needKey(error) {
  if (byId('key').hidden) {
    byId('key').hidden = false;
    byId('key-text').focus();
  } else if (byId('key-text').value) byId('key-error').textContent = error.message;
}

byId('key').addEventListener('submit', (event) => {
  event.preventDefault();
  keepKey(byId('key-text').value);
  void refresh();
});
byId('filter').addEventListener('input', () => state && present());
sql.listen(refresh);

/** One look after the other, none while nobody sees it or while the key is asked for. */
async function watch() {
  if (!document.hidden && byId('key').hidden) await refresh();
  setTimeout(watch, EVERY_MS);
}
document.addEventListener('visibilitychange', () => !document.hidden && byId('key').hidden && void refresh());
window.addEventListener('hashchange', openLinked);
void watch();
