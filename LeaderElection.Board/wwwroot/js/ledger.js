// The latest of an election's ledger.

import { get } from "./api.js";
import { clock, element, setText } from "./format.js";

const ENTRIES = 6;
const PAUSE = 500;     // ms: a busy ledger is read no more often

export class Ledger {
  constructor(card) {
    this.card = card;
    card.part("ledger-fold").addEventListener("toggle", () => this.changed());
  }

  changed() {
    if (this.waiting || !this.card.root.open) return;
    const wait = Math.max(0, (this.readAt ?? -PAUSE) + PAUSE - performance.now());
    this.waiting = setTimeout(() => this.#read(), wait);
  }

  async #read() {
    this.waiting = undefined;
    this.readAt = performance.now();
    try {
      this.#show(await get(`/api/ledger/${encodeURIComponent(this.card.election.name)}?limit=${ENTRIES}`));
    } catch {
      // The connection's own line says that the board is away.
    }
  }

  #show(ledger) {
    const part = this.card.part;
    const last = ledger.entries[0];
    setText(part("ledger-note"), last ? `${last.sequence.toLocaleString("en")} entries, the latest by ${last.candidate ?? "someone"} with token ${last.fencingToken}` : "no entries yet");
    if (!part("ledger-fold").open) return;
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
    part("entries").replaceChildren(...entries);
    part("refused").hidden = !ledger.refusals.length;
    part("refusals").replaceChildren(...ledger.refusals.slice(0, 3).map(refusal => element("li",
      `${clock(refusal.at)}  ${refusal.candidate ?? "someone"} wrote with token ${refusal.fencingToken}; the highest seen was ${refusal.highest}`)));
  }
}
