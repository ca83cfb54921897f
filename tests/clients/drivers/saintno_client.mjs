// What a user of @saintno/comfyui-sdk writes: init, upload, a prompt builder, a call wrapper with its callbacks.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallWrapper, ComfyApi, PromptBuilder } from "@saintno/comfyui-sdk";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const api = new ComfyApi(job.url, undefined, { wsTimeout: 100000, listenTerminal: true }).init();
const connected = new Promise((done) => api.on("connected", done));
await api.waitForReady();
await connected;

async function run(prompt, node) {
  const builder = new PromptBuilder(prompt, ["seed"], ["images"]).setOutputNode("images", node);
  const told = { progress: [], failed: null };
  const wrapper = new CallWrapper(api, builder)
    .onPending(() => (told.pending = true))
    .onProgress((info) => told.progress.push([info.node, info.value, info.max]))
    .onFailed((error) => (told.failed ??= { name: error.constructor.name, text: error.message, cause: error.cause }));
  told.outputs = await wrapper.run();
  return told;
}

async function keep(told, name) {
  const blob = await api.getImage(told.outputs.images.images[0]);
  writeFileSync(join(job.folder, name), Buffer.from(await blob.arrayBuffer()));
}

const drawn = await run(job.draw, "9");
await keep(drawn, "drawn.png");

const repeats = [];
for (let i = 0; i < job.repeats; i++) repeats.push((await run(job.draw, "9")).outputs.images.images.length);

const uploaded = await api.uploadImage(readFileSync(join(job.folder, "upload.png")), "saintno upload.png");
const invert = structuredClone(job.invert);
invert["1"].inputs.image = uploaded.info.filename;
await keep(await run(invert, "3"), "inverted.png");

const report = {
  progress: drawn.progress,
  pending: drawn.pending,
  repeats,
  uploaded: uploaded.info,
  refused: (await run(job.refused, "9")).failed,
  failed: (await run(job.failing, "3")).failed,
  checkpoints: await api.getCheckpoints(),
  samplers: (await api.getSamplerInfo()).sampler[0].length,
  features: api.availableFeatures,
  os: api.osType,
  freed: await api.freeMemory(false, true),
  folders: (await api.getModelFolders()).length,
  extensions: Array.isArray(await api.getExtensions()),
};
writeFileSync(join(job.folder, "report.json"), JSON.stringify(report));
api.destroy();
process.exit(0);
