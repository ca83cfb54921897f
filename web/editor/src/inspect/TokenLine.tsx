import { useText } from "../i18n/use_text";
import type { Token } from "./values";

/** The tokens of a prompt in their order; what weighs more than 1 stands out, what weighs less recedes. */
export function TokenLine({ tokens }: { readonly tokens: readonly Token[] }) {
  const t = useText();
  const encoders = [...new Set(tokens.map((token) => token.encoder))];
  return encoders.map((encoder) => (
    <section key={encoder} aria-label={t("inspect.encoder", { encoder })}>
      <h4>{t("inspect.encoder", { encoder })}</h4>
      <p className="tokens">
        {tokens
          .filter((token) => token.encoder === encoder)
          .map((token, at) => (
            <span
              key={at}
              className="token"
              data-weight={weightOf(token)}
              title={t("inspect.token", { id: token.id, weight: token.weight })}
            >
              {token.token}
              {token.weight === 1 ? null : <sub>{token.weight.toFixed(2)}</sub>}
            </span>
          ))}
      </p>
    </section>
  ));
}

function weightOf({ weight }: Token): "more" | "less" | "usual" {
  if (weight === 1) return "usual";
  return weight > 1 ? "more" : "less";
}
