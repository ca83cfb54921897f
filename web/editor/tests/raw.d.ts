/** Files as text, which Vitest reads. */
declare module "*?raw" {
  const text: string;
  export default text;
}
