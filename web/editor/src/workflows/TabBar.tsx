import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { isChanged, type Tab } from "../state/documents";
import { useDocuments, useStudio } from "../state/studio";
import { closeTab, openEmpty } from "./tabs";

/** The open workflows. A name is changed by a double click or F2; arrow keys go from tab to tab. */
export function TabBar() {
  const t = useText();
  const studio = useStudio();
  const tabs = useDocuments((state) => state.tabs);
  const active = useDocuments((state) => state.active);
  const pressed = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    const next = tabs[(tabs.findIndex((tab) => tab.id === active) + step + tabs.length) % tabs.length];
    if (!next) return;
    studio.documents.activate(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div className="tabs">
      <div role="tablist" aria-label={t("shell.tabs")} onKeyDown={pressed}>
        {tabs.map((tab) => (
          <TabHandle key={tab.id} tab={tab} active={tab.id === active} />
        ))}
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label={t("shell.newTab")}
        title={t("shell.newTab")}
        onClick={() => openEmpty(studio)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}

function TabHandle({ tab, active }: { readonly tab: Tab; readonly active: boolean }) {
  const t = useText();
  const studio = useStudio();
  const [name, setName] = useState<string | null>(null);
  const handle = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (active) void handle.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  const rename = (): void => {
    if (name?.trim()) studio.documents.update(tab.id, { name: name.trim() });
    setName(null);
  };
  if (name !== null) {
    return (
      <input
        autoFocus
        className="tab-name"
        aria-label={t("workflows.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onBlur={rename}
        onKeyDown={(event) => {
          if (event.key === "Enter") rename();
          if (event.key === "Escape") setName(null);
        }}
      />
    );
  }
  const changed = isChanged(tab);
  return (
    <span
      ref={handle}
      className="tab"
      data-active={active}
      role="presentation"
      onAuxClick={(event) => event.button === 1 && closeTab(studio, tab)}
    >
      <button
        type="button"
        id={`tab-${tab.id}`}
        role="tab"
        aria-selected={active}
        aria-controls="canvas"
        aria-keyshortcuts="Delete F2"
        tabIndex={active ? 0 : -1}
        title={tab.path ?? undefined}
        onClick={() => studio.documents.activate(tab.id)}
        onDoubleClick={() => setName(tab.name)}
        onKeyDown={(event) => {
          if (event.key === "F2") setName(tab.name);
          if (event.key === "Delete") closeTab(studio, tab);
        }}
      >
        {tab.name}
        {changed ? <span className="visually-hidden"> ({t("shell.unsaved")})</span> : null}
      </button>
      {changed ? <span className="tab-changed" aria-hidden="true" /> : null}
      {/* A list of tabs holds tabs alone: for assistive technology the Delete key closes one. */}
      <button
        type="button"
        className="icon-button"
        tabIndex={-1}
        aria-hidden="true"
        title={t("shell.closeTab", { name: tab.name })}
        onClick={() => closeTab(studio, tab)}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}
