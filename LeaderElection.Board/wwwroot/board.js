// Follows /api/elections/stream, and shows each election with the latest of its ledger.

const ENTRIES = 6;
const OPEN_AT_FIRST = 8;      // with more elections than this, the later ones start folded
const LEDGER_PAUSE = 500;     // ms: a busy ledger is read no more often

const main = document.getElementById("elections");
const empty = document.getElementById("empty");
const news = document.getElementById("news");
const connection = document.getElementById("connection");
const template = document.getElementById("election");

const cards = new Map();

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function clock(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString([], { hour12: false });
}

function age(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

class Card {
  constructor(name, open) {
    this.name = name;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.open = open;
    this.part = className => this.root.querySelector("." + className);
    this.part("name").textContent = name;
    this.part("scroll").setAttribute("aria-label", `Ledger of ${name}`);
    this.root.addEventListener("toggle", () => this.ledgerChanged());
    this.ledgerChanged();
  }

  show(election) {
    const leader = election.leader;
    if (this.election && this.election.leader?.fencingToken !== leader?.fencingToken)
      news.textContent = leader ? `${leader.candidate} leads ${this.name}` : `Nobody leads ${this.name}`;
    this.election = election;
    this.part("strategy").textContent = election.strategy;
    this.part("leader").textContent = leader ? `${leader.candidate} leads` : "no leader";
    this.part("leader").classList.toggle("none", !leader);
    this.part("who").textContent = leader?.candidate ?? "none";
    this.part("token").textContent = leader?.fencingToken ?? "–";
    this.tick();

    const roster = JSON.stringify(election.candidates);
    if (roster === this.roster) return;
    this.roster = roster;
    const rows = election.candidates.map(candidate => {
      const row = document.createElement("li");
      const id = element(candidate.url ? "a" : "span", candidate.candidate, "id");
      if (candidate.url) id.href = candidate.url;
      const role = element("span", candidate.role === "unknown" ? "unknown, was leader" : candidate.role, "role");
      if (candidate.role === "leader") role.classList.add("leader-role");
      if (candidate.role === "unknown") role.classList.add("unknown");
      row.append(id, role, element("span", candidate.pid == null ? "" : `pid ${candidate.pid}`, "pid"));
      return row;
    });
    this.part("candidates").replaceChildren(...(rows.length ? rows : [element("li", "None is connected.", "quiet")]));
  }

  tick() {
    const since = this.election?.leader?.since;
    this.part("since").textContent = since ? `${clock(since)} (${age(since)})` : "–";
  }

  ledgerChanged() {
    if (this.waiting || !this.root.open) return;
    const wait = Math.max(0, (this.readAt ?? 0) + LEDGER_PAUSE - performance.now());
    this.waiting = setTimeout(() => this.readLedger(), wait);
  }

  async readLedger() {
    this.waiting = undefined;
    this.readAt = performance.now();
    try {
      const response = await fetch(`/api/ledger/${encodeURIComponent(this.name)}?limit=${ENTRIES}`);
      if (response.ok) this.showLedger(await response.json());
    } catch {
      // The connection's own line says that the board is away.
    }
  }

  showLedger(ledger) {
    const entries = ledger.entries.map(entry => {
      const row = document.createElement("tr");
      for (const text of [entry.sequence, entry.fencingToken, entry.candidate ?? "–", clock(entry.at), entry.text])
        row.append(element("td", text));
      return row;
    });
    if (!entries.length) {
      const row = document.createElement("tr");
      const cell = element("td", "No entries yet.", "quiet");
      cell.colSpan = 5;
      row.append(cell);
      entries.push(row);
    }
    this.part("entries").replaceChildren(...entries);
    this.part("refused").hidden = !ledger.refusals.length;
    this.part("refusals").replaceChildren(...ledger.refusals.slice(0, 3).map(refusal => element("li",
      `${clock(refusal.at)}  ${refusal.candidate ?? "someone"} wrote with token ${refusal.fencingToken}; the highest seen was ${refusal.highest}`)));
  }
}

function show(elections) {
  empty.hidden = elections.length > 0;
  const seen = new Set();
  let before = empty;
  for (const election of elections) {
    const key = `${election.name}/${election.strategy}`;
    seen.add(key);
    let card = cards.get(key);
    if (!card) cards.set(key, card = new Card(election.name, cards.size < OPEN_AT_FIRST));
    card.show(election);
    // Moved only if it is not there already, or it would lose the keyboard's focus.
    if (before.nextElementSibling !== card.root) before.after(card.root);
    before = card.root;
  }
  for (const [key, card] of cards) {
    if (seen.has(key)) continue;
    card.root.remove();
    cards.delete(key);
  }
}

function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

const stream = new EventSource("/api/elections/stream?ledger=true");
stream.addEventListener("open", () => {
  say("live", "Live");
  for (const card of cards.values()) card.ledgerChanged();
});
stream.addEventListener("error", () => say("lost", "The board does not answer; trying again…"));
stream.addEventListener("elections", event => show(JSON.parse(event.data)));
stream.addEventListener("ledger", event => {
  const name = JSON.parse(event.data);
  for (const card of cards.values()) {
    if (card.name === name) card.ledgerChanged();
  }
});
setInterval(() => { for (const card of cards.values()) card.tick(); }, 1000);
