// @saintno/comfyui-sdk against a server that asks for a token: with it, and without.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallWrapper, ComfyApi, PromptBuilder } from "@saintno/comfyui-sdk";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const credentials = { type: "bearer_token", token: job.token };
const api = new ComfyApi(job.url, undefined, { wsTimeout: 100000, credentials }).init();
const connected = new Promise((done) => api.on("connected", done));
await api.waitForReady();
await connected;

const progress = [];
const builder = new PromptBuilder(job.draw, [], ["images"]).setOutputNode("images", "9");
const outputs = await new CallWrapper(api, builder).onProgress((info) => progress.push(info.value)).run();
const blob = await api.getImage(outputs.images.images[0]);
writeFileSync(join(job.folder, "drawn.png"), Buffer.from(await blob.arrayBuffer()));

const stranger = new ComfyApi(job.url);
const refused = await stranger.pollStatus(5000).catch((answer) => answer.status);

writeFileSync(join(job.folder, "report.json"), JSON.stringify({ progress, refused }));
api.destroy();
process.exit(0);
