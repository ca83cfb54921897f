import { useText } from "../i18n/use_text";
import { CurvePlot } from "./CurvePlot";
import { HistogramPlot, short } from "./HistogramPlot";
import { Pictures } from "./Pictures";
import { TokenLine } from "./TokenLine";
import type { Difference, OutputPlace, ValueItem } from "./values";

interface Viewed {
  readonly place: OutputPlace;
  readonly item: number;
  readonly value: ValueItem;
  readonly before: ValueItem | undefined;
}

/** One value: its picture, its numbers, its histogram, its tokens; beside them those of the run before. */
export function ValueView({ place, item, value, before }: Viewed) {
  const t = useText();
  const alike = before !== undefined && String(before.shape) === String(value.shape);
  return (
    <div className="value-view">
      {value.pictures > 0 ? (
        <Pictures place={place} item={item} count={value.pictures} comparable={alike && before.pictures > 0} />
      ) : null}
      {value.text === null ? null : <pre className="value-text">{value.text}</pre>}
      <Facts value={value} before={before} />
      {value.curve ? <CurvePlot numbers={value.curve} before={alike ? before.curve : null} /> : null}
      {value.histogram && !value.curve ? (
        <HistogramPlot histogram={value.histogram} before={before?.histogram} name={t("inspect.values")} />
      ) : null}
      {value.channels && value.channels.length > 1 ? (
        <details>
          <summary>{t("inspect.channels", { count: value.channels.length })}</summary>
          {value.channels.map((channel, at) => (
            <div key={channel.name}>
              <h4>{t("inspect.channel", { name: channel.name })}</h4>
              {channel.histogram ? (
                <HistogramPlot
                  histogram={channel.histogram}
                  before={before?.channels?.[at]?.histogram}
                  name={t("inspect.channel", { name: channel.name })}
                />
              ) : null}
            </div>
          ))}
        </details>
      ) : null}
      {value.tokens?.map((tokens, at) => (
        <TokenLine key={at} tokens={tokens} />
      ))}
      {value.options && Object.keys(value.options).length ? <Options options={value.options} /> : null}
    </div>
  );
}

function Facts({ value, before }: Pick<Viewed, "value" | "before">) {
  const t = useText();
  const rows: readonly (readonly [string, string | null, string | null])[] = [
    [t("inspect.shape"), shapeOf(value), before ? shapeOf(before) : null],
    [t("inspect.dtype"), value.dtype && `${value.dtype}${value.device ? ` · ${value.device}` : ""}`, null],
    [t("inspect.range"), rangeOf(value), before ? rangeOf(before) : null],
    [t("inspect.mean"), meanOf(value), before ? meanOf(before) : null],
    [t("inspect.size"), value.bytes ? bytesOf(value.bytes) : null, null],
  ];
  const unsound = (value.nan ?? 0) + (value.inf ?? 0);
  return (
    <>
      {unsound > 0 ? (
        <p className="unsound">{t("inspect.unsound", { nan: value.nan ?? 0, inf: value.inf ?? 0 })}</p>
      ) : null}
      <table className="facts">
        <tbody>
          {rows
            .filter(([, now]) => now !== null && now !== "")
            .map(([name, now, then]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {now}
                  {then !== null && then !== now ? <s title={t("inspect.before")}>{then}</s> : null}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </>
  );
}

function Options({ options }: { readonly options: Readonly<Record<string, string>> }) {
  const t = useText();
  return (
    <details>
      <summary>{t("inspect.options")}</summary>
      <table className="facts">
        <tbody>
          {Object.entries(options).map(([name, text]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** By how much a value differs from that of the run before. */
export function DifferenceLine({ difference }: { readonly difference: Difference }) {
  const t = useText();
  const { max_abs: largest, mean_abs: mean, psnr } = difference;
  if (largest === 0) return <p className="hint">{t("inspect.same")}</p>;
  return (
    <p className="hint">
      {t("inspect.differs", { largest: short(largest), mean: short(mean) })}
      {psnr === null ? null : ` ${t("inspect.psnr", { psnr: psnr.toFixed(1) })}`}
    </p>
  );
}

function shapeOf(value: ValueItem): string | null {
  return value.shape && value.shape.join(" × ");
}

function rangeOf({ min, max }: ValueItem): string | null {
  return min === null || max === null ? null : `${short(min)} … ${short(max)}`;
}

function meanOf({ mean, std }: ValueItem): string | null {
  if (mean === null) return null;
  return std === null ? short(mean) : `${short(mean)} ± ${short(std)}`;
}

function bytesOf(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
