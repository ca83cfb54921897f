import { expect, it } from "vitest";
import { ACTIONS } from "../../src/actions/all";
import { textIn } from "../../src/i18n/messages";
import { GROUPS, groupOf } from "../../src/shell/groups";
import { keyNames } from "../../src/shell/key_names";

const t = textIn("en");

/** The page of all commands; `npx vitest run -u tests/shell` writes it anew. */
function page(): string {
  const sections = GROUPS.map((group) => {
    const rows = ACTIONS.filter((action) => groupOf(action) === group).map((action) => {
      const keys = (action.keys ?? [])
        .map((keys) =>
          keyNames(keys, t)
            .map((key) => `\`${key}\``)
            .join(" "),
        )
        .join(" or ");
      return `| ${t(action.title).replace(/ …$/, "")} | ${keys} |`;
    });
    return rows.length ? `## ${t(group.title)}\n\n| command | keys |\n| --- | --- |\n${rows.join("\n")}\n` : "";
  });
  const head =
    "# Commands of the editor\n\nAll of them are in the command list (`Ctrl` `K`). On a Mac, Command takes the place of Ctrl.\n";
  return [head, ...sections.filter((section) => section !== "")].join("\n");
}

it("every command and its keys are documented", async () => {
  await expect(page()).toMatchFileSnapshot("../../../../docs/editor-commands.md");
});
