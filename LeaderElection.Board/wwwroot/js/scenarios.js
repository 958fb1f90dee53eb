// The scenarios of an election: a button each, and the log of the run as it comes.

import { get, lines, post } from "./api.js";
import { element, setText } from "./format.js";

export async function loadScenarios() {
  try {
    return await get("/api/scenarios");
  } catch {
    return [];
  }
}

export class Scenarios {
  constructor(card) {
    this.card = card;
    this.buttons = new Map();
    card.part("log").setAttribute("aria-label", `Log of the scenario on ${card.election.name}`);
  }

  show() {
    const { board, election } = this.card;
    const offered = board.actions ? board.scenarios.filter(one => !one.strategies || one.strategies.includes(election.strategy)) : [];
    this.card.part("scenarios").hidden = offered.length === 0;
    const list = this.card.part("scenario-buttons");
    for (const scenario of offered) {
      let button = this.buttons.get(scenario.name);
      if (!button) {
        button = element("button", scenario.title);
        button.type = "button";
        button.dataset.scenario = scenario.name;
        button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && this.#run(scenario));
        this.buttons.set(scenario.name, button);
        list.append(button);
      }
      const isMissing = scenario.needsOperator && !board.operator;
      button.title = isMissing ? `${scenario.description} It needs the AppHost, which restarts replicas.` : scenario.description;
      button.setAttribute("aria-disabled", String(isMissing || this.isRunning === true));
    }
  }

  async #run(scenario) {
    const part = this.card.part;
    this.isRunning = true;
    this.show();
    part("outcome").hidden = false;
    part("outcome").dataset.state = "running";
    setText(part("verdict"), `${scenario.title}: running…`);
    const log = part("log");
    log.textContent = "";
    try {
      const { strategy, name } = this.card.election;
      const started = await post(`/api/scenarios/${scenario.name}/runs?${new URLSearchParams({ strategy, election: name })}`);
      const { id } = await started.json();
      let last = "";
      for await (const line of lines(`/api/scenarios/runs/${id}/log`)) {
        const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
        log.append(`${line}\n`);
        if (isAtEnd) log.scrollTop = log.scrollHeight;
        last = line;
      }
      this.#verdict(scenario, last === "PASSED", last);
    } catch (error) {
      this.#verdict(scenario, false, `FAILED: ${error.message}`);
    } finally {
      this.isRunning = false;
      this.show();
    }
  }

  #verdict(scenario, isPassed, text) {
    this.card.part("outcome").dataset.state = isPassed ? "passed" : "failed";
    setText(this.card.part("verdict"), `${scenario.title}: ${text}`);
  }
}
