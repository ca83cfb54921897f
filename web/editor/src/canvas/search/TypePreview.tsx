import type { NodeSchema } from "../../document/schema";
import { useText } from "../../i18n/use_text";
import { typeColour } from "../links/colours";

/** What a node type is: its sockets and what it is for. */
export function TypePreview({ schema }: { readonly schema: NodeSchema }) {
  const t = useText();
  const inputs = schema.inputs.map(({ name, type }) => ({ name, type }));
  return (
    <aside className="search-preview">
      <strong>{schema.displayName}</strong>
      <p className="hint">{schema.description || t("canvas.noDescription")}</p>
      <Slots title={t("canvas.inputsOf")} slots={inputs} />
      <Slots title={t("canvas.outputsOf")} slots={schema.outputs} />
      <small>{schema.module}</small>
    </aside>
  );
}

function Slots({
  title,
  slots,
}: {
  readonly title: string;
  readonly slots: readonly { name: string; type: string }[];
}) {
  if (slots.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {slots.map(({ name, type }, place) => (
          <li key={place}>
            <span className="type-dot" style={{ background: typeColour(type) }} />
            {name} <small>{type}</small>
          </li>
        ))}
      </ul>
    </>
  );
}
