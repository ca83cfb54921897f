/** The mask editor's own line icons, 20 by 20, drawn in the colour of the text around them. */

const PATHS = {
  brush: "M16.5 3.5 9 11M11 13 7 9c-2 .5-3 2-3 4 0 1.6-1 2.5-2 3 4 1.5 8 .5 9-3z",
  rectangle: "M3 5h2.5M8 5h4M14.5 5H17v2M17 9v3M17 14v1h-2.5M12 15H8M5.5 15H3v-2M3 11V8M3 6V5",
  lasso: "M6 12.5C3.5 11.5 2.5 9.5 3 7.5 3.8 4.5 7 3 11 3s6.5 2 6 5-4 5-8 5c-2 0-3.5 1-3 2.5s2 1.5 2 0-1.5-2.5-2-3z",
  fill: "M9 3l7 7-6 6c-.6.5-1.4.5-2 0l-5-5c-.5-.6-.5-1.4 0-2zM9 3 7.5 1.5M3 10h12M17.5 13c-2 3-2 5 0 5s2-2 0-5z",
  undo: "M4 8h8a4 4 0 0 1 0 8H8M7 4 3 8l4 4",
  redo: "M16 8H8a4 4 0 0 0 0 8h4M13 4l4 4-4 4",
  minus: "M4 10h12",
} as const;

export type ToolIconName = keyof typeof PATHS;

export function ToolIcon({ name }: { readonly name: ToolIconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
