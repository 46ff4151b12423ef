import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { User } from "@supabase/supabase-js";
import type { FoundText } from "chat-archive";
import { Account } from "./account.tsx";
import { archive, changed, changes, online, supabase } from "./backend.ts";
import { ChatList } from "./chat_list.tsx";
import { ChatPane, placeOf, Upload } from "./chat_pane.tsx";
import { type Archived, Conversation } from "./conversation.ts";
import { countPages, type View } from "./documents.ts";
import { Icon } from "./icons.tsx";
import type { Place } from "./passages.tsx";
import { Reader } from "./reader.tsx";
import { SignIn } from "./sign_in.tsx";
import { createSignal, useSignal } from "./signal.ts";
import { useText } from "./strings.ts";
import { Failure, FileButton } from "./widgets.tsx";

/** The user; null where nobody is signed in, undefined until it is known. */
function useUser(): User | null | undefined {
  const [user, setUser] = useState<User | null>();
  useEffect(() => {
    const { data } = supabase.auth.onAuthStateChange((_, session) =>
      setUser((old) => old?.id === session?.user.id && old ? old : session?.user ?? null)
    );
    return () => data.subscription.unsubscribe();
  }, []);
  return user;
}

/** The chat that the address names. */
function useChatId(): string | undefined {
  const subscribe = useCallback((listener: () => void) => {
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return useSyncExternalStore(subscribe, () => location.hash.slice(1)) ||
    undefined;
}

/** The switch that takes the page off the network, and what waits for its return. */
function Connection() {
  const t = useText();
  const isOnline = useSignal(online);
  const version = useSignal(changes);
  const [waiting, setWaiting] = useState(0);
  useEffect(() => {
    let isNewest = true;
    archive.pending().then(({ length }) => isNewest && setWaiting(length), () => {});
    return () => void (isNewest = false);
  }, [version]);

  async function flip() {
    online.set(!isOnline);
    if (!isOnline) await archive.sync().catch(() => {});
    changed();
  }
  return (
    <div className="connection row" data-online={isOnline}>
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={isOnline}
          aria-label={t.goOffline}
          onChange={() => void flip()}
        />
        {isOnline ? t.online : t.offline}
      </label>
      <span className="quiet" role="status">
        {waiting > 0 && t.pending(waiting)}
      </span>
    </div>
  );
}

const PANES = ["list", "chat", "document"] as const;
type Pane = (typeof PANES)[number];

/** A conversation of the chat that is shown, kept equal to the archive. */
function useConversation(id: string | undefined): Conversation | undefined {
  const conversation = useMemo(() => id ? new Conversation(id) : undefined, [id]);
  useEffect(() => {
    if (!conversation) return;
    void conversation.loaded();
    return changes.subscribe(() => void conversation.refresh());
  }, [conversation]);
  return conversation;
}

/** Brings a message into view; where it is not drawn, its space first. */
async function scrollToMessage(conversation: Conversation, row_id: string) {
  const id = await conversation.loadUntil(row_id);
  for (let frames = 0; frames < 120; frames++) {
    const message = document.getElementById(`message-${id}`);
    const target = message ?? document.querySelector(`[data-messages~="${id}"]`);
    target?.scrollIntoView({ block: "center" });
    if (message) return message.focus({ preventScroll: true });
    await new Promise(requestAnimationFrame);
  }
}

const NOTHING = createSignal<Pick<Archived, "chat">>({ chat: undefined });

function Workspace({ user }: { user: User }) {
  const t = useText();
  const id = useChatId();
  const conversation = useConversation(id);
  const { chat: row } = useSignal<Pick<Archived, "chat">>(conversation?.archived ?? NOTHING);
  const [pane, setPane] = useState<Pane>(id ? "chat" : "list");
  const [place, setPlace] = useState<Place>();
  const [found, setFound] = useState<FoundText>();
  const [failure, setFailure] = useState<unknown>();
  const [isAccount, setAccount] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const view = useRef<() => View | undefined>(() => undefined);

  useEffect(() => {
    setPlace(undefined);
    setPane((now) => id ? "chat" : now === "document" ? "list" : now);
  }, [id]);
  useEffect(() => {
    const read = () => document.visibilityState === "visible" && changed();
    addEventListener("focus", read);
    document.addEventListener("visibilitychange", read);
    return () => {
      removeEventListener("focus", read);
      document.removeEventListener("visibilitychange", read);
    };
  }, []);

  const onPlace = useCallback((shown: Place) => {
    setPlace({ ...shown });
    setPane("document");
  }, []);

  async function attempt(work: () => Promise<void>) {
    setFailure(undefined);
    setBusy(true);
    await work().catch(setFailure);
    setBusy(false);
  }
  /** Opens a document in the chat that is shown, or in a new one. */
  const openFile = (file: File) =>
    attempt(async () => {
      const pages = await countPages(file).catch(() => {
        throw Object.assign(new Error(file.name), { code: "unsupported_media_type" });
      });
      let target = conversation;
      if (!target) {
        const title = file.name.replace(/\.pdf$/i, "").slice(
          0,
          255,
        );
        const chat = await archive.createChat({ title });
        target = new Conversation(chat.id);
      }
      await target.addDocument(file, pages);
      location.hash = target.id;
    });
  const openSample = () =>
    attempt(async () => {
      const response = await fetch(new URL("sample.pdf", import.meta.url));
      await openFile(
        new File([await response.blob()], t.sampleName, { type: "application/pdf" }),
      );
    });
  const importChat = (content: File) =>
    attempt(async () => {
      const type = content.name.endsWith(".zip") ? "application/zip" : "application/json";
      const { chat_id } = await archive.importChat({ content, content_type: type });
      changed();
      location.hash = chat_id;
    });
  useEffect(() => {
    if (!found || !conversation || conversation.id !== found.chat_id) return;
    const place = placeOf(found);
    if (place) onPlace(place);
    void conversation.loaded().then(() =>
      found.message_id ? scrollToMessage(conversation, found.message_id) : undefined
    );
    setFound(undefined);
  }, [found, conversation, onPlace]);

  const openers = (
    <>
      <FileButton
        icon="file"
        label={t.openPdf}
        accept="application/pdf,.pdf"
        onFile={openFile}
        primary={!row?.documents.length}
        disabled={isBusy}
      />
      {!row?.documents.length && (
        <button type="button" disabled={isBusy} onClick={openSample}>
          {t.openSample}
        </button>
      )}
    </>
  );
  const hasDocument = (row?.documents.length ?? 0) > 0;
  return (
    <div className="workspace" data-pane={pane} data-document={hasDocument}>
      <div className="side">
        <ChatList
          current={id}
          onNew={() => {
            location.hash = "";
            setPane("chat");
          }}
          onImport={importChat}
          onFound={(found) => {
            location.hash = found.chat_id;
            setPane("chat");
            setFound(found);
          }}
          onAccount={() => setAccount(true)}
        />
        <Connection />
      </div>
      <main>
        <Failure
          error={failure}
          dismiss={() => setFailure(undefined)}
        />
        {conversation
          ? (
            <ChatPane
              key={conversation.id}
              conversation={conversation}
              view={view}
              onPlace={onPlace}
              openers={openers}
            />
          )
          : (
            <section className="start">
              <h2>{t.start}</h2>
              <p className="quiet">{t.startHint}</p>
              <div className="row">{openers}</div>
              <Upload />
            </section>
          )}
      </main>
      {hasDocument && <Reader key={id} documents={row!.documents} place={place} view={view} />}
      <div className="tabs" role="group" aria-label={t.name}>
        {PANES.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={pane === name}
            disabled={name === "document" && !hasDocument}
            onClick={() => setPane(name)}
          >
            <Icon
              name={name === "list" ? "back" : name === "chat" ? "edit" : "file"}
            />
            {name === "list" ? t.chats : name === "chat" ? t.chat : t.document}
          </button>
        ))}
      </div>
      {isAccount && (
        <Account
          email={user.email ?? ""}
          onClose={() => setAccount(false)}
        />
      )}
    </div>
  );
}

export function App() {
  const user = useUser();
  if (user === undefined) return null;
  return user ? <Workspace key={user.id} user={user} /> : <SignIn />;
}
