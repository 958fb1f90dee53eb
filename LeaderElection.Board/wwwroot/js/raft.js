// How the Raft members stand, and who is connected to whom: a row a member, a column for each as it is seen by it.

import { element, length } from "./format.js";

const STALE = 10;     // s: one that leads nothing sends no heartbeats, so how old its last is tells nothing

export function showMembers(card) {
  const members = Object.entries(card.members).map(([candidate, raft]) => ({ candidate, ...raft }));
  const text = JSON.stringify(members);
  if (text === card.shownMembers) return;
  card.shownMembers = text;
  const names = [...new Set(members.flatMap(one => [one.member, ...one.peers.map(peer => peer.member)]))].sort();
  const head = document.createElement("tr");
  head.append(...["Member", "Term", "Voted for", ...names.map(name => `to ${name}`)].map(text => {
    const cell = element("th", text);
    cell.scope = "col";
    return cell;
  }));
  const rows = names.map(name => {
    const row = document.createElement("tr");
    const member = members.find(one => one.member === name);
    const title = element("th", "", "member");
    title.scope = "row";
    title.append(element("span", "", `swatch ${member ? card.colour(member.candidate) : ""}`), name);
    row.append(title);
    if (!member) {
      const cell = element("td", "gone", "quiet");
      cell.colSpan = names.length + 2;
      row.append(cell);
      return row;
    }
    row.append(element("td", String(member.term)), element("td", member.votedFor ?? "–"),
      ...names.map(other => other === name ? element("td", "", "self") : link(member.peers.find(peer => peer.member === other))));
    return row;
  });
  const table = card.part("raft");
  const body = document.createElement("tbody");
  body.append(...rows);
  const top = document.createElement("thead");
  top.append(head);
  table.replaceChildren(top, body);
}

function link(peer) {
  if (!peer) return element("td", "–", "quiet");
  const state = peer.isCutOff ? "cut off" : peer.isConnected ? "connected" : "no link";
  const cell = element("td", "", `link ${peer.isCutOff ? "cut" : peer.isConnected ? "up" : "down"}`);
  cell.append(element("span", state, "link-state"), element("span", `↑${short(peer.sent)} ↓${short(peer.received)}`, "traffic"));
  const age = peer.heartbeatAge == null ? null : length(peer.heartbeatAge * 1000);
  if (age && peer.heartbeatAge < STALE) cell.append(element("span", `♥ ${age}`, "heartbeat"));
  cell.title = `${state}; ${peer.sent} messages sent, ${peer.received} received`
    + (age ? `; last heartbeat ${age} ago` : "");
  return cell;
}

const short = number => number < 10_000 ? String(number) : number < 10_000_000 ? `${Math.round(number / 1000)}k` : `${Math.round(number / 1_000_000)}M`;
