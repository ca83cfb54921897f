/** Workflows to begin with, as the server offers them. */

import type { Server } from "../api/server";
import type { MessageKey, Text } from "../i18n/messages";

export interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  /** The address of its picture. */
  readonly picture: string;
  readonly tags: readonly string[];
  /** How long it took on the machine where that was measured. */
  readonly seconds: number | null;
  readonly needs: readonly string[];
}

const CATEGORIES: Readonly<Record<string, MessageKey>> = {
  Start: "templates.category.Start",
  Image: "templates.category.Image",
  Inpaint: "templates.category.Inpaint",
  Refiner: "templates.category.Refiner",
  Prompt: "templates.category.Prompt",
  Control: "templates.category.Control",
  LoRA: "templates.category.LoRA",
  Sampling: "templates.category.Sampling",
  Models: "templates.category.Models",
  Logic: "templates.category.Logic",
};

/** A category's name in the chosen language; one that this editor does not know keeps the server's. */
export function categoryOf(t: Text, category: string): string {
  const key = CATEGORIES[category];
  return key ? t(key) : category;
}

/** All of them, in the order to show. */
export function listTemplates(server: Server): Promise<readonly Template[]> {
  return server.json<readonly Template[]>("/api/templates/index");
}

/** The text of one, with the models and sizes of this server. */
export async function readTemplate(server: Server, name: string): Promise<string> {
  return (await server.fetch(`/api/templates/${encodeURIComponent(name)}.json?fit=true`)).text();
}
