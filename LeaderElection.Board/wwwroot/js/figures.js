// The tiles on top.

import { count, length, setText } from "./format.js";

const put = (what, figure, note) => {
  setText(document.getElementById(`figure-${what}`), figure);
  setText(document.getElementById(`note-${what}`), note);
};

function times(what, distribution) {
  if (distribution.count === 0) put(what, "–", "none yet");
  else put(what, length(distribution.median), `p95 ${length(distribution.p95)} · ${count(distribution.count, "time")}`);
}

export function showFigures(figures, elections, led) {
  put("elections", elections.toLocaleString("en"), led === elections ? "all have a leader" : `${(elections - led).toLocaleString("en")} without a leader`);
  document.getElementById("note-elections").classList.toggle("warning", led < elections);
  if (!figures) return;
  put("leaderships", figures.leaderships.toLocaleString("en"),
    figures.overlaps ? `${count(figures.overlaps, "time")} two at once!` : "never two at once");
  document.getElementById("note-leaderships").classList.toggle("warning", figures.overlaps > 0);
  times("failover", figures.failOver);
  times("handover", figures.handOver);
  put("gap", figures.longestGap == null ? "–" : length(figures.longestGap), figures.longestGap == null ? "none yet" : "nobody led");
  put("refused", figures.refusedWrites.toLocaleString("en"), figures.refusedWrites ? "stopped by their token" : "none yet");
}

/** The same for one election, in a line. */
export function figuresLine(figures) {
  const parts = [`${count(figures.leaderships, "leader")} elected`];
  const of = (name, one) => one.count && parts.push(`${name} ${length(one.median)} median, ${length(one.p95)} p95`);
  of("fail-over", figures.failOver);
  of("hand-over", figures.handOver);
  if (figures.longestGap != null) parts.push(`longest gap ${length(figures.longestGap)}`);
  if (figures.refusedWrites) parts.push(count(figures.refusedWrites, "refused write"));
  if (figures.overlaps) parts.push(`${count(figures.overlaps, "time")} two leaders at once!`);
  return parts.join(" · ");
}
