import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { OutputFile } from "../api/outputs";
import { useText } from "../i18n/use_text";
import { fileAddress } from "../running/outputs";
import { dragPicture } from "../running/picture_drag";
import { useStudio } from "../state/studio";
import { fileKey } from "./picture_actions";
import { gridKey, type GridShape, shapeOf, visibleRows } from "./grid_shape";

interface Grid {
  readonly files: readonly OutputFile[];
  readonly total: number;
  /** Width that a picture should have, in pixels. */
  readonly wanted: number;
  readonly need: (count: number) => void;
  readonly selected: ReadonlySet<string>;
  /** The one that the details are about, and that the keys start from. */
  readonly current: number;
  readonly focus: (place: number) => void;
  readonly toggle: (file: OutputFile) => void;
  readonly open: (place: number) => void;
}

/** Pictures in rows, of which only those on the screen are there: it may be thousands. */
export function PictureGrid({ files, total, wanted, need, selected, current, focus, toggle, open }: Grid) {
  const t = useText();
  const id = useId();
  const idOf = (place: number): string => `${id}-${place}`;
  const frame = useRef<HTMLDivElement>(null);
  const [shape, top] = useShape(frame, wanted);
  const rows = visibleRows(shape, top, total);
  const lastWanted = Math.min(total, rows.last * shape.columns);
  useEffect(() => need(lastWanted), [need, lastWanted]);
  const first = rows.first * shape.columns;
  const shown = files.slice(first, lastWanted);
  useKeptInView(frame, shape, current);
  const clicked = useRef<OutputFile | null>(null);
  const choose = (place: number, adding: boolean): void => {
    const file = files[place];
    if (!file) return;
    focus(place);
    const before = clicked.current;
    clicked.current = adding ? null : file;
    if (!adding) return;
    // As in file managers: what a plain click chose belongs to what is added to it.
    if (before && selected.size === 0 && fileKey(before) !== fileKey(file)) toggle(before);
    toggle(file);
  };
  const keys = (event: React.KeyboardEvent): void => {
    const file = files[current];
    const to = gridKey(event.key, current, shape, files.length);
    if (to !== null) focus(to);
    else if (event.key === "Enter" && file) open(current);
    else if (event.key === " " && file) toggle(file);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={frame}
      className="picture-grid"
      role="listbox"
      aria-multiselectable="true"
      aria-label={t("gallery.grid")}
      tabIndex={0}
      aria-activedescendant={files[current] ? idOf(current) : undefined}
      onKeyDown={keys}
    >
      <div style={{ height: Math.ceil(total / shape.columns) * shape.row }}>
        <div
          className="picture-rows"
          style={{
            transform: `translateY(${rows.first * shape.row}px)`,
            gridTemplateColumns: `repeat(${shape.columns}, 1fr)`,
            gridAutoRows: `${shape.row}px`,
          }}
        >
          {shown.map((file, index) => (
            <Cell
              key={fileKey(file)}
              file={file}
              id={idOf(first + index)}
              size={shape.row}
              isSelected={selected.has(fileKey(file))}
              isCurrent={first + index === current}
              choose={(adding) => choose(first + index, adding)}
              open={() => open(first + index)}
              toggle={() => toggle(file)}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface CellShown {
  readonly file: OutputFile;
  readonly id: string;
  readonly size: number;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly choose: (adding: boolean) => void;
  readonly open: () => void;
  readonly toggle: () => void;
}

function Cell({ file, id, size, isSelected, isCurrent, choose, open, toggle }: CellShown) {
  const { server } = useStudio();
  return (
    <div
      id={id}
      className="picture-cell"
      role="option"
      aria-selected={isSelected}
      aria-label={file.filename}
      data-current={isCurrent || undefined}
      title={file.filename}
      draggable
      onDragStart={(event) => dragPicture(event, file, server)}
      onClick={(event) => choose(event.ctrlKey || event.metaKey || event.shiftKey)}
      onDoubleClick={open}
    >
      <img
        src={server.address(fileAddress(file, size > 180 ? 384 : 192))}
        alt=""
        loading="lazy"
        decoding="async"
        draggable={false}
      />
      <span
        className="picture-tick"
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          toggle();
        }}
      />
    </div>
  );
}

/** How the grid is laid out for its present width, and how far it is scrolled. */
function useShape(frame: React.RefObject<HTMLDivElement | null>, wanted: number): readonly [GridShape, number] {
  const [size, setSize] = useState({ width: wanted, height: 600 });
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    const scrolled = (): void => setTop(element.scrollTop);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [frame]);
  return [shapeOf(size.width, size.height, wanted), top];
}

/** The picture that the keys went to is scrolled into view. */
function useKeptInView(frame: React.RefObject<HTMLDivElement | null>, shape: GridShape, current: number): void {
  const last = useRef(current);
  useEffect(() => {
    const element = frame.current;
    if (!element || last.current === current) return;
    last.current = current;
    const y = Math.floor(current / shape.columns) * shape.row;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + shape.row > element.scrollTop + element.clientHeight)
      element.scrollTop = y + shape.row - element.clientHeight;
  }, [frame, shape, current]);
}
