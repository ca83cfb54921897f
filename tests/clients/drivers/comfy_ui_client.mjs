// What a user of comfy-ui-client writes: connect, upload, getImages, save them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ComfyUIClient } from "comfy-ui-client";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const client = new ComfyUIClient(job.host, "weft-test-client");
await client.connect();

async function keep(images, node, name) {
  writeFileSync(join(job.folder, name), Buffer.from(await images[node][0].blob.arrayBuffer()));
}

async function fails(action) {
  try {
    await action();
    return null;
  } catch (error) {
    return error.message;
  }
}

await keep(await client.getImages(job.draw), "9", "drawn.png");
const repeats = [];
for (let i = 0; i < job.repeats; i++) repeats.push((await client.getImages(job.draw))["9"].length);

const uploaded = await client.uploadImage(readFileSync(join(job.folder, "upload.png")), "comfy-ui-client.png", true);
const invert = structuredClone(job.invert);
invert["1"].inputs.image = uploaded.name;
await keep(await client.getImages(invert), "3", "inverted.png");

const report = {
  repeats,
  uploaded,
  refused: await fails(() => client.getImages(job.refused)),
  failed: await client.getImages(job.failing),
  queue: await client.getQueue(),
  prompt: await client.getPrompt(),
  sampler: Object.keys(await client.getObjectInfo("KSampler")),
  stats: (await client.getSystemStats()).devices.length,
  embeddings: await client.getEmbeddings(),
  extensions: Array.isArray(await client.getExtensions()),
};
writeFileSync(join(job.folder, "report.json"), JSON.stringify(report));
await client.disconnect();
process.exit(0);
