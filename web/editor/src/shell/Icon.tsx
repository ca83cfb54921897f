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
  check: "M4 10l4 4 8-9",
  stop: "M5 5h10v10H5z",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4v12M14 4v12",
  again: "M15 7a6 6 0 1 0 1 4M16 3v4h-4",
  up: "M5 12l5-5 5 5",
  down: "M5 8l5 5 5-5",
  left: "M12 4l-6 6 6 6",
  right: "M8 4l6 6-6 6",
  compare: "M3 4h14v12H3zM10 2v16M13 8h2M13 11h2",
  save: "M10 3v9M6 9l4 4 4-4M4 16h12",
  copy: "M7 7h10v10H7zM4 13H3V3h10v1",
  expand: "M3 8V3h5M17 12v5h-5M3 3l5 5M17 17l-5-5",
  outside: "M11 3h6v6M17 3l-8 8M14 12v5H3V6h5",
  send: "M3 10h11M10 6l4 4-4 4M17 4v12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
