// Runs in the browser: asks for the page again while it is looked at, and puts in the sections that have changed.
// What the reader has opened, chosen, scrolled to or focused stays as it is.

const INTERVAL_MS = 1000;
const FOCUSABLE = 'a[href], summary, input, button, [tabindex]';

const live = document.getElementById('live');
const shown = new Map(listSections(document).map((section) => [section.id, section.outerHTML]));
let etag = '';

/** @param {ParentNode} root */
function listSections(root) {
  return [...root.querySelectorAll('main > section')];
}

async function refresh() {
  try {
    const response = await fetch(location.href, { headers: etag ? { 'If-None-Match': etag } : {} });
    live.textContent = response.ok || response.status === 304 ? '' : `The server answers ${response.status}.`;
    if (!response.ok) return;
    etag = response.headers.get('etag') ?? '';
    replaceSections(new DOMParser().parseFromString(await response.text(), 'text/html'));
  } catch {
    live.textContent = 'moco ui has ended: this is what it showed last.';
  }
}

function replaceSections(next) {
  const main = document.querySelector('main');
  const sections = listSections(next);
  const names = new Set(sections.map(({ id }) => id));
  for (const section of listSections(document)) if (!names.has(section.id)) section.remove();
  for (const [index, section] of sections.entries()) {
    const html = section.outerHTML;
    const old = document.getElementById(section.id);
    if (old && shown.get(section.id) === html) continue;
    shown.set(section.id, html);
    const arrived = document.adoptNode(section);
    if (old) {
      const state = readState(old);
      old.replaceWith(arrived);
      restoreState(arrived, state);
    } else main.insertBefore(arrived, listSections(document)[index] ?? null);
  }
  const links = next.querySelector('nav.sections');
  const here = document.querySelector('nav.sections');
  if (links && here && links.innerHTML !== here.innerHTML) here.innerHTML = links.innerHTML;
}

/** Elements of a kind by what they are called, and by number where names repeat. */
function nameElements(root, selector, nameOf) {
  const counts = new Map();
  return [...root.querySelectorAll(selector)].map((element) => {
    const name = nameOf(element);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return [`${name}#${count}`, element];
  });
}

const listDetails = (root) =>
  nameElements(root, 'details', (each) => each.querySelector('summary').textContent);
const listInputs = (root) => nameElements(root, 'input', ({ name, value }) => `${name}=${value}`);
const listScrolls = (root) => nameElements(root, '.scroll', (each) => each.getAttribute('aria-label'));
const listFocusable = (root) =>
  nameElements(root, FOCUSABLE, (each) => each.getAttribute('href') ?? each.value ?? each.textContent);

function readState(section) {
  const isAtEnd = ({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight >= scrollHeight - 4;
  return {
    open: new Set(listDetails(section).flatMap(([name, each]) => (each.open ? [name] : []))),
    checked: new Set(listInputs(section).flatMap(([name, each]) => (each.checked ? [name] : []))),
    scrolls: new Map(
      listScrolls(section).map(([name, each]) => [
        name,
        { left: each.scrollLeft, top: isAtEnd(each) ? Number.MAX_SAFE_INTEGER : each.scrollTop },
      ]),
    ),
    focus: listFocusable(section).find(([, each]) => each === document.activeElement)?.[0],
  };
}

function restoreState(section, { open, checked, scrolls, focus }) {
  for (const [name, each] of listDetails(section)) each.open = each.open || open.has(name);
  for (const [name, each] of listInputs(section)) each.checked = checked.has(name);
  for (const [name, each] of listScrolls(section)) each.scrollTo(scrolls.get(name) ?? {});
  const focused = listFocusable(section).find(([name]) => name === focus)?.[1];
  focused?.focus({ preventScroll: true });
}

/** A log opens at its end. */
for (const log of document.querySelectorAll('#log .log')) log.scrollTop = log.scrollHeight;

async function keepFresh() {
  if (!document.hidden) await refresh();
  setTimeout(keepFresh, INTERVAL_MS);
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
keepFresh();
