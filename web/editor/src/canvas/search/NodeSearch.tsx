import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { indexOf } from "../../document/links";
import type { NodeSchema } from "../../document/schema";
import { typesMatch } from "../../document/socket_types";
import type { SlotType } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import type { OpenSearch } from "../../state/canvas";
import { workflowOf } from "../../state/documents";
import { useCanvas, useCatalogue, useStudio, useTab } from "../../state/studio";
import { here } from "../actions/here";
import { Popover } from "../overlays/Popover";
import { Categories, spoken } from "./Categories";
import { offers } from "./offers";
import { place } from "./placing";
import { ranked } from "./rank";
import { recentTypes, remember } from "./recent";
import { TypePreview } from "./TypePreview";

/** The search for a node to add, where it was asked for. */
export function NodeSearch() {
  const search = useCanvas((state) => state.search);
  return search ? <OpenedSearch key={`${search.at.x} ${search.at.y}`} search={search} /> : null;
}

const SHOWN = 200; // of those found: nobody reads further

function OpenedSearch({ search }: { readonly search: OpenSearch }) {
  const t = useText();
  const studio = useStudio();
  const [typed, setTyped] = useState("");
  const [category, setCategory] = useState("");
  const [at, setAt] = useState(0);
  const all = useOffers(search);
  const found = useMemo(() => {
    const within = all.filter((schema) => isWithin(schema, category));
    return ranked(category === "" ? recentFirst(all, typed) : within, typed).slice(0, SHOWN);
  }, [all, typed, category]);
  const chosen = found[Math.min(at, found.length - 1)];
  const close = (): void => {
    studio.canvas.setState({ search: null });
    studio.canvas.getState().view?.focus(null);
  };
  const add = (schema: NodeSchema): void => {
    remember(schema.type);
    close();
    place(studio, search, schema);
  };
  const pressed = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) setAt(Math.max(0, Math.min(found.length - 1, at + step)));
    else if (event.key === "Enter" && chosen) add(chosen);
    else return;
    event.preventDefault();
  };
  const [end] = search.ends;
  const heading = end
    ? t(end.isOutput ? "canvas.searchFor" : "canvas.searchFrom", { type: String(end.carries ?? end.type) })
    : t("canvas.search");
  return (
    <Popover at={search.at} label={heading} close={close} className="node-search">
      <div className="search-field">
        <input
          autoFocus
          role="combobox"
          aria-label={heading}
          aria-expanded="true"
          aria-controls="node-types"
          aria-activedescendant={chosen && `node-type-${found.indexOf(chosen)}`}
          placeholder={end ? heading : t("canvas.searchHint")}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={pressed}
        />
      </div>
      <div className="search-body">
        <Categories schemas={all} chosen={category} choose={setCategory} />
        <Results found={found} chosen={chosen} add={add} point={(place) => setAt(place)} />
        {chosen ? <TypePreview schema={chosen} /> : null}
      </div>
    </Popover>
  );
}

function useOffers(search: OpenSearch): readonly NodeSchema[] {
  const t = useText();
  const studio = useStudio();
  const types = useCatalogue((state) => state.types);
  const workflow = useTab(workflowOf);
  return useMemo(() => {
    if (!workflow) return [];
    const all = offers(types, workflow, search, t);
    if (search.into === null) return all;
    const now = here(studio);
    const type = (now && indexOf(now.graph).links.get(search.into)?.type) ?? "*";
    return all.filter((schema) => passesOn(schema, type));
  }, [types, workflow, search, t, studio]);
}

/** A node that fits into a link: it takes what flows there, and gives it. */
function passesOn(schema: NodeSchema, type: SlotType): boolean {
  const takes = schema.inputs.some((input) => !input.isWidget && typesMatch(type, input.type));
  return takes && schema.outputs.some((output) => typesMatch(output.type, type));
}

function isWithin({ category }: NodeSchema, wanted: string): boolean {
  return category === wanted || category.startsWith(`${wanted}/`);
}

/** While nothing is typed, what was used last comes first. */
function recentFirst(all: readonly NodeSchema[], typed: string): readonly NodeSchema[] {
  if (typed !== "") return all;
  const recent = recentTypes().flatMap((type) => all.find((schema) => schema.type === type) ?? []);
  return [...recent, ...all.filter((schema) => !recent.includes(schema))];
}

interface ResultsProps {
  readonly found: readonly NodeSchema[];
  readonly chosen: NodeSchema | undefined;
  readonly add: (schema: NodeSchema) => void;
  readonly point: (place: number) => void;
}

function Results({ found, chosen, add, point }: ResultsProps) {
  const t = useText();
  const current = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void current.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <div
      id="node-types"
      className="search-results"
      role="listbox"
      aria-label={t("canvas.results", { count: found.length })}
    >
      {found.map((schema, place) => (
        <div
          key={schema.type}
          id={`node-type-${place}`}
          ref={schema === chosen ? current : undefined}
          role="option"
          aria-selected={schema === chosen}
          data-type={schema.type}
          onPointerMove={() => point(place)}
          onClick={() => add(schema)}
        >
          <span>{schema.displayName}</span>
          <small>{spoken(schema.category)}</small>
        </div>
      ))}
      {found.length === 0 ? <p className="hint">{t("canvas.searchNothing")}</p> : null}
    </div>
  );
}
