import { useText } from "../i18n/use_text";
import type { Histogram } from "./values";

const WIDTH = 256;
const HEIGHT = 56;

interface Plotted {
  readonly histogram: Histogram;
  /** What it is of, for its label. */
  readonly name: string;
  /** Drawn behind it as an outline: the same of the run before. */
  readonly before?: Histogram | null;
}

/** How often values occur, from the least to the largest. */
export function HistogramPlot({ histogram, name, before }: Plotted) {
  const t = useText();
  const from = Math.min(histogram.from, before?.from ?? histogram.from);
  const to = Math.max(histogram.to, before?.to ?? histogram.to);
  return (
    <figure className="histogram">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={t("inspect.histogram", { name, from: short(histogram.from), to: short(histogram.to) })}
        preserveAspectRatio="none"
      >
        <path className="histogram-now" d={`${outline(histogram, from, to)} L${WIDTH} ${HEIGHT} L0 ${HEIGHT} Z`} />
        {before ? <path className="histogram-before" d={outline(before, from, to)} /> : null}
      </svg>
      <figcaption>
        <span>{short(from)}</span>
        <span>{short(to)}</span>
      </figcaption>
    </figure>
  );
}

/** The path over the bars, each scaled to the tallest. */
function outline({ from, to, counts }: Histogram, left: number, right: number): string {
  const tallest = Math.max(1, ...counts);
  const span = right - left || 1;
  const x = (value: number): string => (((value - left) / span) * WIDTH).toFixed(1);
  const width = (to - from) / (counts.length || 1);
  const steps = counts.flatMap((count, at) => {
    const y = (HEIGHT - (count / tallest) * (HEIGHT - 2)).toFixed(1);
    return [`${x(from + at * width)} ${y}`, `${x(from + (at + 1) * width)} ${y}`];
  });
  return `M${x(from)} ${HEIGHT} L${steps.join(" L")} L${x(to)} ${HEIGHT}`;
}

/** A number in as few characters as tell it apart. */
export function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5)
    ? value.toExponential(2)
    : value.toPrecision(4).replace(/\.?0+$/, "");
}
