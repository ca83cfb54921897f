/** Everything about subgraphs, gathered for those who look for it. */

export { freshInstance, makeSubgraph } from "./commands/subgraph_make";
export { unpackSubgraph } from "./commands/subgraph_unpack";
export {
  addSlot,
  connectToWidget,
  demoteWidget,
  makeIndependent,
  moveSlot,
  promoteWidget,
  removeSlot,
  removeUnusedDefinitions,
  renameSlot,
  renameSubgraph,
  widgetSocket,
} from "./commands/subgraph_edit";
export { countInstances } from "./commands/subgraph_slots";
export { circleName } from "./commands/paste";
