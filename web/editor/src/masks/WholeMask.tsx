import { useStore } from "zustand";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { soften } from "./pixels/blur";
import { grow } from "./pixels/grow";
import { CLEARED, FILLED, INVERTED, type Levels, mapLevels, threshold } from "./pixels/levels";
import type { MaskSession, Operation } from "./session";
import { Slider } from "./Slider";

interface Given {
  readonly session: MaskSession;
}

/** What is done to all of the mask at once. */
export function WholeMask({ session }: Given) {
  const t = useText();
  return (
    <fieldset className="mask-options">
      <legend>{t("masks.whole")}</legend>
      <div className="mask-buttons">
        <Do session={session} name="masks.invert" keys="I" operation={levels(INVERTED)} />
        <Do session={session} name="masks.clear" keys="Delete" operation={levels(CLEARED)} />
        <Do session={session} name="masks.fill_all" keys="Ctrl+A" operation={levels(FILLED)} />
      </div>
      <div className="mask-amount">
        <Slider session={session} name="soften" unit="masks.pixels" />
        <Do session={session} name="masks.do_soften" operation={(history) => soften(history, session.state.soften)} />
      </div>
      <div className="mask-amount">
        <Slider session={session} name="grow" unit="masks.pixels" />
        <Do session={session} name="masks.do_grow" operation={(history) => grow(history, session.state.grow)} />
        <Do session={session} name="masks.do_shrink" operation={(history) => grow(history, -session.state.grow)} />
      </div>
      <div className="mask-amount">
        <Slider session={session} name="threshold" unit="masks.percent" />
        <Do
          session={session}
          name="masks.do_threshold"
          operation={(history) => mapLevels(history, threshold((session.state.threshold * 255) / 100))}
        />
      </div>
    </fieldset>
  );
}

function levels(change: Levels): Operation {
  return (history) => mapLevels(history, change);
}

interface Done extends Given {
  readonly name: MessageKey;
  readonly keys?: string;
  readonly operation: Operation;
}

function Do({ session, name, keys, operation }: Done) {
  const t = useText();
  const isBusy = useStore(session.store, (state) => state.isBusy);
  return (
    <button
      type="button"
      disabled={isBusy}
      title={keys && `${t(name)} (${keys})`}
      onClick={() => void session.apply(operation)}
    >
      {t(name)}
    </button>
  );
}
