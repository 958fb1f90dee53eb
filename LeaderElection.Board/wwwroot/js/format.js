// How things are written.

export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

/** Sets a text only if it is another one, so that what is selected or read aloud is not disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function clock(time) {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString([], { hour12: false });
}

/** Milliseconds for people. */
export function length(ms) {
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor(ms / 1000) % 60} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor(ms / 60_000) % 60} min`;
}

/** The age of something, in whole seconds so that it does not flicker. */
export function age(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000) * 1000);
  return whole < 60_000 ? `${whole / 1000} s` : length(whole);
}

export function count(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

export const keyOf = election => `${election.strategy}/${election.name}`;

export const addressOf = election => `/api/elections/${encodeURIComponent(election.strategy)}/${encodeURIComponent(election.name)}`;
