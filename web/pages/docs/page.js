// The API's documentation, drawn from openapi.json. Text is only ever set as text.

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

/** An element with attributes, listeners (functions) and children (nodes or text). */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Text with `code` between backticks. */
function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

function operationsOf(api) {
  const found = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      if (!item[method]) continue;
      const both = (item.servers ?? api.servers).length > 1;
      found.push({ path, method, both, id: item[method].operationId, secured: Boolean(api.security), ...item[method] });
    }
  }
  return found;
}

/** The words that the search looks at. */
function wordsOf(operation) {
  const names = (operation.parameters ?? []).map((parameter) => parameter.name);
  return [operation.method, operation.path, operation.summary, operation.description ?? "", ...operation.tags, ...names]
    .join(" ")
    .toLowerCase();
}

function pathNodes(path) {
  return path.split(/(\{[^}]+\})/).map((part) => (part.startsWith("{") ? h("em", {}, part) : part));
}

function pill(method) {
  return h("span", { class: `pill ${method}` }, method === "delete" ? "del" : method);
}

// ---- schemas

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return "one of";
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map(typeOf).join(" or ");
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "anything"}`;
  return schema.type ?? "anything";
}

/** The object whose properties are worth listing: itself, or what a list holds. */
function objectIn(api, schema) {
  if (schema.$ref) return objectIn(api, schema.$ref.split("/").slice(1).reduce((at, key) => at[key], api));
  if (schema.properties) return schema;
  return schema.type === "array" && schema.items ? objectIn(api, schema.items) : null;
}

function row(name, type, text, required) {
  const kind = h("span", { class: "type" }, type);
  const term = h("dt", {}, h("code", {}, name), kind, required ? h("span", { class: "must" }, "required") : null);
  return [term, h("dd", {}, prose(text ?? ""))];
}

/** The fields of an object; what is `sent` tells which must be there, what is answered always is as it is told. */
function schemaRows(api, schema, sent, depth = 0) {
  const shape = objectIn(api, schema);
  if (!shape) return null;
  const required = new Set(shape.required ?? []);
  const rows = Object.entries(shape.properties).flatMap(([name, inner]) => {
    const [term, told] = row(name, typeOf(inner), inner.description, sent && required.has(name));
    if (inner.enum) term.append(...inner.enum.map((value) => h("code", { class: "choice" }, String(value))));
    const deeper = depth < 3 ? schemaRows(api, inner, sent, depth + 1) : null;
    if (deeper) told.append(h("details", {}, h("summary", {}, `its ${deeper.children.length / 2} fields`), deeper));
    return [term, told];
  });
  return h("dl", { class: depth ? "fields inner" : "fields" }, rows);
}

function block(title, ...content) {
  return h("section", { class: "block" }, h("h4", {}, title), ...content);
}

function contentBlock(api, title, content, sent) {
  return Object.entries(content).map(([media, { schema }]) => {
    const rows = schemaRows(api, schema, sent);
    return block(title, h("p", { class: "media" }, media, rows ? "" : ` · ${typeOf(schema)}`), rows);
  });
}

function answersBlock(operation) {
  const rows = Object.entries(operation.responses).flatMap(([status, answer]) => [
    h("dt", {}, h("span", { class: `status s${status[0]}` }, status)),
    h("dd", {}, prose(answer.description)),
  ]);
  return block("Answers", h("dl", { class: "answers" }, rows));
}

// ---- the curl line

function sampleValue(api, schema) {
  if (schema.$ref) return {};
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  return { string: "", number: 0, integer: 0, boolean: false, array: [] }[type] ?? {};
}

function sampleBody(api, schema) {
  const shape = objectIn(api, schema);
  if (!shape || schema.type === "array") return sampleValue(api, schema);
  const wanted = shape.required ?? Object.keys(shape.properties).slice(0, 2);
  return Object.fromEntries(
    wanted.filter((name) => shape.properties[name]).map((name) => [name, sampleValue(api, shape.properties[name])]),
  );
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The path with the values that were typed; placeholders stay where nothing was. */
function filled(operation, values) {
  const path = operation.path.replace(/\{([^}]+)\}/g, (whole, name) =>
    values[name] ? encodeURIComponent(values[name]) : whole,
  );
  const query = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === "query" && values[parameter.name])
    .map((parameter) => `${encodeURIComponent(parameter.name)}=${encodeURIComponent(values[parameter.name])}`);
  return query.length ? `${path}?${query.join("&")}` : path;
}

function curlLine(api, operation, values) {
  const parts = ["curl"];
  if (operation.method === "head") parts.push("--head");
  else if (operation.method !== "get") parts.push(`-X ${operation.method.toUpperCase()}`);
  parts.push(quoted(location.origin + filled(operation, values)));
  const lines = [parts.join(" ")];
  if (operation.secured) lines.push(`-H "Authorization: Bearer $WEFT_TOKEN"`);
  const content = operation.requestBody?.content ?? {};
  if (content["application/json"]) {
    lines.push(`-H 'Content-Type: application/json'`);
    lines.push(`-d ${quoted(JSON.stringify(sampleBody(api, content["application/json"].schema)))}`);
  } else if (content["multipart/form-data"]) {
    for (const name of Object.keys(content["multipart/form-data"].schema.properties).slice(0, 2)) {
      lines.push(`-F ${["image", "file"].includes(name) ? `${name}=@picture.png` : `${name}=`}`);
    }
  }
  return lines.join(" \\\n  ");
}

function copyButton(text) {
  const said = h("span", { class: "sr", role: "status" });
  const copy = async (event) => {
    const button = event.currentTarget;
    const done = await navigator.clipboard.writeText(text()).then(() => true, () => false);
    button.firstChild.textContent = done ? "Copied" : "Select and copy by hand";
    said.textContent = button.firstChild.textContent;
    setTimeout(() => (button.firstChild.textContent = "Copy"), 1600);
  };
  return h("button", { class: "copy", type: "button", click: copy }, "Copy", said);
}

// ---- trying a route

async function shown(response) {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("image/") && response.ok) {
    const url = URL.createObjectURL(await response.blob());
    return h("img", { src: url, alt: "The picture that was answered", load: () => URL.revokeObjectURL(url) });
  }
  const text = await response.text();
  if (!text) return h("p", { class: "quiet" }, "An empty body.");
  const tidy = type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text;
  const cut = tidy.length > 60_000 ? `${tidy.slice(0, 60_000)}\n… ${tidy.length - 60_000} more characters` : tidy;
  return h("pre", { class: "answer", tabindex: "0" }, cut);
}

/** Streams never end by themselves; everything else that only reads can be tried here. */
function canTry(operation) {
  const media = Object.values(operation.responses).flatMap((answer) => Object.keys(answer.content ?? {}));
  return operation.method === "get" && !media.includes("text/event-stream") && !operation.responses["101"];
}

function tryForm(operation, values, changed) {
  const result = h("div", { class: "result", "aria-live": "polite" });
  const fields = (operation.parameters ?? []).map((parameter) =>
    h(
      "label",
      {},
      h("span", {}, parameter.name),
      h("input", {
        name: parameter.name,
        required: parameter.in === "path",
        autocomplete: "off",
        spellcheck: "false",
        input: (event) => {
          values[parameter.name] = event.target.value;
          changed();
        },
      }),
    ),
  );
  const send = async (event) => {
    event.preventDefault();
    const began = performance.now();
    result.replaceChildren(h("p", { class: "quiet" }, "Asking."));
    try {
      const response = await fetch(location.origin + filled(operation, values), { credentials: "same-origin" });
      const body = await shown(response);
      const took = `${Math.max(1, Math.round(performance.now() - began))} ms`;
      const status = h("span", { class: `status s${String(response.status)[0]}` }, String(response.status));
      result.replaceChildren(h("p", { class: "outcome" }, status, response.statusText, h("span", {}, took)), body);
    } catch (error) {
      result.replaceChildren(h("p", { class: "quiet" }, `The server did not answer: ${error.message}`));
    }
  };
  return h("form", { class: "try", submit: send }, ...fields, h("button", { type: "submit" }, "Send"), result);
}

// ---- the page

function operationCard(api, operation) {
  const values = {};
  const line = h("pre", { class: "line", tabindex: "0" });
  const draw = () => (line.textContent = curlLine(api, operation, values));
  draw();
  const parameters = operation.parameters ?? [];
  const rows = parameters.flatMap(({ name, in: place, description, required }) => row(name, place, description, required));
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1];
  const told = [
    operation.description ? h("p", { class: "more" }, prose(operation.description)) : null,
    parameters.length ? block("Parameters", h("dl", { class: "fields" }, rows)) : null,
    ...contentBlock(api, "Body", operation.requestBody?.content ?? {}, true),
    answersBlock(operation),
    ...contentBlock(api, "Answer", success?.content ?? {}, false),
  ];
  const code = [
    h("div", { class: "code" }, h("header", {}, "curl", copyButton(() => line.textContent)), line),
    canTry(operation) ? h("div", { class: "code" }, h("header", {}, "Try it"), tryForm(operation, values, draw)) : null,
  ];
  return h(
    "article",
    { id: operation.id, class: "operation" },
    h("h3", {}, pill(operation.method), h("a", { class: "path", href: `#${operation.id}` }, pathNodes(operation.path))),
    h("p", { class: "summary" }, prose(operation.summary)),
    operation.both ? h("p", { class: "both" }, "also at ", h("code", {}, `/api${operation.path}`)) : null,
    h("div", { class: "columns" }, h("div", { class: "told" }, told), h("div", { class: "side-code" }, code)),
  );
}

