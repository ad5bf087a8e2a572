// The page as it comes holds all there is. This keeps it up to date: it asks for the page again when something happens and every few seconds, and puts what has changed
// into what is shown. The server alone decides how it looks.
'use strict';

const every = 5000; // ms between looks
const soon = 250; // ms from an event or a key to a look, so that many make one
const form = document.querySelector('form');
const live = document.getElementById('live');

let timer = 0;
let asking = null;
let way = 'Shown anew every few seconds.'; // how the page is kept up to date

function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

function query() {
  const asked = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (value) asked.append(key, value);
  const text = asked.toString();
  return text ? '?' + text : './';
}

// put makes now what fresh is, and touches nothing that is the same: who reads or points at it is not disturbed.
function put(now, fresh) {
  if (now.isEqualNode(fresh)) return;
  const rows = fresh.querySelectorAll(':scope > tbody > [data-key], :scope > [data-key]');
  if (!rows.length) {
    now.replaceChildren(...document.importNode(fresh, true).childNodes);
    return;
  }
  const into = now.tBodies ? now.tBodies[0] : now;
  const old = new Map();
  for (const row of into.querySelectorAll(':scope > [data-key]')) old.set(row.dataset.key, row);
  let place = into.firstElementChild;
  for (const row of rows) {
    let have = old.get(row.dataset.key);
    old.delete(row.dataset.key);
    if (!have) {
      have = document.importNode(row, true);
    } else if (!have.isEqualNode(row)) {
      const cells = [...have.children];
      if (cells.length === row.children.length) {
        cells.forEach((cell, i) => { if (!cell.isEqualNode(row.children[i])) cell.replaceWith(document.importNode(row.children[i], true)); });
      } else {
        have.replaceChildren(...document.importNode(row, true).childNodes);
      }
    }
    if (have === place) place = place.nextElementSibling;
    else into.insertBefore(have, place);
  }
  for (const row of old.values()) row.remove();
}

async function look() {
  clearTimeout(timer);
  if (asking) asking.abort();
  const mine = asking = new AbortController();
  try {
    const answer = await fetch(query(), { signal: mine.signal, headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!page.getElementById('live')) {
      say(`The daemon does not show its page any more (status ${answer.status}). Trying again.`);
      return;
    }
    for (const now of document.querySelectorAll('[data-live]')) {
      const fresh = page.getElementById(now.id);
      if (fresh) put(now, fresh);
    }
    say(way);
    document.body.dataset.looks = Number(document.body.dataset.looks || 0) + 1;
  } catch (error) {
    if (error.name === 'AbortError') return;
    say('The daemon does not answer. Trying again.');
  } finally {
    if (asking === mine) {
      asking = null;
      if (!document.hidden) timer = setTimeout(look, every);
    }
  }
}

function lookSoon() {
  if (asking || document.hidden) return;
  clearTimeout(timer);
  timer = setTimeout(look, soon);
}

function follow() {
  const events = new EventSource('v1/events');
  events.addEventListener('open', () => say(way = 'Live: what happens is shown as it happens.'));
  events.addEventListener('error', () => {
    say(way = 'Shown anew every few seconds.');
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 6 * every); // refused: too many follow
  });
  for (const kind of document.body.dataset.kinds.split(' ').concat('gap')) events.addEventListener(kind, lookSoon);
}

function filter() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    history.replaceState(null, '', query());
    look();
  }, soon);
}

form.addEventListener('input', filter);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  filter();
});
form.querySelector('.all').addEventListener('click', (event) => {
  event.preventDefault();
  for (const field of form.elements) if (field.name) field.value = '';
  filter();
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
follow();
timer = setTimeout(look, every);
