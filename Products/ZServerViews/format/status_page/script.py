"""The script of the status page: it asks for news, and has ages run.

Without it the page is complete, and loads itself anew.
"""
from __future__ import absolute_import, division, print_function

SCRIPT = u'''
'use strict';
(() => {
const POLL = 2000, PATIENCE = 8000;
const find = id => document.getElementById(id);
const facts = find('facts'), notice = find('notice'), panel = find('stack');
const SLOW = +facts.dataset.slow, STUCK = +facts.dataset.stuck;
let tag = facts.dataset.tag, heard = Date.now(), timer = 0, asks = false;
let skew = heard / 1000 - facts.dataset.time, problem = '';
let news = {verdict: find('verdict').textContent, kind: find('verdict').className,
            name: find('name').textContent};
const shown = {};

function duration(seconds) {
  if (seconds < 0.9995) return Math.round(seconds * 1000) + ' ms';
  if (seconds < 59.95) return seconds.toFixed(1) + ' s';
  const whole = Math.round(seconds);
  if (whole < 3600) return Math.floor(whole / 60) + ' min ' + whole % 60 + ' s';
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) {
    return Math.floor(minutes / 60) + ' h ' + minutes % 60 + ' min';
  }
  const hours = Math.round(seconds / 3600);
  return Math.floor(hours / 24) + ' d ' + hours % 24 + ' h';
}

// What is shown is that of the last answer, and ages stand still behind it.
function run() {
  const now = (problem ? heard : Date.now()) / 1000 - skew;
  for (const each of document.querySelectorAll('[data-since]')) {
    const age = Math.max(0, now - each.dataset.since);
    const words = duration(age), cell = each.closest('.cell');
    if (each.textContent !== words) each.textContent = words;
    if (cell) {
      cell.classList.toggle('works', age < SLOW);
      cell.classList.toggle('slow', age >= SLOW && age < STUCK);
      cell.classList.toggle('stuck', age >= STUCK);
    }
  }
  find('moment').textContent = new Date(heard - skew * 1000).toISOString()
    .replace(/[.][0-9]+Z$/, 'Z');
  find('age').textContent = problem
    ? ', ' + duration((Date.now() - heard) / 1000) + ' ago' : '';
}

class Trouble extends Error {
  // The verdict stands in the headline in the place of the last one.
  constructor(verdict, words) { super(words); this.verdict = verdict; }
}

function say(trouble) {
  const words = trouble ? trouble.message : '';
  if (words !== problem) {
    problem = words;
    notice.textContent = words && words + ' What you see is the last known state.';
    document.body.classList.toggle('dead', !!words);
  }
  const verdict = find('verdict');
  verdict.textContent = trouble
    ? trouble.verdict + ' (was ' + news.verdict + ')' : news.verdict;
  verdict.className = trouble ? 'fails' : news.kind;
  find('name').textContent = news.name;
  document.title = (trouble ? trouble.verdict : news.verdict) + ': ' + news.name;
}

function understood(text) {
  try {
    const found = JSON.parse(text);
    if (found.verdict && found.name && found.time > 0
        && Object.keys(found.parts).every(find)) return found;
  } catch (error) { /* it is not */ }
  throw new Trouble('unknown', 'The answer is not that of this page: load it anew.');
}

function show() {
  const focus = document.activeElement && document.activeElement.dataset.stack;
  for (const name in news.parts) {
    if (shown[name] !== news.parts[name]) {
      find(name).innerHTML = news.parts[name];
      shown[name] = news.parts[name];
    }
  }
  if (focus && document.activeElement === document.body) {
    const link = facts.querySelector('[data-stack="' + focus + '"]');
    if (link) link.focus({preventScroll: true});
  }
}

async function ask(query, headers) {
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), PATIENCE);
  try {
    const answer = await fetch(query, {
      headers: headers, cache: 'no-store', signal: control.signal});
    return [answer, await answer.text()];
  } catch (error) {
    throw new Trouble('not answering', control.signal.aborted
      ? 'No answer within ' + PATIENCE / 1000 + ' s.'
      : 'The process does not answer.');
  } finally {
    clearTimeout(limit);
  }
}

async function poll() {
  clearTimeout(timer);
  if (asks || document.hidden) return;
  asks = true;
  try {
    const [answer, text] = await ask('?format=json&parts=1',
                                     {'If-None-Match': tag});
    if (answer.status === 200) {
      news = understood(text);
      show();
      tag = answer.headers.get('ETag');
      skew = Date.now() / 1000 - news.time;
    } else if (answer.status !== 304) {
      throw new Trouble('unknown', 'The answer is ' + answer.status + ': '
                        + text.trim().slice(0, 200));
    }
    heard = Date.now();
    say(null);
  } catch (error) {
    say(error instanceof Trouble ? error : new Trouble('unknown', '' + error));
  } finally {
    asks = false;
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(poll, POLL);
  }
  run();
}

async function stack(ident) {
  let name = 'Stack', words;
  try {
    const [answer, text] = await ask('?format=json&stack=' + ident, {});
    if (answer.ok) {
      const found = JSON.parse(text);
      name = found.thread_name;
      words = found.text;
    } else {
      words = answer.status === 404 ? 'This thread has ended.' : text;
    }
  } catch (error) {
    words = error.message;
  }
  find('stack-name').textContent = name;
  find('stack-text').textContent = words;
  panel.hidden = false;
  panel.focus();
}

document.addEventListener('click', event => {
  const link = event.target.closest('a');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.dataset.stack) {
    event.preventDefault();
    stack(link.dataset.stack);
  } else if (link.id === 'close') {
    event.preventDefault();
    panel.hidden = true;
  }
});
document.addEventListener('visibilitychange', poll);
setInterval(() => { if (!document.hidden) run(); }, 1000);
timer = setTimeout(poll, POLL);
run();
})();
'''
