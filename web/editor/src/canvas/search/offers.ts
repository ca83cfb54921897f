/** What a search may find: node types, and what exists in files alone. */

import { freshInstance } from "../../document/commands/subgraph_make";
import { freshNode } from "../../document/commands/nodes";
import type { Around } from "../../document/node_schema";
import { typesThatGive, typesThatTake } from "../../document/queries";
import { type Catalogue, type NodeSchema, plainSchema } from "../../document/schema";
import { MARKDOWN_NOTE, NOTE, PRIMITIVE, REROUTE } from "../../document/virtual";
import { definitionsOf, type FreshNode, type Workflow } from "../../document/workflow";
import type { Text } from "../../i18n/messages";
import type { OpenSearch } from "../../state/canvas";

/** Types of the file format itself. */
function own(t: Text): NodeSchema[] {
  const any = [{ name: "", type: "*", isList: false, tooltip: undefined }];
  const category = t("canvas.ownCategory");
  return [
    plainSchema(NOTE, { displayName: t("canvas.note"), category, description: t("canvas.noteAbout") }),
    plainSchema(MARKDOWN_NOTE, { displayName: t("canvas.markdown"), category, description: t("canvas.markdownAbout") }),
    plainSchema(REROUTE, {
      displayName: t("canvas.rerouteNode"),
      category,
      outputs: any,
      description: t("canvas.rerouteAbout"),
    }),
    plainSchema(PRIMITIVE, {
      displayName: t("canvas.primitive"),
      category,
      outputs: any,
      description: t("canvas.primitiveAbout"),
    }),
  ];
}

function subgraphs(workflow: Workflow, t: Text): NodeSchema[] {
  return definitionsOf(workflow).map((definition) =>
    plainSchema(definition.id, {
      displayName: definition.name,
      category: t("canvas.subgraphCategory"),
      outputs: (definition.outputs ?? []).map(({ name, type }) => ({
        name,
        type: String(type),
        isList: false,
        tooltip: undefined,
      })),
    }),
  );
}

/** Everything that can be added, or what fits on loose ends. */
export function offers(catalogue: Catalogue, workflow: Workflow, { ends }: OpenSearch, t: Text): readonly NodeSchema[] {
  const [end] = ends;
  const all = new Map(catalogue);
  if (!end) {
    for (const schema of [...own(t), ...subgraphs(workflow, t)]) all.set(schema.type, schema);
    return [...all.values()]
      .filter(({ devOnly }) => !devOnly)
      .sort((one, other) => one.displayName.localeCompare(other.displayName));
  }
  const fitting = end.isOutput ? typesThatTake(catalogue, end.carries ?? end.type) : typesThatGive(catalogue, end.type);
  const reroutes = own(t).filter((schema) => schema.type === REROUTE || (!end.isOutput && schema.type === PRIMITIVE));
  return [...reroutes, ...fitting];
}

/** A fresh node of what was chosen, its title's top left at a place. */
export function freshOffer(schema: NodeSchema, { workflow, catalogue }: Around, x: number, y: number): FreshNode {
  const definition = definitionsOf(workflow).find((one) => one.id === schema.type);
  if (definition) return freshInstance(definition, [x, y], catalogue);
  const node = freshNode(schema, [x, y]);
  switch (schema.type) {
    case NOTE:
    case MARKDOWN_NOTE:
      return { ...node, size: [260, 140], widgets_values: [""], color: "#432", bgcolor: "#653" };
    case REROUTE:
      return { ...node, size: [75, 26], inputs: [{ name: "", type: "*", link: null }], properties: REROUTE_PROPERTIES };
    default:
      return node;
  }
}

const REROUTE_PROPERTIES = { showOutputText: false, horizontal: false };
