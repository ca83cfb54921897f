// The server's state: asked for when the websocket says that something changed, and each second while a job runs.

import { endedRow, outputTile, packRow, pendingRow, runningRow, workerRow } from "./rows.js";

const WHILE_RUNNING = 700; // milliseconds
const WHILE_IDLE = 10_000;
const WHILE_AWAY = 2_000;
const PICTURES = 12;

const at = (id) => document.getElementById(id);
let timer = 0;
let asking = false;
let askAgain = false;
let shownPictures = "";
let lastEnded = null;

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.error?.message ?? `The server answered ${answer.status}.`);
  }
  return answer.headers.get("content-type")?.startsWith("application/json") ? answer.json() : null;
}

const post = (path, body = {}) => ask(path, { method: "POST", body: JSON.stringify(body) });

async function act(button, call) {
  button.disabled = true;
  try {
    await call();
    await refresh();
  } catch (error) {
    notice(error.message);
  } finally {
    button.disabled = false;
  }
}

function notice(text) {
  at("notice").hidden = !text;
  if (at("notice").textContent !== text) at("notice").textContent = text;
}

const cancel = (job) => (event) => act(event.currentTarget, () => post(`api/jobs/${encodeURIComponent(job.id)}/cancel`));

// Rows are kept by their key, so that a focused button stays focused and a bar moves on from where it was.
function keep(list, items, make) {
  const known = new Map([...list.children].map((row) => [row.dataset.key, row]));
  const rows = items.map(({ key, item }) => {
    const row = known.get(key) ?? make(item).row;
    known.delete(key);
    row.dataset.key = key;
    row.update?.(item);
    return row;
  });
  for (const gone of known.values()) gone.remove();
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

const byId = (jobs) => jobs.map((item) => ({ key: item.id, item }));

function stateOf(status) {
  if (status.paused) return ["paused", `Paused: ${status.paused}`];
  const states = new Set(status.workers.map((worker) => worker.status));
  if (status.running.length) return ["busy", "Working"];
  if (states.has("ready") || states.has("busy")) return ["ready", "Ready"];
  if (states.has("starting")) return ["starting", status.workers.find((one) => one.step)?.step ?? "Starting"];
  return ["dead", "No worker is up"];
}

function show(status) {
  const [state, text] = stateOf(status);
  at("state").dataset.state = state;
  if (at("state").textContent !== text) at("state").textContent = text;
  at("version").textContent = status.version;
  document.title = status.running.length ? `(${status.running.length + status.pending_total}) Weft` : "Weft";

  keep(at("running"), byId(status.running), (job) => runningRow(job, cancel(job)));
  keep(at("pending"), byId(status.pending), (job) => pendingRow(job, cancel(job)));
  const unseen = status.pending_total - status.pending.length;
  at("queue-count").textContent = status.pending_total
    ? `${status.pending_total} waiting${unseen > 0 ? `, ${status.pending.length} shown` : ""}`
    : "";
  at("empty").hidden = status.running.length + status.pending_total > 0;
  at("clear").hidden = status.pending_total === 0;
  at("pause").hidden = false;
  at("pause").textContent = status.paused ? "Resume" : "Pause";
  at("pause").dataset.paused = status.paused ? "yes" : "";

  keep(
    at("workers"),
    status.workers.map((item) => ({ key: item.name, item })),
    workerRow,
  );
  at("ended-section").hidden = status.ended.length === 0;
  keep(
    at("ended"),
    status.ended.map((item) => ({ key: item.id, item })),
    endedRow,
  );
  at("packs-section").hidden = status.packs.length === 0;
  keep(
    at("packs"),
    status.packs.map((item) => ({ key: `${item.name} ${item.nodes} ${item.error}`, item })),
    packRow,
  );
}

async function showPictures() {
  const page = await ask(`api/outputs?media=image&limit=${PICTURES}`);
  const shown = JSON.stringify(page.files);
  if (shown === shownPictures) return;
  shownPictures = shown;
  at("outputs-section").hidden = page.files.length === 0;
  at("outputs-count").textContent = page.total > page.files.length ? `of ${page.total}` : "";
  keep(
    at("outputs"),
    page.files.map((item) => ({ key: `${item.subfolder}/${item.filename}/${item.modified}`, item })),
    outputTile,
  );
}

async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  clearTimeout(timer);
  let pause = WHILE_AWAY;
  try {
    const status = await ask("api/status");
    show(status);
    if (at("notice").dataset.away) notice("");
    delete at("notice").dataset.away;
    const newest = status.ended[0]?.id ?? "";
    if (newest !== lastEnded) {
      await showPictures();
      lastEnded = newest;
    }
    const moving = status.running.length > 0 || stateOf(status)[0] === "starting";
    pause = moving && !document.hidden ? WHILE_RUNNING : WHILE_IDLE;
  } catch (error) {
    at("state").dataset.state = "away";
    at("state").textContent = "Not connected";
    at("notice").dataset.away = "yes";
    notice(error instanceof TypeError ? "The server does not answer. Is it still running?" : error.message);
  }
  asking = false;
  timer = setTimeout(refresh, askAgain ? 100 : pause);
  askAgain = false;
}

// Any message means that something changed: the queue, or a run that this page listens to.
function listen() {
  const address = new URL("ws", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.addEventListener("message", () => refresh());
  socket.addEventListener("close", () => setTimeout(listen, WHILE_AWAY));
}

at("pause").addEventListener("click", (event) => {
  const paused = event.currentTarget.dataset.paused;
  act(event.currentTarget, () => post(paused ? "api/queue/resume" : "api/queue/pause", paused ? {} : { reason: "by hand" }));
});
at("clear").addEventListener("click", (event) => act(event.currentTarget, () => post("api/queue", { clear: true })));
document.addEventListener("visibilitychange", () => document.hidden || refresh());

refresh();
listen();
