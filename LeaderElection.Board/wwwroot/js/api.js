// Asks the board for something. What changes anything carries the page's token, which pages from elsewhere cannot read.

let token;

async function tokenOfBoard() {
  if (token) return token;
  const response = await fetch("/api/token", { cache: "no-store" });
  if (!response.ok) throw new Error("the board offers no actions here");
  return token = (await response.json()).token;
}

async function problemOf(response) {
  try {
    return (await response.json()).error ?? `the board answered ${response.status}`;
  } catch {
    return `the board answered ${response.status}`;
  }
}

/** Posts; a board that was started anew has another token, so that is asked for again once. */
export async function post(path) {
  for (let attempt = 1; ; attempt++) {
    let response;
    try {
      response = await fetch(path, { method: "POST", headers: { "Board-Token": await tokenOfBoard() } });
    } catch (error) {
      throw new Error(error instanceof TypeError ? "the board does not answer" : error.message);
    }
    if (response.ok) return response;
    token = undefined;
    if (response.status !== 403 || attempt > 1) throw new Error(await problemOf(response));
  }
}

export async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await problemOf(response));
  return response.json();
}

/** Tells the board which elections are on the screen: of those it sends what moves all the time. */
export async function watch(stream, elections) {
  await fetch(`/api/elections/stream/${stream}/watch`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(elections),
  });
}

/** Reads a text line by line as it comes. */
export async function* lines(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await problemOf(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
  if (rest) yield rest;
}