function drawPage(api) {
  const operations = operationsOf(api);
  const groups = api.tags.map((tag) => {
    const inside = operations.filter((operation) => operation.tags[0] === tag.name);
    const slug = `tag-${tag.name.toLowerCase().replaceAll(" ", "-")}`;
    const entries = inside.map((operation) => ({
      words: wordsOf(operation),
      link: h("a", { href: `#${operation.id}`, title: operation.summary }, pill(operation.method), h("span", {}, pathNodes(operation.path))),
      card: operationCard(api, operation),
    }));
    const heading = h("header", { class: "group" }, h("h2", {}, tag.name), h("p", {}, prose(tag.description)));
    return {
      entries,
      section: h("section", { id: slug }, heading, entries.map((entry) => entry.card)),
      list: h("section", {}, h("a", { class: "group-link", href: `#${slug}` }, tag.name), entries.map((entry) => entry.link)),
    };
  });
  const nothing = h("p", { class: "quiet", hidden: true }, "No route has all of these words. Try fewer.");
  document.querySelector("#about").replaceChildren(...prose(api.info.description));
  const raw = h("a", { href: "openapi.json" }, `OpenAPI ${api.openapi}`);
  const facts = [`Version ${api.info.version}`, `${operations.length} routes`].map((text) => h("span", {}, text));
  document.querySelector("#facts").replaceChildren(...facts, raw);
  document.querySelector("#toc").replaceChildren(...groups.map((group) => group.list));
  document.querySelector("#routes").replaceChildren(...groups.map((group) => group.section), nothing);
  return { groups, nothing };
}

