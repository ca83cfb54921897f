import { defineConfig } from "vitest/config";

// `css`: tests read style sheets as text.
export default defineConfig({ test: { include: ["tests/**/*.test.{ts,tsx}"], css: true } });
