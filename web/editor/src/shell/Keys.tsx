import { keyNames } from "./key_names";

/** A combination of keys, drawn as keys. */
export function Keys({ combination }: { readonly combination: string }) {
  return (
    <span className="keys">
      {keyNames(combination).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
