import { useState } from "react";
import type { OutputSearch } from "../api/outputs";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";

interface Fields {
  readonly search: OutputSearch;
  readonly change: (search: OutputSearch) => void;
  /** One field with a choice of what it is about, instead of one for each. */
  readonly short?: boolean;
}

type Field = keyof OutputSearch;

const FIELDS: readonly { readonly name: Field; readonly title: MessageKey }[] = [
  { name: "search", title: "gallery.anything" },
  { name: "prompt", title: "gallery.prompt" },
  { name: "model", title: "gallery.model" },
  { name: "sampler", title: "gallery.sampler" },
];

/** What pictures are searched by: words of their prompts, models, samplers, or names. */
export function SearchFields({ search, change, short }: Fields) {
  const t = useText();
  const [about, setAbout] = useState<Field>("search");
  if (!short) {
    return (
      <div className="search-fields" role="search">
        {FIELDS.map(({ name, title }) => (
          <input
            key={name}
            type="search"
            data-focus={name === "search" || undefined}
            value={search[name] ?? ""}
            placeholder={t(title)}
            aria-label={t(title)}
            onChange={(event) => change({ ...search, [name]: event.target.value })}
          />
        ))}
      </div>
    );
  }
  return (
    <div className="search-fields" role="search">
      <select
        aria-label={t("gallery.search")}
        value={about}
        onChange={(event) => {
          const name = FIELDS.find((field) => field.name === event.target.value)?.name ?? "search";
          change({ [name]: search[about] });
          setAbout(name);
        }}
      >
        {FIELDS.map(({ name, title }) => (
          <option key={name} value={name}>
            {t(title)}
          </option>
        ))}
      </select>
      <input
        type="search"
        value={search[about] ?? ""}
        placeholder={t("gallery.search")}
        aria-label={t("gallery.search")}
        onChange={(event) => change({ [about]: event.target.value })}
      />
    </div>
  );
}
