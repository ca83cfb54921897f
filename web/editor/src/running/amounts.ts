/** Times and sizes as people read them. */

/** `3 ms`, `0.42 s`, `12 s`, `3:05`, `1:02:09`. */
export function readableSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(1000 * seconds))} ms`;
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return wholeSeconds(seconds);
}

/** The same without fractions, for what is a guess anyway: `3 s`, `3:05`. */
export function wholeSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${padded(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${padded(minutes % 60)}:${padded(whole % 60)}`;
}

function padded(number: number): string {
  return String(number).padStart(2, "0");
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `640 kB`, `1.3 GB`: thousands, as file managers count. */
export function readableBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}
