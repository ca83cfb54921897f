import { type KeyboardEvent, useCallback, useMemo, useState } from "react";
import type { Json } from "../document/json";
import { ChoiceList } from "./ChoiceList";
import { type Choice, isKnown } from "./choices";
import { type Column, type RowProps, useColumn } from "./column";
import { fileOf, pictureAddress } from "./file_names";
import { Popover } from "./Popover";
import { recentChoices, rememberChoice } from "./recent";
import { refreshChoices } from "./refreshing";
import { Name, plainText, rowAttributes } from "./row_parts";

const FIRST_RECENT = 12; // choices from which those used lately are worth a place of their own

/** One of a list, or several where the input takes several. Values that are not in the list are kept and marked. */
export function ComboRow(props: RowProps) {
  const column = useColumn();
  const [open, setOpen] = useState<HTMLElement | null>(null);
  const { widget } = props;
  const { choices } = widget.spec;
  const chosen = chosenOf(widget.value);
  const isMissing = !isElsewhere(widget) && !chosen.every((value) => isKnown(choices, value));
  const attributes = rowAttributes(column, props, isMissing ? "combo widget-missing" : "combo");
  const text = chosen.map(plainText).join(", ");

  const keyed = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) stepChoice(column, props, step);
    else if (["Enter", " ", "ArrowDown", "ArrowUp"].includes(event.key)) setOpen(event.currentTarget);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        {...attributes}
        role="button"
        tabIndex={0}
        aria-haspopup="listbox"
        aria-expanded={open !== null}
        aria-label={`${attributes["aria-label"]} ${text}${isMissing ? ` (${column.t("widgets.missing")})` : ""}`}
        title={isMissing ? column.t("widgets.missing_help", { value: text }) : (attributes.title ?? text)}
        onClick={(event) => {
          if (!event.altKey) setOpen(open ? null : event.currentTarget);
        }}
        onKeyDown={keyed}
        onBlur={column.seal}
      >
        <Name>{attributes["aria-label"]}</Name> <span className="widget-value">{text}</span>
      </div>
      {open ? <OpenList row={open} props={props} chosen={chosen} close={() => setOpen(null)} /> : null}
    </>
  );
}

interface OpenProps {
  readonly row: HTMLElement;
  readonly props: RowProps;
  readonly chosen: readonly Json[];
  readonly close: () => void;
}

function OpenList({ row, props: { widget }, chosen, close }: OpenProps) {
  const column = useColumn();
  const { choices, name, options } = widget.spec;
  const recent = useMemo(
    () => (choices.length < FIRST_RECENT ? [] : recentChoices(localStorage, name)),
    [choices, name],
  );
  const anchor = useCallback(() => row.getBoundingClientRect(), [row]);
  const leave = (): void => {
    close();
    row.focus();
  };
  const pick = (choice: Choice): void => {
    rememberChoice(localStorage, name, String(choice));
    if (options["multiselect"] === true) {
      column.set(widget, chosen.includes(choice) ? chosen.filter((one) => one !== choice) : [...chosen, choice]);
      return;
    }
    if (choice !== widget.value) column.set(widget, choice);
    leave();
  };
  return (
    <Popover anchor={anchor} owner={row} close={close}>
      <ChoiceList
        t={column.t}
        label={widget.name}
        choices={choices}
        recent={recent}
        chosen={chosen}
        pick={pick}
        thumbnail={widget.spec.upload === "image" ? (choice) => thumbnailOf(column, choice) : undefined}
        refresh={async () => void (await refreshChoices(column.studio))}
        close={leave}
      />
    </Popover>
  );
}

const THUMBNAIL = 48; // pixels, for screens that have two for one

function thumbnailOf({ studio }: Column, choice: Choice): string | null {
  const file = fileOf(String(choice));
  return file && studio.server.address(pictureAddress(file, THUMBNAIL));
}

function stepChoice(column: Column, { widget }: RowProps, step: number): void {
  const { choices } = widget.spec;
  const at = choices.findIndex((choice) => choice === widget.value);
  const next = choices[at < 0 ? 0 : Math.min(choices.length - 1, Math.max(0, at + step))];
  if (next !== undefined && next !== widget.value) column.set(widget, next, true);
}

/** Files in subfolders and other folders of the server are no choices, but may be there. */
function isElsewhere({ spec, value }: RowProps["widget"]): boolean {
  const file = spec.upload && typeof value === "string" ? fileOf(value) : null;
  return value === "" || (file !== null && (file.type !== "input" || file.subfolder !== ""));
}

function chosenOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}
