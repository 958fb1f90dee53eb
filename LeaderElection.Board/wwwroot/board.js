// Follows /api/elections/stream (an EventSource), and keeps a card for each election that is listed.

import { watch } from "./js/api.js";
import { Card } from "./js/card.js";
import { showFigures } from "./js/figures.js";
import { keyOf, setText } from "./js/format.js";
import { loadScenarios } from "./js/scenarios.js";

const OPEN_AT_FIRST = 6;     // with more elections than this, the later ones start folded
const FILTER_FROM = 13;      // with so many, they can be filtered and folded
const PAGE = 100;            // cards that are made at once; a button makes more
const WATCHED = 64;          // as many as the board lets one stream watch

const byId = id => document.getElementById(id);
const main = byId("elections");
const elections = new Map();
const cards = new Map();
const board = { stream: undefined, actions: false, operator: false, scenarios: [] };
let limit = PAGE;
let opened = 0;

const onScreen = new IntersectionObserver(entries => {
  for (const entry of entries) {
    const card = entry.target.card;
    // Out of sight it was told nothing.
    if (entry.isIntersecting && !card.isVisible) card.readAgain();
    card.isVisible = entry.isIntersecting;
  }
  watchSoon();
}, { rootMargin: "200px" });

let watching = "";
let watchTimer;
function watchSoon() {
  watchTimer ??= setTimeout(() => {
    watchTimer = undefined;
    const wanted = [...cards.values()].filter(card => card.isWatchable).map(card => card.key).slice(0, WATCHED);
    const text = board.stream + wanted.join();
    if (!board.stream || text === watching) return;
    watching = text;
    watch(board.stream, wanted).catch(() => watching = "");
  }, 100);
}

function wanted(election) {
  const text = byId("filter").value.trim().toLowerCase();
  if (byId("leaderless").checked && election.leader) return false;
  return !text || `${election.name} ${election.strategy} ${election.leader?.candidate ?? ""}`.toLowerCase().includes(text);
}

function makeCard(key) {
  const card = new Card(elections.get(key), board, opened < OPEN_AT_FIRST, watchSoon);
  if (card.root.open) opened++;
  card.zoom = Number(document.querySelector("[name=zoom]:checked").value);
  cards.set(key, card);
  onScreen.observe(card.root);
  return card;
}

/** Puts the cards of the elections that are wanted in order; those that stay are not touched, or they would lose the keyboard's focus. */
function arrange() {
  const keys = [...elections.keys()].filter(key => wanted(elections.get(key)));
  const shown = new Set(keys.slice(0, limit));
  for (const [key, card] of cards) {
    if (shown.has(key)) continue;
    onScreen.unobserve(card.root);
    card.root.remove();
    cards.delete(key);
  }
  let before = byId("empty");
  for (const key of shown) {
    const card = cards.get(key) ?? makeCard(key);
    if (before.nextElementSibling !== card.root) before.after(card.root);
    before = card.root;
  }
  byId("empty").hidden = elections.size > 0;
  byId("filters").hidden = elections.size < FILTER_FROM;
  const more = keys.length - shown.size;
  byId("more").hidden = more === 0;
  setText(byId("more"), `Show ${Math.min(more, PAGE)} more of ${keys.length}`);
  setText(byId("count"), keys.length === elections.size ? `${elections.size} elections` : `${keys.length} of ${elections.size}`);
  watchSoon();
}

function take(election) {
  const key = keyOf(election);
  const isNew = !elections.has(key);
  elections.set(key, election);
  const card = cards.get(key);
  if (card) announce(card, election);
  card?.show(election);
  return isNew;
}

function announce(card, election) {
  if (card.election.leader?.fencingToken === election.leader?.fencingToken) return;
  setText(byId("news"), election.leader ? `${election.leader.candidate} leads ${election.name}` : `Nobody leads ${election.name}`);
}

function sort() {
  const sorted = [...elections].sort(([, a], [, b]) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.strategy < b.strategy ? -1 : 1);
  elections.clear();
  for (const [key, election] of sorted) elections.set(key, election);
}

function say(state, text) {
  byId("connection").dataset.state = state;
  setText(byId("connection"), text);
}

function on(stream, type, handle) {
  stream.addEventListener(type, event => handle(JSON.parse(event.data)));
}

const stream = new EventSource("/api/elections/stream?changes=true");
stream.addEventListener("open", () => say("live", "Live"));
stream.addEventListener("error", () => say("lost", "The board does not answer; trying again…"));
on(stream, "board", async news => {
  Object.assign(board, news);
  if (board.actions && board.scenarios.length === 0) board.scenarios = await loadScenarios();
  for (const card of cards.values()) card.boardChanged();
  watchSoon();
});
on(stream, "elections", list => {
  const known = new Set(list.map(keyOf));
  for (const key of [...elections.keys()]) {
    if (!known.has(key)) elections.delete(key);
  }
  list.forEach(take);
  sort();
  arrange();
  tiles();
  for (const card of cards.values()) card.readAgain();
});
on(stream, "changed", list => {
  const isNew = list.map(take).includes(true);
  if (isNew) sort();
  if (isNew || byId("leaderless").checked || byId("filter").value) arrange();
  tiles();
});
on(stream, "pulse", list => { for (const pulse of list) cards.get(keyOf(pulse))?.pulse(pulse); });
on(stream, "timeline", key => cards.get(key)?.timelineChanged());
on(stream, "ledger", name => { for (const card of cards.values()) if (card.election.name === name) card.ledgerChanged(); });
on(stream, "figures", figures => { lastFigures = figures; tiles(); });

let lastFigures;
let tilesDue = false;
function tiles() {
  if (tilesDue) return;
  tilesDue = true;
  requestAnimationFrame(() => {
    tilesDue = false;
    let led = 0;
    for (const election of elections.values()) if (election.leader) led++;
    showFigures(lastFigures, elections.size, led);
  });
}

byId("filter").addEventListener("input", () => { limit = PAGE; arrange(); });
byId("leaderless").addEventListener("change", () => { limit = PAGE; arrange(); });
byId("more").addEventListener("click", () => { limit += PAGE; arrange(); });
byId("fold").addEventListener("click", () => { for (const card of cards.values()) card.root.open = false; });
byId("unfold").addEventListener("click", () => { for (const card of cards.values()) card.root.open = true; });
byId("zoom").addEventListener("change", event => {
  for (const card of cards.values()) { card.zoom = Number(event.target.value); card.timelineChanged(); }
});

// What moves with time alone: the strips and leases of what is on the screen. Ten times a second, or once where less motion is wanted.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let tick = 0;
setInterval(() => {
  if (document.hidden || (calm.matches && ++tick % 10)) return;
  for (const card of cards.values()) if (card.isWatchable) card.tick();
}, 100);
