import { type CSSProperties, memo } from "react";
import { useStore } from "zustand";
import { setGroupFields } from "../../document/commands/groups";
import { isFolded, shownGroupBox } from "../../document/groups";
import type { Group } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import { useCanvas, useStudio, useTab } from "../../state/studio";
import { TitleField } from "../nodes/TitleField";
import type { Sight } from "../scene/Sight";

/** The groups of the shown graph, beneath its links and nodes. Their titles are what is dragged. */
export function GroupLayer({ sight, groups }: { readonly sight: Sight; readonly groups: readonly Group[] }) {
  const inSight = useStore(sight.state, (state) => state.groups);
  const selected = useTab((tab) => tab.selection.groups);
  return groups.map((group, index) =>
    inSight.has(index) ? (
      <GroupView key={index} group={group} index={index} isSelected={selected?.has(index) ?? false} />
    ) : null,
  );
}

interface Props {
  readonly group: Group;
  readonly index: number;
  readonly isSelected: boolean;
}

const GroupView = memo(function GroupView({ group, index, isSelected }: Props) {
  const t = useText();
  const { documents, canvas } = useStudio();
  const isRenamed = useCanvas(({ renaming }) => renaming?.kind === "group" && renaming.index === index);
  const { x, y, width, height } = shownGroupBox(group);
  const rename = (title: string): void => {
    canvas.setState({ renaming: null });
    if (title !== group.title) documents.edit("edit.rename", setGroupFields([index], { title }));
  };
  return (
    <div
      className="group nopan"
      role="group"
      tabIndex={-1}
      aria-label={t("canvas.groupNamed", { title: group.title })}
      data-group={index}
      data-selected={isSelected || undefined}
      data-folded={isFolded(group) || undefined}
      style={
        {
          transform: `translate(${x}px, ${y}px)`,
          width,
          height,
          "--tint-title": group.color,
          "--group-font": `${group.font_size ?? 24}px`,
        } as CSSProperties
      }
    >
      <header className="group-title">
        {isRenamed ? (
          <TitleField label={t("canvas.rename")} value={group.title} done={rename} />
        ) : (
          <span className="group-name">{group.title}</span>
        )}
      </header>
      {isFolded(group) ? null : <span className="resize-corner nodrag" data-resize="group" />}
    </div>
  );
});
