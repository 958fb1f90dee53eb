// One election: its head, its lease, and the parts that the other modules keep.

import { get } from "./api.js";
import { Candidates } from "./candidates.js";
import { Ledger } from "./ledger.js";
import { showMembers } from "./raft.js";
import { Scenarios } from "./scenarios.js";
import { Strip } from "./timeline.js";
import { addressOf, age, clock, keyOf, setText } from "./format.js";

const TIMELINE_PAUSE = 400;   // ms: a busy timeline is read no more often

const template = document.getElementById("election");

const leaseText = (left, full) => full < 2
  ? `${Math.round(left * 1000)} of ${Math.round(full * 1000)} ms`
  : `${left.toFixed(1)} of ${Number(full.toFixed(1))} s`;

export class Card {
  constructor(election, board, isOpen, onToggle) {
    this.board = board;
    this.election = election;
    this.key = keyOf(election);
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.card = this;
    this.root.dataset.election = this.key;
    this.root.open = isOpen;
    this.isVisible = true;
    this.colours = new Map();
    this.part = className => this.root.querySelector("." + className);
    setText(this.part("name"), election.name);
    for (const [className, what] of [["raft", "Raft members"], ["terms", "Terms"], ["ledger", "Ledger"]])
      this.part(className).closest(".scroll").setAttribute("aria-label", `${what} of ${election.name}`);
    this.part("as-text").href = `${addressOf(election)}/timeline?format=text`;
    this.part("strip").setAttribute("aria-label", `Who led ${election.name}`);
    this.strip = new Strip(this);
    this.candidates = new Candidates(this);
    this.ledger = new Ledger(this);
    this.scenarios = new Scenarios(this);
    this.root.addEventListener("toggle", event => {
      if (event.target !== this.root) return;
      onToggle();
      if (this.root.open) { this.boardChanged(); this.readAgain(); }
    });
    this.show(election);
    this.boardChanged();
    this.readAgain();
  }

  get isWatchable() { return this.root.open && this.isVisible; }

  /** A candidate's colour, the same everywhere on the card. */
  colour(candidate) {
    if (!this.colours.has(candidate)) this.colours.set(candidate, `c${this.colours.size % 8}`);
    return this.colours.get(candidate);
  }

  show(election) {
    this.election = election;
    for (const candidate of election.candidates) this.colour(candidate.candidate);
    const leader = election.leader;
    setText(this.part("strategy"), election.strategy);
    setText(this.part("leader"), leader ? `${leader.candidate} leads` : "no leader");
    this.part("state").classList.toggle("none", !leader);
    this.part("state").querySelector(".swatch").className = `swatch ${leader ? this.colour(leader.candidate) : ""}`;
    setText(this.part("who"), leader?.candidate ?? "none");
    setText(this.part("token"), String(leader?.fencingToken ?? "–"));
    if (!leader) this.lease = undefined;
    this.candidates.show(election);
    this.tick();
  }

  /** What the board offers has changed. */
  boardChanged() {
    this.candidates.show(this.election);
    this.scenarios.show();
  }

  pulse(pulse) {
    this.lease = pulse.leaseRemaining == null ? undefined : {
      until: performance.now() + pulse.leaseRemaining * 1000,
      // Without the leader's word on it: the most that was ever left.
      full: pulse.leaseDuration ?? Math.max(pulse.leaseRemaining, this.lease?.full ?? 0),
    };
    this.members = pulse.members;
    this.part("members").hidden = !pulse.members;
    if (pulse.members) showMembers(this);
    this.candidates.pulse(pulse.members);
  }

  tick() {
    const since = this.election.leader?.since;
    setText(this.part("since"), since ? `${clock(since)} · ${age(this.strip.now() - Date.parse(since))}` : "–");
    const left = this.lease ? Math.max(0, this.lease.until - performance.now()) / 1000 : 0;
    const part = this.lease ? Math.min(1, left / this.lease.full) : 0;
    const meter = this.part("lease");
    meter.firstElementChild.style.transform = `scaleX(${part.toFixed(3)})`;
    meter.classList.toggle("low", part < 1 / 3);
    setText(this.part("lease-text"), this.lease ? leaseText(left, this.lease.full) : "–");
    // Not ten times a second: it is read aloud.
    const whole = String(Math.round(left));
    if (meter.getAttribute("aria-valuenow") !== whole) {
      meter.setAttribute("aria-valuemax", String(this.lease?.full ?? 0));
      meter.setAttribute("aria-valuenow", whole);
      meter.setAttribute("aria-valuetext", this.lease ? `${whole} seconds` : "no lease");
    }
    this.strip.tick();
  }

  readAgain() {
    this.timelineChanged();
    this.ledgerChanged();
  }

  ledgerChanged() { this.ledger.changed(); }

  timelineChanged() {
    if (this.reading || !this.root.open) return;
    const wait = Math.max(0, (this.readAt ?? -TIMELINE_PAUSE) + TIMELINE_PAUSE - performance.now());
    this.reading = setTimeout(async () => {
      this.reading = undefined;
      this.readAt = performance.now();
      try {
        this.strip.show(await get(`${addressOf(this.election)}/timeline`));
      } catch {
        // The connection's own line says that the board is away.
      }
    }, wait);
  }
}
