/** What the tests use of Node.js; its own types would also change those of the browser's functions. */
declare module "node:fs" {
  export function existsSync(path: string): boolean;
  export function readdirSync(path: string, options?: { readonly recursive: true }): string[];
  export function readFileSync(path: string): Uint8Array<ArrayBuffer>;
  export function readFileSync(path: string, encoding: "utf8"): string;
}
declare module "node:path" {
  export function join(...parts: string[]): string;
}
/** Microseconds of the processor since `since`. */
declare const process: { cpuUsage(since?: CpuUsage): CpuUsage };
interface CpuUsage {
  readonly user: number;
  readonly system: number;
}
interface ImportMeta {
  readonly dirname: string;
}
