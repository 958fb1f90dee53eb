// The candidates of an election, and what can be asked of each.

import { post } from "./api.js";
import { ARM, actionButton, freezeForm, cutOffForm, transferForm } from "./actions.js";
import { addressOf, setText } from "./format.js";

const template = document.getElementById("candidate");
const ALL = ["resign", "crash", "freeze", "cut-off", "heal"];

export class Candidates {
  constructor(card) {
    this.card = card;
    this.rows = new Map();
  }

  show(election) {
    const list = this.card.part("candidates");
    const known = new Set(election.candidates.map(one => one.candidate));
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue;
      row.root.remove();
      this.rows.delete(id);
    }
    let before = null;
    for (const candidate of election.candidates) {
      let row = this.rows.get(candidate.candidate);
      if (!row) this.rows.set(candidate.candidate, row = new Row(this.card, candidate.candidate));
      row.show(candidate);
      if (before ? before.nextElementSibling !== row.root : list.firstElementChild !== row.root) before ? before.after(row.root) : list.prepend(row.root);
      before = row.root;
    }
    if (election.candidates.length) list.querySelector(".nobody")?.remove();
    else if (!list.querySelector(".nobody")) list.append(Object.assign(document.createElement("li"), { className: "nobody quiet", textContent: "None is connected." }));
  }

  pulse(members) {
    for (const [id, row] of this.rows) row.term(members?.[id]);
  }
}

class Row {
  constructor(card, id) {
    this.card = card;
    this.id = id;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.dataset.candidate = id;
    this.part = className => this.root.querySelector("." + className);
    this.part("swatch").classList.add(card.colour(id));
    this.button = this.part("open-actions");
    this.panel = this.part("actions");
    this.button.setAttribute("aria-label", `Actions on ${id}`);
    this.panel.setAttribute("aria-label", `Actions on ${id}`);
    this.button.addEventListener("click", () => this.open(this.panel.hidden));
    this.root.addEventListener("keydown", event => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      this.open(false);
      this.button.focus();
    });
  }

  open(isOpen) {
    this.panel.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.#offer();
  }

  show(candidate) {
    const role = candidate.role === "unknown" ? "unknown, was leader" : candidate.role;
    this.candidate = candidate;
    this.root.classList.toggle("is-gone", candidate.role === "gone");
    this.part("role").className = `role ${candidate.role}-role`;
    this.role = role;
    this.#role();
    setText(this.part("pid"), candidate.pid == null ? "" : `pid ${candidate.pid}`);
    this.#link(candidate);
    this.button.hidden = this.#offered().length === 0;
    if (this.button.hidden) this.open(false);
    else if (!this.panel.hidden) this.#offer();
  }

  /** The term that its Raft member is in. */
  term(raft) {
    this.raft = raft;
    this.#role();
  }

  #role() {
    const term = this.raft?.term;
    setText(this.part("role"), term == null || this.candidate.role === "gone" ? this.role : `${this.role}, term ${term}`);
  }

  #link(candidate) {
    const id = this.part("id");
    const url = candidate.role === "gone" ? null : candidate.url;
    if (id.dataset.url === String(url)) return;
    id.dataset.url = String(url);
    if (!url) { id.textContent = candidate.candidate; return; }
    const link = document.createElement("a");
    link.href = url;
    link.textContent = candidate.candidate;
    id.replaceChildren(link);
  }

  #offered() {
    const { board, election } = this.card;
    if (!board.actions) return [];
    const isGone = this.candidate.role === "gone";
    const own = isGone ? [] : (this.candidate.actions ?? ALL).filter(action => this.candidate.url && (this.candidate.role === "leader" || !["resign", "transfer"].includes(action)));
    const others = election.candidates.filter(one => one.member && one.candidate !== this.id && one.role !== "gone");
    const operator = !board.operator ? [] : isGone ? ["start"] : ["restart", "stop"];
    return [...own.filter(action => action !== "transfer" || others.length), ...operator];
  }

  /** Makes the buttons anew only when others are offered, so that the keyboard's focus stays. */
  #offer() {
    const peers = this.card.election.candidates.filter(one => one.member && one.candidate !== this.id).map(one => ({ id: one.candidate, member: one.member }));
    const offered = this.#offered();
    const text = JSON.stringify([offered, peers]);
    if (text === this.offeredText) return;
    this.offeredText = text;
    const focused = this.panel.contains(document.activeElement);
    const run = (action, query) => this.#run(action, query);
    const make = {
      resign: () => actionButton("Resign", "resign", this.id, run),
      transfer: () => transferForm(this.id, peers, run),
      freeze: () => freezeForm(this.id, run),
      "cut-off": () => cutOffForm(this.id, peers, run),
      heal: () => actionButton("Heal", "heal", this.id, run),
      crash: () => actionButton("Crash", "crash", this.id, run, ARM),
      start: () => actionButton("Start", "start", this.id, run),
      restart: () => actionButton("Restart", "restart", this.id, run, ARM),
      stop: () => actionButton("Stop", "stop", this.id, run, ARM),
    };
    const order = ["start", "resign", "transfer", "freeze", "cut-off", "heal", "crash", "restart", "stop"];
    this.part("buttons").replaceChildren(...order.filter(action => offered.includes(action)).map(action => make[action]()));
    if (focused) this.panel.querySelector("button, input, select")?.focus();
  }

  async #run(action, query = {}) {
    const answer = this.part("answer");
    answer.classList.remove("failed");
    setText(answer, `${action}…`);
    const parameters = new URLSearchParams(query).toString();
    try {
      await post(`${addressOf(this.card.election)}/candidates/${encodeURIComponent(this.id)}/${action}${parameters && `?${parameters}`}`);
      setText(answer, `${action}: done`);
    } catch (error) {
      answer.classList.add("failed");
      setText(answer, `${action}: ${error.message}`);
    }
  }
}
