// The controls of the actions. What ends a process asks once more: the same button, pressed again a moment later.

import { element } from "./format.js";

export const ARM = true;

const ARMED_FOR = 5000;      // ms
const NOT_BEFORE = 400;      // ms: a double click is one click

let made = 0;

export function actionButton(text, action, candidate, run, arm = false, query = () => ({})) {
  const button = element("button", text);
  button.type = "button";
  button.dataset.action = action;
  button.setAttribute("aria-label", `${text} ${candidate}`);
  let armedAt;
  let timer;
  const disarm = () => {
    clearTimeout(timer);
    armedAt = undefined;
    button.classList.remove("armed");
    button.textContent = text;
    button.setAttribute("aria-label", `${text} ${candidate}`);
  };
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    if (arm && armedAt === undefined) {
      armedAt = performance.now();
      button.classList.add("armed");
      button.textContent = `Really ${text.toLowerCase()}?`;
      button.setAttribute("aria-label", `Really ${text.toLowerCase()} ${candidate}? Press again`);
      timer = setTimeout(disarm, ARMED_FOR);
      return;
    }
    if (arm && performance.now() - armedAt < NOT_BEFORE) return;
    disarm();
    // Not "disabled", which would take the keyboard's focus away.
    button.setAttribute("aria-disabled", "true");
    try {
      await run(action, query());
    } finally {
      button.setAttribute("aria-disabled", "false");
    }
  });
  button.addEventListener("blur", () => armedAt !== undefined && disarm());
  return button;
}

function seconds(value, label, isOptional) {
  const field = element("label", "", "seconds");
  const input = document.createElement("input");
  Object.assign(input, { type: "number", min: "1", max: "3600", step: "1", value, id: `seconds-${++made}`, placeholder: isOptional ? "∞" : "" });
  input.setAttribute("aria-label", label);
  field.append("for", input, "s");
  return { field, query: () => input.value && input.validity.valid ? { for: `${input.value}s` } : {} };
}

export function freezeForm(candidate, run) {
  const form = element("span", "", "with");
  const time = seconds("15", `Seconds to freeze ${candidate}`, false);
  form.append(actionButton("Freeze", "freeze", candidate, run, false, time.query), time.field);
  return form;
}

/** From its store; of a Raft member also from those that are chosen. Without a time until it is healed. */
export function cutOffForm(candidate, peers, run) {
  const form = element("span", "", "with");
  const time = seconds("", `Seconds to cut ${candidate} off; empty: until it is healed`, true);
  const boxes = peers.map(peer => {
    const label = element("label", "", "check");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: peer.member });
    label.append(box, element("span", peer.member));
    return { label, box };
  });
  const query = () => {
    const from = boxes.filter(one => one.box.checked).map(one => one.box.value).join();
    return { ...time.query(), ...(from ? { from } : {}) };
  };
  form.append(actionButton("Cut off", "cut-off", candidate, run, false, query), time.field);
  if (boxes.length) {
    const group = element("span", "", "from");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", `Members to cut ${candidate} off from; none: all`);
    group.append("from", ...boxes.map(one => one.label));
    form.append(group);
  }
  return form;
}

export function transferForm(candidate, peers, run) {
  const form = element("span", "", "with");
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Member that ${candidate} hands over to`);
  select.append(...peers.map(peer => new Option(peer.id === peer.member ? peer.id : `${peer.member} (${peer.id})`, peer.member)));
  form.append(actionButton("Transfer to", "transfer", candidate, run, false, () => ({ to: select.value })), select);
  return form;
}
