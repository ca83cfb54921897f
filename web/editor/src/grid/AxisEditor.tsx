import { useId } from "react";
import type { Sweepable } from "../document/axes";
import { useText } from "../i18n/use_text";
import { type ParsedValues, writtenValues } from "./values";

/** What a person has typed for an axis. */
export interface AxisDraft {
  /** `node input`, as `keyOfInput` writes it; empty: no axis. */
  readonly input: string;
  readonly text: string;
}

export function keyOfInput({ node, widget }: Sweepable): string {
  return `${node} ${widget.name}`;
}

interface Edited {
  readonly title: string;
  readonly inputs: readonly Sweepable[];
  readonly draft: AxisDraft;
  readonly parsed: ParsedValues | null;
  /** The axis may be left out. */
  readonly optional?: boolean;
  readonly change: (draft: AxisDraft) => void;
}

/** Chooses the input of an axis and its values. */
export function AxisEditor({ title, inputs, draft, parsed, optional, change }: Edited) {
  const t = useText();
  const hint = useId();
  const chosen = inputs.find((input) => keyOfInput(input) === draft.input);
  const choose = (key: string): void => {
    const input = inputs.find((one) => keyOfInput(one) === key);
    change({ input: key, text: input ? writtenValues(input.widget.spec, [input.widget.value]) : "" });
  };
  const choices = chosen?.widget.spec.choices ?? [];
  return (
    <fieldset className="axis">
      <legend>{title}</legend>
      <select aria-label={t("grid.input")} value={draft.input} onChange={(event) => choose(event.target.value)}>
        {optional || !draft.input ? <option value="">{t(optional ? "grid.noAxis" : "grid.chooseInput")}</option> : null}
        {byNode(inputs).map(([name, own]) => (
          <optgroup key={own[0]?.node} label={name}>
            {own.map((input) => (
              <option key={keyOfInput(input)} value={keyOfInput(input)}>
                {input.title}: {input.widget.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      {chosen ? (
        <>
          <textarea
            aria-label={t("grid.values")}
            aria-describedby={hint}
            aria-invalid={parsed !== null && "unreadable" in parsed}
            rows={4}
            spellCheck={false}
            value={draft.text}
            onChange={(event) => change({ ...draft, text: event.target.value })}
          />
          <p id={hint} className="hint">
            {parsed && "unreadable" in parsed
              ? t("grid.unreadable", { part: parsed.unreadable })
              : t(hintFor(chosen.widget.spec.type))}
          </p>
          {choices.length > 0 && choices.length <= 200 ? (
            <button type="button" onClick={() => change({ ...draft, text: choices.map(String).join("\n") })}>
              {t("grid.allChoices", { count: choices.length })}
            </button>
          ) : null}
        </>
      ) : null}
    </fieldset>
  );
}

function hintFor(type: string): "grid.hintNumbers" | "grid.hintChoices" | "grid.hintTexts" {
  if (type === "INT" || type === "FLOAT") return "grid.hintNumbers";
  return type === "COMBO" || type === "BOOLEAN" ? "grid.hintChoices" : "grid.hintTexts";
}

/** Inputs by their node; nodes of the same title are told apart by their ids. */
function byNode(inputs: readonly Sweepable[]): readonly (readonly [string, readonly Sweepable[]])[] {
  const groups = new Map<string, Sweepable[]>();
  for (const input of inputs) {
    const own = groups.get(input.node);
    if (own) own.push(input);
    else groups.set(input.node, [input]);
  }
  return [...groups].map(([id, own]) => [`${own[0]?.title ?? ""} (${id})`, own] as const);
}
