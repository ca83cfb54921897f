import { useMemo } from "react";
import { diffWorkflows, type NamedLink, type NodeChange, type ValueChange } from "../document/diff";
import type { Json } from "../document/json";
import type { Workflow } from "../document/workflow";
import { useText } from "../i18n/use_text";
import { useCatalogue } from "../state/studio";

const LONGEST = 80; // characters of a value that are shown

/** What would be different in `to`: nodes that come and go, values, links. */
export function Differences({ from, to }: { readonly from: Workflow; readonly to: Workflow }) {
  const t = useText();
  const types = useCatalogue((state) => state.types);
  const diff = useMemo(() => diffWorkflows(from, to, types), [from, to, types]);
  if (diff.isEmpty) return <p className="hint">{t("workflows.noDifference")}</p>;
  const moved = diff.changed.filter((node) => node.moved || node.sized).length;
  return (
    <ul className="differences">
      {diff.added.map((node) => (
        <li key={`+${node.scope} ${node.node}`} data-change="added">
          {t("workflows.nodeAdded", { title: node.title })}
        </li>
      ))}
      {diff.removed.map((node) => (
        <li key={`-${node.scope} ${node.node}`} data-change="removed">
          {t("workflows.nodeRemoved", { title: node.title })}
        </li>
      ))}
      {diff.changed.map((node) => (
        <Changed key={`${node.scope} ${node.node}`} node={node} />
      ))}
      {diff.linked.map((link) => (
        <li key={`+${keyOfLink(link)}`} data-change="added">
          {nameOfLink(link)}
        </li>
      ))}
      {diff.unlinked.map((link) => (
        <li key={`-${keyOfLink(link)}`} data-change="removed">
          {nameOfLink(link)}
        </li>
      ))}
      {diff.groups.changed ? <li>{t("workflows.groupsChanged")}</li> : null}
      {moved ? <li className="hint">{t("workflows.nodesMoved", { count: moved })}</li> : null}
    </ul>
  );
}

function Changed({ node }: { readonly node: NodeChange }) {
  const changes: readonly ValueChange[] = [...node.values, ...node.fields];
  return changes.map((change) => (
    <li key={change.name}>
      <strong>{node.title}</strong> {change.name}: <del>{shortened(change.from)}</del> →{" "}
      <ins>{shortened(change.to)}</ins>
    </li>
  ));
}

function keyOfLink(link: NamedLink): string {
  return `${link.scope} ${nameOfLink(link)}`;
}

function nameOfLink({ from, output, to, input }: NamedLink): string {
  return `${from} (${output}) → ${to} (${input})`;
}

function shortened(value: Json | undefined): string {
  if (value === undefined) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
