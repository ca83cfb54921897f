// What a user of @comfyorg/sdk writes: assets in workflows, runs, live events, refusals; and its own schemas' verdict.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
process.env.COMFY_BASE_URL = job.url;
const { Comfy } = await import("@comfyorg/sdk");
const { schemas } = await import("@comfyorg/sdk/low");

const client = new Comfy({});

async function errorOf(call) {
  try {
    await call();
  } catch (error) {
    const { name, code, details } = error;
    return { class: error.constructor.name, name, code, text: error.message, details, error: error.error };
  }
  return null;
}

/** What the SDK's own schemas, made from the contract, say of an answer. */
async function judged(path, schema, options = {}) {
  const answer = await fetch(job.url + path, options);
  const result = schemas[schema].safeParse(await answer.json());
  return result.success ? null : result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const drawing = client.workflows.fromJson(job.draw);
drawing.setInput("3", "seed", job.seed);
const running = await client.submit(drawing);
const events = [];
for await (const event of running.events()) events.push({ ...event, output: event.output?.name });
const drawn = await running.result();
const [output] = drawn.getOutputs("9");
await output.toFile(join(job.folder, "drawn.png"));

const picture = client.assets.fromFile(join(job.folder, "upload.png"));
const inverting = client.workflows.fromJson(job.invert);
inverting.setInput("1", "image", picture);
const inverted = await client.run(inverting);
writeFileSync(join(job.folder, "inverted.png"), await inverted.getOutputs("3")[0].toBytes());
const twice = client.assets.fromFile(join(job.folder, "upload.png"));
await twice.commit();

const waiting = await client.submit(client.workflows.fromJson(job.draw));
await waiting.cancel();
await waiting.wait(60000);

const json = { method: "POST", headers: { "Content-Type": "application/json" } };
const report = {
  events,
  id: drawn.id,
  output: [output.type, output.contentType, Number(output.sizeBytes), output.name, output.jobId],
  slice: [...(await output.toBytes({ range: [0, 7] }))],
  download: (await output.getDownloadUrl()).url,
  workflow: await drawn.getWorkflow(),
  fetched: (await client.jobs.get(drawn.id)).status,
  uploaded: [picture.createdNew, await picture.hash()],
  twice: [twice.createdNew, twice.id === picture.id],
  cancelled: waiting.status,
  failed: await errorOf(() => client.run(client.workflows.fromJson(job.failing))),
  refused: await errorOf(() => client.submit(client.workflows.fromJson(job.refused))),
  unknown: await errorOf(() => client.jobs.get("job_nothing")),
  schemas: {
    job: await judged(`/api/v2/jobs/${drawn.id}`, "zJob"),
    queued: await judged("/api/v2/jobs", "zJob", { ...json, body: JSON.stringify({ workflow: job.draw }) }),
    failing: await judged("/api/v2/jobs", "zJob", { ...json, body: JSON.stringify({ workflow: job.failing }) }),
    asset: await judged(`/api/v2/assets/${picture.id}`, "zAsset"),
    made: await judged(`/api/v2/assets/${output.id}`, "zAsset"),
    workflow: await judged(`/api/v2/jobs/${drawn.id}/workflow`, "zJobWorkflowResponse"),
    error: await judged("/api/v2/jobs/job_nothing", "zErrorEnvelope"),
    refused: await judged("/api/v2/jobs", "zErrorEnvelope", { ...json, body: "{" }),
  },
};
await twice.delete();
report.deleted = await errorOf(() => client.assets.delete(picture.id));
writeFileSync(join(job.folder, "report.json"), JSON.stringify(report, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
process.exit(0);
