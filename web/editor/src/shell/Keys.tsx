import { useText } from "../i18n/use_text";
import { keyNames } from "./key_names";

/** A combination of keys, drawn as keys. */
export function Keys({ combination }: { readonly combination: string }) {
  const t = useText();
  return (
    <span className="keys">
      {keyNames(combination, t).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
