import { useEffect, useState } from "react";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { openTemplate } from "./opening";
import { categoryOf, listTemplates, type Template } from "./templates";

/** Workflows to begin with, each with a picture that it made. */
export function TemplatesPanel() {
  const t = useText();
  const studio = useStudio();
  const [templates, setTemplates] = useState<readonly Template[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [sought, setSought] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => {
    listTemplates(studio.server).then(setTemplates, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [studio]);
  const words = sought.toLowerCase().split(/\s+/);
  const found = templates.filter((template) => {
    const text = [template.title, template.description, ...template.tags].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const all = [...new Set(templates.map((template) => template.category))];
  const categories = all.filter(
    (category) => (chosen ?? category) === category && found.some((template) => template.category === category),
  );
  return (
    <>
      <h2>{t("templates.panel")}</h2>
      <input
        type="search"
        className="panel-search"
        aria-label={t("templates.search")}
        placeholder={t("templates.search")}
        value={sought}
        onChange={(event) => setSought(event.target.value)}
      />
      {all.length > 1 ? (
        <div role="group" className="template-categories" aria-label={t("templates.categories")}>
          {[null, ...all].map((category) => (
            <button
              key={category ?? ""}
              type="button"
              aria-pressed={chosen === category}
              onClick={() => setChosen(category)}
            >
              {category === null ? t("templates.all") : categoryOf(t, category)}
            </button>
          ))}
        </div>
      ) : null}
      {problem ? <p role="alert">{problem}</p> : null}
      {categories.map((category) => (
        <section key={category} aria-label={categoryOf(t, category)}>
          <h3>{categoryOf(t, category)}</h3>
          <div className="template-grid">
            {found
              .filter((template) => template.category === category)
              .map((template) => (
                <button
                  key={template.name}
                  type="button"
                  className="template"
                  onClick={() => void openTemplate(studio, template)}
                >
                  <img src={studio.server.address(template.picture)} alt="" loading="lazy" width={128} height={128} />
                  <strong>{template.title}</strong>
                  <span className="hint">{template.description}</span>
                </button>
              ))}
          </div>
        </section>
      ))}
    </>
  );
}
