import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { isChanged } from "../state/documents";
import { useDocuments, useStudio } from "../state/studio";

/** The open workflows. */
export function TabBar() {
  const t = useText();
  const { documents } = useStudio();
  const tabs = useDocuments((state) => state.tabs);
  const active = useDocuments((state) => state.active);
  return (
    <div className="tabs" role="tablist" aria-label={t("shell.tabs")}>
      {tabs.map((tab) => (
        <span key={tab.id} className="tab" data-active={tab.id === active}>
          <button type="button" role="tab" aria-selected={tab.id === active} onClick={() => documents.activate(tab.id)}>
            {tab.name}
            {isChanged(tab) ? <span aria-label={t("shell.unsaved")}> •</span> : null}
          </button>
          <button type="button" className="icon-button" aria-label={t("shell.closeTab", { name: tab.name })} onClick={() => documents.close(tab.id)}>
            <Icon name="close" />
          </button>
        </span>
      ))}
    </div>
  );
}
