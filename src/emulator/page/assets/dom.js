/** An element with attributes (`onclick` and the like are listeners) and children; texts stay texts. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Rows (`tr`) under heads (`[class, title]` each). With a label they are a region that the keyboard scrolls. */
export function grid(heads, rows, label, kind = 'scroll small-scroll') {
  const cells = heads.map(([name, ...title]) => h('th', { scope: 'col', class: name }, ...title));
  const region = label
    ? { class: kind, tabindex: 0, role: 'region', 'aria-label': label }
    : { class: 'scroll' };
  return h('div', region, h('table', {}, h('thead', {}, h('tr', {}, cells)), h('tbody', {}, rows)));
}

/** Makes `old` show what `fresh` shows, touching only what differs: focus, marks and scrolling stay. */
export function morph(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // What is filled later than the rest is nobody else's business.
  if (!fresh.hasAttribute('data-own')) morphChildren(old, [...fresh.childNodes]);
}

/** Children with an id are found again by it, wherever they have moved to. */
export function morphChildren(parent, fresh) {
  const byId = new Map([...parent.children].filter((one) => one.id).map((one) => [one.id, one]));
  fresh.forEach((next, index) => {
    const known = next.id ? byId.get(next.id) : undefined;
    const at = parent.childNodes[index];
    const old = known ?? (at && !at.id && !next.id && at.nodeName === next.nodeName ? at : undefined);
    if (!old) parent.insertBefore(next, at ?? null);
    else {
      if (old !== at) parent.insertBefore(old, at ?? null);
      morph(old, next);
    }
  });
  while (parent.childNodes.length > fresh.length) parent.lastChild.remove();
}

export const byId = (id) => document.getElementById(id);

/** Replaces what stands in the element with this id. */
export const show = (id, ...children) =>
  morphChildren(
    byId(id),
    children.flat().filter((child) => child !== null),
  );
