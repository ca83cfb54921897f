import { useText } from "../../i18n/use_text";
import { titleOf } from "../../document/geometry";
import { setFields, setFlag } from "../../document/commands/nodes";
import { NodeBadges } from "../../running/NodeBadges";
import type { NodeRun } from "../../state/runs";
import { useCanvas, useStudio } from "../../state/studio";
import { useShown } from "../context";
import type { NodePlace } from "../layout/places";
import { TitleField } from "./TitleField";

/** A node's title: fold button, text, what stands beside it, and how far it is while it runs. */
export function NodeTitle({ place, run }: { readonly place: NodePlace; readonly run: NodeRun | undefined }) {
  const t = useText();
  const { tab, prefix } = useShown();
  const { documents, canvas } = useStudio();
  const { node, schema, key } = place;
  const isRenamed = useCanvas(({ renaming }) => renaming?.kind === "node" && renaming.key === key);
  const isFolded = node.flags?.collapsed === true;
  const fold = (): void => documents.edit("edit.collapse", setFlag([node.id], "collapsed", !isFolded));
  const rename = (title: string): void => {
    canvas.setState({ renaming: null });
    const usual = titleOf({ ...node, title: undefined }, schema);
    if (title !== titleOf(node, schema)) documents.edit("edit.rename", setFields([node.id], { title: title || usual }));
  };
  return (
    <header className="node-title">
      <button
        type="button"
        className="node-fold nodrag"
        tabIndex={-1}
        aria-expanded={!isFolded}
        aria-label={t(isFolded ? "canvas.expand" : "canvas.collapse")}
        onClick={fold}
      />
      {isRenamed ? (
        <TitleField label={t("canvas.rename")} value={titleOf(node, schema)} done={rename} />
      ) : (
        <span className="node-name" title={place.isKnown ? undefined : t("canvas.unknownType", { type: node.type })}>
          {titleOf(node, schema)}
        </span>
      )}
      {node.flags?.pinned ? <span className="node-pin" title={t("canvas.pinned")} /> : null}
      <NodeBadges tab={tab} node={prefix + key} />
      {run?.state === "running" ? <Progress run={run} /> : null}
    </header>
  );
}

function Progress({ run }: { readonly run: NodeRun }) {
  const share = run.max ? (run.value ?? 0) / run.max : undefined;
  return (
    <span className="node-progress" data-unknown={share === undefined || undefined}>
      <span style={{ transform: `scaleX(${share ?? 1})` }} />
    </span>
  );
}
