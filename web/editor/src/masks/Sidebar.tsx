import { useId } from "react";
import { useStore } from "zustand";
import { useText } from "../i18n/use_text";
import { Choices } from "./Choices";
import type { MaskSession } from "./session";
import { LOOKS, TOOLS } from "./settings";
import { Slider } from "./Slider";
import { ToolIcon } from "./ToolIcon";
import { WholeMask } from "./WholeMask";

interface Given {
  readonly session: MaskSession;
}

/** The tools, what can be set of each, and what is done to the whole mask. */
export function Sidebar({ session }: Given) {
  const t = useText();
  return (
    <div className="mask-sidebar" role="region" aria-label={t("masks.tools")} tabIndex={-1}>
      <Tools session={session} />
      <ToolOptions session={session} />
      <WholeMask session={session} />
      <LookOptions session={session} />
    </div>
  );
}

const TOOL_KEYS = { brush: "B", rectangle: "R", lasso: "L", fill: "F" } as const;

function Tools({ session }: Given) {
  const t = useText();
  const { tool, erases } = useStore(session.store);
  return (
    <>
      <Choices
        title={t("masks.tool")}
        chosen={tool}
        choose={(value) => session.set({ tool: value })}
        choices={TOOLS.map((value) => ({
          value,
          name: t(`masks.${value}`),
          keys: TOOL_KEYS[value],
          icon: <ToolIcon name={value} />,
        }))}
      />
      <Choices
        title={t("masks.effect")}
        chosen={erases ? "erase" : "paint"}
        choose={(value) => session.set({ erases: value === "erase" })}
        choices={[
          { value: "paint", name: t("masks.paint"), keys: "P" },
          { value: "erase", name: t("masks.erase"), keys: "E" },
        ]}
      />
    </>
  );
}

function ToolOptions({ session }: Given) {
  const t = useText();
  const { tool } = useStore(session.store);
  return (
    <fieldset className="mask-options">
      <legend>{t(`masks.${tool}`)}</legend>
      {tool === "brush" ? (
        <>
          <Slider session={session} name="size" unit="masks.pixels" isLong />
          <Slider session={session} name="hardness" unit="masks.percent" />
        </>
      ) : null}
      <Slider session={session} name="opacity" unit="masks.percent" />
      {tool === "brush" ? <Switch session={session} name="pressure" /> : null}
      {tool === "fill" ? <FillOptions session={session} /> : null}
    </fieldset>
  );
}

function FillOptions({ session }: Given) {
  const t = useText();
  const id = useId();
  const { compares } = useStore(session.store);
  return (
    <>
      <Slider session={session} name="tolerance" unit="masks.plain" />
      <Switch session={session} name="connected" />
      <div className="mask-row">
        <label htmlFor={id}>{t("masks.compares")}</label>
        <select
          id={id}
          value={compares}
          onChange={({ target }) => session.set({ compares: target.value === "mask" ? "mask" : "picture" })}
        >
          <option value="picture">{t("masks.compares_picture")}</option>
          <option value="mask">{t("masks.compares_mask")}</option>
        </select>
      </div>
    </>
  );
}

function Switch({ session, name }: Given & { readonly name: "pressure" | "connected" }) {
  const t = useText();
  const isOn = useStore(session.store, (state) => state[name]);
  return (
    <label className="mask-switch">
      <input type="checkbox" checked={isOn} onChange={({ target }) => session.set({ [name]: target.checked })} />
      {t(`masks.${name}`)}
    </label>
  );
}

function LookOptions({ session }: Given) {
  const t = useText();
  const id = useId();
  const { look, colour } = useStore(session.store);
  return (
    <fieldset className="mask-options">
      <legend>{t("masks.look")}</legend>
      <Choices
        title={t("masks.look")}
        chosen={look}
        choose={(value) => session.set({ look: value })}
        choices={LOOKS.map((value) => ({ value, name: t(`masks.look_${value}`), keys: "V" }))}
      />
      {look === "overlay" ? (
        <>
          <div className="mask-row">
            <label htmlFor={id}>{t("masks.colour")}</label>
            <input
              id={id}
              type="color"
              value={colour}
              onChange={({ target }) => session.set({ colour: target.value })}
            />
          </div>
          <Slider session={session} name="cover" unit="masks.percent" />
        </>
      ) : null}
    </fieldset>
  );
}
