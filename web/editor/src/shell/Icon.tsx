/** The editor's own line icons, 20 by 20, drawn in the colour of the text around them. */

const PATHS = {
  folder: "M2 5h6l2 2h8v9H2z",
  template: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  queue: "M3 5h14M3 10h14M3 15h9",
  history: "M10 5v5l3 3M3 10a7 7 0 1 0 2-5M3 3v3h3",
  gallery: "M3 4h14v12H3zM3 14l4-4 3 3 4-5 3 4",
  close: "M5 5l10 10M15 5 5 15",
  plus: "M10 4v12M4 10h12",
  pencil: "M4 16l1-4 8-8 3 3-8 8zM11 6l3 3",
  bin: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11",
  menu: "M3 5h14M3 10h14M3 15h14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
