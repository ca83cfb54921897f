import { useText } from "../i18n/use_text";
import { short } from "./HistogramPlot";

const WIDTH = 256;
const HEIGHT = 72;
const MARGIN = 3;
const MOST_DOTS = 48; // beyond it they would touch

interface Plotted {
  readonly numbers: readonly number[];
  /** Drawn behind it as an outline: the same of the run before. */
  readonly before: readonly number[] | null | undefined;
}

/** Numbers in their order, such as the noise levels of a run, from the first at the left to the last. */
export function CurvePlot({ numbers, before }: Plotted) {
  const t = useText();
  const all = [...numbers, ...(before ?? [])];
  const low = Math.min(0, ...all);
  const high = Math.max(...all, low + 1e-9);
  const place = (value: number, at: number, count: number): string => {
    const x = MARGIN + (at / Math.max(1, count - 1)) * (WIDTH - 2 * MARGIN);
    return `${x.toFixed(1)} ${(HEIGHT - MARGIN - ((value - low) / (high - low)) * (HEIGHT - 2 * MARGIN)).toFixed(1)}`;
  };
  const line = (values: readonly number[]): string =>
    `M${values.map((value, at) => place(value, at, values.length)).join(" L")}`;
  const label = { count: numbers.length, from: short(numbers[0] ?? 0), to: short(numbers.at(-1) ?? 0) };
  return (
    <figure className="histogram curve">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={t("inspect.curve", label)}
        preserveAspectRatio="none"
      >
        {before ? <path className="histogram-before" d={line(before)} /> : null}
        <path className="curve-now" d={line(numbers)} />
        {numbers.length <= MOST_DOTS ? (
          <path
            className="curve-dots"
            d={numbers.map((value, at) => `M${place(value, at, numbers.length)} h0`).join(" ")}
          />
        ) : null}
      </svg>
      <figcaption>
        <span>{label.from}</span>
        <span>{label.to}</span>
      </figcaption>
      <details>
        <summary>{t("inspect.numbers", { count: numbers.length })}</summary>
        <ol className="curve-numbers" start={0}>
          {numbers.map((value, at) => (
            <li key={at}>{short(value)}</li>
          ))}
        </ol>
      </details>
    </figure>
  );
}
