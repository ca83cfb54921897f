import { useMemo } from "react";
import type { NodeSchema } from "../../document/schema";
import { useText } from "../../i18n/use_text";

interface Props {
  readonly schemas: readonly NodeSchema[];
  /** The path of the chosen one; "" for all. */
  readonly chosen: string;
  readonly choose: (category: string) => void;
}

/** The categories of node types; below the chosen one, its parts. */
export function Categories({ schemas, chosen, choose }: Props) {
  const t = useText();
  const paths = useMemo(() => pathsOf(schemas), [schemas]);
  const shown = paths.filter((path) => {
    const parent = path.split("/").slice(0, -1).join("/");
    return parent === "" || chosen === parent || chosen.startsWith(`${parent}/`);
  });
  return (
    <div className="search-categories" role="group" aria-label={t("canvas.categories")}>
      <button type="button" aria-pressed={chosen === ""} onClick={() => choose("")}>
        {t("canvas.allCategories")}
      </button>
      {shown.map((path) => (
        <button
          key={path}
          type="button"
          aria-pressed={chosen === path}
          style={{ paddingLeft: 8 + 10 * (path.split("/").length - 1) }}
          onClick={() => choose(path)}
        >
          {spoken(path.split("/").at(-1) ?? path)}
        </button>
      ))}
    </div>
  );
}

/** Every category and the parts that it lies in, sorted, so that parts follow what they belong to; see `isAside`. */
function pathsOf(schemas: readonly NodeSchema[]): readonly string[] {
  const paths = new Set<string>();
  for (const { category } of schemas) {
    const parts = category.split("/").filter(Boolean);
    parts.forEach((_, depth) => paths.add(parts.slice(0, depth + 1).join("/")));
  }
  return [...paths].sort((one, other) => Number(isAside(one)) - Number(isAside(other)) || one.localeCompare(other));
}

/** By their names' convention: what is for trying out stands behind what is for use. */
function isAside(path: string): boolean {
  return path.startsWith("_");
}

/** A category as people write it: "_for_testing" is "for testing". */
export function spoken(name: string): string {
  return name.replaceAll("_", " ").trim();
}
