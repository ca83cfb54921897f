import { memo } from "react";
import { useStore } from "zustand";
import type { Bend } from "../../document/reroutes";
import { useText } from "../../i18n/use_text";
import { useTab } from "../../state/studio";
import type { Sight } from "../scene/Sight";

import { typeColour } from "./colours";

interface Props {
  readonly sight: Sight;
  readonly bends: ReadonlyMap<number, Bend>;
  /** The types of the links that go through them. */
  readonly types: ReadonlyMap<number, string | number>;
}

/** The reroute points of the shown graph, as things to take hold of. */
export const BendLayer = memo(function BendLayer({ sight, bends, types }: Props) {
  const inSight = useStore(sight.state, (state) => state.bends);
  const t = useText();
  const selected = useTab((tab) => tab.selection.reroutes);
  const shown = [...inSight].flatMap((id) => bends.get(id) ?? []);
  return shown.map(({ id, x, y }) => (
    <span
      key={id}
      className="bend nopan"
      role="img"
      aria-label={t("canvas.reroute")}
      data-bend={id}
      data-selected={selected?.has(id) || undefined}
      style={{ transform: `translate(${x}px, ${y}px)`, color: typeColour(types.get(id) ?? "*") }}
    />
  ));
});