function search({ groups, nothing }, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const group of groups) {
    let here = false;
    for (const entry of group.entries) {
      const match = words.every((word) => entry.words.includes(word));
      entry.link.hidden = entry.card.hidden = !match;
      here ||= match;
    }
    group.section.hidden = group.list.hidden = !here;
    any ||= here;
  }
  nothing.hidden = any;
}

/** Mark the route that is read, in the list. */
function followReading(groups) {
  const entries = groups.flatMap((group) => group.entries);
  const byCard = new Map(entries.map((entry) => [entry.card, entry]));
  const watch = new IntersectionObserver(
    (changes) => {
      const seen = changes.filter((change) => change.isIntersecting).at(-1);
      if (!seen) return;
      for (const entry of entries) entry.link.removeAttribute("aria-current");
      const { link } = byCard.get(seen.target);
      link.setAttribute("aria-current", "true");
      const toc = document.querySelector("#toc");
      const { top, bottom } = link.getBoundingClientRect();
      const frame = toc.getBoundingClientRect();
      if (top < frame.top || bottom > frame.bottom) toc.scrollTop += top - frame.top - frame.height / 3;
    },
    { rootMargin: "-8% 0px -80% 0px" },
  );
  for (const entry of entries) watch.observe(entry.card);
}

async function main() {
  const routes = document.querySelector("#routes");
  const input = document.querySelector("#search");
  try {
    const response = await fetch("openapi.json", { credentials: "same-origin" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const page = drawPage(await response.json());
    input.addEventListener("input", () => search(page, input.value));
    followReading(page.groups);
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  } catch (error) {
    routes.replaceChildren(h("p", { class: "quiet" }, `The description of the API could not be read: ${error.message}.`));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });
}

main();
