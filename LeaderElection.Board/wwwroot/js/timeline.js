// The strip of who led: drawn once in the board's time, and moved by its view box alone.

import { figuresLine } from "./figures.js";
import { clock, count, element, length, setText } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 40;
const LABEL = 52;             // px: the room that a label takes
const FAR = 24 * 3_600_000;

function shape(tag, attributes, title) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (title) made.appendChild(document.createElementNS(SVG, "title")).textContent = title;
  return made;
}

export class Strip {
  constructor(card) {
    this.card = card;
    this.skew = 0;
    this.gaps = [];
    this.root = card.part("strip");
    this.svg = shape("svg", { preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
    this.labels = element("div", "", "labels");
    this.root.append(this.svg, this.labels);
  }

  /** The board's wall clock, as well as this page knows it. */
  now() { return Date.now() + this.skew; }

  show(timeline) {
    this.timeline = timeline;
    this.skew = Date.parse(timeline.now) - Date.now();
    // Of a size that drawing is exact with.
    this.base = Date.parse(timeline.now);
    const at = iso => Date.parse(iso) - this.base;
    const shapes = [];
    this.gaps = [];
    const terms = timeline.terms;
    for (const term of terms) {
      const from = at(term.from);
      const to = term.to ? at(term.to) : FAR;
      shapes.push(shape("rect", { class: `led ${this.card.colour(term.candidate)}`, x: from, y: 0, width: Math.max(to - from, 1), height: HEIGHT },
        `${term.candidate}, token ${term.fencingToken}, from ${clock(term.from)}${term.to ? `, for ${length(term.length)}: ${term.ended}` : ""}`));
      if (term.gapBefore > 0) this.gaps.push({ from: from - term.gapBefore, to: from, length: term.gapBefore });
      if (term.overlap) shapes.push(shape("line", { class: "overlap", x1: to, x2: to, y1: 0, y2: HEIGHT }, `${term.candidate} went on claiming to lead for ${length(term.overlap)}`));
    }
    if (timeline.openGap != null && terms.length) this.gaps.push({ from: at(terms.at(-1).to), to: FAR, open: true });
    for (const gap of this.gaps) {
      shapes.push(shape("rect", { class: "gap", x: gap.from, y: 0, width: Math.max(gap.to - gap.from, 1), height: HEIGHT },
        gap.open ? "nobody leads" : `nobody led for ${length(gap.length)}`));
    }
    for (const refusal of timeline.refusals) {
      const x = at(refusal.at);
      shapes.push(shape("line", { class: "refusal", x1: x, x2: x, y1: 0, y2: HEIGHT },
        `refused: ${refusal.candidate ?? "someone"} wrote with token ${refusal.fencingToken}, the highest seen was ${refusal.highest}${refusal.count > 1 ? `, ${refusal.count} times` : ""}`));
    }
    this.svg.replaceChildren(...shapes);
    this.labelled = this.gaps.map(gap => ({ gap, node: element("span", "", "gap-label") }));
    this.labels.replaceChildren(...this.labelled.map(one => one.node));
    this.#legend(terms, timeline);
    setText(this.card.part("election-figures"), figuresLine(timeline.figures));
    this.#table(timeline);
    this.#describe();
    this.tick();
  }

  tick() {
    if (!this.timeline) return;
    const span = this.card.zoom * 60_000;
    const end = this.now() - this.base;
    this.svg.setAttribute("viewBox", `${(end - span).toFixed(0)} 0 ${span} ${HEIGHT}`);
    const room = 100 * LABEL / (this.root.clientWidth || 600);
    let free = Infinity;
    // From the newest, so that it is the old ones that give way.
    for (const { gap, node } of this.labelled.toReversed()) {
      const middle = (Math.max(gap.from, end - span) + Math.min(gap.to, end)) / 2;
      const place = 100 * (1 - (end - middle) / span);
      node.hidden = gap.to < end - span || place < room / 2 || free - place < room;
      if (node.hidden) continue;
      free = place;
      setText(node, length(gap.open ? end - gap.from : gap.length));
      node.style.left = `${Math.min(place, 100 - room / 2).toFixed(2)}%`;
    }
    this.#axis();
  }

  #axis() {
    if (this.axisZoom === this.card.zoom) return;
    this.axisZoom = this.card.zoom;
    const steps = this.card.zoom === 1 ? [60, 45, 30, 15] : [1, 0.8, 0.6, 0.4, 0.2].map(part => part * this.card.zoom);
    const unit = this.card.zoom === 1 ? "s" : "min";
    const whole = this.card.zoom === 1 ? 60 : this.card.zoom;
    this.card.part("axis").replaceChildren(...[...steps, 0].map(step => {
      const label = element("span", step === 0 ? "now" : `−${step} ${unit}`);
      label.style.left = `${100 * (1 - step / whole)}%`;
      return label;
    }));
  }

  #legend(terms, timeline) {
    const start = this.now() - this.card.zoom * 60_000;
    const isIn = iso => !iso || Date.parse(iso) >= start;
    const leaders = [...new Set(terms.filter(term => isIn(term.to)).map(term => term.candidate))];
    const entries = leaders.map(candidate => {
      const entry = element("span");
      entry.append(element("span", "", `swatch ${this.card.colour(candidate)}`), candidate);
      return entry;
    });
    const mark = (className, text) => {
      const entry = element("span");
      entry.append(element("span", "", `swatch ${className}`), text);
      entries.push(entry);
    };
    if (this.gaps.some(gap => this.base + gap.to >= start)) mark("gap-swatch", "nobody led");
    if (timeline.refusals.some(refusal => isIn(refusal.at))) mark("refusal-swatch", "refused write");
    this.card.part("legend").replaceChildren(...entries);
  }

  #table(timeline) {
    const rows = timeline.terms.toReversed().slice(0, 50).map(term => {
      const row = document.createElement("tr");
      const leader = element("td");
      leader.append(element("span", "", `swatch ${this.card.colour(term.candidate)}`), term.candidate);
      row.append(element("td", clock(term.from)), leader, element("td", String(term.fencingToken)),
        element("td", term.to ? length(term.length) : "leads"), element("td", term.ended ?? "–"),
        element("td", term.gapBefore == null ? "–" : length(term.gapBefore)));
      return row;
    });
    this.card.part("terms").tBodies[0].replaceChildren(...rows);
    setText(this.card.part("dropped"), timeline.droppedTerms
      ? `${count(timeline.droppedTerms, "earlier term")} ${timeline.droppedTerms === 1 ? "is" : "are"} no longer kept.` : "");
  }

  #describe() {
    const { terms, openGap, refusals } = this.timeline;
    const last = terms.at(-1);
    const parts = [!last ? "nobody has led yet" : openGap == null ? `${last.candidate} leads` : "nobody leads",
      count(terms.length, "term"), count(this.gaps.length, "gap")];
    if (refusals.length) parts.push(count(refusals.length, "refused write"));
    this.root.setAttribute("aria-label", `Who led ${this.card.election.name}: ${parts.join(", ")}`);
  }
}
