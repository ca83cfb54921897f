// The rows of the page's lists. Each function makes a row with an `update` that brings it up to date.

const LEFT = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const nameOf = (job) => [...new Set(job.outputs)].join(", ") || "Workflow";
const titled = (job) => {
  const name = element("span", { className: "name", textContent: nameOf(job) });
  if (job.prefixes.length) name.append(element("span", { className: "prefix", textContent: job.prefixes.join(", ") }));
  return name;
};
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

function ago(milliseconds) {
  const seconds = (milliseconds - Date.now()) / 1000;
  const [size, unit] = [[86_400, "day"], [3_600, "hour"], [60, "minute"]].find(([size]) => -seconds >= size) ?? [1, "second"];
  return LEFT.format(Math.min(0, Math.round(seconds / size)), unit);
}

function lasted(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 0.1) return "< 0.1 s";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

const gigabytes = (bytes) => (bytes / 2 ** 30).toFixed(1);

function bar(label) {
  const filled = element("span");
  const made = element("div", { className: "progress", role: "progressbar" }, filled);
  made.setAttribute("aria-label", label);
  made.setAttribute("aria-valuemin", "0");
  made.setAttribute("aria-valuemax", "100");
  made.set = (share) => {
    const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
    filled.style.width = `${percent}%`;
    made.setAttribute("aria-valuenow", String(percent));
  };
  return made;
}

function cancelButton(job, cancel) {
  const button = element("button", { type: "button", textContent: "Cancel" });
  button.setAttribute("aria-label", `Cancel ${nameOf(job)}`);
  button.addEventListener("click", cancel);
  return button;
}

export function runningRow(job, cancel) {
  const name = titled(job);
  const detail = element("div", { className: "detail" });
  const progress = bar(`Progress of ${nameOf(job)}`);
  const row = element("li", { className: "job" }, name, cancelButton(job, cancel), detail, progress);
  row.update = (now) => {
    const step = now.step && now.step.max > 1 ? ` ${Math.floor(now.step.value)} of ${Math.floor(now.step.max)}` : "";
    const where = now.node ? `${now.node}${step}` : "Beginning";
    const nodes = now.nodes_total ? `${now.nodes_done} of ${count(now.nodes_total, "node")}` : count(now.nodes, "node");
    const since = now.started ? ` · ${lasted(Date.now() - now.started)}` : "";
    const again = now.attempts > 1 ? ` · attempt ${now.attempts}` : "";
    detail.textContent = `${where} · ${nodes}${since}${again}${now.worker ? ` · on ${now.worker}` : ""}`;
    // Of a node that counts its steps they are shown: beside it, the other nodes take next to no time.
    const nodesShare = now.nodes_total ? now.nodes_done / now.nodes_total : 0;
    progress.set(step ? now.step.value / now.step.max : nodesShare);
  };
  return { row };
}

export function pendingRow(job, cancel) {
  const name = titled(job);
  const detail = element("div", { className: "detail" });
  const row = element("li", { className: "job" }, name, cancelButton(job, cancel), detail);
  row.update = (now) => {
    detail.textContent = `Waiting · ${count(now.nodes, "node")} · queued ${ago(now.created)}`;
  };
  return { row };
}

const CALLED = { python: "Python", torch: "PyTorch" };
const STATUS = { starting: "Starting", ready: "Ready", busy: "Working", dead: "Down", stopped: "Stopped" };

export function workerRow(worker) {
  const status = element("span", { className: "status" });
  const head = element("div", { className: "head" }, element("span", { className: "name", textContent: worker.name }), status);
  const detail = element("p", { className: "detail" });
  const bad = element("p", { className: "detail bad" });
  const used = element("span");
  const progress = bar(`Memory in use on ${worker.name}`);
  const memory = element("div", { className: "memory" }, progress, used);
  const row = element("li", { className: "worker" }, head, detail, bad, memory);
  row.update = (now) => {
    status.dataset.state = now.status;
    status.textContent = STATUS[now.status] ?? now.status;
    const { name, vram_total: total, vram_free: free } = now.device;
    const versions = Object.entries(now.versions).map(([what, version]) => `${CALLED[what] ?? what} ${version}`);
    const device = name && name !== now.name ? [name] : [];
    detail.textContent = now.status === "starting" ? now.step : [...device, ...versions].join(" · ");
    bad.textContent = now.reason ?? "";
    bad.hidden = !now.reason;
    memory.hidden = !total;
    if (total) {
      used.textContent = `${gigabytes(total - free)} of ${gigabytes(total)} GiB in use`;
      progress.set((total - free) / total);
    }
  };
  return { row };
}

const OUTCOME = { success: "Done", error: "Failed", cancelled: "Cancelled" };

export function endedRow(job) {
  const outcome = element("span", { className: `outcome ${job.status}`, textContent: OUTCOME[job.status] ?? job.status });
  const name = titled(job);
  const detail = element("span", { className: "detail" });
  const row = element("li", {}, outcome, name, detail);
  if (job.error) {
    const node = job.error.node_type ? `${job.error.node_type}: ` : "";
    row.append(element("span", { className: "why", textContent: `${node}${job.error.message}`.trim() }));
  }
  row.update = (now) => {
    const took = now.started && now.ended ? `${lasted(now.ended - now.started)} · ` : "";
    detail.textContent = `${took}${ago(now.ended ?? now.created)}`;
  };
  return { row };
}

export function packRow(pack) {
  const [kind, word] = !pack.error ? ["success", "Loaded"] : pack.nodes ? ["error", "In part"] : ["error", "Left out"];
  const outcome = element("span", { className: `outcome ${kind}`, textContent: word });
  const name = element("span", { className: "name", textContent: pack.name });
  const detail = element("span", { className: "detail", textContent: count(pack.nodes, "node") });
  const row = element("li", {}, outcome, name, detail);
  if (pack.error) row.append(element("span", { className: "why", textContent: pack.error }));
  return { row };
}

export function outputTile(file) {
  const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
  const picture = element("img", { src: `api/view?${query}&preview=webp;80&size=360`, alt: "", loading: "lazy" });
  const name = element("span", { className: "name", textContent: file.filename });
  const link = element("a", { href: `api/view?${query}`, title: file.filename }, picture, name);
  return { row: element("li", {}, link) };
}
