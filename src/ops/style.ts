/** The look of the page: calm, for a phone as for a wall, light and dark as the system is set. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1d2430; --quiet: #5d6878; --line: #e3e7ed;
  --good: #1a7f4b; --good-ground: #e2f4ea; --warn: #8a5a00; --warn-ground: #fdf1d6;
  --bad: #b3261e; --bad-ground: #fde7e5; --accent: #2f6fde;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1a2029; --ink: #e4e9f0; --quiet: #97a3b4; --line: #2a323e;
    --good: #6fd19b; --good-ground: #17382a; --warn: #f0c066; --warn-ground: #3a2e14;
    --bad: #ff9d94; --bad-ground: #45201d; --accent: #7aa7ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .25rem 0; }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
.badge {
  font-size: .8rem; font-weight: 600; padding: .1rem .6rem; border-radius: 1rem; white-space: nowrap;
  background: var(--line); color: var(--quiet);
}
.good { background: var(--good-ground); color: var(--good); }
.warn { background: var(--warn-ground); color: var(--warn); }
.bad { background: var(--bad-ground); color: var(--bad); }
.note { padding: .6rem .9rem; border-radius: .6rem; margin: .75rem 0 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.card, section {
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .8rem .9rem; min-width: 0;
}
.card b { display: block; font-size: 1.1rem; letter-spacing: -.02em; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; line-height: 1.3; }
.card span { display: block; font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere; }
.card b.alarm { color: var(--bad); }
section { margin: 0 0 .75rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th { text-align: left; color: var(--quiet); font-weight: 500; font-size: .8rem; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
.t { white-space: nowrap; }
.text { overflow-wrap: anywhere; min-width: 14rem; }
td small { display: block; color: var(--quiet); white-space: normal; max-width: 22rem; }
progress { width: 100%; height: .5rem; accent-color: var(--accent); }
pre { overflow-x: auto; margin: .5rem 0 0; font: 12.5px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.problem { border-bottom: 1px solid var(--line); padding: .25rem 0; }
.problem:last-child { border-bottom: 0; }
.small { font-size: .8rem; }
summary { cursor: pointer; color: var(--accent); padding-top: .3rem; }
footer { color: var(--quiet); padding-bottom: 2rem; font-size: .85rem; }
footer a { margin-right: 1rem; }
#away { display: none; }
.away #away { display: block; }
.away main { opacity: .5; }
@media (max-width: 40rem) {
  .wide { display: none; }
  .cards { grid-template-columns: repeat(2, 1fr); }
  .text { min-width: 0; }
}
`;

/** Fetches the page again every few seconds; keeps what is open, and leaves a reader who marks text alone. */
export const SCRIPT = `
const every = 3000;
async function refresh() {
  if (document.hidden || String(getSelection())) return;
  try {
    const answer = await fetch(location.href, { cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const one of document.querySelectorAll('details[open]')) {
      const same = fresh.getElementById(one.id);
      if (same) same.open = true;
    }
    const scrolled = [...document.querySelectorAll('.scroll')].map((one) => one.scrollLeft);
    document.title = fresh.title;
    for (const part of ['header', 'main'])
      document.querySelector(part).replaceWith(document.adoptNode(fresh.querySelector(part)));
    document.querySelectorAll('.scroll').forEach((one, i) => { one.scrollLeft = scrolled[i] ?? 0; });
    document.body.classList.remove('away');
  } catch {
    document.body.classList.add('away');
  }
}
setInterval(refresh, every);
document.addEventListener('visibilitychange', refresh);
`;
