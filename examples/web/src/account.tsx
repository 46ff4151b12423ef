import { useEffect, useState } from "react";
import { archive, supabase } from "./backend.ts";
import { createSignal, useSignal } from "./signal.ts";
import { type Language, language, useText } from "./strings.ts";
import { bytes, Dialog, Failure } from "./widgets.tsx";

type Theme = "system" | "light" | "dark";

/** The theme in use; kept by the browser. */
const theme = createSignal<Theme>(
  (localStorage.getItem("theme") as Theme | null) ?? "system",
);

function applyTheme() {
  localStorage.setItem("theme", theme.get());
  document.documentElement.dataset["theme"] = theme.get();
}
theme.subscribe(applyTheme);
applyTheme();

type Usage = Awaited<ReturnType<typeof archive.usage>>;
type Health = Awaited<ReturnType<typeof archive.checkConnection>>;

function UsageTable({ usage }: { usage: Usage }) {
  const t = useText();
  const lang = useSignal(language);
  const count = (n: number) => n.toLocaleString(lang);
  const size = (n: number) => bytes(n, lang);
  const rows = [
    ["chats", usage.chats, usage.max_chats, count],
    ["text", usage.text_bytes, usage.max_text_bytes, size],
    ["objects", usage.objects, usage.max_objects, count],
    ["bytes", usage.file_bytes, usage.max_file_bytes, size],
  ] as const;
  return rows.map(([name, used, most, shown]) => (
    <label key={name} className="meter">
      <span>{t.usageNames[name]}</span>
      <span className="quiet">{t.quota(shown(used), shown(most))}</span>
      <meter min={0} max={most} high={0.9 * most} value={used} />
    </label>
  ));
}

function HealthTable({ health }: { health: Health }) {
  const t = useText();
  return (
    <ul className="health">
      {(["database", "storage", "cleanup"] as const).map((name) => {
        const { status, latency_ms } = health.checks[name];
        return (
          <li key={name} data-status={status}>
            <span>{t.healthNames[name]}</span>
            <span className="quiet">{t.states[status]} · {latency_ms} ms</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Who is signed in, what they hold, how the backend is, and how the page looks. */
export function Account(
  { email, onClose }: { email: string; onClose: () => void },
) {
  const t = useText();
  const [usage, setUsage] = useState<Usage>();
  const [health, setHealth] = useState<Health>();
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    archive.usage().then(setUsage, setFailure);
    archive.checkConnection().then(setHealth, setFailure);
  }, []);
  return (
    <Dialog title={t.account} onClose={onClose}>
      <div className="row">
        <span className="email">{email}</span>
        {/* What this device has of the user stays for the next sign-in: archive.forget() removes it. */}
        <button type="button" onClick={() => void supabase.auth.signOut()}>
          {t.signOut}
        </button>
      </div>
      <Failure error={failure} />
      <section aria-busy={!usage}>
        <h3>{t.usage}</h3>
        {usage && <UsageTable usage={usage} />}
      </section>
      <section aria-busy={!health}>
        <h3>{t.health}</h3>
        {health && <HealthTable health={health} />}
      </section>
      <div className="row">
        <label>
          {t.language}
          <select
            value={useSignal(language)}
            onChange={({ target }) => language.set(target.value as Language)}
          >
            <option value="en" lang="en">English</option>
            <option value="ru" lang="ru">Русский</option>
          </select>
        </label>
        <label>
          {t.theme}
          <select
            value={useSignal(theme)}
            onChange={({ target }) => theme.set(target.value as Theme)}
          >
            {(["system", "light", "dark"] as const).map((name) => (
              <option key={name} value={name}>{t.themes[name]}</option>
            ))}
          </select>
        </label>
      </div>
    </Dialog>
  );
}
