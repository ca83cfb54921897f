import { Component, type ReactNode } from "react";
import { downloadJson } from "../api/download";
import { textIn } from "../i18n/messages";
import { activeTab, workflowOf } from "../state/documents";
import { StudioContext } from "../state/studio";

/** Catches what breaks while the screen is drawn: the workflow can still be saved. */
export class Guard extends Component<{ readonly children: ReactNode }, { readonly broken: string | null }> {
  static override contextType = StudioContext;
  declare context: React.ContextType<typeof StudioContext>;
  override state = { broken: null };

  static getDerivedStateFromError(error: unknown): { broken: string } {
    return { broken: String(error) };
  }

  override render(): ReactNode {
    if (this.state.broken === null) return this.props.children;
    const t = textIn(this.context?.settings.getState().language ?? "en");
    return (
      <main className="broken" role="alert">
        <h1>{t("shell.broken")}</h1>
        <p>{t("shell.brokenHint")}</p>
        <p className="details">{this.state.broken}</p>
        <button type="button" className="primary" onClick={() => this.save()}>
          {t("shell.saveCopy")}
        </button>
        <button type="button" onClick={() => location.reload()}>
          {t("shell.reload")}
        </button>
      </main>
    );
  }

  private save(): void {
    const tab = this.context && activeTab(this.context.documents.getState());
    if (!tab) return;
    downloadJson(`${tab.name}.json`, JSON.stringify(workflowOf(tab)));
  }
}
