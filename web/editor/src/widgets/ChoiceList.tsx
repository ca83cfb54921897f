import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Text } from "../i18n/messages";
import { type Choice, type ListLine, listed, matching } from "./choices";

const LINE = 26; // pixels
const MOST_LINES = 13; // that are seen at once
const OVER = 4; // lines drawn beyond what is seen, so that scrolling shows no gaps

interface Props {
  readonly t: Text;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly recent: readonly string[];
  /** Those that are chosen now. */
  readonly chosen: readonly unknown[];
  readonly pick: (choice: Choice) => void;
  /** Where a small picture of a choice is; absent where choices are no pictures. */
  readonly thumbnail?: (choice: Choice) => string | null;
  readonly refresh: () => Promise<void>;
  readonly close: () => void;
}

/** A list of choices with a search above it. Only the lines that are seen are drawn, so it may be long. */
export function ChoiceList({ t, label, choices, recent, chosen, pick, thumbnail, refresh, close }: Props) {
  const id = useId();
  const [search, setSearch] = useState("");
  const [refreshing, setRefreshing] = useState(false);
  const lines = useMemo(
    () => (search.trim() === "" ? listed(choices, recent) : matching(choices, search)),
    [choices, recent, search],
  );
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      lines.findIndex((line) => isChosen(line, chosen)),
    ),
  );
  const at = usable(lines, active, 1);
  const keyed = (event: KeyboardEvent): void => {
    const next = movedTo(lines, at, event.key);
    const line = lines[at];
    if (next !== null) setActive(next);
    else if (event.key === "Enter" && !event.ctrlKey && line?.kind === "choice") pick(line.choice);
    else if (event.key === "Tab") close();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  const refreshed = async (): Promise<void> => {
    setRefreshing(true);
    await refresh().finally(() => setRefreshing(false));
  };
  return (
    <div className="choice-list" onKeyDown={keyed}>
      <div className="choice-search">
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={lines[at] ? `${id}-${at}` : undefined}
          aria-label={t("widgets.search", { name: label })}
          placeholder={t("widgets.search_placeholder", { count: choices.length })}
          autoComplete="off"
          spellCheck={false}
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setActive(0);
          }}
        />
        <button
          type="button"
          className="glyph refresh"
          data-busy={refreshing}
          aria-label={t("widgets.refresh")}
          title={t("widgets.refresh")}
          onClick={() => void refreshed()}
        />
      </div>
      {lines.length === 0 ? (
        <p className="choice-none">{choices.length === 0 ? t("widgets.no_choices") : t("widgets.no_match")}</p>
      ) : (
        <Lines {...{ id, t, label, lines, at, chosen, pick, thumbnail }} point={setActive} />
      )}
    </div>
  );
}

interface LinesProps extends Pick<Props, "t" | "label" | "chosen" | "pick" | "thumbnail"> {
  readonly id: string;
  readonly lines: readonly ListLine[];
  readonly at: number;
  readonly point: (place: number) => void;
}

function Lines({ id, t, label, lines, at, chosen, pick, thumbnail, point }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const over = (at + 1) * LINE - element.clientHeight;
    if (element.scrollTop < over) element.scrollTop = over;
    else if (element.scrollTop > at * LINE) element.scrollTop = at === 1 ? 0 : at * LINE;
  }, [at, lines]);
  const first = Math.max(0, Math.floor(top / LINE) - OVER);
  const drawn = lines.slice(first, first + MOST_LINES + 2 * OVER);
  return (
    <div
      ref={box}
      id={`${id}-list`}
      className="choice-lines"
      role="listbox"
      aria-label={label}
      tabIndex={-1}
      style={{ height: Math.min(lines.length, MOST_LINES) * LINE }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: lines.length * LINE, paddingTop: first * LINE }} role="presentation">
        {drawn.map((line, offset) => {
          const place = first + offset;
          if (line.kind === "heading") {
            return (
              <div key={place} className="choice-heading" role="presentation">
                {line.recent ? t("widgets.recent") : line.text}
              </div>
            );
          }
          return (
            <div
              key={place}
              id={`${id}-${place}`}
              className="choice"
              role="option"
              aria-selected={isChosen(line, chosen)}
              aria-setsize={lines.length}
              aria-posinset={place + 1}
              data-active={place === at}
              title={String(line.choice)}
              style={{ paddingLeft: 10 + 12 * line.depth }}
              onPointerMove={() => {
                if (place !== at) point(place);
              }}
              onClick={() => pick(line.choice)}
            >
              <Thumbnail address={thumbnail?.(line.choice) ?? null} />
              <span className="choice-name">{line.name}</span>
              {line.folder === "" ? null : <span className="choice-folder">{line.folder}</span>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Thumbnail({ address }: { readonly address: string | null }) {
  return address === null ? null : (
    <img className="choice-picture" src={address} alt="" loading="lazy" decoding="async" />
  );
}

const JUMPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: MOST_LINES,
  PageUp: -MOST_LINES,
};

/** The line that a key goes to; null for other keys. */
function movedTo(lines: readonly ListLine[], at: number, key: string): number | null {
  const jump = JUMPS[key];
  if (jump === undefined) return null;
  const next = Math.min(lines.length - 1, Math.max(0, at + jump));
  return usable(lines, next, jump);
}

/** The nearest line that can be chosen, looked for in a direction first. */
function usable(lines: readonly ListLine[], place: number, direction: number): number {
  const step = Math.sign(direction);
  for (let way = 0, sign = step; way < 2; way += 1, sign = -step) {
    for (let at = place; at >= 0 && at < lines.length; at += sign) if (lines[at]?.kind === "choice") return at;
  }
  return 0;
}

function isChosen(line: ListLine, chosen: readonly unknown[]): boolean {
  return line.kind === "choice" && chosen.includes(line.choice);
}
