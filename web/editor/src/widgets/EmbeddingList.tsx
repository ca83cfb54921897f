import { useCallback, useEffect, useId, useMemo, useState } from "react";
import { ServerProblem } from "../api/server";
import { caretAnchor } from "./caret";
import { useColumn } from "./column";
import { type Completion, fitting } from "./completion";
import { Popover } from "./Popover";

const MOST = 8;

interface Props {
  readonly area: HTMLTextAreaElement;
  readonly completion: Completion;
  readonly complete: (name: string) => void;
  readonly close: () => void;
}

/** Names of embeddings at the caret: the arrows choose, Enter or Tab takes one. Nothing is shown where none fits. */
export function EmbeddingList({ area, completion, complete, close }: Props) {
  const { studio, t } = useColumn();
  const id = useId();
  const [names, setNames] = useState<readonly string[]>([]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    const asked = new AbortController();
    studio.server
      .json<readonly string[]>("/api/embeddings", { signal: asked.signal })
      .then(setNames, (error: unknown) => {
        if (!asked.signal.aborted && !(error instanceof ServerProblem)) throw error;
      });
    return () => asked.abort();
  }, [studio]);
  const found = useMemo(() => fitting(names, completion.typed, MOST), [names, completion.typed]);
  const active = Math.min(at, found.length - 1);
  useEffect(() => {
    const keyed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const name = found[active];
      if (name === undefined) return;
      if (event.key === "ArrowDown") setAt((active + 1) % found.length);
      else if (event.key === "ArrowUp") setAt((active + found.length - 1) % found.length);
      else if (event.key === "Enter" || event.key === "Tab") complete(name);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    area.addEventListener("keydown", keyed);
    return () => area.removeEventListener("keydown", keyed);
  }, [area, found, active, complete]);
  const anchor = useCallback(() => caretAnchor(area, completion.start), [area, completion.start]);
  if (found.length === 0) return null;
  return (
    <Popover anchor={anchor} owner={area} close={close}>
      <div className="choice-lines" role="listbox" aria-label={t("widgets.embeddings")}>
        {found.map((name, place) => (
          <div
            key={name}
            id={`${id}-${place}`}
            className="choice"
            role="option"
            aria-selected={place === active}
            data-active={place === active}
            onPointerDown={(event) => event.preventDefault()} // the text keeps the focus
            onClick={() => complete(name)}
          >
            <span className="choice-name">{name}</span>
          </div>
        ))}
      </div>
    </Popover>
  );
}
