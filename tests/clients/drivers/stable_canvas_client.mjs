// What a user of @stable-canvas/comfyui-client writes: a client, a workflow of node classes, invoke, read the result.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, Workflow } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const client = new Client({ api_host: job.host, WebSocket, fetch });
await client.connect();

function drawing(seed, saver = "SaveImage") {
  const workflow = new Workflow();
  const node = workflow.classes;
  const [model, clip, vae] = node.CheckpointLoaderSimple({ ckpt_name: "weft_base.safetensors" });
  const [samples] = node.KSampler({
    seed, steps: 3, cfg: 4, sampler_name: "euler", scheduler: "normal", denoise: 1, model,
    positive: node.CLIPTextEncode({ text: "a red circle", clip })[0],
    negative: node.CLIPTextEncode({ text: "blurry", clip })[0],
    latent_image: node.EmptyLatentImage({ width: 128, height: 128, batch_size: 1 })[0],
  });
  const [images] = node.VAEDecode({ samples, vae });
  if (saver === "SaveImage") node.SaveImage({ filename_prefix: "canvas", images });
  else node[saver]({ images });
  return workflow;
}

async function fails(action) {
  try {
    await action();
    return null;
  } catch (error) {
    return { name: error.constructor.name, text: error.message, status: error.status, json: error.json };
  }
}

const progress = [];
const drawn = await drawing(job.seed).invoke(client, { progress: (told) => progress.push([told.node, told.value, told.max]) });
const answer = await fetch(drawn.images[0].data);
writeFileSync(join(job.folder, "drawn.png"), Buffer.from(await answer.arrayBuffer()));

const polled = await drawing(job.seed).invoke_polling(client, { polling_ms: 50 });
const repeats = [];
for (let i = 0; i < job.repeats; i++) repeats.push((await client.enqueue(job.draw, { timeout_ms: 20000 })).images.length);

const socket = await drawing(job.seed, "SaveImageWebsocket").invoke(client);
writeFileSync(join(job.folder, "socket.png"), Buffer.from(socket.images[0].data));

const report = {
  progress,
  polled: polled.images.length,
  repeats,
  socket: { images: socket.images.length, type: socket.images[0].type, mime: socket.images[0].mime },
  refused: await fails(() => client.enqueue(job.refused)),
  failed: await fails(() => client.enqueue(job.failing)),
  checkpoints: await client.getSDModels(),
  samplers: (await client.getSamplers()).length,
  stats: (await client.getSystemStats()).devices.length,
  folders: (await client.getModelFolders()).length,
  logs: typeof (await client.fetchApi("/internal/logs").then((answer) => answer.json())),
  history: (await client.getHistory(3)).History.length,
  interrupted: (await client.interrupt()) ?? null,
};
writeFileSync(join(job.folder, "report.json"), JSON.stringify(report));
client.close();
process.exit(0);
